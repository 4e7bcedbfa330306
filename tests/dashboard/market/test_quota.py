"""The budget, the interval and the breaker, without a clock and without a source."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.market.quota import PLANS, Breaker, Urgency, is_due, month_bounds, month_of, poll_interval, stale_after

NOW = datetime(2025, 4, 16, 12, 0, tzinfo=UTC)  # half of April has passed
DEMO = PLANS["demo"]


@pytest.mark.parametrize(
    ("plan", "urgency", "seconds"),
    [
        ("keyless", Urgency.IDLE, 600),
        ("keyless", Urgency.WATCHED, 60),
        ("demo", Urgency.CLOSE, 30),
        ("pro", Urgency.IDLE, 60),
        ("pro", Urgency.CLOSE, 10),
    ],
)
def test_the_interval_follows_who_looks_and_what_the_plan_is_worth(plan: str, urgency: Urgency, seconds: float) -> None:
    assert poll_interval(PLANS[plan], urgency, used=0, now=NOW) == seconds


def test_a_fixed_interval_wins() -> None:
    assert poll_interval(DEMO, Urgency.IDLE, used=10_000, now=NOW, fixed=1.0) == 1.0


def test_a_budget_spent_too_fast_is_spread_over_the_rest_of_the_month() -> None:
    rest = (month_bounds(NOW)[1] - NOW).total_seconds()
    assert poll_interval(DEMO, Urgency.CLOSE, used=8_000, now=NOW) == pytest.approx(rest / 2_000)


def test_a_budget_that_is_spent_waits_for_the_next_month() -> None:
    rest = (month_bounds(NOW)[1] - NOW).total_seconds()
    assert poll_interval(DEMO, Urgency.CLOSE, used=10_000, now=NOW) == rest
    assert poll_interval(DEMO, Urgency.CLOSE, used=12_000, now=NOW) == rest


@pytest.mark.parametrize("calls_per_poll", [1, 2, 7])
def test_a_month_of_constant_urgency_stays_inside_the_budget(calls_per_poll: int) -> None:
    now, end = month_bounds(NOW)
    used = 0
    while now < end:
        used += calls_per_poll
        now += timedelta(seconds=poll_interval(DEMO, Urgency.CLOSE, used=used, now=now, calls_per_poll=calls_per_poll))
    assert 0.9 * DEMO.calls_per_month < used <= DEMO.calls_per_month


@given(st.integers(0, 20_000), st.sampled_from(Urgency), st.integers(0, 30 * 86400 - 1), st.integers(1, 40))
def test_no_interval_breaks_the_calls_a_minute(used: int, urgency: Urgency, second: int, calls_per_poll: int) -> None:
    now = datetime(2025, 4, 1, tzinfo=UTC) + timedelta(seconds=second)
    interval = poll_interval(DEMO, urgency, used=used, now=now, calls_per_poll=calls_per_poll)
    assert interval * DEMO.calls_per_minute >= 60 * calls_per_poll


def test_months_are_counted_in_utc() -> None:
    assert month_of(datetime.fromisoformat("2025-05-01T01:00:00+02:00")) == "2025-04"


def fail_each(breaker: Breaker, interval: float, until: float) -> list[float]:
    """The pauses when every attempt fails, from now until so many seconds later."""
    passed, pauses = 0.0, []
    while passed <= until:
        breaker = breaker.failed(NOW + timedelta(seconds=passed), interval)
        pauses.append(breaker.pause)
        passed += breaker.pause
    return pauses


def test_the_first_minute_of_failing_pauses_one_interval_each() -> None:
    assert set(fail_each(Breaker(), 5, until=59)) == {5}


def test_after_a_minute_pauses_double_up_to_a_minute() -> None:
    assert fail_each(Breaker(), 5, until=300)[12:17] == [10, 20, 40, 60, 60]


def test_a_long_interval_is_never_shortened() -> None:
    assert set(fail_each(Breaker(), 600, until=3000)) == {600}


def test_a_wait_that_was_asked_for_wins() -> None:
    assert Breaker().failed(NOW, 1, retry_after=45).pause == 45
    assert Breaker(NOW - timedelta(hours=1), 60).failed(NOW, 1, retry_after=7).pause == 7
    assert Breaker().failed(NOW, 10, retry_after=0).pause == 10


def test_failing_since_is_the_first_failure() -> None:
    breaker = Breaker().failed(NOW, 1).failed(NOW + timedelta(seconds=9), 1)
    assert breaker.failing_since == NOW


@pytest.mark.parametrize(
    ("early", "interval", "due"), [(0.0, 1, True), (0.4, 1, True), (0.6, 1, False), (0.6, 60, False), (0.5, 60, True)]
)
def test_a_tick_that_is_a_little_early_counts(early: float, interval: float, due: bool) -> None:
    assert is_due(NOW - timedelta(seconds=early), NOW, interval) is due


def test_prices_are_stale_after_three_intervals_but_not_before_three_minutes() -> None:
    assert stale_after(1) == timedelta(seconds=180)
    assert stale_after(600) == timedelta(seconds=1800)
