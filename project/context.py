"""What every template may read: the nonce under htmx's name for it, and where the project is reached."""

from django.conf import settings
from django.http import HttpRequest

from accounts import locales


def site(request: HttpRequest) -> dict[str, object]:
    # A LazyObject in django-csp 4: read only where a template prints it, so pages without scripts carry no nonce.
    return {
        "csp_nonce": getattr(request, "csp_nonce", ""),
        "locale": locales.active(),
        "PUBLIC_URL": settings.PUBLIC_URL,
        "WHATSAPP_ENABLED": settings.WHATSAPP_ENABLED,
    }
