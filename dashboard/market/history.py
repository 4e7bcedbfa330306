"""What coins were worth on days of the past: the source's daily prices, fetched once per asset, kept, and looked up.

Only the stored prices are read where figures are made; who wants an asset's prices says so, and a worker fetches them.
"""

from datetime import date, datetime
from decimal import Decimal, localcontext

from dashboard.market.currencies import Exchange, as_day
from dashboard.models import DailyPrice
from dashboard.money import LIMIT, WIDE, quantize


class Past:
    """Values of the past in one currency. Each asset's stored prices are read when the first of them is needed."""

    __slots__ = ("_prices", "exchange")

    def __init__(self, currency: str) -> None:
        self.exchange = Exchange(currency)
        self._prices: dict[str, dict[date, Decimal]] = {}

    def worth(self, asset: str, amount: Decimal, at: datetime) -> Decimal | None:
        """What `amount` of the asset was worth on that day; None where no price or no exchange rate of it is stored."""
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
