"""What a source of prices must offer, and how it may fail; which source it is, is nobody's business but its module's.

SourceError                what a caller catches
├── SourceRefused          it answered, and the answer was no: too many calls (with `retry_after`), a bad key
├── SourceUnavailable      no answer in time, a broken connection, a fault of its own
└── SourceGarbled          it answered something that is not its API: HTML, cut JSON, a flood, a redirect
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Protocol

from dashboard.market.quote import Quote


class SourceError(Exception):
    """The source gave nothing that can be used: the message says why for people, `outcome` in a word, to count by."""

    outcome = "failed"


class SourceRefused(SourceError):
    """The source said no; `retry_after` is how many seconds it asked to be left alone, where it said so."""

    def __init__(self, message: str, retry_after: float | None = None, *, outcome: str = "refused") -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.outcome = outcome


class SourceUnavailable(SourceError):
    """The source could not be reached, or did not finish its answer in time."""

    def __init__(self, message: str, *, outcome: str = "unreachable") -> None:
        super().__init__(message)
        self.outcome = outcome


class SourceGarbled(SourceError):
    """The answer is not one that the source's API gives."""

    outcome = "garbled"


@dataclass(frozen=True, slots=True)
class Coin:
    """A coin by its names, without a price."""

    id: str
    symbol: str
    name: str
    rank: int | None = None


@dataclass(frozen=True, slots=True)
class Rate:
    """Units of one currency for one US dollar."""

    code: str
    name: str
    per_usd: Decimal
    fiat: bool


@dataclass(frozen=True, slots=True)
class DayPrice:
    """What one unit was worth on a day (UTC), in US dollars."""

    day: date
    usd: Decimal


@dataclass(frozen=True, slots=True)
class Week:
    """An asset's prices of the last seven days in US dollars, oldest first and evenly spread; one listed since has
    fewer."""

    asset: str
    prices: tuple[Decimal, ...]


@dataclass(frozen=True, slots=True)
class Listing:
    """A pair that an exchange trades, by its tickers, and the assets behind them; a currency has no `target_asset`.

    `doubtful` is what the source calls stale or an anomaly.
    """

    asset: str
    base: str
    target: str
    target_asset: str | None
    volume_usd: Decimal
    doubtful: bool


class QuoteSource(Protocol):
    """Where quotes come from. Each call is one attempt with one deadline; it raises SourceError.

    `calls` counts requests made so far, `waited` the seconds that passed until their answers were there.
    """

    name: str
    calls: int
    waited: float

    def quotes(self, assets: Collection[str], *, top: bool) -> tuple[Quote, ...]:
        """Quotes of the assets that it knows, and with `top` of the largest coins by rank too; each asset once."""


class PriceSource(QuoteSource, Protocol):
    """A source that knows coins by their names too, and the past. Each method is one attempt, as above."""

    def coins(self) -> tuple[Coin, ...]:
        """Every coin that it knows, unranked."""

    def search(self, query: str) -> tuple[Coin, ...]:
        """Coins whose name or ticker resembles the query, best first."""

    def exchange_rates(self) -> tuple[Rate, ...]:
        """What a US dollar is worth now in other currencies."""

    def history(self, asset: str) -> tuple[DayPrice, ...]:
        """One price a day, oldest first, as far back as the plan goes."""

    def weeks(self, assets: Collection[str]) -> tuple[Week, ...]:
        """The last seven days of those of the assets of which it knows them."""
