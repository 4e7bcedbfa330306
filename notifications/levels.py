"""What a price or a balance must pass to make a reminder fire, as amounts. Pure but for attributes of loaded rows."""

from datetime import datetime
from decimal import Decimal, localcontext

from dashboard.money import WIDE, quantize
from notifications.conditions import Bound, Figure, Now, Watches
from notifications.models import Reminder

HUNDRED = Decimal(100)


def levels_of(reminder: Reminder, sample: Now, now: datetime) -> tuple[Bound, ...]:
    """The bounds in the reminder's currency; none where they are not known, or not of a price or a balance.

    Those of a change are reckoned from the price at the window's start as it is now, and move with it.
    """
    before, condition = reminder.before(now), reminder.condition
    with localcontext(WIDE):
        match reminder.kind:
            case Reminder.Kind.CHANGE:
                base = kept(reminder, "base") if reminder.window == Reminder.Window.CREATION else sample.base
                return tuple(moved(bound, base) for bound in condition.bounds(before, sample)) if base else ()
            case Reminder.Kind.DRAWDOWN:
                peak = kept(reminder, "peak")
                return (moved(Bound(-(reminder.limit or Decimal(0)), above=False), peak),) if peak else ()
        of_price = condition.watches is Watches.PRICE
        if of_price or (condition.watches is Watches.HOLDINGS and reminder.figure is Figure.MONEY):
            return condition.bounds(before, sample)
    return ()


def moved(bound: Bound, base: Decimal) -> Bound:
    """The amount that lies as many percent off the base."""
    return Bound(quantize(base * (HUNDRED + bound.limit) / HUNDRED), bound.above)


def kept(reminder: Reminder, name: str) -> Decimal | None:
    text = reminder.memory.get(name)
    return Decimal(text) if text else None
