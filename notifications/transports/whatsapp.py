"""WhatsApp through Twilio: free text while the reader's 24-hour window is open, else the approved template.

Where no template is set (`TWILIO_CONTENT_SID`), as in Twilio's sandbox, everything is free text.
"""

import ipaddress
import json
import re
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

import structlog
from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext, gettext_noop

from accounts.models import User
from dashboard import clock
from notifications.conversation import has_stopped, window_is_open
from notifications.models import Delivery, WhatsAppCode
from notifications.transports.base import CannotTell, InDoubt, Message, NotAccepted, Progress, Receipt, Report
from notifications.twilio_api import (
    TwilioError,
    TwilioMessage,
    TwilioRefused,
    TwilioUnanswered,
    TwilioUnreachable,
    create_message,
    fetch_message,
    messages_since,
)

logger = structlog.get_logger(__name__)

LONGEST_TEXT: Final = 1500
LONGEST_VARIABLE: Final = 1300
SKEW: Final = timedelta(minutes=2)
"""How far Twilio's clock may be behind ours."""

WITHOUT_CALLBACKS: Final = timedelta(seconds=5)
WITH_CALLBACKS: Final = timedelta(minutes=10)

# What Twilio's codes mean for a person. `True`: no message will reach this number until something is done about it.
PERMANENT: Final[dict[int, tuple[str, bool]]] = {
    20003: (gettext_noop("This site's Twilio account is not accepted; its operator has to mend that."), False),
    21211: (gettext_noop("The number is not a valid phone number."), True),
    21608: (gettext_noop("This site's Twilio trial account may not write to the number."), False),
    21610: (gettext_noop("You have opted out of messages by sending STOP."), True),
    21614: (gettext_noop("The number is not a mobile number."), True),
    63003: (gettext_noop("The number is not on WhatsApp."), True),
    63007: (gettext_noop("This site's WhatsApp sender is not set up rightly; its operator has to mend that."), False),
    63015: (gettext_noop("The number has not joined the WhatsApp sandbox yet: send its join word first."), False),
    63016: (
        gettext_noop("WhatsApp takes only approved templates now, because you have not written for 24 hours."),
        False,
    ),
    63021: (gettext_noop("WhatsApp refused the content of the message."), False),
    63024: (gettext_noop("The number can't receive WhatsApp messages."), True),
}
FOR_THE_OPERATOR: Final = {20003, 21608, 63007}
BUSY: Final = {20429, 63018}

PROGRESS: Final = {
    "accepted": Progress.SENT,
    "scheduled": Progress.SENT,
    "queued": Progress.SENT,
    "sending": Progress.SENT,
    "sent": Progress.SENT,
    "delivered": Progress.DELIVERED,
    "read": Progress.READ,
    "undelivered": Progress.FAILED,
    "failed": Progress.FAILED,
    "canceled": Progress.FAILED,
}


class WhatsApp:
    name = Delivery.Transport.WHATSAPP.value
    label = Delivery.Transport.WHATSAPP.label

    def is_configured(self) -> bool:
        return bool(settings.TWILIO_ACCOUNT_SID and settings.TWILIO_AUTH_TOKEN and settings.TWILIO_WHATSAPP_FROM)

    def target(self, user: User) -> str | None:
        proved = user.whatsapp_number and user.whatsapp_verified_at is not None
        return str(user.whatsapp_number) if proved and not has_stopped(user) else None

    def send(self, message: Message, target: str) -> Receipt:
        template = "" if window_is_open(message.user, clock.now()) else settings.TWILIO_CONTENT_SID
        try:
            sent = create_message(
                target,
                body=in_one_text(message),
                content_sid=template,
                variables=json.dumps({"1": in_one_line(message), "2": message.url}),
                status_callback=callback_url(message.delivery),
            )
        except TwilioUnanswered as error:
            raise InDoubt(str(error)) from error
        except TwilioUnreachable as error:
            raise NotAccepted(str(error)) from error
        except TwilioRefused as error:
            permanent = 400 <= error.status < 500 and error.status != 429
            raise fault(error.code, str(error), permanent=permanent, retry_after=error.retry_after) from error
        if PROGRESS.get(sent.status) is Progress.FAILED:
            raise fault(sent.error_code, gettext("Twilio could not send it."))
        return Receipt(provider_id=sent.sid, follow=follow_after())

    def find(self, message: Message, target: str, since: datetime) -> Receipt | None:
        try:
            sent = messages_since(target, since - SKEW)
        except TwilioError as error:
            raise CannotTell(str(error)) from error
        found = match(message, sent)
        return None if found is None else Receipt(provider_id=found.sid, follow=follow_after())

    def follow(self, provider_id: str) -> Report:
        try:
            return report(fetch_message(provider_id))
        except TwilioError as error:
            raise CannotTell(str(error)) from error


def follow_after() -> timedelta:
    """When to ask first: soon, or late where Twilio says by itself how it went on."""
    return WITH_CALLBACKS if is_public(settings.PUBLIC_URL) else WITHOUT_CALLBACKS


def match(message: Message, sent: list[TwilioMessage]) -> TwilioMessage | None:
    """The one among these that is `message`: by its link, else, where no text is kept, one that nobody else owns."""
    link = re.compile(re.escape(message.url) + r"(?!\w)")
    for one in sent:
        if link.search(one.body):
            return one
    sids = [one.sid for one in sent]
    known = set(Delivery.objects.filter(provider_id__in=sids).values_list("provider_id", flat=True))
    known |= set(WhatsAppCode.objects.filter(provider_id__in=sids).values_list("provider_id", flat=True))
    return next((one for one in sent if one.sid not in known and not one.body), None)


def report(message: TwilioMessage) -> Report:
    progress = PROGRESS.get(message.status, Progress.SENT)
    if progress is not Progress.FAILED:
        return Report(progress)
    return Report(progress, fault(message.error_code, gettext("WhatsApp could not deliver it.")))


def fault(
    code: int | None, words: str, *, permanent: bool = False, retry_after: timedelta | None = None
) -> NotAccepted:
    """Our error for one of Twilio's codes, in plain words; the operator's faults go into the log."""
    if code in FOR_THE_OPERATOR:
        logger.error("twilio.misconfigured", code=code, words=words)
    if code in PERMANENT:
        reason, unreachable = PERMANENT[code]
        reason = gettext(reason)
        return NotAccepted(
            gettext("%(reason)s (Twilio %(code)s)") % {"reason": reason, "code": code},
            permanent=True,
            unreachable=unreachable,
        )
    if code in BUSY:
        return NotAccepted(
            gettext("WhatsApp takes no more messages at the moment. (Twilio %(code)s)") % {"code": code},
            retry_after=retry_after,
        )
    return NotAccepted(
        gettext("%(words)s (Twilio %(code)s)") % {"words": words, "code": code} if code else words,
        permanent=permanent,
        retry_after=retry_after,
    )


def in_one_line(message: Message) -> str:
    """Templates take no line breaks in their variables."""
    if message.parts:
        head, *titles = message.text.split("\n")
        kept = fitting([title.removeprefix("• ") for title in titles], LONGEST_VARIABLE - len(head) - 2, "; ")
        return f"{head} {'; '.join(kept)}"
    text = f"{message.text} Note: {message.note}" if message.note else message.text
    return " ".join(text.split())[:LONGEST_VARIABLE]


def in_one_text(message: Message) -> str:
    """Text, note and link; the link is there whatever else has to be left out."""
    room = LONGEST_TEXT - len(message.url) - 2
    if message.parts:
        text = "\n".join(fitting(message.text.split("\n"), room, "\n"))
    else:
        text = f"{message.text}\n\n{message.note}" if message.note else message.text
    return f"{text[:room]}\n\n{message.url}"


def fitting(lines: list[str], room: int, between: str) -> list[str]:
    """As many of the lines as there is room for, and how many are left out."""
    if len(between.join(lines)) <= room:
        return lines
    kept: list[str] = []
    for line in lines:
        more = gettext("… and %(kept)s more") % {"kept": len(lines) - len(kept)}
        if len(between.join([*kept, line, more])) > room:
            return [*kept, more]
        kept.append(line)
    return kept


def callback_url(delivery: int | None) -> str:
    """Where Twilio may say how it went on; nothing where the site can't be reached from outside."""
    if delivery is None or not is_public(settings.PUBLIC_URL):
        return ""
    return f"{settings.PUBLIC_URL}{reverse('twilio_status')}?delivery={delivery}"


def is_public(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        return "." in host and not host.endswith((".local", ".localhost", ".internal", ".lan", ".test", ".home.arpa"))
