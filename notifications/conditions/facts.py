"""The words that conditions are told and answer in. Nothing is decided here."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Context, Decimal
from enum import StrEnum
from typing import Final

HUNDRED: Final = Decimal(100)
ZERO: Final = Decimal(0)
WIDE: Final = Context(prec=60)

Memory = Mapping[str, str]
"""What a condition must remember between two judgements: decimals as text, times as ISO."""


class Arming(StrEnum):
    """Where a reminder stands between two crossings."""

    UNKNOWN = "unknown"
    """Never judged, because there was no value yet: the first one decides where it starts."""
    ARMED = "armed"
    """The condition was false when last judged: its becoming true fires."""
    WAITING = "waiting"
    """The condition was true from the start: it arms as soon as the condition is false."""
    FIRED = "fired"
    """It has fired: it arms again beyond the re-arm band, if it repeats."""


class Watches(StrEnum):
    """Where the judged value comes from, and so what makes a reminder due for judgement."""

    PRICE = "price"
    """The price of one coin, in the reminder's currency."""
    HOLDINGS = "holdings"
    """What is held, in one portfolio or in all of them together, in the reminder's currency."""
    CLOCK = "clock"
    """Time itself: judged when it is due, with news or without."""


class Figure(StrEnum):
    """What limit and observed value are counted in."""

    MONEY = "money"
    PERCENT = "percent"
    MINUTES = "minutes"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Before:
    """What is known of a reminder before the new value: its terms, where it stands, and what it remembers.

    `rearm_band` is percent: of the limit, or percentage points where the limit is a percentage. `minutes` is how long a
    stablecoin must be off its peg. One that `is_cooling` may arm but not fire.
    """

    limit: Decimal | None
    arming: Arming
    rearm_band: Decimal = Decimal("0.5")
    repeats: bool = False
    limit_high: Decimal | None = None
    direction: str = ""
    window: str = ""
    in_percent: bool = False
    minutes: int = 0
    memory: Memory = field(default_factory=dict)
    due_at: datetime | None = None
    is_cooling: bool = False


@dataclass(frozen=True, slots=True)
class Now:
    """What is observed at the time `at`. `value` is in the reminder's currency, or percent; None is unknown.

    `base` is what the value is held against where that is not the reminder's own limit: the price at the window's
    start, the average cost. `base_at` is the time of the oldest price, `since` that of the value's own. `scale` is the
    money that a profit is made with. `low` and `high` are those of a stretch that nobody judged and that ends in
    `value`. With `own_hand` the owner changed what is held since the last judgement. `is_sure` is false where the value
    rests on one word of the source that a second one must confirm. `next_at` is when a schedule is due next.
    """

    value: Decimal | None = None
    at: datetime | None = None
    base: Decimal | None = None
    base_at: datetime | None = None
    since: datetime | None = None
    scale: Decimal | None = None
    low: Decimal | None = None
    high: Decimal | None = None
    own_hand: bool = False
    is_sure: bool = True
    after_gap: bool = False
    next_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Firing:
    """It happened: the figure that was observed and the limit that it passed, in the same unit; a report has none."""

    observed: Decimal | None
    limit: Decimal | None


@dataclass(frozen=True, slots=True)
class Judgement:
    """What became of a reminder: where it stands, what it remembers, and whether it fired.

    `due_at` is when it must be looked at again though nothing may have moved.
    """

    arming: Arming
    memory: Memory = field(default_factory=dict)
    firing: Firing | None = None
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Bound:
    """A limit and the side of it that counts. Equal is not beyond."""

    limit: Decimal
    above: bool

    def is_passed(self, value: Decimal) -> bool:
        return value > self.limit if self.above else value < self.limit

    def back(self, band: Decimal) -> "Bound":
        """The way back: the other side of a limit that lies `band` before this one."""
        return Bound(self.limit - band if self.above else self.limit + band, not self.above)

    def is_reached(self, value: Decimal) -> bool:
        """Beyond or equal: what counts on the way back."""
        return value >= self.limit if self.above else value <= self.limit


@dataclass(frozen=True, slots=True)
class Edges:
    """The prices at which something happens next, reached by rising or by falling; between them nothing can."""

    rise_to: Decimal | None = None
    fall_to: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Span:
    """Between `rise_to` and `fall_to` nothing can happen to a reminder of what is held, as long as that stays the same.

    `fires_at` is where an armed one fires, `near` how close to it is close: None is CLOSE percent of the figure.
    """

    rise_to: Decimal | None = None
    fall_to: Decimal | None = None
    fires_at: Decimal | None = None
    near: Decimal | None = None
