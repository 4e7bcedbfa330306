"""Is a reminder so close to its limit that prices should be fetched more often?"""

from datetime import datetime
from typing import Final

from dashboard.models import MarketQuote
from notifications.prefilter import Quoted, currencies, is_any_within
from notifications.prices import converted, rates_to

CLOSE: Final = 0.02
AT_A_PRICE: Final = ("price_above", "price_below", "price_leaves_range", "price_enters_range")
"""Kinds whose next edge is where they fire. The others are found close, or not, when they are judged."""


def prices_are_close(now: datetime) -> bool:
    """Is any armed reminder of a price within 2 % of its limit?"""
    quotes = list(MarketQuote.objects.filter(price__isnull=False).values_list("asset_id", "price"))
    quoted = [
        Quoted(asset, code, worth)
        for code, rate in rates_to(currencies()).items()
        for asset, usd in quotes
        if (worth := converted(usd, rate)) is not None
    ]
    return bool(quoted) and is_any_within(quoted, CLOSE, AT_A_PRICE, now)
