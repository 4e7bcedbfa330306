"""The fact that everything else is computed from: what a source said about one asset's market, in USD.

A quote is not yet believed: `dashboard.market.acceptance` decides that.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from operator import attrgetter
from typing import Any

from dashboard.money import plain


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


FACTS = tuple(field.name for field in fields(Quote))
facts_of = attrgetter(*FACTS)
TIMES = frozenset({"as_of", "ath_at"})
DECIMALS = frozenset(field.name for field in fields(Quote) if field.type == Decimal | None)


def columns_of(quotes: Iterable[Quote]) -> dict[str, list[Any]]:
    """The quotes by field as JSON can carry them, decimals and times as text: names are told once, however many quotes
    there are.
    """
    columns = zip(*map(facts_of, quotes), strict=True)
    return {name: as_texts(name, column) for name, column in zip(FACTS, columns, strict=False)}


def as_texts(name: str, values: Iterable[Any]) -> list[Any]:
    if name in DECIMALS:
        return [None if value is None else plain(value) for value in values]
    if name in TIMES:
        return [None if value is None else value.isoformat() for value in values]
    return list(values)


def quotes_in(columns: Mapping[str, list[Any]]) -> list[Quote]:
    """The quotes whose columns these are: how they come back from the channel layer."""
    values = [from_texts(name, column) for name, column in columns.items()]
    return [Quote(**dict(zip(columns, row, strict=True))) for row in zip(*values, strict=True)]


def from_texts(name: str, texts: list[Any]) -> list[Any]:
    if name in DECIMALS:
        return [None if text is None else Decimal(text) for text in texts]
    if name in TIMES:
        return [None if text is None else datetime.fromisoformat(text) for text in texts]
    return texts
