"""Service: the reminders that the market's news concern, judged, claimed, and made into alerts with their deliveries.

What is news is read from the database, not from the tick, so that a tick whose process was killed is made up for by
the next one. One evaluator at a time judges; every sample is judged once.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

import structlog
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q

from dashboard import clock
from dashboard.market.refresh import Tick, stale_before
from dashboard.models import MarketQuote, MarketState, Position
from notifications.alerting import Fired, raise_alerts
from notifications.closeness import is_close_to, prices_are_close
from notifications.conditions import Arming, Now
from notifications.locks import one_at_a_time
from notifications.models import Reminder, Watch
from notifications.observing import Observation, converted, look, rates_to
from notifications.prefilter import Quoted, concerned
from notifications.ringing import sweep

logger = structlog.get_logger(__name__)

BATCH: Final = 1000
LATE_AFTER: Final = 2
"""Intervals of polling without a judgement that make a firing late, but at least one interval and LATE_GRACE."""
LATE_GRACE: Final = 5.0


@dataclass(frozen=True, slots=True)
class News:
    """What has not been judged yet: fresh prices in USD, the number they go up to, and how long nobody looked."""

    prices: dict[str, Decimal]
    sequence: int
    looked_at: datetime | None
    interval: float
    unseen: timedelta | None


@dataclass(slots=True)
class Verdict:
    """What a judgement found: who fired, who stands elsewhere now, and whether a balance is close to its limit."""

    fired: list[tuple[Reminder, Observation]] = field(default_factory=list)
    moved: list[tuple[Reminder, Arming, Observation]] = field(default_factory=list)
    close: bool = False


class AlreadyClaimed(Exception):
    """Another evaluator has claimed one of these firings."""


def check(tick: Tick | None) -> None:
    """Judge what is new, and ring for the deliveries that are due. `tick` is only the bell: None works as well."""
    now = clock.now()
    if is_news():
        judge_news(now)
    sweep(now)


def is_news() -> bool:
    """Has anything been polled since the last judgement? Two cheap reads, so that a quiet second costs no write."""
    state = MarketState.objects.filter(pk=1).first()
    watch = Watch.objects.filter(pk=1).first()
    if watch is None:
        return True
    polled = state is not None and state.last_success_at != watch.looked_at
    return polled or MarketQuote.objects.filter(sequence__gt=watch.sequence).exists()


def judge_news(now: datetime) -> None:
    """One transaction: the news, every transition and alert that it makes, and the mark that it was judged."""
    Watch.objects.get_or_create(pk=1)
    with transaction.atomic():
        one_at_a_time("notifications.check")
        watch = Watch.objects.get(pk=1)
        news = gather(watch, now)
        balances_are_close = False
        if news.prices:
            for batch in batches(affected(news, now)):
                verdict = judge(batch, now)
                apply(verdict, now)
                raise_alerts([Fired(reminder, seen, news.unseen) for reminder, seen in verdict.fired], now)
                balances_are_close |= verdict.close
        Watch.objects.filter(pk=1).update(
            sequence=news.sequence,
            looked_at=news.looked_at,
            interval_seconds=news.interval,
            close=balances_are_close or prices_are_close(now),
        )


def gather(watch: Watch, now: datetime) -> News:
    state = MarketState.objects.filter(pk=1).first() or MarketState()
    rows = list(
        MarketQuote.objects.filter(sequence__gt=watch.sequence).values_list("asset_id", "price", "as_of", "sequence")
    )
    oldest = stale_before(now)
    return News(
        prices={
            asset: price
            for asset, price, as_of, _ in rows
            if price is not None and as_of is not None and as_of >= oldest
        },
        sequence=max((sequence for *_, sequence in rows), default=watch.sequence),
        looked_at=state.last_success_at,
        interval=state.interval_seconds,
        unseen=unseen(watch, state),
    )


def unseen(watch: Watch, state: MarketState) -> timedelta | None:
    """How long nothing was judged before this, where that is longer than the pace of polling explains."""
    if watch.looked_at is None or state.last_success_at is None:
        return None
    pace = max(watch.interval_seconds, state.interval_seconds)
    gap = state.last_success_at - watch.looked_at
    return gap if gap.total_seconds() > max(LATE_AFTER * pace, pace + LATE_GRACE) else None


def affected(news: News, now: datetime) -> Iterator[int]:
    """Ids of the reminders that the news may concern."""
    alive = Reminder.objects.alive(now)
    used = alive.of_prices().order_by("currency").values_list("currency", flat=True).distinct()
    quoted = [
        Quoted(asset, code, worth)
        for code, rate in rates_to(used).items()
        for asset, price in news.prices.items()
        if (worth := converted(price, rate)) is not None
    ]
    if quoted:
        yield from concerned(quoted)
    yield from (
        alive.of_prices().filter(arming=Arming.UNKNOWN, asset_id__in=list(news.prices)).values_list("pk", flat=True)
    )
    moved = Position.objects.filter(asset_id__in=list(news.prices))
    yield from (
        alive.of_balances()
        .filter(
            Q(Exists(moved.filter(portfolio_id=OuterRef("portfolio_id"))))
            | Q(Exists(moved.filter(portfolio__user_id=OuterRef("user_id"))), portfolio__isnull=True)
        )
        .values_list("pk", flat=True)
    )


def batches(ids: Iterable[int]) -> Iterator[list[Reminder]]:
    """The reminders, locked for as long as the transaction lasts, so that nobody changes what is being judged."""
    wanted = sorted(set(ids))
    for start in range(0, len(wanted), BATCH):
        reminders = Reminder.objects.filter(pk__in=wanted[start : start + BATCH]).with_subject().order_by("pk")
        yield list(reminders.select_for_update(of=("self",)))


def judge(reminders: list[Reminder], now: datetime) -> Verdict:
    """What becomes of each reminder; nothing is written, and where each of them stands is not changed yet."""
    prospect = look(reminders, now)
    verdict = Verdict()
    for reminder in reminders:
        state = reminder.state(now)
        seen = prospect.observe(reminder)
        if state in {Reminder.State.PAUSED, Reminder.State.EXPIRED} or seen.hindrance or seen.value is None:
            continue
        before, sample = reminder.before, Now(seen.value)
        verdict.close |= not reminder.condition.of_price and is_close_to(before, seen.value)
        if seen.holdings != reminder.holdings:
            # The owner's own hand changed what is held: the balance's jump is no crossing.
            verdict.moved.append((reminder, reminder.condition.start(before.limit, seen.value), seen))
        elif reminder.condition.judge(before, sample) is not None:
            if state is not Reminder.State.COOLING:
                verdict.fired.append((reminder, seen))
        elif (arming := reminder.condition.arming_after(before, sample)) is not before.arming:
            verdict.moved.append((reminder, arming, seen))
    return verdict


def apply(verdict: Verdict, now: datetime) -> None:
    """Write where the reminders stand now."""
    for reminder, arming, seen in verdict.moved:
        reminder.stand(arming)
        reminder.holdings = seen.holdings
    moved = [reminder for reminder, *_ in verdict.moved]
    Reminder.objects.bulk_update(moved, ["arming", "rise_to", "fall_to", "holdings"], batch_size=BATCH)
    claim([reminder for reminder, _ in verdict.fired], now)


def claim(reminders: Sequence[Reminder], now: datetime) -> None:
    """Take a firing of each reminder, by one conditional UPDATE: only one claimer can see them still armed.

    Raises AlreadyClaimed, and so undoes the transaction, where somebody was faster.
    """
    if not reminders:
        return
    armed = Reminder.objects.filter(pk__in=[reminder.pk for reminder in reminders], active=True, arming=Arming.ARMED)
    if armed.update(arming=Arming.FIRED, firings=F("firings") + 1, fired_at=now, rise_to=None, fall_to=None) != len(
        reminders
    ):
        raise AlreadyClaimed
    for reminder in reminders:
        reminder.stand(Arming.FIRED)
        reminder.firings += 1
        reminder.fired_at, reminder.cooling_until = now, cooling_until(reminder, now)
    again = [r for r in reminders if r.rise_to is not None or r.fall_to is not None or r.cooling_until]
    Reminder.objects.bulk_update(again, ["rise_to", "fall_to", "cooling_until"], batch_size=BATCH)


def cooling_until(reminder: Reminder, now: datetime) -> datetime | None:
    """When it may fire again: after its cool-down, and not before the owner's next day where it is daily."""
    until = now + timedelta(seconds=reminder.cooldown) if reminder.cooldown else None
    if reminder.repeat != Reminder.Repeat.DAILY:
        return until
    tomorrow = now.astimezone(reminder.user.zone).date() + timedelta(days=1)
    midnight = datetime(tomorrow.year, tomorrow.month, tomorrow.day, tzinfo=reminder.user.zone)
    return max(midnight, until) if until else midnight
