"""What happened, and how the telling goes."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy

from dashboard.fields import MoneyField
from dashboard.models import Asset, Portfolio
from notifications.conditions import CONDITIONS, Figure
from notifications.models.reminders import Reminder


class AlertQuerySet(models.QuerySet["Alert"]):
    def of(self, user: models.Model) -> Self:
        return self.filter(user=user)


class Alert(models.Model):
    """It happened, once: the facts of that moment, kept even when the reminder is changed or deleted."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="alerts")
    reminder = models.ForeignKey(Reminder, on_delete=models.SET_NULL, null=True, related_name="alerts")
    firing = models.PositiveIntegerField(help_text="the reminder's how-manieth")
    kind = models.CharField(max_length=20, choices=Reminder.Kind)
    asset = models.ForeignKey(Asset, on_delete=models.PROTECT, null=True, related_name="+")
    portfolio = models.ForeignKey(Portfolio, on_delete=models.SET_NULL, null=True, related_name="+")
    limit = MoneyField(null=True)
    observed = MoneyField(null=True)
    currency = models.CharField(max_length=10)
    figure = models.CharField(
        max_length=10, blank=True, help_text="what limit and observed are counted in; blank: as usual for its kind"
    )
    price_as_of = models.DateTimeField(null=True)
    source = models.CharField(max_length=40, blank=True)
    fired_at = models.DateTimeField()
    late = models.BooleanField(default=False)
    title = models.CharField(max_length=300)
    text = models.CharField(max_length=1000)
    details = models.TextField(blank=True, help_text="the long form of a report, for a transport that has room")
    note = models.CharField(max_length=500, blank=True)
    fallback = models.JSONField(default=list)
    acknowledged_at = models.DateTimeField(null=True)

    objects = AlertQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint("reminder", "firing", name="alert_once_per_firing")]
        indexes = [models.Index(fields=["user", "-id"], name="alert_newest")]

    def __str__(self) -> str:
        return self.title

    @property
    def counted_in(self) -> Figure:
        """What its limit and the observed value are."""
        return Figure(self.figure) if self.figure else CONDITIONS[self.kind].figure


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def of(self, user: models.Model) -> Self:
        return self.filter(user=user)


class Delivery(models.Model):
    """One alert through one transport. `due_at` is when it next needs attention, null when it needs none.

    Who works on it holds `lease_token` until `lease_until`; a result is stored only under the token it was got with.
    Where several alerts went out as one message, `leader` is the delivery that it is sent for: the others are never
    due themselves, and what becomes of the leader becomes of them. `held_because` says why it waited, if it did.
    """

    class Transport(models.TextChoices):
        TOAST = "toast", gettext_lazy("Toast")
        EMAIL = "email", gettext_lazy("E-mail")
        WHATSAPP = "whatsapp", "WhatsApp"
        WEBPUSH = "webpush", gettext_lazy("Push message")

    class State(models.TextChoices):
        QUEUED = "queued", gettext_lazy("Queued")
        SENDING = "sending", gettext_lazy("Sending")
        IN_DOUBT = "in_doubt", gettext_lazy("In doubt")
        SENT = "sent", gettext_lazy("Sent")
        FAILED = "failed", gettext_lazy("Failed")
        DELIVERED = "delivered", gettext_lazy("Delivered")
        READ = "read", gettext_lazy("Read")

    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, related_name="deliveries")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    leader = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, related_name="followers")
    folded = models.PositiveSmallIntegerField(default=0, help_text="how many others its message carries")
    transport = models.CharField(max_length=20, choices=Transport)
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    doubts = models.PositiveSmallIntegerField(default=0, help_text="attempts whose outcome nobody knows")
    follow_ups = models.PositiveSmallIntegerField(default=0, help_text="times the provider was asked how it went")
    due_at = models.DateTimeField(null=True)
    rung_at = models.DateTimeField(null=True)
    lease_token = models.CharField(max_length=32, blank=True)
    lease_until = models.DateTimeField(null=True)
    provider_id = models.CharField(max_length=64, blank=True)
    error = models.CharField(max_length=500, blank=True)
    held_because = models.CharField(max_length=200, blank=True)
    queued_at = models.DateTimeField()
    sending_at = models.DateTimeField(null=True, help_text="when the last attempt began")
    in_doubt_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    read_at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)
    updated_at = models.DateTimeField()

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint("alert", "transport", name="delivery_once_per_transport"),
            models.UniqueConstraint("provider_id", name="delivery_of_message", condition=~Q(provider_id="")),
        ]
        indexes = [
            models.Index("due_at", name="delivery_due", condition=Q(due_at__isnull=False)),
            models.Index(
                "user", "transport", "due_at", name="delivery_waiting", condition=Q(state="queued", leader__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return f"alert {self.alert_id} by {self.transport}: {self.state}"


class TransportOff(models.Model):
    """A transport that no longer reaches someone: switched off after a permanent error until they switch it on again.

    `told_at` is when they were told so through another one.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="transports_off")
    transport = models.CharField(max_length=20, choices=Delivery.Transport)
    reason = models.CharField(max_length=300)
    off_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True, help_text="when to tell the user, null once that is settled")
    attempts = models.PositiveSmallIntegerField(default=0)
    told_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint("user", "transport", name="transport_off_once")]
        indexes = [models.Index("due_at", name="transport_off_due", condition=Q(due_at__isnull=False))]

    def __str__(self) -> str:
        return f"{self.transport} of {self.user_id}: {self.reason}"


class Allowance(models.Model):
    """What somebody has used of a transport; the one row that those who send to them by it queue for.

    `recent` holds when the last messages began (ISO, oldest first). `used` counts those of `day`, a day of the user's
    own zone. `told_day` is the day of which they were told that its messages are used up; `due_at` when to write that.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    transport = models.CharField(max_length=20, choices=Delivery.Transport)
    recent = models.JSONField(default=list)
    day = models.DateField(null=True)
    used = models.PositiveIntegerField(default=0)
    told_day = models.DateField(null=True)
    due_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint("user", "transport", name="allowance_once")]
        indexes = [models.Index("due_at", name="allowance_due", condition=Q(due_at__isnull=False))]

    def __str__(self) -> str:
        return f"{self.used} by {self.transport} on {self.day}"
