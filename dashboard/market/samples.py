"""What coins that somebody holds or watches have cost: kept by each tick, second by second at best, thinned as it ages.

All prices are in USD, all times the source's own. Days further back than this reaches are `dashboard.market.history`'s.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Final

from django.db import transaction
from django.db.models import OuterRef, QuerySet, Subquery

from dashboard import clock
from dashboard.market.quota import stale_after
from dashboard.market.quote import Quote
from dashboard.models import Asset, PriceSample
from dashboard.upserting import upsert

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
STRETCHES: Final = (
    (timedelta(minutes=10), timedelta(minutes=1)),
    (timedelta(days=1), timedelta(minutes=5)),
    (timedelta(days=7), timedelta(hours=1)),
    (timedelta(days=90), timedelta(days=1)),
)
"""From which age on one row stands for how long a stretch; younger samples are kept one by one."""
AT_ONCE: Final = 2000
"""Rows merged in one transaction: some hundredths of a second during which others wait to write."""


@dataclass(frozen=True, slots=True)
class Sample:
    """The price at a time; `low` and `high` are those of the stretch that it ends, for a single sample the price."""

    at: datetime
    usd: Decimal
    low: Decimal
    high: Decimal


def keep(quotes: Collection[Quote], interesting: Collection[str], now: datetime, *, interval: float) -> int:
    """Write down the accepted quotes of interesting assets, inside the caller's transaction, and say how many.

    A price that stayed the same is written down again under its newer time, so that gaps can be told from rest. What
    is stale at a poll every `interval` seconds is left out. Of one time the last word counts.
    """
    wanted, oldest = set(interesting), now - stale_after(interval)
    rows = [
        (quote.asset, quote.as_of, quote.price, 0, quote.low, quote.high, quote.source)
        for quote in quotes
        if quote.asset in wanted and quote.price is not None and quote.as_of is not None and quote.as_of >= oldest
    ]
    upsert(PriceSample, ("asset", "at", "usd", "step", "low", "high", "source"), rows, key=2)
    return len(rows)


def samples(asset: str, since: datetime, until: datetime) -> list[Sample]:
    """What is kept from `since` to `until`, both included, oldest first."""
    return [as_sample(row) for row in between(asset, since, until).values_list("at", "usd", "low", "high")]


def price_at(asset: str, at: datetime) -> Sample | None:
    """The last price not after `at`, however long before; None where none is kept."""
    row = (
        PriceSample.objects.filter(asset=asset, at__lte=at)
        .order_by("-at")
        .values_list("at", "usd", "low", "high")
        .first()
    )
    return as_sample(row) if row else None


def prices_at(assets: Collection[str], at: datetime, *, since: datetime | None = None) -> dict[str, Decimal]:
    """The last price not after `at` of each asset that has one, none from before `since`; one query."""
    found = PriceSample.objects.filter(asset=OuterRef("pk"), at__lte=at)
    if since is not None:
        found = found.filter(at__gte=since)
    last = Subquery(found.order_by("-at").values("usd")[:1])
    rows = Asset.objects.filter(pk__in=list(assets)).annotate(usd=last).values_list("pk", "usd")
    return {asset: usd for asset, usd in rows if usd is not None}


def extremes(assets: Collection[str], since: datetime, until: datetime) -> dict[str, tuple[Decimal, Decimal]]:
    """The lowest and the highest price from `since` to `until` of each asset of which anything is kept; one query.

    As exact as what is kept: of a day ago or more, a stretch that ends within the time counts as a whole.
    """
    found: dict[str, tuple[Decimal, Decimal]] = {}
    kept = PriceSample.objects.filter(asset__in=list(assets), at__gte=since, at__lte=until).order_by()
    for asset, usd, low, high in kept.values_list("asset_id", "usd", "low", "high").iterator():
        lowest, highest = found.get(asset, (usd, usd))
        found[asset] = min(lowest, usd if low is None else low), max(highest, usd if high is None else high)
    return found


def between(asset: str, since: datetime, until: datetime) -> QuerySet[PriceSample]:
    return PriceSample.objects.filter(asset=asset, at__gte=since, at__lte=until).order_by("at")


def as_sample(row: tuple[datetime, Decimal, Decimal | None, Decimal | None]) -> Sample:
    at, usd, low, high = row
    return Sample(at, usd, usd if low is None else low, usd if high is None else high)


def thin(now: datetime | None = None) -> int:
    """Merge what has grown old into stretches, in small transactions; says how many rows went.

    The first and the last price of each stretch stay, and its lowest and highest. Two at once are harmless.
    """
    now = now or clock.now()
    gone = 0
    for asset in assets_kept():
        for age, step in STRETCHES:
            while (fewer := merge_some(asset, slot(now - age, step), step)) is not None:
                gone += fewer
    return gone


def assets_kept() -> Iterator[str]:
    """The assets with samples, each found by one look into the index."""
    last = ""
    while found := PriceSample.objects.filter(asset__gt=last).order_by("asset").values_list("asset", flat=True).first():
        yield found
        last = found


def merge_some(asset: str, before: datetime, step: timedelta) -> int | None:
    """Merge the oldest rows before a time that are finer than `step`, saying how many went; None where none were."""
    seconds = int(step.total_seconds())
    with transaction.atomic():
        fine = PriceSample.objects.filter(asset=asset, at__lt=before, step__lt=seconds).order_by("at")
        rows = list(fine.select_for_update()[:AT_ONCE])
        stretches = [list(part) for _, part in groupby(rows, key=lambda row: slot(row.at, step))]
        if len(rows) == AT_ONCE and len(stretches) > 1:
            stretches.pop()  # may go on beyond the rows that were read
        if not stretches:
            return None
        old = [row.pk for part in stretches for row in part]
        PriceSample.objects.filter(pk__in=old).delete()
        PriceSample.objects.bulk_create(merge(part, seconds) for part in stretches)
    return len(old) - len(stretches)


def merge(rows: Sequence[PriceSample], step: int) -> PriceSample:
    """One row for several, oldest first."""
    first, last = rows[0], rows[-1]
    return PriceSample(
        asset_id=last.asset_id,
        at=last.at,
        usd=last.usd,
        step=step,
        first_at=first.first_at or first.at,
        first=first.usd if first.first is None else first.first,
        low=min(row.usd if row.low is None else row.low for row in rows),
        high=max(row.usd if row.high is None else row.high for row in rows),
        source=last.source,
    )


def slot(at: datetime, step: timedelta) -> datetime:
    """The beginning of the step that `at` lies in, in UTC."""
    return at - (at - EPOCH) % step
