"""Selector: is a reminder so close to its limit that prices should be fetched more often?"""

from datetime import datetime
from decimal import Decimal
from typing import Final

from dashboard.models import MarketQuote
from notifications.conditions import Arming
from notifications.models import Reminder, ReminderQuerySet
from notifications.observing import converted, look, rates_to
from notifications.prefilter import Quoted, concerned

CLOSE: Final = 0.02
MOST: Final = 500
"""Of more balance reminders than this only the oldest count; the others lose nothing but a faster pace."""


def some_are_close(now: datetime) -> bool:
    """Is any armed reminder within 2 % of its limit?"""
    armed = Reminder.objects.alive(now).filter(arming=Arming.ARMED)
    return prices_are_close(armed) or balances_are_close(armed, now)


def prices_are_close(armed: ReminderQuerySet) -> bool:
    watched = set(armed.of_prices().order_by().values_list("asset_id", "currency").distinct())
    usd = dict(
        MarketQuote.objects.filter(asset_id__in={asset for asset, _ in watched}).values_list("asset_id", "price")
    )
    rates = rates_to(code for _, code in watched)
    quoted = [
        Quoted(asset, code, worth)
        for asset, code in watched
        if asset is not None and (worth := converted(usd.get(asset), rates.get(code))) is not None
    ]
    return bool(quoted) and armed.filter(pk__in=concerned(quoted, CLOSE)[:MOST]).exists()


def balances_are_close(armed: ReminderQuerySet, now: datetime) -> bool:
    reminders = list(armed.of_balances().with_subject().order_by("pk")[:MOST])
    prospect = look(reminders, now)
    for reminder in reminders:
        value = prospect.observe(reminder).value
        if value and reminder.limit is not None and abs(reminder.limit / value - 1) <= Decimal(str(CLOSE)):
            return True
    return False
