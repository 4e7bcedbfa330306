"""What all conditions share: they fire at a crossing, never at a state.

A reminder must have been *armed*, that is its condition was false when last judged. After a firing it arms again only
once the value has gone back beyond the limit by the re-arm band, so that a price which wobbles round the limit tells
its owner once. A kind says which figure it looks at and which bounds that figure may pass; the rest is here.
"""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal, localcontext
from typing import ClassVar, Final

from notifications.conditions.facts import (
    HUNDRED,
    WIDE,
    ZERO,
    Arming,
    Before,
    Bound,
    Edges,
    Figure,
    Firing,
    Judgement,
    Memory,
    Now,
    Span,
    Watches,
)

CLOSE: Final = Decimal(2)
"""Percent of the value, or percentage points, within which a limit is close."""


class Condition:
    """One kind of reminder. `by_edge`: its next event happens at known prices, so that an index can look for them."""

    kind: ClassVar[str]
    watches: ClassVar[Watches]
    figure: ClassVar[Figure] = Figure.MONEY
    by_edge: ClassVar[bool] = False
    needs_all: ClassVar[bool] = False
    """Is it true beyond all of its bounds, or beyond any?"""

    def bounds(self, before: Before, now: Now) -> tuple[Bound, ...]:
        """What the figure must pass; empty while that is not known."""
        raise NotImplementedError

    def gauge(self, before: Before, now: Now) -> Decimal | None:
        """The figure that is held against the bounds; None while it is not known."""
        return now.value

    def remember(self, before: Before, now: Now) -> Memory:
        """The memory with the new value in it, before that is judged."""
        return before.memory

    def missed(self, before: Before, now: Now) -> Sequence[Decimal]:
        """Values of a stretch that nobody judged, of which it is certain that they came, in this order, before now."""
        return ()

    def told(self, before: Before, now: Now, figure: Decimal) -> Firing:
        """The firing as its owner reads it."""
        passed = [bound.limit for bound in self.bounds(before, now) if bound.is_passed(figure)]
        return Firing(figure, passed[0] if passed else before.limit)

    def start(self, before: Before, now: Now) -> Judgement:
        """Where a reminder stands when it is made, or made anew, at the present value."""
        with localcontext(WIDE):
            return self.begin(replace(before, arming=Arming.UNKNOWN, memory={}), now)

    def judge(self, before: Before, now: Now) -> Judgement:
        """What becomes of it at the new value; a value that is not known changes nothing."""
        with localcontext(WIDE):
            firing = None
            is_known = before.arming is not Arming.UNKNOWN and not now.own_hand
            for value in self.missed(before, now) if is_known else ():
                judged = self.step(before, replace(now, value=value, low=None, high=None))
                before = replace(before, arming=judged.arming, memory=judged.memory)
                if firing := judged.firing:
                    break
            judged = self.step(before, now)
            return replace(judged, firing=firing) if firing else judged

    def true_now(self, before: Before, now: Now) -> Firing | None:
        """The firing of one that was true from the start, if it is told at once."""
        with localcontext(WIDE):
            figure = self.gauge(before, now)
            return None if figure is None else self.told(before, now, figure)

    def step(self, before: Before, now: Now) -> Judgement:
        """One value."""
        if before.arming is Arming.UNKNOWN or now.own_hand:
            return self.begin(before, now)
        memory = self.remember(before, now)
        if memory is not before.memory:
            before = replace(before, memory=memory)
        figure = self.gauge(before, now)
        bounds = () if figure is None else self.bounds(before, now)
        if figure is None or not bounds:
            return Judgement(before.arming, memory)
        if before.arming is Arming.ARMED:
            if before.is_cooling or not self.holds(bounds, figure):
                return Judgement(Arming.ARMED, memory)
            return self.fire(before, now, figure)
        if before.arming is Arming.FIRED and not before.repeats:
            return Judgement(Arming.FIRED, memory)
        back = self.is_back(bounds, figure, [self.band(before, now, bound) for bound in bounds])
        return self.rearmed(before, now) if back else Judgement(before.arming, memory)

    def begin(self, before: Before, now: Now) -> Judgement:
        before = replace(before, arming=Arming.UNKNOWN)
        memory = self.remember(before, now)
        before = replace(before, memory=memory)
        figure = self.gauge(before, now)
        bounds = () if figure is None else self.bounds(before, now)
        if figure is None or not bounds:
            return Judgement(Arming.UNKNOWN, memory)
        return Judgement(Arming.WAITING if self.holds(bounds, figure) else Arming.ARMED, memory)

    def fire(self, before: Before, now: Now, figure: Decimal) -> Judgement:
        """The condition of an armed one has become true."""
        return Judgement(Arming.FIRED, before.memory, self.told(before, now, figure))

    def rearmed(self, before: Before, now: Now) -> Judgement:
        """It is far enough back."""
        return Judgement(Arming.ARMED, before.memory)

    def holds(self, bounds: Sequence[Bound], figure: Decimal) -> bool:
        """Is the condition true?"""
        passed = (bound.is_passed(figure) for bound in bounds)
        return all(passed) if self.needs_all else any(passed)

    def is_back(self, bounds: Sequence[Bound], figure: Decimal, bands: Sequence[Decimal]) -> bool:
        """Is the condition false again, by the bands?"""
        back = (bound.back(band).is_reached(figure) for bound, band in zip(bounds, bands, strict=True))
        return any(back) if self.needs_all else all(back)

    def band(self, before: Before, now: Now, bound: Bound) -> Decimal:
        """How far back the figure must go: counts only after a firing."""
        if before.arming is not Arming.FIRED:
            return ZERO
        if self.is_in_points(before):
            # Points; no more than half the limit, so that a small one can be reached from the other side at all.
            return min(before.rearm_band, abs(bound.limit) / 2) if bound.limit else before.rearm_band
        return max(abs(bound.limit), now.scale or ZERO) * before.rearm_band / HUNDRED

    def is_in_points(self, before: Before) -> bool:
        """Is what it gauges a percentage?"""
        return before.in_percent or (self.figure is Figure.PERCENT and not self.by_edge)

    def edges(self, before: Before, now: Now) -> Edges:
        """What to look out for once `before` is where it stands; none where nothing can happen, or by no edge."""
        if not self.by_edge or before.arming is Arming.UNKNOWN or now.value is None:
            return Edges()
        if before.arming is Arming.FIRED and not before.repeats:
            return Edges()
        with localcontext(WIDE):
            return self.next_edges(before, now, now.value)

    def next_edges(self, before: Before, now: Now, value: Decimal) -> Edges:
        bounds = self.bounds(before, now)
        armed = before.arming is Arming.ARMED
        wanted = bounds if armed else [bound.back(self.band(before, now, bound)) for bound in bounds]
        if self.needs_all is armed and len(wanted) > 1:
            # Where all must be reached, those that are need no watching.
            wanted = [bound for bound in wanted if not bound.is_passed(value)] or wanted
        return Edges(
            min((bound.limit for bound in wanted if bound.above), default=None),
            max((bound.limit for bound in wanted if not bound.above), default=None),
        )

    def span(self, before: Before) -> Span | None:
        """What to look out for in the figure of what is held; None where every figure must be judged."""
        return None

    def is_close(self, before: Before, now: Now) -> bool:
        """Is it armed and close to firing?"""
        if before.arming is not Arming.ARMED:
            return False
        with localcontext(WIDE):
            figure = self.gauge(before, now)
            if figure is None:
                return False
            return any(
                abs(bound.limit - figure) <= self.nearness(before, now, bound, figure)
                for bound in self.bounds(before, now)
            )

    def nearness(self, before: Before, now: Now, bound: Bound, figure: Decimal) -> Decimal:
        if self.is_in_points(before):
            return min(CLOSE, abs(bound.limit) / 4)
        return max(abs(figure), now.scale or ZERO) * CLOSE / HUNDRED


def written(number: Decimal) -> str:
    return f"{number:f}"


def read(memory: Memory, name: str) -> Decimal | None:
    text = memory.get(name)
    return Decimal(text) if text else None
