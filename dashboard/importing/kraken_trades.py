"""Kraken's list of trades, short and long. Its fee is in what the pair is quoted in."""

from django.utils.translation import gettext

from dashboard.importing.cells import Row, Unreadable, each_row
from dashboard.importing.formats import Format, Outcome
from dashboard.importing.kraken_names import pair_of
from dashboard.importing.movement import Movement, Sum, outcome_of

WALLET = "Kraken"


def read_trade(row: Row) -> Outcome:
    base, quote = pair_of(row.text("pair"))
    coins, paid = Sum(row.amount("vol"), base), Sum(row.amount("cost"), quote)
    if coins.amount <= 0 or paid.amount <= 0:
        raise Unreadable(gettext("Nothing was traded, or less."))
    if row.optional_amount("margin"):
        raise Unreadable(gettext("A trade on margin moves no coins; what it brought stands in Kraken's ledgers."))
    fee = row.optional_amount("fee")
    if fee is not None and fee < 0:
        raise Unreadable(gettext("fee: Enter zero or more."))
    side = row.text("type").lower()
    if side not in ("buy", "sell"):
        raise Unreadable(gettext("type: %(side)s is neither buy nor sell.") % {"side": side[:40] or "An empty cell"})
    sent, received = (paid, coins) if side == "buy" else (coins, paid)
    charged = Sum(fee, quote) if fee else None
    moved = Movement(row.moment("time"), sent, received, charged, wallet=WALLET, external_id=row.text("txid"))
    return outcome_of(row.line, moved)


SHORT = {
    "txid",
    "ordertxid",
    "pair",
    "time",
    "type",
    "ordertype",
    "price",
    "cost",
    "fee",
    "vol",
    "margin",
    "misc",
    "ledgers",
}
LONGER = {"postxid", "posstatus", "cprice", "ccost", "cfee", "cvol", "cmargin", "net", "trades"}
NEWEST = {"aclass", "subclass", "costusd"}
FORMAT = Format(
    key="kraken_trades",
    label="Kraken trades",
    required=frozenset(SHORT),
    optional=frozenset(LONGER | NEWEST),
    read=each_row(read_trade),
)
