"""What all transports share: what they are given, and the four ways in which telling somebody can end."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from accounts.models import User

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True, slots=True)
class Part:
    """One of several alerts in a message."""

    title: str
    text: str
    url: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """What is to be told. `key` names this one message for ever, so that a repetition can be recognised.

    Where it tells several alerts they are its `parts`, and `text` lists their titles, a line for each. `details` are
    for a transport that has room.
    """

    user: User
    title: str
    text: str
    url: str
    key: str
    note: str = ""
    details: str = ""
    parts: tuple[Part, ...] = ()
    alert: int | None = None
    delivery: int | None = None


class Progress(StrEnum):
    """How far an accepted message has come."""

    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Receipt:
    """The provider has the message. After `follow` it can be asked how it went on; None: it can't."""

    provider_id: str = ""
    follow: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What the provider says of a message it has; `fault` where it has failed."""

    progress: Progress
    fault: "NotAccepted | None" = None


class TransportError(Exception):
    """Telling did not work; the message says why in words for people."""


class NotAccepted(TransportError):
    """The provider certainly does not have the message.

    `permanent`: trying again is no use. `unreachable`: nor is any other message to this person by this transport.
    `retry_after`: how long the provider asks to be left alone.
    """

    def __init__(
        self, reason: str, *, permanent: bool = False, unreachable: bool = False, retry_after: timedelta | None = None
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.permanent = permanent or unreachable
        self.unreachable = unreachable
        self.retry_after = retry_after


class InDoubt(TransportError):
    """The message went out, but no answer came: the provider may have it or not."""


class CannotTell(TransportError):
    """Whether the provider has a message can't be found out: not now, or (`ever` false) not by any means."""

    def __init__(self, reason: str, *, ever: bool = True) -> None:
        super().__init__(reason)
        self.ever = ever


class Transport(Protocol):
    """A way of telling. Every call that leaves the process has a deadline well below a delivery's lease."""

    name: str

    @property
    def label(self) -> "StrOrPromise":
        """What people call it."""

    def is_configured(self) -> bool:
        """Is it offered on this site?"""

    def target(self, user: User) -> str | None:
        """Where it would reach the user: an address whose owner has proved it, or None."""

    def send(self, message: Message, target: str) -> Receipt:
        """Hand the message over. Raises NotAccepted or InDoubt."""

    def find(self, message: Message, target: str, since: datetime) -> Receipt | None:
        """The message if the provider has it, None if it has not. Raises CannotTell."""

    def follow(self, provider_id: str) -> Report:
        """How it went on with an accepted message. Raises CannotTell."""
