"""Selector: what the charts draw of the reminders, their limits on a price or a balance."""

from decimal import localcontext

from dashboard.charts import Limit, Subject
from dashboard.market import currencies
from dashboard.money import WIDE, quantize
from notifications.models import Reminder

OF_PRICE = ("price_above", "price_below", "price_leaves_range", "price_enters_range")
OF_BALANCE = ("balance_above", "balance_below")


def limits_of(subject: Subject) -> list[Limit]:
    """Limits of the user's active reminders on the chart's coin, or on its portfolio, in the chart's currency."""
    active = Reminder.objects.of(subject.user).filter(active=True)
    if subject.asset:
        active = active.filter(kind__in=OF_PRICE, asset=subject.asset)
    else:
        active = active.filter(kind__in=OF_BALANCE, portfolio=subject.portfolio)
    rates = currencies.todays_rates()
    limits = []
    for kind, currency, *levels in active.values_list("kind", "currency", "limit", "limit_high"):
        rate = rates.rate(currency, subject.currency)
        for level in levels:
            if level is not None and rate is not None:
                with localcontext(WIDE):
                    limits.append(Limit(label_of(kind), quantize(level * rate)))
    return limits


def label_of(kind: str) -> str:
    """Short enough to stand on a line of the chart."""
    return {"above": "Remind above", "below": "Remind below", "range": "Edge of a range"}[kind.rpartition("_")[2]]
