"""Twilio's Messages API as a local server whose failures a test decides; it keeps every message that it accepted.

    with FakeTwilio() as twilio:
        twilio.fail("21211")          # the next sends are answered so, until heal()
        twilio.fail("reset_after", times=1)
        twilio.tell(sid, "delivered") # posts the status callback, rightly signed

Modes: a Twilio code ("21211", "20429", …), an HTTP status ("500"), "silent" (accepts nothing, never answers),
"silent_after" (accepts, never answers), "reset_before", "reset_after" (drop the connection), "garbage" (200, no JSON).
"""

import base64
import json
import socket
import struct
import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar, Self
from urllib.parse import parse_qs, urlencode, urlsplit

from twilio.request_validator import RequestValidator

from tests.fakes.moments import Moments, Plan

SID = "AC" + "0" * 32
TOKEN = "fake-token"
REFUSALS = {20003: 401, 20429: 429}


@dataclass
class Failure:
    mode: str
    times: int | None = None


@dataclass
class SentMessage:
    """A message that was accepted."""

    sid: str
    to: str
    sender: str
    body: str
    content_sid: str
    variables: dict[str, str]
    callback: str
    created_at: datetime
    status: str = "queued"
    error_code: int | None = None
    received_at: float = field(default_factory=time.time)

    @property
    def text(self) -> str:
        """What the person reads, be it free text or a filled-in template."""
        return self.body or " ".join(self.variables.values())

    def as_json(self) -> dict[str, Any]:
        created = format_datetime(self.created_at)
        return {
            "sid": self.sid,
            "account_sid": SID,
            "to": self.to,
            "from": self.sender,
            "body": self.body,
            "status": self.status,
            "direction": "outbound-api",
            "date_created": created,
            "date_sent": created,
            "date_updated": created,
            "error_code": self.error_code,
            "error_message": None,
            "num_media": "0",
            "num_segments": "1",
            "api_version": "2010-04-01",
            "messaging_service_sid": None,
            "price": None,
            "price_unit": None,
            "uri": f"/2010-04-01/Accounts/{SID}/Messages/{self.sid}.json",
            "subresource_uris": {},
        }


@dataclass
class FakeTwilio:
    """The server and what it has been told; `requests` counts calls by method, refused ones too."""

    sid: str = SID
    token: str = TOKEN
    messages: list[SentMessage] = field(default_factory=list)
    forms: list[dict[str, str]] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    look_up_failures: list[Failure] = field(default_factory=list)
    requests: dict[str, int] = field(default_factory=dict)
    keeps_text: bool = True
    retry_after: str = ""
    moments: Moments = field(default_factory=Moments)
    heard: int = 0
    released: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __enter__(self) -> Self:
        fake = self

        class Handler(TwilioHandler):
            twilio: ClassVar[FakeTwilio] = fake

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *args: object) -> None:
        self.released.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def settings(self) -> dict[str, str]:
        """The environment, or the settings, that point the project here."""
        return {
            "TWILIO_ACCOUNT_SID": self.sid,
            "TWILIO_AUTH_TOKEN": self.token,
            "TWILIO_WHATSAPP_FROM": "+14155238886",
            "TWILIO_API_URL": self.url,
        }

    def fail(self, mode: str, times: int | None = None) -> None:
        """Answer sends so from now on, or so many times."""
        self.failures = [Failure(mode, times)]

    def fail_look_ups(self, mode: str, times: int | None = None) -> None:
        self.look_up_failures = [Failure(mode, times)]

    def heal(self) -> None:
        self.failures, self.look_up_failures = [], []

    def to(self, number: str) -> list[SentMessage]:
        return [message for message in self.messages if message.to == f"whatsapp:{number}"]

    def message(self, sid: str) -> SentMessage | None:
        return next((message for message in self.messages if message.sid == sid), None)

    def set_status(self, sid: str, status: str, error_code: int | None = None) -> None:
        found = self.message(sid)
        assert found is not None
        found.status, found.error_code = status, error_code

    def accept(self, form: dict[str, str]) -> SentMessage:
        with self.lock:
            message = SentMessage(
                sid=f"SM{len(self.messages) + 1:032x}",
                to=form["To"],
                sender=form["From"],
                body=form.get("Body", ""),
                content_sid=form.get("ContentSid", ""),
                variables=json.loads(form.get("ContentVariables", "{}")),
                callback=form.get("StatusCallback", ""),
                created_at=datetime.now(UTC).replace(microsecond=0),
            )
            if message.content_sid and self.keeps_text:
                message.body = " ".join(message.variables.values())
            self.messages.append(message)
            self.forms.append(form)
            return message

    def callback(self, sid: str, status: str, error_code: int | None = None) -> tuple[str, dict[str, str], str]:
        """The address, the form and the signature of a status callback."""
        found = self.message(sid)
        assert found is not None
        form = {
            "MessageSid": sid,
            "MessageStatus": status,
            "AccountSid": self.sid,
            "To": found.to,
            "From": found.sender,
        }
        if error_code:
            form["ErrorCode"] = str(error_code)
        return found.callback, form, RequestValidator(self.token).compute_signature(found.callback, form)

    def inbound(self, url: str, number: str, text: str, sid: str = "", **fields: str) -> tuple[dict[str, str], str]:
        """The form and the signature with which a message that somebody wrote to us is handed to `url`."""
        with self.lock:
            self.heard += 1
            form = {
                "MessageSid": sid or f"SM{self.heard + 0xF0000:032x}",
                "AccountSid": self.sid,
                "From": f"whatsapp:{number}",
                "To": "whatsapp:+14155238886",
                "Body": text,
                "NumMedia": "0",
                "ProfileName": "Ada & <Co>",
                **fields,
            }
        return form, RequestValidator(self.token).compute_signature(url, form)

    def tell(self, sid: str, status: str, error_code: int | None = None) -> int:
        """Post the status callback; the answer's status."""
        url, form, signature = self.callback(sid, status, error_code)
        request = urllib.request.Request(url, urlencode(form).encode(), {"X-Twilio-Signature": signature})
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code

    def next_failure(self, of: str) -> str:
        failures = self.failures if of == "POST" else self.look_up_failures
        with self.lock:
            self.requests[of] = self.requests.get(of, 0) + 1
            if not failures:
                return ""
            failure = failures[0]
            if failure.times is not None:
                failure.times -= 1
                if not failure.times:
                    failures.pop(0)
            return failure.mode


class TwilioHandler(BaseHTTPRequestHandler):
    twilio: ClassVar[FakeTwilio]

    def log_message(self, *args: object) -> None:
        pass

    def setup(self) -> None:
        super().setup()
        self.plan = Plan()

    def reach(self, moment: str) -> bool:
        return self.plan.reach(moment, int(self.client_address[1]))

    def do_POST(self) -> None:
        self.plan = self.twilio.moments.next()
        self.reach("accepted")
        length = int(self.headers["Content-Length"])
        body = self.rfile.read(length)
        if len(body) < length or self.reach("read"):  # who was sending is gone
            self.close_connection = True
            return
        form = {k: v[0] for k, v in parse_qs(body.decode()).items()}
        mode = self.twilio.next_failure("POST")
        if not self.is_allowed():
            self.refuse(20003)
        elif mode.endswith("_after"):
            self.twilio.accept(form)
            self.spoil(mode)
        elif mode:
            self.spoil(mode)
        else:
            accepted = self.twilio.accept(form).as_json()
            self.reach("kept")
            self.answer(201, accepted)

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        if mode := self.twilio.next_failure("GET"):
            self.spoil(mode)
        elif not self.is_allowed():
            self.refuse(20003)
        elif address.path.endswith("/Messages.json"):
            self.answer(200, self.listing({k: v[0] for k, v in parse_qs(address.query).items()}))
        elif found := self.twilio.message(address.path.rsplit("/", 1)[-1].removesuffix(".json")):
            self.answer(200, found.as_json())
        else:
            self.answer(404, {"code": 20404, "message": "The requested resource was not found", "status": 404})

    def listing(self, query: dict[str, str]) -> dict[str, Any]:
        since = query.get("DateSent>", "")[:10]
        messages = [
            message.as_json()
            for message in reversed(self.twilio.messages)
            if message.to == query.get("To", message.to) and f"{message.created_at:%Y-%m-%d}" >= since
        ]
        return {"messages": messages, "next_page_uri": None, "page": 0, "page_size": 50, "uri": self.path}

    def is_allowed(self) -> bool:
        expected = base64.b64encode(f"{self.twilio.sid}:{self.twilio.token}".encode()).decode()
        return self.headers.get("Authorization") == f"Basic {expected}" and self.twilio.sid in self.path

    def spoil(self, mode: str) -> None:
        if mode.startswith("silent"):
            self.twilio.released.wait(60)
            self.close_connection = True
        elif mode.startswith("reset"):
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            self.connection.close()
        elif mode == "garbage":
            self.answer(200, None)
        elif len(mode) == 3:
            self.answer(int(mode), None)
        else:
            self.refuse(int(mode))

    def refuse(self, code: int) -> None:
        status = REFUSALS.get(code, 400)
        more = f"https://www.twilio.com/docs/errors/{code}"
        self.answer(status, {"code": code, "message": f"Refused with {code}", "more_info": more, "status": status})

    def answer(self, status: int, content: Any) -> None:
        body = b"<html>no JSON</html>" if content is None else json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html" if content is None else "application/json")
        self.send_header("Content-Length", str(len(body)))
        if self.twilio.retry_after and status in {429, 503}:
            self.send_header("Retry-After", self.twilio.retry_after)
        self.end_headers()
        half = len(body) // 2
        self.wfile.write(body[:half])
        self.reach("half answered")
        self.wfile.write(body[half:])
        self.reach("answered")
