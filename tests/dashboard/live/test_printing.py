"""What is computed and printed by the thousand is the very same as what is written one by one."""

from decimal import Decimal, localcontext

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.ledger.returns import percent
from dashboard.live import limbs, writing
from dashboard.live.limbs import EXACT, Limbs, pack, unpack
from dashboard.live.printing import PLAIN, POINTED, press
from dashboard.money import WIDE

PENS = [
    writing.pen(currency, locale)
    for currency in ("usd", "jpy", "kwd")
    for locale in ("en-GB", "de", "fr", "hi", "de-CH")
]
amounts = st.one_of(
    st.decimals(-2000, 2000, places=3),
    st.decimals(-(10**11), 10**11, places=18),
    st.decimals(-(10**14), 10**14, places=2),
    st.decimals(-1, 1, places=18),
    st.decimals(-100, 100, places=8).map(lambda one: one * 1000),
    st.sampled_from(
        [
            Decimal(text)
            for text in ("0", "0.005", "-0.005", "0.015", "0.025", "999.995", "999999.995", "1E+3", "0.5", "1.5")
        ]
    ),
)
some = st.lists(amounts, min_size=1, max_size=20)


def columns(numbers: list[Decimal], places: int) -> Limbs:
    packed = [pack(number, places) for number in numbers]
    return np.frombuffer(b"".join(each or b"" for each in packed), np.int64).reshape(len(numbers), -1).T.copy()


def numbers_in(of: Limbs) -> list[Decimal]:
    return [unpack(column.tobytes()) for column in of.T]


@given(number=amounts, places=st.integers(2, 7))
def test_a_number_is_packed_exactly_or_not_at_all(number: Decimal, places: int) -> None:
    packed = pack(number, places)
    assert packed is not None
    assert unpack(packed) == number
    with localcontext(EXACT):
        assert pack(number + Decimal(1).scaleb(-9 * places - 1), places) is None
        assert pack(abs(number) + 10**18, places) is None


@given(pairs=st.lists(st.tuples(amounts, amounts), min_size=1))
def test_products_are_exact_or_told(pairs: list[tuple[Decimal, Decimal]]) -> None:
    ones, others = zip(*pairs, strict=True)
    found, large = limbs.times(columns(list(ones), 2), columns(list(others), 3))
    for (one, other), number, is_large in zip(pairs, numbers_in(found), large, strict=True):
        assert is_large if abs(one * other) > 10**16 else True
        assert number == 0 if is_large else number == WIDE.multiply(one, other)


@given(numbers=some, places=st.integers(2, 4))
def test_signs_are_told_apart(numbers: list[Decimal], places: int) -> None:
    of = columns(numbers, places)
    limbs.carry(of)
    negative, size = limbs.magnitude(of)
    assert list(negative) == [number < 0 for number in numbers]
    assert numbers_in(size) == [number.copy_abs() for number in numbers]


@given(numbers=some)
def test_places_are_rounded_half_to_even(numbers: list[Decimal]) -> None:
    exact = [WIDE.divide(abs(number), Decimal(2) ** 10) for number in numbers]
    kept = limbs.to_places(columns([WIDE.quantize(each, Decimal("1e-36")) for each in exact], 4), 1)
    assert numbers_in(kept) == [WIDE.quantize(WIDE.quantize(each, Decimal("1e-36")), Decimal("1e-9")) for each in exact]


@given(pairs=st.lists(st.tuples(amounts, amounts), min_size=1), places=st.sampled_from([2, 4]))
def test_a_part_of_a_whole_is_what_the_ledger_says_or_told(pairs: list[tuple[Decimal, Decimal]], places: int) -> None:
    parts, wholes = [abs(one) for one, _ in pairs], [other for _, other in pairs]
    of = columns(wholes, places)
    limbs.carry(of)
    found, unclear = limbs.per_cent(columns(parts, 4), of)
    for part, whole, number, is_unclear in zip(
        parts, wholes, numbers_in(np.concatenate([np.zeros_like(found[:1]), found])), unclear, strict=True
    ):
        if not is_unclear:
            assert number == percent(part, whole)
        elif whole > 0 and part * 100 < whole * 999:
            with localcontext(WIDE):  # a half of the last place
                assert abs(part * 100 / whole * 10**18 % 1 - Decimal("0.5")) < Decimal("1e-5")


@pytest.mark.parametrize("pen", PENS)
@given(numbers=some)
def test_money_and_gains_are_printed_as_they_are_written(pen: writing.Pen, numbers: list[Decimal]) -> None:
    machine = press(pen)
    opening = machine.opening("a")
    of = columns(numbers, 4)
    limbs.carry(of)
    for kind, write in ((PLAIN, pen.money), (POINTED, pen.gain)):
        figures = machine.money(*limbs.magnitude(of), np.full(len(numbers), kind))
        printed = machine.print([np.stack([opening + figures.negative]), figures.pieces])
        for place, number in enumerate(numbers):
            if not figures.odd[place]:
                with localcontext(WIDE):
                    exact, text = write(number)
                assert printed[place] == f'a{exact}">{text}'


@pytest.mark.parametrize("pen", PENS[:5])
@given(pairs=st.lists(st.tuples(amounts, amounts.map(abs)), min_size=1))
def test_percentages_are_printed_as_they_are_written(pen: writing.Pen, pairs: list[tuple[Decimal, Decimal]]) -> None:
    machine = press(pen)
    opening = machine.opening("a")
    of = columns([part for part, _ in pairs], 2)
    limbs.carry(of)
    negative, size = limbs.magnitude(of)
    figures = machine.per_cent(negative, *limbs.per_cent(size, columns([whole for _, whole in pairs], 2)))
    printed = machine.print([np.stack([opening + figures.negative]), figures.pieces])
    for place, (part, whole) in enumerate(pairs):
        if not figures.odd[place]:
            with localcontext(WIDE):
                exact, text = pen.percent(percent(part, whole))
            assert printed[place] + " %" == f'a{exact}">{text}'
