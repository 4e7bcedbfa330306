"""One tick of the market: ask the source when it is time, believe what is sane, store it under a new number.

Announcing what changed, and judging reminders by it, is not done here.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Max

from dashboard import clock
from dashboard.market import coingecko
from dashboard.market.course import NEWS, NOTHING_NEW, Course
from dashboard.market.quota import PLANS, Breaker, Urgency, is_due, month_of, poll_interval, stale_after
from dashboard.market.quote import Quote
from dashboard.market.samples import keep
from dashboard.market.source import SourceError, SourceGarbled, SourceRefused
from dashboard.market.storing import judge_all, write
from dashboard.market.streams.source import with_streams
from dashboard.models import Asset, MarketQuote, MarketState

__all__ = ["MarketHealth", "Tick", "Urgency", "market_state", "refresh", "stale_before"]

logger = structlog.get_logger(__name__)

TOP_AT_LEAST_EVERY: Final = 60.0
POLLED: Final = ("month", "calls", "failing_since", "failure_reason", "breaker_seconds")


@dataclass(frozen=True, slots=True)
class Tick:
    """What one poll changed: the quotes that were accepted and differ from those before, under a growing number."""

    sequence: int
    at: datetime
    quotes: tuple[Quote, ...]


@dataclass(frozen=True, slots=True)
class MarketHealth:
    """How polling goes; `stale` is by the source's own time of its newest price."""

    last_success_at: datetime | None
    as_of: datetime | None
    stale: bool
    source: str
    failing_since: datetime | None
    reason: str
    next_poll_at: datetime | None
    interval: float
    sequence: int


@dataclass(frozen=True, slots=True)
class Poll:
    """A poll that this process has claimed: which coins by id, and whether the page of the largest comes with it."""

    assets: tuple[str, ...]
    top: bool
    interval: float


def refresh(assets: Collection[str], urgency: Urgency = Urgency.IDLE, course: Course | None = None) -> Tick | None:
    """At most one attempt to fetch the quotes of `assets` and of the largest coins; `course` notes how it went.

    None when no poll is due, another process does it, the source fails, or nothing new came. What the outside world
    does never raises here; the last good prices stay.
    """
    course = course or Course()
    poll = claim_poll(assets, urgency, clock.now())
    course.lap("asked")
    if poll is None:
        return None
    source = coingecko.from_settings()
    try:
        try:
            samples = source.quotes(poll.assets, top=poll.top)
        finally:
            course.add("received", source.waited)
            course.lap("accepted", without=source.waited)
        if not samples:
            raise SourceGarbled("no price that can be used")
        if settings.PRICE_STREAMS:
            samples = with_streams(samples, poll.assets)
        course.received = len(samples)
        tick = accept(samples, poll, source.calls, course)
    except SourceError as error:
        course.outcome = error.outcome
        note_failure(error, poll, source.calls)
        return None
    course.outcome = NOTHING_NEW if tick is None else NEWS
    return tick


def claim_poll(assets: Collection[str], urgency: Urgency, now: datetime) -> Poll | None:
    """The poll that is due now, claimed so that of several processes one makes it; None where none is."""
    state = the_state()
    interval = interval_now(state, urgency, now, calls_per_poll=1 + len(assets) // coingecko.BATCH)
    due_at = state.next_poll_at
    if state.failing_since is None and state.last_attempt_at is not None:
        # The pace may have changed since the last poll: someone looks now, or no longer.
        due_at = state.last_attempt_at + timedelta(seconds=interval)
    clock_went_back = state.last_attempt_at is not None and state.last_attempt_at > now
    if not (clock_went_back or is_due(now, due_at, interval)):
        return None
    top_due_at = state.top_fetched_at and state.top_fetched_at + timedelta(
        seconds=max(5 * interval, TOP_AT_LEAST_EVERY)
    )
    top_due = top_due_at is None or now >= top_due_at
    ranks = dict(Asset.objects.coins().filter(id__in=assets).values_list("id", "rank"))
    beyond_top = any(rank is None or rank > coingecko.TOP for rank in ranks.values())
    claimed = MarketState.objects.filter(pk=state.pk, last_attempt_at=state.last_attempt_at).update(
        last_attempt_at=now, next_poll_at=now + timedelta(seconds=interval), interval_seconds=interval
    )
    if not claimed:
        return None
    # A coin among the largest comes with their page, which then is the whole poll.
    return Poll(tuple(sorted(ranks)), top=top_due or not beyond_top, interval=interval)


def interval_now(state: MarketState, urgency: Urgency, now: datetime, calls_per_poll: int) -> float:
    return poll_interval(
        PLANS[settings.COINGECKO_PLAN],
        urgency,
        used=state.calls if state.month == month_of(now) else 0,
        now=now,
        calls_per_poll=calls_per_poll,
        fixed=settings.PRICE_REFRESH_SECONDS,
    )


def accept(samples: tuple[Quote, ...], poll: Poll, calls: int, course: Course) -> Tick | None:
    """Store what is believed of the samples; SourceGarbled where none of them could be."""
    now = clock.now()
    with transaction.atomic():
        state = MarketState.objects.select_for_update().get()
        judged = judge_all(samples, now, state.sequence + 1)
        if judged.rejected == len(samples):
            raise SourceGarbled("every price is older than the last one, or from the future")
        course.lap("accepted")
        write(judged, samples)
        course.kept = keep(judged.news, poll.assets, now, interval=poll.interval)
        count_calls(state, calls, now)
        if judged.news:
            state.sequence += 1
        if poll.top:
            state.top_fetched_at = now
        state.last_success_at = now
        state.failing_since, state.failure_reason, state.breaker_seconds = None, "", 0
        state.save(update_fields=[*POLLED, "sequence", "top_fetched_at", "last_success_at"])
    course.lap("stored")
    if not judged.news:
        return None
    course.news, course.sequence = len(judged.news), state.sequence
    return Tick(state.sequence, now, tuple(judged.news))


def note_failure(error: SourceError, poll: Poll, calls: int) -> None:
    now = clock.now()
    retry_after = error.retry_after if isinstance(error, SourceRefused) else None
    with transaction.atomic():
        state = MarketState.objects.select_for_update().get()
        breaker = Breaker(state.failing_since, state.breaker_seconds).failed(now, poll.interval, retry_after)
        count_calls(state, calls, now)
        state.failing_since, state.breaker_seconds = breaker.failing_since, breaker.pause
        state.failure_reason = str(error)[:300]
        state.next_poll_at = now + timedelta(seconds=breaker.pause)
        state.save(update_fields=[*POLLED, "next_poll_at"])
    logger.warning("market.source_failed", reason=str(error), pause=breaker.pause)


def count_calls(state: MarketState, calls: int, now: datetime) -> None:
    month = month_of(now)
    state.calls = calls + (state.calls if state.month == month else 0)
    state.month = month


def the_state() -> MarketState:
    return MarketState.objects.get_or_create(pk=1)[0]


def stale_before(now: datetime) -> datetime:
    """Prices whose own time lies before this are stale at the pace in force."""
    return now - stale_after(the_state().interval_seconds)


def market_state() -> MarketHealth:
    """How polling goes, for pages and for /readyz."""
    state = the_state()
    as_of = MarketQuote.objects.aggregate(newest=Max("as_of"))["newest"]
    return MarketHealth(
        last_success_at=state.last_success_at,
        as_of=as_of,
        stale=as_of is None or as_of < clock.now() - stale_after(state.interval_seconds),
        source=coingecko.NAME,
        failing_since=state.failing_since,
        reason=state.failure_reason,
        next_poll_at=state.next_poll_at,
        interval=state.interval_seconds,
        sequence=state.sequence,
    )
