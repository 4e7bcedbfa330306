"""The account statement of Coinbase Pro and Coinbase Exchange: every leg of a trade is a row, and so is its fee."""

from collections import defaultdict
from collections.abc import Iterator
from functools import partial
from zoneinfo import ZoneInfo

from django.utils.translation import gettext

from dashboard.importing.cells import Row, Unreadable, rows
from dashboard.importing.fills import emptied, in_order, outcomes_of, trade_of
from dashboard.importing.formats import Format, Outcome
from dashboard.importing.movement import Movement, Sum
from dashboard.importing.table import Table
from dashboard.ledger.entry import Kind

WALLET = "Coinbase Pro"
NEWEST = {
    "Portfolio": "portfolio",
    "Type": "type",
    "Timestamp": "time",
    "Amount": "amount",
    "Balance": "balance",
    "Amount/balance unit": "amount/balance unit",
    "Transfer id": "transfer id",
    "Trade id": "trade id",
    "Order id": "order id",
}
"""What the newest layout calls its columns, and what they were called before."""
MATCHED = frozenset({"match", "fee", "rebate"})


def read(table: Table, zone: ZoneInfo | None) -> Iterator[Outcome]:
    outcomes: list[Outcome] = []
    groups: dict[tuple[str, ...], list[Row]] = defaultdict(list)
    for row in rows(table, zone, NEWEST):
        kind = row.text("type").lower()
        if kind in MATCHED and row.text("trade id"):
            groups["trade", row.text("order id"), row.text("trade id")].append(row)
        elif kind == "conversion":
            groups["conversion", row.text("time")].append(row)
        else:
            outcomes.extend(outcomes_of([row], partial(alone, row, kind)))
    for _, group in emptied(groups):
        outcomes.extend(outcomes_of(group, partial(together, group)))
    yield from in_order(outcomes)


def alone(row: Row, kind: str) -> Movement:
    coins, at, id_ = changed(row), row.moment("time"), row.text("transfer id")
    if kind == "deposit" and coins.amount > 0:
        return Movement(at, received=coins, wallet=WALLET, external_id=id_)
    if kind == "withdrawal" and coins.amount < 0:
        return Movement(at, sent=Sum(-coins.amount, coins.ticker), wallet=WALLET, external_id=id_)
    if kind == "rebate" and coins.amount > 0:
        return Movement(at, received=coins, kind=Kind.REWARD, wallet=WALLET, external_id=id_)
    if kind in ("deposit", "withdrawal", "rebate"):
        raise Unreadable(gettext("amount: A %(kind)s moves coins the other way.") % {"kind": kind})
    raise Unreadable(gettext("Coinbase Pro's type %(kind)s is not known here.") % {"kind": kind[:40] or "(none)"})


def together(group: list[Row]) -> Movement:
    """The trade that the rows of one fill or conversion make."""
    first = group[0]
    changes = [changed(row) for row in group if row.text("type").lower() not in ("fee", "rebate")]
    fees = [changed(row) for row in group if row.text("type").lower() in ("fee", "rebate")]
    trade = trade_of(changes, [Sum(-fee.amount, fee.ticker) for fee in fees])
    return Movement(
        first.moment("time"),
        sent=trade.sent,
        received=trade.received,
        fee=trade.fee,
        wallet=WALLET,
        external_id=first.text("trade id") or first.text("transfer id"),
    )


def changed(row: Row) -> Sum:
    number, unit = row.amount("amount"), row.text("amount/balance unit")
    if not unit:
        raise Unreadable(gettext("amount/balance unit: It is empty."))
    return Sum(number, unit)


FORMATS = tuple(
    Format(
        key="coinbase_pro",
        label="Coinbase Pro / Exchange account",
        required=frozenset(layout) - {"Portfolio", "portfolio"},
        optional=frozenset(layout) & {"Portfolio", "portfolio"},
        read=read,
    )
    for layout in (NEWEST.keys(), NEWEST.values())
)
