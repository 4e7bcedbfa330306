"""Service: a firing becomes an alert with its deliveries, in the transaction that claimed it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from operator import attrgetter
from typing import Final

from django.db import transaction

from accounts.locales import as_read_by
from dashboard.money import check_amount, quantize
from notifications.alert_wording import alert_text, headline, late_report
from notifications.conditions import Firing
from notifications.fallback import queued
from notifications.figures import Observation
from notifications.inserting import insert_like
from notifications.models import Alert, Delivery, Reminder
from notifications.reports import report_of
from notifications.ringing import ring
from notifications.transports import toast

FACTS: Final = tuple(field.attname for field in Alert._meta.concrete_fields if not field.primary_key)
WAY: Final = ("alert_id", "user_id", "transport")
facts_of = attrgetter(*FACTS)


@dataclass(frozen=True, slots=True)
class Fired:
    """A reminder that was claimed, what was seen, what passed which limit, and how late that is, if it must be said."""

    reminder: Reminder
    seen: Observation
    unseen: timedelta | None
    firing: Firing


@dataclass(frozen=True, slots=True)
class Opened:
    """A delivery that was just written."""

    pk: int
    alert_id: int
    transport: str


def raise_alerts(fired: Sequence[Fired], now: datetime) -> list[Alert]:
    """Write the alerts and an open delivery for each transport; once that is committed, show and ring them."""
    if not fired:
        return []
    alerts = [alert_of(one, now) for one in fired]
    number(alerts, insert_like(alerts[0], FACTS, map(facts_of, alerts), returning=["reminder_id"]))
    ways = [
        (alert.pk, alert.user_id, name)
        for one, alert in zip(fired, alerts, strict=True)
        for name in dict.fromkeys(one.reminder.transports)
    ]
    opened = insert_like(queued(alerts[0], "", now), WAY, ways, returning=["alert_id", "transport"])
    transaction.on_commit(partial(tell, alerts, [Opened(*row) for row in opened], now))
    return alerts


def number(alerts: Sequence[Alert], numbers: Sequence[tuple[int, int | None]]) -> None:
    """What the database calls them, by their reminders, of which each fires once at a time."""
    by_reminder = {reminder: pk for pk, reminder in numbers}
    for alert in alerts:
        alert.pk = by_reminder[alert.reminder_id]


def alert_of(fired: Fired, now: datetime) -> Alert:
    reminder, seen = fired.reminder, fired.seen
    return Alert(
        user=reminder.user,
        reminder=reminder,
        firing=reminder.firings,
        kind=reminder.kind,
        asset=reminder.asset,
        portfolio=reminder.portfolio,
        limit=kept(fired.firing.limit),
        observed=kept(fired.firing.observed),
        currency=reminder.currency,
        figure=reminder.figure.value,
        price_as_of=seen.as_of,
        source=seen.source[:40],
        fired_at=now,
        late=fired.unseen is not None,
        note=reminder.note,
        fallback=reminder.fallback,
        **words(fired, now),
    )


def words(fired: Fired, now: datetime) -> dict[str, str]:
    """Title and text; a report has its own, and details."""
    with as_read_by(fired.reminder.user):
        return in_words(fired, now)


def in_words(fired: Fired, now: datetime) -> dict[str, str]:
    reminder = fired.reminder
    if reminder.kind == Reminder.Kind.SCHEDULE:
        report = report_of(reminder.user, reminder.portfolio, now)
        late = "" if fired.unseen is None else f"\n{late_report(fired.unseen)}"
        return {"title": report.title[:300], "text": (report.text + late)[:1000], "details": report.details}
    return {
        "title": headline(reminder, fired.firing)[:300],
        "text": alert_text(reminder, fired.seen, fired.firing, fired.unseen)[:1000],
    }


def kept(figure: Decimal | None) -> Decimal | None:
    """As it can be stored: to 18 decimals."""
    return None if figure is None else check_amount(quantize(figure))


def tell(alerts: Sequence[Alert], deliveries: Sequence[Opened], now: datetime) -> None:
    """Toasts go out from here, so that an open page shows them at once; the rest is the workers' business."""
    by_toast = {delivery.alert_id for delivery in deliveries if delivery.transport == toast.Toast.name}
    toast.show(alert for alert in alerts if alert.pk in by_toast)
    Delivery.objects.filter(alert_id__in=by_toast, transport=toast.Toast.name, state=Delivery.State.QUEUED).update(
        state=Delivery.State.SENT, attempts=1, due_at=None, sending_at=now, sent_at=now, updated_at=now
    )
    ring(delivery.pk for delivery in deliveries if delivery.transport != toast.Toast.name)
