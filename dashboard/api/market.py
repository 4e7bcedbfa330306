"""`assets` and `market`: what there is to own, and what it costs now. Money is in the account's currency."""

from decimal import Decimal
from typing import Annotated

from django.shortcuts import get_object_or_404
from ninja import Query, Router

from accounts.api import ApiRequest
from dashboard import clock
from dashboard.api.portfolios import Limit, Offset
from dashboard.api.schemas import AssetDetail, AssetList, AssetOut, MarketOut, MarketRowOut
from dashboard.market import currencies
from dashboard.market.refresh import market_state, stale_before
from dashboard.market.search import search_coins
from dashboard.models import Asset, MarketQuote
from dashboard.money import WIDE, quantize
from dashboard.portfolios import MarketRow, as_market, market_table
from dashboard.representation import Text

router = Router(tags=["market"])


@router.get("/assets", response=AssetList)
def list_assets(
    request: ApiRequest, q: Annotated[Text | None, Query(max_length=200)] = None, limit: Limit = 20, offset: Offset = 0
) -> AssetList:
    """Coins whose name or ticker begins with `q`, best-ranked first; without `q` all that are known."""
    if q and q.strip():
        found = search_coins(q)
        return AssetList(items=[fields_of(asset) for asset in found[offset : offset + limit]], count=len(found))
    known = Asset.objects.coins().best_ranked()
    return AssetList(items=[fields_of(asset) for asset in known[offset : offset + limit]], count=known.count())


@router.get("/assets/{path:asset_id}", response=AssetDetail)
def get_asset(request: ApiRequest, asset_id: Text) -> AssetDetail:
    asset = get_object_or_404(Asset.objects.select_related("quote"), pk=asset_id)
    currency = request.auth.currency
    unit = currencies.unit_of(currency)
    rate, of_money = unit.rate, None if unit.coin else unit.rate  # extremes in money say nothing of those in a coin
    quote = getattr(asset, "quote", None) or MarketQuote(asset=asset)
    market = as_market(quote, rate, stale_before(clock.now()), unit.coin)
    return AssetDetail(
        **dict(fields_of(asset)),
        currency=currency,
        price=market.price,
        as_of=market.as_of,
        stale=market.stale,
        source=market.source,
        market_cap=market.market_cap,
        change_1h=market.change_1h,
        change_24h=market.change_24h,
        change_7d=market.change_7d,
        circulating_supply=quote.circulating_supply,
        total_supply=quote.total_supply,
        max_supply=quote.max_supply,
        ath_at=None if unit.coin else quote.ath_at,
        volume_24h=converted(quote.volume_24h, rate),
        high_24h=converted(quote.high_24h, of_money),
        low_24h=converted(quote.low_24h, of_money),
        ath=converted(quote.ath, of_money),
    )


@router.get("/market", response=MarketOut)
def get_market(request: ApiRequest) -> MarketOut:
    """The largest coins by rank."""
    currency, health = request.auth.currency, market_state()
    rows = market_table(currency)
    return MarketOut(
        currency=currency,
        as_of=health.as_of,
        stale=health.stale,
        source=health.source,
        items=[row_of(row) for row in rows],
        count=len(rows),
    )


def converted(amount: Decimal | None, rate: Decimal | None) -> Decimal | None:
    return None if amount is None or rate is None else quantize(WIDE.multiply(amount, rate))


def fields_of(asset: Asset) -> AssetOut:
    return AssetOut(id=asset.pk, symbol=asset.symbol, name=asset.name, rank=asset.rank, kind=asset.kind)


def row_of(row: MarketRow) -> MarketRowOut:
    asset, market = row.asset, row.market
    return MarketRowOut(
        asset=asset.pk,
        symbol=asset.symbol,
        name=asset.name,
        rank=asset.rank,
        price=market.price,
        as_of=market.as_of,
        stale=market.stale,
        source=market.source,
        market_cap=market.market_cap,
        volume_24h=row.volume_24h,
        change_1h=market.change_1h,
        change_24h=market.change_24h,
        change_7d=market.change_7d,
    )
