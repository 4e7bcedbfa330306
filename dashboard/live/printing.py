"""Figures by the thousand as text: numpy picks the pieces of each from a table of all groups of three digits, and they
are joined. They say the very same as dashboard.live.writing does, one by one. Pure.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from accounts.locales import separators
from dashboard.formats import minor_digits
from dashboard.live.limbs import Flags, Limbs, rounded
from dashboard.live.writing import DOWN, MINUS, UP, Pen, ascii_html

Pieces = NDArray[np.int64]
"""Places in the table: one row for each piece of text, one column for each figure."""
THOUSAND: Final = 1000
NUMBERS: Final = range(THOUSAND)
MOST_DIGITS: Final = 3
# What the table has from which place on. Groups that stand first have no zeros before them, those that stand last none
# after them; where there is nothing but zeros it is nothing.
MIDDLE, FIRST, UNITS, LAST, POINT_MIDDLE, POINT_LAST, GROUP, DECIMALS, PER_CENT, BETWEEN, OPENINGS = (
    0, 1000, 2000, 3000, 4000, 5000, 6000, 7000, 8000, 8100, 8104,
)  # fmt: skip
PLAIN, POINTED = BETWEEN, BETWEEN + 2
"""What comes between the exact number and its text, with the sign of the text; behind each, what is for less than 0."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Pieces of each figure but its opening; `odd` are those that are to be written one by one."""

    negative: Flags
    pieces: Pieces
    odd: Flags

    def part(self, start: int, end: int) -> "Figures":
        return Figures(self.negative[start:end], self.pieces[:, start:end], self.odd[start:end])


class Press:
    """Prints what one pen writes."""

    def __init__(self, pen: Pen) -> None:
        marks = separators(pen.locale)
        self.digits = minor_digits(pen.currency)
        self.is_able = self.digits <= MOST_DIGITS
        self.grouped_up_to = 10**15 if marks.beyond == 3 else 10**5
        point, group = ascii_html(marks.point), ascii_html(marks.group)
        middle = [f"{number:03}" for number in NUMBERS]
        last = [text.rstrip("0") for text in middle]
        of_money = [f"{point}{number:0{self.digits}}" if self.digits else "" for number in NUMBERS]
        self.strings = [
            *middle,
            *("" if number == 0 else str(number) for number in NUMBERS),
            *map(str, NUMBERS),
            *last,
            *(f".{text}" for text in middle),
            *(f".{text}" if text else "" for text in last),
            *(group + text for text in middle),
            *of_money,
            *(f"{point}{number:02}" for number in range(100)),
            *('">' + mark for mark in ("", MINUS, UP, DOWN)),
        ]
        self.table = np.array(self.strings, object)

    def opening(self, text: str) -> int:
        """The place of a further text and, behind it, of the same before a negative number."""
        self.strings += [text, text + "-"]
        return len(self.strings) - 2

    def print(self, pieces: Sequence[Pieces]) -> list[str]:
        """The text of each figure, or of figures that stand beside each other."""
        if len(self.table) != len(self.strings):
            self.table = np.array(self.strings, object)
        return list(map("".join, self.table.take(np.concatenate(pieces).T).tolist()))

    def money(self, negative: Flags, limbs: Limbs, kind: Pieces) -> Figures:
        """Amounts without their signs, as money or as gains: `kind` is PLAIN or POINTED for each."""
        whole, decimals = rounded(limbs, self.digits)
        odd = ((whole == 0) & (decimals == 0)) | (whole >= self.grouped_up_to)
        exact = [*before_point(limbs[0] * THOUSAND**3 + limbs[1], MIDDLE), *after_point(limbs[2:])]
        text = [*before_point(whole, GROUP), decimals + DECIMALS]
        return Figures(negative, np.stack([*exact, kind + negative, *text]), odd)

    def per_cent(self, negative: Flags, limbs: Limbs, unclear: Flags) -> Figures:
        """Percentages as dashboard.live.limbs.per_cent gives them, without their signs."""
        whole, decimals = rounded(np.concatenate([np.zeros_like(limbs[:1]), limbs]), 2)
        odd = unclear | ((whole == 0) & (decimals == 0)) | (whole >= THOUSAND)
        whole[odd] = decimals[odd] = 0
        exact = [limbs[0] + UNITS, *after_point(limbs[1:])]
        return Figures(negative, np.stack([*exact, POINTED + negative, whole + UNITS, decimals + PER_CENT]), odd)


@cache
def press(pen: Pen) -> Press:
    return Press(pen)


def before_point(whole: Pieces, middle: int) -> Iterable[Pieces]:
    """Whole numbers in groups of three digits, as many as the largest has; `middle` are those behind another one."""
    groups, rest, most = [], whole, int(whole.max(initial=0))
    while most >= THOUSAND:
        above = rest // THOUSAND
        groups.append(rest - above * THOUSAND + np.where(above > 0, middle, UNITS if rest is whole else FIRST))
        rest, most = above, most // THOUSAND
    groups.append(rest + (UNITS if rest is whole else FIRST))
    return reversed(groups)


def after_point(limbs: Limbs) -> Iterable[Pieces]:
    """Decimals in groups of three digits, without zeros at the end."""
    groups: list[Pieces] = []
    below: Flags | None = None
    for place in range(len(limbs) - 1, -1, -1):
        limb = limbs[place]
        thousands = limb // THOUSAND
        millions = thousands // THOUSAND
        for group in (limb - thousands * THOUSAND, thousands - millions * THOUSAND, millions):
            is_first = place == 0 and group is millions
            if below is None and not is_first:
                if not group.any():
                    continue
                below = np.zeros(limb.shape, bool)
            middle, last = (POINT_MIDDLE, POINT_LAST) if is_first else (MIDDLE, LAST)
            groups.append(group + (last if below is None else np.where(below, middle, last)))
            below = group > 0 if below is None else below | (group > 0)
    return reversed(groups)
