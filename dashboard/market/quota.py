"""How often a source may be asked: the plan's budget, the interval that keeps inside it, the pause after a failure.

Pure: times come in as arguments, and what has to be remembered is the caller's to store.
"""

from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from typing import Final

PATIENCE: Final = 60.0
"""Seconds of failing before pauses grow, and the longest that they grow to."""
HEAD_START: Final = 0.05
"""The part of a month's budget that may be spent ahead of time: some hours of watching."""


class Urgency(IntEnum):
    IDLE = 0
    """Nobody looks."""
    WATCHED = 1
    """A dashboard is open."""
    CLOSE = 2
    """A reminder is close to its limit."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a plan allows, and the interval in seconds that is worth asking at for each urgency."""

    calls_per_minute: int
    calls_per_month: int
    intervals: tuple[float, float, float]


# The free plans' answers are cached for about a minute at the source, the paid ones' for less.
PLANS: Final = {
    "keyless": Plan(30, 10_000, (600, 60, 30)),
    "demo": Plan(30, 10_000, (600, 60, 30)),
    "pro": Plan(500, 500_000, (60, 20, 10)),
}


def month_of(now: datetime) -> str:
    return now.astimezone(UTC).strftime("%Y-%m")


def poll_interval(
    plan: Plan, urgency: Urgency, *, used: int, now: datetime, calls_per_poll: int = 1, fixed: float | None = None
) -> float:
    """Seconds from one poll to the next.

    A `fixed` interval wins. Else it is the plan's for this urgency as long as the month's calls are `used` no faster
    than the month passes (with a head start); beyond that, what is left is spread evenly over the rest of the month,
    so that the budget is never exceeded.
    """
    if fixed is not None:
        return fixed
    start, end = month_bounds(now)
    slowest = 60 * calls_per_poll / plan.calls_per_minute
    wanted = max(plan.intervals[urgency], slowest)
    passed = (now - start) / (end - start)
    if used < plan.calls_per_month * min(passed + HEAD_START, 1 - HEAD_START):
        return wanted
    left = (plan.calls_per_month - used) // calls_per_poll
    rest = (end - now).total_seconds()
    return max(wanted, rest / left) if left > 0 else max(wanted, rest)


def month_bounds(now: datetime) -> tuple[datetime, datetime]:
    start = now.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return start, start + timedelta(days=monthrange(start.year, start.month)[1])


@dataclass(frozen=True, slots=True)
class Breaker:
    """Closed while `failing_since` is None; else the source is left alone for `pause` seconds after each failure."""

    failing_since: datetime | None = None
    pause: float = 0.0

    def failed(self, now: datetime, interval: float, retry_after: float | None = None) -> "Breaker":
        """One interval's pause; twice the last one, up to a minute, once it has failed for a minute.

        A wait that the source asked for is kept, but never made shorter than an interval.
        """
        since = self.failing_since or now
        if retry_after is not None:
            return Breaker(since, max(retry_after, interval))
        if (now - since).total_seconds() < PATIENCE:
            return Breaker(since, interval)
        return Breaker(since, max(interval, min(2 * max(self.pause, interval), PATIENCE)))


def is_due(now: datetime, next_poll_at: datetime | None, interval: float) -> bool:
    """Ticks come from a clock that jitters: one that is early by less than half an interval or half a second counts."""
    if next_poll_at is None:
        return True
    return now >= next_poll_at - timedelta(seconds=min(interval / 2, 0.5))


def stale_after(interval: float) -> timedelta:
    """Prices older than this, by the source's own time, are not acted on."""
    return timedelta(seconds=max(3 * interval, 180.0))
