"""Selector: what a reminder that is still being stated will do, and whether what it waits for is so already."""

from dataclasses import dataclass

from dashboard import clock
from notifications.alert_wording import headline
from notifications.conditions import Arming
from notifications.models import Reminder
from notifications.observing import look
from notifications.wording import present, promise


@dataclass(frozen=True, slots=True)
class Preview:
    """`already` says what is true by now, nothing where it isn't; `hindrance` why its value can't be judged yet."""

    promise: str = ""
    already: str = ""
    hindrance: str = ""


def preview(reminder: Reminder) -> Preview:
    """Of a draft or a stored one, by a fixed number of queries."""
    now = clock.now()
    prospect = look([reminder], now)
    seen = prospect.observe(reminder)
    sample, before = prospect.now(reminder, seen), reminder.before(now)
    firing = None
    if reminder.condition.start(before, sample).arming is Arming.WAITING:
        firing = reminder.condition.true_now(before, sample)
    return Preview(
        promise=promise(reminder, seen.value),
        already=f"{headline(reminder, firing)}{present(reminder, seen.value)}" if firing else "",
        hindrance=seen.hindrance,
    )
