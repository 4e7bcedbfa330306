"""What is refused before Django or Channels spend anything on it: bodies over the cap, sockets from other sites."""

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from channels.security.websocket import WebsocketDenier
from django.conf import settings

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


class BodyTooLarge(Exception):
    """The body went past the cap while it was being read."""


class BodyCap:
    """Answers 413 to a body over MAX_BODY_BYTES, whether its length is announced or comes in chunks."""

    def __init__(self, inner: Application) -> None:
        self.inner = inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.inner(scope, receive, send)
        limit = settings.MAX_BODY_BYTES
        announced = dict(scope["headers"]).get(b"content-length", b"0")
        if not announced.isdigit() or int(announced) > limit:
            return await self.refuse(scope, send)
        read = 0

        async def counted() -> Mapping[str, Any]:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > limit:
                raise BodyTooLarge
            return message

        try:
            await self.inner(scope, counted, send)
        except BodyTooLarge:
            await self.refuse(scope, send)

    @staticmethod
    async def refuse(scope: Scope, send: Send) -> None:
        reason = "The request is larger than this server accepts."
        in_json = scope["path"].startswith("/api/")
        body = (json.dumps({"detail": reason}) if in_json else reason).encode()
        kind = b"application/json" if in_json else b"text/plain"
        headers = [(b"content-type", kind), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 413, "headers": headers})
        await send({"type": "http.response.body", "body": body})


class SameOrigin:
    """Lets a socket in only from a page of the very host it is opened to, or of a trusted origin."""

    def __init__(self, inner: Application) -> None:
        self.inner = inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if allowed(*origin_and_host(scope)):
            return await self.inner(scope, receive, send)
        return await WebsocketDenier()(scope, receive, send)


def origin_and_host(scope: Scope) -> tuple[str, str]:
    """Exactly as the browser states them; nothing where it states none."""
    headers = dict(scope["headers"])
    return headers.get(b"origin", b"").decode("latin-1"), headers.get(b"host", b"").decode("latin-1")


def allowed(origin: str, host: str) -> bool:
    """Whether a socket to `host` may be opened by a page of `origin`; both exactly as the browser states them."""
    if origin in settings.CSRF_TRUSTED_ORIGINS:
        return True
    parts = urlsplit(origin)
    scheme = "https" if settings.OVER_TLS else "http"
    return parts.scheme == scheme and parts.netloc == host and (parts.hostname or "") in settings.ALLOWED_HOSTS
