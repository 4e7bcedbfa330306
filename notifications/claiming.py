"""Service: who may take the next step of a delivery, and what of somebody's waiting alerts goes out as one message.

It is decided when a delivery is claimed, by one claimer at a time for each person and transport: what waits for quiet
hours, a storm or the next day's allowance is put off, and what is left is sent one by one, or as one where it is much.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext

from accounts.models import User
from notifications import allowance, conversation, using_up
from notifications.fallback import fall_back
from notifications.models import Delivery
from notifications.quiet import quiet_until

State = Delivery.State
LEASE: Final = timedelta(seconds=30)
FOLD_ABOVE: Final = 3
"""So many alerts that wait at once for the same person still go out one by one."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Why a delivery is put off, and until when."""

    until: datetime
    because: str


def free(now: datetime) -> Q:
    return Q(lease_until__isnull=True) | Q(lease_until__lte=now)


def claim(delivery_id: int, now: datetime) -> Delivery | None:
    """The delivery, held for the length of a lease; None where it isn't due, must wait, or somebody else has it."""
    due = Delivery.objects.filter(free(now), pk=delivery_id, due_at__lte=now)
    token = secrets.token_hex(16)
    held = {"lease_token": token, "lease_until": now + LEASE, "updated_at": now}
    found = due.select_related("user").first()
    if found is None:
        return None
    if found.state == State.QUEUED and found.transport != Delivery.Transport.TOAST:
        claimed = take(found, held, now)
    elif found.state == State.QUEUED:
        claimed = begin(due.filter(state=State.QUEUED), found, now, **held)
    else:
        claimed = bool(due.filter(state__in=[State.IN_DOUBT, State.SENT]).update(**held))
    return Delivery.objects.select_related("alert__user").get(pk=delivery_id) if claimed else None


def take(found: Delivery, held: dict[str, Any], now: datetime) -> bool:
    """Claim it for sending, with all that its message is to carry; False where that is not to be now."""
    user = found.user
    with transaction.atomic():
        used = allowance.locked(user, found.transport)
        waiting = Delivery.objects.filter(
            free(now), user=user, transport=found.transport, state=State.QUEUED, leader=None, due_at__lte=now
        )
        ready = put_off(list(waiting.select_related("alert__reminder").order_by("pk")), user, now)
        mine = next((one for one in ready if one.pk == found.pk), None)
        if mine is None:
            return False
        if mine.doubts:  # the same message once more: nothing may be added to it
            return begin(waiting.filter(pk=mine.pk), mine, now, **held)
        ready = [one for one in ready if not one.doubts]
        if not mine.attempts:  # what is tried again was counted when it began
            fresh = [one for one in ready if not one.attempts]
            if until := allowance.storm_until(used, now):
                wait(fresh, Wait(until, gettext("More than 15 messages in 3 minutes: the rest comes as one.")), now)
                return False
            if allowance.is_used_up(used, user, now):
                hold_back(fresh, user, now)
                using_up.note(used, user, now)
                return False
            allowance.spend(used, user, now)
        is_much = len(ready) > FOLD_ABOVE or any(one.held_because or one.folded for one in ready)
        others = [one.pk for one in ready if one.pk != mine.pk] if is_much else []
        if others:
            fold(mine, others)
        return begin(waiting.filter(pk=mine.pk), mine, now, **held)


def begin(claimable: QuerySet[Delivery], delivery: Delivery, now: datetime, **held: Any) -> bool:
    """The last step of a claim: the send counts as begun. What the message carries besides begins with it."""
    begun = {"state": State.SENDING, "attempts": F("attempts") + 1, "sending_at": now}
    if not claimable.update(**begun, **held):
        return False
    if delivery.folded:
        Delivery.objects.filter(leader=delivery.pk).update(**begun, updated_at=now)
    return True


def fold(leader: Delivery, others: Sequence[int]) -> None:
    """Let the leader's message carry these, and whatever theirs were to carry."""
    Delivery.objects.filter(Q(pk__in=others) | Q(leader__in=others)).update(
        leader=leader, folded=0, due_at=None, lease_token="", lease_until=None, error=""
    )
    leader.folded = Delivery.objects.filter(leader=leader).count()
    leader.save(update_fields=["folded"])


def put_off(deliveries: Sequence[Delivery], user: User, now: datetime) -> list[Delivery]:
    """Those that need not wait; the others are told until when to."""
    snooze = conversation.snoozed_until(user) if any(d.transport == "whatsapp" for d in deliveries) else None
    ready = []
    for delivery in deliveries:
        reminder = delivery.alert.reminder
        if reminder and (until := quiet_until(reminder.quiet_hours, now, user.zone)):
            wait(
                [delivery],
                Wait(
                    until, gettext("Quiet hours until %(until)s.") % {"until": f"{until.astimezone(user.zone):%H:%M}"}
                ),
                now,
            )
        elif snooze and snooze > now:
            wait(
                [delivery],
                Wait(
                    snooze, gettext("Snoozed until %(snooze)s.") % {"snooze": f"{snooze.astimezone(user.zone):%H:%M}"}
                ),
                now,
            )
        else:
            ready.append(delivery)
    return ready


def wait(deliveries: Sequence[Delivery], reason: Wait, now: datetime) -> None:
    Delivery.objects.filter(pk__in=[one.pk for one in deliveries]).update(
        due_at=reason.until, rung_at=None, held_because=reason.because[:200], updated_at=now
    )


def hold_back(deliveries: Sequence[Delivery], user: User, now: datetime) -> None:
    """The day's messages are used up: each alert goes on by its fallback, or else waits for the next day."""
    reason = using_up.reason(deliveries[0].transport)
    for delivery in deliveries:
        if fall_back(delivery.alert, now):
            Delivery.objects.filter(Q(pk=delivery.pk) | Q(leader=delivery.pk)).update(
                state=State.FAILED, failed_at=now, due_at=None, error=reason, held_because=reason, updated_at=now
            )
        else:
            wait([delivery], Wait(allowance.next_day(user, now), reason), now)
