"""Selector: what the market did since it was last judged, and what it may have done while nobody looked."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final, NamedTuple

from django.conf import settings

from dashboard.market.acceptance import JUMP, STABLECOIN_JUMP, is_jump, is_stablecoin
from dashboard.market.quota import stale_after
from dashboard.market.samples import extremes
from dashboard.models import MarketState
from dashboard.money import plain
from notifications.models import Watch
from notifications.prices import Price
from notifications.watched import quotes_since

LATE_AFTER: Final = 2
"""Intervals of polling without a judgement that make a firing late, but at least one interval and LATE_GRACE."""
LATE_GRACE: Final = 5.0
DAY: Final = timedelta(hours=24)

Extremes = tuple[Decimal, Decimal]


@dataclass(frozen=True, slots=True)
class News:
    """What has not been judged yet: fresh prices in USD, the number they go up to, and how long nobody looked.

    `missed` holds, by asset, the lowest and highest price in USD that certainly came up after `missed_since` and before
    these prices. `extremes` is the source's low and high of 24 hours, by asset, as they were at the newest judgement.
    `quotes` are those that came, fresh or not, and `stale_before` says which of them are.
    """

    prices: Mapping[str, Decimal]
    sequence: int
    looked_at: datetime | None
    interval: float
    unseen: timedelta | None
    missed: Mapping[str, Extremes]
    missed_since: datetime | None
    extremes: Mapping[str, list[str]]
    quotes: Mapping[str, Price]
    stale_before: datetime


class Stated(NamedTuple):
    """A fresh quote: its price, the source's low and high of the 24 hours before it, and its sample's own, if any."""

    asset: str
    symbol: str
    price: Decimal
    as_of: datetime
    low: Decimal | None
    high: Decimal | None
    lowest: Decimal | None
    highest: Decimal | None


def gather(watch: Watch, now: datetime) -> News:
    state = MarketState.objects.filter(pk=1).first() or MarketState()
    quotes = quotes_since(watch.sequence)
    oldest = now - stale_after(state.interval_seconds)
    fresh = [
        Stated(one.asset, one.symbol, one.price, one.as_of, one.low, one.high, one.lowest, one.highest)
        for one in quotes
        if one.price is not None and one.as_of is not None and one.as_of >= oldest
    ]
    gap = unseen(watch, state)
    sequence = max((one.sequence for one in quotes), default=watch.sequence)
    since = watch.looked_at if gap is not None or sequence - watch.sequence > 1 else None
    if since is not None:
        extremes_of = missed(fresh, watch, since, now)
    elif settings.PRICE_STREAMS and watch.looked_at is not None:
        extremes_of, since = within_samples(fresh), watch.looked_at
    else:
        extremes_of = {}
    return News(
        prices={one.asset: one.price for one in fresh},
        sequence=sequence,
        looked_at=state.last_success_at,
        interval=state.interval_seconds,
        unseen=gap,
        missed=extremes_of,
        missed_since=since,
        extremes=watch.extremes
        | {one.asset: [plain(one.low), plain(one.high)] for one in fresh if one.low and one.high},
        quotes={one.asset: Price(one.price, one.as_of, one.source, {}) for one in quotes},
        stale_before=oldest,
    )


def unseen(watch: Watch, state: MarketState) -> timedelta | None:
    """How long nothing was judged before this, where that is longer than the pace of polling explains."""
    if watch.looked_at is None or state.last_success_at is None:
        return None
    pace = max(watch.interval_seconds, state.interval_seconds)
    gap = state.last_success_at - watch.looked_at
    return gap if gap.total_seconds() > max(LATE_AFTER * pace, pace + LATE_GRACE) else None


def missed(fresh: Collection[Stated], watch: Watch, since: datetime, now: datetime) -> dict[str, Extremes]:
    """By asset, the extremes of the stretch after `since`: of our own samples, and of the source where it is certain.

    A leap so large that a tick would have to confirm it is left out.
    """
    seen = extremes([one.asset for one in fresh], since, now)
    return {one.asset: sane_extremes(one, [*seen.get(one.asset, ()), *stated(one, watch, since)]) for one in fresh}


def within_samples(fresh: Iterable[Stated]) -> dict[str, Extremes]:
    """By asset, what its newest sample held beside the price: the seconds before it, where exchanges tell of them."""
    return {
        one.asset: sane_extremes(one, (one.lowest, one.highest))
        for one in fresh
        if one.lowest is not None and one.highest is not None
    }


def sane_extremes(one: Stated, known: Iterable[Decimal]) -> Extremes:
    bound = STABLECOIN_JUMP if is_stablecoin(one.symbol, one.price) else JUMP
    sane = [one.price, *(price for price in known if not is_jump(one.price, price, bound))]
    return min(sane), max(sane)


def stated(one: Stated, watch: Watch, since: datetime) -> list[Decimal]:
    """The source's low and high of the last 24 hours, as far as they must lie in the stretch.

    They do if the whole 24 hours lie in it, or if they are beyond those that the source stated before it began.
    """
    if one.low is None or one.high is None:
        return []
    if one.as_of - DAY >= since:
        return [one.low, one.high]
    if one.asset not in watch.extremes:
        return []
    low, high = (Decimal(text) for text in watch.extremes[one.asset])
    return [*([one.low] if one.low < low else []), *([one.high] if one.high > high else [])]
