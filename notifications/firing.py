"""Service: taking a firing, so that of several evaluators one makes the alert, and what comes of it for a reminder."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Count, F
from django.utils.translation import gettext

from notifications.conditions import Arming
from notifications.local_time import first_moment
from notifications.models import Alert, Reminder

BATCH: Final = 1000
STORM: Final = timedelta(minutes=3)
MOST_IN_A_STORM: Final = 15
WRITTEN: Final = (
    *("arming", "memory", "due_at", "rise_to", "fall_to", "holdings", "weighed", "cooling_until"),
    *("active", "paused_because"),
)


class AlreadyClaimed(Exception):
    """Another evaluator has claimed one of these firings."""


def claim(reminders: Sequence[Reminder], now: datetime) -> None:
    """Take a firing of each reminder, by one conditional UPDATE: only one claimer can see them still armed.

    The reminders stand already as the firing leaves them; that is written here. Raises AlreadyClaimed, and so undoes
    the transaction, where somebody was faster.
    """
    if not reminders:
        return
    armed = Reminder.objects.filter(pk__in=[reminder.pk for reminder in reminders], active=True, arming=Arming.ARMED)
    claimed = armed.update(
        arming=Arming.FIRED, firings=F("firings") + 1, fired_at=now, rise_to=None, fall_to=None, due_at=None
    )
    if claimed != len(reminders):
        raise AlreadyClaimed
    for reminder in reminders:
        reminder.firings += 1
        reminder.fired_at, reminder.cooling_until = now, cooling_until(reminder, now)
    again = [reminder for reminder in reminders if reminder.repeat != Reminder.Repeat.ONCE]
    pause_storms(again, now)
    Reminder.objects.bulk_update(again, WRITTEN, batch_size=BATCH)


def pause_storms(reminders: Sequence[Reminder], now: datetime) -> None:
    """Pause those that fired too often just now; the alert that is made of this firing says so."""
    if not reminders:
        return
    recent = Alert.objects.filter(reminder__in=reminders, fired_at__gt=now - STORM, fired_at__lte=now)
    counts = dict(recent.order_by().values_list("reminder").annotate(Count("pk")))
    for reminder in reminders:
        if counts.get(reminder.pk, 0) >= MOST_IN_A_STORM:
            minutes = int(STORM.total_seconds() // 60)
            reminder.active = False
            reminder.paused_because = gettext(
                "It fired more than %(most_in_a_storm)s times within %(minutes)s minutes."
            ) % {"most_in_a_storm": MOST_IN_A_STORM, "minutes": minutes}


def cooling_until(reminder: Reminder, now: datetime) -> datetime | None:
    """When it may fire again: after its cool-down, and not before the owner's next day where it is daily."""
    until = now + timedelta(seconds=reminder.cooldown) if reminder.cooldown else None
    if reminder.repeat != Reminder.Repeat.DAILY:
        return until
    tomorrow = now.astimezone(reminder.user.zone).date() + timedelta(days=1)
    midnight = first_moment(datetime(tomorrow.year, tomorrow.month, tomorrow.day), reminder.user.zone)  # noqa: DTZ001
    return max(midnight, until) if until else midnight
