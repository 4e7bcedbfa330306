"""Selector: everything the market says of one coin, in one currency."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, localcontext

from dashboard import clock
from dashboard.market import currencies
from dashboard.market.refresh import stale_before
from dashboard.models import Asset
from dashboard.money import WIDE, quantize
from dashboard.portfolios import as_market
from dashboard.valuation import Market


@dataclass(frozen=True, slots=True)
class Facts:
    """A coin's market with what is not shown live: money in the currency asked for, supplies in coins.

    Highs and lows are not known where one counts in a coin.
    """

    market: Market
    volume_24h: Decimal | None = None
    high_24h: Decimal | None = None
    low_24h: Decimal | None = None
    circulating_supply: Decimal | None = None
    total_supply: Decimal | None = None
    max_supply: Decimal | None = None
    ath: Decimal | None = None
    ath_at: datetime | None = None
    against_coin: bool = False


def facts_of(coin: Asset, currency: str) -> Facts:
    """The facts of a coin; one without a quote yet has an empty market."""
    row = getattr(coin, "quote", None)
    if row is None:
        return Facts(Market(rank=coin.rank))
    unit = currencies.unit_of(currency)
    rate = unit.rate

    def converted(amount: Decimal | None) -> Decimal | None:
        with localcontext(WIDE):
            return None if amount is None or rate is None else quantize(amount * rate)

    def of_money(extreme: Decimal | None) -> Decimal | None:
        """When a price was highest against a coin, its price in money doesn't tell."""
        return None if unit.coin else converted(extreme)

    return Facts(
        market=as_market(row, rate, stale_before(clock.now()), unit.coin),
        volume_24h=converted(row.volume_24h),
        high_24h=of_money(row.high_24h),
        low_24h=of_money(row.low_24h),
        circulating_supply=row.circulating_supply,
        total_supply=row.total_supply,
        max_supply=row.max_supply,
        ath=of_money(row.ath),
        ath_at=None if unit.coin else row.ath_at,
        against_coin=unit.coin is not None,
    )
