"""What we know of a WhatsApp number from what it writes to us: until when free text reaches it, whether it wants any.

All of it belongs to the number, not to the account: WhatsApp's 24 hours and STOP do not change hands with a link.
"""

from datetime import datetime, timedelta
from typing import Final

from accounts.models import User
from dashboard import clock
from notifications.models import Conversation
from notifications.ringing import look_again
from notifications.whatsapp_numbers import line, spellings

WINDOW: Final = timedelta(hours=24)
"""How long after somebody wrote WhatsApp lets us write to them freely."""


def heard_from(number: str, now: datetime) -> Conversation:
    """The number (E.164) has written to us at `now`: the window is open anew."""
    conversation, is_new = Conversation.objects.get_or_create(number=line(number), defaults={"last_inbound_at": now})
    if not is_new and (conversation.last_inbound_at is None or conversation.last_inbound_at < now):
        conversation.last_inbound_at = now
        conversation.save(update_fields=["last_inbound_at"])
    return conversation


def window_is_open(user: User, now: datetime) -> bool:
    """Whether the user wrote from their number within the last 24 hours."""
    conversation = conversation_of(user)
    last = None if conversation is None else conversation.last_inbound_at
    return last is not None and now - last < WINDOW


def has_stopped(user: User) -> bool:
    """Whether the user's number has sent STOP and no START since."""
    conversation = conversation_of(user)
    return conversation is not None and conversation.stopped_at is not None


def number_has_stopped(number: str) -> bool:
    """The same of a number that need not be anybody's."""
    return Conversation.objects.filter(number=line(number), stopped_at__isnull=False).exists()


def snoozed_until(user: User) -> datetime | None:
    """Until when WhatsApp alerts to the user are to be held back; None, or a time that has passed: they are not."""
    conversation = conversation_of(user)
    return None if conversation is None else conversation.snoozed_until


def conversation_of(user: User) -> Conversation | None:
    if not user.whatsapp_number or user.whatsapp_verified_at is None:
        return None
    return Conversation.objects.filter(number=line(str(user.whatsapp_number))).first()


def stop(number: str, now: datetime) -> None:
    """Nothing more is to be written to the number, until it sends START."""
    Conversation.objects.update_or_create(number=line(number), defaults={"stopped_at": now})


def resume(number: str) -> None:
    """The number wants messages again, and at once: a snooze ends with it."""
    Conversation.objects.filter(number=line(number)).update(stopped_at=None, snoozed_until=None)
    release(number)


def snooze(number: str, until: datetime | None) -> None:
    """Hold WhatsApp alerts back until then; None: no longer."""
    if until is None:
        Conversation.objects.filter(number=line(number)).update(snoozed_until=None)
    else:
        Conversation.objects.update_or_create(number=line(number), defaults={"snoozed_until": until})
    release(number)


def release(number: str) -> None:
    """What was held back from the number is looked at again: it goes out now, or waits by the new rule."""
    look_again(clock.now(), transport="whatsapp", user__whatsapp_number__in=spellings(number))
