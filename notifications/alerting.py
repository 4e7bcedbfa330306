"""Service: a firing becomes an alert with its deliveries, in the transaction that claimed it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction

from notifications.fallback import queued
from notifications.models import Alert, Delivery, Reminder
from notifications.observing import Observation
from notifications.ringing import ring
from notifications.transports import toast
from notifications.wording import alert_text, headline


@dataclass(frozen=True, slots=True)
class Fired:
    """A reminder that was claimed, what was seen, and how long nothing was judged before, if that makes it late."""

    reminder: Reminder
    seen: Observation
    unseen: timedelta | None = None


def raise_alerts(fired: Sequence[Fired], now: datetime) -> list[Alert]:
    """Write the alerts and an open delivery for each transport; once that is committed, show and ring them."""
    if not fired:
        return []
    alerts = Alert.objects.bulk_create([alert_of(one, now) for one in fired])
    deliveries = Delivery.objects.bulk_create(
        [
            queued(alert, name, now)
            for one, alert in zip(fired, alerts, strict=True)
            for name in dict.fromkeys(one.reminder.transports)
        ]
    )
    transaction.on_commit(partial(tell, alerts, deliveries, now))
    return alerts


def alert_of(fired: Fired, now: datetime) -> Alert:
    reminder, seen = fired.reminder, fired.seen
    if seen.value is None:
        raise ValueError("nothing fires at an unknown value")
    return Alert(
        user=reminder.user,
        reminder=reminder,
        firing=reminder.firings,
        kind=reminder.kind,
        asset=reminder.asset,
        portfolio=reminder.portfolio,
        limit=reminder.limit,
        observed=seen.value,
        currency=reminder.currency,
        price_as_of=seen.as_of,
        source=seen.source[:40],
        fired_at=now,
        late=fired.unseen is not None,
        title=headline(reminder)[:300],
        text=alert_text(reminder, seen.value, seen.as_of, seen.source, unseen=fired.unseen)[:1000],
        note=reminder.note,
        fallback=reminder.fallback,
    )


def tell(alerts: Sequence[Alert], deliveries: Sequence[Delivery], now: datetime) -> None:
    """Toasts go out from here, so that an open page shows them at once; the rest is the workers' business."""
    by_toast = {delivery.alert_id for delivery in deliveries if delivery.transport == toast.Toast.name}
    toast.show(alert for alert in alerts if alert.pk in by_toast)
    Delivery.objects.filter(alert_id__in=by_toast, transport=toast.Toast.name, state=Delivery.State.QUEUED).update(
        state=Delivery.State.SENT, attempts=1, due_at=None, sending_at=now, sent_at=now, updated_at=now
    )
    ring(delivery.pk for delivery in deliveries if delivery.transport != toast.Toast.name)
