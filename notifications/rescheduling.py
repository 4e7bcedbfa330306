"""Service: reports keep their local times when their owner moves to another time zone."""

from datetime import datetime

from django.db import transaction

from accounts.models import User
from notifications.locks import one_at_a_time
from notifications.models import Reminder
from notifications.timetable import schedule_of


def keep_local_times(user: User, now: datetime) -> None:
    """Make the user's reports due at their times in the zone that the user is in now; one that is due stays so."""
    with transaction.atomic():
        one_at_a_time("notifications.check")
        moved = []
        for reminder in Reminder.objects.of(user).filter(kind=Reminder.Kind.SCHEDULE, due_at__gt=now):
            if (schedule := schedule_of(reminder)) is not None:
                reminder.due_at = schedule.next_after(now, user.zone)
                moved.append(reminder)
        Reminder.objects.bulk_update(moved, ["due_at"])
