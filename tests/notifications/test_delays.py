"""Old prices are never acted on; that they are old is said once, and once that they are back (promise 5)."""

from collections.abc import Callable, Iterable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.test import TestCase

from accounts.models import User
from dashboard import clock
from notifications import checking, delays
from notifications.models import Alert, Reminder
from tests.notifications.conftest import Market, make_user

pytestmark = pytest.mark.django_db


def told(callbacks: Iterable[Any]) -> list[tuple[list[int], bool]]:
    """Whom the pages of, and whether that prices are old, in order."""
    found = [one for one in callbacks if isinstance(one, partial) and one.func is delays.tell]
    return [(one.args[0], one.keywords["stale"]) for one in found]


def test_it_is_said_once_that_prices_are_delayed_and_once_that_they_are_back(
    market: Market, remind: Callable[..., Reminder], user: User, time: Any
) -> None:
    market.set("bitcoin", 99)
    remind("price_above", 100)
    make_user("eve")  # relies on no price
    with TestCase.captureOnCommitCallbacks() as callbacks:
        for _ in range(20):
            time.shift(timedelta(seconds=30))
            checking.check(None)
        market.set("bitcoin", 101, as_of=clock.now() - timedelta(minutes=5))
    assert told(callbacks) == [([user.pk], True)]
    assert not Alert.objects.exists()
    with TestCase.captureOnCommitCallbacks() as callbacks:
        for _ in range(3):
            time.shift(timedelta(seconds=30))
            market.set("bitcoin", 99)
    assert told(callbacks) == [([user.pk], False)]
    market.set("bitcoin", 101)
    assert Alert.objects.count() == 1


def test_a_poll_that_fails_now_and_then_is_no_delay(
    market: Market, remind: Callable[..., Reminder], user: User, time: Any
) -> None:
    market.set("bitcoin", 99)
    remind("price_above", 100)
    with TestCase.captureOnCommitCallbacks() as callbacks:
        for _ in range(5):
            time.shift(timedelta(seconds=170))
            checking.check(None)
            market.set("bitcoin", 99)
    assert told(callbacks) == []
