"""One price in USD for each asset, made of what several exchanges say of it. Pure: what was said and the time come in.

The rule. An exchange counts while its connection lives, its last trade is at most a minute old and at most 10 s older
than the newest elsewhere, and its price was within 5 % of CoinGecko's when that was last stated. The price is the
median of those that count, weighted by what each traded in 24 hours, none outweighing all others together; of two it is
the one nearer to the price before. It stands if more than half of them are within 2 % of it, else there is none and
CoinGecko's counts. One alone, further than 5 % from CoinGecko's, gives none either. A leap of more than 1 % waits for a
second message, or for a second to pass.

Between two prices that are given out, what was seen at least twice within a second is kept as well, low and high: by
two exchanges where several tell, else by two messages.
"""

from collections import deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import Enum, auto
from functools import cached_property
from typing import Final

from dashboard.market.streams.exchange import Price
from dashboard.money import WIDE, plain, quantize

USD: Final = "usd"
DEPARTS: Final = Decimal("0.05")
AGREES: Final = Decimal("0.02")
LEAP: Final = Decimal("0.01")
LEAP_WAITS: Final = timedelta(seconds=1)
QUIET: Final = timedelta(seconds=60)
"""From which age on the last trade of a pair no longer counts, though its exchange lives."""
LATE: Final = timedelta(seconds=10)
"""How much older than the newest trade of other exchanges one may be to count beside it."""
OUTWEIGHS: Final = Decimal("0.9")
"""The most that an exchange counts for, in parts of all others together."""
REMEMBER_EVERY: Final = timedelta(seconds=60)
REMEMBERED: Final = 15
"""Past prices of a pair: a quarter of an hour, further than CoinGecko's price lags behind."""
NEAR: Final = timedelta(seconds=90)
"""How far apart a pair's price and CoinGecko's may be in time to be held against each other."""
ANCHOR_COUNTS: Final = timedelta(minutes=30)
WITHIN: Final = timedelta(seconds=1)
"""How close together in time two must have seen what counts as seen twice."""
KEPT: Final = timedelta(seconds=10)
"""How long a span is kept: longer than a tick takes that asks CoinGecko in vain."""
TRAIL: Final = 100
"""The most spans that are kept of an asset."""
ONE: Final = Decimal(1)
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)


class Trust(Enum):
    UNKNOWN = auto()
    """CoinGecko has stated nothing to compare it with yet."""
    TRUSTED = auto()
    DISTRUSTED = auto()


@dataclass(frozen=True, slots=True)
class Pair:
    """A pair of an exchange and what it is the price of; `target` is "usd" or the asset that it is counted in."""

    exchange: str
    name: str
    asset: str
    target: str


@dataclass(frozen=True, slots=True)
class Anchor:
    """What CoinGecko stated."""

    price: Decimal
    at: datetime


@dataclass(frozen=True)
class Span:
    """What was seen twice, in USD, after the price given out before and up to the one with the time `at`."""

    at: datetime
    low: Decimal
    high: Decimal

    @cached_property
    def text(self) -> str:
        """As JSON, its time in microseconds since 1970; made once, because it is handed over again and again."""
        return f'[{microseconds(self.at)},"{plain(self.low)}","{plain(self.high)}"]'


@dataclass(frozen=True, slots=True)
class Streamed:
    """The price of an asset by the exchanges: `at` is their own time, `sources` are those that agree on it."""

    asset: str
    price: Decimal
    at: datetime
    sources: tuple[str, ...]
    spans: tuple[Span, ...] = ()


@dataclass(slots=True)
class Leg:
    """What one exchange says of an asset by one pair."""

    pair: Pair
    price: Decimal | None = None
    at: datetime | None = None
    volume: Decimal = Decimal(0)
    trust: Trust = Trust.UNKNOWN
    judged: Decimal | None = None
    """The price in USD that trust was last decided by."""
    past: deque[tuple[datetime, Decimal]] = field(default_factory=lambda: deque(maxlen=REMEMBERED))

    def near(self, at: datetime) -> Decimal | None:
        """Its price in USD at about that time."""
        found = [(abs(at - then), usd) for then, usd in self.past if abs(at - then) <= NEAR]
        return min(found)[1] if found else None


@dataclass(slots=True)
class Two:
    """The two lowest and the two highest prices that one exchange told of."""

    low: Decimal
    high: Decimal
    second_low: Decimal | None = None
    second_high: Decimal | None = None

    def add(self, usd: Decimal) -> None:
        if usd < self.low:
            self.low, self.second_low = usd, self.low
        elif self.second_low is None or usd < self.second_low:
            self.second_low = usd
        if usd > self.high:
            self.high, self.second_high = usd, self.high
        elif self.second_high is None or usd > self.second_high:
            self.second_high = usd


@dataclass(slots=True)
class Stretch:
    """What each exchange told of since a price was given out last."""

    begun: datetime
    held: dict[str, Two] = field(default_factory=dict)


@dataclass(slots=True)
class Line:
    """An asset: what is said of it, what was given out, a leap that waits, and what was seen in between."""

    legs: dict[str, Leg] = field(default_factory=dict)
    stretches: deque[Stretch] = field(default_factory=lambda: deque(maxlen=TRAIL))
    """The last one goes on; those before are of prices that were given out."""
    spans: deque[Span] = field(default_factory=lambda: deque(maxlen=TRAIL))
    messages: int = 0
    given: Streamed | None = None
    leap: Decimal | None = None
    leap_at: datetime | None = None
    leap_by: int = 0
    is_closed: bool = True


class Board:
    """All assets. `lines` by asset, `by_name` by exchange and the exchange's name of a pair."""

    def __init__(self) -> None:
        self.lines: dict[str, Line] = {}
        self.by_name: dict[tuple[str, str], Leg] = {}
        self.anchors: dict[str, Anchor] = {}
        self.changed: set[str] = set()

    # What is watched, and what CoinGecko says

    def watch(self, pairs: Collection[Pair]) -> None:
        """These pairs from now on, and no others; what is known of those that stay is kept."""
        wanted = {(pair.exchange, pair.name): pair for pair in pairs}
        for key in [key for key, leg in self.by_name.items() if wanted.get(key) != leg.pair]:
            leg = self.by_name.pop(key)
            line = self.lines[leg.pair.asset]
            line.legs.pop(leg.pair.exchange, None)
            self.changed.add(leg.pair.asset)
        for key, pair in wanted.items():
            if key not in self.by_name:
                leg = self.by_name[key] = Leg(pair)
                self.lines.setdefault(pair.asset, Line()).legs[pair.exchange] = leg

    def anchor(self, anchors: Mapping[str, Anchor], now: datetime) -> None:
        """Hold every pair to what CoinGecko states now, where that is news."""
        for asset, anchor in anchors.items():
            if self.anchors.get(asset) == anchor:
                continue
            self.anchors[asset] = anchor
            line = self.lines.get(asset)
            for leg in line.legs.values() if line else ():
                usd = leg.near(anchor.at)
                self.decide(leg, self.usd(leg, now) if usd is None else usd)
                self.changed.add(asset)

    def decide(self, leg: Leg, usd: Decimal | None) -> None:
        anchor = self.anchors.get(leg.pair.asset)
        if usd is not None and anchor is not None:
            leg.judged = usd
            leg.trust = Trust.DISTRUSTED if departs(usd, anchor.price, DEPARTS) else Trust.TRUSTED

    def distrusted(self, exchange: str) -> list[Leg]:
        return [leg for (where, _), leg in self.by_name.items() if where == exchange and leg.trust is Trust.DISTRUSTED]

    # What exchanges say

    def hear(self, exchange: str, said: Price, now: datetime) -> None:
        """Take up a price; one that is older than what is known is passed over."""
        leg = self.by_name.get((exchange, said.pair))
        if leg is None or (leg.at is not None and leg.price is not None and said.at < leg.at):
            return
        leg.price, leg.at, leg.volume = said.price, said.at, said.volume
        asset = leg.pair.asset
        line = self.lines[asset]
        line.messages += 1
        self.changed.add(asset)
        usd = self.usd(leg, now)
        if usd is None:
            return
        if not leg.past or said.at - leg.past[-1][0] >= REMEMBER_EVERY:
            leg.past.append((said.at, usd))
        if leg.trust is Trust.UNKNOWN and self.counts(self.anchors.get(asset), now):
            self.decide(leg, usd)
        if leg.trust is Trust.TRUSTED:
            self.note(line, exchange, usd, now)

    def lose(self, exchange: str, pairs: Iterable[str]) -> None:
        """The exchange is not heard any more: what it said of these pairs does not count until it says it again."""
        for pair in pairs:
            leg = self.by_name.get((exchange, pair))
            if leg is not None and leg.price is not None:
                leg.price = None
                self.changed.add(leg.pair.asset)

    @staticmethod
    def note(line: Line, exchange: str, usd: Decimal, now: datetime) -> None:
        if line.is_closed:
            while line.stretches and now - line.stretches[0].begun > WITHIN:
                line.stretches.popleft()
            line.stretches.append(Stretch(now))
            line.is_closed = False
        held = line.stretches[-1].held
        two = held.get(exchange)
        if two is None:
            held[exchange] = Two(usd, usd)
        else:
            two.add(usd)

    @staticmethod
    def counts(anchor: Anchor | None, now: datetime) -> bool:
        return anchor is not None and now - anchor.at <= ANCHOR_COUNTS

    # What comes of it

    def usd(self, leg: Leg, now: datetime) -> Decimal | None:
        """What the leg says, in USD; None where it says nothing, or where what it counts in has no price."""
        if leg.price is None or leg.pair.target == USD:
            return leg.price
        rate = self.rate(leg.pair.target, now)
        if rate is None:
            return None
        return quantize(WIDE.multiply(leg.price, rate)) or None

    def rate(self, target: str, now: datetime) -> Decimal | None:
        """The own price of what pairs are counted in: by exchanges, else by CoinGecko."""
        line = self.lines.get(target)
        if line is not None and line.given is not None:
            return line.given.price
        anchor = self.anchors.get(target)
        return anchor.price if anchor is not None and self.counts(anchor, now) else None

    def take(self, now: datetime) -> tuple[list[Streamed], set[str]]:
        """What has changed since it was last taken: new prices, and the assets that have none any more."""
        news, gone = [], set()
        later = set()
        for asset in self.changed:
            line = self.lines[asset]
            found = self.combine(asset, now)
            if found is None:
                if line.given is not None:
                    gone.add(asset)
                line.given = line.leap = None
            elif self.waits(line, found.price, now):
                later.add(asset)
            elif line.given is None or said_by(line.given) != said_by(found):
                if line.given is None or line.given.at != found.at:
                    self.close(line, found, now)
                line.given = replace(found, spans=tuple(line.spans))
                news.append(line.given)
            if not line.legs:
                del self.lines[asset]
        self.changed = later
        return news, gone

    def everything(self, now: datetime) -> list[Streamed]:
        """All prices as they stand; what has grown old counts as changed."""
        for asset, line in self.lines.items():
            if line.given is not None and now - line.given.at > QUIET:
                self.changed.add(asset)
        return [line.given for line in self.lines.values() if line.given is not None]

    def combine(self, asset: str, now: datetime) -> Streamed | None:
        """The price by the rule above; None where none stands."""
        line = self.lines[asset]
        said: list[tuple[Decimal, Decimal, Leg]] = []
        for leg in line.legs.values():
            if leg.trust is Trust.TRUSTED and leg.at is not None and now - leg.at <= QUIET:
                usd = self.usd(leg, now)
                if usd is not None:
                    said.append((usd, usd * leg.volume, leg))
        if not said:
            return None
        newest = max(leg.at for _, _, leg in said if leg.at is not None)
        said = [each for each in said if each[2].at is not None and newest - each[2].at <= LATE]
        anchor = self.anchors.get(asset)
        if len(said) == 1 and anchor is not None and departs(said[0][0], anchor.price, DEPARTS):
            return None
        price = middle([(usd, weight) for usd, weight, _ in said], line.given.price if line.given else None)
        agreeing = [leg for usd, _, leg in said if not departs(usd, price, AGREES)]
        if 2 * len(agreeing) <= len(said):
            return None
        sources = tuple(sorted(leg.pair.exchange for leg in agreeing))
        return Streamed(asset, price, newest, sources)

    def close(self, line: Line, found: Streamed, now: datetime) -> None:
        """What was seen since the price before belongs to this one."""
        if line.is_closed:
            return
        line.is_closed = True
        recent = [stretch.held for stretch in line.stretches if now - stretch.begun <= WITHIN]
        seen = seen_twice(recent, alone=self.tell(line, now) == 1)
        if seen is not None:
            low, high = seen
            held = line.stretches[-1].held.values()
            lowest, highest = min(two.low for two in held), max(two.high for two in held)
            line.spans.append(Span(found.at, max(low, lowest), min(high, highest)))
            while found.at - line.spans[0].at > KEPT:
                line.spans.popleft()

    @staticmethod
    def tell(line: Line, now: datetime) -> int:
        """How many exchanges tell of it by prices that count, agreeing or not."""
        return sum(
            leg.trust is Trust.TRUSTED and leg.price is not None and leg.at is not None and now - leg.at <= QUIET
            for leg in line.legs.values()
        )

    @staticmethod
    def waits(line: Line, price: Decimal, now: datetime) -> bool:
        """Whether this is a leap that nothing has confirmed yet."""
        if line.given is None or not departs(price, line.given.price, LEAP):
            line.leap = None
            return False
        if line.leap is None or line.leap_at is None or departs(price, line.leap, LEAP):
            line.leap, line.leap_at, line.leap_by = price, now, line.messages
            return True
        if line.messages > line.leap_by or now - line.leap_at >= LEAP_WAITS:
            line.leap = None
            return False
        return True


def microseconds(at: datetime) -> int:
    """Since 1970."""
    return (at - EPOCH) // MICROSECOND


def departs(price: Decimal, other: Decimal, by: Decimal) -> bool:
    return abs(price - other) > by * other


def middle(said: Sequence[tuple[Decimal, Decimal]], before: Decimal | None) -> Decimal:
    """The median of prices by their weights, none outweighing all others together; of two the one nearer to `before`.

    Of two without a price before them it is the one that weighs more.
    """
    if len(said) == 1:
        return said[0][0]
    if len(said) == 2:
        if before is None:
            return max(said, key=lambda each: each[1])[0]
        return min(said, key=lambda each: abs(each[0] - before))[0]
    total = sum(weight for _, weight in said)
    capped = sorted((price, min(weight, OUTWEIGHS * (total - weight))) for price, weight in said)
    half = sum(weight for _, weight in capped) / 2
    if max(weight for _, weight in capped) >= half:  # others trade next to nothing: each counts alike then
        capped = [(price, ONE) for price, _ in capped]
        half = Decimal(len(capped)) / 2
    below = Decimal(0)
    for price, weight in capped:
        below += weight
        if below >= half:
            return price
    raise AssertionError("the weights sum up to less than their half")


def said_by(given: Streamed) -> tuple[Decimal, datetime, tuple[str, ...]]:
    return given.price, given.at, given.sources


def seen_twice(recent: Sequence[Mapping[str, Two]], *, alone: bool) -> tuple[Decimal, Decimal] | None:
    """The second lowest and the second highest: of one exchange's messages, or of what each of several saw."""
    if alone:
        twos = [two for held in recent for two in held.values()]
        lows = [low for two in twos for low in (two.low, two.second_low) if low is not None]
        highs = [high for two in twos for high in (two.high, two.second_high) if high is not None]
    else:
        exchanges = {exchange for held in recent for exchange in held}
        lows = [min(held[exchange].low for held in recent if exchange in held) for exchange in exchanges]
        highs = [max(held[exchange].high for held in recent if exchange in held) for exchange in exchanges]
    return (sorted(lows)[1], sorted(highs)[-2]) if len(lows) > 1 else None
