"""What is said on an exchange's feed, whichever exchange it is: the events that its protocol is read into, its limits.

Pure: no network and no clock. One module per exchange implements `Exchange` from that exchange's public documentation.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Final, Protocol

from dashboard.market import wire
from dashboard.market.source import SourceGarbled
from dashboard.market.wire import parse_json
from dashboard.money import quantize

HIGHEST: Final = Decimal("1e15")
LATEST: Final = Decimal(4_000_000_000_000)
"""Milliseconds since 1970; some time in the year 2096."""
LONGEST: Final = 64


@dataclass(frozen=True, slots=True)
class Price:
    """The last trade of a pair in units of its target; `volume` is what was traded in 24 hours, in units of its base.

    `at` is the exchange's own time.
    """

    pair: str
    price: Decimal
    at: datetime
    volume: Decimal


@dataclass(frozen=True, slots=True)
class Subscribed:
    """The exchange has taken note of these pairs."""

    pairs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Refused:
    """Pairs that the exchange will not tell of, and its reason."""

    pairs: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Behind:
    """A trade of this pair was told of, and its price was not: something got lost on the way."""

    pair: str


@dataclass(frozen=True, slots=True)
class Trouble:
    """The exchange complains of something that is no single pair's matter, such as too many messages."""

    reason: str


@dataclass(frozen=True, slots=True)
class Farewell:
    """The exchange is about to end the connection."""


Event = Price | Subscribed | Refused | Behind | Trouble | Farewell


@dataclass(frozen=True, slots=True)
class Limits:
    """What one connection may carry, and how fast it may be spoken to."""

    pairs_a_connection: int
    pairs_a_message: int
    messages_a_second: float


class Talk(Protocol):
    """What is said on one connection, from its first message on."""

    def subscribe(self, pairs: Sequence[str]) -> str:
        """The message that asks for the pairs."""

    def unsubscribe(self, pairs: Sequence[str]) -> str:
        """The message that ends what was asked for."""

    def read(self, text: str | bytes, now: datetime) -> list[Event]:
        """What a message says; nothing for what has no meaning here, such as a heartbeat. Raises SourceGarbled."""


class Exchange(Protocol):
    """`name` is that of the settings, `title` the one for people, `gecko_id` CoinGecko's."""

    name: str
    title: str
    gecko_id: str
    url: str
    limits: Limits

    def pair(self, base: str, target: str) -> str:
        """The exchange's own name of a pair of tickers."""

    def talk(self) -> Talk: ...


def read_object(text: str | bytes) -> dict[str, object]:
    """The message as an object, numbers exact. Raises SourceGarbled."""
    answer = parse_json(text)
    if not isinstance(answer, dict):
        raise SourceGarbled("a message of the feed is no object")
    return answer


def read_price(value: object) -> Decimal | None:
    """A price above zero, as text or as a number; None for anything else."""
    number = read_number(value)
    return (quantize(number) or None) if number is not None else None


def read_number(value: object) -> Decimal | None:
    """A finite number from zero on; None for anything else."""
    if isinstance(value, str):
        if len(value) > LONGEST:
            return None
        try:
            value = Decimal(value)
        except InvalidOperation:
            return None
    if not isinstance(value, Decimal) or not value.is_finite() or not 0 <= value < HIGHEST:
        return None
    return value


def read_text(value: object) -> str:
    """One printable line of at most 200 letters."""
    return "".join(letter for letter in value if letter.isprintable())[:200] if isinstance(value, str) else ""


def read_time(value: object) -> datetime | None:
    """An ISO 8601 time with its zone, if it is no longer than such a time should be."""
    return wire.read_time(value) if isinstance(value, str) and len(value) <= LONGEST else None


def read_milliseconds(value: object) -> datetime | None:
    """Milliseconds since 1970."""
    if not isinstance(value, Decimal) or not 0 <= value < LATEST:
        return None
    return datetime.fromtimestamp(int(value) / 1000, UTC)
