"""Conditions of what is held: in one portfolio, or in all of somebody's together."""

from dataclasses import replace
from decimal import Decimal, localcontext
from typing import ClassVar, Final

from notifications.conditions.condition import CLOSE, Condition, read, written
from notifications.conditions.facts import (
    HUNDRED,
    WIDE,
    ZERO,
    Arming,
    Before,
    Bound,
    Figure,
    Judgement,
    Memory,
    Now,
    Span,
    Watches,
)

NOTED: Final = Decimal("0.005")
"""By how much, of itself, a balance must move before it is noted anew."""


class HoldingsBound(Condition):
    """A figure of what is held, on one side of the limit."""

    watches = Watches.HOLDINGS
    above: ClassVar[bool]

    def bounds(self, before: Before, now: Now) -> tuple[Bound, ...]:
        return () if before.limit is None else (Bound(before.limit, self.above),)

    def span(self, before: Before) -> Span | None:
        """The limit, on the side that counts next. How wide the re-arm band is may change with what is held and with
        rates, so what stands in it is judged.
        """
        if before.limit is None or before.arming is Arming.UNKNOWN:
            return None
        is_armed = before.arming is Arming.ARMED
        rises = self.above is is_armed
        return Span(
            rise_to=before.limit if rises else None,
            fall_to=None if rises else before.limit,
            fires_at=before.limit if is_armed else None,
            near=min(CLOSE, abs(before.limit) / 4) if self.is_in_points(before) else None,
        )


class BalanceAbove(HoldingsBound):
    """The value of a portfolio, or of all of them, rises above the limit."""

    kind = "balance_above"
    above = True


class BalanceBelow(HoldingsBound):
    """The value of a portfolio, or of all of them, falls below the limit."""

    kind = "balance_below"
    above = False


class ProfitAbove(HoldingsBound):
    """The profit, of a coin or of everything, in money or percent, rises above the limit, which may be negative."""

    kind = "profit_above"
    above = True


class ProfitBelow(HoldingsBound):
    """The profit, of a coin or of everything, in money or percent, falls below the limit, which may be negative."""

    kind = "profit_below"
    above = False


class AllocationAbove(HoldingsBound):
    """A coin's part of the value rises above the limit, in percent."""

    kind = "allocation_above"
    figure = Figure.PERCENT
    above = True


class AllocationBelow(HoldingsBound):
    """A coin's part of the value falls below the limit, in percent."""

    kind = "allocation_below"
    figure = Figure.PERCENT
    above = False


class Drawdown(Condition):
    """The value is more than the limit, in percent, under its own peak since the reminder was made.

    What the owner puts in or takes out moves the peak in proportion, so that it neither makes nor mends a drawdown.
    """

    kind = "drawdown"
    watches = Watches.HOLDINGS
    figure = Figure.PERCENT

    def bounds(self, before: Before, now: Now) -> tuple[Bound, ...]:
        return (Bound(before.limit or ZERO, above=True),)

    def gauge(self, before: Before, now: Now) -> Decimal | None:
        peak = read(before.memory, "peak")
        return None if now.value is None or not peak or peak <= 0 else (peak - now.value) / peak * HUNDRED

    def remember(self, before: Before, now: Now) -> Memory:
        """`last` is the value when last noted, to half a percent: it changes less often than every tick."""
        peak, last = read(before.memory, "peak"), read(before.memory, "last")
        if now.value is None:
            return before.memory
        if peak is None or last is None or before.arming is Arming.UNKNOWN or now.value > peak:
            return {"peak": written(max(now.value, ZERO)), "last": written(now.value)}
        if abs(now.value - last) > abs(last) * NOTED:
            return {"peak": written(peak), "last": written(now.value)}
        return before.memory

    def step(self, before: Before, now: Now) -> Judgement:
        peak, last = read(before.memory, "peak"), read(before.memory, "last")
        if now.own_hand and before.arming is not Arming.UNKNOWN and peak and last and last > 0 and now.value:
            moved = {"peak": written(max(peak * now.value / last, now.value)), "last": written(now.value)}
            return Judgement(before.arming, moved)
        return super().step(before, replace(now, own_hand=now.own_hand and not peak))

    def span(self, before: Before) -> Span | None:
        """In money: a new peak, a move that is noted, and the limit, or the way back from it."""
        peak, last = read(before.memory, "peak"), read(before.memory, "last")
        if before.arming is Arming.UNKNOWN or before.limit is None or last is None or peak is None or peak <= 0:
            return None
        with localcontext(WIDE):
            band = self.band(before, Now(), Bound(before.limit, above=True))
            under = peak * (HUNDRED - before.limit + band) / HUNDRED
            noted = abs(last) * NOTED
            rise_to, fall_to = min(peak, last + noted), last - noted
            if before.arming is not Arming.ARMED:
                return Span(rise_to=min(rise_to, under), fall_to=fall_to)
            near = peak * min(CLOSE, before.limit / 4) / HUNDRED
            return Span(rise_to=rise_to, fall_to=max(fall_to, under), fires_at=under, near=near)
