"""The money-weighted return against worked examples, against the roots of the polynomial, and its properties."""

import math
from datetime import date, timedelta
from decimal import Decimal

import numpy
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from dashboard.analysis.money_weighted import WIDEST, Flow, money_weighted

D = Decimal
FIRST = date(2024, 1, 1)


def yearly(*amounts: int | float) -> list[Flow]:
    return [Flow(FIRST + timedelta(days=365 * year), D(str(amount))) for year, amount in enumerate(amounts)]


def rate(flows: list[Flow]) -> float:
    found = money_weighted(flows)
    assert found is not None
    return found.yearly


def test_the_example_of_spreadsheets_has_their_result() -> None:
    flows = [
        Flow(date(2008, 1, 1), D(-10000)),
        Flow(date(2008, 3, 1), D(2750)),
        Flow(date(2008, 10, 30), D(4250)),
        Flow(date(2009, 2, 15), D(3250)),
        Flow(date(2009, 4, 1), D(2750)),
    ]
    assert rate(flows) == pytest.approx(37.3362535, abs=1e-6)  # as the documentation of XIRR states it


def test_two_shares_bought_a_year_apart_return_what_the_textbook_says() -> None:
    assert rate(yearly(-200, -220, 480)) == pytest.approx(9.39, abs=0.005)


def test_one_payment_grows_by_its_own_rate() -> None:
    found = money_weighted([Flow(FIRST, D(-100)), Flow(FIRST + timedelta(days=73), D(110))])
    assert found is not None
    assert found.whole == pytest.approx(10, abs=1e-9)
    assert found.yearly == pytest.approx((1.1**5 - 1) * 100, abs=1e-6)


@given(st.lists(st.integers(-1000, 1000), min_size=1, max_size=6), st.integers(1, 5000))
def test_it_is_a_root_of_the_polynomial_of_yearly_flows(middle: list[int], last: int) -> None:
    """By another route: the eigenvalues that numpy finds the roots of a polynomial with."""
    amounts = [-1000, *middle, last]
    found = money_weighted(yearly(*amounts))
    roots = [1 / root.real - 1 for root in numpy.roots(amounts[::-1]) if abs(root.imag) < 1e-7 and root.real > 1e-6]
    years = len(amounts) - 1
    simple = [root for root in roots if -0.99 < root < 50 and abs(math.log1p(root)) * years < WIDEST]
    if found is None:
        assert not simple or len(simple) % 2 == 0  # two roots that touch zero may fall between two looks
    elif found.yearly / 100 < 50:
        assert any(found.yearly / 100 == pytest.approx(root, abs=1e-4, rel=1e-4) for root in roots)


@given(st.lists(st.tuples(st.integers(1, 3000), st.integers(-500, 500)), max_size=20), st.integers(1, 100000))
def test_twice_the_money_at_the_same_times_has_the_same_rate(moves: list[tuple[int, int]], end: int) -> None:
    flows = [Flow(FIRST, D(-1000)), *(Flow(FIRST + timedelta(days=n), D(amount)) for n, amount in moves)]
    flows.append(Flow(FIRST + timedelta(days=3001), D(end)))
    once = money_weighted(flows)
    assume(once is not None)
    assert money_weighted([*flows, *flows]) == pytest.approx(once) or once is None
    twice = money_weighted([Flow(flow.day, flow.amount * 2) for flow in flows])
    assert once is not None
    assert twice is not None
    assert twice.whole == pytest.approx(once.whole, rel=1e-9, abs=1e-9)
    later = money_weighted([Flow(flow.day + timedelta(days=1000), flow.amount) for flow in flows])
    assert later is not None
    assert later.whole == pytest.approx(once.whole, rel=1e-9, abs=1e-9)


def test_nothing_is_said_where_nothing_can_be() -> None:
    assert money_weighted([]) is None
    assert money_weighted([Flow(FIRST, D(-5)), Flow(FIRST, D(6))]) is None
    assert money_weighted(yearly(-100, -100)) is None


def test_of_several_rates_the_one_nearest_to_zero_is_told() -> None:
    assert rate(yearly(-100, 230, -132)) == pytest.approx(10, abs=1e-6)  # 10 % and 20 %


def test_sums_of_any_size_are_no_trouble() -> None:
    huge = [Flow(FIRST, D(-(10**19))), Flow(FIRST + timedelta(days=9000), D(10**19) * 3)]
    assert rate(huge) == pytest.approx((3 ** (365 / 9000) - 1) * 100)
    jump = [Flow(FIRST, D(-1)), Flow(FIRST + timedelta(days=1), D(1000))]
    found = money_weighted(jump)
    assert found is not None
    assert found.whole == pytest.approx(99900)
