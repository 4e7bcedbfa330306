"""Short forms to write entries in tests: amounts as text, one entry a minute unless told."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from dashboard.ledger.entry import Entry, Kind
from dashboard.ledger.returns import Totals, total, value
from dashboard.ledger.standing import Standing

START = datetime(2024, 1, 1, tzinfo=UTC)
MONEY = frozenset({"amount", "value", "basis", "counter_amount", "fee_amount", "fee_value"})


def entry(number: int, kind: str, asset: str, amount: str, value: str | None = None, **more: Any) -> Entry:
    """Entry `number`, that many minutes after the start unless `minute` says otherwise."""
    at = START + timedelta(minutes=more.pop("minute", number))
    facts = {"amount": amount, "value": value} | more
    facts |= {name: Decimal(facts[name]) for name in MONEY & facts.keys() if facts[name] is not None}
    return Entry(id=number, at=at, kind=Kind(kind), asset=asset, **facts)


def diary(*lines: tuple[Any, ...]) -> list[Entry]:
    """Entries numbered from 1; a line is kind, asset, amount, value and, last, a dict of other fields."""
    written = []
    for number, line in enumerate(lines, start=1):
        more = line[-1] if isinstance(line[-1], dict) else {}
        written.append(entry(number, *(part for part in line if part is not more), **more))
    return written


def totals_at(standings: Iterable[Standing], prices: Mapping[str, Decimal | None]) -> Totals:
    """The totals of standings at prices by asset."""
    return total((standing, value(standing, prices.get(standing.asset))) for standing in standings)
