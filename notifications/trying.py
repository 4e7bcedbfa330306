"""Service: a message that somebody sends themselves, through the real transport, to see whether it works."""

import time
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext, gettext_noop

from accounts.models import User
from dashboard import clock
from notifications.allowance import spend_one
from notifications.locks import one_at_a_time
from notifications.models import TransportOff, Trial
from notifications.transports.base import CannotTell, InDoubt, Message, NotAccepted, Progress, Receipt, Transport
from notifications.using_up import reason as used_up

MOST: Final = 10
SPAN: Final = timedelta(hours=1)
"""So many trials in such a time, exact under concurrency."""
KEPT: Final = timedelta(days=30)
LOOKS: Final = 4
BETWEEN: Final = 0.7
"""How often, and at what intervals in seconds, a provider is asked at once what became of it."""


class TooManyTrials(Exception):
    """Why nothing is sent now, in words."""


def try_out(user: User, transport: Transport) -> Trial:
    """Send a test message, and say how that went. Raises TooManyTrials."""
    trial = begin(user, transport, clock.now())
    accepted, outcome = attempt(user, transport, trial)
    trial.accepted, trial.outcome = accepted, outcome[:500]
    trial.save(update_fields=["accepted", "outcome"])
    return trial


def begin(user: User, transport: Transport, now: datetime) -> Trial:
    """Count it. What the day allows of paid messages counts for trials too."""
    with transaction.atomic():
        one_at_a_time(f"notifications.trying.{user.pk}")
        mine = Trial.objects.filter(user=user)
        if mine.filter(at__gt=now - SPAN).count() >= MOST:
            raise TooManyTrials(
                gettext("You have sent %(most)s test messages within an hour. Wait a while.") % {"most": MOST}
            )
        if not spend_one(user, transport.name, now):
            raise TooManyTrials(used_up(transport.name))
        mine.filter(at__lt=now - KEPT).delete()
        return Trial.objects.create(user=user, transport=transport.name, at=now)


def attempt(user: User, transport: Transport, trial: Trial) -> tuple[bool | None, str]:
    """Was it taken (None: nobody knows), and what there is to say about it."""
    off = TransportOff.objects.filter(user=user, transport=transport.name).first()
    target = transport.target(user)
    if off is not None:
        return False, gettext("It is switched off: %(reason)s") % {"reason": off.reason}
    if not transport.is_configured() or target is None:
        return False, gettext("There is no confirmed address.")
    try:
        receipt = transport.send(message_of(user, transport, trial), target)
        return True, progress(transport, receipt)
    except NotAccepted as error:
        return False, error.reason
    except InDoubt as error:
        return None, gettext("%(error)s It may have arrived all the same.") % {"error": error}


def progress(transport: Transport, receipt: Receipt) -> str:
    """How far it came within a few seconds. Raises NotAccepted where the provider says that it went wrong."""
    if receipt.follow is None:
        return gettext(SENT[transport.name]) if transport.name in SENT else gettext("Taken.")
    for _ in range(LOOKS):
        time.sleep(BETWEEN)
        try:
            report = transport.follow(receipt.provider_id)
        except CannotTell:
            break
        if report.fault is not None:
            raise report.fault
        if report.progress in {Progress.DELIVERED, Progress.READ}:
            return gettext("Delivered.")
    return gettext(SENT[transport.name]) if transport.name in SENT else gettext("Taken.")


SENT: Final = {
    "toast": gettext_noop("Shown in your open pages."),
    "email": gettext_noop("The mail server took it. Look for it, also among the spam."),
    "whatsapp": gettext_noop("Twilio took it and is passing it on."),
    "webpush": gettext_noop("The push service took it and passes it to your browser."),
}


def message_of(user: User, transport: Transport, trial: Trial) -> Message:
    return Message(
        user=user,
        title=gettext("Test message from Tickfolio"),
        text=gettext("You asked for this message in your delivery settings. Alerts reach you by %(transport)s.")
        % {"transport": gettext(WORDS[transport.name])},
        url=settings.PUBLIC_URL + reverse("delivery_settings"),
        key=f"tickfolio-test-{trial.pk}",
    )


WORDS: Final = {
    "toast": gettext_noop("toast"),
    "email": gettext_noop("e-mail"),
    "whatsapp": "WhatsApp",
    "webpush": gettext_noop("push message"),
}
