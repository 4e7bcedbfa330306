"""E-mail by Django's backend, to addresses whose owner has confirmed them.

A mail server can't be asked whether it has a message: one whose outcome is unknown is repeated with the same
Message-ID, by which the reader's program shows it once.
"""

import smtplib
from contextlib import suppress
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.template.loader import render_to_string
from django.utils.translation import get_language, gettext

from accounts.models import User
from notifications.models import Alert, Delivery
from notifications.transports.base import CannotTell, InDoubt, Message, NotAccepted, Receipt, Report
from notifications.unsubscribing import unsubscribe_url
from notifications.wording import figure_words, moment, promise

SECONDS: Final = 8
NO_SUCH_MAILBOX: Final = {550, 551, 553}


class Email:
    name = Delivery.Transport.EMAIL.value
    label = Delivery.Transport.EMAIL.label

    def is_configured(self) -> bool:
        return bool(settings.EMAIL_BACKEND)

    def target(self, user: User) -> str | None:
        confirmed = EmailAddress.objects.filter(user=user, verified=True).order_by("-primary", "pk")
        address: str | None = confirmed.values_list("email", flat=True).first()
        return address

    def send(self, message: Message, target: str) -> Receipt:
        connection = get_connection(timeout=SECONDS)
        mail = compose(message, target)
        try:
            connection.open()
        except smtplib.SMTPResponseException as error:
            raise refusal(error.smtp_code, error.smtp_error) from error
        except (smtplib.SMTPException, OSError) as error:
            raise NotAccepted(gettext("The mail server can't be reached: %(error)s.") % {"error": error}) from error
        try:
            connection.send_messages([mail])
        except smtplib.SMTPRecipientsRefused as error:
            code, words = next(iter(error.recipients.values()))
            raise refusal(code, words, of_recipient=True) from error
        except smtplib.SMTPResponseException as error:
            raise refusal(error.smtp_code, error.smtp_error) from error
        except (smtplib.SMTPException, OSError) as error:
            raise InDoubt(gettext("The mail server broke off before it said whether it took the message.")) from error
        finally:
            hang_up(connection)
        return Receipt(provider_id=mail.extra_headers["Message-ID"])

    def find(self, message: Message, target: str, since: datetime) -> Receipt | None:
        raise CannotTell(gettext("A mail server can't be asked."), ever=False)

    def follow(self, provider_id: str) -> Report:
        raise CannotTell(gettext("Mail is not followed."), ever=False)


def compose(message: Message, target: str) -> EmailMultiAlternatives:
    alert = Alert.objects.select_related("reminder__asset", "reminder__portfolio").filter(pk=message.alert or 0).first()
    if message.parts:
        alert = None
    reminder = alert.reminder if alert else None
    stop = unsubscribe_url(message.user, reminder.pk if reminder else None)
    context = {
        "message": message,
        "paragraphs": message.text.split("\n"),
        "facts": facts_of(alert, message.user.zone) if alert else [],
        "late": bool(alert and alert.late),
        "why": promise(reminder, None) if reminder else "",
        "stop": stop,
        "site": settings.PUBLIC_URL,
        "language": get_language(),
    }
    mail = EmailMultiAlternatives(
        subject=" ".join(message.title.split()),
        body=render_to_string("notifications/email.txt", context),
        to=[target],
        headers={
            "Message-ID": f"<{message.key}@{urlsplit(settings.PUBLIC_URL).hostname}>",
            "Auto-Submitted": "auto-generated",
            "List-Unsubscribe": f"<{stop}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        },
    )
    mail.attach_alternative(render_to_string("notifications/email.html", context), "text/html")
    return mail


def facts_of(alert: Alert, zone: ZoneInfo) -> list[tuple[str, str]]:
    """What was seen, exactly, and when, where its reader lives."""
    facts = []
    if alert.observed is not None:
        facts.append((gettext("Value"), figure_words(alert.observed, alert.counted_in, alert.currency, alert.limit)))
    if alert.limit is not None:
        facts.append((gettext("Limit"), figure_words(alert.limit, alert.counted_in, alert.currency)))
    if alert.price_as_of is not None:
        facts.append((gettext("Price of"), clock_time(alert.price_as_of, zone)))
    if alert.source:
        facts.append((gettext("Source"), alert.source))
    return [*facts, (gettext("Happened"), clock_time(alert.fired_at, zone))]


def clock_time(at: datetime, zone: ZoneInfo) -> str:
    """With the name of the zone: mails are read on journeys."""
    return f"{moment(at, zone)} ({at.astimezone(zone):%Z})"


def refusal(code: int, words: bytes | str, *, of_recipient: bool = False) -> NotAccepted:
    said = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    said = " ".join(said.split())[:200]
    return NotAccepted(
        gettext("The mail server refused it: %(code)s %(said)s") % {"code": code, "said": said},
        permanent=code >= 500,
        unreachable=of_recipient and code in NO_SUCH_MAILBOX,
    )


def hang_up(connection: BaseEmailBackend) -> None:
    """The message's fate is known already: how the goodbye goes does not matter."""
    with suppress(smtplib.SMTPException, OSError):
        connection.close()
