"""What money is worth in other money: today by the price source's own rates, in the past by the ECB's reference rates.

The European Central Bank's rates come from the data file that the `currencyconverter` package carries; nothing is
downloaded. Of the coins that one may count in, the price tells the rate: the newest quote, or what is kept of then.
"""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, localcontext
from functools import cache, lru_cache
from typing import Final

import structlog
from currency_converter import CurrencyConverter
from django.db import transaction

from accounts.currencies import COINS, MONEY
from dashboard import clock
from dashboard.market import coingecko
from dashboard.market.source import SourceError
from dashboard.models import DailyPrice, ExchangeRate, MarketQuote, MarketState, PriceSample
from dashboard.money import WIDE

logger = structlog.get_logger(__name__)

EVERY: Final = timedelta(hours=1)
AFTER_FAILURE: Final = timedelta(minutes=5)
DAY: Final = timedelta(days=1)
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


def with_coins(rates: Rates, usd: Mapping[str, Decimal | None]) -> Rates:
    """The rates, and those of coins at their prices in US dollars, by the codes that one counts in."""
    dollars = rates.units.get("usd")
    if not dollars:
        return rates
    with localcontext(WIDE):
        coins = {code: dollars / price for code, price in usd.items() if price}
    return Rates({**rates.units, **coins})


@dataclass(frozen=True, slots=True)
class Unit:
    """What prices are told in: how much of it makes one US dollar now, and where it is a coin, that coin's quote."""

    rate: Decimal | None
    coin: MarketQuote | None = None


def unit_of(code: str) -> Unit:
    """What counting in that currency means now."""
    if code not in COINS:
        return Unit(rate("usd", code))
    coin = MarketQuote.objects.filter(pk=COINS[code]).first()
    price = None if coin is None else coin.price
    return Unit(with_coins(Rates({"usd": ONE}), {code: price}).rate("usd", code), coin)


def is_of_coin(*codes: str) -> bool:
    """Is one of them a coin, so that a rate between them moves with its price?"""
    return any(code in COINS for code in codes)


def rate(from_code: str, to_code: str, at: date | datetime | None = None) -> Decimal | None:
    """Units of `to_code` for one of `from_code`, exact to 60 digits; None where no rate is known.

    Without `at`, or with today's date: the price source's rate, else the ECB's last. For a day in the past: the ECB's
    rate of that day or of the last business day before it. A day after the package's file ends has no rate of its own
    yet and takes today's, unless it is within ten days of the file's end. A coin's rate is its price: of a past day
    the stored one, else that of the day's last sample, else none.
    """
    from_code, to_code = from_code.lower(), to_code.lower()
    if from_code == to_code:
        return Decimal(1)
    day = as_day(at)
    if is_of_coin(from_code, to_code):
        return Exchange(to_code).on(from_code, day or clock.now().date())
    past = ecb_rates(day) if day is not None and day < clock.now().date() else None
    return (past or rates_of_money()).rate(from_code, to_code)


class Exchange:
    """Rates of any day into one currency, each looked up once: for many transactions in one go."""

    __slots__ = ("_days", "_dollars", "_first_unsettled", "_known", "_samples", "code", "coin")

    def __init__(self, code: str) -> None:
        self.code = code
        self.coin = COINS.get(code)
        """The asset whose price is the rate, where one counts in a coin."""
        self._known: dict[tuple[str, date], Decimal | None] = {}
        self._first_unsettled: date | None = None
        self._dollars: dict[tuple[str, date | None], Decimal | None] = {}
        self._days: dict[str, dict[date, Decimal]] = {}
        self._samples: dict[str, tuple[list[datetime], list[Decimal]]] = {}

    def rate(self, from_code: str, at: datetime) -> Decimal | None:
        """The rate of the day."""
        if from_code == self.code:
            return ONE
        key = from_code, at.astimezone(UTC).date()
        if key not in self._known:
            self._known[key] = self.on(*key)
            if not self.is_settled(*key):
                self._first_unsettled = min(key[1], self._first_unsettled or key[1])
        return self._known[key]

    def rate_at(self, from_code: str, at: datetime) -> Decimal | None:
        """The rate at the moment, for what moves by the minute: a coin's by the last price before, else as `rate`."""
        if from_code == self.code:
            return ONE
        if not is_of_coin(from_code, self.code):
            return self.rate(from_code, at)
        return ratio(self.dollars_at(from_code, at), self.dollars_at(self.code, at))

    def settled(self, at: datetime) -> bool:
        """Are all rates that were looked up for days until then such as never change?"""
        return self._first_unsettled is None or at.astimezone(UTC).date() < self._first_unsettled

    def is_settled(self, from_code: str, day: date) -> bool:
        codes = {from_code, self.code}
        coins = codes & COINS.keys()
        if not coins:
            return day <= ecb_last_day()
        stored = all(day in self.days(COINS[code]) for code in coins)
        return stored and (codes <= coins | {"usd"} or day <= ecb_last_day())

    def may_come(self, from_code: str, at: datetime) -> bool:
        """Is it only a coin's price of then that the rate may lack, which can still be fetched?"""
        codes, day = {from_code, self.code}, at.astimezone(UTC).date()
        return bool(codes & COINS.keys()) and all(rate(code, "usd", day) for code in codes - COINS.keys())

    def on(self, from_code: str, day: date) -> Decimal | None:
        """The rate of a day, looked up."""
        if not is_of_coin(from_code, self.code):
            return rate(from_code, self.code, day)
        if day >= clock.now().date():
            return todays_rates().rate(from_code, self.code)
        return ratio(self.dollars_on(from_code, day), self.dollars_on(self.code, day))

    def dollars_on(self, code: str, day: date) -> Decimal | None:
        """What one of it was worth on a day of the past."""
        if code not in COINS:
            return self.dollars(code, day)
        price = self.days(COINS[code]).get(day)
        return self.last_sample(COINS[code], midnight(day), midnight(day + DAY)) if price is None else price

    def dollars_at(self, code: str, at: datetime) -> Decimal | None:
        """What one of it was worth at a moment: a stored daily price is that of the day's beginning."""
        day = at.astimezone(UTC).date()
        if code not in COINS:
            return self.dollars(code, day)
        coin, begin = COINS[code], midnight(day)
        since_midnight = self.last_sample(coin, begin + timedelta.resolution, at + timedelta.resolution)
        if since_midnight is not None:
            return since_midnight
        before = self.days(coin).get(day) or self.last_sample(coin, at - DAY, at + timedelta.resolution)
        return self.dollars(code, None) if before is None and day >= clock.now().date() else before

    def dollars(self, code: str, day: date | None) -> Decimal | None:
        """What one of it is worth on a day, or now, each looked up once."""
        if (code, day) not in self._dollars:
            self._dollars[code, day] = rate(code, "usd", day)
        return self._dollars[code, day]

    def days(self, coin: str) -> dict[date, Decimal]:
        """The stored daily prices."""
        if coin not in self._days:
            self._days[coin] = dict(DailyPrice.objects.filter(asset=coin).values_list("day", "usd"))
        return self._days[coin]

    def last_sample(self, coin: str, begin: datetime, end: datetime) -> Decimal | None:
        """The last price that is kept from `begin` to before `end`."""
        if coin not in self._samples:
            rows = list(PriceSample.objects.filter(asset=coin).order_by("at").values_list("at", "usd"))
            self._samples[coin] = [at for at, _ in rows], [usd for _, usd in rows]
        times, prices = self._samples[coin]
        place = bisect_right(times, end - timedelta.resolution) - 1
        return prices[place] if place >= 0 and times[place] >= begin else None


def ratio(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    if not one or not other:
        return None
    with localcontext(WIDE):
        return one / other


def midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def as_day(at: date | datetime | None) -> date | None:
    return at.astimezone(UTC).date() if isinstance(at, datetime) else at


def todays_rates() -> Rates:
    """The rates of now, coins' among them, by one query: for conversions in a loop."""
    quotes = MarketQuote.objects.filter(pk__in=COINS.values()).values_list("asset_id", "price")
    stored = dict(ExchangeRate.objects.values_list("code", "per_usd").union(quotes))
    usd = {code: stored.pop(coin, None) for code, coin in COINS.items()}
    return with_coins(as_rates(stored), usd)


def rates_of_money() -> Rates:
    """The rates of now without those that move with each tick."""
    return as_rates(dict(ExchangeRate.objects.values_list("code", "per_usd")))


def as_rates(stored: Mapping[str, Decimal]) -> Rates:
    if not stored:
        return ecb_rates(ecb_last_day()) or Rates({})
    return Rates({**stored, "usd": ONE})


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
    for code in MONEY:
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
    rows = [ExchangeRate(code=rate.code, per_usd=rate.per_usd, fetched_at=now) for rate in found if rate.code in MONEY]
    with transaction.atomic():
        ExchangeRate.objects.bulk_create(
            rows, update_conflicts=True, unique_fields=["code"], update_fields=["per_usd", "fetched_at"]
        )
        MarketState.objects.filter(pk=state.pk).update(rates_fetched_at=now)
