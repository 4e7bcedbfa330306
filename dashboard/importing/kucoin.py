"""KuCoin's trades: a pair, a side, what was traded and what was paid for it. The file names no time zone."""

from django.utils.translation import gettext

from dashboard.importing.cells import Row, each_row, split_pair
from dashboard.importing.formats import Format, Outcome, Unclear, columns
from dashboard.importing.movement import Movement, Sum, outcome_of, side
from dashboard.ledger.entry import Kind
from dashboard.money import WIDE, quantize

WALLET = "KuCoin"


def read_row(row: Row) -> Outcome:
    base, quote = split_pair(row.text("symbol"), ())
    way = row.text("side").lower()
    if way not in ("buy", "sell"):
        return Unclear(
            row.line, gettext("The side %(trade)s isn't known.") % {"trade": row.text("side")[:40] or "of the trade"}
        )
    size, funds = row.amount("size"), row.optional_amount("funds")
    if funds is None:
        funds = quantize(WIDE.multiply(size, row.amount("price")))
    traded, paid = Sum(abs(size), base), Sum(abs(funds), quote)
    buys = way == "buy"
    return outcome_of(
        row.line,
        Movement(
            at=row.moment("tradeCreatedAt"),
            sent=paid if buys else traded,
            received=traded if buys else paid,
            fee=side(row, "fee", "feeCurrency"),
            kind=Kind.SWAP,
            wallet=WALLET,
        ),
    )


FORMAT = Format(
    key="kucoin",
    label="KuCoin trades",
    required=columns("tradeCreatedAt,symbol,side,price,size,funds,fee,feeCurrency"),
    optional=frozenset({"tradeId", "orderId", "liquidity", "feeRate", "orderType", "tradeType"}),
    read=each_row(read_row),
)
