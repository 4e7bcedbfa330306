"""The doorbell of the delivery workers. It may ring twice or never: the database says what there is to do.

What was not rung is found by `sweep`, which every tick of the market calls.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from django.db import transaction
from django.db.models import F, Q

from dashboard import bell
from notifications.models import Allowance, Delivery, TransportOff

PATIENCE: Final = timedelta(seconds=15)
"""How long a rung delivery may lie untouched before it is rung again."""
AT_ONCE: Final = 500
A_FEW, A_LOT = 50, 200


def ring(deliveries: Iterable[int]) -> None:
    """Ask the workers to look at these deliveries; where they are many, to ring for them, so that no tick waits."""
    wanted = list(deliveries)
    if len(wanted) <= A_FEW:
        send("notifications.tasks.deliver", wanted)
    else:
        send("notifications.tasks.ring_each", (wanted[n : n + A_LOT] for n in range(0, len(wanted), A_LOT)))


def ring_each(deliveries: Iterable[int]) -> None:
    send("notifications.tasks.deliver", deliveries)


def send(task: str, arguments: Iterable[int | list[int]]) -> None:
    bell.ring(task, *([argument] for argument in arguments))


def are_behind() -> bool:
    """Have the workers much to come to yet? Ringing again meanwhile would only keep them, later, from what is new."""
    return bell.unheard() > A_LOT


def look_again(now: datetime, **of: object) -> None:
    """What waits is due at once, and claimed anew by the rules of now: quiet hours or a snooze were changed.

    `of` says whose: alert__reminder=…, or user__whatsapp_number=…, transport=….
    """
    held = Delivery.objects.filter(state=Delivery.State.QUEUED, leader=None, due_at__gt=now).exclude(held_because="")
    found = list(held.filter(**of).values_list("pk", flat=True))
    Delivery.objects.filter(pk__in=found, state=Delivery.State.QUEUED).update(due_at=now, rung_at=now)
    if found:
        transaction.on_commit(partial(ring, found))


def sweep(now: datetime) -> None:
    """Ring for everything that is due and was not rung, or was rung in vain."""
    quiet = Q(rung_at__isnull=True) | Q(rung_at__lt=now - PATIENCE)
    free = Q(lease_until__isnull=True) | Q(lease_until__lte=now)
    found = Delivery.objects.filter(quiet, free, due_at__lte=now).order_by(F("rung_at").asc(nulls_first=True), "due_at")
    due = dict(found.values_list("pk", "rung_at")[:AT_ONCE])
    if any(due.values()) and are_behind():
        due = {pk: rung_at for pk, rung_at in due.items() if rung_at is None}
    if due:
        Delivery.objects.filter(pk__in=due).update(rung_at=now)
        ring(due)
    used_up = list(Allowance.objects.filter(due_at__lte=now).values_list("pk", flat=True)[:AT_ONCE])
    if used_up and not are_behind():
        send("notifications.tasks.tell_used_up", used_up)
    untold = list(TransportOff.objects.filter(due_at__lte=now).values_list("pk", flat=True)[:AT_ONCE])
    if untold:
        TransportOff.objects.filter(pk__in=untold).update(due_at=now + PATIENCE)
        send("notifications.tasks.tell_off", untold)
