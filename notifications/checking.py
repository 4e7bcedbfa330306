"""Service: the reminders that the market's news and the time concern, judged, claimed, and made into alerts.

What is news is read from the database, not from the tick, so that a tick whose process was killed is made up for by
the next one. One evaluator at a time judges; every sample is judged once.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from django.db import transaction

from accounts.currencies import COINS
from dashboard import clock
from dashboard.market.quota import stale_after
from dashboard.market.refresh import Tick
from dashboard.models import MarketQuote, MarketState
from notifications.alerting import Fired, raise_alerts
from notifications.closeness import prices_are_close
from notifications.conditions import CONDITIONS, Arming, Watches
from notifications.delays import tell_of_delays
from notifications.firing import claim
from notifications.locks import one_at_a_time
from notifications.models import Reminder, Watch
from notifications.news import News, gather
from notifications.numbering import note_changes
from notifications.observing import look
from notifications.prefilter import Quoted, concerned, currencies, moving, unjudged
from notifications.prices import converted, rates_to
from notifications.ringing import sweep
from notifications.weighing import SCALES, Concerned, read_ahead

BATCH: Final = 1000
AGAIN: Final = timedelta(seconds=30)
"""When to look again at one that was due and could not be judged."""
LATE_REPORT: Final = timedelta(hours=1)
OF_PRICES: Final = [kind for kind, condition in CONDITIONS.items() if condition.watches is Watches.PRICE]
MOVING: Final = [kind for kind in OF_PRICES if not CONDITIONS[kind].by_edge]
WRITTEN: Final = ("arming", "memory", "due_at", "rise_to", "fall_to", "holdings", "weighed")


@dataclass(slots=True)
class Verdict:
    """What a judgement found: who fired, who stands or remembers otherwise now, and whether one is close."""

    fired: list[Fired] = field(default_factory=list)
    moved: list[Reminder] = field(default_factory=list)
    rearmed: list[int] = field(default_factory=list)
    close: bool = False


def check(tick: Tick | None) -> None:
    """Judge what is new, and ring for the deliveries that are due. `tick` is only the bell: None works as well."""
    now = clock.now()
    if is_news(now):
        judge_news(now)
    sweep(now)


def is_news(now: datetime) -> bool:
    """Was anything polled since the last judgement, or is a reminder due? A quiet second only reads, and little."""
    state = MarketState.objects.filter(pk=1).first()
    watch = Watch.objects.filter(pk=1).first()
    if watch is None:
        return True
    if state is None or state.last_success_at is None:
        polled = silent = False
    else:
        polled = state.last_success_at != watch.looked_at
        silent = watch.delayed_since is None and state.last_success_at < now - stale_after(state.interval_seconds)
    return (
        polled
        or silent
        or MarketQuote.objects.filter(sequence__gt=watch.sequence).exists()
        or Reminder.objects.filter(active=True, due_at__lte=now).exists()
    )


def judge_news(now: datetime) -> None:
    """One transaction: the news, every transition and alert that it makes, and the mark that it was judged."""
    Watch.objects.get_or_create(pk=1)
    ahead = read_ahead(now)
    with transaction.atomic():
        one_at_a_time("notifications.check")
        if ahead is not None:
            SCALES.take_over(ahead)
        watch = Watch.objects.get(pk=1)
        news = gather(watch, now)
        held = SCALES.weigh(watch, now) if news.prices else Concerned()
        close = held.is_close
        for batch in batches([*affected(news, now), *held.reminders]):
            verdict = judge(batch, news, now)
            apply(verdict, now)
            raise_alerts(verdict.fired, now)
            close |= verdict.close
        tell_of_delays(watch, now)
        Watch.objects.filter(pk=1).update(
            sequence=news.sequence,
            looked_at=news.looked_at,
            interval_seconds=news.interval,
            extremes=news.extremes,
            close=(close or prices_are_close(now)) if news.prices else watch.close,
        )


def affected(news: News, now: datetime) -> Iterator[int]:
    """Ids of the reminders that the news or the time may concern; those of what is held are weighed."""
    yield from Reminder.objects.filter(active=True, due_at__lte=now).order_by().values_list("pk", flat=True)
    if not news.prices:
        return
    codes = currencies()
    yield from concerned(quoted(news, codes))
    yield from unjudged(news.prices, OF_PRICES)
    yield from moving(news.prices, MOVING)
    if floating := [code for code in codes if COINS.get(code) in news.prices]:
        # Against a coin that has moved every price has.
        watching = Reminder.objects.filter(active=True, currency__in=floating).order_by()
        yield from watching.filter(kind__in=OF_PRICES, arming=Arming.UNKNOWN).values_list("pk", flat=True)
        yield from watching.filter(kind__in=MOVING).values_list("pk", flat=True)


def quoted(news: News, codes: Iterable[str]) -> list[Quoted]:
    """The news in every currency that a reminder counts in, with the extremes of what nobody judged.

    In a coin that has moved every price is news.
    """
    found = []
    for code, rate in rates_to(codes).items():
        coin = COINS.get(code)
        prices = dict(known_prices()) if coin in news.prices else news.prices
        for asset, usd in prices.items():
            price = converted(usd, rate)
            if price is None:
                continue
            low, high = (usd, usd) if coin else news.missed.get(asset, (usd, usd))
            found.append(
                Quoted(
                    asset,
                    code,
                    price,
                    converted(low, rate) if low < usd else price,
                    converted(high, rate) if high > usd else price,
                )
            )
    return found


def known_prices() -> Iterator[tuple[str, Decimal]]:
    """Every asset's price in US dollars, where it has one."""
    for asset, usd in MarketQuote.objects.filter(price__isnull=False).values_list("asset_id", "price"):
        if usd is not None:
            yield asset, usd


def batches(ids: Iterable[int]) -> Iterator[list[Reminder]]:
    """The reminders, locked for as long as the transaction lasts, so that nobody changes what is being judged."""
    wanted = sorted(set(ids))
    for start in range(0, len(wanted), BATCH):
        reminders = Reminder.objects.filter(pk__in=wanted[start : start + BATCH]).with_subject().order_by("pk")
        yield list(reminders.select_for_update(of=("self",)))


def judge(reminders: list[Reminder], news: News, now: datetime) -> Verdict:
    """What becomes of each reminder; nothing is written yet."""
    prospect = look(
        reminders,
        now,
        missed=news.missed,
        missed_since=news.missed_since,
        after_gap=news.unseen is not None,
        known=news.quotes,
        fresh_since=news.stale_before,
    )
    verdict = Verdict()
    for reminder in reminders:
        if reminder.state(now) in {Reminder.State.PAUSED, Reminder.State.EXPIRED}:
            put_off(reminder, None, verdict)
            continue
        seen = prospect.observe(reminder)
        if seen.hindrance:
            put_off(reminder, now, verdict)
            continue
        before, sample = reminder.before(now), prospect.now(reminder, seen)
        judged = reminder.condition.judge(before, sample)
        is_moved = reminder.stand(judged, sample, now)
        is_moved |= (reminder.holdings, reminder.weighed) != (seen.holdings, seen.weighed)
        reminder.holdings, reminder.weighed = seen.holdings, seen.weighed
        if judged.firing is None:
            verdict.close |= not reminder.condition.by_edge and reminder.condition.is_close(before, sample)
            if is_moved:
                verdict.moved.append(reminder)
            continue
        if before.arming is not Arming.ARMED:
            verdict.rearmed.append(reminder.pk)
        verdict.fired.append(Fired(reminder, seen, unseen_before(reminder, before.due_at, news, now), judged.firing))
    return verdict


def put_off(reminder: Reminder, now: datetime | None, verdict: Verdict) -> None:
    """One that is due and can't be judged is looked at again a little later, or, without `now`, not at all."""
    if reminder.due_at is not None:
        reminder.due_at = now and now + AGAIN
        verdict.moved.append(reminder)


def unseen_before(reminder: Reminder, due_at: datetime | None, news: News, now: datetime) -> timedelta | None:
    """How late a firing is, where that has to be said."""
    if reminder.condition.watches is not Watches.CLOCK:
        return news.unseen
    overdue = now - due_at if due_at is not None else timedelta()
    return overdue if overdue > LATE_REPORT else None


def apply(verdict: Verdict, now: datetime) -> None:
    """Write where the reminders stand now."""
    Reminder.objects.bulk_update(verdict.moved, WRITTEN, batch_size=BATCH)
    Reminder.objects.filter(pk__in=verdict.rearmed).update(arming=Arming.ARMED)
    fired = [each.reminder for each in verdict.fired]
    claim(fired, now)
    note_changes([*verdict.moved, *fired])
