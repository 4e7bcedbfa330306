"""What the process of the streams and the ticks tell each other, through Redis: small, and no loss if it is lost.

From the ticks: the assets that are wanted, and what CoinGecko stated of them. From the process: the newest prices, a
sign of life, and how each exchange's feed stands.
"""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any, Final

from django.conf import settings
from redis import Redis
from redis.asyncio import Redis as AsyncRedis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from dashboard import clock
from dashboard.market.streams.board import EPOCH, MICROSECOND, Anchor, Span, Streamed, microseconds
from dashboard.money import plain

AWAY: Final = (RedisError, OSError)
WANTED: Final = "tickfolio:streams:wanted"
ANCHORS: Final = "tickfolio:streams:anchors"
PRICES: Final = "tickfolio:streams:prices"
ALIVE: Final = "tickfolio:streams:alive"
FEEDS: Final = "tickfolio:streams:feeds"
PAIRS: Final = "tickfolio:streams:pairs"
SILENT_AFTER: Final = 5.0
"""Seconds without a sign of life of the process after which its prices do not count."""
PATIENCE: Final = {"socket_connect_timeout": 2, "socket_timeout": 2, "retry": Retry(NoBackoff(), 1)}


@dataclass(frozen=True, slots=True)
class FeedState:
    """How an exchange's feed stands. Times are seconds since 1970; `reason` is why it is away."""

    name: str
    title: str
    url: str
    at: float
    connected: bool
    since: float | None = None
    subscribed: int = 0
    wanted: int = 0
    messages_a_second: float = 0.0
    messages: int = 0
    last_message_at: float | None = None
    reconnects: int = 0
    gaps: int = 0
    reason: str = ""
    refused: Mapping[str, str] = field(default_factory=dict)
    distrusted: Mapping[str, str] = field(default_factory=dict)
    """Pairs that are not trusted, each with why."""


@cache
def redis() -> "Redis":
    return Redis.from_url(settings.REDIS_URLS[0], decode_responses=True, **PATIENCE)


def asynchronous() -> "AsyncRedis":
    return AsyncRedis.from_url(
        settings.REDIS_URLS[0], decode_responses=True, socket_connect_timeout=2, socket_timeout=2
    )


# What ticks say and ask; each gives up within seconds where Redis is away and raises RedisError or OSError ------------


def want(assets: Iterable[str]) -> None:
    """Say which assets prices are wanted of."""
    redis().set(WANTED, json.dumps(sorted(assets)))


def state_anchors(anchors: Mapping[str, Anchor]) -> None:
    """Pass on what CoinGecko stated."""
    if anchors:
        redis().hset(ANCHORS, mapping={asset: written(anchor) for asset, anchor in anchors.items()})


def streamed(assets: Collection[str]) -> dict[str, Streamed]:
    """The newest prices that exchanges stated of these assets; nothing where the process is not alive."""
    if not assets:
        return {}
    wanted = sorted(assets)
    alive, texts = redis().get(ALIVE), redis().hmget(PRICES, wanted)
    if alive is None or clock.now().timestamp() - float(alive) > SILENT_AFTER:
        return {}
    return {asset: read_streamed(asset, str(text)) for asset, text in zip(wanted, texts, strict=True) if text}


def feeds() -> list[FeedState]:
    """How each exchange's feed stands, by its name; a process that is gone says nothing."""
    now = clock.now().timestamp()
    told = [FeedState(**json.loads(text)) for text in redis().hgetall(FEEDS).values()]
    return sorted((state for state in told if now - state.at <= SILENT_AFTER), key=lambda state: state.name)


# How it is written ------------------------------------------------------------------------------------------------


def written(anchor: Anchor) -> str:
    return f"{plain(anchor.price)} {anchor.at.isoformat()}"


def read_anchor(text: str) -> Anchor:
    price, _, at = text.partition(" ")
    return Anchor(Decimal(price), datetime.fromisoformat(at))


def write_streamed(said: Streamed) -> str:
    """JSON, put together by hand: this is done a thousand times a second."""
    spans = ",".join([each.text for each in said.spans])
    return f'["{plain(said.price)}",{microseconds(said.at)},{json.dumps(said.sources)},[{spans}]]'


def read_streamed(asset: str, text: str) -> Streamed:
    price, at, sources, spans = json.loads(text)
    return Streamed(
        asset,
        Decimal(price),
        EPOCH + at * MICROSECOND,
        tuple(sources),
        tuple(Span(EPOCH + at * MICROSECOND, Decimal(low), Decimal(high)) for at, low, high in spans),
    )


def write_feed(state: FeedState) -> str:
    facts: dict[str, Any] = asdict(state)
    return json.dumps(facts)
