"""Shares, spread and targets by worked examples and by what must hold of them."""

from decimal import Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.analysis.allocation import drifts, parts_of, spread_of, with_rest
from dashboard.money import WIDE

D = Decimal
values = st.dictionaries(
    st.sampled_from("abcdefgh"), st.decimals(min_value="0.01", max_value="1e9", places=6), min_size=1
)


def test_parts_are_by_size_and_those_of_one_key_together() -> None:
    parts = parts_of([("a", "A", D(1)), ("b", "B", D(7)), ("a", "A", D(2)), ("c", "C", D(0))])
    assert [(part.key, part.value, part.share) for part in parts] == [("b", 7, 70), ("a", 3, 30)]


def test_more_parts_than_can_be_told_apart_become_others() -> None:
    parts = with_rest(parts_of((letter, letter, D(1)) for letter in "abcdefghij"), 7, "Others")
    assert len(parts) == 7
    assert (parts[-1].name, parts[-1].value, parts[-1].share) == ("Others", 4, 40)
    assert with_rest(parts, 7, "Others") == parts


def test_equal_parts_count_each_and_one_large_one_counts_little_more_than_one() -> None:
    equal = spread_of(parts_of((letter, letter, D(5)) for letter in "abcd"))
    assert equal is not None
    assert (equal.effective, equal.largest.share) == (4, 25)
    uneven = spread_of(parts_of([("a", "A", D(90)), ("b", "B", D(5)), ("c", "C", D(5))]))
    assert uneven is not None
    assert uneven.effective == pytest.approx(1 / D("0.815"), abs=D("1e-15"))
    assert uneven.largest.key == "a"
    assert spread_of([]) is None


@given(values)
def test_the_effective_number_lies_between_one_and_the_number_of_parts(held: dict[str, Decimal]) -> None:
    found = spread_of(parts_of((key, key, value) for key, value in held.items()))
    assert found is not None
    assert 1 <= found.effective <= len(held)


def test_what_to_buy_and_sell_is_told_in_value_and_units() -> None:
    found = drifts({"bitcoin": D(800), "dogecoin": D(200)}, {"bitcoin": D(50), "ethereum": D(20), "dogecoin": None},
                   {"bitcoin": D(60), "ethereum": D(40)})  # fmt: skip
    assert [(d.key, d.share, d.drift, d.move, d.units) for d in found] == [
        ("bitcoin", 80, 20, -200, -4),
        ("ethereum", 0, -40, 400, 20),
        ("dogecoin", 20, 20, -200, None),
    ]


@given(values, st.permutations("abcdefgh"))
def test_the_moves_make_every_part_what_it_is_meant_to_be(held: dict[str, Decimal], keys: list[str]) -> None:
    targets = dict(zip(keys[:4], (D("12.5"), D("37.5"), D("49.9"), D("0.1")), strict=True))
    found = drifts(held, {}, targets)
    with localcontext(WIDE):
        whole = sum(held.values(), D(0))
        assert abs(sum((drift.move for drift in found), D(0))) < D("1e-15")
        for drift in found:
            meant = targets.get(drift.key, D(0))
            assert (drift.value + drift.move) * 100 / whole == pytest.approx(meant, abs=D("1e-12"))
