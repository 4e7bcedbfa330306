"""Where somebody is reached beside their reminders: browsers that take push messages, and messages sent on trial."""

from typing import Final, Self

from django.conf import settings
from django.db import models

from notifications.models.alerts import Delivery

LONGEST_ENDPOINT: Final = 1000


class PushSubscriptionQuerySet(models.QuerySet["PushSubscription"]):
    def of(self, user: models.Model) -> Self:
        return self.filter(user=user)


class PushSubscription(models.Model):
    """A browser that its owner lets show push messages, as its push service knows it; gone when that ends it.

    `p256dh` and `auth` are the browser's own keys (base64url, RFC 8291): only it can read what is encrypted to them.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="push_subscriptions")
    endpoint = models.CharField(max_length=LONGEST_ENDPOINT, unique=True)
    p256dh = models.CharField(max_length=100)
    auth = models.CharField(max_length=50)
    label = models.CharField(max_length=80, help_text="the browser and its system, as far as they tell")
    created_at = models.DateTimeField()
    last_success_at = models.DateTimeField(null=True)
    failures = models.PositiveIntegerField(default=0, help_text="sends in a row that were not taken")

    objects = PushSubscriptionQuerySet.as_manager()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.label


class Trial(models.Model):
    """A message that somebody sent themselves to see whether a transport works, and how that went."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    transport = models.CharField(max_length=20, choices=Delivery.Transport)
    at = models.DateTimeField()
    accepted = models.BooleanField(null=True, help_text="null: not known yet, or in doubt")
    outcome = models.CharField(max_length=500, blank=True)

    class Meta:
        indexes = [models.Index("user", "at", name="trial_of_user")]

    def __str__(self) -> str:
        return f"{self.transport} at {self.at:%H:%M:%S}: {self.outcome}"
