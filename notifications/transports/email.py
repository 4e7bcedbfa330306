"""E-mail by Django's backend, to addresses whose owner has confirmed them.

A mail server can't be asked whether it has a message: one whose outcome is unknown is repeated with the same
Message-ID, by which the reader's program shows it once.
"""

import smtplib
from contextlib import suppress
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.template.loader import render_to_string
from django.utils import timezone

from accounts.models import User
from notifications.models import Delivery
from notifications.transports.base import CannotTell, InDoubt, Message, NotAccepted, Receipt, Report

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
            raise NotAccepted(f"The mail server can't be reached: {error}.") from error
        try:
            connection.send_messages([mail])
        except smtplib.SMTPRecipientsRefused as error:
            code, words = next(iter(error.recipients.values()))
            raise refusal(code, words, of_recipient=True) from error
        except smtplib.SMTPResponseException as error:
            raise refusal(error.smtp_code, error.smtp_error) from error
        except (smtplib.SMTPException, OSError) as error:
            raise InDoubt("The mail server broke off before it said whether it took the message.") from error
        finally:
            hang_up(connection)
        return Receipt(provider_id=mail.extra_headers["Message-ID"])

    def find(self, message: Message, target: str, since: datetime) -> Receipt | None:
        raise CannotTell("A mail server can't be asked.", ever=False)

    def follow(self, provider_id: str) -> Report:
        raise CannotTell("Mail is not followed.", ever=False)


def compose(message: Message, target: str) -> EmailMultiAlternatives:
    context = {"message": message, "site": settings.PUBLIC_URL}
    with timezone.override(message.user.zone):
        text = render_to_string("notifications/email.txt", context)
        html = render_to_string("notifications/email.html", context)
    mail = EmailMultiAlternatives(
        subject=" ".join(message.title.split()),
        body=text,
        to=[target],
        headers={
            "Message-ID": f"<{message.key}@{urlsplit(settings.PUBLIC_URL).hostname}>",
            "Auto-Submitted": "auto-generated",
        },
    )
    mail.attach_alternative(html, "text/html")
    return mail


def refusal(code: int, words: bytes | str, *, of_recipient: bool = False) -> NotAccepted:
    said = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    said = " ".join(said.split())[:200]
    return NotAccepted(
        f"The mail server refused it: {code} {said}",
        permanent=code >= 500,
        unreachable=of_recipient and code in NO_SUCH_MAILBOX,
    )


def hang_up(connection: BaseEmailBackend) -> None:
    """The message's fate is known already: how the goodbye goes does not matter."""
    with suppress(smtplib.SMTPException, OSError):
        connection.close()
