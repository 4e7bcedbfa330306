"""How the value of what is held is spread: the parts of a ring, and how much hangs on few of them. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from typing import Final

from django.utils.translation import gettext

from dashboard.money import WIDE
from dashboard.valuation import HUNDRED, ZERO, Holding

MOST_PARTS: Final = 7
"""With more, the smallest become one: the others."""
CONCENTRATED: Final = Decimal(50)
"""Percent of the value in one coin from which on the page says so."""


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of the ring: it begins after `start` percent of it and is `share` percent long. `asset` is empty for
    the others together."""

    asset: str
    name: str
    symbol: str
    start: Decimal
    share: Decimal

    @property
    def rest(self) -> Decimal:
        """Percent of the ring that is not this part."""
        return HUNDRED - self.share


@dataclass(frozen=True, slots=True)
class Allocation:
    """The parts, largest first, the others last. `equal_parts`: as many coins of equal value would be spread alike."""

    parts: tuple[Part, ...]
    equal_parts: Decimal | None

    @property
    def largest(self) -> Part | None:
        return self.parts[0] if self.parts and self.parts[0].asset else None

    @property
    def is_concentrated(self) -> bool:
        return self.largest is not None and self.largest.share > CONCENTRATED


def allocation(holdings: Sequence[Holding]) -> Allocation:
    """Of holdings with their shares; one that is worth nothing, or whose worth is unknown, is no part."""
    shared = sorted(
        ((holding, holding.share) for holding in holdings if holding.share is not None and holding.share > 0),
        key=lambda pair: -pair[1],
    )
    shown = shared if len(shared) <= MOST_PARTS else shared[: MOST_PARTS - 1]
    parts, start = [], ZERO
    for holding, share in shown:
        parts.append(Part(holding.asset, holding.held.name, holding.held.symbol, start, share))
        start += share
    if len(shown) < len(shared):
        parts.append(
            Part(
                "",
                gettext("%(number)s others") % {"number": len(shared) - len(shown)},
                "",
                start,
                sum((s for _, s in shared), ZERO) - start,
            )
        )
    with localcontext(WIDE):
        squares = sum((share * share for _, share in shared), ZERO)
        return Allocation(tuple(parts), HUNDRED * HUNDRED / squares if squares else None)


@dataclass(frozen=True, slots=True)
class Movers:
    """The holdings whose prices rose and fell most in 24 hours; None where none did."""

    best: Holding | None
    worst: Holding | None


def movers(holdings: Sequence[Holding]) -> Movers:
    """Of holdings that are worth something and whose change of the day is known."""
    known = [
        (holding.market.change_24h, holding)
        for holding in holdings
        if holding.value and holding.market.change_24h is not None
    ]
    best = max(known, key=lambda pair: pair[0], default=None)
    worst = min(known, key=lambda pair: pair[0], default=None)
    return Movers(
        best=best[1] if best and best[0] > 0 else None,
        worst=worst[1] if worst and worst[0] < 0 else None,
    )
