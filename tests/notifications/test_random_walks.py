"""A hundred thousand random walks: reminders fire where a reference model of plain loops says, no more and no less.

A sample is judged only where the product's own edges would have it judged, as floats like in the database.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from random import Random
from typing import Any, Final

import pytest

from notifications.conditions import CONDITIONS, Arming, Before, Judgement, Now, Watches
from tests.notifications import reference

WALKS: Final = 100_000
LENGTH: Final = 20
NOON: Final = datetime(2026, 5, 3, 12, tzinfo=UTC)
TIMES: Final = [NOON + timedelta(minutes=minute) for minute in range(40 * LENGTH)]
MARGIN: Final = 1e-9


class Sample:
    """What a walk says of one moment."""

    __slots__ = ("base", "minute", "own_hand", "unit", "value")

    def __init__(
        self, minute: int, value: int | None, base: int | None = None, own_hand: bool = False, unit: int = 100
    ) -> None:
        self.minute, self.value, self.base, self.own_hand, self.unit = minute, value, base, own_hand, unit

    def now(self, before: Before, every: int) -> Now:
        at = TIMES[self.minute]
        return Now(
            None if self.value is None else Decimal(self.value) / self.unit,
            at=at,
            base=None if self.base is None else Decimal(self.base) / 100,
            base_at=TIMES[self.base] if self.base is not None and every else None,
            since=at,
            scale=Decimal(100),
            own_hand=self.own_hand,
            next_at=TIMES[(self.minute // every + 1) * every] if every else None,
        )


def firings(kind: str, terms: Before, walk: Sequence[Sample], cool: int, every: int = 0) -> list[int]:
    """Where the product fires: each sample is picked by the edges of the last judgement, then judged."""
    condition = CONDITIONS[kind]
    by_clock = condition.watches is Watches.CLOCK
    before, fired, cooling = terms, list[int](), -1
    rise, fall, always = None, None, True
    for place, sample in enumerate(walk):
        if before.arming is Arming.FIRED and not before.repeats:
            break
        if not by_clock:
            if sample.value is None:
                continue
            figure = sample.value / sample.unit
            due = before.due_at is not None and TIMES[sample.minute] >= before.due_at
            risen = rise is not None and figure + abs(figure) * MARGIN >= rise
            fallen = fall is not None and figure - abs(figure) * MARGIN <= fall
            if not (always or due or risen or fallen or sample.own_hand):
                continue
        now = sample.now(before, every)
        before = replace(before, is_cooling=sample.minute < cooling)
        judged: Judgement = condition.judge(before, now)
        before = replace(before, arming=judged.arming, memory=judged.memory, due_at=judged.due_at)
        if judged.firing:
            fired.append(place)
            cooling = sample.minute + cool
        if condition.by_edge:
            edges = condition.edges(before, now)
            rise, fall, always = number(edges.rise_to), number(edges.fall_to), before.arming is Arming.UNKNOWN
        elif (span := condition.span(before)) is not None:
            rise, fall, always = number(span.rise_to), number(span.fall_to), False
        else:
            rise, fall, always = None, None, True
    return fired


def number(edge: Decimal | None) -> float | None:
    return None if edge is None else float(edge)


class Chance:
    """What differs from walk to walk. Prices keep to a coarse grid, so that they often equal a limit."""

    def __init__(self, seed: str) -> None:
        self.random = Random(seed)
        self.repeats = self.random.random() < 0.8
        self.band = self.random.choice([0, 50, 50, 500])
        self.cool = self.random.choice([0, 0, 0, 3])

    def walk(self, start: int = 10_000, step: int = 50, spread: int = 4) -> list[int | None]:
        value, found = start, list[int | None]()
        for _ in range(LENGTH):
            wide = spread * 10 if self.random.random() < 0.05 else spread
            value = max(step, value + step * self.random.randint(-wide, wide))
            found.append(None if self.random.random() < 0.05 else min(value, 40_000))
        return found

    def terms(self, limit: int | None = None, **more: Any) -> Before:
        return Before(
            None if limit is None else Decimal(limit) / 100,
            Arming.UNKNOWN,
            rearm_band=Decimal(self.band) / 100,
            repeats=self.repeats,
            **more,
        )

    @property
    def model(self) -> dict[str, Any]:
        return {"repeats": self.repeats, "cool": self.cool}


def samples(
    walk: Sequence[int | None], bases: Sequence[int | None] | None = None, own: Sequence[bool] | None = None
) -> list[Sample]:
    return [
        Sample(minute, value, bases[minute] if bases else None, bool(own and own[minute]))
        for minute, value in enumerate(walk)
    ]


Outcome = tuple[list[int], list[int]]
"""Where the product fires and where the model does."""


def a_price(chance: Chance, kind: str) -> Outcome:
    walk = chance.walk()
    gap = Fraction(10_000 * chance.band, 10_000)
    model = reference.limit(walk, 10_000, kind.endswith("above"), gap, **chance.model)
    return firings(kind, chance.terms(10_000), samples(walk), chance.cool), model


def what_is_held(chance: Chance, kind: str) -> Outcome:
    """Shares have bands in points; bands of profits are by the money that made them, here 100.00."""
    shift = 10_000 if kind.startswith("profit") else 0
    level = chance.random.choice([-200, 0, 100]) if shift else 10_000
    walk = [None if value is None else value - shift for value in chance.walk()]
    own = [chance.random.random() < 0.05 for _ in walk]
    in_percent = kind.startswith("profit") and chance.random.random() < 0.3
    if kind.startswith("allocation") or in_percent:
        gap = min(Fraction(chance.band), Fraction(abs(level), 2)) if level else Fraction(chance.band)
    else:
        gap = Fraction(10_000 * chance.band, 10_000)
    model = reference.limit(walk, level, kind.endswith("above"), gap, own=own, **chance.model)
    return firings(kind, chance.terms(level, in_percent=in_percent), samples(walk, own=own), chance.cool), model


def a_range(chance: Chance, kind: str) -> Outcome:
    walk, low = chance.walk(), 9_900
    high = chance.random.choice([10_000, 10_200])
    terms = chance.terms(low, limit_high=Decimal(high) / 100)
    model = {"price_leaves_range": reference.leaves, "price_enters_range": reference.enters}[kind]
    return firings(kind, terms, samples(walk), chance.cool), model(walk, low, high, chance.band, **chance.model)


def a_change(chance: Chance, kind: str) -> Outcome:
    walk, by = chance.walk(), chance.random.choice([200, 500])
    direction = chance.random.choice(["up", "down", "both"])
    window = chance.random.choice(["creation", "1h"])
    bases = chance.walk(spread=1) if window == "1h" else reference.since_first(walk)
    terms = chance.terms(by, direction=direction, window=window)
    model = reference.change(walk, bases, by, chance.band, direction, **chance.model)
    return firings(kind, terms, samples(walk, bases), chance.cool), model


def a_turn(chance: Chance, kind: str) -> Outcome:
    walk, by, falls = chance.walk(), chance.random.choice([200, 500]), chance.random.random() < 0.5
    terms = chance.terms(by, direction="down" if falls else "up")
    model = reference.trailing(walk, by, chance.band, falls, **chance.model)
    return firings(kind, terms, samples(walk), chance.cool), model


def the_cost(chance: Chance, kind: str) -> Outcome:
    walk, direction = chance.walk(), chance.random.choice(["up", "down", "both"])
    bases: list[int | None] = [10_000] * len(walk)
    gap = Fraction(10_000 * chance.band, 10_000)
    if direction == "both":
        model = reference.either_way(walk, 10_000, chance.band, **chance.model)
    else:
        model = reference.limit(walk, 10_000, direction == "up", gap, **chance.model)
    return firings(kind, chance.terms(direction=direction), samples(walk, bases), chance.cool), model


def a_peak(chance: Chance, kind: str) -> Outcome:
    walk, by = chance.walk(spread=8), chance.random.choice([200, 500])
    model = reference.drawdown(walk, by, chance.band, **chance.model)
    return firings(kind, chance.terms(by), samples(walk), chance.cool), model


def the_peg(chance: Chance, kind: str) -> Outcome:
    """The price is a hundredth of the walk's: 100.00 there is 1.00."""
    walk, minutes = chance.walk(spread=3), chance.random.choice([0, 2, 4])
    model = reference.depeg(walk, 100, chance.band, minutes, **chance.model)
    prices = [Sample(minute, value, unit=10_000) for minute, value in enumerate(walk)]
    return firings(kind, chance.terms(100, minutes=minutes), prices, chance.cool), model


def staying_away(chance: Chance, kind: str) -> Outcome:
    newest, found = 0, list[int]()
    for minute in range(LENGTH):
        newest = minute if chance.random.random() < 0.3 else newest
        found.append(newest)
    walk = [Sample(minute, None, at) for minute, at in enumerate(found)]
    model = reference.stale(found, 3, **chance.model)
    return firings(kind, chance.terms(300), walk, chance.cool, every=1), model


def a_report(chance: Chance, kind: str) -> Outcome:
    minute, looks = 0, list[int]()
    for _ in range(LENGTH):
        minute += chance.random.choice([1, 2, 3, 25])
        looks.append(minute)
    walk = [Sample(at, None) for at in looks]
    return firings(kind, chance.terms(), walk, 0, every=10), reference.schedule(looks, 10, chance.repeats)


FAMILIES: Final[dict[str, Callable[[Chance, str], Outcome]]] = {
    "price_above": a_price,
    "price_below": a_price,
    "price_leaves_range": a_range,
    "price_enters_range": a_range,
    "change": a_change,
    "trailing": a_turn,
    "balance_above": what_is_held,
    "balance_below": what_is_held,
    "profit_above": what_is_held,
    "profit_below": what_is_held,
    "break_even": the_cost,
    "allocation_above": what_is_held,
    "allocation_below": what_is_held,
    "drawdown": a_peak,
    "depeg": the_peg,
    "stale": staying_away,
    "schedule": a_report,
}


def test_every_kind_walks() -> None:
    assert FAMILIES.keys() == CONDITIONS.keys()


@pytest.mark.parametrize("kind", FAMILIES)
def test_reminders_fire_where_the_reference_says(kind: str) -> None:
    fired = 0
    for number in range(-(-WALKS // len(FAMILIES))):
        seed = f"{kind} {number}"
        ours, model = FAMILIES[kind](Chance(seed), kind)
        assert ours == model, seed
        fired += len(model)
    assert fired > WALKS / len(FAMILIES) / 2, "the walks are too tame to show anything"
