"""How this site proves to push services that it is the one that browsers subscribed to (VAPID, RFC 8292).

The key itself is a setting, VAPID_PRIVATE_KEY.
"""

from datetime import datetime, timedelta
from email.utils import parseaddr
from functools import cache
from typing import Final
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings
from py_vapid import Vapid02
from py_vapid.utils import b64urlencode

VALID: Final = timedelta(hours=12)
"""Push services take no signature that is valid for more than a day."""


def public_key() -> str:
    """What a browser subscribes with (base64url); empty where the site has no key."""
    if not settings.VAPID_PRIVATE_KEY:
        return ""
    raw = signer(settings.VAPID_PRIVATE_KEY).public_key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return str(b64urlencode(raw))


def authorization(endpoint: str, now: datetime) -> dict[str, str]:
    """The header that vouches for a message to this endpoint."""
    parts = urlsplit(endpoint)
    claims = {
        "aud": f"{parts.scheme}://{parts.netloc}",
        "exp": int((now + VALID).timestamp()),
        "sub": contact(),
    }
    signed: dict[str, str] = signer(settings.VAPID_PRIVATE_KEY).sign(claims)
    return signed


def contact() -> str:
    """Whom a push service may turn to: the sender of mail where it is a real one, else the site itself."""
    address = parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    if "." in address.rpartition("@")[2] or not settings.OVER_TLS:
        return f"mailto:{address}"
    return f"https://{urlsplit(settings.PUBLIC_URL).hostname}"


@cache
def signer(key: str) -> Vapid02:
    return Vapid02.from_raw(key.encode())
