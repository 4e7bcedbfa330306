"""The tick worker's sign of life: it leaves the time at each tick, `/readyz` reads it."""

from datetime import datetime

from django.core.cache import cache

from dashboard import clock

KEY = "worker.seen"


def worker_was_here() -> None:
    cache.set(KEY, clock.now().isoformat(), timeout=3600)


def worker_seen_at() -> datetime | None:
    """When a worker last ran a tick; None when none has within an hour. Raises RedisError when Redis is away."""
    seen = cache.get(KEY)
    return datetime.fromisoformat(seen) if seen else None
