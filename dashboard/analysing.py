"""Selectors: what a portfolio's kept daily values say of it, how it is spread now, and how far from its targets it is.

Nothing is computed from transactions here: days come from `dashboard.backfill`, the present from `portfolios`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, localcontext
from enum import StrEnum
from typing import Final

from django.utils.translation import gettext

from accounts.models import User
from dashboard import clock
from dashboard.analysis.allocation import Drift, Part, Spread, drifts, parts_of, spread_of, with_rest
from dashboard.analysis.course import (
    Day,
    Drawdown,
    Grown,
    Known,
    Year,
    a_year,
    deepest_fall,
    growth,
    known_course,
    percent_between,
    total_return,
    yearly_table,
)
from dashboard.analysis.drawing import Picture, nearest_before, picture
from dashboard.analysis.instead import Instead, held_instead
from dashboard.analysis.money_weighted import Flow, Rate, money_weighted
from dashboard.backfill.reading import daily_worth
from dashboard.backfill.valuing import DAY
from dashboard.backfill.working import BENCHMARKS
from dashboard.ledger.entry import ZERO
from dashboard.market.acceptance import is_stablecoin
from dashboard.market.currencies import Exchange, midnight
from dashboard.market.samples import prices_at
from dashboard.models import Asset, DailyPrice, MarketQuote, Portfolio, Position, TargetShare, ValueHistory
from dashboard.money import WIDE, quantize
from dashboard.portfolios import Overview

MOST_PARTS: Final = 7
ROWS: Final = 24


class Period(StrEnum):
    """How far back figures go."""

    QUARTER = "3m"
    THIS_YEAR = "ytd"
    YEAR = "1y"
    ALL = "all"

    @property
    def label(self) -> str:
        words = {"3m": gettext("3 months"), "ytd": gettext("This year"), "1y": gettext("1 year"), "all": gettext("All")}
        return words[self.value]

    def start(self, today: date) -> date | None:
        """The first day; None: from the beginning."""
        match self:
            case Period.QUARTER:
                return today - timedelta(days=91)
            case Period.THIS_YEAR:
                return date(today.year, 1, 1)
            case Period.YEAR:
                return today - timedelta(days=365)
            case _:
                return None


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A coin that the same money could have been in. `more` is how much more there is than that would be worth."""

    coin: Asset
    instead: Instead | None
    return_pct: Decimal | None
    more: Decimal | None

    @property
    def line(self) -> tuple[tuple[date, Decimal], ...]:
        return self.instead.course if self.instead and self.instead.ran_out is None else ()


@dataclass(frozen=True, slots=True)
class Incomes:
    """What came in month by month, January first, and in the whole year."""

    year: int
    months: tuple[Decimal, ...]
    whole: Decimal


@dataclass(frozen=True, slots=True)
class Performance:
    """The figures of a stretch of days, in `currency`; days are those of UTC."""

    currency: str
    course: tuple[Known, ...]
    line: tuple[Grown, ...]
    money_weighted: Rate | None
    fall: Drawdown | None
    years: tuple[Year, ...]
    incomes: tuple[Incomes, ...]
    benchmarks: tuple[Benchmark, ...]

    @property
    def first(self) -> date:
        return self.line[0].day

    @property
    def last(self) -> date:
        return self.line[-1].day

    @property
    def days(self) -> int:
        return (self.last - self.first).days

    @property
    def return_pct(self) -> Decimal | None:
        return total_return(self.line)

    @property
    def yearly_pct(self) -> Decimal | None:
        return None if self.return_pct is None else a_year(self.return_pct, self.days)

    @property
    def money_weighted_pct(self) -> Decimal | None:
        """Of the whole time, as the time-weighted one is."""
        return percent(self.money_weighted.whole) if self.money_weighted else None

    @property
    def money_weighted_yearly(self) -> Decimal | None:
        return percent(self.money_weighted.yearly) if self.money_weighted and self.days >= 365 else None

    @property
    def value(self) -> Decimal:
        return self.course[-1].value

    @property
    def put_in(self) -> Decimal:
        """All that was put in after the beginning, with what was there then."""
        return summed([self.course[0].value, *(known.inflow for known in self.course)])

    @property
    def taken_out(self) -> Decimal:
        return summed(known.outflow for known in self.course)

    @property
    def income(self) -> Decimal:
        return summed(year.whole for year in self.incomes)

    @property
    def picture(self) -> Picture | None:
        return picture([self.values, *(benchmark.line for benchmark in self.benchmarks)])

    @property
    def values(self) -> list[tuple[date, Decimal]]:
        return [(known.day, known.value) for known in self.course]

    @property
    def rows(self) -> list[tuple[date, list[Decimal | None]]]:
        """The picture as a table: some days, the last among them, newest first."""
        every = max(1, -(-len(self.course) // ROWS))
        lines = [benchmark.line for benchmark in self.benchmarks]
        return [
            (day, [value, *(nearest_before(line, day) for line in lines)]) for day, value in self.values[::-1][::every]
        ]


def summed(amounts: Iterable[Decimal]) -> Decimal:
    with localcontext(WIDE):
        return sum(amounts, ZERO)


def percent(estimate: float) -> Decimal | None:
    """An estimate as a number to show; None where it is beyond all sense."""
    return Decimal(repr(round(estimate, 6))) if abs(estimate) < 1e12 else None


def performance(user: User, portfolio: Portfolio | None, period: Period) -> Performance | None:
    """None where no two days in a row are known."""
    currency = portfolio.currency if portfolio else user.currency
    portfolios = Portfolio.objects.filter(pk=portfolio.pk) if portfolio else Portfolio.objects.of(user)
    start = period.start(clock.now().date())
    days = [each.as_day for each in daily_worth(portfolios, currency, start)]
    course = known_course(days)
    line = growth(course)
    if len(line) < 2:
        return None
    course = [known for known in course if known.day >= line[0].day]
    return Performance(
        currency=currency,
        course=tuple(course),
        line=tuple(line),
        money_weighted=money_weighted(flows_of(course)),
        fall=deepest_fall(line),
        years=tuple(yearly_table(line)),
        incomes=tuple(incomes_of(day for day in days if day.day > line[0].day)),
        benchmarks=tuple(benchmarks_of(course, line, currency)),
    )


def flows_of(course: Sequence[Known]) -> list[Flow]:
    """From the owner's pocket and back: what was there, what came and went on its day, what is there."""
    flows = [Flow(course[0].day, -course[0].value), Flow(course[-1].day, course[-1].value)]
    for known in course[1:]:
        flows.append(Flow(known.day - DAY, known.outflow - known.inflow))
    return flows


def incomes_of(days: Iterable[Day]) -> list[Incomes]:
    """By month, newest year first; years without any are left out."""
    sums: dict[tuple[int, int], Decimal] = {}
    with localcontext(WIDE):
        for day in days:
            if day.income:
                on = day.day - DAY
                sums[on.year, on.month] = sums.get((on.year, on.month), ZERO) + day.income
        years = sorted({year for year, _ in sums}, reverse=True)
        found = []
        for year in years:
            months = tuple(sums.get((year, month), ZERO) for month in range(1, 13))
            found.append(Incomes(year, months, sum(months, ZERO)))
    return found


def benchmarks_of(course: Sequence[Known], line: Sequence[Grown], currency: str) -> list[Benchmark]:
    coins = Asset.objects.in_bulk(BENCHMARKS)
    found = []
    for coin in (coins[each] for each in BENCHMARKS if each in coins):
        prices = prices_by_day(coin.pk, currency, course[0].day, course[-1].day)
        instead = held_instead(course, prices)
        first, last = prices.get(line[0].day), prices.get(line[-1].day)
        end = instead.end if instead else None
        more = None if end is None else summed([course[-1].value, -end])
        found.append(Benchmark(coin, instead, percent_between(first, last) if first and last else None, more))
    return found


def prices_by_day(asset: str, currency: str, first: date, last: date) -> dict[date, Decimal]:
    """The stored prices at the beginnings of days; of the last day, where it lacks, the last sample before."""
    stored = DailyPrice.objects.filter(asset=asset, day__gte=first, day__lte=last)
    usd = dict(stored.values_list("day", "usd"))
    if last not in usd:
        found = prices_at([asset], midnight(last), since=midnight(last) - DAY)
        usd |= {last: found[asset]} if found else {}
    exchange = Exchange(currency)
    prices = {}
    with localcontext(WIDE):
        for day, price in usd.items():
            rate = exchange.rate_at("usd", midnight(day))
            if rate is not None:
                prices[day] = quantize(price * rate)
    return prices


# How it is spread ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Allocation:
    """One way to divide what is held. `shown` are the parts that can be told apart."""

    title: str
    parts: tuple[Part, ...]
    spread: Spread | None

    @property
    def shown(self) -> list[Part]:
        return with_rest(self.parts, MOST_PARTS, gettext("Others"))


def allocations(user: User, portfolio: Portfolio | None, whole: Overview) -> list[Allocation]:
    """By coin, by wallet, and by kind; of all that has a price."""
    held = [holding for holding in whole.holdings if holding.value is not None and holding.value > ZERO]
    quotes = MarketQuote.objects.filter(asset__in=[holding.asset for holding in held], price__isnull=False)
    usd = dict(quotes.values_list("asset_id", "price"))
    stable = {h.asset for h in held if (price := usd.get(h.asset)) and is_stablecoin(h.held.symbol, price)}
    prices = {holding.asset: holding.market.price for holding in held}
    kinds = {True: ("stablecoin", gettext("Stablecoins")), False: ("coin", gettext("Coins"))}
    ways = [
        (gettext("By coin"), ((h.asset, h.held.name, h.value or ZERO) for h in held)),
        (gettext("By wallet"), wallet_values(user, portfolio, prices)),
        (gettext("By kind"), ((*kinds[h.asset in stable], h.value or ZERO) for h in held)),
    ]
    found = []
    for title, values in ways:
        parts = tuple(parts_of(values))
        found.append(Allocation(title, parts, spread_of(parts)))
    return found


def wallet_values(
    user: User, portfolio: Portfolio | None, prices: Mapping[str, Decimal | None]
) -> list[tuple[str, str, Decimal]]:
    """What lies in which wallet, of what has a price; what was never written down lies in none that is named."""
    positions = Position.objects.of(user).filter(asset__in=list(prices))
    if portfolio:
        positions = positions.filter(portfolio=portfolio)
    found = []
    with localcontext(WIDE):
        for asset, quantity, balances in positions.values_list("asset_id", "quantity", "balances"):
            lying = {"": quantity} if balances is None else balances
            for wallet, amount in lying.items():
                found.append((wallet, wallet or gettext("No wallet named"), Decimal(amount) * (prices[asset] or ZERO)))
    return found


# Targets -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TargetLine:
    """A coin beside what it is meant to be."""

    coin: Asset
    drift: Drift


def target_lines(portfolio: Portfolio, whole: Overview) -> list[TargetLine]:
    """What to buy and to sell; empty where nothing is meant. What has no price is left out, and can't be moved."""
    targets = dict(TargetShare.objects.filter(portfolio=portfolio).values_list("asset_id", "percent"))
    if not targets:
        return []
    values = {h.asset: h.value for h in whole.holdings if h.value is not None}
    prices = {h.asset: h.market.price for h in whole.holdings}
    prices |= prices_now(targets.keys() - prices.keys(), portfolio.currency)
    coins = Asset.objects.in_bulk([*targets, *values])
    return [TargetLine(coins[drift.key], drift) for drift in drifts(values, prices, targets)]


def prices_now(assets: Iterable[str], currency: str) -> dict[str, Decimal | None]:
    rate = Exchange(currency).rate("usd", clock.now())
    quotes = MarketQuote.objects.filter(asset__in=list(assets), price__isnull=False).values_list("asset_id", "price")
    with localcontext(WIDE):
        return {asset: None if rate is None else quantize(usd * rate) for asset, usd in quotes if usd is not None}


def is_being_valued(user: User, portfolio: Portfolio | None) -> bool:
    """Is a worker still to value past days?"""
    due = ValueHistory.objects.filter(portfolio__user=user, upto=None)
    return (due.filter(portfolio=portfolio) if portfolio else due).exists()
