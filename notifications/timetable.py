"""Selector: somebody's scheduled reports, with the next times in their zone."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from django.utils.translation import gettext

from accounts.models import User
from notifications.models import Delivery, Reminder
from notifications.scheduling import Schedule, parse

SHOWN: Final = 3
LABELS: Final = dict(Delivery.Transport.choices)


@dataclass(frozen=True, slots=True)
class ReportLine:
    """A scheduled report. `next_times` (UTC) is empty while it is paused."""

    reminder: Reminder
    scope: str
    sentence: str
    ways: str
    next_times: tuple[datetime, ...]

    @property
    def is_paused(self) -> bool:
        return not self.next_times


def timetable(user: User, now: datetime) -> list[ReportLine]:
    """The user's reports, newest first."""
    reminders = Reminder.objects.of(user).filter(kind=Reminder.Kind.SCHEDULE).with_subject()
    return [line_of(reminder, user.zone, now) for reminder in reminders]


def line_of(reminder: Reminder, zone: ZoneInfo, now: datetime) -> ReportLine:
    schedule = schedule_of(reminder)
    runs = schedule is not None and reminder.state(now) in {Reminder.State.ARMED, Reminder.State.COOLING}
    return ReportLine(
        reminder=reminder,
        scope=reminder.portfolio.name if reminder.portfolio else gettext("All portfolios"),
        sentence=schedule.sentence() if schedule else "never",
        ways=", ".join(str(LABELS.get(name, name)) for name in reminder.transports),
        next_times=tuple(schedule.upcoming(now, zone, SHOWN)) if schedule and runs else (),
    )


def schedule_of(reminder: Reminder) -> Schedule | None:
    """The reminder's schedule; None where what is stored is none."""
    try:
        return parse(reminder.schedule)
    except ValueError:
        return None
