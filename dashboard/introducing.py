"""Coins that somebody names by id and that are not known here yet: asked for at the source, all in one go."""

import structlog
from django.db import transaction

from dashboard import clock
from dashboard.drafts import Draft, assets_named
from dashboard.market import coingecko
from dashboard.market.search import charge_budget, is_failing
from dashboard.market.source import SourceError
from dashboard.market.storing import store

logger = structlog.get_logger(__name__)
MOST_AT_ONCE = 50


def introduce_assets(drafts: list[Draft]) -> None:
    """Make an asset of every coin that the drafts name and the source knows. Where it fails they stay unknown.

    Asks the network: never call it inside a transaction of the database.
    """
    named = {i for d in drafts for i in (d.asset_id, d.counter_asset_id, d.fee_asset_id) if i}
    unknown = sorted(asset_id for asset_id in named - assets_named(drafts).keys() if is_plausible(asset_id))
    if not unknown or is_failing():
        return
    source = coingecko.from_settings()
    try:
        samples = source.quotes(unknown[:MOST_AT_ONCE], top=False)
    except SourceError as error:
        logger.info("market.introduction_failed", assets=len(unknown), reason=str(error))
        return
    finally:
        charge_budget(source.calls)
    with transaction.atomic():
        store([sample for sample in samples if sample.asset in named], clock.now(), sequence=0)


def is_plausible(asset_id: str) -> bool:
    """Whether the source could have such an id at all: money codes and arbitrary text are not worth a call."""
    return len(asset_id) in range(4, 201) and all(c.isalnum() or c in "-_." for c in asset_id)
