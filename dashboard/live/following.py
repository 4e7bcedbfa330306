"""Many pages follow a move of prices together: exactly, in numpy, with the cells that move as text.

What a page is worth is kept as limbs and changes by quantity times step. Pure; pages and cells of which something is
out of the ordinary are left to dashboard.live.boards.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from itertools import accumulate, chain
from typing import Any, Final, Protocol

import numpy as np

from dashboard.live import fragments
from dashboard.live.limbs import Limbs, carry, magnitude, pack, per_cent, times, to_places, unpack
from dashboard.live.printing import PLAIN, POINTED, Figures, Pieces, press
from dashboard.live.ticker import Line
from dashboard.live.writing import Pen
from dashboard.valuation import Held, Totals

AMOUNT, SUM, GAIN_STEP, GAIN = 2, 4, 5, 7
"""Limbs after the point: of an amount, of quantity times price, of what one unit has gained, of sums of gains."""
LONGEST_QUANTITY: Final = 32
"""Digits: so that what decimals are computed with is wide enough for all products."""
MOST_COURSES: Final = 100
"""Those that are kept: where everyone holds something else they are of use to nobody."""
RATIOS: Final = frozenset({"profit_pct", "change_24h_pct"})


class Stretches:
    """Which limbs of packed numbers are which, and how they are read for many at once."""

    def __init__(self, **sizes: int) -> None:
        ends = list(accumulate(sizes.values()))
        self.where = {name: slice(end - size, end) for (name, size), end in zip(sizes.items(), ends, strict=True)}
        self.size = ends[-1]

    def read(self, packed: Iterable[Any]) -> dict[str, Limbs]:
        limbs = np.frombuffer(b"".join(packed), np.int64).reshape(-1, self.size).T.copy()
        return {name: limbs[where] for name, where in self.where.items()}


HELD: Final = Stretches(quantity=4, base=4, cost=4, invested=4)
LINES: Final = Stretches(place=1, price=4, step=4, gain_step=7)
SUMS: Final = Stretches(value=6, gain=9)
FIXED: Final = Stretches(base=4, cost=4, invested=4)


def packed(*numbers: tuple[Decimal, int]) -> bytes:
    """These numbers, with so many limbs after the point each; nothing where one doesn't fit."""
    limbs = [pack(number, places) for number, places in numbers]
    return b"" if None in limbs else b"".join(each for each in limbs if each is not None)


def pack_held(held: Held) -> bytes:
    """Of a holding: its quantity, what its profit is more than its value, its cost, what was ever invested."""
    if len(held.quantity.as_tuple().digits) > LONGEST_QUANTITY:
        return b""
    base = held.realised + held.income - held.fees - held.cost
    return packed(*((number, AMOUNT) for number in (held.quantity, base, held.cost, held.ever_invested)))


def pack_totals(totals: Totals) -> bytes:
    """Of totals: what does not move with prices."""
    base = totals.realised + totals.income - totals.fees - totals.cost
    return packed(*((number, AMOUNT) for number in (base, totals.cost, totals.ever_invested)))


def pack_sums(value: Decimal, gain: Decimal) -> bytes:
    """What all is worth, and what it has gained in a day."""
    return packed((value, SUM), (gain, GAIN))


def unpack_sums(sums: bytes) -> tuple[Decimal, Decimal]:
    cut = 8 * (2 + SUM)
    return unpack(sums[:cut]), unpack(sums[cut:])


class Careful(Protocol):
    """A page that can write by itself what is out of the ordinary."""

    sums: bytes
    fixed: bytes

    def take_sums(self, sums: bytes) -> None: ...

    def cells_of(self, asset: str, price: Decimal) -> str: ...

    def totals_text(self, fields: tuple[str, ...]) -> str: ...


class Lines(Protocol):
    """The market as the hub knows it; `courses` and what is `packed` are forgotten with each change."""

    courses: "dict[tuple[Following, frozenset[str]], Course]"
    packed: "dict[tuple[Following, str], bytes | None]"

    def line(self, asset: str, pen: Pen) -> Line: ...


@dataclass(slots=True, eq=False)
class Course:
    """What a change of the market means for pages that show and hold the same assets.

    `market` are the cells of all that have `changed` which everyone sees alike; `lines` are what is packed of those
    `assets` the prices of which have moved. It `fits` where nothing else has changed.
    """

    changed: frozenset[str]
    market: str
    assets: list[str]
    lines: list[bytes]
    fits: bool


@dataclass(slots=True, eq=False)
class Move:
    """What is to be followed on a page; `held` is what is packed of its holdings of the course's assets."""

    following: "Following"
    board: Careful
    course: Course
    held: list[bytes | None]


class Following:
    """How pages follow that show the same of the market, of what is held and of totals (none: no sums are kept)."""

    def __init__(self, pen: Pen, market: tuple[str, ...], fields: tuple[str, ...], totals: tuple[str, ...]) -> None:
        self.pen, self.press = pen, press(pen)
        self.market, self.fields, self.totals = market, fields, totals
        self.openings: dict[str, int] = {}
        self.closes = 0
        self.opens_totals, self.closes_totals = self.open([fragments.total_id(field) for field in totals], totals)

    def open(self, ids: Sequence[str], fields: Sequence[str]) -> tuple[int, int]:
        """The places of what comes before each of these cells, and of what comes behind the last."""
        places, before = [], ""
        for id, field in zip(ids, fields, strict=True):
            places.append(self.press.opening(before + fragments.moving_cell(id, "", "").partition('">')[0]))
            before = (" %" if field in RATIOS else "") + "</span>"
        return places[0] if places else 0, self.press.opening(before)

    def course(
        self, changed: frozenset[str], lines: Lines, market: str | None = None, moving: Iterable[str] | None = None
    ) -> Course:
        """Of these assets, of which those in `moving` are held (None: all, and what comes of it is kept for others)."""
        known = {asset: lines.line(asset, self.pen) for asset in changed}
        packed = {
            asset: self.pack_line(asset, known[asset], lines) for asset in (changed if moving is None else moving)
        }
        moved = {asset: limbs for asset, limbs in packed.items() if limbs}
        course = Course(changed, market or "", [*moved], [*moved.values()], None not in packed.values())
        if moving is None:
            course.market = "".join([line.news_of(self.market) for line in known.values()])
            if len(lines.courses) < MOST_COURSES:
                lines.courses[self, changed] = course
        return course

    def pack_line(self, asset: str, line: Line, lines: Lines) -> bytes | None:
        """What is needed of a line that has moved: nothing where it hasn't, None where more than that has changed."""
        key = self, asset
        if key not in lines.packed:
            lines.packed[key] = self.packed(asset, line)
        return lines.packed[key]

    def packed(self, asset: str, line: Line) -> bytes | None:
        if not line.only_moved:
            return None
        if not line.step and not line.gain_step:
            return b""
        numbers = packed((line.price, AMOUNT), (line.step, AMOUNT), (line.gain_step, GAIN_STEP))
        if not numbers or not self.press.is_able:
            return None
        place = self.openings.get(asset)
        if place is None:
            ids = [fragments.holding_id(asset, field) for field in self.fields]
            place, self.closes = self.open(ids, self.fields)
            self.openings[asset] = place
        return place.to_bytes(8, "little") + numbers

    def follow(self, moves: Sequence[Move]) -> list[str | None]:
        """The news of each page; None where something has become too large, and nothing was done."""
        ends = list(accumulate(len(move.held) for move in moves))
        starts = [0, *ends[:-1]]
        rows = HELD.read(chain.from_iterable(move.held for move in moves))
        rows |= LINES.read(chain.from_iterable(move.course.lines for move in moves))
        value, large = times(rows["quantity"], rows["price"])
        cells, odd_cells = self.print(rows["place"][0], self.figures(self.fields, value, rows), self.closes)
        totals, odd_totals = [""] * len(moves), list[int]()
        if self.totals:
            step, too_large = times(rows["quantity"], rows["step"])
            gain, far_too_large = times(rows["quantity"], rows["gain_step"])
            large = large | too_large | far_too_large
            sums = SUMS.read(move.board.sums for move in moves)
            for name, steps in (("value", step), ("gain", gain)):
                sums[name] += np.add.reduceat(steps, starts, axis=1)
                carry(sums[name])
            figures = self.figures(
                self.totals, sums["value"], FIXED.read(move.board.fixed for move in moves), sums["gain"]
            )
            totals, odd_totals = self.print(np.full(len(moves), self.opens_totals), figures, self.closes_totals)
        lost = np.logical_or.reduceat(large, starts).tolist()
        kept, size = np.concatenate([sums["value"], sums["gain"]]).T.tobytes() if self.totals else b"", 8 * SUMS.size
        for number, move in enumerate(moves):
            if not lost[number]:
                move.board.take_sums(kept[number * size : number * size + size])
        for row in odd_cells:
            number = bisect_right(ends, row)
            if not lost[number]:
                price = unpack(rows["price"][:, row].tobytes())
                cells[row] = moves[number].board.cells_of(moves[number].course.assets[row - starts[number]], price)
        for number in odd_totals:
            if not lost[number]:
                totals[number] = moves[number].board.totals_text(self.totals)
        return [
            None if is_lost else "".join([move.course.market, *cells[start:end], total])
            for is_lost, move, start, end, total in zip(lost, moves, starts, ends, totals, strict=True)
        ]

    def figures(
        self, fields: Sequence[str], value: Limbs, of: dict[str, Limbs], gain: Limbs | None = None
    ) -> list[Figures]:
        """These fields, where all is worth `value` and has gained `gain` in a day."""
        count, machine = value.shape[1], self.press
        profit = added(value, of["base"])
        amounts = {"profit": (profit, POINTED), "value": (value, PLAIN)}
        if "unrealised" in fields:
            amounts["unrealised"] = added(value, -of["cost"]), POINTED
        negative, size = magnitude(np.concatenate([limbs for limbs, _ in amounts.values()], axis=1))
        money = machine.money(negative, size, np.repeat([kind for _, kind in amounts.values()], count))
        found = {name: money.part(number * count, (number + 1) * count) for number, name in enumerate(amounts)}
        found["profit_pct"] = machine.per_cent(negative[:count], *per_cent(size[:, :count], of["invested"]))
        if gain is not None:
            falls, size = magnitude(gain)
            change = to_places(size, AMOUNT)
            found["change_24h"] = machine.money(falls, change, np.full(count, POINTED))
            before = added(value, np.where(falls, change, -change))
            found["change_24h_pct"] = machine.per_cent(falls, *per_cent(change, before))
        return [found[field] for field in fields]

    def print(self, opens: Pieces, figures: Sequence[Figures], closes: int) -> tuple[list[str], list[int]]:
        """Cells beside each other, the openings of which are two by two at `opens` and behind; and which of all these
        are for somebody else to write.
        """
        pieces = []
        for number, each in enumerate(figures):
            pieces += [(opens + 2 * number + each.negative)[np.newaxis], each.pieces]
        pieces.append(np.full((1, len(opens)), closes))
        odd: list[int] = np.flatnonzero(np.logical_or.reduce([each.odd for each in figures])).tolist()
        return self.press.print(pieces), odd


def added(limbs: Limbs, other: Limbs) -> Limbs:
    """The sums, carried; `other` has fewer limbs after the point."""
    found = limbs.copy()
    found[: len(other)] += other
    carry(found)
    return found


@cache
def following(pen: Pen, market: tuple[str, ...], fields: tuple[str, ...], totals: tuple[str, ...]) -> Following:
    return Following(pen, market, fields, totals)
