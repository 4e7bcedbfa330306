"""The doorbell of the workers: rings what it should, and is never waited for."""

import ast
import json
import time as clocks
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import redis
from django.conf import settings

from dashboard import bell, clock
from notifications.models import Delivery, Reminder
from notifications.ringing import A_LOT, ring, sweep
from tests.notifications.conftest import Market
from tests.valkey import Valkey


@pytest.fixture
def broker(valkey: Valkey) -> Iterator[redis.Redis]:
    broker = redis.Redis.from_url(settings.REDIS_URLS[0])
    broker.delete("deliveries")
    yield broker
    broker.delete("deliveries")
    broker.close()


def test_a_ring_puts_one_task_for_each_delivery_on_the_workers_queue(broker: redis.Redis) -> None:
    ring([7, 8])
    tasks = [json.loads(raw) for raw in broker.lrange("deliveries", 0, -1)]
    assert {task["headers"]["task"] for task in tasks} == {"notifications.tasks.deliver"}
    assert sorted(task["headers"]["argsrepr"] for task in tasks) == ["[7]", "[8]"]


@pytest.mark.django_db
def test_what_workers_have_not_come_to_is_not_rung_again(
    market: Market, remind: Callable[..., Reminder], time: Any, broker: redis.Redis
) -> None:
    market.set("bitcoin", 99)
    remind("price_above", 100, transports=["toast", "email"])
    market.set("bitcoin", 101)
    began = clock.now()
    Delivery.objects.filter(transport="email").update(rung_at=None)
    broker.rpush("deliveries", *["{}"] * (A_LOT + 1))
    time.shift(timedelta(seconds=16))
    sweep(clock.now())
    assert dict(Delivery.objects.values_list("transport", "rung_at")) == {"toast": began, "email": clock.now()}
    assert bell.unheard() == A_LOT + 2
    broker.delete("deliveries")
    sweep(clock.now())
    assert set(Delivery.objects.values_list("rung_at", flat=True)) == {clock.now()}
    assert bell.unheard() == 1


def test_a_broker_that_is_away_is_not_waited_for(valkey: Valkey, caplog: pytest.LogCaptureFixture) -> None:
    valkey.kill()
    try:
        before = clocks.monotonic()
        ring([7, 8])
        assert bell.unheard() == 0
        assert clocks.monotonic() - before < 5
    finally:
        valkey.start()


def test_nothing_is_left_to_the_broker_to_put_off() -> None:
    """Due times live in the database: no task has a time of its own, which the broker's patience might cut short."""
    asked = [
        f"{path.name}:{node.lineno}"
        for app in ("accounts", "dashboard", "notifications", "project")
        for path in (settings.BASE_DIR / app).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.keyword) and node.arg in {"eta", "countdown"}
    ]
    assert not asked
