"""The delivery workers' tasks. Each takes an id, is safe to run twice, and is never retried by Celery:

what is to be done again, and when, stands in the database, and the sweep of every tick rings for it.
"""

from celery import shared_task

from notifications import delivery, ringing, switching, using_up

# Below the lease of a delivery (30 s): a worker that hangs is gone before another may take over.
LIMITS = {"soft_time_limit": 24, "time_limit": 28}


@shared_task(name="notifications.tasks.deliver", ignore_result=True, **LIMITS)
def deliver(delivery_id: int) -> None:
    """One step of one delivery."""
    delivery.deliver(delivery_id)


@shared_task(name="notifications.tasks.ring_each", ignore_result=True, **LIMITS)
def ring_each(delivery_ids: list[int]) -> None:
    """Ring for many deliveries, away from the tick that made them."""
    ringing.ring_each(delivery_ids)


@shared_task(name="notifications.tasks.tell_off", ignore_result=True, **LIMITS)
def tell_off(off_id: int) -> None:
    """Tell somebody that a transport of theirs was switched off."""
    switching.tell_off(off_id)


@shared_task(name="notifications.tasks.tell_used_up", ignore_result=True, **LIMITS)
def tell_used_up(allowance_id: int) -> None:
    """Tell somebody what is held back since their day's messages are used up."""
    using_up.tell_used_up(allowance_id)
