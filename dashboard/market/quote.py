"""The fact that everything else is computed from: what a source said about one asset's market, in USD.

A quote is not yet believed: `dashboard.market.acceptance` decides that.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from operator import attrgetter
from typing import Any, Final, NamedTuple

from dashboard.money import plain


class Quote(NamedTuple):
    """One asset's market facts in USD, as the source stated them; None is unknown, changes are percent.

    A tuple because a tick makes a thousand of them, which takes a third of the time.
    """

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


SHOWN: Final = (
    "asset",
    "symbol",
    "name",
    "price",
    "as_of",
    "rank",
    "market_cap",
    "change_1h",
    "change_24h",
    "change_7d",
    "source",
    "silent",
)
"""What open pages are made of, and no more: what a tick changes goes to every process that serves some."""
shown_of = attrgetter(*SHOWN)
TIMES: Final = frozenset(name for name, kind in Quote.__annotations__.items() if kind == datetime | None)
DECIMALS: Final = frozenset(name for name, kind in Quote.__annotations__.items() if kind == Decimal | None)


def columns_of(quotes: Iterable[Quote]) -> dict[str, list[Any]]:
    """What is shown of the quotes, by field, as JSON can carry it, decimals and times as text: names are told once,
    however many quotes there are.
    """
    columns = zip(*map(shown_of, quotes), strict=True)
    return {name: as_texts(name, column) for name, column in zip(SHOWN, columns, strict=False)}


def as_texts(name: str, values: Iterable[Any]) -> list[Any]:
    if name in DECIMALS:
        return [None if value is None else plain(value) for value in values]
    if name in TIMES:
        return [None if value is None else value.isoformat() for value in values]
    return list(values)


def quotes_in(columns: Mapping[str, list[Any]]) -> list[Quote]:
    """The quotes whose columns these are: how they come back from the channel layer. What is not told is unknown."""
    unknown = Quote._field_defaults
    number = len(columns.get("asset", ()))
    told = [
        from_texts(name, columns[name]) if name in columns else [unknown.get(name)] * number for name in Quote._fields
    ]
    return list(map(Quote._make, zip(*told, strict=True)))


def from_texts(name: str, texts: list[Any]) -> list[Any]:
    if name in DECIMALS:
        return [None if text is None else Decimal(text) for text in texts]
    if name in TIMES:
        return [None if text is None else datetime.fromisoformat(text) for text in texts]
    return texts
