"""Who someone is: how they count, where they live, what proves that it is them."""

import hashlib
import secrets
from typing import Self
from zoneinfo import ZoneInfo, available_timezones

from django.contrib.auth.models import AbstractUser
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext, gettext_lazy
from phonenumber_field.modelfields import PhoneNumberField

from accounts import locales
from accounts.currencies import CHOICES, COINS


def validate_time_zone(name: str) -> None:
    if name not in available_timezones():
        raise ValidationError(gettext("Choose a time zone such as Europe/Berlin."), code="time_zone")


class User(AbstractUser):
    """A person with an account. The WhatsApp number counts only once `whatsapp_verified_at` is set."""

    class Theme(models.TextChoices):
        SYSTEM = "system", gettext_lazy("As the device")
        LIGHT = "light", gettext_lazy("Light")
        DARK = "dark", gettext_lazy("Dark")

    class Colours(models.TextChoices):
        GREEN_RED = "green-red", gettext_lazy("Green and red")
        BLUE_ORANGE = "blue-orange", gettext_lazy("Blue and orange")

    currency = models.CharField(max_length=10, choices=CHOICES, default="usd")
    time_zone = models.CharField(max_length=64, default="UTC", validators=[validate_time_zone])
    locale = models.CharField(max_length=15, choices=list(locales.LOCALES.items()), default=locales.DEFAULT)
    theme = models.CharField(max_length=10, choices=Theme, default=Theme.SYSTEM)
    colours = models.CharField(max_length=15, choices=Colours, default=Colours.GREEN_RED)
    compact = models.BooleanField(default=False)
    quiet_hours = models.JSONField(
        null=True, blank=True, help_text='of new reminders: {"from": "22:00", "to": "07:00"} in the time zone, or null'
    )
    whatsapp_number = PhoneNumberField(blank=True, default="")
    whatsapp_verified_at = models.DateTimeField(null=True, blank=True)

    class Meta(AbstractUser.Meta):
        # For one look per tick at who counts in a coin, which few do.
        indexes = [models.Index("currency", name="user_counts_in_coin", condition=models.Q(currency__in=sorted(COINS)))]

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    def matching(self, token: str) -> Self:
        """The row whose token this is, if its account is still active."""
        return self.filter(digest=digest(token), user__is_active=True).select_related("user")


class ApiToken(models.Model):
    """A key to the API; only its SHA-256 is kept, the token itself is shown once."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=60, default="API")
    prefix = models.CharField(max_length=12)
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"


def digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def issue_token(user: User, name: str = "API") -> str:
    """Make a token for `user` and return it; it can't be read again."""
    token = f"tf_{secrets.token_urlsafe(32)}"
    ApiToken.objects.create(user=user, name=name, prefix=token[:8], digest=digest(token))
    return token
