"""Service: somebody has seen an alert."""

from datetime import datetime

from django.db import transaction

from notifications.models import Alert, Delivery


def acknowledge(alert: Alert, now: datetime) -> None:
    """Note that it was seen, once; its toast counts as read."""
    with transaction.atomic():
        if Alert.objects.filter(pk=alert.pk, acknowledged_at__isnull=True).update(acknowledged_at=now):
            read = {"state": Delivery.State.READ, "read_at": now, "due_at": None, "updated_at": now}
            Delivery.objects.filter(alert=alert, transport="toast").exclude(state=Delivery.State.READ).update(**read)


def acknowledge_all(user_id: int, now: datetime) -> int:
    """Note that all of a user's alerts were seen; how many were new."""
    with transaction.atomic():
        read = {"state": Delivery.State.READ, "read_at": now, "due_at": None, "updated_at": now}
        unseen = Alert.objects.filter(user_id=user_id, acknowledged_at__isnull=True)
        Delivery.objects.filter(alert__in=unseen, transport="toast").update(**read)
        return unseen.update(acknowledged_at=now)
