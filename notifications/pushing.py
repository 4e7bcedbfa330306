"""Service: browsers that somebody lets show push messages, added and removed."""

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric import ec
from django.db import transaction
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext

from accounts.models import User
from dashboard import clock
from notifications.locks import one_at_a_time
from notifications.models import LONGEST_ENDPOINT, PushSubscription, TransportOff
from notifications.transports.webpush import is_push_service

MOST: Final = 10
"""Browsers of one person, exact under concurrency."""

# The first that fits: every browser also names those it descends from.
BROWSERS: Final = (
    *(("Edg", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser", "Samsung Internet"), ("Firefox", "Firefox")),
    *(("Chrome", "Chrome"), ("CriOS", "Chrome"), ("Safari", "Safari")),
)
SYSTEMS: Final = (
    *(("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"), ("CrOS", "ChromeOS")),
    *(("Macintosh", "Mac"), ("Linux", "Linux")),
)


class PushError(Exception):
    """Why a browser can't be added, in words for its owner."""


def subscribe(user: User, facts: Mapping[str, Any], user_agent: str) -> PushSubscription:
    """Add the browser whose `PushSubscription.toJSON()` these facts are, or renew it. Raises PushError.

    A browser shows the messages of the person who allowed them last.
    """
    endpoint, keys = facts.get("endpoint"), facts.get("keys")
    keys = keys if isinstance(keys, Mapping) else {}
    p256dh, auth = key(keys.get("p256dh"), 65), key(keys.get("auth"), 16)
    if not isinstance(endpoint, str) or len(endpoint) > LONGEST_ENDPOINT or not is_push_service(endpoint):
        raise PushError(gettext("This browser's push service is not one that this site writes to."))
    if not p256dh or not auth or not is_on_curve(p256dh):
        raise PushError(gettext("This browser's keys can't be read."))
    with transaction.atomic():
        one_at_a_time(f"notifications.pushing.{user.pk}")
        others = PushSubscription.objects.of(user).exclude(endpoint=endpoint)
        if others.count() >= MOST:
            raise PushError(
                gettext("You have %(most)s browsers already, the most there can be. Remove one first.") % {"most": MOST}
            )
        subscription, _ = PushSubscription.objects.update_or_create(
            endpoint=endpoint,
            defaults={"user": user, "p256dh": p256dh, "auth": auth, "label": label_of(user_agent), "failures": 0},
            create_defaults={
                "user": user,
                "p256dh": p256dh,
                "auth": auth,
                "label": label_of(user_agent),
                "created_at": clock.now(),
            },
        )
        TransportOff.objects.filter(user=user, transport="webpush").delete()
    return subscription


def renew(facts: Mapping[str, Any], user_agent: str) -> None:
    """Put the subscription in the place of the one with that `endpoint`, whose secret `auth` proves who asks.

    Raises PushError.
    """
    endpoint, auth, fresh = facts.get("endpoint"), facts.get("auth"), facts.get("subscription")
    with transaction.atomic():
        old = (
            PushSubscription.objects.select_related("user").filter(endpoint=str(endpoint), user__is_active=True).first()
        )
        if old is None or not constant_time_compare(old.auth, key(auth, 16)):
            raise PushError(gettext("This browser is not known."))
        old.delete()
        subscribe(old.user, fresh if isinstance(fresh, Mapping) else {}, user_agent)


def unsubscribe(user: User, endpoint: str) -> bool:
    """Forget the browser with this endpoint, if it is the user's."""
    return bool(PushSubscription.objects.of(user).filter(endpoint=endpoint).delete()[0])


def key(text: Any, size: int) -> str:
    """The text of a key of so many bytes, without padding; empty where it is none."""
    bare = text.rstrip("=") if isinstance(text, str) else ""
    if not re.fullmatch(r"[A-Za-z0-9_-]+", bare):
        return ""
    try:
        raw = base64.urlsafe_b64decode(bare + "=" * (-len(bare) % 4))
    except binascii.Error:
        return ""
    return bare if len(raw) == size else ""


def is_on_curve(p256dh: str) -> bool:
    raw = base64.urlsafe_b64decode(p256dh + "=" * (-len(p256dh) % 4))
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), raw)
    except ValueError:
        return False
    return True


def label_of(user_agent: str) -> str:
    """`Firefox on Windows`, as far as the browser says so."""
    browser = next((name for mark, name in BROWSERS if mark in user_agent), "A browser")
    system = next((name for mark, name in SYSTEMS if mark in user_agent), "")
    return gettext("%(browser)s on %(system)s") % {"browser": browser, "system": system} if system else browser
