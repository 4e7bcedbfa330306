"""The account statement of Coinbase Pro and Coinbase Exchange: every leg of a trade is a row, and so is its fee."""

from collections import defaultdict
from collections.abc import Iterator
from functools import partial
from zoneinfo import ZoneInfo

from dashboard.importing.cells import Row, Unreadable, rows
from dashboard.importing.fills import in_order, outcomes_of, trade_of
from dashboard.importing.formats import Format, Outcome
from dashboard.importing.movement import Movement, Sum
from dashboard.importing.table import Table
from dashboard.ledger.entry import Kind

WALLET = "Coinbase Pro"
MATCHED = frozenset({"match", "fee", "rebate"})


def read(table: Table, zone: ZoneInfo | None) -> Iterator[Outcome]:
    outcomes: list[Outcome] = []
    groups: dict[tuple[str, ...], list[Row]] = defaultdict(list)
    for row in rows(table, zone):
        row = in_lower_case(row)
        kind = row.text("type").lower()
        if kind in MATCHED and row.text("trade id"):
            groups["trade", row.text("order id"), row.text("trade id")].append(row)
        elif kind == "conversion":
            groups["conversion", row.text("time")].append(row)
        else:
            outcomes.extend(outcomes_of([row], partial(alone, row, kind)))
    for group in groups.values():
        outcomes.extend(outcomes_of(group, partial(together, group)))
    yield from in_order(outcomes)


def in_lower_case(row: Row) -> Row:
    """The row with its columns as all but the newest statements write them."""
    cells = {name.lower(): cell for name, cell in row.cells.items()}
    cells["time"] = cells.get("time") or cells.get("timestamp", "")
    return Row(row.line, cells, row.zone, row.zones, row.decimal_comma)


def alone(row: Row, kind: str) -> Movement:
    coins, at, id_ = changed(row), row.moment("time"), row.text("transfer id")
    if kind == "deposit" and coins.amount > 0:
        return Movement(at, received=coins, wallet=WALLET, external_id=id_)
    if kind == "withdrawal" and coins.amount < 0:
        return Movement(at, sent=Sum(-coins.amount, coins.ticker), wallet=WALLET, external_id=id_)
    if kind == "rebate" and coins.amount > 0:
        return Movement(at, received=coins, kind=Kind.REWARD, wallet=WALLET, external_id=id_)
    if kind in ("deposit", "withdrawal", "rebate"):
        raise Unreadable(f"amount: A {kind} moves coins the other way.")
    raise Unreadable(f"Coinbase Pro's type {kind[:40] or '(none)'} is not known here.")


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
        raise Unreadable("amount/balance unit: It is empty.")
    return Sum(number, unit)


LAYOUTS = (
    "Portfolio,Type,Timestamp,Amount,Balance,Amount/balance unit,Transfer id,Trade id,Order id",
    "portfolio,type,time,amount,balance,amount/balance unit,transfer id,trade id,order id",
)
FORMATS = tuple(
    Format(
        key="coinbase_pro",
        label="Coinbase Pro / Exchange account",
        required=frozenset(layout.split(",")[1:]),
        optional=frozenset(layout.split(",")[:1]),
        read=read,
    )
    for layout in LAYOUTS
)
