"""What coins were worth on days of the past: the source's daily prices, fetched once per asset, kept, and looked up.

Only the stored prices are read where figures are made; what lacks a value is written down here as wanted, and a worker
fetches it.
"""

from collections.abc import Collection, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, localcontext
from typing import Final

import structlog
from django.db import transaction
from django.db.models import Q

from dashboard import bell, clock
from dashboard.market import coingecko
from dashboard.market.currencies import Exchange, as_day
from dashboard.market.search import charge_budget, is_failing
from dashboard.market.source import SourceError
from dashboard.models import Asset, DailyPrice, PriceHistory
from dashboard.money import LIMIT, WIDE, quantize

logger = structlog.get_logger(__name__)

TASK: Final = "dashboard.tasks.fetch_histories"
AT_ONCE: Final = 10
"""Histories fetched in one go, well below what a source allows in a minute."""
RETRY_AFTER: Final = timedelta(hours=1)
GIVE_UP_AFTER: Final = timedelta(days=1)


class Past:
    """Values of the past in one currency. Each asset's stored prices are read when the first of them is needed."""

    __slots__ = ("_prices", "exchange")

    def __init__(self, currency: str) -> None:
        self.exchange = Exchange(currency)
        self._prices: dict[str, dict[date, Decimal]] = {}

    def worth(self, asset: str, amount: Decimal, at: datetime) -> Decimal | None:
        """What `amount` of the asset was worth on that day; None where no price or no exchange rate of it is stored.

        What is counted in is worth itself.
        """
        if asset == self.exchange.coin:
            return amount if amount < LIMIT else None
        if asset not in self._prices:
            self._prices[asset] = dict(DailyPrice.objects.filter(asset=asset).values_list("day", "usd"))
        day = as_day(at)
        price = self._prices[asset].get(day) if day else None
        rate = None if price is None else self.exchange.rate("usd", at)
        if price is None or rate is None:
            return None
        with localcontext(WIDE):
            value = amount * price * rate
        return quantize(value) if value < LIMIT else None


def want(assets: Collection[str]) -> None:
    """Note that figures lack values of these assets, and ring for a worker on commit.

    An asset whose prices came today, or were asked for in vain within the hour, is left alone.
    """
    now = clock.now()
    coins = Asset.objects.coins().filter(pk__in=assets).values_list("pk", flat=True) if assets else ()
    if not coins:
        return
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    PriceHistory.objects.bulk_create([PriceHistory(asset_id=coin) for coin in coins], ignore_conflicts=True)
    not_today = Q(fetched_at=None) | Q(fetched_at__lt=today)
    wanted = PriceHistory.objects.filter(not_today, unasked_since(now), asset__in=coins, wanted_at=None)
    if wanted.update(wanted_at=now):
        transaction.on_commit(lambda: bell.ring(TASK, []))


def unasked_since(now: datetime) -> Q:
    return Q(asked_at=None) | Q(asked_at__lt=now - RETRY_AFTER)


def fetch_wanted() -> Iterator[str]:
    """Fetch and store what is wanted, a few at a time: each asset whose prices came, to make its figures anew.

    Asks the network: never call it inside a transaction. What the source does never raises here. Two at once are
    harmless: each history is asked for by one of them. An asset stays wanted until its figures have been made.
    """
    due = PriceHistory.objects.filter(unasked_since(clock.now()), wanted_at__isnull=False).order_by("wanted_at")
    for history in () if is_failing() else list(due[:AT_ONCE]):
        claimed = PriceHistory.objects.filter(pk=history.pk, asked_at=history.asked_at, wanted_at__isnull=False)
        if not claimed.update(asked_at=clock.now()):
            continue
        try:
            fetch(history.pk)
        except SourceError as error:
            logger.warning("market.history_failed", asset=history.pk, reason=str(error))
            tired = PriceHistory.objects.filter(pk=history.pk, wanted_at__lt=clock.now() - GIVE_UP_AFTER)
            tired.update(wanted_at=None)
        else:
            yield history.pk
            PriceHistory.objects.filter(pk=history.pk).update(wanted_at=None)


def fetch(asset: str) -> None:
    """Store the asset's daily prices; one that is stored already stays as it is, so that no figure moves by itself."""
    source = coingecko.from_settings()
    try:
        days = source.history(asset)
    finally:
        charge_budget(source.calls)
    rows = [DailyPrice(asset_id=asset, day=each.day, usd=each.usd) for each in days]
    with transaction.atomic():
        DailyPrice.objects.bulk_create(rows, ignore_conflicts=True, batch_size=1000)
        PriceHistory.objects.filter(pk=asset).update(fetched_at=clock.now())
