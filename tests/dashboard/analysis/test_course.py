"""Returns of a course: worked examples, and what must hold whatever money comes and goes."""

from datetime import date, timedelta
from decimal import Decimal, localcontext
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.analysis.course import (
    Day,
    Drawdown,
    Grown,
    a_year,
    deepest_fall,
    growth,
    known_course,
    total_return,
    yearly_table,
)
from dashboard.money import WIDE

D = Decimal
FIRST = date(2024, 1, 1)
prices = st.decimals(min_value="0.01", max_value="100000", places=2)
amounts = st.decimals(min_value="0", max_value="1000", places=3)


def day(number: int, value: str | None, inflow: str | None = "0", outflow: str | None = "0") -> Day:
    known = [None if text is None else D(text) for text in (value, inflow, outflow)]
    return Day(FIRST + timedelta(days=number), known[0], known[1], known[2])


def line_of(*indexes: str) -> list[Grown]:
    return [Grown(FIRST + timedelta(days=number), D(index)) for number, index in enumerate(indexes)]


def test_two_shares_bought_a_year_apart_return_what_the_textbook_says() -> None:
    """A share for 200, after a year 5 of dividend and another share for 225, after two both sold for 235 each with 5
    of dividend each: 15 % and 6.67 %, together 10.76 % a year (the usual example of the CFA curriculum)."""
    first = known_course([day(0, "200"), day(364, "225"), day(365, "225", outflow="5")])
    second = known_course([day(365, "450"), day(729, "470"), day(730, "470", outflow="10")])
    assert total_return(growth(first)) == 15
    assert total_return(growth(second)) == pytest.approx(D("6.666667"), abs=D("1e-6"))
    both = known_course(
        [
            *(day(0, "200"), day(364, "225"), day(365, "225", outflow="5"), day(366, "450", inflow="225")),
            *(day(729, "470"), day(730, "470", outflow="10")),
        ]
    )
    whole = total_return(growth(both))
    assert whole is not None
    assert whole == pytest.approx(D("22.666667"), abs=D("1e-6"))
    assert a_year(whole, 730) == pytest.approx(D("10.7550"), abs=D("1e-4"))


def test_less_than_a_year_is_not_made_a_year() -> None:
    assert a_year(D(10), 364) is None
    assert a_year(D(10), 365) == pytest.approx(D(10), abs=D("1e-15"))
    assert a_year(D(-100), 800) is None


def test_the_first_and_the_last_day_count() -> None:
    course = known_course([day(0, "0"), day(1, "110", inflow="100"), day(2, "0", outflow="121"), day(3, "0")])
    assert total_return(growth(course)) == 21


def test_a_total_loss_stays_one() -> None:
    course = known_course([day(0, "100"), day(1, "0"), day(2, "50", inflow="50")])
    assert [point.index for point in growth(course)] == [1, 0, 0]
    assert total_return(growth(course)) == -100


def test_days_without_a_value_hand_their_flows_on() -> None:
    course = known_course([day(0, "100"), day(1, None, inflow="100"), day(2, "220")])
    assert total_return(growth(course)) == 10


def test_a_long_time_without_values_in_which_money_moved_is_no_course() -> None:
    gap = [day(n, None) for n in range(1, 20)]
    still = known_course([day(0, "100"), *gap, day(20, "150")])
    assert total_return(growth(still)) == 50
    moved = known_course([day(0, "100"), *gap, day(20, "150", inflow="10"), day(21, "300")])
    assert [known.day for known in moved] == [FIRST + timedelta(days=20), FIRST + timedelta(days=21)]
    assert total_return(growth(moved)) == 100


def test_nothing_is_claimed_of_the_time_before_a_flow_that_nobody_knows() -> None:
    course = known_course([day(0, "100"), day(1, None, inflow=None), day(2, "900", inflow="5"), day(3, "990")])
    assert [known.day for known in course] == [FIRST + timedelta(days=2), FIRST + timedelta(days=3)]
    assert course[0].inflow == 0
    assert total_return(growth(course)) == 10


def test_an_empty_course_has_no_figures() -> None:
    assert growth([]) == []
    assert total_return(growth(known_course([day(0, "5")]))) is None
    assert deepest_fall([]) is None
    assert yearly_table([]) == []


@given(st.lists(st.tuples(prices, amounts, amounts), min_size=2, max_size=40))
def test_what_comes_and_goes_does_not_move_the_time_weighted_return(moves: list[tuple[D, D, D]]) -> None:
    """Of one coin it is that coin's own return, however much of it is bought and sold on the way."""
    held, days = D(1), [Day(FIRST, moves[0][0])]
    with localcontext(WIDE):
        for number, ((before, bought, sold), (after, _, _)) in enumerate(pairwise(moves), 1):
            sold = min(sold, held)
            held += bought - sold
            days.append(Day(FIRST + timedelta(days=number), held * after, bought * before, sold * after))
            if not held:
                held = D(1)
                days[-1] = Day(days[-1].day, after, days[-1].inflow, days[-1].outflow and days[-1].outflow - after)
        found = total_return(growth(known_course(days)))
        assert found == pytest.approx((moves[-1][0] / moves[0][0] - 1) * 100, abs=D("1e-12"), rel=D("1e-12"))


@given(st.lists(prices, min_size=2, max_size=40))
def test_the_deepest_fall_is_the_worst_of_all_pairs(path: list[Decimal]) -> None:
    line = line_of(*map(str, path))
    with localcontext(WIDE):
        worst = min((after / before - 1) * 100 for n, before in enumerate(path) for after in path[n:])
    found = deepest_fall(line)
    assert (found.percent if found else D(0)) == pytest.approx(worst, abs=D("1e-15"))


def test_a_drawdown_says_when_it_began_ended_and_was_made_up_for() -> None:
    line = line_of("100", "120", "90", "110", "60", "80", "120", "130")
    at = [point.day for point in line]
    assert deepest_fall(line) == Drawdown(D(-50), at[1], at[4], at[6])
    assert deepest_fall(line[:6]) == Drawdown(D(-50), at[1], at[4], None)
    assert deepest_fall(line_of("1", "2", "3")) is None


def test_months_and_years_compound_to_the_whole() -> None:
    with localcontext(WIDE):
        line = [Grown(date(2023, 11, 20) + timedelta(days=n), D("1.001") ** n) for n in range(80)]
        (later, earlier) = yearly_table(line)
        assert (later.year, earlier.year) == (2024, 2023)
        assert [month is None for month in earlier.months] == [True] * 10 + [False] * 2
        assert later.months[0] == pytest.approx((D("1.001") ** 31 - 1) * 100, abs=D("1e-12"))
        product = D(1)
        for month in (*earlier.months, *later.months):
            product *= 1 + (month or D(0)) / 100
        assert product == pytest.approx(line[-1].index, abs=D("1e-12"))
        assert later.whole == pytest.approx((line[-1].index / line[42].index - 1) * 100, abs=D("1e-12"))


def test_a_line_that_ends_at_new_year_has_no_row_of_the_new_year() -> None:
    line = [Grown(date(2023, 12, 30) + timedelta(days=n), D(n + 1)) for n in range(3)]
    assert [year.year for year in yearly_table(line)] == [2023]
    assert yearly_table(line)[0].months[11] == 200
