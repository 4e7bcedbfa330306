"""The course of a portfolio, day by day, and its growth without the money that was put in or taken out.

The return of a day is (value at its end + taken out) / (value at its start + put in) - 1: money that comes counts as
there from the start of the day, money that goes as there until its end. With it every day has a return on which any
money stood, also the first and the last.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, localcontext
from itertools import pairwise
from typing import Final

from dashboard.money import WIDE, quantize

ZERO: Final = Decimal(0)
ONE: Final = Decimal(1)
DAY: Final = timedelta(days=1)
BRIDGED: Final = timedelta(days=7)
"""The longest time without a value that returns go on over though money moved meanwhile."""


@dataclass(frozen=True, slots=True)
class Day:
    """The value at the beginning of `day`, and what was put in and taken out on the day before; no sum is negative.

    None: nobody knows.
    """

    day: date
    value: Decimal | None
    inflow: Decimal | None = ZERO
    outflow: Decimal | None = ZERO
    income: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class Known:
    """As a Day, all of it known: the value, and the flows since the one before it."""

    day: date
    value: Decimal
    inflow: Decimal
    outflow: Decimal


@dataclass(frozen=True, slots=True)
class Grown:
    """What one unit of money that was there from the beginning had become by the beginning of `day`."""

    day: date
    index: Decimal


@dataclass(frozen=True, slots=True)
class Drawdown:
    """The deepest fall from a top; `percent` is negative. `recovered` is None while the top isn't reached again."""

    percent: Decimal
    top: date
    bottom: date
    recovered: date | None


@dataclass(frozen=True, slots=True)
class Year:
    """Returns in percent by month, January first; None where nothing was invested. `whole` is of all its months."""

    year: int
    months: tuple[Decimal | None, ...]
    whole: Decimal | None


def known_course(days: Iterable[Day]) -> list[Known]:
    """The days with a value, from the first one on after which everything is known that returns need.

    It begins anew after a flow that nobody can value, and where money moved while no value was known for more than a
    week; flows of a shorter gap count at its ends. The first day's own flows belong to the time before. `days` come in
    order.
    """
    known: list[Known] = []
    inflow = outflow = ZERO
    for day in days:
        if day.inflow is None or day.outflow is None:
            known.clear()
        elif known:
            inflow += day.inflow
            outflow += day.outflow
        if day.value is None:
            continue
        if known and (inflow or outflow) and day.day - known[-1].day > BRIDGED:
            known.clear()
        known.append(Known(day.day, day.value, *((inflow, outflow) if known else (ZERO, ZERO))))
        inflow = outflow = ZERO
    return known


def growth(course: Sequence[Known]) -> list[Grown]:
    """The growth day by day, 1 at the beginning: each stretch's return on top of the one before (time-weighted).

    It begins with the first day before which money stood there. After a total loss it stays at zero.
    """
    line: list[Grown] = []
    index = ONE
    with localcontext(WIDE):
        for before, after in pairwise(course):
            invested = before.value + after.inflow
            if not line:
                if invested <= ZERO:
                    continue
                line.append(Grown(before.day, index))
            if invested > ZERO:
                index = index * max(after.value + after.outflow, ZERO) / invested
            line.append(Grown(after.day, index))
    return line


def percent_between(before: Decimal, after: Decimal) -> Decimal | None:
    """By how much percent something grew; None where there was nothing."""
    if not before:
        return None
    with localcontext(WIDE):
        return quantize((after / before - ONE) * 100)


def total_return(line: Sequence[Grown]) -> Decimal | None:
    """The time-weighted return from the first to the last day, in percent."""
    return percent_between(line[0].index, line[-1].index) if len(line) > 1 else None


def a_year(percent: Decimal, days: int) -> Decimal | None:
    """The return of so many days as that of one year of 365, in percent; None for less than a year, where it would
    claim more than anybody knows."""
    if days < 365 or percent <= -100:
        return None
    with localcontext(WIDE):
        return quantize((((ONE + percent / 100).ln() * 365 / days).exp() - ONE) * 100)


def deepest_fall(line: Sequence[Grown]) -> Drawdown | None:
    """The maximum drawdown: the largest loss from a top to a later low; None where nothing ever fell."""
    found: tuple[Decimal, Grown, Grown] | None = None
    top: Grown | None = None
    with localcontext(WIDE):
        for point in line:
            if top is None or point.index >= top.index:
                top = point
            elif found is None or point.index / top.index < found[0]:
                found = point.index / top.index, top, point
        if found is None:
            return None
        left, peak, bottom = found
        later = (point.day for point in line if point.day > bottom.day and point.index >= peak.index)
        return Drawdown(quantize((left - ONE) * 100), peak.day, bottom.day, next(later, None))


def yearly_table(line: Sequence[Grown]) -> list[Year]:
    """Returns by month and year, newest year first. The first and the last month may be parts of one."""
    if len(line) < 2:
        return []
    years = [
        Year(
            year=year,
            months=tuple(within(line, date(year, month, 1), next_month(year, month)) for month in range(1, 13)),
            whole=within(line, date(year, 1, 1), date(year + 1, 1, 1)),
        )
        for year in range(line[0].day.year, (line[-1].day - DAY).year + 1)
    ]
    return years[::-1]


def within(line: Sequence[Grown], start: date, end: date) -> Decimal | None:
    """The return from the beginning of one day to that of another, in percent; of what the line has of it."""
    first = max(bisect_right(line, start, key=day_of) - 1, 0)
    last = bisect_right(line, end, key=day_of) - 1
    return percent_between(line[first].index, line[last].index) if first < last else None


def day_of(point: Grown) -> date:
    return point.day


def next_month(year: int, month: int) -> date:
    return date(year + month // 12, month % 12 + 1, 1)
