"""How things stand now, read when somebody asks: from the database by indexes, from Redis by lengths of queues.

What costs more than an index can give is kept for a minute.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.conf import settings
from django.core.cache import cache
from django.db.models import Count, Min

from dashboard import clock
from dashboard.market.quota import PLANS, month_of
from dashboard.market.refresh import MarketHealth, market_state
from dashboard.market.streams import handover
from dashboard.market.streams.handover import FeedState
from dashboard.models import Import, MarketState
from notifications.conditions import Arming
from notifications.models import Delivery, Reminder
from project.redis import AWAY, shared

QUEUES: Final = ("market", "deliveries")
RECENT: Final = 1000
ARMED: Final = "metrics.reminders-armed"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why deliveries failed, and how many of the recent ones."""

    transport: str
    error: str
    times: int
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Deliveries:
    """`waiting` are all that need attention; `recent` are the last thousand, by how they stand."""

    waiting: Mapping[tuple[str, str], int]
    recent: Mapping[tuple[str, str], int]
    oldest_due: datetime | None
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Market:
    """The source's health, the pause of the breaker in seconds, and the calls of this month beside the plan's."""

    health: MarketHealth
    pause: float
    calls: int
    allowed: int
    age: float | None


def market() -> Market:
    now = clock.now()
    health = market_state()
    state = MarketState.objects.get(pk=1)
    return Market(
        health=health,
        pause=state.breaker_seconds if state.failing_since else 0.0,
        calls=state.calls if state.month == month_of(now) else 0,
        allowed=PLANS[settings.COINGECKO_PLAN].calls_per_month,
        age=(now - health.as_of).total_seconds() if health.as_of else None,
    )


def queues() -> Mapping[str, int | None]:
    """Tasks that wait in each queue; None when Redis can't say."""
    try:
        return {queue: shared().llen(queue) for queue in QUEUES}
    except AWAY:
        return dict.fromkeys(QUEUES)


def feeds() -> Sequence[FeedState]:
    """How each exchange's feed stands; nothing when Redis can't say, or the process of the streams is gone."""
    try:
        return handover.feeds()
    except AWAY:
        return ()


def deliveries() -> Deliveries:
    waiting = Delivery.objects.filter(due_at__isnull=False).order_by().values_list("transport", "state")
    newest = Delivery.objects.order_by("-pk").values_list("transport", "state", "error", "updated_at")[:RECENT]
    recent: Counter[tuple[str, str]] = Counter()
    failed: dict[tuple[str, str], list[datetime]] = {}
    for transport, state, error, updated_at in newest:
        recent[transport, state] += 1
        if state == Delivery.State.FAILED:
            failed.setdefault((transport, error), []).append(updated_at)
    reasons = [Reason(*key, len(times), max(times)) for key, times in failed.items()]
    return Deliveries(
        waiting={(transport, state): times for transport, state, times in waiting.annotate(times=Count("pk"))},
        recent=recent,
        oldest_due=Delivery.objects.filter(due_at__lte=clock.now()).aggregate(oldest=Min("due_at"))["oldest"],
        reasons=tuple(sorted(reasons, key=lambda reason: reason.last_at, reverse=True)),
    )


def reminders_armed() -> int:
    """Counted once a minute for everybody, because it grows with the reminders."""
    try:
        return int(cache.get_or_set(ARMED, count_armed, 60) or 0)
    except AWAY:
        return count_armed()


def count_armed() -> int:
    return Reminder.objects.filter(active=True, arming=Arming.ARMED).count()


def imports_at_work() -> int:
    return Import.objects.filter(state__in=[Import.State.READING, Import.State.RUNNING]).count()
