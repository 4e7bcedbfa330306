"""A worker announces over one connection, as long as that lasts."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis

from dashboard.live.announce import announce_health, keep_connection, kept
from tests.valkey import Valkey


@pytest.fixture
def client(valkey: Valkey) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(valkey.url) as client:
        yield client


def in_thread(act: Callable[[], None]) -> None:
    """What a thread keeps ends with it."""

    def work() -> None:
        keep_connection()
        assert kept.runner is not None
        with kept.runner:
            act()

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()


def test_a_worker_does_not_connect_anew_for_each_announcement(client: redis.Redis) -> None:
    made: list[int] = []

    def act() -> None:
        for _ in range(4):
            announce_health()
            facts: dict[str, Any] = client.info("stats")
            made.append(facts["total_connections_received"])

    in_thread(act)
    assert len(set(made)) == 1


def test_a_worker_is_heard_again_after_redis_was_away(valkey: Valkey) -> None:
    heard: list[bool] = []

    def is_heard() -> bool:
        with redis.Redis.from_url(valkey.url) as client:
            ear = client.pubsub()
            ear.psubscribe("*market*")
            ear.get_message(timeout=5)
            announce_health()
            return ear.get_message(timeout=5) is not None

    def act() -> None:
        heard.append(is_heard())
        valkey.kill()
        valkey.start()
        heard.append(is_heard())

    in_thread(act)
    assert heard == [True, True]
