"""What a supervisor asks: is the process alive, and can it do its work?"""

from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe
from redis.exceptions import RedisError

from dashboard import clock
from dashboard.market.refresh import market_state
from dashboard.market.streams.handover import AWAY, FeedState, feeds
from project.pulse import worker_seen_at

WORKER_SILENCE_SECONDS = 60


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok", content_type="text/plain")


@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Each part's state; 503 when database, Redis or worker fail. Old prices are said, and are no failure."""
    parts = {"database": database(), "redis": redis()}
    parts["worker"] = worker() if parts["redis"] == "ok" else "unknown"
    ready = all(state == "ok" for state in parts.values())
    body: dict[str, Any] = {**parts, "prices": prices() if parts["database"] == "ok" else "unknown"}
    if settings.PRICE_STREAMS:
        body["streams"] = streams()
    return JsonResponse(body, status=200 if ready else 503)


def database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return "failing"
    return "ok"


def redis() -> str:
    try:
        cache.get("readyz")
    except (RedisError, OSError):
        return "failing"
    return "ok"


def worker() -> str:
    seen = worker_seen_at()
    if seen is None:
        return "not seen"
    return "ok" if (clock.now() - seen).total_seconds() < WORKER_SILENCE_SECONDS else "silent"


def streams() -> dict[str, dict[str, Any]]:
    """How each exchange's feed stands; away is no failure, because CoinGecko's prices take over."""
    try:
        told = {feed.name: stream(feed) for feed in feeds()}
    except AWAY:
        told = {}
    return {name: told.get(name, {"state": "unknown"}) for name in settings.PRICE_STREAMS}


def stream(feed: FeedState) -> dict[str, Any]:
    last = feed.last_message_at
    return {
        "state": "connected" if feed.connected else "away",
        "subscribed": feed.subscribed,
        "messages_per_second": round(feed.messages_a_second, 1),
        "last_message_age_seconds": None if last is None else round(clock.now().timestamp() - last, 1),
        "reconnects": feed.reconnects,
        "distrusted": len(feed.distrusted),
    }


def prices() -> str:
    state = market_state()
    if state.last_success_at is None:
        return "none"
    return "stale" if state.stale else "fresh"
