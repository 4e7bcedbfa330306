"""Service: the day's messages by a transport are used up, and their owner is told once what is held back."""

from datetime import datetime, timedelta
from functools import partial
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext

from accounts.locales import as_read_by
from accounts.models import User
from dashboard import clock
from dashboard.live.announce import announce_alert
from notifications import allowance
from notifications.models import Allowance, Delivery
from notifications.notices import write
from notifications.transports import ready_for
from notifications.transports.base import Message

GATHER: Final = timedelta(minutes=1)
"""How long to gather what is held back before it is told in writing."""
AGAIN_AFTER: Final = timedelta(minutes=5)
ATTEMPTS: Final = 5
AT_MOST_NAMED: Final = 20


def label(transport: str) -> str:
    return str(Delivery.Transport(transport).label)


def reason(transport: str) -> str:
    return gettext("Today's %(number)s messages by %(transport)s are used up.") % {
        "number": allowance.daily_limit(transport),
        "transport": label(transport),
    }


def note(used: Allowance, user: User, now: datetime) -> None:
    """Tell the open pages, and have it written in a minute; once a day."""
    if used.told_day == used.day:
        return
    used.told_day, used.due_at, used.attempts = used.day, now + GATHER, 0
    used.save(update_fields=["told_day", "due_at", "attempts"])
    with as_read_by(user):
        html = render_to_string("notifications/_used_up_toast.html", {"reason": reason(used.transport)})
    transaction.on_commit(partial(announce_alert, user.pk, html))


def held_back(user: User, transport: str) -> QuerySet[Delivery]:
    """What today's used up messages kept from being sent by this transport, oldest first."""
    found = Delivery.objects.filter(user=user, transport=transport, held_because=reason(transport))
    waiting = found.filter(state__in=[Delivery.State.QUEUED, Delivery.State.FAILED], leader=None)
    return waiting.select_related("alert").order_by("pk")


def tell_used_up(pk: int) -> None:
    """Write to its owner what is held back, at most once."""
    now = clock.now()
    if not Allowance.objects.filter(pk=pk, due_at__lte=now).update(due_at=None):
        return
    used = Allowance.objects.select_related("user").get(pk=pk)
    with as_read_by(used.user):
        notice = notice_of(used)
    if write(notice, about=used.transport, now=now):
        return
    if used.attempts < ATTEMPTS and len(ready_for(used.user)) > 1:
        Allowance.objects.filter(pk=pk, due_at=None).update(attempts=used.attempts + 1, due_at=now + AGAIN_AFTER)


def notice_of(used: Allowance) -> Message:
    held = [delivery.alert.title for delivery in held_back(used.user, used.transport)]
    named = "\n".join(f"• {title}" for title in held[:AT_MOST_NAMED])
    more = (
        gettext("\n… and %(number)s more") % {"number": len(held) - AT_MOST_NAMED} if len(held) > AT_MOST_NAMED else ""
    )
    return Message(
        user=used.user,
        title=reason(used.transport),
        text=(
            gettext(
                "Further alerts go by your reminders' fallback, or wait and come in one message "
                "tomorrow. Every alert is on your alerts page. Held back so far:\n%(named)s%(more)s"
            )
            % {"named": named, "more": more}
        ),
        url=settings.PUBLIC_URL + reverse("alerts"),
        key=f"tickfolio-used-up-{used.pk}-{used.day}",
    )
