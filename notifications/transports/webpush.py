"""Push messages to the browsers that somebody has allowed to show them, also while no page is open.

Whatever a browser states as its push service is called only where it is a known one: nothing inside a network that
this site can reach is ever called for somebody.
"""

import asyncio
import base64
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

import httpx
import structlog
from django.conf import settings
from django.db.models import F
from django.utils.translation import gettext
from pywebpush import WebPusher

from accounts.models import User
from dashboard import clock
from dashboard.market.wire import read_retry_after, trusted_authorities
from notifications import vapid
from notifications.models import Delivery, PushSubscription
from notifications.transports.base import CannotTell, InDoubt, Message, NotAccepted, Receipt, Report

logger = structlog.get_logger(__name__)

CONNECT_SECONDS: Final = 4
LONGEST_TITLE, LONGEST_TEXT = 300, 2400
"""Bytes; a push service takes 4,096 in all, encrypted."""
KEPT_FOR: Final = timedelta(days=1)
"""How long a push service keeps a message for a browser that is not running."""

# Chrome, Edge and Opera on Android; Firefox; Safari; Edge on Windows.
SERVICES: Final = frozenset({"fcm.googleapis.com", "android.googleapis.com", "jmt17.google.com", "web.push.apple.com"})
FAMILIES: Final = (".push.services.mozilla.com", ".push.apple.com", ".notify.windows.com", ".wns.windows.com")

ENDED: Final = {404, 410}
KEY_REFUSED: Final = {401, 403}
MESSAGE_REFUSED: Final = {400, 413}


def is_push_service(endpoint: str) -> bool:
    """May this address be called? Only over TLS at its usual port, but for those that PUSH_HOSTS names."""
    try:
        parts = urlsplit(endpoint)
        port = parts.port
    except ValueError:
        return False
    host = (parts.hostname or "").lower()
    if not host or parts.username is not None or parts.password is not None or not endpoint.isascii():
        return False
    if f"{parts.scheme}://{parts.netloc}".lower() in settings.PUSH_HOSTS:
        return True
    return parts.scheme == "https" and port in {None, 443} and (host in SERVICES or host.endswith(FAMILIES))


@dataclass(frozen=True, slots=True)
class Answer:
    """How one browser's push service answered; `fault` is None where it took the message."""

    subscription: PushSubscription
    fault: NotAccepted | InDoubt | None = None
    ended: bool = False


class WebPush:
    """`seconds` is the deadline of a whole send, to however many browsers."""

    name = Delivery.Transport.WEBPUSH.value
    label = Delivery.Transport.WEBPUSH.label

    def __init__(self, seconds: float = 8) -> None:
        self.seconds = seconds

    def is_configured(self) -> bool:
        return bool(settings.VAPID_PRIVATE_KEY)

    def target(self, user: User) -> str | None:
        return str(user.pk) if PushSubscription.objects.of(user).exists() else None

    def send(self, message: Message, target: str) -> Receipt:
        """To all browsers of the user at once; one that takes it is enough."""
        subscriptions = list(PushSubscription.objects.of(message.user))
        answers = post_all(subscriptions, message, self.seconds)
        note(answers)
        return verdict(answers)

    def find(self, message: Message, target: str, since: datetime) -> Receipt | None:
        raise CannotTell(
            gettext("A push service can't be asked."), ever=False
        )  # a browser shows a repetition in place of it

    def follow(self, provider_id: str) -> Report:
        raise CannotTell(gettext("A push message is not followed."), ever=False)


def post_all(subscriptions: Sequence[PushSubscription], message: Message, seconds: float) -> list[Answer]:
    """Each push service's answer, all within one deadline."""
    ready = [(one, envelope(one, message)) for one in subscriptions if is_push_service(one.endpoint)]

    async def post_each() -> list[Answer]:
        timeout = httpx.Timeout(seconds, connect=CONNECT_SECONDS)
        async with httpx.AsyncClient(timeout=timeout, verify=trusted_authorities(), follow_redirects=False) as client:
            return list(await asyncio.gather(*(post(client, one, request, seconds) for one, request in ready)))

    # Not asyncio.run: it would wait for a name look-up that hangs in its thread, past the deadline.
    loop = asyncio.new_event_loop()
    try:
        answers = loop.run_until_complete(post_each())
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()
    answered = {answer.subscription.pk for answer in answers}
    unknown = NotAccepted(gettext("This browser's push service is not one that this site writes to."), permanent=True)
    return answers + [Answer(one, unknown) for one in subscriptions if one.pk not in answered]


@dataclass(frozen=True, slots=True)
class Envelope:
    headers: dict[str, str]
    body: bytes


def envelope(subscription: PushSubscription, message: Message) -> Envelope:
    """The message encrypted to this browser (RFC 8291); by its topic, a repetition replaces one not yet shown."""
    keys = {"p256dh": subscription.p256dh, "auth": subscription.auth}
    sealed = WebPusher({"endpoint": subscription.endpoint, "keys": keys}).encode(payload(message))
    headers = {
        "Content-Type": "application/octet-stream",
        "Content-Encoding": "aes128gcm",
        "TTL": str(int(KEPT_FOR.total_seconds())),
        "Urgency": "high",
        "Topic": topic(message),
        **vapid.authorization(subscription.endpoint, clock.now()),
    }
    return Envelope(headers, sealed["body"])


def payload(message: Message) -> bytes:
    """What the service worker is given: nothing beyond the alert's own words, and where on this site to look."""
    text = f"{message.text}\n{message.note}" if message.note else message.text
    parts = urlsplit(message.url)
    facts = {
        "title": clipped(message.title, LONGEST_TITLE),
        "body": clipped(text, LONGEST_TEXT),
        "path": parts.path + (f"?{parts.query}" if parts.query else ""),
        "tag": message.key,
    }
    return json.dumps(facts, ensure_ascii=False).encode()


def clipped(text: str, size: int) -> str:
    """At most so many bytes of it, cut between characters."""
    raw = text.encode()
    return text if len(raw) <= size else raw[: size - 3].decode(errors="ignore") + "…"


def topic(message: Message) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(message.key.encode()).digest())[:32].decode()


async def post(client: httpx.AsyncClient, subscription: PushSubscription, sealed: Envelope, seconds: float) -> Answer:
    host = urlsplit(subscription.endpoint).hostname
    try:
        async with (
            asyncio.timeout(seconds),
            client.stream("POST", subscription.endpoint, content=sealed.body, headers=sealed.headers) as response,
        ):
            return answer_of(subscription, response.status_code, response.headers.get("Retry-After", ""))
    except (httpx.ConnectError, httpx.ConnectTimeout):
        return Answer(
            subscription, NotAccepted(gettext("The push service %(host)s can't be reached.") % {"host": host})
        )
    except (TimeoutError, httpx.HTTPError, OSError):
        return Answer(subscription, InDoubt(gettext("The push service %(host)s did not answer.") % {"host": host}))


def answer_of(subscription: PushSubscription, status: int, retry_after: str) -> Answer:
    """What a status means. The words of the answer are not read: they are the push service's, for developers."""
    host = urlsplit(subscription.endpoint).hostname
    if 200 <= status < 300:
        return Answer(subscription)
    if status in ENDED:
        return Answer(subscription, ended=True)
    if status in KEY_REFUSED:
        logger.error("webpush.key_refused", host=host, status=status)
        reason = gettext(
            "The push service %(host)s does not take this site's key for this browser. Allow push messages anew."
        ) % {"host": host}
        return Answer(subscription, NotAccepted(reason, permanent=True))
    if status in MESSAGE_REFUSED:
        return Answer(
            subscription,
            NotAccepted(
                gettext("The push service %(host)s refused it (%(status)s).") % {"host": host, "status": status},
                permanent=True,
            ),
        )
    seconds = read_retry_after(retry_after, clock.now())
    pause = None if seconds is None else timedelta(seconds=seconds)
    return Answer(
        subscription,
        NotAccepted(
            gettext("The push service %(host)s answered %(status)s.") % {"host": host, "status": status},
            retry_after=pause,
        ),
    )


def note(answers: Sequence[Answer]) -> None:
    """Forget the subscriptions that have ended, and remember when each of the others last worked."""
    now = clock.now()
    for answer in answers:
        row = PushSubscription.objects.filter(pk=answer.subscription.pk, endpoint=answer.subscription.endpoint)
        if answer.ended:
            row.delete()
        elif answer.fault is None:
            row.update(last_success_at=now, failures=0)
        else:
            row.update(failures=F("failures") + 1)


def verdict(answers: Sequence[Answer]) -> Receipt:
    """What all answers together mean for the message: the best of them."""
    if any(answer.fault is None and not answer.ended for answer in answers):
        return Receipt()
    faults = [answer.fault for answer in answers if answer.fault is not None]
    for fault in faults:
        if isinstance(fault, InDoubt):
            raise fault
    refused = [fault for fault in faults if isinstance(fault, NotAccepted)]
    if not refused:
        raise NotAccepted(
            gettext("No browser takes push messages for you any more: each has ended them."), unreachable=True
        )
    raise next((fault for fault in refused if not fault.permanent), refused[0])
