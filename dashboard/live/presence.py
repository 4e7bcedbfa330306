"""Whether anybody looks: a key that every web process with open pages renews and that otherwise expires."""

from typing import Final

import structlog
from django.core.cache import cache
from redis.exceptions import RedisError

logger = structlog.get_logger(__name__)
KEY: Final = "someone-watches"
EXPIRES_AFTER: Final = 30
RENEW_EVERY: Final = 10.0


def someone_watches() -> bool:
    """Whether a page is open in any web process. False when Redis can't say."""
    try:
        return cache.get(KEY) is not None
    except (RedisError, OSError):
        return False


def renew() -> None:
    """Say that somebody looks, for the next half minute."""
    try:
        cache.set(KEY, 1, EXPIRES_AFTER)
    except (RedisError, OSError) as error:
        logger.warning("presence.lost", error=str(error))
