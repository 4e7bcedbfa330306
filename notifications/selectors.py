"""Selectors: reminders and alerts as pages and API show them, and what the market's poll should know of them."""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal, localcontext

from django.db.models import Prefetch, QuerySet
from django.utils.translation import gettext, gettext_noop

from accounts.currencies import COINS
from accounts.models import User
from dashboard import clock
from dashboard.formats import UNKNOWN, format_percent
from dashboard.money import WIDE, quantize
from notifications.conditions import Arming, Now, Watches
from notifications.figures import Observation
from notifications.models import Alert, Delivery, Reminder, TransportOff, Watch
from notifications.observing import Prospect, look
from notifications.prefilter import awaited, currencies
from notifications.wording import deed, gist, limit_of, promise, standing, subject

LABELS = dict(Delivery.Transport.choices)
PARTS = {
    "armed": gettext_noop("Armed"),
    "fired": gettext_noop("Fired"),
    "paused": gettext_noop("Paused"),
    "expired": gettext_noop("Expired"),
}


@dataclass(frozen=True, slots=True)
class ReminderLine:
    """A reminder with the present value of what it watches. `distance_pct`: how far that must move, percent or points.

    `deed` is what it waits for, without the subject; `now` how that stands, in words.
    """

    reminder: Reminder
    state: Reminder.State
    seen: Observation
    distance_pct: Decimal | None
    in_points: bool
    subject: str
    deed: str
    now: str
    promise: str
    gist: str
    limit: str
    ways: str

    @property
    def waits(self) -> bool:
        """True from the start: it has to become false before it can fire."""
        return self.state is Reminder.State.ARMED and self.reminder.arming == Arming.WAITING

    @property
    def is_on_its_way(self) -> bool:
        """Can it fire by moving as far as it says?"""
        watches = self.state in (Reminder.State.ARMED, Reminder.State.COOLING)
        return watches and self.reminder.arming == Arming.ARMED and self.distance_pct is not None

    @property
    def away(self) -> str:
        """How far it has to go: `▲ +4.48 %` must it rise. What is under its peak must fall for that to grow."""
        if not self.is_on_its_way or self.distance_pct is None:
            return UNKNOWN
        falls = self.reminder.kind == Reminder.Kind.DRAWDOWN
        text = format_percent(-self.distance_pct if falls else self.distance_pct)
        return text.replace(" %", " points") if self.in_points else text

    @property
    def part(self) -> str:
        """Where it stands on the page."""
        return "armed" if self.state is Reminder.State.COOLING else self.state.value

    @property
    def words(self) -> str:
        """Its state as people read it."""
        return gettext("Waits for the way back") if self.waits else str(self.state.label)


def lines_of(reminders: list[Reminder]) -> list[ReminderLine]:
    """One line for each, by a fixed number of queries; the reminders come `with_subject()`."""
    now = clock.now()
    prospect = look(reminders, now)
    return [line_of(reminder, prospect, now) for reminder in reminders]


def line_of(reminder: Reminder, prospect: Prospect, now: datetime) -> ReminderLine:
    seen = prospect.observe(reminder)
    sample = replace(prospect.now(reminder, seen), value=seen.value)
    before, condition = reminder.before(now), reminder.condition
    gauge = None if condition.watches is Watches.CLOCK else condition.gauge(before, sample)
    return ReminderLine(
        reminder=reminder,
        state=reminder.state(now),
        seen=seen,
        distance_pct=distance_pct(reminder, sample, now),
        in_points=condition.is_in_points(before),
        subject=subject(reminder),
        deed=deed(reminder),
        now=standing(reminder, seen.value, gauge),
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
    """All but the reports: those that can fire first, the nearest of them on top."""
    reminders = Reminder.objects.of(user).exclude(kind=Reminder.Kind.SCHEDULE).with_subject()
    return sorted(lines_of(list(reminders)), key=place)


def place(line: ReminderLine) -> tuple[int, bool, Decimal]:
    far = line.distance_pct if line.is_on_its_way else None
    return list(PARTS).index(line.part), far is None, abs(far or Decimal(0))


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
    """Coins whose price a reminder waits for, or counts in. Those that are held are the dashboard's to name."""
    return awaited(clock.now()) | {COINS[code] for code in currencies() if code in COINS}


def is_close() -> bool:
    """Was a reminder within 2 % of its limit when the market was last judged?"""
    return Watch.objects.filter(pk=1, close=True).exists()
