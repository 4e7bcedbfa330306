"""The doorbell of the delivery workers. It may ring twice or never: the database says what there is to do.

What was not rung is found by `sweep`, which every tick of the market calls.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

import structlog
from celery import current_app
from django.db.models import Q
from kombu.exceptions import OperationalError

from notifications.models import Delivery, TransportOff

logger = structlog.get_logger(__name__)

PATIENCE: Final = timedelta(seconds=15)
"""How long a rung delivery may lie untouched before it is rung again."""
AT_ONCE: Final = 500
A_FEW, A_LOT = 20, 200
WITHOUT_PATIENCE: Final = {"max_retries": 1, "interval_start": 0, "interval_step": 0, "socket_connect_timeout": 2}


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
    """Ring once for each argument; a broker that is away is noted and left to the sweep, without waiting for it."""
    wanted = list(arguments)
    if not wanted:
        return
    options = {**current_app.conf.broker_transport_options, **WITHOUT_PATIENCE}
    try:
        with current_app.connection_for_write(connect_timeout=2, transport_options=options) as broker:
            for argument in wanted:
                current_app.send_task(task, args=[argument], retry=False, connection=broker)
    except (OperationalError, OSError) as error:
        logger.warning("ring.unheard", task=task, error=str(error))


def sweep(now: datetime) -> None:
    """Ring for everything that is due and was not rung, or was rung in vain."""
    quiet = Q(rung_at__isnull=True) | Q(rung_at__lt=now - PATIENCE)
    free = Q(lease_until__isnull=True) | Q(lease_until__lte=now)
    due = list(
        Delivery.objects.filter(quiet, free, due_at__lte=now).order_by("due_at").values_list("pk", flat=True)[:AT_ONCE]
    )
    if due:
        Delivery.objects.filter(pk__in=due).update(rung_at=now)
        ring(due)
    untold = list(TransportOff.objects.filter(due_at__lte=now).values_list("pk", flat=True)[:AT_ONCE])
    if untold:
        TransportOff.objects.filter(pk__in=untold).update(due_at=now + PATIENCE)
        send("notifications.tasks.tell_off", untold)
