"""Binance's spot trades, in the new layout (amounts end in their ticker) and the old one, and its conversions."""

from django.utils.translation import gettext

from dashboard.importing.cells import MONEY, Row, Unreadable, amount, coin_amount, each_row, split_pair
from dashboard.importing.formats import Format, Outcome, Skipped
from dashboard.importing.movement import Movement, Sum, outcome_of

WALLET = "Binance"
DOLLARS = ("USDT", "TUSD", "USDC", "BUSD", "FDUSD", "USDP", "USDS", "PAX", "DAI", "UST", "VAI")
OTHER_STABLE = ("AEUR", "EURI", "BIDR", "IDRT", "BKRW", "BVND")
COINS = ("BTC", "ETH", "BNB", "XRP", "TRX", "DOGE", "DOT", "SOL")
QUOTES = frozenset({*DOLLARS, *OTHER_STABLE, *COINS, *MONEY}) - {"USD"}
"""What Binance's pairs are quoted in: the old layout writes no sign between the two."""


def read_spot(row: Row) -> Outcome:
    base, quote = pair_of(row.text("Pair"), row.text("Executed"), row.text("Amount"))
    fee = Sum(*coin_amount("Fee", row.text("Fee"), (base.ticker, quote.ticker))) if row.text("Fee") else None
    return trade(row, row.text("Side"), base, quote, fee)


def pair_of(pair: str, executed: str, paid: str) -> tuple[Sum, Sum]:
    """Both legs: the pair is split where the two amounts end in its halves, so `51INCH` is read by what was traded."""
    for at in range(1, len(pair)):
        base, quote = pair[:at].rstrip("-/_"), pair[at:].lstrip("-/_")
        if executed.endswith(base) and paid.endswith(quote):
            coins = Sum(amount("Executed", executed.removesuffix(base)), base)
            return coins, Sum(amount("Amount", paid.removesuffix(quote)), quote)
    raise Unreadable(
        gettext("Pair: %(pair)s doesn't name the coins of Executed and Amount.")
        % {"pair": pair[:40] or "An empty cell"}
    )


def read_old_spot(row: Row) -> Outcome:
    base, quote = split_pair(row.text("Market"), QUOTES)
    fee_number, fee_coin = row.optional_amount("Fee"), row.text("Fee Coin")
    if fee_number and not fee_coin:
        raise Unreadable(gettext("Fee Coin: It is empty."))
    fee = Sum(fee_number, fee_coin) if fee_number else None
    coins, paid = Sum(row.amount("Amount"), base), Sum(row.amount("Total"), quote)
    return trade(row, row.text("Type"), coins, paid, fee)


def trade(row: Row, side: str, base: Sum, quote: Sum, fee: Sum | None) -> Outcome:
    if base.amount <= 0 or quote.amount <= 0:
        raise Unreadable(gettext("Nothing was traded, or less."))
    if side.upper() not in ("BUY", "SELL"):
        raise Unreadable(gettext("Side: %(side)s is neither BUY nor SELL.") % {"side": side[:40] or "An empty cell"})
    sent, received = (quote, base) if side.upper() == "BUY" else (base, quote)
    at = row.moment("Date(UTC)")
    return outcome_of(row.line, Movement(at, sent, received, charged(fee), wallet=WALLET))


def charged(fee: Sum | None) -> Sum | None:
    if fee and fee.amount < 0:
        raise Unreadable(gettext("Fee: Enter zero or more."))
    return fee if fee and fee.amount else None


def read_convert(row: Row) -> Outcome:
    status = row.text("Status")
    if status.lower() not in ("successful", "success", "completed", "filled"):
        return Skipped(
            row.line,
            gettext("Binance says that the conversion did not take place (%(status)s).")
            % {"status": status[:40] or "no status"},
        )
    sent, received = Sum(*coin_amount("Sell", row.text("Sell"))), Sum(*coin_amount("Buy", row.text("Buy")))
    if sent.amount <= 0 or received.amount <= 0:
        raise Unreadable(gettext("Nothing was converted, or less."))
    return outcome_of(row.line, Movement(row.moment("Date"), sent, received, wallet=WALLET))


FORMATS = (
    Format(
        key="binance_spot",
        label="Binance spot trades",
        required=frozenset({"Date(UTC)", "Pair", "Side", "Price", "Executed", "Amount", "Fee"}),
        optional=frozenset(),
        read=each_row(read_spot),
    ),
    Format(
        key="binance_spot",
        label="Binance spot trades",
        required=frozenset({"Date(UTC)", "Market", "Type", "Price", "Amount", "Total", "Fee", "Fee Coin"}),
        optional=frozenset(),
        read=each_row(read_old_spot),
    ),
    Format(
        key="binance_convert",
        label="Binance conversions",
        required=frozenset({"Date", "Pair", "Type", "Sell", "Buy", "Price", "Inverse Price", "Date Updated", "Status"}),
        optional=frozenset({"Wallet"}),
        read=each_row(read_convert),
    ),
)
