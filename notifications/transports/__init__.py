"""The ways of telling somebody something, by name. Each is a small module of the same shape (see `base`)."""

from typing import Final

from accounts.models import User
from notifications.models import TransportOff
from notifications.transports.base import Transport
from notifications.transports.email import Email
from notifications.transports.toast import Toast
from notifications.transports.webpush import WebPush
from notifications.transports.whatsapp import WhatsApp

TRANSPORTS: Final[dict[str, Transport]] = {
    transport.name: transport for transport in (Toast(), Email(), WhatsApp(), WebPush())
}


def offered() -> dict[str, Transport]:
    """Those that are configured on this site."""
    return {name: transport for name, transport in TRANSPORTS.items() if transport.is_configured()}


def ready_for(user: User) -> list[str]:
    """Names of those that would reach the user now: configured, proved, and not switched off."""
    off = set(TransportOff.objects.filter(user=user).values_list("transport", flat=True))
    return [name for name, transport in offered().items() if name not in off and transport.target(user)]
