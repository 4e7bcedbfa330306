"""Services: making, changing and removing reminders. Form, API and WhatsApp go through the same check."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.utils.translation import gettext

from accounts.models import User
from dashboard import clock
from notifications.alerting import Fired, raise_alerts
from notifications.conditions import Arming, Firing, Judgement, Now
from notifications.figures import Observation
from notifications.firing import claim
from notifications.locks import one_at_a_time
from notifications.models import MAX_REMINDERS, Reminder
from notifications.numbering import note_changes
from notifications.observing import look
from notifications.ringing import look_again
from notifications.validation import Check, ReminderErrors

__all__ = [
    "ReminderErrors",
    "TooManyReminders",
    "create_reminder",
    "draft_reminder",
    "edit_reminder",
    "is_true_already",
    "pause_reminder",
    "resume_reminder",
    "starts_anew",
]

SUBJECT: Final = (
    *("kind", "asset_id", "portfolio_id", "limit", "limit_high", "window", "direction", "currency"),
    *("measure", "unit", "minutes", "schedule"),
)
"""What makes it another reminder: changing one of these starts it anew."""
KEPT: Final = ("firings", "fired_at", "cooling_until", "holdings", "weighed", "memory", "due_at", "started_at")


class TooManyReminders(Exception):
    """The user has as many reminders as one may have."""


def draft_reminder(user: User, values: Mapping[str, Any]) -> Reminder:
    """An unsaved reminder made of `values` by field name, the rest by default. Raises ReminderErrors."""
    reminder = Reminder(user=user, transports=[], fallback=["email"])
    Check(reminder, values, clock.now()).all(new=True)
    return reminder


def create_reminder(user: User, values: Mapping[str, Any], *, fire_if_true: bool = False) -> Reminder:
    """A reminder that watches from now on.

    Where its condition is true already it waits for the next crossing, or fires at once with `fire_if_true`.
    Raises ReminderErrors; TooManyReminders where the user has as many as one may have.
    """
    reminder = draft_reminder(user, values)
    with transaction.atomic():
        one_at_a_time("notifications.check")
        if Reminder.objects.of(user).count() >= MAX_REMINDERS:
            raise TooManyReminders(
                gettext("You have %(max_reminders)s reminders, the most there can be. Delete one first.")
                % {"max_reminders": MAX_REMINDERS}
            )
        start(reminder, clock.now(), fire_if_true=fire_if_true)
        note_changes([reminder])
    return reminder


def edit_reminder(reminder: Reminder, values: Mapping[str, Any], *, fire_if_true: bool = False) -> Reminder:
    """Change the fields in `values`. One that watches something else now, or is switched on, starts anew."""
    Check(reminder, values, clock.now()).all(new=False)
    with transaction.atomic():
        one_at_a_time("notifications.check")
        stored = Reminder.objects.get(pk=reminder.pk)
        for name in KEPT:
            setattr(reminder, name, getattr(stored, name))
        if starts_anew(reminder, stored) or (
            values.get("active") and (not stored.active or stored.arming == Arming.FIRED)
        ):
            start(reminder, clock.now(), fire_if_true=fire_if_true)
        else:
            go_on(reminder, stored, clock.now())
        note_changes([reminder])
        if stored.quiet_hours != reminder.quiet_hours:
            look_again(clock.now(), alert__reminder=reminder)
    return reminder


def starts_anew(reminder: Reminder, stored: Reminder) -> bool:
    """Does it watch something else than it did?"""
    return any(getattr(stored, name) != getattr(reminder, name) for name in SUBJECT)


def go_on(reminder: Reminder, stored: Reminder, now: datetime) -> None:
    """Save it where it stands; its edges may lie elsewhere now. One whose value nobody knows starts with the first."""
    seen, sample = present(reminder, now)
    arming = Arming.UNKNOWN if reminder.condition.by_edge and seen.value is None else Arming(stored.arming)
    judged = Judgement(arming, stored.memory, None, stored.due_at)
    reminder.stand(judged, replace(sample, value=seen.value), now)
    reminder.save()


def pause_reminder(reminder: Reminder) -> None:
    Reminder.objects.filter(pk=reminder.pk).update(active=False, paused_because="")
    reminder.active, reminder.paused_because = False, ""


def resume_reminder(reminder: Reminder) -> Reminder:
    """Watch again from now on: what happened meanwhile is no crossing."""
    return edit_reminder(reminder, {"active": True})


def start(reminder: Reminder, now: datetime, *, fire_if_true: bool) -> None:
    """Save it as it stands at the present value; inside the caller's transaction."""
    reminder.cooling_until, reminder.started_at, reminder.holdings, reminder.due_at = None, now, "", None
    if reminder.active:
        reminder.paused_because = ""
    seen, sample = present(reminder, now)
    reminder.holdings, reminder.weighed = seen.holdings, seen.weighed
    judged = reminder.condition.start(reminder.before(now), sample)
    reminder.stand(judged, sample, now)
    firing = None
    if judged.arming is Arming.WAITING and fire_if_true and reminder.active:
        firing = reminder.condition.true_now(reminder.before(now), sample)
    if firing is None:
        reminder.save()
        return
    reminder.arming = Arming.ARMED
    reminder.save()
    fire(reminder, firing, seen, sample, now)


def fire(reminder: Reminder, firing: Firing, seen: Observation, sample: Now, now: datetime) -> None:
    reminder.stand(Judgement(Arming.FIRED, reminder.memory, firing, reminder.due_at), sample, now)
    claim([reminder], now)
    raise_alerts([Fired(reminder, seen, None, firing)], now)


def present(reminder: Reminder, now: datetime) -> tuple[Observation, Now]:
    """What is observed now, and what of it its condition is told."""
    prospect = look([reminder], now)
    seen = prospect.observe(reminder)
    return seen, prospect.now(reminder, seen)


def is_true_already(reminder: Reminder) -> Observation | None:
    """What is observed now, if the condition of this draft holds already."""
    now = clock.now()
    seen, sample = present(reminder, now)
    standing = reminder.condition.start(reminder.before(now), sample).arming
    return seen if standing is Arming.WAITING else None
