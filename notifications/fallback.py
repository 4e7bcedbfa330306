"""Service: an alert that one way could not tell goes on by the next way that its reminder names."""

from datetime import datetime
from functools import partial

from django.db import transaction

from notifications.models import Alert, Delivery
from notifications.ringing import ring
from notifications.transports import ready_for


def queued(alert: Alert, transport: str, now: datetime) -> Delivery:
    """A delivery, not stored yet, that is due at once; it counts as rung, which who stores it does on commit."""
    return Delivery(
        alert=alert,
        user_id=alert.user_id,
        transport=transport,
        due_at=now,
        rung_at=now,
        queued_at=now,
        updated_at=now,
    )


def fall_back(alert: Alert, now: datetime) -> bool:
    """Queue the first fallback that wasn't used for this alert and would reach its owner; False: there is none."""
    used = set(Delivery.objects.filter(alert=alert).values_list("transport", flat=True))
    ready = ready_for(alert.user)
    name = next((name for name in alert.fallback if name in ready and name not in used), None)
    if name is None:
        return False
    Delivery.objects.bulk_create([queued(alert, name, now)], ignore_conflicts=True)
    delivery = Delivery.objects.get(alert=alert, transport=name)
    transaction.on_commit(partial(ring, [delivery.pk]))
    return True
