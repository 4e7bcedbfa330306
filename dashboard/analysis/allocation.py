"""How a sum is spread over its parts, and what brings it to how it is meant to be."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from typing import Final

from dashboard.analysis.course import ZERO
from dashboard.money import WIDE, quantize

HUNDRED: Final = Decimal(100)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a whole; `share` is percent of it, None where the whole is nothing."""

    key: str
    name: str
    value: Decimal
    share: Decimal | None


@dataclass(frozen=True, slots=True)
class Spread:
    """How much the largest part is, in percent, and among how many parts of equal size the whole would be as spread."""

    largest: Part
    effective: Decimal


@dataclass(frozen=True, slots=True)
class Drift:
    """A part beside what it is meant to be. `drift` is percentage points above it, `move` the value to buy (above zero)
    or to sell (below), `units` how many units that is; None without a price."""

    key: str
    value: Decimal
    share: Decimal | None
    target: Decimal
    drift: Decimal | None
    move: Decimal
    units: Decimal | None


def parts_of(values: Iterable[tuple[str, str, Decimal]]) -> list[Part]:
    """The parts by size, those of one key (the first of each three) together; what is zero is left out."""
    sums: dict[str, tuple[str, Decimal]] = {}
    with localcontext(WIDE):
        for key, name, value in values:
            sums[key] = name, sums.get(key, (name, ZERO))[1] + value
        whole = sum((value for _, value in sums.values()), ZERO)
        parts = [
            Part(key, name, quantize(value), quantize(value * HUNDRED / whole) if whole else None)
            for key, (name, value) in sums.items()
            if value
        ]
    return sorted(parts, key=lambda part: (-part.value, part.name.lower()))


def with_rest(parts: Sequence[Part], most: int, name: str) -> list[Part]:
    """At most so many parts, the smallest ones together as the last."""
    if len(parts) <= most:
        return list(parts)
    rest = parts[most - 1 :]
    with localcontext(WIDE):
        value = sum((part.value for part in rest), ZERO)
        shares = [part.share for part in rest if part.share is not None]
        share = sum(shares, ZERO) if len(shares) == len(rest) else None
    return [*parts[: most - 1], Part("", name, value, share)]


def spread_of(parts: Sequence[Part]) -> Spread | None:
    """The largest share and 1 / (sum of the squares of all shares), the inverse of the Herfindahl index."""
    held = [part for part in parts if part.value > ZERO]
    if not held:
        return None
    with localcontext(WIDE):
        whole = sum((part.value for part in held), ZERO)
        squares = sum((part.value * part.value for part in held), ZERO)
        return Spread(max(held, key=lambda part: part.value), quantize(whole * whole / squares))


def drifts(
    values: Mapping[str, Decimal], prices: Mapping[str, Decimal | None], targets: Mapping[str, Decimal]
) -> list[Drift]:
    """Each part that is held or meant to be, by how much it has to move so that all are as meant; the largest first.

    `targets` are percent and sum up to 100; the moves sum up to zero but for rounding in the 18th decimal.
    """
    with localcontext(WIDE):
        whole = sum(values.values(), ZERO)
        found = []
        for key in [*targets, *(key for key in values if key not in targets)]:
            value, target, price = values.get(key, ZERO), targets.get(key, ZERO), prices.get(key)
            share = quantize(value * HUNDRED / whole) if whole else None
            move = quantize(whole * target / HUNDRED - value)
            units = quantize(move / price) if price else None
            found.append(Drift(key, value, share, target, None if share is None else share - target, move, units))
    return sorted(found, key=lambda drift: (-drift.target, -drift.value, drift.key))
