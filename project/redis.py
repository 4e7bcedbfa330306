"""The Redis that all processes share, for what is small and may be lost; it is given up within seconds."""

from functools import cache
from typing import Final

from django.conf import settings
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

AWAY: Final = (RedisError, OSError)
"""What is raised when it is away, or silent."""


@cache
def shared() -> "Redis":
    return Redis.from_url(
        settings.REDIS_URLS[0],
        socket_connect_timeout=2,
        socket_timeout=2,
        retry=Retry(NoBackoff(), 1),
        decode_responses=True,
    )
