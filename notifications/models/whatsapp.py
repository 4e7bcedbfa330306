"""Numbers, and how their owners prove them."""

from django.conf import settings
from django.db import models


class WhatsAppCode(models.Model):
    """A code that was sent to a number to prove whose it is; only its keyed digest is kept."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="whatsapp_codes")
    number = models.CharField(max_length=20)
    ip = models.GenericIPAddressField(null=True)
    digest = models.CharField(max_length=64)
    tries = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, help_text="used, replaced or given up")
    provider_id = models.CharField(max_length=64, blank=True)

    class Meta:
        indexes = [
            models.Index("created_at", name="whatsapp_code_site"),
            models.Index("user", "created_at", name="whatsapp_code_user"),
            models.Index("number", "created_at", name="whatsapp_code_number"),
            models.Index("ip", "created_at", name="whatsapp_code_ip"),
        ]

    def __str__(self) -> str:
        return f"code for {self.number}"


class Conversation(models.Model):
    """A number that has written to us, and what it wants; it stays with the number when the account changes."""

    number = models.CharField(max_length=20, unique=True, help_text="E.164")
    last_inbound_at = models.DateTimeField(null=True)
    stopped_at = models.DateTimeField(null=True, help_text="it sent STOP, and no START since")
    snoozed_until = models.DateTimeField(null=True, help_text="alerts to it are held back so long")

    def __str__(self) -> str:
        return self.number


class InboundMessage(models.Model):
    """A message that was answered, known by its id so that it is answered and obeyed once. Its text is not kept."""

    sid = models.CharField(max_length=64, unique=True)
    number = models.CharField(max_length=20)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="+")
    command = models.CharField(max_length=20)
    received_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index("number", "received_at", name="inbound_number")]

    def __str__(self) -> str:
        return f"{self.command} from {self.number}"
