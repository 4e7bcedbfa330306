"""A reminder that fires again and again is paused, and its last alert says so (promise 7)."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from notifications.firing import MOST_IN_A_STORM, STORM
from notifications.models import Alert, Reminder
from tests.notifications.conftest import Market

pytestmark = pytest.mark.django_db
WHY = "It fired more than 15 times within 3 minutes."


def cross(market: Market, times: int, time: Any, pace: timedelta) -> None:
    """So many crossings, one each `pace`."""
    for _ in range(times):
        market.set("bitcoin", 99)
        time.shift(pace)
        market.set("bitcoin", 101)


def test_more_than_fifteen_firings_in_three_minutes_pause_it_and_the_last_alert_says_so(
    market: Market, remind: Callable[..., Reminder], time: Any
) -> None:
    market.set("bitcoin", 99)
    stormy = remind("price_above", 100, repeat="always", rearm_band=0)
    calm = remind("price_above", 50, repeat="always")
    cross(market, MOST_IN_A_STORM + 5, time, timedelta(seconds=5))
    for reminder in (stormy, calm):
        reminder.refresh_from_db()
    assert Alert.objects.count() == MOST_IN_A_STORM + 1
    assert (stormy.active, stormy.paused_because) == (False, WHY)
    assert (calm.active, calm.paused_because) == (True, "")
    *before, last = Alert.objects.order_by("pk")
    assert last.text.endswith(f"{WHY} It is paused now; switch it on again when you want it back.")
    assert not any("paused" in alert.text for alert in before)


def test_as_many_in_more_time_are_no_storm(market: Market, remind: Callable[..., Reminder], time: Any) -> None:
    market.set("bitcoin", 99)
    reminder = remind("price_above", 100, repeat="always", rearm_band=0)
    cross(market, 2 * MOST_IN_A_STORM, time, STORM / MOST_IN_A_STORM)
    reminder.refresh_from_db()
    assert reminder.active
    assert Alert.objects.count() == 2 * MOST_IN_A_STORM
