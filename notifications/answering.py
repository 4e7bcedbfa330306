"""Service: a message on WhatsApp is obeyed and answered once. What is answered is notifications.answers' business.

The number decides who is asking: only an account that has proved it gets figures. Everybody else learns how to link.
"""

from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog
from django.conf import settings
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils.translation import gettext, gettext_noop

from accounts.locales import as_read_by
from accounts.models import User
from dashboard import clock
from notifications import conversation
from notifications.answers import LONGEST, Found, answer, find
from notifications.locks import one_at_a_time
from notifications.models import InboundMessage
from notifications.switching import switch_on
from notifications.talking import Ask, Command, Price, Remind, Snooze, Switch, Unclear, Word, understand
from notifications.whatsapp_numbers import line, spellings

logger = structlog.get_logger(__name__)

WINDOW: Final = timedelta(minutes=10)
PER_WINDOW: Final = 30
"""Answers to a linked number within ten minutes."""
PER_DAY: Final = 3
"""Answers to a number of nobody within a day."""
OPTED: Final = {"STOP": Word.STOP, "START": Word.START, "HELP": Word.HELP}
"""Twilio's words for what it has done and answered by itself, where the operator lets it."""

ALWAYS_OBEYED: Final = {Word.STOP, Word.START}

STOPPED: Final = gettext_noop(
    "You get no more messages here. Your reminders go on and use your other ways. Send START to get messages again."
)
STARTED: Final = gettext_noop("You get messages here again. Send HELP to see what you can ask.")
SILENT: Final = gettext_noop("You have stopped messages to this number. Send START to get answers and alerts again.")
TOO_MANY: Final = gettext_noop("That was a lot of messages. I answer again in ten minutes.")


@dataclass(frozen=True, slots=True)
class Inbound:
    """A message as it came: its id, the number in E.164, its text, and what Twilio did about it by itself."""

    sid: str
    number: str
    text: str
    opted: str = ""


def receive(message: Inbound) -> str:
    """Obey the message, and the answer to it; nothing where it came before, or too often."""
    now = clock.now()
    user = owner_of(message.number)
    command = understand(message.text, user.currency if user else "usd")
    if message.opted.upper() in OPTED:
        command = Ask(OPTED[message.opted.upper()])
    named = command.coin if isinstance(command, Price | Remind) else None
    # The price source may be asked for a coin: not while the database is held, and not for everybody.
    asks = user is not None and named is not None and answers_left(message.number, user, now) > 0
    found = find(named) if asks and named else Found()
    try:
        with transaction.atomic(), as_read_by(user) if user else nullcontext():
            one_at_a_time(f"notifications.inbound.{message.number}")
            said = answer_once(message, user, command, found, now)
    except IntegrityError:
        if not InboundMessage.objects.filter(sid=message.sid).exists():
            raise
        return ""
    return "" if message.opted else said[:LONGEST]


def owner_of(number: str) -> User | None:
    """Who has proved the number; the one who did so last, if several have."""
    proved = User.objects.filter(
        whatsapp_number__in=spellings(number), whatsapp_verified_at__isnull=False, is_active=True
    )
    return proved.order_by("-whatsapp_verified_at", "-pk").first()


def answers_left(number: str, user: User | None, now: datetime) -> int:
    """How many more messages of the number are answered now."""
    span, most = (WINDOW, PER_WINDOW) if user else (timedelta(days=1), PER_DAY)
    return most - InboundMessage.objects.filter(number=line(number), received_at__gt=now - span).count()


def answer_once(message: Inbound, user: User | None, command: Command, found: Found, now: datetime) -> str:
    """Inside the transaction: everything that the message does is done with the mark that it was, or not at all."""
    if InboundMessage.objects.filter(sid=message.sid).exists():
        return ""
    conversation.heard_from(message.number, now)
    word = word_of(command)
    left = answers_left(message.number, user, now)
    obeyed = left > 0 or word in ALWAYS_OBEYED
    if left < 0 and not obeyed:
        return ""
    InboundMessage.objects.create(
        sid=message.sid, number=line(message.number), user=user, command=word or "unknown", received_at=now
    )
    logger.info("inbound.message", user=user.pk if user else None, command=word or "unknown", left=left)
    if not obeyed:
        return gettext(TOO_MANY) if user else ""
    said = reply(message.number, user, command, found, now)
    return said if left > 0 else ""


def word_of(command: Command) -> Word | None:
    if isinstance(command, Ask | Unclear):
        return command.word
    if isinstance(command, Switch):
        return Word.RESUME if command.on else Word.PAUSE
    words: dict[type, Word] = {Price: Word.PRICE, Remind: Word.REMIND, Snooze: Word.SNOOZE}
    return words.get(type(command))


def reply(number: str, user: User | None, command: Command, found: Found, now: datetime) -> str:
    if command == Ask(Word.STOP):
        conversation.stop(number, now)
        return gettext(STOPPED) if user else ""
    if command == Ask(Word.START):
        conversation.resume(number)
    if user is None:
        return how_to_link()
    if command == Ask(Word.START):
        switch_on(user, "whatsapp")
        return gettext(STARTED)
    if conversation.has_stopped(user) and command != Ask(Word.HELP):
        return gettext(SILENT)
    return answer(user, command, found, now)


def how_to_link() -> str:
    return gettext(
        "This number is not linked to an account. Log in at %(public_url)s%(reverse)s and enter "
        "it under WhatsApp; you then get a code here."
    ) % {"public_url": settings.PUBLIC_URL, "reverse": reverse("settings")}
