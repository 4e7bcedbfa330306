"""Where the points of a few lines lie in a picture 1000 wide and 300 high, its first day at the left, zero or the
lowest value at the bottom. For the eye: in binary floating point, and of long lines some points only.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from math import floor, log10
from typing import Final

WIDTH: Final = 1000
HEIGHT: Final = 300
MOST_POINTS: Final = 400
GAP: Final = 7
"""Days without a value after which a line is broken."""


@dataclass(frozen=True, slots=True)
class Tick:
    """A place on an axis, in the picture's units, and what it stands for."""

    at: float
    value: Decimal | date


@dataclass(frozen=True, slots=True)
class Picture:
    """One path a line, as SVG has it, and the ticks of both axes."""

    paths: tuple[str, ...]
    heights: tuple[Tick, ...]
    dates: tuple[Tick, ...]


def picture(lines: Sequence[Sequence[tuple[date, Decimal]]]) -> Picture | None:
    """None where there are no two days to draw."""
    drawn = [line for line in lines if line]
    if not drawn:
        return None
    first, last = min(line[0][0] for line in drawn), max(line[-1][0] for line in drawn)
    days = (last - first).days
    if not days:
        return None
    lowest = float(min(value for line in drawn for _, value in line))
    highest = float(max(value for line in drawn for _, value in line))
    step = round_step(highest - min(lowest, 0.0) if lowest < highest / 3 else highest - lowest)
    bottom = floor((0.0 if 0 <= lowest < highest / 3 else lowest) / step) * step
    top = max(-floor(-highest / step) * step, bottom + step)

    def x(day: date) -> float:
        return (day - first).days / days * WIDTH

    def y(value: float) -> float:
        return HEIGHT - (value - bottom) / (top - bottom) * HEIGHT

    def drawing(line: Sequence[tuple[date, Decimal]]) -> str:
        some, every = thinned(line)
        return path([(x(day), y(float(value)), day) for day, value in some], max(GAP, 2 * every))

    count = round((top - bottom) / step)
    heights = [Tick(y(bottom + n * step), Decimal(repr(round(bottom + n * step, 10)))) for n in range(count + 1)]
    return Picture(
        paths=tuple(drawing(line) for line in lines),
        heights=tuple(heights),
        dates=tuple(Tick(x(day), day) for day in round_dates(first, last)),
    )


def path(points: Sequence[tuple[float, float, date]], usual: int) -> str:
    """Lines from point to point, broken where more days lack than usual."""
    parts = []
    for number, (across, down, day) in enumerate(points):
        broken = not number or (day - points[number - 1][2]).days > usual
        parts.append(f"{'M' if broken else 'L'}{across:.1f} {down:.1f}")
    return "".join(parts)


def thinned(line: Sequence[tuple[date, Decimal]]) -> tuple[Sequence[tuple[date, Decimal]], int]:
    """Every so many of the points, the last among them; and how many."""
    every = max(1, -(-len(line) // MOST_POINTS))
    return line[::-1][::every][::-1], every


def round_step(span: float) -> float:
    """1, 2 or 5 times a power of ten, of which three to six make up the span."""
    if span <= 0:
        return 1.0
    size = 10.0 ** floor(log10(span / 3))
    return next(factor * size for factor in (5, 2, 1) if factor * size <= span / 3)


def round_dates(first: date, last: date) -> list[date]:
    """Beginnings of months or years, seven at most."""
    months = [
        date(year, month, 1)
        for year in range(first.year, last.year + 1)
        for month in range(1, 13)
        if first < date(year, month, 1) < last
    ]
    for every in (1, 2, 3, 6, 12, 24, 60):
        chosen = [day for day in months if (day.year * 12 + day.month - 1) % every == 0]
        if len(chosen) <= 7:
            return chosen
    return months[:: len(months) // 7 + 1]


def nearest_before(line: Sequence[tuple[date, Decimal]], day: date) -> Decimal | None:
    """The value of that day, else the last before it."""
    place = bisect_left(line, day, key=lambda point: point[0])
    if place < len(line) and line[place][0] == day:
        return line[place][1]
    return line[place - 1][1] if place else None
