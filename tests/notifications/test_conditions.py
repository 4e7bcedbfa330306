"""When a reminder fires: a written series of samples for each kind."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from notifications.conditions import CONDITIONS, Arming, Before, Edges, Firing, Judgement, Now

NOON = datetime(2026, 5, 3, 12, tzinfo=UTC)
LIMIT = Decimal(100)
MINUTE = timedelta(minutes=1)


class Reminder:
    """One that is judged sample by sample, as the database would keep it."""

    def __init__(self, kind: str, limit: Any = "100", *, start: Any = None, base: Any = None, **terms: Any) -> None:
        self.condition = CONDITIONS[kind]
        terms.setdefault("repeats", True)
        band, high = Decimal(terms.pop("band", "0.5")), terms.pop("high", None)
        self.before = Before(
            None if limit is None else Decimal(limit),
            Arming.UNKNOWN,
            band,
            limit_high=None if high is None else Decimal(high),
            **terms,
        )
        self.at = NOON
        self.edges = Edges()
        now = self.now(start, base=base)
        self.stand(self.condition.start(self.before, now), now)

    def now(self, value: Any, **facts: Any) -> Now:
        decimals = {
            name: None if fact is None else Decimal(fact)
            for name, fact in facts.items()
            if name in {"base", "scale", "low", "high"}
        }
        return Now(None if value is None else Decimal(value), at=self.at, since=self.at, **{**facts, **decimals})

    def stand(self, judged: Judgement, now: Now) -> None:
        self.before = replace(self.before, arming=judged.arming, memory=judged.memory, due_at=judged.due_at)
        self.edges = self.condition.edges(self.before, now)

    def see(self, value: Any, *, after: timedelta = MINUTE, **facts: Any) -> Firing | None:
        self.at += after
        now = self.now(value, **facts)
        judged = self.condition.judge(self.before, now)
        self.stand(judged, now)
        return judged.firing

    def fires(self, *values: Any, **facts: Any) -> list[int]:
        """At which places of the series it fires."""
        return [place for place, value in enumerate(values) if self.see(value, **facts)]


def test_there_is_a_condition_for_each_kind() -> None:
    assert len(CONDITIONS) == 17


# A value and a limit --------------------------------------------------------------------------------------------------
SIDES = ["price", "balance", "profit", "allocation"]


@pytest.mark.parametrize("what", SIDES)
def test_only_a_value_beyond_the_limit_fires(what: str) -> None:
    assert Reminder(f"{what}_above", start="99").fires("100", "100.000000000000000001") == [1]
    assert Reminder(f"{what}_below", start="101").fires("100", "99.999999999999999999") == [1]


def test_a_firing_tells_value_and_limit() -> None:
    assert Reminder("price_above", start="99").see("100.5") == Firing(Decimal("100.5"), LIMIT)


@pytest.mark.parametrize("what", SIDES)
def test_a_condition_that_is_true_from_the_start_waits_for_a_crossing(what: str) -> None:
    reminder = Reminder(f"{what}_above", start="101")
    assert reminder.before.arming is Arming.WAITING
    assert reminder.fires("101", "102", "99.9", "100.1") == [3]


@pytest.mark.parametrize("what", SIDES)
def test_the_first_value_that_is_known_is_only_the_start(what: str) -> None:
    assert Reminder(f"{what}_above").fires(None, "101", "99", "101") == [3]


@pytest.mark.parametrize("kind", sorted(CONDITIONS.keys() - {"stale", "schedule"}))
def test_a_value_that_is_not_known_changes_nothing(kind: str) -> None:
    reminder = Reminder(kind, "5", start="1", base="1", high="9", window="creation")
    known = reminder.before
    assert reminder.fires(None, None, base="1") == []
    assert replace(reminder.before, due_at=None) == replace(known, due_at=None)


def test_it_arms_again_only_beyond_the_band() -> None:
    assert Reminder("price_above", start="99").fires("101", "99.6", "101", "99.5", "101") == [0, 4]
    assert Reminder("price_below", start="101").fires("99", "100.4", "99", "100.5", "99") == [0, 4]


def test_the_band_of_a_share_is_in_points() -> None:
    reminder = Reminder("allocation_above", "40", start="39")
    assert reminder.fires("41", "39.6", "41", "39.5", "41") == [0, 4]


def test_the_band_of_a_profit_counts_by_what_made_it() -> None:
    reminder = Reminder("profit_above", "0", start="-10")
    assert reminder.fires("1", "-4", "1", "-5", "1", scale="1000") == [0, 4]
    assert Reminder("profit_below", "-100", start="0").fires("-101", "-100", "-101", "-99", "-101") == [0, 4]


def test_without_a_band_every_crossing_fires() -> None:
    assert Reminder("price_above", start="99", band="0").fires("101", "100", "101", "100", "101") == [0, 2, 4]


def test_once_means_once() -> None:
    assert Reminder("price_above", start="99", repeats=False).fires("101", "50", "101", "50", "101") == [0]


def test_a_spike_that_is_judged_fires_once() -> None:
    assert Reminder("price_above", start="99").fires("140", "98", "99", "98") == [0]


def test_one_that_cools_down_fires_afterwards_if_it_is_still_true() -> None:
    reminder = Reminder("price_above", start="99")
    reminder.before = replace(reminder.before, is_cooling=True)
    assert reminder.fires("101", "102") == []
    assert reminder.edges.rise_to == 100
    reminder.before = replace(reminder.before, is_cooling=False)
    assert reminder.fires("103") == [0]


@pytest.mark.parametrize("kind", sorted(CONDITIONS.keys() - {"stale", "schedule"}))
def test_wobbling_round_the_limit_a_thousand_times_fires_once(kind: str) -> None:
    cases: dict[str, tuple[str | None, str, list[str], dict[str, Any]]] = {
        "price_leaves_range": ("90", "99", ["100.2", "99.8"], {"high": "100"}),
        "price_enters_range": ("100", "99.9", ["100.2", "99.8"], {"high": "110"}),
        "change": ("5", "100", ["105.1", "104.9"], {"window": "creation"}),
        "trailing": ("5", "100", ["94.9", "95.1"], {}),
        "drawdown": ("5", "100", ["94.9", "95.1"], {}),
        "break_even": (None, "99.9", ["100.2", "99.8"], {}),
        "depeg": ("1", "1", ["1.011", "1.009"], {"minutes": 0}),
    }
    usual = ("100", "99.9" if kind.endswith("above") else "100.1", ["100.2", "99.8"], dict[str, Any]())
    limit, start, wobble, terms = cases.get(kind, usual)
    reminder = Reminder(kind, limit, start=start, base="100", **terms)
    assert len(reminder.fires(*(wobble * 500), base="100", scale="100")) == 1


# Each row of the table ------------------------------------------------------------------------------------------------
SERIES: dict[str, tuple[str | None, str, str, list[int], dict[str, Any]]] = {
    # kind: limit, the value at the start, what was seen then, and at which of these it fires. Seen are the very limit,
    # gaps and stale prices, which may not be judged (–), crossings, ways back short of the band and beyond it, spikes.
    "price_above": ("100", "99", "100 – 100.01 – 100 99.6 101 99.5 140 99 98", [2, 8], {}),
    "price_below": ("100", "101", "100 – 99.99 – 100 100.4 99 100.5 60 101 102", [2, 8], {}),
    "price_leaves_range": ("90", "100", "90 110 – 110.01 – 109.5 109.45 300 100 89.9", [3, 7, 9], {"high": "110"}),
    "price_enters_range": ("90", "80", "90 – 90.01 – 89.6 91 110 300 80 100", [2, 9], {"high": "110"}),
    "change": ("5", "100", "105 – 105.01 104.6 106 104.5 150 100 95 94.99", [2, 6, 9], {"window": "1h"}),
    "trailing": ("10", "100", "– 120 108 – 107.99 60 60.2 54 54.27 48.85 48.84", [4, 10], {}),
    "balance_above": ("100", "99", "100 – 100.01 – 100 99.6 101 99.5 140 99 98", [2, 8], {}),
    "balance_below": ("100", "101", "100 – 99.99 – 100 100.4 99 100.5 60 101 102", [2, 8], {}),
    "profit_above": ("0", "-10", "0 – 0.01 -4.99 3 -5 900 -6", [2, 6], {}),
    "profit_below": ("-100", "0", "-100 – -100.01 -95.01 -101 -95 -900 0", [2, 6], {}),
    "break_even": (None, "90", "100 – 100.01 100.4 99.6 100.5 99.99 300 100.01", [2, 6], {}),
    "allocation_above": ("40", "39", "40 – 40.01 39.51 41 39.5 95 20", [2, 6], {}),
    "allocation_below": ("40", "41", "40 – 39.99 40.49 39 40.5 1 60", [2, 6], {}),
    "drawdown": ("10", "100", "200 180 – 179.99 180.9 179 181 20 200", [3, 7], {}),
    "depeg": ("1", "1", "0.99 0.5 1 0.98 0.98 – 0.98 0.98 0.98 0.994 0.98 0.995 1.5 1 1.01", [8], {"minutes": 2}),
}


@pytest.mark.parametrize("kind", SERIES)
def test_what_fires_of_a_series_with_gaps_spikes_and_the_very_limit(kind: str) -> None:
    limit, start, seen, expected, terms = SERIES[kind]
    reminder = Reminder(kind, limit, start=start, base="100", **terms)
    values = [None if value == "–" else value for value in seen.split()]
    scale = "1000" if kind.startswith("profit") else None
    assert reminder.fires(*values, base="100", scale=scale) == expected


def test_every_kind_that_looks_at_values_has_its_series() -> None:
    assert SERIES.keys() == CONDITIONS.keys() - {"stale", "schedule"}  # which look at the clock, below


@pytest.mark.parametrize("what", ["balance", "profit", "allocation"])
def test_what_the_owner_did_is_no_crossing_and_counts_from_then(what: str) -> None:
    above = Reminder(f"{what}_above", start="99")
    assert above.see("120", own_hand=True) is None
    assert above.before.arming is Arming.WAITING
    assert above.fires("125", "100", "101") == [2]
    below = Reminder(f"{what}_below", start="101")
    assert below.see("80", own_hand=True) is None
    assert below.fires("79", "100", "99") == [2]


def test_the_band_of_a_profit_in_percent_is_in_points() -> None:
    reminder = Reminder("profit_above", "10", start="5", in_percent=True)
    assert reminder.fires("10", "10.01", "9.51", "11", "9.5", "11", scale="1000") == [1, 5]


@pytest.mark.parametrize(("direction", "expected"), [("up", [1]), ("down", [3]), ("both", [1, 3])])
@pytest.mark.parametrize("window", ["5m", "1h", "24h", "7d", "creation"])
def test_a_change_counts_in_its_direction_over_each_window(window: str, direction: str, expected: list[int]) -> None:
    reminder = Reminder("change", "5", start="100", base="100", window=window, direction=direction)
    assert reminder.fires("105", "106", "100", "94", base="100") == expected


# Ranges ---------------------------------------------------------------------------------------------------------------
def test_a_range_is_left_by_either_edge_and_its_edges_belong_to_it() -> None:
    def made() -> Reminder:
        return Reminder("price_leaves_range", "90", high="110", start="100")

    assert made().fires("90", "110", "110.01") == [2]
    assert made().see("89") == Firing(Decimal(89), Decimal(90))
    assert made().see("111") == Firing(Decimal(111), Decimal(110))


def test_it_counts_as_back_in_the_range_only_beyond_the_band() -> None:
    reminder = Reminder("price_leaves_range", "90", high="110", start="100")
    assert reminder.fires("111", "109.9", "111", "109.45", "111", "80", "90.4", "80", "90.45", "80") == [0, 4, 9]


def test_a_range_narrower_than_the_band_can_be_left_again() -> None:
    reminder = Reminder("price_leaves_range", "100", high="100.4", start="100.2")
    assert reminder.fires("101", "100.2", "101") == [0, 2]


def test_a_range_is_entered_from_either_side_but_not_by_a_leap_across() -> None:
    reminder = Reminder("price_enters_range", "90", high="110", start="80")
    assert reminder.fires("90", "120", "110", "109", "110.5", "109", "110.55", "109") == [3, 7]


# Changes --------------------------------------------------------------------------------------------------------------
def test_a_change_is_held_against_the_price_a_window_ago() -> None:
    reminder = Reminder("change", "5", start="100", base="100", window="1h", direction="up")
    assert reminder.see("105", base="100") is None
    assert reminder.see("106.5", base="100") == Firing(Decimal("6.5"), Decimal(5))
    falls = Reminder("change", "5", start="100", base="100", window="1h", direction="down")
    assert falls.fires("110", "95", "94.99", base="100") == [2]


def test_a_change_either_way() -> None:
    assert Reminder("change", "5", start="100", window="creation").fires("106", "104.6", "94", "104.5", "94") == [0, 4]


def test_a_change_since_creation_remembers_the_price() -> None:
    reminder = Reminder("change", "10", window="creation", direction="up")
    assert reminder.fires("100", "109", "111", "104", "112") == [2, 4]


def test_what_the_source_alone_states_must_be_said_twice() -> None:
    reminder = Reminder("change", "5", start="100", base="100", window="24h")
    assert reminder.see("100", base="50", is_sure=False) is None
    assert reminder.see("100", base="50", is_sure=False, after=timedelta()) is None, "the same sample again"
    assert reminder.see("100", base="100", is_sure=False) is None
    assert reminder.fires("100", "100", base="50", is_sure=False) == [1]


# Trailing -------------------------------------------------------------------------------------------------------------
def test_it_trails_the_high_since_it_was_armed() -> None:
    reminder = Reminder("trailing", "10", start="100")
    assert reminder.fires("120", "108", "107.99") == [2]
    assert Reminder("trailing", "10", start="100").fires("91", "99", "90", "89.9") == [3]


def test_it_trails_the_low_upwards() -> None:
    assert Reminder("trailing", "10", start="100", direction="up").fires("80", "88", "88.01") == [2]


def test_after_a_firing_it_counts_from_the_next_turn() -> None:
    reminder = Reminder("trailing", "10", start="100")
    assert reminder.fires("89", "70", "70.3", "50", "50.25", "45.3", "45.2") == [0, 6]


# Break-even -----------------------------------------------------------------------------------------------------------
def test_the_price_crosses_the_average_cost_either_way() -> None:
    reminder = Reminder("break_even", None, start="90", base="100")
    assert reminder.fires("100", "101", "99.9", "100.4", "100.5", "99.9", "99.4", "101", base="100") == [1, 5, 7]


def test_or_only_in_the_chosen_direction() -> None:
    assert Reminder("break_even", None, start="90", base="100", direction="up").fires("101", "80", base="100") == [0]
    assert Reminder("break_even", None, start="90", base="100", direction="down").fires("101", "80", base="100") == [1]


def test_buying_more_is_no_crossing() -> None:
    reminder = Reminder("break_even", None, start="90", base="100")
    assert reminder.see("90", base="80", own_hand=True) is None
    assert reminder.fires("79", base="80") == [0]


# Drawdown -------------------------------------------------------------------------------------------------------------
def test_a_drawdown_is_under_the_highest_since_then() -> None:
    reminder = Reminder("drawdown", "10", start="100")
    assert reminder.fires("200", "180", "179", "180.5", "179", "181", "179", "300", "269") == [2, 6, 8]


def test_what_is_taken_out_is_no_drawdown_and_mends_none() -> None:
    reminder = Reminder("drawdown", "10", start="100")
    assert reminder.fires("95") == []
    assert reminder.see("47.5", own_hand=True) is None
    assert reminder.fires("45.1", "44.9") == [1]


# Depeg ----------------------------------------------------------------------------------------------------------------
def test_off_the_peg_must_last() -> None:
    reminder = Reminder("depeg", "1", start="1", minutes=10)
    assert reminder.fires("0.985", *["0.98"] * 9) == []
    assert reminder.before.due_at == NOON + 11 * MINUTE
    assert reminder.see("0.982") == Firing(Decimal("1.8"), Decimal(1))


def test_a_return_to_the_peg_or_a_gap_begins_the_minutes_anew() -> None:
    reminder = Reminder("depeg", "1", start="1", minutes=10)
    assert reminder.fires(*["0.98"] * 9, "0.99", *["0.98"] * 10) == []
    assert reminder.see("0.98", after=timedelta(hours=1), after_gap=True) is None
    assert reminder.see("0.98", after=timedelta(minutes=9)) is None
    assert reminder.see("0.98") is not None


def test_it_arms_again_back_at_the_peg() -> None:
    reminder = Reminder("depeg", "1", start="1", minutes=0)
    assert reminder.fires("0.98", "0.994", "0.98", "0.995", "1.02") == [0, 4]


# Time -----------------------------------------------------------------------------------------------------------------
def test_prices_that_stay_away_fire_once_and_again_after_they_were_back() -> None:
    reminder = Reminder("stale", "30")
    prices: list[tuple[int, int]] = [
        (10, 9),
        (35, 9),
        (39, 9),
        (40, 9),
        (41, 9),
        (60, 59),
        (89, 59),
        (90, 59),
        (91, 59),
    ]
    fired = []
    for at, last in prices:
        reminder.at = NOON
        found = reminder.see(None, after=at * MINUTE, base_at=NOON + last * MINUTE)
        fired += [at] if found else []
        reminder.before = replace(reminder.before, due_at=None)
    assert fired == [40, 90]


def test_a_price_that_was_never_there_stays_away_from_the_first_look_on() -> None:
    reminder = Reminder("stale", "30")
    assert reminder.see(None, after=29 * MINUTE) is None
    assert reminder.before.due_at == NOON + timedelta(minutes=30, seconds=1)
    assert reminder.see(None, after=2 * MINUTE) == Firing(Decimal(31), Decimal(30))


def test_after_a_sleep_of_our_own_it_looks_twice() -> None:
    reminder = Reminder("stale", "30")
    assert reminder.see(None, after=timedelta(hours=8), base_at=NOON) is None
    assert reminder.see(None, base_at=NOON + timedelta(hours=8)) is None
    slept = Reminder("stale", "30")
    assert slept.see(None, after=timedelta(hours=8), base_at=NOON) is None
    assert slept.see(None, base_at=NOON) is not None


def test_a_report_comes_when_it_is_due_and_missed_ones_once() -> None:
    reminder = Reminder("schedule", None)
    assert reminder.see(None, next_at=NOON + 10 * MINUTE) is None
    assert reminder.see(None, after=8 * MINUTE, next_at=NOON + 10 * MINUTE) is None
    assert reminder.see(None, next_at=NOON + 20 * MINUTE) == Firing(None, None)
    assert reminder.see(None, after=60 * MINUTE, next_at=NOON + 80 * MINUTE) == Firing(None, None)
    assert reminder.see(None, next_at=NOON + 80 * MINUTE) is None


def test_a_report_can_come_once() -> None:
    reminder = Reminder("schedule", None, repeats=False)
    reminder.before = replace(reminder.before, due_at=NOON)
    assert reminder.see(None, next_at=NOON + 5 * MINUTE) is not None
    assert (reminder.before.arming, reminder.before.due_at) == (Arming.FIRED, None)


# Stretches that nobody judged -----------------------------------------------------------------------------------------
def test_a_missed_stretch_is_judged_by_its_extremes() -> None:
    above = Reminder("price_above", start="99")
    assert above.see("98", low="95", high="103") == Firing(Decimal(103), LIMIT)
    assert above.before.arming is Arming.ARMED
    assert above.see("98", low="95", high="100") is None


def test_a_way_back_and_a_crossing_in_one_stretch_fire() -> None:
    reminder = Reminder("price_above", start="99")
    assert reminder.fires("101") == [0]
    assert reminder.see("102", low="99.6", high="103") is None
    assert reminder.see("102", low="98", high="103") == Firing(Decimal(102), LIMIT)


def test_of_a_range_that_was_left_nothing_is_guessed() -> None:
    reminder = Reminder("price_leaves_range", "90", high="110", start="100")
    assert reminder.see("100", low="85", high="105") == Firing(Decimal(85), Decimal(90))
    assert Reminder("price_enters_range", "90", high="110", start="80").see("80", low="80", high="120") is None


def test_a_trailing_stop_sees_the_low_before_the_high() -> None:
    assert Reminder("trailing", "10", start="100").see("99", low="89", high="101") is not None
    assert Reminder("trailing", "10", start="100").see("99", low="91", high="101") is None
    assert Reminder("trailing", "10", start="100").see("99", low="91", high="111") is not None


# Edges ----------------------------------------------------------------------------------------------------------------
def test_the_edge_is_where_something_happens_next() -> None:
    reminder = Reminder("price_above", start="99")
    assert reminder.edges == Edges(rise_to=LIMIT)
    reminder.see("101")
    assert reminder.edges == Edges(fall_to=Decimal("99.5"))
    assert Reminder("price_above", start="101").edges == Edges(fall_to=LIMIT)
    assert Reminder("price_above").edges == Edges()
    once = Reminder("price_above", start="99", repeats=False)
    once.see("101")
    assert once.edges == Edges()


def test_a_range_has_two_edges_as_far_as_they_matter() -> None:
    assert Reminder("price_leaves_range", "90", high="110", start="100").edges == Edges(Decimal(110), Decimal(90))
    assert Reminder("price_enters_range", "90", high="110", start="80").edges == Edges(rise_to=Decimal(90))
    assert Reminder("price_enters_range", "90", high="110", start="120").edges == Edges(fall_to=Decimal(110))
    outside = Reminder("price_leaves_range", "90", high="110", start="100")
    outside.see("120")
    assert outside.edges == Edges(fall_to=Decimal("109.45"))


BY_EDGE: dict[str, tuple[str, dict[str, Any]]] = {
    "price_above": ("100", {}),
    "price_below": ("100", {}),
    "price_leaves_range": ("99", {"high": "101"}),
    "price_enters_range": ("101", {"high": "102"}),
    "trailing": ("1", {}),
    "depeg": ("1", {"minutes": 0}),
}


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    kind=st.sampled_from(sorted(BY_EDGE)),
    band=st.sampled_from(["0", "0.5", "5"]),
    steps=st.lists(st.integers(-300, 300), min_size=1, max_size=80),
)
def test_nothing_happens_before_an_edge_is_reached(kind: str, band: str, steps: list[int]) -> None:
    """What the indexes look for is enough: between the edges nothing fires, arms, or is to be remembered."""
    limit, terms = BY_EDGE[kind]
    unit = Decimal("0.01") if kind == "depeg" else Decimal(1)
    price = Decimal(100)
    reminder = Reminder(kind, limit, start=price * unit, band=band, **terms)
    for step in steps:
        price = max(Decimal("0.01"), price + Decimal(step) / 100)
        before, edges = reminder.before, reminder.edges
        fired = reminder.see(price * unit)
        risen = edges.rise_to is not None and price * unit >= edges.rise_to
        fallen = edges.fall_to is not None and price * unit <= edges.fall_to
        assert risen or fallen or (fired is None and reminder.before == before)


def test_every_condition_with_edges_is_held_to_them() -> None:
    assert {kind for kind, condition in CONDITIONS.items() if condition.by_edge} == BY_EDGE.keys()
