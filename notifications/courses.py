"""Selector: what a reminder watches over time, as far as it is kept, with its limits and the gaps."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal, localcontext
from typing import Final

from django.utils.translation import gettext, gettext_noop

from dashboard.charts import Chart, Limit, Line, Mark, Point, Span, broken, candles, prices
from dashboard.formats import format_share
from dashboard.market import currencies
from dashboard.market.quota import stale_after
from dashboard.market.samples import slot
from dashboard.models import Snapshot
from dashboard.money import WIDE, quantize
from notifications.conditions import Arming, Bound, Figure, Watches
from notifications.models import Alert, Reminder
from notifications.prices import LONGEST_SLACK, WINDOWS
from notifications.wording import duration

Kind = Reminder.Kind
HUNDRED: Final = Decimal(100)
MOST_GAPS: Final = 10
MOST_MARKS: Final = 300
LATE: Final = timedelta(minutes=15)
"""How old the last value may be before its absence counts as a gap."""
YOUNG: Final = ((timedelta(hours=1), timedelta(seconds=15)), (timedelta(hours=6), timedelta(minutes=1)))
OF_BALANCE: Final = frozenset({Kind.BALANCE_ABOVE, Kind.BALANCE_BELOW, Kind.DRAWDOWN})
OF_PROFIT: Final = frozenset({Kind.PROFIT_ABOVE, Kind.PROFIT_BELOW})


@dataclass(frozen=True, slots=True)
class Gap:
    """A time of which no value is kept. `until` is None while it lasts."""

    since: datetime
    until: datetime | None

    @property
    def length(self) -> str:
        return duration(self.until - self.since) if self.until else ""


@dataclass(frozen=True, slots=True)
class Course(Chart):
    """What a reminder watches over time; in percent where that is what is held against its limit."""

    figure: Figure = Figure.MONEY

    def written(self, value: Decimal | None) -> str:
        if self.figure is Figure.PERCENT:
            return format_share(value)
        return super(Course, self).written(value)

    @property
    def gaps(self) -> list[Gap]:
        """Oldest first."""
        found: list[Gap] = []
        known: datetime | None = None
        is_broken = False
        for point in self.main.points:
            if point.value is None:
                is_broken = True
                continue
            if is_broken and known is not None:
                found.append(Gap(known, point.at))
            known, is_broken = point.at, False
        return found

    def gaps_until(self, now: datetime) -> list[Gap]:
        """With the one that lasts, if there is one."""
        lasts = bool(self.main.known) and now - self.last[0] > max(LATE, 2 * self.span.step)
        return [*self.gaps, *([Gap(self.last[0], None)] if lasts else [])]

    @property
    def rows(self) -> list[tuple[datetime, list[Decimal | None]]]:
        """The points that a table has room for, and where each gap begins: newest first."""
        told = super(Course, self).rows
        holes: list[tuple[datetime, list[Decimal | None]]] = [(gap.since, [None]) for gap in self.gaps[-MOST_GAPS:]]
        return sorted([*told, *holes], key=lambda row: (row[0], row[1][0] is None), reverse=True)


def is_over_windows(reminder: Reminder) -> bool:
    """Is it held against a price that moves along with time?"""
    return reminder.kind == Kind.CHANGE and reminder.window != Reminder.Window.CREATION


def counts_in_percent(reminder: Reminder) -> bool:
    return reminder.is_in_percent or is_over_windows(reminder)


def course_of(
    reminder: Reminder, span: Span, levels: tuple[Bound, ...], now: datetime, *, as_candles: bool = False
) -> Course | None:
    """None where nothing of it is kept over time. With `as_candles` a price is drawn as these."""
    since = now - span.length if span.length is not None else datetime.min.replace(tzinfo=UTC)
    step = min(span.step, pace(now - (reminder.started_at or reminder.created_at)))
    name, points = points_of(reminder, since, now, step)
    if not name:
        return None
    in_percent, of_price = counts_in_percent(reminder), name == "Price"
    steps = span.candle if as_candles and of_price else None
    back = reminder.kind == Kind.TRAILING and reminder.arming == Arming.FIRED
    fired = Alert.objects.filter(reminder=reminder, fired_at__gte=since).order_by("fired_at")
    return Course(
        span=span,
        currency="%" if in_percent else reminder.currency,
        lines=(Line(gettext(name), broken(points, step)),),
        limits=tuple(Limit(gettext("Arms again") if back else gettext("Limit"), bound.limit) for bound in levels),
        marks=tuple(
            Mark(at, "alert", gettext("It fired")) for at in fired.values_list("fired_at", flat=True)[:MOST_MARKS]
        ),
        of_price=of_price,
        candles=tuple(candles(reminder.asset_id or "", reminder.currency, since, now, steps)) if steps else (),
        candle_step=steps,
        figure=Figure.PERCENT if in_percent else Figure.MONEY,
    )


def pace(age: timedelta) -> timedelta:
    """How finely a young reminder's course is drawn, so that there is something to see of it."""
    return next((step for young, step in YOUNG if age < young), timedelta.max)


def points_of(reminder: Reminder, since: datetime, now: datetime, step: timedelta) -> tuple[str, list[Point]]:
    """What is drawn, by name; no name where nothing of it is kept."""
    if is_over_windows(reminder):
        return gettext_noop("Change"), changes(reminder, since, now, step)
    if reminder.asset_id and (reminder.condition.watches is Watches.PRICE or reminder.kind == Kind.STALE):
        return gettext_noop("Price"), prices(reminder.asset_id, reminder.currency, since, now, step)
    if reminder.kind in OF_BALANCE:
        return gettext_noop("Balance"), snapshots(reminder, since, step)
    realised = reminder.measure == Reminder.Measure.REALISED
    whole = reminder.is_in_percent and reminder.measure == Reminder.Measure.TOTAL
    if reminder.kind in OF_PROFIT and not reminder.asset_id and not realised and not whole:
        return gettext_noop("Profit"), snapshots(reminder, since, step)
    return "", []


def changes(reminder: Reminder, since: datetime, now: datetime, step: timedelta) -> list[Point]:
    """By how many percent the price was off what it was a window before, where both are kept.

    What may stand for the price at the window's start is as when it is judged (notifications.prices.bases_of).
    """
    window = WINDOWS[reminder.window]
    slack = max(stale_after(0), min(window / 4, LONGEST_SLACK))
    begin = since if since.year == 1 else since - window
    told = prices(reminder.asset_id or "", reminder.currency, begin, now, min(step, window / 2))
    points: list[Point] = []
    before = 0
    for point in told:
        while before + 1 < len(told) and told[before + 1].at <= point.at - window:
            before += 1
        base = told[before]
        fits = timedelta(0) <= point.at - window - base.at <= slack
        if fits and point.at >= since and base.value and point.value is not None:
            with localcontext(WIDE):
                points.append(Point(point.at, quantize((point.value / base.value - 1) * HUNDRED)))
    return list({slot(point.at, step): point for point in points}.values())


def snapshots(reminder: Reminder, since: datetime, step: timedelta) -> list[Point]:
    """The balance, or the profit, of the reminder's portfolio or of all, in its currency, as snapshots have it."""
    mine = Snapshot.objects.filter(portfolio__user=reminder.user, at__gte=since).order_by("at")
    if reminder.portfolio_id:
        mine = mine.filter(portfolio=reminder.portfolio_id)
    exchange = currencies.Exchange(reminder.currency)
    sums: dict[datetime, tuple[Decimal, Decimal, Decimal]] = {}
    with localcontext(WIDE):
        for row in mine.iterator(chunk_size=2000):
            rate = exchange.rate_at(row.currency, row.at)
            if rate is not None:
                value, cost, profit = sums.get(row.at, (Decimal(0), Decimal(0), Decimal(0)))
                sums[row.at] = value + row.value * rate, cost + row.cost * rate, profit + row.profit * rate
        points = []
        for at, (value, cost, profit) in {slot(at, step): (at, both) for at, both in sums.items()}.values():
            figure: Decimal | None = value
            if reminder.kind in OF_PROFIT:
                figure = value - cost if reminder.measure == Reminder.Measure.UNREALISED else profit
                if reminder.is_in_percent:
                    figure = figure * HUNDRED / cost if cost else None
            if figure is not None:
                points.append(Point(at, quantize(figure)))
    return points
