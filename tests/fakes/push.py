"""A push service and the browsers that subscribe to it. It takes only what a real one would: signed for it, encrypted.

    with FakePush() as push:
        browser = push.browser()           # `browser.subscription` is what its `PushSubscription.toJSON()` says
        push.fail("410")                   # or "429 Retry-After: 120", "silent", "reset", "redirect", until heal()
        browser.messages                   # what it was given, decrypted by its own private key

`push.origin` is its address for the setting PUSH_HOSTS.
"""

import base64
import json
import secrets
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

import http_ece
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from py_vapid import Vapid02


def base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def unbase64url(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class Browser:
    """One that subscribed: it alone can read what comes."""

    origin: str
    path: str
    private_key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    auth: bytes = field(default_factory=lambda: secrets.token_bytes(16))
    messages: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    @property
    def endpoint(self) -> str:
        return self.origin + self.path

    @property
    def subscription(self) -> dict[str, Any]:
        public = self.private_key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        keys = {"p256dh": base64url(public), "auth": base64url(self.auth)}
        return {"endpoint": self.endpoint, "expirationTime": None, "keys": keys}

    def read(self, body: bytes) -> dict[str, Any]:
        plain = http_ece.decrypt(body, private_key=self.private_key, auth_secret=self.auth, version="aes128gcm")
        found = json.loads(plain)
        assert isinstance(found, dict)
        return found


@dataclass
class FakePush:
    """The push service and what it was asked."""

    browsers: dict[str, Browser] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    mode: str = ""
    times: int | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __enter__(self) -> Self:
        fake: FakePush = self

        class Handler(Answering):
            push = fake

        self.stopping = threading.Event()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.origin = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *args: object) -> None:
        self.stopping.set()
        self.server.shutdown()
        self.server.server_close()

    def browser(self) -> Browser:
        path = f"/send/{secrets.token_urlsafe(16)}"
        self.browsers[path] = Browser(self.origin, path)
        return self.browsers[path]

    def fail(self, mode: str, times: int | None = None) -> None:
        self.mode, self.times = mode, times

    def heal(self) -> None:
        self.mode, self.times = "", None

    def failure(self) -> str:
        with self.lock:
            if not self.mode or self.times == 0:
                return ""
            if self.times is not None:
                self.times -= 1
            return self.mode


class Answering(BaseHTTPRequestHandler):
    push: FakePush
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.push.requests.append(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        mode = self.push.failure()
        if mode == "silent":
            self.push.stopping.wait(30)
            self.close_connection = True
        elif mode == "reset":
            self.close_connection = True
        elif mode == "redirect":
            self.answer(307, {"Location": f"{self.push.origin}/elsewhere"})
        elif mode:
            status, _, header = mode.partition(" ")
            name, _, value = header.partition(": ")
            self.answer(int(status), {name: value} if name else {})
        else:
            self.answer(self.take(body))

    def take(self, body: bytes) -> int:
        browser = self.push.browsers.get(self.path)
        if browser is None:
            return 410
        if not self.is_signed():
            return 403
        if self.headers.get("Content-Encoding") != "aes128gcm" or not self.headers.get("TTL", "").isdigit():
            return 400
        if len(body) > 4096:
            return 413
        browser.messages.append(browser.read(body))
        browser.headers.append(dict(self.headers.items()))
        return 201

    def is_signed(self) -> bool:
        """Is the token rightly signed, meant for this service, in force, and does it say whom to turn to?"""
        header = self.headers.get("Authorization", "")
        if not header.startswith("vapid t=") or not Vapid02.verify(header):
            return False
        claims = json.loads(unbase64url(header.removeprefix("vapid t=").split(".")[1]))
        left = claims["exp"] - datetime.now(UTC).timestamp()
        return bool(claims["aud"] == self.push.origin and 0 < left <= 24 * 3600 and claims["sub"])

    def answer(self, status: int, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        pass
