"""Selectors: the lines of the charts, what portfolios were worth and what a coin has cost, and what is marked on them.

Times are UTC. Nothing is fetched here: where no price of a time is stored, the line has a gap.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, localcontext
from enum import StrEnum
from itertools import groupby, pairwise
from typing import Final

from django.db.models import Min
from django.utils.translation import gettext

from accounts.models import User
from dashboard import clock
from dashboard.formats import format_exact, format_money, format_price, format_quantity
from dashboard.market import currencies
from dashboard.market.currencies import ONE, midnight
from dashboard.market.samples import Sample, samples, slot
from dashboard.models import Asset, DailyPrice, DailyValue, Portfolio, PriceSample, Snapshot, Transaction
from dashboard.money import WIDE, quantize, quantize_price
from dashboard.snapshots import Point as Worth
from dashboard.snapshots import converted, with_days

GAP: Final = 6
"""Steps without a point after which the line is broken."""
MOST_MISSING: Final = 200
"""Points that a break is wide at most."""
MOST_MARKS: Final = 300
ROWS: Final = 24
"""Lines of the table that stands for the chart."""


class Span(StrEnum):
    """How far back a chart goes."""

    DAY = "1d"
    WEEK = "1w"
    MONTH = "1m"
    YEAR = "1y"
    ALL = "all"

    @property
    def label(self) -> str:
        words = {
            "1d": gettext("1 day"),
            "1w": gettext("1 week"),
            "1m": gettext("1 month"),
            "1y": gettext("1 year"),
            "all": gettext("All"),
        }
        return words[self.value]

    @property
    def length(self) -> timedelta | None:
        """None: from the beginning."""
        days = {"1d": 1, "1w": 7, "1m": 30, "1y": 365}.get(self.value)
        return timedelta(days=days) if days else None

    @property
    def step(self) -> timedelta:
        """The shortest time between two points."""
        minutes = {"1d": 5, "1w": 30, "1m": 120}.get(self.value)
        return timedelta(minutes=minutes) if minutes else timedelta(days=1)

    @property
    def candle(self) -> timedelta | None:
        """How long a candle is; None where only one price a day is kept, which makes none."""
        minutes = {"1d": 15, "1w": 120, "1m": 480}.get(self.value)
        return timedelta(minutes=minutes) if minutes else None


@dataclass(frozen=True, slots=True)
class Point:
    """A value at a time; None where the line is broken."""

    at: datetime
    value: Decimal | None


@dataclass(frozen=True, slots=True)
class Line:
    name: str
    points: tuple[Point, ...]

    @property
    def known(self) -> list[tuple[datetime, Decimal]]:
        return [(point.at, point.value) for point in self.points if point.value is not None]


@dataclass(frozen=True, slots=True)
class Candle:
    """What happened to a price within the step that begins at a time."""

    at: datetime
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal


@dataclass(frozen=True, slots=True)
class Limit:
    """A level to be drawn across the chart, in its currency."""

    label: str
    value: Decimal


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happened at a time: `kind` is buy, sell or alert."""

    at: datetime
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Chart:
    """Lines in `currency` over one span, oldest first, with limits and marks."""

    span: Span
    currency: str
    lines: tuple[Line, ...]
    limits: tuple[Limit, ...] = ()
    marks: tuple[Mark, ...] = ()
    of_price: bool = False
    candles: tuple[Candle, ...] = ()
    """Drawn in place of the line where there are any."""
    candle_step: timedelta | None = None

    @property
    def main(self) -> Line:
        return self.lines[0]

    @property
    def is_drawn(self) -> bool:
        return len(self.main.known) > 1

    @property
    def first(self) -> tuple[datetime, Decimal]:
        return self.main.known[0]

    @property
    def last(self) -> tuple[datetime, Decimal]:
        return self.main.known[-1]

    @property
    def lowest(self) -> tuple[datetime, Decimal]:
        return min(self.main.known, key=lambda point: point[1])

    @property
    def highest(self) -> tuple[datetime, Decimal]:
        return max(self.main.known, key=lambda point: point[1])

    @property
    def change_pct(self) -> Decimal | None:
        """From the first point to the last, in percent."""
        before, after = self.first[1], self.last[1]
        if before <= 0:
            return None
        with localcontext(WIDE):
            return quantize((after - before) * 100 / before)

    @property
    def rows(self) -> list[tuple[datetime, list[Decimal | None]]]:
        """Some of the points, evenly spread and the last among them: the chart as a table."""
        known = self.main.known
        every = max(1, -(-len(known) // ROWS))
        others = [dict(line.known) for line in self.lines[1:]]
        chosen = known[::-1][::every]
        return [(at, [value, *(other.get(at) for other in others)]) for at, value in chosen]

    @property
    def decimals(self) -> int:
        """How many the axis shows: enough to tell the lines' values apart."""
        highest = max((value for line in self.lines for _, value in line.known), default=Decimal(1))
        return min(12, max(0, (4 if self.of_price else 3) - highest.adjusted() - 1)) if highest else 2

    def written(self, value: Decimal | None) -> str:
        """A value of the chart as people read it."""
        return format_price(value, self.currency) if self.of_price else format_money(value, self.currency)

    @property
    def data(self) -> dict[str, object]:
        """As the page's script draws it: times in seconds since 1970, values in plain notation."""
        return {
            "step": int((self.candle_step if self.candles and self.candle_step else self.span.step).total_seconds()),
            "decimals": self.decimals,
            "lines": [
                {
                    "name": line.name,
                    "points": [
                        [int(p.at.timestamp()), None if p.value is None else format_exact(p.value)] for p in line.points
                    ],
                }
                for line in self.lines
            ],
            "candles": [
                [int(c.at.timestamp()), *(format_exact(price) for price in (c.open, c.high, c.low, c.close))]
                for c in self.candles
            ],
            "limits": [{"label": limit.label, "value": format_exact(limit.value)} for limit in self.limits],
            "marks": [{"at": int(mark.at.timestamp()), "kind": mark.kind, "text": mark.text} for mark in self.marks],
        }


@dataclass(frozen=True, slots=True)
class Subject:
    """What a chart is of: a coin's price, or the value of a portfolio (None: of all)."""

    user: User
    currency: str
    asset: str = ""
    portfolio: int | None = None


LimitsOf = Callable[[Subject], Sequence[Limit]]
providers: list[LimitsOf] = []


def register_limits(provider: LimitsOf) -> None:
    """Have what another app knows drawn as limits; the project says who."""
    if provider not in providers:
        providers.append(provider)


def limits_of(subject: Subject) -> tuple[Limit, ...]:
    return tuple(limit for provider in providers for limit in provider(subject))


def value_chart(user: User, portfolio: Portfolio | None, span: Span) -> Chart:
    """What a portfolio, or all of them together, was worth and had cost: as snapshots have it, before them by days."""
    now = clock.now()
    currency = portfolio.currency if portfolio else user.currency
    portfolios = Portfolio.objects.filter(pk=portfolio.pk) if portfolio else Portfolio.objects.of(user)
    since = None if span.length is None else now - span.length
    found = Snapshot.objects.filter(portfolio__in=portfolios)
    if since is not None:
        found = found.filter(at__gte=since)
    sums: dict[datetime, Worth] = {}
    with localcontext(WIDE):
        for point in converted(found.order_by("at").iterator(chunk_size=2000), currency):
            before = sums.get(point.at)
            sums[point.at] = point if before is None else point.plus(before)
    points = with_days(list(sums.values()), portfolios, currency, since)
    kept = {slot(point.at, span.step): point for point in points}
    subject = Subject(user, currency, portfolio=portfolio.pk if portfolio else None)
    return Chart(
        span=span,
        currency=currency,
        lines=(
            Line(gettext("Value"), broken([Point(point.at, point.value) for point in kept.values()], span.step)),
            Line(gettext("Cost"), broken([Point(point.at, point.cost) for point in kept.values()], span.step)),
        ),
        limits=limits_of(subject),
    )


def first_value(user: User, portfolio: Portfolio | None) -> datetime | None:
    """Since when a value of the portfolio, or of any, is known."""
    portfolios = Portfolio.objects.filter(pk=portfolio.pk) if portfolio else Portfolio.objects.of(user)
    days = DailyValue.objects.filter(portfolio__in=portfolios, value__isnull=False)
    day = days.aggregate(first=Min("day"))["first"]
    snapshot = Snapshot.objects.filter(portfolio__in=portfolios).aggregate(first=Min("at"))["first"]
    return earlier(snapshot, day)


def earlier(at: datetime | None, day: date | None) -> datetime | None:
    """The earlier of a time and the beginning of a day (UTC), as far as they are known."""
    begins = None if day is None else midnight(day)
    return min((one for one in (at, begins) if one is not None), default=None)


def first_price(coin: Asset) -> datetime | None:
    """Since when a price of the coin is kept."""
    day = DailyPrice.objects.filter(asset=coin).aggregate(first=Min("day"))["first"]
    sample = PriceSample.objects.filter(asset=coin).aggregate(first=Min("at"))["first"]
    return earlier(sample, day)


def price_chart(user: User, coin: Asset, span: Span, own: Sequence[Limit] = (), *, as_candles: bool = False) -> Chart:
    """What a coin has cost in the user's currency, with the user's trades and limits, and those in `own`.

    With `as_candles` also in candles, as far back as prices were kept minute by minute.
    """
    subject = Subject(user, user.currency, asset=coin.pk)
    until = clock.now()
    since = until - span.length if span.length is not None else datetime.min.replace(tzinfo=UTC)
    return Chart(
        span=span,
        currency=user.currency,
        lines=(Line(gettext("Price"), broken(prices(coin.pk, user.currency, since, until, span.step), span.step)),),
        limits=(*own, *limits_of(subject)),
        marks=tuple(trades(user, coin.pk, since)),
        of_price=True,
        candles=tuple(candles(coin.pk, user.currency, since, until, span.candle)) if as_candles and span.candle else (),
        candle_step=span.candle,
    )


def prices(asset: str, currency: str, since: datetime, until: datetime, step: timedelta) -> list[Point]:
    """Prices in `currency`, at most one a step: those kept minute by minute, before them one a day."""
    exchange = currencies.Exchange(currency)
    recent = {slot(sample.at, step): (sample.at, sample.usd) for sample in samples(asset, since, until)}
    begin = min((at for at, _ in recent.values()), default=until)
    days = (
        DailyPrice.objects.filter(asset=asset, day__gte=since.date(), day__lte=begin.date())
        .order_by("day")
        .values_list("day", "usd")
    )
    old = [(midnight(day), usd) for day, usd in days]
    told = [each for each in old if since <= each[0] < begin] + list(recent.values())
    points = []
    for at, usd in told:
        rate = exchange.rate_at("usd", at)
        if rate is not None:
            with localcontext(WIDE):
                points.append(Point(at, quantize_price(usd * rate)))
    return points


def candles(asset: str, currency: str, since: datetime, until: datetime, step: timedelta) -> Iterator[Candle]:
    """Prices in `currency` by steps. Each begins where the one before has ended, if that is the step before it."""
    exchange, last = currencies.Exchange(currency), None
    told = in_coin(samples(asset, since, until), exchange) if exchange.coin else samples(asset, since, until)
    for at, kept in groupby(told, key=lambda sample: slot(sample.at, step)):
        part = list(kept)
        rate = ONE if exchange.coin else exchange.rate("usd", at)
        if rate is None:
            continue
        with localcontext(WIDE):
            first = last.close if last and last.at == at - step else quantize_price(part[0].usd * rate)
            low, high = (quantize_price(each * rate) for each in (min(s.low for s in part), max(s.high for s in part)))
            last = Candle(at, first, max(first, high), min(first, low), quantize_price(part[-1].usd * rate))
        yield last


def in_coin(kept: Iterable[Sample], exchange: currencies.Exchange) -> Iterator[Sample]:
    """The samples in the coin that is counted in, each at its rate of then: lows in dollars are not lows in it."""
    for sample in kept:
        if (rate := exchange.rate_at("usd", sample.at)) is not None:
            price = WIDE.multiply(sample.usd, rate)
            yield Sample(sample.at, price, price, price)


def broken(points: Iterable[Point], step: timedelta) -> tuple[Point, ...]:
    """The points, and points without a value where several are missing at the pace of those before or after."""
    told = list(points)
    distances = [after.at - before.at for before, after in pairwise(told)]
    line = told[:1]
    for number, distance in enumerate(distances):
        beside = distances[max(0, number - 1) : number] + distances[number + 1 : number + 2]
        if distance > GAP * max(step, min(beside, default=step)):
            missing = max(step, distance / MOST_MISSING)
            line += [Point(told[number].at + missing * n, None) for n in range(1, int(distance / missing))]
        line.append(told[number + 1])
    return tuple(line)


def trades(user: User, asset: str, since: datetime) -> list[Mark]:
    """The user's purchases and sales of the coin, oldest first."""
    rows = (
        Transaction.objects.filter(portfolio__user=user, asset=asset, type__in=("buy", "sell"), timestamp__gte=since)
        .order_by("-timestamp")
        .values_list("timestamp", "type", "amount")[:MOST_MARKS]
    )
    words = {"buy": gettext("Bought %(amount)s"), "sell": gettext("Sold %(amount)s")}
    return [Mark(at, kind, words[kind] % {"amount": format_quantity(amount)}) for at, kind, amount in rows][::-1]
