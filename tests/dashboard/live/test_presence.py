"""Somebody looks as long as a web process says so; a Redis that is away never stops the market."""

from django.core.cache import cache

from dashboard.live import presence
from tests.valkey import Valkey


def test_somebody_looks_until_the_key_expires() -> None:
    cache.delete(presence.KEY)
    assert not presence.someone_watches()
    presence.renew()
    assert presence.someone_watches()
    assert 0 < cache._cache.get_client().ttl(cache.make_key(presence.KEY)) <= presence.EXPIRES_AFTER  # type: ignore[attr-defined]


def test_without_redis_nobody_is_known_to_look(valkey: Valkey) -> None:
    valkey.kill()
    try:
        presence.renew()
        assert not presence.someone_watches()
    finally:
        valkey.start()
