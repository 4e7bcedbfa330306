"""Is a reminder so close to its limit that prices should be fetched more often?"""

from datetime import datetime
from typing import Final

from notifications.prefilter import currencies, is_any_within
from notifications.prices import rates_to

CLOSE: Final = 0.02
AT_A_PRICE: Final = ("price_above", "price_below", "price_leaves_range", "price_enters_range")
"""Kinds whose next edge is where they fire. The others are found close, or not, when they are judged."""


def prices_are_close(now: datetime) -> bool:
    """Is any armed reminder of a price within 2 % of its limit?"""
    return is_any_within(CLOSE, AT_A_PRICE, rates_to(currencies()), now)
