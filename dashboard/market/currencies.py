"""What money is worth in other money: today by the price source's own rates, in the past by the ECB's reference rates.

The European Central Bank's rates come from the data file that the `currencyconverter` package carries; nothing is
downloaded.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, localcontext
from functools import cache, lru_cache
from typing import Final

import structlog
from currency_converter import CurrencyConverter
from django.db import transaction

from accounts.currencies import CURRENCIES
from dashboard import clock
from dashboard.market import coingecko
from dashboard.market.source import SourceError
from dashboard.models import ExchangeRate, MarketState
from dashboard.money import WIDE

logger = structlog.get_logger(__name__)

EVERY: Final = timedelta(hours=1)
AFTER_FAILURE: Final = timedelta(minutes=5)
ONE: Final = Decimal(1)


@dataclass(frozen=True, slots=True)
class Rates:
    """Units of each currency for one unit of the same money, whatever that is, at one time."""

    units: Mapping[str, Decimal]

    def rate(self, from_code: str, to_code: str) -> Decimal | None:
        """Units of `to_code` for one of `from_code`; None where one of them is unknown."""
        from_code, to_code = from_code.lower(), to_code.lower()
        if from_code == to_code:
            return Decimal(1)
        before, after = self.units.get(from_code), self.units.get(to_code)
        if not before or not after:
            return None
        with localcontext(WIDE):
            return after / before


def rate(from_code: str, to_code: str, at: date | datetime | None = None) -> Decimal | None:
    """Units of `to_code` for one of `from_code`, exact to 60 digits; None where no rate is known.

    Without `at`, or with today's date: the price source's rate, else the ECB's last. For a day in the past: the ECB's
    rate of that day or of the last business day before it. A day after the package's file ends has no rate of its own
    yet and takes today's, unless it is within ten days of the file's end.
    """
    if from_code.lower() == to_code.lower():
        return Decimal(1)
    day = as_day(at)
    past = ecb_rates(day) if day is not None and day < clock.now().date() else None
    return (past or todays_rates()).rate(from_code, to_code)


class Exchange:
    """Rates of any day into one currency, each looked up once: for many transactions in one go."""

    __slots__ = ("_first_unsettled", "_known", "code")

    def __init__(self, code: str) -> None:
        self.code = code
        self._known: dict[tuple[str, date], Decimal | None] = {}
        self._first_unsettled: date | None = None

    def rate(self, from_code: str, at: datetime) -> Decimal | None:
        if from_code == self.code:
            return ONE
        key = from_code, at.astimezone(UTC).date()
        if key not in self._known:
            self._known[key] = rate(from_code, self.code, at)
            if key[1] > ecb_last_day():
                self._first_unsettled = min(key[1], self._first_unsettled or key[1])
        return self._known[key]

    def settled(self, at: datetime) -> bool:
        """Are all rates that were looked up for days until then the ECB's own, which never change?"""
        return self._first_unsettled is None or at.astimezone(UTC).date() < self._first_unsettled


def as_day(at: date | datetime | None) -> date | None:
    return at.astimezone(UTC).date() if isinstance(at, datetime) else at


def todays_rates() -> Rates:
    """The rates of now by one query: for conversions in a loop."""
    stored = dict(ExchangeRate.objects.values_list("code", "per_usd"))
    if not stored:
        return ecb_rates(ecb_last_day()) or Rates({})
    return Rates({**stored, "usd": Decimal(1)})


@cache
def ecb() -> CurrencyConverter:
    """Some 40 MB once loaded, so only by the first who asks for the past."""
    return CurrencyConverter(decimal=True, fallback_on_missing_rate=True, fallback_on_missing_rate_method="last_known")


def ecb_last_day() -> date:
    last: date = ecb().bounds["USD"].last_date
    return last


@lru_cache(maxsize=1000)
def ecb_rates(day: date) -> Rates | None:
    """The reference rates of the day; None after the file's end."""
    last = ecb_last_day()
    if day > last + timedelta(days=10):
        return None
    day = min(day, last)
    one = Decimal(1)
    per_eur: dict[str, Decimal] = {"eur": one}
    for code in CURRENCIES:
        bounds = ecb().bounds.get(code.upper())
        if code != "eur" and bounds is not None and bounds.first_date <= day <= bounds.last_date:
            per_eur[code] = ecb().convert(one, "EUR", code.upper(), day)
    return Rates(per_eur)


def refresh_rates() -> None:
    """Fetch today's rates when those at hand are an hour old; of several processes one asks.

    What the source does never raises here; the last good rates stay.
    """
    now = clock.now()
    state = MarketState.objects.get_or_create(pk=1)[0]
    if state.rates_fetched_at is not None and now < state.rates_fetched_at + EVERY:
        return
    claimed = MarketState.objects.filter(pk=state.pk, rates_fetched_at=state.rates_fetched_at)
    if not claimed.update(rates_fetched_at=now - EVERY + AFTER_FAILURE):
        return
    try:
        found = coingecko.from_settings().exchange_rates()
    except SourceError as error:
        logger.warning("market.rates_failed", reason=str(error))
        return
    rows = [
        ExchangeRate(code=rate.code, per_usd=rate.per_usd, fetched_at=now) for rate in found if rate.code in CURRENCIES
    ]
    with transaction.atomic():
        ExchangeRate.objects.bulk_create(
            rows, update_conflicts=True, unique_fields=["code"], update_fields=["per_usd", "fetched_at"]
        )
        MarketState.objects.filter(pk=state.pk).update(rates_fetched_at=now)
