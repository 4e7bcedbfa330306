"""Conditions of one coin's price."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import ClassVar, Final

from notifications.conditions.condition import Condition, read, written
from notifications.conditions.facts import (
    HUNDRED,
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
    Watches,
)

ONE: Final = Decimal(1)
UP, DOWN, BOTH = "up", "down", "both"


class PriceBound(Condition):
    """The price on one side of the limit."""

    watches = Watches.PRICE
    by_edge = True
    above: ClassVar[bool]

    def bounds(self, before: Before, now: Now) -> tuple[Bound, ...]:
        return () if before.limit is None else (Bound(before.limit, self.above),)

    def missed(self, before: Before, now: Now) -> Sequence[Decimal]:
        return stretch(now, rising=self.above)


class PriceAbove(PriceBound):
    """The price of a coin rises above the limit."""

    kind = "price_above"
    above = True


class PriceBelow(PriceBound):
    """The price of a coin falls below the limit."""

    kind = "price_below"
    above = False


class PriceLeavesRange(Condition):
    """The price was between the limits, edges included, and is not any more."""

    kind = "price_leaves_range"
    watches = Watches.PRICE
    by_edge = True

    def bounds(self, before: Before, now: Now) -> tuple[Bound, ...]:
        low, high = range_of(before)
        return (Bound(low, above=False), Bound(high, above=True))

    def band(self, before: Before, now: Now, bound: Bound) -> Decimal:
        low, high = range_of(before)
        return min(super().band(before, now, bound), (high - low) / 4)

    def missed(self, before: Before, now: Now) -> Sequence[Decimal]:
        # Once it is outside, nobody knows whether it came back between two extremes.
        return stretch(now, rising=True) if before.arming is Arming.ARMED else ()


class PriceEntersRange(Condition):
    """The price was beyond one of the limits and is between them now. A leap across the range is no entry."""

    kind = "price_enters_range"
    watches = Watches.PRICE
    by_edge = True
    needs_all = True

    def bounds(self, before: Before, now: Now) -> tuple[Bound, ...]:
        low, high = range_of(before)
        return (Bound(low, above=True), Bound(high, above=False))

    def told(self, before: Before, now: Now, figure: Decimal) -> Firing:
        """The limit is the nearer edge: the one that it came by, unless it leapt far in."""
        low, high = range_of(before)
        return Firing(figure, low if figure - low <= high - figure else high)


class Change(Condition):
    """The price is more than the limit, in percent, off what it was a window ago, or when the reminder was made.

    `base` is the price then; for the window `creation` it is remembered. What rests on one statement of the source
    alone (`is_sure` is false) fires only when the next sample says the same.
    """

    kind = "change"
    watches = Watches.PRICE
    figure = Figure.PERCENT

    def remember(self, before: Before, now: Now) -> Memory:
        if before.window != "creation" or now.value is None or (before.memory and before.arming is not Arming.UNKNOWN):
            return before.memory
        return {"base": written(now.value)}

    def gauge(self, before: Before, now: Now) -> Decimal | None:
        base = read(before.memory, "base") if before.window == "creation" else now.base
        return None if now.value is None or not base else (now.value / base - ONE) * HUNDRED

    def bounds(self, before: Before, now: Now) -> tuple[Bound, ...]:
        limit = before.limit or ZERO
        up, down = Bound(limit, above=True), Bound(-limit, above=False)
        return {UP: (up,), DOWN: (down,)}.get(before.direction, (up, down))

    def step(self, before: Before, now: Now) -> Judgement:
        doubt = before.memory.get("doubt")
        judged = super().step(before, now)
        memory = {name: text for name, text in judged.memory.items() if name != "doubt"}
        if judged.firing is None or now.is_sure:
            return replace(judged, memory=memory)
        seen = moment_of(now)
        if doubt is not None and doubt < seen:
            return replace(judged, memory=memory)
        return Judgement(Arming.ARMED, {**memory, "doubt": doubt or seen})


class Trailing(Condition):
    """The price falls by more than the limit, in percent, from its high since the reminder was armed.

    With the direction `up`: rises from its low. After a firing it arms again once the price has turned by the re-arm
    band, and counts from there.
    """

    kind = "trailing"
    watches = Watches.PRICE
    figure = Figure.PERCENT
    by_edge = True

    def remember(self, before: Before, now: Now) -> Memory:
        known = read(before.memory, "extreme")
        if now.value is None:
            return before.memory
        if known is None or before.arming is Arming.UNKNOWN:
            return {"extreme": written(now.value)}
        wants_high = (before.direction != UP) is (before.arming is not Arming.FIRED)
        is_new = now.value > known if wants_high else now.value < known
        return {"extreme": written(now.value)} if is_new else before.memory

    def bounds(self, before: Before, now: Now) -> tuple[Bound, ...]:
        extreme, falls = read(before.memory, "extreme"), before.direction != UP
        if extreme is None:
            return ()
        if before.arming is Arming.FIRED:
            # The way back: the turn, by the band, from the other extreme since.
            turn = extreme * before.rearm_band / HUNDRED
            return (Bound(extreme + turn if falls else extreme - turn, above=not falls),)
        by = extreme * (before.limit or ZERO) / HUNDRED
        return (Bound(extreme - by if falls else extreme + by, above=not falls),)

    def band(self, before: Before, now: Now, bound: Bound) -> Decimal:
        return ZERO

    def told(self, before: Before, now: Now, figure: Decimal) -> Firing:
        extreme = read(before.memory, "extreme") or figure
        return Firing(abs(figure - extreme) / extreme * HUNDRED if extreme else ZERO, before.limit)

    def fire(self, before: Before, now: Now, figure: Decimal) -> Judgement:
        return replace(super().fire(before, now, figure), memory={"extreme": written(figure)})

    def is_back(self, bounds: Sequence[Bound], figure: Decimal, bands: Sequence[Decimal]) -> bool:
        turned = bounds[0]
        # As seen from the firing side the turn goes the other way.
        return figure >= turned.limit if not turned.above else figure <= turned.limit

    def rearmed(self, before: Before, now: Now) -> Judgement:
        return Judgement(Arming.ARMED, {"extreme": written(now.value or ZERO)})

    def next_edges(self, before: Before, now: Now, value: Decimal) -> Edges:
        extreme = read(before.memory, "extreme")
        if extreme is None:
            return Edges()
        turn = self.bounds(before, now)[0].limit
        return Edges(max(extreme, turn), min(extreme, turn))

    def missed(self, before: Before, now: Now) -> Sequence[Decimal]:
        extremes = stretch(now, rising=before.direction == UP)
        return extremes if before.arming is Arming.ARMED else extremes[1:]

    def nearness(self, before: Before, now: Now, bound: Bound, figure: Decimal) -> Decimal:
        return figure * min(Decimal(2), (before.limit or ZERO) / 4) / HUNDRED


class BreakEven(Condition):
    """The price crosses the owner's own average cost (`base`), in the direction, or in either.

    For either way it remembers on which side the price was; after a firing it must get away from the cost by the
    re-arm band, on whichever side, before the next crossing counts.
    """

    kind = "break_even"
    watches = Watches.PRICE

    def remember(self, before: Before, now: Now) -> Memory:
        if before.direction in (UP, DOWN) or before.arming is Arming.ARMED or now.value is None or not now.base:
            return before.memory
        side = UP if now.value > now.base else DOWN if now.value < now.base else ""
        return before.memory if before.memory.get("side") == side else {"side": side}

    def bounds(self, before: Before, now: Now) -> tuple[Bound, ...]:
        if not now.base:
            return ()
        if before.direction in (UP, DOWN):
            return (Bound(now.base, before.direction == UP),)
        side = before.memory.get("side")
        return (Bound(now.base, side == DOWN),) if side else ()

    def is_back(self, bounds: Sequence[Bound], figure: Decimal, bands: Sequence[Decimal]) -> bool:
        return bounds[0].back(bands[0]).is_reached(figure)

    def missed(self, before: Before, now: Now) -> Sequence[Decimal]:
        return stretch(now, rising=before.direction == UP) if before.direction in (UP, DOWN) else ()


class Depeg(Condition):
    """The price is more than the limit, in percent, off 1.00 at every sample for as many minutes.

    A time in which nobody looked breaks the row of samples: the minutes are counted anew.
    """

    kind = "depeg"
    watches = Watches.PRICE
    figure = Figure.PERCENT
    by_edge = True

    def bounds(self, before: Before, now: Now) -> tuple[Bound, ...]:
        off = (before.limit or ZERO) / HUNDRED
        return (Bound(ONE + off, above=True), Bound(ONE - off, above=False))

    def band(self, before: Before, now: Now, bound: Bound) -> Decimal:
        if before.arming is not Arming.FIRED:
            return ZERO
        return min(before.rearm_band, (before.limit or ZERO) / 2) / HUNDRED

    def told(self, before: Before, now: Now, figure: Decimal) -> Firing:
        return Firing(abs(figure - ONE) * HUNDRED, before.limit)

    def step(self, before: Before, now: Now) -> Judgement:
        judged = super().step(before, now)
        if judged.firing is None or now.at is None:
            return replace(judged, memory={}, due_at=None)
        noted = before.memory.get("since")
        since = datetime.fromisoformat(noted) if noted and not now.after_gap else now.at
        until = since + timedelta(minutes=before.minutes)
        if now.at >= until:
            return replace(judged, memory={})
        return Judgement(Arming.ARMED, {"since": since.isoformat()}, due_at=until)

    def next_edges(self, before: Before, now: Now, value: Decimal) -> Edges:
        if "since" not in before.memory:
            return super().next_edges(before, now, value)
        # It is off already: what may happen next is that it comes back, or that time passes.
        high, low = (bound.limit for bound in self.bounds(before, now))
        return Edges(fall_to=high) if value > high else Edges(rise_to=low)

    def nearness(self, before: Before, now: Now, bound: Bound, figure: Decimal) -> Decimal:
        return (before.limit or ZERO) / HUNDRED / 4


def range_of(before: Before) -> tuple[Decimal, Decimal]:
    low, high = before.limit or ZERO, before.limit_high or ZERO
    return (low, high) if low <= high else (high, low)


def stretch(now: Now, *, rising: bool) -> list[Decimal]:
    """The extremes of a stretch nobody judged: first the one that may fire, then the one on the way back."""
    if now.low is None or now.high is None:
        return []
    return [now.high, now.low] if rising else [now.low, now.high]


def moment_of(now: Now) -> str:
    seen = now.since or now.at
    return seen.isoformat() if seen else ""
