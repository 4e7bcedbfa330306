"""The way of the exchanges' prices into the market: once a second the newest of each asset, judged like any sample.

The poll of CoinGecko is not done here; it slows down where all that is wanted comes this way.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.db import transaction

from dashboard import clock
from dashboard.market import coingecko
from dashboard.market.course import Course
from dashboard.market.quote import Quote
from dashboard.market.refresh import Tick
from dashboard.market.samples import keep
from dashboard.market.source import SourceError
from dashboard.market.storing import judge_all, write
from dashboard.market.streams import handover
from dashboard.market.streams.source import StreamSource, stored_quote
from dashboard.models import Asset, MarketQuote, MarketState


@dataclass(frozen=True, slots=True)
class Intake:
    """What exchanges brought since the last tick.

    `covers` is whether they tell of everything that is wanted, `lost` whether the price of something is still one of
    theirs though they don't tell of it any more, so that CoinGecko's is wanted soon. `marked` is what pages are to be
    told of those whose exchanges are away; nobody stated a price, so no reminder is held to it.
    """

    tick: Tick | None = None
    marked: Tick | None = None
    covers: bool = False
    lost: bool = False


def intake(assets: Collection[str], course: Course | None = None) -> Intake:
    """Ask for prices of `assets`, and take what has come. What is away brings nothing and never raises here."""
    course = course or Course()
    coins = frozenset(Asset.objects.coins().filter(id__in=assets).values_list("id", flat=True))
    source = StreamSource()
    try:
        handover.want(coins)
        samples = source.quotes(coins)
    except (SourceError, *handover.AWAY):
        return Intake()
    course.lap("asked")
    course.received = len(samples)
    silent = coins - source.told.keys()
    rows = MarketQuote.objects.filter(asset_id__in=silent).exclude(source=coingecko.NAME).select_related("asset")
    lost = list(rows)
    return Intake(
        tick=accept(samples, coins, course) if samples else None,
        marked=mark([row for row in lost if not row.silent]),
        covers=bool(coins) and not silent,
        lost=bool(lost),
    )


def mark(lost: Sequence[MarketQuote]) -> Tick | None:
    """Mark those that no connected exchange stated. One that is quiet on an exchange that lives is as it was stated."""
    connected = {feed.title for feed in handover.feeds() if feed.connected} if lost else set()
    away = [row for row in lost if connected.isdisjoint(row.source.split(", "))]
    if not away:
        return None
    with transaction.atomic():
        state = MarketState.objects.select_for_update().get()
        state.sequence += 1
        for row in away:
            row.silent, row.sequence = True, state.sequence
        MarketQuote.objects.bulk_update(away, ["silent", "sequence"])
        state.save(update_fields=["sequence"])
    return Tick(state.sequence, clock.now(), tuple(map(stored_quote, away)))


def accept(samples: tuple[Quote, ...], coins: Collection[str], course: Course) -> Tick | None:
    """Store what is believed under the next number."""
    now = clock.now()
    with transaction.atomic():
        state = MarketState.objects.select_for_update().get()
        judged = judge_all(samples, now, state.sequence + 1)
        course.lap("accepted")
        write(judged, samples)
        course.kept = keep(judged.news, coins, now, interval=state.interval_seconds)
        if judged.news:
            state.sequence += 1
            state.last_success_at = now
            state.save(update_fields=["sequence", "last_success_at"])
    course.lap("stored")
    if not judged.news:
        return None
    course.news, course.sequence = len(judged.news), state.sequence
    return Tick(state.sequence, now, tuple(judged.news))
