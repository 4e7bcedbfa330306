"""The week behind a price as a small line: asked of the source every few hours, kept as the drawing that pages show.

Only the drawing is kept, no prices: no figure is ever made of it.
"""

from collections.abc import Collection, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Final

import structlog
from django.db.models import Q, QuerySet

from accounts.currencies import COINS
from dashboard import clock
from dashboard.market import coingecko
from dashboard.market.search import charge_budget, is_failing
from dashboard.market.source import SourceError
from dashboard.models import Asset, Position, Sparkline

logger = structlog.get_logger(__name__)

EVERY: Final = timedelta(hours=3)
AFTER_FAILURE: Final = timedelta(minutes=10)
AT_ONCE: Final = coingecko.BATCH
"""Drawings fetched in one go: one call."""
POINTS: Final = 43
STEP, HEIGHT, MARGIN = 2, 24, 2
"""Of the drawing: units between two points, its height, and the space above and below the line."""
WIDTH: Final = (POINTS - 1) * STEP


def sparklines(assets: Collection[str], currency: str = "usd") -> dict[str, Sparkline]:
    """The drawings of those assets that have one; one query. None for who counts in a coin: its week was another."""
    if currency in COINS:
        return {}
    return Sparkline.objects.exclude(path="").in_bulk(list(assets))


def refresh_sparklines() -> int:
    """Fetch the drawings of held coins that are missing or a few hours old; says how many came.

    Asks the network at most once: never call it inside a transaction. Two at once are harmless.
    """
    now = clock.now()
    held = Position.objects.open().filter(asset__kind=Asset.Kind.CRYPTO)
    new = held.filter(asset__sparkline=None).values_list("asset", flat=True).distinct()[:AT_ONCE]
    Sparkline.objects.bulk_create([Sparkline(asset_id=asset) for asset in new], ignore_conflicts=True)
    due = due_before(now - EVERY).filter(asset__in=held.values("asset"))
    chosen = list(due.order_by("asked_at").values_list("pk", flat=True)[:AT_ONCE])
    if not chosen or is_failing() or not due_before(now - EVERY).filter(pk__in=chosen).update(asked_at=now):
        return 0
    source = coingecko.from_settings()
    try:
        weeks = source.weeks(chosen)
    except SourceError as error:
        logger.info("market.sparklines_failed", reason=str(error))
        Sparkline.objects.filter(pk__in=chosen).update(asked_at=now - EVERY + AFTER_FAILURE)
        return 0
    finally:
        charge_budget(source.calls)
    drawn = [
        Sparkline(asset_id=week.asset, asked_at=now, path=path, rises=week.prices[-1] >= week.prices[0])
        for week in weeks
        if week.asset in chosen and (path := draw(week.prices))
    ]
    Sparkline.objects.bulk_update(drawn, ["path", "rises"])
    return len(drawn)


def due_before(time: object) -> QuerySet[Sparkline]:
    return Sparkline.objects.filter(Q(asked_at=None) | Q(asked_at__lt=time))


def draw(prices: Sequence[Decimal]) -> str:
    """The prices, evenly spread in time, as the path of an SVG of WIDTH by HEIGHT; nothing for less than two."""
    if len(prices) < 2:
        return ""
    last = len(prices) - 1
    count = min(POINTS, len(prices))
    chosen = [float(prices[round(number * last / (count - 1))]) for number in range(count)]
    low, high = min(chosen), max(chosen)
    room = HEIGHT - 2 * MARGIN
    heights = [HEIGHT / 2 if high == low else HEIGHT - MARGIN - (price - low) / (high - low) * room for price in chosen]
    points = [(number * WIDTH / (count - 1), height) for number, height in enumerate(heights)]
    return "M" + "L".join(f"{x:.4g} {y:.3g}" for x, y in points)
