"""The same money in another coin: bought and sold at that coin's prices of the same days."""

from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.analysis.course import Day, known_course
from dashboard.analysis.instead import held_instead

D = Decimal
FIRST = date(2024, 1, 1)
AT = [FIRST + timedelta(days=n) for n in range(4)]


def course(*days: tuple[str, str, str]):  # type: ignore[no-untyped-def]
    return known_course(Day(day, *map(D, facts)) for day, facts in zip(AT, days, strict=False))


def test_money_buys_at_the_start_of_its_day_and_sells_at_its_end() -> None:
    flows = course(("1000", "0", "0"), ("1700", "600", "0"), ("900", "0", "880"))
    found = held_instead(flows, dict(zip(AT, (D(100), D(110), D(220)), strict=False)))
    assert found is not None  # 10 units, 6 more, 4 sold
    assert [value for _, value in found.course] == [1000, 1760, 2640]
    assert found.end == 2640


def test_a_coin_that_would_not_have_lasted_says_when_it_ran_out() -> None:
    found = held_instead(course(("100", "0", "0"), ("300", "0", "200"), ("310", "0", "0")), dict.fromkeys(AT, D(10)))
    assert found is not None
    assert (found.ran_out, found.end) == (AT[1], None)


def test_without_the_prices_that_count_nothing_is_claimed() -> None:
    flows = course(("100", "0", "0"), ("120", "10", "0"), ("130", "0", "0"))
    whole = dict.fromkeys(AT, D(10))
    for lacking, answer in ((AT[0], False), (AT[1], True), (AT[2], False)):
        found = held_instead(flows, {day: price for day, price in whole.items() if day != lacking})
        assert (found is not None) is answer
    assert held_instead(flows[:1], whole) is None


@given(st.lists(st.tuples(st.integers(1, 999), st.integers(0, 99)), min_size=2, max_size=20))
def test_the_coin_itself_instead_is_what_there_is(moves: list[tuple[int, int]]) -> None:
    held, days = D(3), [Day(FIRST, D(3) * moves[0][0])]
    for number, ((before, bought), (after, _)) in enumerate(pairwise(moves), 1):
        held += bought
        days.append(Day(FIRST + timedelta(days=number), held * after, D(bought * before)))
    found = held_instead(
        known_course(days), {FIRST + timedelta(days=n): D(price) for n, (price, _) in enumerate(moves)}
    )
    assert found is not None
    assert found.end == pytest.approx(days[-1].value, abs=D("1e-12"))
