"""What to watch, and how to tell its owner; how far the market has been judged."""

from datetime import datetime
from typing import Final, Self
from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy

from accounts.currencies import CHOICES
from dashboard.fields import MoneyField
from dashboard.models import Asset, Portfolio
from notifications.conditions import CONDITIONS, Arming, Before, Condition, Figure, Judgement, Watches
from notifications.conditions import Now as Present

MAX_REMINDERS: Final = 200
"""Per user, exact under concurrency."""


class ReminderQuerySet(models.QuerySet["Reminder"]):
    def of(self, user: models.Model) -> Self:
        return self.filter(user=user)

    def alive(self, now: datetime) -> Self:
        """Those that can still fire or arm again."""
        return self.filter(Q(expires_at__isnull=True) | Q(expires_at__gt=now), active=True).exclude(
            arming=Arming.FIRED, repeat=Reminder.Repeat.ONCE
        )

    def watching(self, *watches: Watches) -> Self:
        """Those whose value comes from there."""
        return self.filter(kind__in=[kind for kind, condition in CONDITIONS.items() if condition.watches in watches])

    def of_prices(self) -> Self:
        return self.watching(Watches.PRICE)

    def with_subject(self) -> Self:
        return self.select_related("user", "asset", "portfolio")


class Reminder(models.Model):
    """What to watch, and how to tell its owner.

    `arming` is where it stands between two crossings, `memory` what its condition must remember between two judgements
    (notifications.conditions: decimals as text, times as ISO). `rise_to` and `fall_to` repeat, as floats for an index
    to find, the prices at which something happens next, reached by rising or by falling; the exact limits decide.
    `due_at` is when time alone may make it fire. `weighed` and `revision` are notifications.weighing's: a stamp of the
    portfolios as last judged, and the number of the last change.
    """

    class Kind(models.TextChoices):
        PRICE_ABOVE = "price_above", gettext_lazy("Price rises above")
        PRICE_BELOW = "price_below", gettext_lazy("Price falls below")
        PRICE_LEAVES_RANGE = "price_leaves_range", gettext_lazy("Price leaves a range")
        PRICE_ENTERS_RANGE = "price_enters_range", gettext_lazy("Price enters a range")
        CHANGE = "change", gettext_lazy("Price changes by")
        TRAILING = "trailing", gettext_lazy("Price turns by")
        BALANCE_ABOVE = "balance_above", gettext_lazy("Balance rises above")
        BALANCE_BELOW = "balance_below", gettext_lazy("Balance falls below")
        PROFIT_ABOVE = "profit_above", gettext_lazy("Profit rises above")
        PROFIT_BELOW = "profit_below", gettext_lazy("Profit falls below")
        BREAK_EVEN = "break_even", gettext_lazy("Price crosses my average cost")
        ALLOCATION_ABOVE = "allocation_above", gettext_lazy("Share rises above")
        ALLOCATION_BELOW = "allocation_below", gettext_lazy("Share falls below")
        DRAWDOWN = "drawdown", gettext_lazy("Balance falls from its peak")
        DEPEG = "depeg", gettext_lazy("Stablecoin leaves its peg")
        STALE = "stale", gettext_lazy("Prices stop coming")
        SCHEDULE = "schedule", gettext_lazy("At set times")

    class Window(models.TextChoices):
        FIVE_MINUTES = "5m", gettext_lazy("5 minutes")
        HOUR = "1h", gettext_lazy("1 hour")
        DAY = "24h", gettext_lazy("24 hours")
        WEEK = "7d", gettext_lazy("7 days")
        CREATION = "creation", gettext_lazy("Since now")

    class Direction(models.TextChoices):
        UP = "up", gettext_lazy("Up")
        DOWN = "down", gettext_lazy("Down")
        BOTH = "both", gettext_lazy("Up or down")

    class Measure(models.TextChoices):
        TOTAL = "total", gettext_lazy("Realised and unrealised")
        REALISED = "realised", gettext_lazy("Realised")
        UNREALISED = "unrealised", gettext_lazy("Unrealised")

    class Unit(models.TextChoices):
        MONEY = "money", gettext_lazy("Money")
        PERCENT = "percent", gettext_lazy("Percent")

    class Repeat(models.TextChoices):
        ONCE = "once", gettext_lazy("Once")
        ALWAYS = "always", gettext_lazy("Every time")
        DAILY = "daily", gettext_lazy("At most once a day")

    class State(models.TextChoices):
        ARMED = "armed", gettext_lazy("Armed")
        FIRED = "fired", gettext_lazy("Fired")
        COOLING = "cooling", gettext_lazy("Cooling down")
        PAUSED = "paused", gettext_lazy("Paused")
        EXPIRED = "expired", gettext_lazy("Expired")

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="reminders")
    kind = models.CharField(max_length=20, choices=Kind)
    asset = models.ForeignKey(Asset, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    portfolio = models.ForeignKey(Portfolio, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    limit = MoneyField(null=True, blank=True)
    limit_high = MoneyField(null=True, blank=True)
    window = models.CharField(max_length=10, blank=True, choices=Window)
    direction = models.CharField(max_length=10, blank=True, choices=Direction)
    measure = models.CharField(max_length=10, choices=Measure, default=Measure.TOTAL, help_text="which profit")
    unit = models.CharField(max_length=10, choices=Unit, default=Unit.MONEY, help_text="of a profit's limit")
    minutes = models.PositiveIntegerField(default=10, help_text="for how long a stablecoin must be off its peg")
    own_transactions = models.BooleanField(
        default=False, help_text="do the owner's own transactions count as a crossing"
    )
    currency = models.CharField(max_length=10, choices=CHOICES, default="usd")
    repeat = models.CharField(max_length=10, choices=Repeat, default=Repeat.ONCE)
    rearm_band = MoneyField(default="0.5", help_text="percent of the limit")
    cooldown = models.PositiveIntegerField(default=0, help_text="seconds")
    expires_at = models.DateTimeField(null=True, blank=True)
    quiet_hours = models.JSONField(null=True, blank=True)
    schedule = models.JSONField(null=True, blank=True)
    transports = models.JSONField(default=list)
    fallback = models.JSONField(default=list)
    note = models.CharField(max_length=500, blank=True)
    active = models.BooleanField(default=True)
    paused_because = models.CharField(max_length=300, blank=True, help_text="why it was paused, if its owner did not")
    created_at = models.DateTimeField(db_default=Now())

    arming = models.CharField(max_length=10, default=Arming.UNKNOWN.value)
    memory = models.JSONField(default=dict, editable=False)
    rise_to = models.FloatField(null=True, editable=False)
    fall_to = models.FloatField(null=True, editable=False)
    due_at = models.DateTimeField(null=True, editable=False)
    started_at = models.DateTimeField(null=True, editable=False, help_text="since when it watches what it watches")
    firings = models.PositiveIntegerField(default=0)
    fired_at = models.DateTimeField(null=True)
    cooling_until = models.DateTimeField(null=True)
    holdings = models.CharField(max_length=64, blank=True, help_text="a digest of what was held when last judged")
    weighed = models.CharField(max_length=16, blank=True, editable=False, help_text="a stamp of the portfolios then")
    revision = models.PositiveBigIntegerField(default=0, editable=False, help_text="the number of its last change")

    objects = ReminderQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["user", "-id"], name="reminder_newest"),
            models.Index(
                *("asset", "currency", "rise_to"),
                name="reminder_rise",
                condition=Q(active=True, rise_to__isnull=False),
            ),
            models.Index(
                *("asset", "currency", "fall_to"),
                name="reminder_fall",
                condition=Q(active=True, fall_to__isnull=False),
            ),
            models.Index("due_at", name="reminder_due", condition=Q(active=True, due_at__isnull=False)),
            models.Index("asset", name="reminder_unjudged", condition=Q(active=True, arming="unknown")),
            models.Index(
                "asset",
                name="reminder_awaited",
                condition=Q(active=True, asset__isnull=False) & ~Q(arming="fired", repeat="once"),
            ),
            models.Index("kind", name="reminder_active_kind", condition=Q(active=True)),
            models.Index("currency", name="reminder_currency", condition=Q(active=True)),
            models.Index("revision", name="reminder_changed", condition=Q(revision__gt=0)),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.limit} {self.currency}"

    @property
    def condition(self) -> Condition:
        return CONDITIONS[self.kind]

    @property
    def figure(self) -> Figure:
        """What its limit is counted in."""
        return Figure.PERCENT if self.is_in_percent else self.condition.figure

    @property
    def is_in_percent(self) -> bool:
        """Is it a profit in percent?"""
        return self.unit == self.Unit.PERCENT and self.kind in (self.Kind.PROFIT_ABOVE, self.Kind.PROFIT_BELOW)

    def before(self, now: datetime) -> Before:
        """Its terms, and where it stands at the time `now`."""
        return Before(
            limit=self.limit,
            arming=Arming(self.arming),
            rearm_band=self.rearm_band,
            repeats=self.repeat != self.Repeat.ONCE,
            limit_high=self.limit_high,
            direction=self.direction,
            window=self.window,
            in_percent=self.is_in_percent,
            minutes=self.minutes,
            memory=self.memory,
            due_at=self.due_at,
            is_cooling=self.cooling_until is not None and self.cooling_until > now,
        )

    def stand(self, judged: Judgement, seen: Present, now: datetime) -> bool:
        """Set where it stands, and with it the edges that the indexes look for; says whether anything changed."""
        known = (self.arming, self.memory, self.due_at, self.rise_to, self.fall_to)
        self.arming, self.memory, self.due_at = judged.arming.value, dict(judged.memory), judged.due_at
        edges = self.condition.edges(self.before(now), seen)
        self.rise_to = None if edges.rise_to is None else float(edges.rise_to)
        self.fall_to = None if edges.fall_to is None else float(edges.fall_to)
        return known != (self.arming, self.memory, self.due_at, self.rise_to, self.fall_to)

    def state(self, now: datetime) -> "Reminder.State":
        if self.expires_at is not None and self.expires_at <= now:
            return self.State.EXPIRED
        if not self.active:
            return self.State.PAUSED
        if self.cooling_until is not None and self.cooling_until > now:
            return self.State.COOLING
        return self.State.FIRED if self.arming == Arming.FIRED else self.State.ARMED


class Watch(models.Model):
    """The one row that says how far the market has been judged."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    sequence = models.BigIntegerField(default=0, help_text="the newest quote that was judged")
    looked_at = models.DateTimeField(null=True, help_text="the last poll whose outcome was seen here")
    interval_seconds = models.FloatField(default=60, help_text="the pace of polling then")
    close = models.BooleanField(default=False, help_text="a reminder is close to its limit")
    delayed_since = models.DateTimeField(null=True, help_text="when people were told that prices are delayed")
    extremes = models.JSONField(default=dict, help_text="the source's high and low of 24 h, as last judged, by asset")
    epoch = models.UUIDField(default=uuid4, help_text="tells this database from another in a process's memory")
    revision = models.PositiveBigIntegerField(default=0, help_text="the newest number of a changed reminder")

    def __str__(self) -> str:
        return f"judged up to {self.sequence}"
