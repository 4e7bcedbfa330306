"""Selector: what the charts draw of the reminders, their limits on a price or a balance."""

from decimal import localcontext
from typing import Final

from django.utils.translation import gettext, gettext_noop

from dashboard import clock
from dashboard.charts import Limit, Subject
from dashboard.market.currencies import is_of_coin
from dashboard.money import WIDE, quantize
from notifications.conditions import Arming
from notifications.levels import levels_of
from notifications.models import Reminder
from notifications.observing import look

Kind = Reminder.Kind
LABELS: Final = {
    Kind.PRICE_LEAVES_RANGE: (gettext_noop("Edge of a range"), gettext_noop("Edge of a range")),
    Kind.PRICE_ENTERS_RANGE: (gettext_noop("Edge of a range"), gettext_noop("Edge of a range")),
    Kind.TRAILING: (gettext_noop("Turns above"), gettext_noop("Turns below")),
    Kind.BREAK_EVEN: (gettext_noop("Cost above"), gettext_noop("Cost below")),
    Kind.DEPEG: (gettext_noop("Off its peg"), gettext_noop("Off its peg")),
    Kind.DRAWDOWN: (gettext_noop("Drawdown"), gettext_noop("Drawdown")),
}
"""Short enough to stand on a line of the chart: for a limit that is passed upwards, and for one downwards."""
OF_PRICE: Final = (
    *(Kind.PRICE_ABOVE, Kind.PRICE_BELOW, Kind.PRICE_LEAVES_RANGE, Kind.PRICE_ENTERS_RANGE),
    *(Kind.CHANGE, Kind.TRAILING, Kind.BREAK_EVEN, Kind.DEPEG),
)
OF_BALANCE: Final = (Kind.BALANCE_ABOVE, Kind.BALANCE_BELOW, Kind.DRAWDOWN)


def limits_of(subject: Subject) -> list[Limit]:
    """Limits of the user's reminders that can still fire, on the chart's coin or its portfolio, in its currency."""
    now = clock.now()
    wanted = Reminder.objects.of(subject.user).alive(now).with_subject()
    if subject.asset:
        wanted = wanted.filter(kind__in=OF_PRICE, asset=subject.asset)
        # Where it counts all portfolios the average cost is on the chart already.
        wanted = wanted.exclude(kind=Kind.BREAK_EVEN, portfolio=None)
    else:
        wanted = wanted.filter(kind__in=OF_BALANCE, portfolio=subject.portfolio)
    reminders = list(wanted)
    prospect = look(reminders, now)
    limits = []
    for reminder in reminders:
        if reminder.kind == Kind.TRAILING and reminder.arming == Arming.FIRED:
            continue  # what it waits for then is the way back
        if reminder.currency != subject.currency and is_of_coin(reminder.currency, subject.currency):
            continue  # it isn't level on this chart
        rate = prospect.rates.rate(reminder.currency, subject.currency)
        sample = prospect.now(reminder, prospect.observe(reminder))
        if rate is None:
            continue
        for bound in levels_of(reminder, sample, now):
            with localcontext(WIDE):
                limits.append(Limit(label_of(reminder.kind, above=bound.above), quantize(bound.limit * rate)))
    return limits


def label_of(kind: str, *, above: bool) -> str:
    up, down = LABELS.get(Kind(kind), (gettext("Remind above"), gettext("Remind below")))
    return up if above else down
