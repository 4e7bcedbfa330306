"""Selector: by which ways somebody can be told, how each of them stands, and how the last trial of it went."""

from dataclasses import dataclass
from enum import StrEnum

from allauth.account.models import EmailAddress
from django.conf import settings
from django.utils.translation import gettext, gettext_noop, ngettext

from accounts.models import User
from notifications.conversation import has_stopped
from notifications.models import PushSubscription, TransportOff, Trial
from notifications.transports import TRANSPORTS
from notifications.transports.base import Transport


class State(StrEnum):
    READY = gettext_noop("Ready")
    UNPROVED = gettext_noop("Not confirmed")
    UNUSED = gettext_noop("Not in use")
    ABSENT = gettext_noop("Not set up on this site")
    STOPPED = gettext_noop("Stopped by you")
    OFF = gettext_noop("Switched off")


@dataclass(frozen=True, slots=True)
class Way:
    """One transport as the delivery settings show it; `words` say what it does, or what is to be done first."""

    name: str
    label: str
    state: State
    words: str
    address: str = ""
    off: TransportOff | None = None
    trial: Trial | None = None

    @property
    def can_try(self) -> bool:
        return self.state is State.READY


def ways_of(user: User) -> list[Way]:
    """All transports there are, in their order."""
    offs = {off.transport: off for off in TransportOff.objects.filter(user=user)}
    trials = {trial.transport: trial for trial in Trial.objects.filter(user=user).order_by("pk")}
    return [way_of(user, each, offs.get(name), trials.get(name)) for name, each in TRANSPORTS.items()]


def way_of(user: User, transport: Transport, off: TransportOff | None, trial: Trial | None) -> Way:
    state, words, address = standing(user, transport)
    if off is not None and state is not State.ABSENT:
        state = State.OFF
    return Way(transport.name, str(transport.label), state, words, address, off, trial)


def standing(user: User, transport: Transport) -> tuple[State, str, str]:
    """How it stands but for having been switched off, in words, and where it goes."""
    if not transport.is_configured():
        return State.ABSENT, gettext(HOW_TO_SET_UP[transport.name]) if transport.name in HOW_TO_SET_UP else "", ""
    target = transport.target(user)
    match transport.name:
        case "email":
            address = target or primary_address(user)
            if target is None:
                return (
                    State.UNPROVED,
                    gettext("Nothing is sent until you have followed the link in the mail to it."),
                    address,
                )
            where = gettext(" This site prints its mail in its log.") if settings.EMAIL_ON_CONSOLE else ""
            return (
                State.READY,
                gettext("One mail for each alert; several at once come as one.%(where)s") % {"where": where},
                address,
            )
        case "whatsapp":
            if target is not None:
                return State.READY, gettext("One message for each alert; several at once come as one."), target
            if has_stopped(user):
                return State.STOPPED, gettext("You sent STOP by WhatsApp. Send START to get messages again."), ""
            return State.UNUSED, gettext("Link your number first."), ""
        case "webpush":
            count = PushSubscription.objects.of(user).count()
            browsers = ngettext("%(count)s browser", "%(count)s browsers", count) % {"count": count} if count else ""
            words = gettext("Shown by the browsers you allow, also while no page of Tickfolio is open.")
            return (State.READY if count else State.UNUSED), words, browsers
        case _:
            return State.READY, gettext("Shown in every open page of yours, or else in the next one you open."), ""


HOW_TO_SET_UP = {
    "whatsapp": gettext_noop("Its operator can switch it on with a Twilio account."),
    "webpush": gettext_noop("Its operator can switch it on with a key (VAPID_PRIVATE_KEY)."),
    "email": gettext_noop("Its operator can switch it on with a mail server."),
}


def primary_address(user: User) -> str:
    address = EmailAddress.objects.filter(user=user).order_by("-primary", "pk").values_list("email", flat=True).first()
    return address or user.email
