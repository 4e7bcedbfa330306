"""Service: one delivery, one step further. Safe to call twice, at any time, from anywhere.

A step is claimed with a lease, made with a deadline, and its result is stored only under the claim's token. What is to
be done next and when stands in the row (`due_at`), so nothing is lost when a process is killed: a lease that runs out
while sending leaves the delivery *in doubt*, and that is cleared up with the provider before anything is sent again.
"""

import random
import secrets
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

import structlog
from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.urls import reverse

from dashboard import clock
from notifications.models import Alert, Delivery, TransportOff
from notifications.ringing import ring
from notifications.switching import switch_off
from notifications.transports import TRANSPORTS, ready_for
from notifications.transports.base import (
    CannotTell,
    InDoubt,
    Message,
    NotAccepted,
    Progress,
    Receipt,
    Report,
    Transport,
)

logger = structlog.get_logger(__name__)

State = Delivery.State
LEASE: Final = timedelta(seconds=30)
RETRIES: Final = tuple(timedelta(seconds=s) for s in (10, 60, 300, 900, 2400))
JITTER: Final = 0.1
CLEAR_UP_AFTER: Final = timedelta(seconds=10)
"""A message that went out unanswered shows in the provider's lists only after a while."""
MOST_DOUBTS: Final = 2
"""A send whose outcome is unknown is repeated once, not more."""
FOLLOW_UPS: Final = tuple(timedelta(seconds=s) for s in (30, 120, 600, 3600))
"""Pauses after which the provider is asked again how an accepted message went on."""

RANK: Final = {
    state: rank
    for rank, state in enumerate(
        [State.QUEUED, State.SENDING, State.IN_DOUBT, State.SENT, State.FAILED, State.DELIVERED, State.READ]
    )
}


def deliver(delivery_id: int) -> None:
    """Do what is due: send, clear up a doubt, or ask how an accepted message went on."""
    now = clock.now()
    doubt_abandoned(delivery_id, now)
    delivery = claim(delivery_id, now)
    if delivery is None:
        return
    transport = TRANSPORTS.get(delivery.transport)
    if transport is None or not transport.is_configured():
        fail(
            delivery, f"{transport.label if transport else delivery.transport} is not set up on this site.", clock.now()
        )
    elif delivery.state == State.SENT:
        follow(delivery, transport)
    elif delivery.state == State.IN_DOUBT:
        clear_up(delivery, transport)
    else:
        send(delivery, transport)


def doubt_abandoned(delivery_id: int, now: datetime) -> None:
    """A send whose sender's lease ran out: nobody knows whether the provider has it."""
    Delivery.objects.filter(pk=delivery_id, state=State.SENDING, lease_until__lte=now).update(
        state=State.IN_DOUBT,
        doubts=F("doubts") + 1,
        in_doubt_at=now,
        due_at=now,
        error="The process that was sending it was stopped.",
        updated_at=now,
    )


def claim(delivery_id: int, now: datetime) -> Delivery | None:
    """The delivery, held for the length of a lease; None where it isn't due or somebody else has it."""
    token = secrets.token_hex(16)
    free = Q(lease_until__isnull=True) | Q(lease_until__lte=now)
    due = Delivery.objects.filter(free, pk=delivery_id, due_at__lte=now)
    held: dict[str, Any] = {"lease_token": token, "lease_until": now + LEASE, "updated_at": now}
    claimed = due.filter(state=State.QUEUED).update(
        state=State.SENDING, attempts=F("attempts") + 1, sending_at=now, **held
    ) or due.filter(state__in=[State.IN_DOUBT, State.SENT]).update(**held)
    if not claimed:
        return None
    return Delivery.objects.select_related("alert__user").get(pk=delivery_id)


def send(delivery: Delivery, transport: Transport) -> None:
    user = delivery.alert.user
    off = TransportOff.objects.filter(user=user, transport=transport.name).first()
    target = transport.target(user)
    if off is not None:
        fail(delivery, f"{transport.label} is switched off: {off.reason}", clock.now())
        return
    if target is None:
        fail(delivery, f"There is no confirmed address for {transport.label}.", clock.now())
        return
    try:
        receipt = transport.send(message_of(delivery), target)
    except NotAccepted as error:
        not_accepted(delivery, error)
    except (InDoubt, SoftTimeLimitExceeded) as error:
        in_doubt(delivery, str(error) or "Sending took too long.")
    else:
        accepted(delivery, receipt)


def clear_up(delivery: Delivery, transport: Transport) -> None:
    """Find out what became of a send without an answer; only then may it be repeated."""
    target, now = transport.target(delivery.alert.user), clock.now()
    try:
        found = target and transport.find(message_of(delivery), target, delivery.sending_at or delivery.queued_at)
    except CannotTell as doubt:
        if doubt.ever:
            store(delivery, due_at=now + pause(min(delivery.follow_ups, 3)), follow_ups=F("follow_ups") + 1)
            return
        found = None
    if found:
        accepted(delivery, found)
    elif delivery.doubts >= MOST_DOUBTS:
        fail(delivery, "No answer came, twice. It may have arrived all the same.", now)
    else:
        store(delivery, state=State.QUEUED, due_at=now, rung_at=now)
        ring([delivery.pk])


def follow(delivery: Delivery, transport: Transport) -> None:
    """Ask how an accepted message went on, a few times with growing pauses."""
    try:
        report = transport.follow(delivery.provider_id)
    except CannotTell:
        report = Report(Progress.SENT)
    step = delivery.follow_ups
    due_at = clock.now() + FOLLOW_UPS[step] if step < len(FOLLOW_UPS) else None
    store(delivery, follow_ups=step + 1, due_at=due_at)
    advance(delivery, report)


def accepted(delivery: Delivery, receipt: Receipt) -> None:
    now = clock.now()
    due_at = None if receipt.follow is None else now + receipt.follow
    try:
        with transaction.atomic():
            stored = store(
                delivery,
                state=State.SENT,
                sent_at=now,
                due_at=due_at,
                follow_ups=0,
                error="",
                provider_id=receipt.provider_id[:64],
            )
    except IntegrityError:  # the message that was found belongs to another delivery
        store(delivery, due_at=now + CLEAR_UP_AFTER)
        return
    if not stored and receipt.provider_id:
        # A status callback was faster than the provider's own answer; the state that it set stands.
        Delivery.objects.filter(pk=delivery.pk, lease_token=delivery.lease_token, provider_id="").update(
            provider_id=receipt.provider_id[:64]
        )


def not_accepted(delivery: Delivery, error: NotAccepted) -> None:
    now = clock.now()
    if error.unreachable:
        switch_off(delivery.alert.user, delivery.transport, error.reason, now)
    if error.permanent or delivery.attempts > len(RETRIES):
        fail(delivery, error.reason, now)
        return
    due_at = now + pause(delivery.attempts - 1)
    store(delivery, state=State.QUEUED, due_at=due_at, rung_at=None, error=error.reason[:500])


def in_doubt(delivery: Delivery, reason: str) -> None:
    now = clock.now()
    store(
        delivery,
        state=State.IN_DOUBT,
        doubts=F("doubts") + 1,
        in_doubt_at=now,
        due_at=now + CLEAR_UP_AFTER,
        rung_at=None,
        follow_ups=0,
        error=reason[:500],
    )


def fail(delivery: Delivery, reason: str, now: datetime) -> None:
    """The end of this delivery; the alert goes on by the next way that its reminder names."""
    with transaction.atomic():
        if store(delivery, state=State.FAILED, failed_at=now, due_at=None, error=reason[:500]):
            fall_back(delivery.alert, now)


def fall_back(alert: Alert, now: datetime) -> None:
    """Queue the first fallback that wasn't used for this alert and would reach its owner."""
    used = set(Delivery.objects.filter(alert=alert).values_list("transport", flat=True))
    ready = ready_for(alert.user)
    for name in alert.fallback:
        if name in used or name not in ready:
            continue
        Delivery.objects.bulk_create(
            [
                Delivery(
                    alert=alert,
                    user_id=alert.user_id,
                    transport=name,
                    due_at=now,
                    rung_at=now,
                    queued_at=now,
                    updated_at=now,
                )
            ],
            ignore_conflicts=True,
        )
        queued = Delivery.objects.get(alert=alert, transport=name)
        transaction.on_commit(partial(ring, [queued.pk]))
        return


def advance(delivery: Delivery, report: Report, provider_id: str = "") -> bool:
    """Move a delivery forward to what the provider reports, never back; False where that is no news.

    A report is about one message: one about an earlier attempt's is no news either.
    """
    now = clock.now()
    state = State(report.progress.value)
    same = Q(provider_id=provider_id) | Q(provider_id="") if provider_id else Q()
    behind = Delivery.objects.filter(
        same, pk=delivery.pk, state__in=[other for other, rank in RANK.items() if rank < RANK[state]]
    )
    told = {"provider_id": provider_id} if provider_id else {}
    if report.fault is not None and not report.fault.permanent and delivery.attempts <= len(RETRIES):
        due_at = now + pause(delivery.attempts - 1)
        return bool(
            behind.exclude(state=State.QUEUED).update(
                state=State.QUEUED,
                due_at=due_at,
                rung_at=None,
                error=report.fault.reason[:500],
                provider_id="",
                updated_at=now,
            )
        )
    with transaction.atomic():
        ended = {"due_at": None} if state in {State.FAILED, State.READ, State.DELIVERED} else {}
        error = report.fault.reason[:500] if report.fault else ""
        moved = behind.update(state=state, error=error, updated_at=now, **{f"{state.value}_at": now}, **ended, **told)
        if moved and report.fault is not None:
            if report.fault.unreachable:
                switch_off(delivery.alert.user, delivery.transport, report.fault.reason, now)
            fall_back(delivery.alert, now)
    return bool(moved)


def store(delivery: Delivery, **values: Any) -> bool:
    """Write a step's result and give the lease back, if the claim still holds and nothing has overtaken it."""
    held = Delivery.objects.filter(pk=delivery.pk, lease_token=delivery.lease_token, state=delivery.state)
    return bool(held.update(lease_until=None, updated_at=clock.now(), **values))


def pause(step: int) -> timedelta:
    return RETRIES[min(max(step, 0), len(RETRIES) - 1)] * random.uniform(1, 1 + JITTER)  # noqa: S311


def message_of(delivery: Delivery) -> Message:
    alert = delivery.alert
    return Message(
        user=alert.user,
        title=alert.title,
        text=alert.text,
        url=settings.PUBLIC_URL + reverse("alert", args=[alert.pk]),
        key=f"tickfolio-alert-{alert.pk}-{delivery.pk}",
        note=alert.note,
        alert=alert.pk,
        delivery=delivery.pk,
    )
