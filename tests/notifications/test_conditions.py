"""When a reminder fires: tables of cases, and random walks against a reference model."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.conditions import CONDITIONS, Arming, Before, Firing, Now

LIMIT = Decimal(100)


def walk(kind: str, prices: list[Decimal], *, band: str = "0.5", repeats: bool = True, start: str = "") -> list[int]:
    """At which places of the walk it fires; it is made at the price `start`, or before any is known."""
    condition = CONDITIONS[kind]
    arming = condition.start(LIMIT, Decimal(start) if start else None)
    fired = []
    for place, price in enumerate(prices):
        before = Before(LIMIT, arming, Decimal(band), repeats)
        if condition.judge(before, Now(price)):
            fired.append(place)
        arming = condition.arming_after(before, Now(price))
    return fired


def prices(*figures: str) -> list[Decimal]:
    return [Decimal(figure) for figure in figures]


@pytest.mark.parametrize(
    ("kind", "figures", "fired"),
    [
        ("price_above", ("99", "101"), [1]),
        ("price_above", ("99", "100"), []),
        ("price_above", ("99", "100.000000000000000001"), [1]),
        ("price_below", ("101", "99"), [1]),
        ("price_below", ("101", "100"), []),
        ("price_below", ("101", "99.999999999999999999"), [1]),
        ("balance_above", ("99", "101"), [1]),
        ("balance_below", ("101", "99"), [1]),
    ],
)
def test_only_a_value_beyond_the_limit_fires(kind: str, figures: tuple[str, ...], fired: list[int]) -> None:
    assert walk(kind, prices(*figures), start=figures[0]) == fired


def test_a_firing_tells_value_and_limit() -> None:
    firing = CONDITIONS["price_above"].judge(Before(LIMIT, Arming.ARMED), Now(Decimal("100.5")))
    assert firing == Firing(observed=Decimal("100.5"), limit=LIMIT)


def test_a_condition_that_is_true_from_the_start_waits_for_a_crossing() -> None:
    assert walk("price_above", prices("101", "102", "99.9", "100.1"), start="101") == [3]


def test_the_first_price_that_is_known_is_only_the_start() -> None:
    assert walk("price_above", prices("101", "99", "101")) == [2]


def test_it_arms_again_only_beyond_the_band() -> None:
    assert walk("price_above", prices("101", "99.6", "101", "99.5", "101"), start="99") == [0, 4]
    assert walk("price_below", prices("99", "100.4", "99", "100.5", "99"), start="101") == [0, 4]


def test_without_a_band_every_crossing_fires() -> None:
    assert walk("price_above", prices("101", "100", "101", "100", "101"), start="99", band="0") == [0, 2, 4]


def test_once_means_once() -> None:
    assert walk("price_above", prices("101", "50", "101", "50", "101"), start="99", repeats=False) == [0]


@pytest.mark.parametrize("kind", sorted(CONDITIONS))
def test_wobbling_round_the_limit_a_thousand_times_fires_once(kind: str) -> None:
    wobble = prices(*(["100.2", "99.8"] * 500))
    assert len(walk(kind, wobble, start="99.9" if CONDITIONS[kind].above else "100.1")) == 1


def test_the_edge_is_where_something_happens_next() -> None:
    above = CONDITIONS["price_above"]
    assert above.edge(Before(LIMIT, Arming.ARMED)) is not None
    armed = above.edge(Before(LIMIT, Arming.ARMED))
    assert armed is not None
    assert (armed.value, armed.rising) == (LIMIT, True)
    fired = above.edge(Before(LIMIT, Arming.FIRED, repeats=True))
    assert fired is not None
    assert (fired.value, fired.rising) == (Decimal("99.5"), False)
    waiting = above.edge(Before(LIMIT, Arming.WAITING))
    assert waiting is not None
    assert (waiting.value, waiting.rising) == (LIMIT, False)
    assert above.edge(Before(LIMIT, Arming.FIRED, repeats=False)) is None
    assert above.edge(Before(LIMIT, Arming.UNKNOWN)) is None


def reference(above: bool, limit: Decimal, band: Decimal, start: Decimal, walk: list[Decimal]) -> list[int]:
    """The rule again, written as a story: look for the next crossing, then for the way back, and so on."""
    sign = 1 if above else -1
    beyond = [sign * (price - limit) > 0 for price in walk]
    far_back = [sign * (price - limit) <= -limit * band / 100 for price in walk]
    looking_for_crossing = sign * (start - limit) <= 0
    has_fired = False
    fired = []
    for place in range(len(walk)):
        if looking_for_crossing:
            if beyond[place]:
                fired.append(place)
                looking_for_crossing, has_fired = False, True
        elif far_back[place] if has_fired else not beyond[place]:
            looking_for_crossing = True
    return fired


steps = st.lists(st.integers(-300, 300), min_size=1, max_size=80)


@given(kind=st.sampled_from(sorted(CONDITIONS)), band=st.sampled_from(["0", "0.5", "2", "10"]), steps=steps)
def test_random_walks_fire_as_the_reference_says(kind: str, band: str, steps: list[int]) -> None:
    price, figures = Decimal(100), []
    for step in steps:
        price = max(Decimal("0.01"), price + Decimal(step) / 100)
        figures.append(price)
    expected = reference(CONDITIONS[kind].above, LIMIT, Decimal(band), Decimal(100), figures)
    assert walk(kind, figures, band=band, start="100") == expected


@given(kind=st.sampled_from(sorted(CONDITIONS)), band=st.sampled_from(["0", "0.5", "5"]), steps=steps)
def test_nothing_happens_before_the_edge_is_reached(kind: str, band: str, steps: list[int]) -> None:
    """What the index looks for is enough: between edges neither a firing nor an arming is missed."""
    condition, price = CONDITIONS[kind], Decimal(100)
    arming = condition.start(LIMIT, price)
    for step in steps:
        price = max(Decimal("0.01"), price + Decimal(step) / 100)
        before = Before(LIMIT, arming, Decimal(band), True)
        after = condition.arming_after(before, Now(price))
        edge = condition.edge(before)
        assert edge is not None
        reached = price >= edge.value if edge.rising else price <= edge.value
        assert reached or after is arming
        arming = after
