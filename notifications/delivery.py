"""Service: one delivery, one step further. Safe to call twice, at any time, from anywhere.

A step is claimed with a lease, made with a deadline, and its result is stored only under the claim's token. What is to
be done next and when stands in the row (`due_at`), so nothing is lost when a process is killed: a lease that runs out
while sending leaves the delivery *in doubt*, and that is cleared up with the provider before anything is sent again.
"""

import random
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from celery.exceptions import SoftTimeLimitExceeded
from django.db import IntegrityError, transaction
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext

from accounts.locales import as_read_by
from dashboard import clock
from notifications.claiming import claim
from notifications.conversation import has_stopped
from notifications.fallback import fall_back
from notifications.models import Alert, Delivery, TransportOff
from notifications.ringing import ring
from notifications.switching import switch_off
from notifications.telling import message_of
from notifications.transports import TRANSPORTS
from notifications.transports.base import CannotTell, InDoubt, NotAccepted, Progress, Receipt, Report, Transport

logger = structlog.get_logger(__name__)

State = Delivery.State
RETRIES: Final = tuple(timedelta(seconds=s) for s in (10, 60, 300, 900, 2400))
JITTER: Final = 0.1
CLEAR_UP_AFTER: Final = timedelta(seconds=10)
"""A message that went out unanswered shows in the provider's lists only after a while."""
MOST_DOUBTS: Final = 2
"""A send whose outcome is unknown is repeated once, not more."""
FOLLOW_UPS: Final = tuple(timedelta(seconds=s) for s in (30, 120, 600, 3600))
"""Pauses after which the provider is asked again how an accepted message went on."""

SHARED: Final = frozenset(
    {"state", "error", "doubts", "updated_at", "in_doubt_at", "sent_at", "delivered_at", "read_at", "failed_at"}
)
"""What becomes of a delivery becomes of those that its message carries."""

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
    with as_read_by(delivery.alert.user):
        work_on(delivery)


def work_on(delivery: Delivery) -> None:
    transport = TRANSPORTS.get(delivery.transport)
    if transport is None or not transport.is_configured():
        fail(
            delivery,
            gettext("%(transport)s is not set up on this site.")
            % {"transport": transport.label if transport else delivery.transport},
            clock.now(),
        )
    elif delivery.state == State.SENT:
        follow(delivery, transport)
    elif delivery.state == State.IN_DOUBT:
        clear_up(delivery, transport)
    else:
        send(delivery, transport)


def doubt_abandoned(delivery_id: int, now: datetime) -> None:
    """A send whose sender's lease ran out: nobody knows whether the provider has it."""
    abandoned = Delivery.objects.filter(pk=delivery_id, state=State.SENDING, lease_until__lte=now)
    if (delivery := abandoned.first()) is not None:
        move(
            abandoned,
            delivery,
            state=State.IN_DOUBT,
            doubts=F("doubts") + 1,
            in_doubt_at=now,
            due_at=now,
            error=gettext("The process that was sending it was stopped."),
            updated_at=now,
        )


def send(delivery: Delivery, transport: Transport) -> None:
    user = delivery.alert.user
    off = TransportOff.objects.filter(user=user, transport=transport.name).first()
    target = transport.target(user)
    if off is not None:
        fail(
            delivery,
            gettext("%(label)s is switched off: %(reason)s") % {"label": transport.label, "reason": off.reason},
            clock.now(),
        )
        return
    if target is None:
        fail(delivery, out_of_reach(delivery, transport), clock.now())
        return
    try:
        receipt = transport.send(message_of(delivery), target)
    except NotAccepted as error:
        not_accepted(delivery, error)
    except (InDoubt, SoftTimeLimitExceeded) as error:
        in_doubt(delivery, str(error) or gettext("Sending took too long."))
    else:
        accepted(delivery, receipt)


def out_of_reach(delivery: Delivery, transport: Transport) -> str:
    if transport.name == Delivery.Transport.WHATSAPP and has_stopped(delivery.alert.user):
        return gettext("You have sent STOP by WhatsApp. Send START to get messages again.")
    return gettext("There is no confirmed address for %(label)s.") % {"label": transport.label}


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
        fail(delivery, gettext("No answer came, twice. It may have arrived all the same."), now)
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
    due_at = now + again_after(delivery, error)
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
    """The end of this delivery; what it carried goes on by the next way that each reminder names."""
    with transaction.atomic():
        if store(delivery, state=State.FAILED, failed_at=now, due_at=None, error=reason[:500]):
            for alert in carried(delivery):
                fall_back(alert, now)


def carried(delivery: Delivery) -> list[Alert]:
    """The alerts that its message tells."""
    others = Alert.objects.filter(deliveries__leader=delivery.pk) if delivery.folded else []
    return [delivery.alert, *others]


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
        return move(
            behind.exclude(state=State.QUEUED),
            delivery,
            state=State.QUEUED,
            due_at=now + again_after(delivery, report.fault),
            rung_at=None,
            error=report.fault.reason[:500],
            provider_id="",
            updated_at=now,
        )
    with transaction.atomic():
        ended = {"due_at": None} if state in {State.FAILED, State.READ, State.DELIVERED} else {}
        error = report.fault.reason[:500] if report.fault else ""
        at = {f"{state.value}_at": now}
        moved = move(behind, delivery, state=state, error=error, updated_at=now, **at, **ended, **told)
        if moved and report.fault is not None:
            if report.fault.unreachable:
                switch_off(delivery.alert.user, delivery.transport, report.fault.reason, now)
            for alert in carried(delivery):
                fall_back(alert, now)
    return moved


def store(delivery: Delivery, **values: Any) -> bool:
    """Write a step's result and give the lease back, if the claim still holds and nothing has overtaken it."""
    held = Delivery.objects.filter(pk=delivery.pk, lease_token=delivery.lease_token, state=delivery.state)
    return move(held, delivery, lease_until=None, updated_at=clock.now(), **values)


def move(where: QuerySet[Delivery], delivery: Delivery, **values: Any) -> bool:
    """Write to the delivery where the condition still holds, and then to those that its message carries."""
    if not delivery.folded:
        return bool(where.update(**values))
    with transaction.atomic():
        moved = bool(where.update(**values))
        if moved:
            shared = {name: value for name, value in values.items() if name in SHARED}
            Delivery.objects.filter(leader=delivery.pk).update(**shared)
    return moved


def again_after(delivery: Delivery, error: NotAccepted) -> timedelta:
    """The next pause, or as long as the provider asks for."""
    return max(pause(delivery.attempts - 1), error.retry_after or timedelta())


def pause(step: int) -> timedelta:
    return RETRIES[min(max(step, 0), len(RETRIES) - 1)] * random.uniform(1, 1 + JITTER)  # noqa: S311
