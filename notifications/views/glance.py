"""Beside the dashboard: the reminders that are nearest to firing, and the alerts of the last day."""

from datetime import timedelta
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from dashboard.clock import now
from notifications.models import Reminder
from notifications.selectors import ReminderLine, alerts_of, reminder_lines
from notifications.views.reminders import owner

NEAREST: Final = 3
LATEST: Final = 2
RECENT: Final = timedelta(days=1)


@require_safe
def reminders_glance(request: HttpRequest) -> HttpResponse:
    user = owner(request)
    lines = reminder_lines(user)
    context = {
        "nearest": nearest(lines),
        "waiting": len(lines),
        "fired": list(alerts_of(user).filter(fired_at__gte=now() - RECENT).prefetch_related(None)[:LATEST]),
    }
    return render(request, "notifications/_glance.html", context)


def nearest(lines: list[ReminderLine]) -> list[ReminderLine]:
    """Those that are armed and have least far to go."""
    near = [
        (abs(line.distance_pct), line)
        for line in lines
        if line.state is Reminder.State.ARMED and not line.waits and line.distance_pct is not None
    ]
    return [line for _, line in sorted(near, key=lambda pair: pair[0])[:NEAREST]]
