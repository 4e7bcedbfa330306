"""Selectors: reminders and alerts as pages and API show them, and what the market's poll should know of them."""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal, localcontext

from django.db.models import Prefetch, QuerySet

from accounts.models import User
from dashboard import clock
from dashboard.money import WIDE, quantize
from notifications.conditions import Arming, Now, Watches
from notifications.figures import Observation
from notifications.models import Alert, Delivery, Reminder, TransportOff, Watch
from notifications.observing import Prospect, look
from notifications.wording import gist, limit_of, promise, subject

LABELS = dict(Delivery.Transport.choices)


@dataclass(frozen=True, slots=True)
class ReminderLine:
    """A reminder with the present value of what it watches. `distance_pct`: how far that must move."""

    reminder: Reminder
    state: Reminder.State
    seen: Observation
    distance_pct: Decimal | None
    subject: str
    promise: str
    gist: str
    limit: str
    ways: str

    @property
    def waits(self) -> bool:
        """True from the start: it has to become false before it can fire."""
        return self.state is Reminder.State.ARMED and self.reminder.arming == Arming.WAITING


def lines_of(reminders: list[Reminder]) -> list[ReminderLine]:
    """One line for each, by a fixed number of queries; the reminders come `with_subject()`."""
    now = clock.now()
    prospect = look(reminders, now)
    return [line_of(reminder, prospect, now) for reminder in reminders]


def line_of(reminder: Reminder, prospect: Prospect, now: datetime) -> ReminderLine:
    seen = prospect.observe(reminder)
    sample = replace(prospect.now(reminder, seen), value=seen.value)
    return ReminderLine(
        reminder=reminder,
        state=reminder.state(now),
        seen=seen,
        distance_pct=distance_pct(reminder, sample, now),
        subject=subject(reminder),
        promise=promise(reminder, seen.value),
        gist=gist(reminder, seen.value),
        limit=limit_of(reminder),
        ways=", ".join(str(LABELS.get(name, name)) for name in reminder.transports),
    )


def distance_pct(reminder: Reminder, sample: Now, now: datetime) -> Decimal | None:
    """By how many percent the value must rise (fall, if negative) to reach the nearest limit; None where that is not
    known. Where the limit is a percentage itself: by how many points.
    """
    condition, before = reminder.condition, reminder.before(now)
    with localcontext(WIDE):
        figure = None if condition.watches is Watches.CLOCK else condition.gauge(before, sample)
        bounds = () if figure is None else condition.bounds(before, sample)
        if figure is None or not bounds:
            return None
        away = min((bound.limit - figure for bound in bounds), key=abs)
        if condition.is_in_points(before):
            return quantize(away)
        return quantize(away * 100 / abs(figure)) if figure else None


def reminder_lines(user: User) -> list[ReminderLine]:
    return lines_of(list(Reminder.objects.of(user).with_subject()))


def alerts_of(user: User) -> QuerySet[Alert]:
    """The user's alerts, newest first, with their deliveries."""
    deliveries = Delivery.objects.order_by("pk")
    return (
        Alert.objects.of(user)
        .select_related("asset", "portfolio")
        .prefetch_related(Prefetch("deliveries", queryset=deliveries))
    )


def transports_off(user: User) -> QuerySet[TransportOff]:
    return TransportOff.objects.filter(user=user).order_by("off_at")


def watched_assets() -> set[str]:
    """Coins whose price a reminder waits for. Those that are held are the dashboard's to name."""
    alive = Reminder.objects.alive(clock.now()).filter(asset__isnull=False).order_by()
    return {asset for asset in alive.values_list("asset_id", flat=True).distinct() if asset is not None}


def is_close() -> bool:
    """Was a reminder within 2 % of its limit when the market was last judged?"""
    return Watch.objects.filter(pk=1, close=True).exists()
