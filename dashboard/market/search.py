"""Finding a coin by what people call it: among the assets at hand first, at the source where those are few."""

from datetime import timedelta
from functools import lru_cache
from typing import Final

import stamina
import structlog
from django.db import transaction
from django.db.models import F, Q

from dashboard import clock
from dashboard.market import coingecko
from dashboard.market.source import Coin, SourceError
from dashboard.market.storing import store, store_coins
from dashboard.models import Asset, MarketState

logger = structlog.get_logger(__name__)

ENOUGH: Final = 5
LIMIT: Final = 20
LIST_EVERY: Final = timedelta(days=1)
LIST_AFTER_FAILURE: Final = timedelta(hours=1)


def search_coins(query: str) -> list[Asset]:
    """Coins whose name or ticker begins with `query`, best rank first, at most twenty.

    The source is asked, for a short while, where fewer than a handful are at hand; when it fails those are the answer.
    """
    query = " ".join(query.replace("\0", " ").split())[:100]
    if not query:
        return []
    found = local_coins(query)
    if len(found) >= ENOUGH or len(query) < 2 or is_failing():
        return found
    try:
        coins = coins_at_source(query.lower(), coingecko.from_settings().base_url, clock.now().strftime("%Y-%m-%dT%H"))
    except SourceError as error:
        logger.info("market.search_failed", reason=str(error))
        return found
    store_coins(coins)
    ids = {asset.id for asset in found} | {coin.id for coin in coins[:LIMIT]}
    return list(Asset.objects.coins().filter(id__in=ids).best_ranked()[:LIMIT])


def local_coins(query: str) -> list[Asset]:
    matches = Q(name__istartswith=query) | Q(symbol__istartswith=query) | Q(id=query.lower())
    return list(Asset.objects.coins().filter(matches).best_ranked()[:LIMIT])


def is_failing() -> bool:
    return MarketState.objects.filter(failing_since__isnull=False, next_poll_at__gt=clock.now()).exists()


@lru_cache(maxsize=1000)
def coins_at_source(query: str, url: str, hour: str) -> tuple[Coin, ...]:
    """The source's answer, asked once an hour: typing a name asks again and again, and calls are few."""
    source = coingecko.from_settings()
    try:
        return source.search(query)
    finally:
        charge_budget(source.calls)


def ensure_asset(asset_id: str) -> Asset | None:
    """The asset of that id, fetched from the source where it is new; None where the source has none or fails."""
    asset = Asset.objects.filter(id=asset_id).first()
    if asset is not None or not asset_id:
        return asset
    source = coingecko.from_settings()
    try:
        samples = source.quotes([asset_id], top=False)
    except SourceError as error:
        logger.info("market.asset_failed", asset=asset_id, reason=str(error))
        return None
    finally:
        charge_budget(source.calls)
    with transaction.atomic():
        store([sample for sample in samples if sample.asset == asset_id], clock.now(), sequence=0)
    return Asset.objects.filter(id=asset_id).first()


@stamina.retry(on=SourceError, attempts=3, wait_initial=2.0, timeout=120)
def store_coin_list() -> int:
    """Make an asset of every coin that the source knows, so that names are found without asking; how many it knows."""
    source = coingecko.from_settings()
    try:
        coins = source.coins()
    finally:
        charge_budget(source.calls)
    return store_coins(coins)


def refresh_coin_list() -> None:
    """Fetch the list when the one at hand is a day old, or an hour after a failure; of several processes one asks."""
    now = clock.now()
    state = MarketState.objects.get_or_create(pk=1)[0]
    if state.coins_fetched_at is not None and now < state.coins_fetched_at + LIST_EVERY:
        return
    claimed = MarketState.objects.filter(pk=1, coins_fetched_at=state.coins_fetched_at)
    if not claimed.update(coins_fetched_at=now - LIST_EVERY + LIST_AFTER_FAILURE):
        return
    try:
        store_coin_list()
    except SourceError as error:
        logger.warning("market.coin_list_failed", reason=str(error))
        return
    MarketState.objects.filter(pk=1).update(coins_fetched_at=now)


def charge_budget(calls: int) -> None:
    MarketState.objects.filter(pk=1).update(calls=F("calls") + calls)
