"""The fact that everything else is computed from: what a source said about one asset's market, in USD.

A quote is not yet believed: `dashboard.market.acceptance` decides that.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from typing import Any


@dataclass(frozen=True, slots=True)
class Quote:
    """One asset's market facts in USD, as the source stated them; None is unknown, changes are percent."""

    asset: str
    symbol: str
    name: str
    price: Decimal | None
    as_of: datetime | None
    """The source's own time of the price."""
    rank: int | None = None
    market_cap: Decimal | None = None
    volume_24h: Decimal | None = None
    high_24h: Decimal | None = None
    low_24h: Decimal | None = None
    change_1h: Decimal | None = None
    change_24h: Decimal | None = None
    change_7d: Decimal | None = None
    circulating_supply: Decimal | None = None
    total_supply: Decimal | None = None
    max_supply: Decimal | None = None
    ath: Decimal | None = None
    ath_at: datetime | None = None
    source: str = ""
    silent: bool = False
    """Whether the exchanges that stated it are not heard any more."""
    low: Decimal | None = None
    high: Decimal | None = None
    """What was seen for certain since the sample before this one; None where only the price is known."""


TIMES = frozenset({"as_of", "ath_at"})
DECIMALS = frozenset(field.name for field in fields(Quote) if field.type == Decimal | None)


def parse_facts(facts: Mapping[str, Any]) -> Quote:
    """The quote whose fields these are, decimals and times as text: how a quote comes back from the channel layer."""
    return Quote(**{name: parse_fact(name, value) for name, value in facts.items()})


def parse_fact(name: str, value: Any) -> Any:
    if value is not None and name in DECIMALS:
        return Decimal(value)
    if value is not None and name in TIMES:
        return datetime.fromisoformat(value)
    return value
