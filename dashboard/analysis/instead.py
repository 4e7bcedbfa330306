"""What the same money would be worth had it been in one coin instead: bought with what was put in, sold for what was
taken out, at that coin's prices of the same days.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, localcontext
from itertools import pairwise

from dashboard.analysis.course import ZERO, Known
from dashboard.money import WIDE, quantize


@dataclass(frozen=True, slots=True)
class Instead:
    """The value day by day, the last of them in `end`. None where taking out would have needed more than there was."""

    course: tuple[tuple[date, Decimal], ...]
    ran_out: date | None

    @property
    def end(self) -> Decimal | None:
        return None if self.ran_out is not None or not self.course else self.course[-1][1]


def held_instead(course: Sequence[Known], prices: Mapping[date, Decimal]) -> Instead | None:
    """The course of the same money in a coin of these prices (at the beginning of each day).

    As for returns: what comes buys at the start of its stretch, what goes sells at its end. None where a price lacks at
    the beginning, at the end, or for a flow; days without a price in between have no value.
    """
    if len(course) < 2 or course[0].day not in prices or course[-1].day not in prices:
        return None
    line: list[tuple[date, Decimal]] = []
    ran_out: date | None = None
    with localcontext(WIDE):
        units = course[0].value / prices[course[0].day]
        line.append((course[0].day, quantize(course[0].value)))
        for before, after in pairwise(course):
            start, end = prices.get(before.day), prices.get(after.day)
            if (after.inflow and start is None) or (after.outflow and end is None):
                return None
            units += after.inflow / start if after.inflow and start else ZERO
            units -= after.outflow / end if after.outflow and end else ZERO
            if units < ZERO and quantize(units) < ZERO and ran_out is None:
                ran_out = after.day
            if end is not None:
                line.append((after.day, quantize(units * end)))
    return Instead(tuple(line), ran_out)
