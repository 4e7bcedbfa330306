"""Services: looking after portfolios' daily values: noting from when on they have to be made anew, and making them.

What there is to do stands in the database; a bell rings for a worker, and a sweep each minute finds what nobody heard,
and every portfolio whose values don't reach to today.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final

from django.db import transaction as database
from django.db.models import Exists, F, Min, OuterRef, Q, QuerySet

from accounts.currencies import COINS
from dashboard import bell, clock
from dashboard.backfill.valuing import DAY, Valued, hopeless, valued
from dashboard.market import history
from dashboard.market.currencies import midnight
from dashboard.models import DailyPrice, DailyValue, Portfolio, Position, PriceHistory, Snapshot, ValueHistory

TASK: Final = "dashboard.tasks.value_days"
LEASE: Final = timedelta(minutes=11)
BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)
AT_ONCE: Final = 100
"""Portfolios that are rung for in one sweep."""
BENCHMARKS: Final = ("bitcoin", "ethereum")
"""What a portfolio is held against: their prices of the past are wanted as those of what is held."""


def mark(portfolio: Portfolio, since: datetime | None) -> None:
    """Values from `since` on (None: all) are no longer true; a worker is rung for on commit.

    Inside the transaction of the database that makes them untrue.
    """
    since, marks = since or BEGINNING, F("marks") + 1
    kept = ValueHistory.objects.filter(portfolio=portfolio)
    rung = kept.filter(redo_from=None).update(redo_from=since, marks=marks)
    if not rung and not kept.filter(redo_from__gt=since).update(redo_from=since, marks=marks):
        if kept.update(marks=marks):
            return
        ValueHistory.objects.bulk_create([ValueHistory(portfolio=portfolio, redo_from=since)], ignore_conflicts=True)
        rung = 1
    if rung:
        database.on_commit(lambda: bell.ring(TASK, [portfolio.pk]))


def mark_priced(asset: str) -> None:
    """Prices of the asset have come: values that lack them are to be made anew."""
    first = DailyPrice.objects.filter(asset=asset).aggregate(first=Min("day"))["first"]
    codes = [code for code, coin in COINS.items() if coin == asset]
    holders = ValueHistory.objects.filter(
        Exists(Position.objects.filter(portfolio=OuterRef("pk"), asset=asset)) | Q(portfolio__currency__in=codes)
    ).select_related("portfolio")
    for found in holders:
        if first is not None and asset in found.missing:
            missed = date.fromisoformat(found.missing[asset][0])
            with database.atomic():
                mark(found.portfolio, midnight(max(first, missed) - DAY))


def sweep(now: datetime) -> None:
    """Ring for every portfolio whose values are to be made anew, or end before today, and with which no worker is."""
    new = Portfolio.objects.filter(value_history=None, positions__isnull=False).distinct()[:AT_ONCE]
    ValueHistory.objects.bulk_create([ValueHistory(portfolio=portfolio) for portfolio in new], ignore_conflicts=True)
    bell.ring(TASK, *([pk] for pk in waiting(now).order_by("upto").values_list("pk", flat=True)[:AT_ONCE]))


def waiting(now: datetime) -> QuerySet[ValueHistory]:
    nobody = Q(lease_until__isnull=True) | Q(lease_until__lte=now)
    behind = Q(redo_from__isnull=False) | Q(upto__isnull=True) | Q(upto__lt=now.astimezone(UTC).date())
    return ValueHistory.objects.filter(nobody, behind)


def work_on(portfolio_id: int) -> None:
    """Bring the portfolio's values up to date, unless another worker is at it. Ringing twice does no harm."""
    now = clock.now()
    if not waiting(now).filter(pk=portfolio_id).update(lease_until=now + LEASE):
        return
    try:
        for _ in range(3):
            if make(portfolio_id):
                break
    finally:
        ValueHistory.objects.filter(pk=portfolio_id).update(lease_until=None)


def make(portfolio_id: int) -> bool:
    """Make the values that are due. False where the portfolio has changed meanwhile: nothing is kept then."""
    found = ValueHistory.objects.select_related("portfolio").filter(pk=portfolio_id).first()
    if found is None:
        return True
    portfolio, today = found.portfolio, clock.now().astimezone(UTC).date()
    changed = first_change(found)
    since = min(changed or midnight(today), midnight(found.upto) if found.upto else BEGINNING)
    moments = times_of_snapshots(portfolio, changed) if changed else []
    begun = portfolio.transactions.aggregate(first=Min("timestamp"))["first"]
    if begun is None:
        return store(found, Valued(), date.min, today, moments)
    first = begun.astimezone(UTC).date()
    start = max(first, since.astimezone(UTC).date())
    made = valued(portfolio, since, start, today, moments)
    if not store(found, made, start if start > first else date.min, today, moments):
        return False
    want(made.missing)
    return True


def first_change(found: ValueHistory) -> datetime | None:
    """From when on what is kept is no longer true: a change, or a gap that no price will ever fill; None: it all is."""
    gaps = [midnight(date.fromisoformat(found.missing[asset][0]) - DAY) for asset in hopeless(found.missing)]
    return min([*([found.redo_from] if found.redo_from else []), *gaps], default=None)


def times_of_snapshots(portfolio: Portfolio, since: datetime) -> list[datetime]:
    """When snapshots of the owner's portfolios were taken: each of them has to tell of this one, too."""
    taken = Snapshot.objects.filter(portfolio__user=portfolio.user_id, at__gt=since).order_by("at")
    return list(taken.values_list("at", flat=True).distinct())


def store(found: ValueHistory, made: Valued, start: date, today: date, moments: Sequence[datetime]) -> bool:
    """Put what was made, from the day `start` on and at `moments`, in the place of what was there; False where a mark
    has come meanwhile."""
    missing = {asset: days for asset, days in found.missing.items() if date.fromisoformat(days[0]) < start}
    for asset, (first, last) in made.missing.items():
        missing[asset] = [missing.get(asset, [first.isoformat()])[0], last.isoformat()]
    with database.atomic():
        # First the portfolio, as everybody does who writes to it: two who begin with different rows would block.
        if Portfolio.objects.select_for_update().filter(pk=found.pk).first() is None:
            return True
        unmarked = ValueHistory.objects.filter(pk=found.pk, marks=found.marks)
        if not unmarked.update(redo_from=None, upto=today, missing=missing):
            return False
        DailyValue.objects.filter(portfolio=found.portfolio, day__gte=start).delete()
        DailyValue.objects.bulk_create(made.days, batch_size=500)
        for some in chunks(moments, 500):
            Snapshot.objects.filter(portfolio=found.portfolio, at__in=some).delete()
        Snapshot.objects.bulk_create(made.snapshots, batch_size=500, ignore_conflicts=True)
    return True


def chunks(items: Sequence[datetime], size: int) -> Iterator[Sequence[datetime]]:
    return (items[start : start + size] for start in range(0, len(items), size))


def want(missing: Mapping[str, tuple[date, date]]) -> None:
    """Ask for the prices that lack, where they may have come since the source was last asked, and for the newest of
    what portfolios are held against."""
    fetched = PriceHistory.objects.filter(asset__in=missing, fetched_at__isnull=False)
    vain = {
        asset for asset, at in fetched.values_list("asset_id", "fetched_at") if at and missing[asset][1] < at.date()
    }
    history.want((missing.keys() - vain) | set(BENCHMARKS))
