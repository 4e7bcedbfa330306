"""The doorbell of the workers: rings what it should, and is never waited for."""

import json
import time

import pytest
import redis
from django.conf import settings

from notifications.ringing import ring
from tests.valkey import Valkey


def test_a_ring_puts_one_task_for_each_delivery_on_the_workers_queue(valkey: Valkey) -> None:
    broker = redis.Redis.from_url(settings.REDIS_URLS[0])
    broker.delete("deliveries")
    ring([7, 8])
    tasks = [json.loads(raw) for raw in broker.lrange("deliveries", 0, -1)]
    assert {task["headers"]["task"] for task in tasks} == {"notifications.tasks.deliver"}
    assert sorted(task["headers"]["argsrepr"] for task in tasks) == ["[7]", "[8]"]
    broker.delete("deliveries")
    broker.close()


def test_a_broker_that_is_away_is_not_waited_for(valkey: Valkey, caplog: pytest.LogCaptureFixture) -> None:
    valkey.kill()
    try:
        before = time.monotonic()
        ring([7, 8])
        assert time.monotonic() - before < 3
    finally:
        valkey.start()
