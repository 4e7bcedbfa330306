"""What portfolios were worth over time: one snapshot every five minutes while prices are fresh, fewer as they age; on
days of which there is none, the value at its beginning that `dashboard.backfill` has computed.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal, localcontext
from itertools import groupby
from typing import Final

from django.db.models import Exists, Min, OuterRef, QuerySet
from django.db.models.functions import TruncDay, TruncHour

from accounts.currencies import COINS
from dashboard import clock
from dashboard.backfill.reading import daily_worth
from dashboard.market import currencies
from dashboard.market.refresh import market_state
from dashboard.market.samples import EPOCH, slot
from dashboard.models import MarketQuote, Portfolio, Position, Snapshot
from dashboard.money import LIMIT, WIDE, quantize
from dashboard.portfolios import as_held, as_market
from dashboard.valuation import Market, Totals, total, value_holding

EVERY: Final = timedelta(minutes=5)
HOURLY_AFTER: Final = timedelta(days=7)
DAILY_AFTER: Final = timedelta(days=90)
STEPS: Final = {"5m": EVERY, "1h": timedelta(hours=1), "1d": timedelta(days=1)}
MOST_POINTS: Final = 2000


@dataclass(frozen=True, slots=True)
class Point:
    at: datetime
    value: Decimal
    cost: Decimal
    profit: Decimal

    def plus(self, other: "Point") -> "Point":
        """Both together, at the time of this one."""
        return Point(self.at, self.value + other.value, self.cost + other.cost, self.profit + other.profit)


@dataclass(frozen=True, slots=True)
class Series:
    """Points `step` apart or more, oldest first, all in `currency`."""

    currency: str
    step: str
    points: tuple[Point, ...]


def take_snapshots() -> int:
    """One snapshot of every portfolio that holds something, unless prices are old; says how many were written.

    Twice within five minutes writes once. The number of queries does not grow with portfolios.
    """
    at = slot(clock.now(), EVERY)
    if market_state().stale or Snapshot.objects.filter(at=at).exists():
        return 0
    rows = [
        Snapshot(
            portfolio=portfolio,
            at=at,
            currency=portfolio.currency,
            value=quantize(totals.value),
            cost=quantize(totals.cost),
            profit=quantize(totals.profit),
        )
        for portfolio, totals in totals_of_all()
        if max(abs(totals.value), abs(totals.cost), abs(totals.profit)) < LIMIT
    ]
    Snapshot.objects.bulk_create(rows, batch_size=500, ignore_conflicts=True)
    return len(rows)


def totals_of_all() -> Iterator[tuple[Portfolio, Totals]]:
    """The totals of every portfolio that holds something, closed positions included, each in its own currency."""
    opened = Position.objects.open().filter(portfolio=OuterRef("portfolio"))
    positions = (
        Position.objects.filter(Exists(opened))
        .select_related("asset", "portfolio")
        .order_by("portfolio_id", "asset_id")
    )
    quotes = {row.asset_id: row for row in MarketQuote.objects.select_related("asset")}
    rates, far_past = currencies.todays_rates(), EPOCH
    coins = {code: quotes.get(asset) for code, asset in COINS.items()}
    for _, held in groupby(positions.iterator(chunk_size=2000), key=lambda position: position.portfolio_id):
        own = list(held)
        portfolio = own[0].portfolio
        per_usd = rates.rate("usd", portfolio.currency)
        markets, coin = {p.asset_id: quotes.get(p.asset_id) for p in own}, coins.get(portfolio.currency)
        yield (
            portfolio,
            total(
                value_holding(
                    as_held(position, Decimal(1)),
                    as_market(quote, per_usd, far_past, coin) if (quote := markets[position.asset_id]) else Market(),
                )
                for position in own
            ),
        )


def thin_snapshots() -> int:
    """Keep the first of each hour after a week, the first of each day after 90 days; says how many went."""
    now = clock.now()
    gone = 0
    for age, truncated in ((HOURLY_AFTER, TruncHour), (DAILY_AFTER, TruncDay)):
        old = Snapshot.objects.filter(at__lt=slot(now - age, STEPS["1d"]))
        firsts = (
            old.annotate(part=truncated("at", tzinfo=UTC))
            .order_by()
            .values("portfolio", "part")
            .annotate(first=Min("id"))
            .values("first")
        )
        gone += old.exclude(pk__in=firsts).delete()[0]
    return gone


def series(portfolio: Portfolio, start: datetime | None, end: datetime | None, step: str = "") -> Series:
    """What the portfolio was worth from `start` to `end`, the last snapshot of each step; in its currency of now.

    Without a step the finest that leaves at most 2000 points. Older snapshots in another currency are converted at
    the rate of their day; those whose rate nobody knows are left out.
    """
    found = Snapshot.objects.filter(portfolio=portfolio).order_by("at")
    if start is not None:
        found = found.filter(at__gte=start)
    if end is not None:
        found = found.filter(at__lte=end)
    taken = list(converted(found.iterator(chunk_size=2000), portfolio.currency))
    points = with_days(taken, Portfolio.objects.filter(pk=portfolio.pk), portfolio.currency, start, end)
    if not step:
        step = next((name for name in STEPS if len(last_of_each(points, STEPS[name])) <= MOST_POINTS), "1d")
    return Series(portfolio.currency, step, tuple(last_of_each(points, STEPS[step])))


def with_days(
    taken: list[Point],
    portfolios: QuerySet[Portfolio],
    currency: str,
    start: datetime | None = None,
    end: datetime | None = None,
) -> list[Point]:
    """The points, and the beginnings of days of which there is no point, oldest first."""
    covered = {point.at.astimezone(UTC).date() for point in taken}
    first, last = start and start.astimezone(UTC).date(), end and end.astimezone(UTC).date()
    days = [
        Point(each.at, each.value, each.cost, each.profit)
        for each in daily_worth(portfolios, currency, first, last)
        if each.value is not None and each.cost is not None and each.profit is not None
        if each.at.date() not in covered and (start is None or each.at >= start) and (end is None or each.at <= end)
    ]
    return sorted([*days, *taken], key=lambda point: point.at) if days else taken


def last_of_each(points: Iterable[Point], step: timedelta) -> list[Point]:
    return list({slot(point.at, step): point for point in points}.values())


def converted(snapshots: Iterable[Snapshot], currency: str) -> Iterator[Point]:
    exchange = currencies.Exchange(currency)
    for row in snapshots:
        rate = exchange.rate_at(row.currency, row.at)
        if rate is None:
            continue
        with localcontext(WIDE):
            yield Point(row.at, *(quantize(amount * rate) for amount in (row.value, row.cost, row.profit)))
