"""Samples into the database: those that are believed become quotes, their coins become assets.

Runs inside the caller's transaction; knows nothing of polling.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from accounts.currencies import CURRENCIES
from dashboard.market.acceptance import Known, Verdict, judge
from dashboard.market.quote import Quote
from dashboard.market.source import Coin
from dashboard.models import Asset, MarketQuote

FACTS: Final = (
    "price",
    "as_of",
    "market_cap",
    "volume_24h",
    "high_24h",
    "low_24h",
    "change_1h",
    "change_24h",
    "change_7d",
    "circulating_supply",
    "total_supply",
    "max_supply",
    "ath",
    "ath_at",
    "source",
)
NAMES: Final = ("symbol", "name", "rank")


@dataclass(frozen=True, slots=True)
class Stored:
    """The quotes that are news, and how many samples were not believed."""

    news: tuple[Quote, ...]
    rejected: int


def store(samples: Collection[Quote], now: datetime, sequence: int) -> Stored:
    """Judge each sample and keep the accepted ones under `sequence`, in a fixed number of statements."""
    assets = Asset.objects.select_related("quote").in_bulk([sample.asset for sample in samples])
    news: list[Quote] = []
    renamed: list[Asset] = []
    changed: list[MarketQuote] = []
    rejected = 0
    for sample in samples:
        asset = assets.get(sample.asset)
        if asset is not None and asset.kind != Asset.Kind.CRYPTO:
            rejected += 1
            continue
        row = getattr(asset, "quote", None)
        verdict = judge(sample, known(row), now)
        if verdict is Verdict.REJECTED:
            rejected += 1
            continue
        if verdict is Verdict.HELD and row is not None:
            if row.pending_as_of != sample.as_of:
                row.pending_price, row.pending_as_of = sample.price, sample.as_of
                changed.append(row)
            continue
        is_renamed = asset is None or any(getattr(asset, field) != getattr(sample, field) for field in NAMES)
        is_changed = row is None or any(getattr(row, field) != getattr(sample, field) for field in FACTS)
        if is_renamed:
            renamed.append(as_asset(sample))
        if is_changed:
            changed.append(as_row(sample, sequence))
        elif row is not None and row.pending_price is not None:
            row.pending_price = row.pending_as_of = None
            changed.append(row)
        if is_renamed or is_changed:
            news.append(sample)
    save_assets(renamed, [sample.asset for sample in samples])
    MarketQuote.objects.bulk_create(
        changed,
        update_conflicts=True,
        unique_fields=["asset"],
        update_fields=[*FACTS, "sequence", "pending_price", "pending_as_of"],
    )
    return Stored(tuple(news), rejected)


def known(row: MarketQuote | None) -> Known:
    if row is None:
        return Known()
    return Known(row.price, row.as_of, row.ath, row.pending_price, row.pending_as_of)


def as_asset(sample: Quote) -> Asset:
    return Asset(id=sample.asset, symbol=sample.symbol, name=sample.name, rank=sample.rank)


def as_row(sample: Quote, sequence: int) -> MarketQuote:
    return MarketQuote(asset_id=sample.asset, sequence=sequence, **{field: getattr(sample, field) for field in FACTS})


def save_assets(assets: Collection[Asset], seen: Collection[str]) -> None:
    """Write the assets; a rank that one of them now holds is taken from the coin that fell out of sight with it."""
    if not assets:
        return
    ranks = [asset.rank for asset in assets if asset.rank is not None]
    Asset.objects.coins().filter(rank__in=ranks).exclude(id__in=seen).update(rank=None)
    Asset.objects.bulk_create(assets, update_conflicts=True, unique_fields=["id"], update_fields=NAMES)


def store_coins(coins: Iterable[Coin]) -> int:
    """Make assets of coins that are not there yet; the number of coins given. What is there stays as it is."""
    assets = [Asset(id=coin.id, symbol=coin.symbol, name=coin.name, rank=coin.rank) for coin in coins]
    Asset.objects.bulk_create(assets, ignore_conflicts=True, batch_size=1000)
    return len(assets)


def store_currencies(**signal: object) -> None:
    """Currencies are assets too, so that a fee or a price can be in any of them; runs after every migration."""
    currencies = [Asset(id=code, kind=Asset.Kind.FIAT, symbol=code, name=name) for code, name in CURRENCIES.items()]
    Asset.objects.bulk_create(
        currencies, update_conflicts=True, unique_fields=["id"], update_fields=["kind", "symbol", "name"]
    )
