"""When a reminder fires: one small class per kind, looked up by name in CONDITIONS.

Pure: what was known before and what is observed now come in, a firing or nothing comes out; no database, no clock.

A reminder fires at a crossing, never at a state: it must have been *armed*, that is its condition was false when last
judged. After a firing it arms again only once the value has gone back beyond the limit by the re-arm band, so that a
price which wobbles round the limit tells its owner once.
"""

from dataclasses import dataclass
from decimal import Context, Decimal, localcontext
from enum import StrEnum
from typing import ClassVar, Final

HUNDRED: Final = Decimal(100)
WIDE: Final = Context(prec=60)


class Arming(StrEnum):
    """Where a reminder stands between two crossings."""

    UNKNOWN = "unknown"
    """Never judged, because there was no price yet: the first one decides where it starts."""
    ARMED = "armed"
    """The condition was false when last judged: its becoming true fires."""
    WAITING = "waiting"
    """The condition was true from the start: it arms as soon as the condition is false."""
    FIRED = "fired"
    """It has fired: it arms again beyond the re-arm band, if it repeats."""


@dataclass(frozen=True, slots=True)
class Before:
    """What is known of a reminder before the new value; `rearm_band` is percent of the limit."""

    limit: Decimal
    arming: Arming
    rearm_band: Decimal = Decimal("0.5")
    repeats: bool = False


@dataclass(frozen=True, slots=True)
class Now:
    """The value to be judged, in the limit's currency."""

    value: Decimal


@dataclass(frozen=True, slots=True)
class Firing:
    """It happened: the value that was observed and the limit that it passed."""

    observed: Decimal
    limit: Decimal


@dataclass(frozen=True, slots=True)
class Edge:
    """The value at which something happens next, be it a firing or a re-arming, and the side it is reached from."""

    value: Decimal
    rising: bool


class Crossing:
    """What all kinds that watch one value against one limit share. `above` says on which side they are true."""

    kind: ClassVar[str]
    above: ClassVar[bool]
    of_price: ClassVar[bool]

    def holds(self, limit: Decimal, value: Decimal) -> bool:
        """Is the condition true? Equal is not beyond."""
        return value > limit if self.above else value < limit

    def rearm_at(self, before: Before) -> Decimal:
        """The value that the way back must reach: the band counts only after a firing."""
        if before.arming is not Arming.FIRED:
            return before.limit
        with localcontext(WIDE):
            band = before.limit * before.rearm_band / HUNDRED
            return before.limit - band if self.above else before.limit + band

    def start(self, limit: Decimal, value: Decimal | None) -> Arming:
        """Where a reminder stands when it is made, or made anew, at the present value (None: unknown)."""
        if value is None:
            return Arming.UNKNOWN
        return Arming.WAITING if self.holds(limit, value) else Arming.ARMED

    def judge(self, before: Before, now: Now) -> Firing | None:
        """A firing where the limit was crossed since the last judgement."""
        if before.arming is Arming.ARMED and self.holds(before.limit, now.value):
            return Firing(observed=now.value, limit=before.limit)
        return None

    def arming_after(self, before: Before, now: Now) -> Arming:
        """Where the reminder stands once `now` has been judged."""
        if before.arming is Arming.UNKNOWN:
            return self.start(before.limit, now.value)
        if before.arming is Arming.ARMED:
            return Arming.FIRED if self.holds(before.limit, now.value) else Arming.ARMED
        if before.arming is Arming.FIRED and not before.repeats:
            return Arming.FIRED
        return before.arming if self.holds(self.rearm_at(before), now.value) else Arming.ARMED

    def edge(self, before: Before) -> Edge | None:
        """What to look out for; None where nothing can happen any more, or nothing is known yet."""
        if before.arming is Arming.ARMED:
            return Edge(before.limit, rising=self.above)
        if before.arming is Arming.UNKNOWN or (before.arming is Arming.FIRED and not before.repeats):
            return None
        return Edge(self.rearm_at(before), rising=not self.above)


class PriceAbove(Crossing):
    """The price of a coin rises above the limit."""

    kind = "price_above"
    above = True
    of_price = True


class PriceBelow(Crossing):
    """The price of a coin falls below the limit."""

    kind = "price_below"
    above = False
    of_price = True


class BalanceAbove(Crossing):
    """The value of a portfolio, or of all of them, rises above the limit."""

    kind = "balance_above"
    above = True
    of_price = False


class BalanceBelow(Crossing):
    """The value of a portfolio, or of all of them, falls below the limit."""

    kind = "balance_below"
    above = False
    of_price = False


CONDITIONS: Final[dict[str, Crossing]] = {
    condition.kind: condition for condition in (PriceAbove(), PriceBelow(), BalanceAbove(), BalanceBelow())
}
