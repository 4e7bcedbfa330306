"""Service: a transport that no longer reaches somebody is switched off, and they are told so through another."""

from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext

from accounts.locales import as_read_by
from accounts.models import User
from dashboard import clock
from dashboard.live.announce import announce_alert
from notifications.models import TransportOff
from notifications.notices import write
from notifications.ringing import send
from notifications.transports import ready_for
from notifications.transports.base import Message

AGAIN_AFTER: Final = timedelta(minutes=1)
ATTEMPTS: Final = 10


def switch_off(user: User, transport: str, reason: str, now: datetime) -> None:
    """Switch it off, once; the open pages are told at once, and another transport tells it in writing."""
    with transaction.atomic():
        off, made = TransportOff.objects.get_or_create(
            user=user, transport=transport, defaults={"reason": reason[:300], "off_at": now, "due_at": now}
        )
        if made:
            transaction.on_commit(lambda: tell_page(off))
            transaction.on_commit(lambda: send("notifications.tasks.tell_off", [off.pk]))


def switch_on(user: User, transport: str) -> None:
    TransportOff.objects.filter(user=user, transport=transport).delete()


def tell_page(off: TransportOff) -> None:
    with as_read_by(off.user):
        announce_alert(off.user_id, render_to_string("notifications/_off_toast.html", {"off": off}))


def tell_off(pk: int) -> None:
    """Tell the user in writing that a transport is off, at most once."""
    now = clock.now()
    if not TransportOff.objects.filter(pk=pk, told_at__isnull=True, due_at__isnull=False).update(
        told_at=now, due_at=None
    ):
        return
    off = TransportOff.objects.select_related("user").get(pk=pk)
    with as_read_by(off.user):
        notice = notice_of(off)
    if write(notice, about=off.transport, now=now):
        return
    again = off.attempts < ATTEMPTS and len(ready_for(off.user)) > 1
    TransportOff.objects.filter(pk=pk).update(
        told_at=None, attempts=off.attempts + 1, due_at=now + AGAIN_AFTER if again else None
    )


def notice_of(off: TransportOff) -> Message:
    return Message(
        user=off.user,
        title=gettext("%(transport)s is switched off") % {"transport": off.get_transport_display()},
        text=(
            gettext(
                "Alerts no longer go out by %(transport)s: %(reason)s Your reminders keep "
                "working and use your other ways. Mend it in the settings and switch it on again."
            )
            % {"transport": off.get_transport_display(), "reason": off.reason}
        ),
        url=settings.PUBLIC_URL + reverse("delivery_settings"),
        key=f"tickfolio-off-{off.pk}",
    )
