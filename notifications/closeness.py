"""Is a reminder so close to its limit that prices should be fetched more often?"""

from datetime import datetime
from decimal import Decimal
from typing import Final

from dashboard.models import MarketQuote
from notifications.conditions import Arming
from notifications.models import Reminder
from notifications.prefilter import Quoted, concerned
from notifications.prices import converted, rates_to

CLOSE: Final = Decimal("0.02")
AT_A_PRICE: Final = ("price_above", "price_below", "price_leaves_range", "price_enters_range")
"""Kinds whose next edge is where they fire. The others are found close, or not, when they are judged."""
MOST: Final = 500
"""Candidates that are looked at: one that is close is enough."""


def prices_are_close(now: datetime) -> bool:
    """Is any armed reminder of a price within 2 % of its limit?"""
    armed = Reminder.objects.alive(now).filter(kind__in=AT_A_PRICE, arming=Arming.ARMED)
    watched = set(armed.order_by().values_list("asset_id", "currency").distinct())
    quotes = MarketQuote.objects.filter(asset_id__in={asset for asset, _ in watched})
    usd = dict(quotes.values_list("asset_id", "price"))
    rates = rates_to(code for _, code in watched)
    quoted = [
        Quoted(asset, code, worth)
        for asset, code in watched
        if asset is not None and (worth := converted(usd.get(asset), rates.get(code))) is not None
    ]
    return bool(quoted) and armed.filter(pk__in=concerned(quoted, float(CLOSE))[:MOST]).exists()
