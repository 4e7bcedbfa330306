"""The money-weighted return: the yearly rate at which what was put in would have become what was taken out and is left.

The definition is that of XIRR: the sum of all flows, each discounted by (1 + rate) ^ (days / 365), is zero. The root is
looked for in binary floating point: it is an estimate by nature, good to about ten digits. Money itself stays exact.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

WIDEST: Final = 30.0
"""The logarithm of the largest growth over the whole time that is looked for: about 10 million million times."""
STEPS: Final = 600


@dataclass(frozen=True, slots=True)
class Flow:
    """Money on a day, from its owner's pocket: below zero what was put in, above what came back."""

    day: date
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Rate:
    """The return of a year, and that of the whole time; both in percent."""

    yearly: float
    whole: float


def money_weighted(flows: Sequence[Flow]) -> Rate | None:
    """The rate that makes the flows worth nothing together; None where none does, or they all are of one day.

    Where several do, which takes flows that change their direction more than once, the one nearest to zero.
    """
    moved = [flow for flow in flows if flow.amount]
    if not moved:
        return None
    first, last = min(flow.day for flow in moved), max(flow.day for flow in moved)
    days = (last - first).days
    if not days:
        return None
    largest = max(abs(flow.amount) for flow in moved)
    scaled = [(float(flow.amount / largest), (flow.day - first).days / days) for flow in moved]
    root = nearest_root(scaled)
    if root is None:
        return None
    exponent = root * 365 / days
    return Rate(math.expm1(exponent) * 100 if exponent < 700 else math.inf, math.expm1(root) * 100)


def nearest_root(flows: Sequence[tuple[float, float]]) -> float | None:
    """The root of sum(amount * exp(-x * time)) that is nearest to 0, times going from 0 to 1; None where none is."""

    def worth(x: float) -> float:
        return math.fsum(amount * math.exp(-x * time) for amount, time in flows)

    step = WIDEST / STEPS
    above = below = 0.0
    worth_above = worth_below = worth(0.0)
    if not worth_above:
        return 0.0
    for _ in range(STEPS):
        higher, lower = worth(above + step), worth(below - step)
        roots = []
        if higher * worth_above <= 0:
            roots.append(bisected(worth, above, above + step))
        if lower * worth_below <= 0:
            roots.append(bisected(worth, below - step, below))
        if roots:
            return min(roots, key=abs)
        above, below, worth_above, worth_below = above + step, below - step, higher, lower
    return None


def bisected(worth: Callable[[float], float], low: float, high: float) -> float:
    """A root between two places at which the signs differ."""
    sign = worth(low)
    for _ in range(80):
        middle = (low + high) / 2
        if worth(middle) * sign > 0:
            low = middle
        else:
            high = middle
    return (low + high) / 2
