"""Service: links in mails by which somebody switches mails off, without signing in (RFC 8058).

A link is signed, names one person and one reminder or all mail, and stays good: it can do nothing but switch off.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext, gettext_noop

from accounts.models import User
from notifications.models import Reminder, TransportOff

SALT: Final = "notifications.unsubscribing"
EMAIL: Final = "email"
REASON: Final = gettext_noop("You switched e-mail alerts off by the link in a mail.")


@dataclass(frozen=True, slots=True)
class Wish:
    """Whose mail, and whether that of one reminder only; `reminder` is None where that has been deleted."""

    user: User
    of_one: bool
    reminder: Reminder | None


def unsubscribe_url(user: User, reminder: int | None) -> str:
    """The address that switches mail of this reminder off, or of all."""
    token = signer().sign_object({"user": user.pk, "reminder": reminder})
    return settings.PUBLIC_URL + reverse("unsubscribe", args=[token])


def wish_of(token: str) -> Wish | None:
    """What a link says; None where it isn't one of ours, or the account is gone."""
    try:
        said = signer().unsign_object(token)
    except (BadSignature, ValueError):
        return None
    user = User.objects.filter(pk=said["user"], is_active=True).first()
    if user is None:
        return None
    pk = said["reminder"]
    return Wish(user, pk is not None, Reminder.objects.of(user).with_subject().filter(pk=pk).first() if pk else None)


def signer() -> Signer:
    """Its tokens hold nothing that an address has to escape."""
    return Signer(salt=SALT, sep="~")


def stop_mail_of(reminder: Reminder) -> None:
    """Let a reminder tell by its other ways only; toasts where it had none."""
    with transaction.atomic():
        stored = Reminder.objects.select_for_update().get(pk=reminder.pk)
        stored.transports = [name for name in stored.transports if name != EMAIL] or ["toast"]
        stored.fallback = [name for name in stored.fallback if name != EMAIL]
        stored.save(update_fields=["transports", "fallback"])


def stop_all_mail(user: User, now: datetime) -> None:
    """Switch e-mail off until its owner switches it on again. They know, so nobody tells them."""
    TransportOff.objects.get_or_create(
        user=user, transport=EMAIL, defaults={"reason": gettext(REASON), "off_at": now, "told_at": now}
    )
