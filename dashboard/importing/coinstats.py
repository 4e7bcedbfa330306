"""CoinStats: its template and its export. A row is one coin, a price per unit in the pair's other coin, and a type.

Rows of type Fill are made up by CoinStats to fit a balance and are left out.
"""

import re
from decimal import Decimal

from django.utils.translation import gettext, gettext_noop

from dashboard.importing.cells import Row, Unreadable, amount, coin_amount, each_row, moment, optional_amount
from dashboard.importing.formats import Format, Outcome, Skipped, Unclear, columns
from dashboard.importing.layouts import MONTH_FIRST
from dashboard.importing.movement import Movement, Sum, outcome_of, ticker_of
from dashboard.ledger.entry import Kind
from dashboard.money import WIDE, quantize

WALLET = "CoinStats"
FILL = gettext_noop("CoinStats made these rows up to fit a balance (type Fill).")
ZONE_IN_WORDS = re.compile(r"\s*\([^)]*\)$")
LAYOUTS = (*MONTH_FIRST, "%a %b %d %Y %H:%M:%S GMT%z", "%b %d, %Y, %I:%M %p", "%b %d, %Y %H:%M")
HUNDRED, ZERO = Decimal(100), Decimal(0)
SEPARATORS = re.compile(r"[-/_]")
TYPES: dict[str, Kind] = {
    "buy": Kind.BUY,
    "buy with fiat": Kind.BUY,
    "sell": Kind.SELL,
    "sell to fiat": Kind.SELL,
    "deposit": Kind.DEPOSIT,
    "receive": Kind.DEPOSIT,
    "received": Kind.DEPOSIT,
    "withdraw": Kind.WITHDRAWAL,
    "withdrawal": Kind.WITHDRAWAL,
    "send": Kind.WITHDRAWAL,
    "sent": Kind.WITHDRAWAL,
    "reward": Kind.REWARD,
    "staking reward": Kind.REWARD,
    "staking": Kind.REWARD,
    "mining": Kind.REWARD,
    "airdrop": Kind.REWARD,
    "interest earn": Kind.REWARD,
    "welcome bonus": Kind.REWARD,
    "referral cashback": Kind.REWARD,
    "referral reward": Kind.REWARD,
    "referral award": Kind.REWARD,
    "dividend": Kind.REWARD,
    "interest paid": Kind.FEE,
    "fee": Kind.FEE,
}
ARRIVING = frozenset({Kind.BUY, Kind.DEPOSIT, Kind.REWARD})


def read_row(row: Row) -> Outcome:
    words = row.text("Type").lower().replace("_", " ")
    if words in ("fill", "balance"):
        return Skipped(row.line, gettext(FILL))
    stated = row.amount("Amount")
    if words == "transfer":
        kind = Kind.WITHDRAWAL if stated < 0 else Kind.DEPOSIT
    elif words in TYPES:
        kind = TYPES[words]
    else:
        return Unclear(
            row.line, gettext("The type %(row)s isn't known.") % {"row": row.text("Type")[:40] or "of the row"}
        )
    if stated < 0 and kind in ARRIVING:
        return Unclear(row.line, gettext("The type says that coins arrive, but the amount is below zero."))
    main = Sum(abs(stated), ticker_of("Coin Symbol", row.text("Coin Symbol")))
    arrives, trades = kind in ARRIVING, kind in (Kind.BUY, Kind.SELL)
    other = paid(row, main) if trades else None
    return outcome_of(
        row.line,
        Movement(
            at=moment(ZONE_IN_WORDS.sub("", row.text("Date")), row.columns.zone, *LAYOUTS),
            sent=other if arrives else main,
            received=main if arrives else other,
            fee=fee_of(row, main),
            kind=Kind.SWAP if trades else kind,
            worth=worth_of(row, main),
            wallet=row.text("Exchange") or row.text("Portfolio") or WALLET,
            note=row.text("Notes"),
        ),
    )


def quote_of(row: Row, coin: str) -> str:
    """The other coin or currency of the pair, in which the price is stated: `USD`, `BTC/USD`, `BTC-USD`, `BTCUSD`."""
    pair = row.text("Pair")
    halves = SEPARATORS.split(pair)
    if len(halves) > 1:
        if len(halves) != 2 or halves[0].strip().upper() != coin.upper():
            raise Unreadable(
                gettext("Pair: %(pair)s isn't %(coin)s against something.") % {"pair": pair[:40], "coin": coin}
            )
        return halves[1].strip()
    rest = pair[len(coin) :] if pair.upper().startswith(coin.upper()) else ""
    return rest or pair


def total(row: Row, main: Sum) -> Sum | None:
    """Price times amount; None where there is no price, or nothing says what it is in."""
    price, quote = row.optional_price("Price"), quote_of(row, main.ticker)
    return Sum(WIDE.multiply(abs(price), main.amount), quote) if price and quote else None


def total_in_dollars(row: Row, main: Sum) -> Sum | None:
    price = row.optional_price("Price USD")
    return Sum(WIDE.multiply(abs(price), main.amount), "USD") if price else None


def worth_of(row: Row, main: Sum) -> Sum | None:
    whole = total(row, main)
    return whole if whole and whole.is_money else total_in_dollars(row, main)


def paid(row: Row, main: Sum) -> Sum:
    """The other side of a trade."""
    whole = total(row, main) or total_in_dollars(row, main)
    if whole is None:
        raise Unreadable(gettext("Pair and Price don't say what was paid."))
    return whole if whole.is_money else Sum(quantize(whole.amount), whole.ticker)


def fee_of(row: Row, main: Sum) -> Sum | None:
    """The fee with its own currency; a bare number is in the price's, a percentage is of the total."""
    if fee := row.optional_amount("Fee Amount"):
        return in_quote(row, main, fee, row.text("Fee Currency"))
    text, percent = row.text("Fee"), row.optional_amount("Fee Percent")
    if text.endswith("%"):
        text, percent = "", amount("Fee", text.removesuffix("%"))
    if percent:
        if abs(percent) > HUNDRED:
            raise Unreadable(gettext("Fee: It is more than 100 %."))
        whole = total(row, main)
        if whole is None:
            raise Unreadable(gettext("Fee: It is a percentage, but Pair and Price don't say of what."))
        return Sum(quantize(WIDE.divide(WIDE.multiply(whole.amount, abs(percent)), HUNDRED)), whole.ticker)
    if any(character.isalpha() for character in text):
        number, ticker = coin_amount("Fee", text)
    else:
        number, ticker = optional_amount("Fee", text) or ZERO, ""
    return in_quote(row, main, number, ticker) if number else None


def in_quote(row: Row, main: Sum, number: Decimal, ticker: str) -> Sum:
    ticker = ticker or quote_of(row, main.ticker)
    if not ticker:
        raise Unreadable(gettext("Fee: Nothing says which coin or currency it is in."))
    return Sum(abs(number), ticker)


FORMAT = Format(
    key="coinstats",
    label="CoinStats",
    required=columns("Coin Symbol,Exchange,Pair,Type,Amount,Price,Date,Notes"),
    optional=columns("Fee,Portfolio,Coin Name,Price USD,Fee Percent,Fee Amount,Fee Currency"),
    read=each_row(read_row),
)
