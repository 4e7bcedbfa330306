"""Service: linking a WhatsApp number to an account. A number counts only once a code sent to it came back."""

import json
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext, gettext_noop

from accounts.models import User
from dashboard import clock
from notifications.conversation import has_stopped, number_has_stopped, snooze, snoozed_until
from notifications.locks import one_at_a_time
from notifications.models import TransportOff, WhatsAppCode
from notifications.transports import TRANSPORTS
from notifications.transports.whatsapp import fault, is_public
from notifications.twilio_api import TwilioError, TwilioRefused, TwilioUnanswered, create_message

logger = structlog.get_logger(__name__)

VALID: Final = timedelta(minutes=10)
TRIES: Final = 5
DAY: Final = timedelta(days=1)
# Codes in a day. Whoever reaches a cap learns only that there were too many, not whose.
PER_USER: Final = 5
PER_NUMBER: Final = 5
PER_ADDRESS: Final = 20
PER_SITE: Final = 200

WRONG: Final = gettext_noop("This code is wrong or no longer valid. Check it, or ask for a new one.")
TOO_MANY: Final = gettext_noop("Too many codes were asked for. Try again tomorrow.")


class LinkingError(Exception):
    """The message is for the person, beside the field."""


@dataclass(frozen=True, slots=True)
class LinkState:
    """What the settings page shows."""

    offered: bool
    sender: str
    sandbox: bool
    number: str
    pending: str
    off: TransportOff | None
    answers: bool
    """Whether what is written to the sender can reach this site."""
    stopped: bool
    snoozed_until: datetime | None


def link_state(user: User) -> LinkState:
    now = clock.now()
    pending = open_codes(user, now).order_by("-pk").values_list("number", flat=True).first()
    until = snoozed_until(user)
    return LinkState(
        offered=TRANSPORTS["whatsapp"].is_configured(),
        sender=settings.TWILIO_WHATSAPP_FROM,
        sandbox=not settings.TWILIO_VERIFY_CONTENT_SID,
        number=str(user.whatsapp_number) if user.whatsapp_verified_at is not None else "",
        pending=pending or "",
        off=TransportOff.objects.filter(user=user, transport="whatsapp").first(),
        answers=is_public(settings.PUBLIC_URL),
        stopped=has_stopped(user),
        snoozed_until=until if until and until > now else None,
    )


def send_code(user: User, number: str, ip: str | None) -> None:
    """Send a fresh code to `number` (E.164); earlier ones of this user end. Raises LinkingError."""
    if not TRANSPORTS["whatsapp"].is_configured():
        raise LinkingError(gettext("WhatsApp is not set up on this site."))
    if number_has_stopped(number):
        raise LinkingError(
            gettext("This number has sent STOP. Send START from it to %(twilio_whatsapp_from)s first.")
            % {"twilio_whatsapp_from": settings.TWILIO_WHATSAPP_FROM}
        )
    code = f"{secrets.randbelow(10**6):06d}"
    row = register(user, number, ip, code, clock.now())
    try:
        sent = create_message(
            number,
            body=gettext("%(code)s is your Tickfolio code, valid for 10 minutes. Ignore it if you did not ask for it.")
            % {"code": code},
            content_sid=settings.TWILIO_VERIFY_CONTENT_SID,
            variables=json.dumps({"1": code}),
        )
    except TwilioUnanswered:
        logger.warning("linking.unanswered", code=row.pk)
        return  # it may have arrived: the person sees whether it did
    except TwilioRefused as error:
        WhatsAppCode.objects.filter(pk=row.pk).update(ended_at=clock.now())
        raise LinkingError(fault(error.code, str(error)).reason) from error
    except TwilioError as error:
        WhatsAppCode.objects.filter(pk=row.pk).update(ended_at=clock.now())
        raise LinkingError(gettext("%(error)s Try again in a minute.") % {"error": error}) from error
    WhatsAppCode.objects.filter(pk=row.pk).update(provider_id=sent.sid[:64])


def register(user: User, number: str, ip: str | None, code: str, now: datetime) -> WhatsAppCode:
    """Count the code against every cap, exactly, and keep its digest. Raises LinkingError."""
    with transaction.atomic():
        one_at_a_time("notifications.linking")
        recent = WhatsAppCode.objects.filter(created_at__gt=now - DAY)
        if (
            recent.filter(user=user).count() >= PER_USER
            or recent.filter(number=number).count() >= PER_NUMBER
            or (ip and recent.filter(ip=ip).count() >= PER_ADDRESS)
            or recent.count() >= PER_SITE
        ):
            raise LinkingError(gettext(TOO_MANY))
        open_codes(user, now).update(ended_at=now)
        return WhatsAppCode.objects.create(
            user=user, number=number, ip=ip, digest=digest(user, number, code), created_at=now, expires_at=now + VALID
        )


def confirm(user: User, code: str) -> str:
    """Take the number as the user's if `code` is the one that was sent to it; the number. Raises LinkingError."""
    now = clock.now()
    row = open_codes(user, now).order_by("-pk").first()
    if row is None or not open_codes(user, now).filter(pk=row.pk).update(tries=F("tries") + 1):
        raise LinkingError(gettext(WRONG))
    if not constant_time_compare(row.digest, digest(user, row.number, "".join(code.split()))):
        raise LinkingError(gettext(WRONG))
    with transaction.atomic():
        if not WhatsAppCode.objects.filter(pk=row.pk, ended_at__isnull=True).update(ended_at=now):
            raise LinkingError(gettext(WRONG))
        user.whatsapp_number, user.whatsapp_verified_at = row.number, now
        user.save(update_fields=["whatsapp_number", "whatsapp_verified_at"])
        TransportOff.objects.filter(user=user, transport="whatsapp").delete()
        snooze(row.number, None)
    return row.number


def unlink(user: User) -> None:
    """Forget the number, and any code under way."""
    with transaction.atomic():
        open_codes(user, clock.now()).update(ended_at=clock.now())
        user.whatsapp_number, user.whatsapp_verified_at = "", None
        user.save(update_fields=["whatsapp_number", "whatsapp_verified_at"])


def open_codes(user: User, now: datetime) -> QuerySet[WhatsAppCode]:
    return WhatsAppCode.objects.filter(Q(tries__lt=TRIES), user=user, ended_at__isnull=True, expires_at__gt=now)


def digest(user: User, number: str, code: str) -> str:
    return salted_hmac("notifications.linking", f"{user.pk}:{number}:{code}", algorithm="sha256").hexdigest()
