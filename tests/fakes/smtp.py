"""A mail server whose failures a test decides; it keeps every mail that it took.

    with FakeSmtp() as smtp:
        smtp.fail("rcpt 550 No such mailbox")   # or "data 451 Try later"
        smtp.fail("drop before", times=1)       # breaks off before it takes the mail; "drop after": once it has it

`smtp.env()` is the EMAIL_URL for other processes, `smtp.settings()` Django's settings for this one.
"""

import asyncio
import email
import email.policy
import logging
import socket
import time
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.fakes.moments import Moments, Plan


@dataclass
class Failure:
    mode: str
    times: int | None = None


@dataclass
class Mail:
    """A mail that was taken."""

    sender: str
    to: list[str]
    content: EmailMessage
    received_at: float = field(default_factory=time.time)

    @property
    def subject(self) -> str:
        return str(self.content["Subject"])

    @property
    def message_id(self) -> str:
        return str(self.content["Message-ID"])

    def part(self, kind: str) -> str:
        body = self.content.get_body((kind,))
        return "" if body is None else str(body.get_content())

    @property
    def text(self) -> str:
        return self.part("plain")

    @property
    def html(self) -> str:
        return self.part("html")


@dataclass
class FakeSmtp:
    """The server and what it has taken."""

    mails: list[Mail] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    moments: Moments = field(default_factory=Moments)

    def __enter__(self) -> Self:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        logging.getLogger("mail.log").setLevel(logging.WARNING)  # aiosmtpd tells of every line
        self.controller = Controller(Taker(self), hostname="127.0.0.1", port=self.port)
        self.controller.start()
        return self

    def __exit__(self, *args: object) -> None:
        self.controller.stop()

    def env(self) -> dict[str, str]:
        return {"EMAIL_URL": f"smtp://127.0.0.1:{self.port}"}

    def settings(self) -> dict[str, Any]:
        return {
            "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
            "EMAIL_HOST": "127.0.0.1",
            "EMAIL_PORT": self.port,
            "EMAIL_HOST_USER": "",
            "EMAIL_HOST_PASSWORD": "",
            "EMAIL_USE_TLS": False,
            "EMAIL_USE_SSL": False,
        }

    def fail(self, mode: str, times: int | None = None) -> None:
        self.failures = [Failure(mode, times)]

    def heal(self) -> None:
        self.failures = []

    def to(self, address: str) -> list[Mail]:
        return [mail for mail in self.mails if address in mail.to]

    def failure(self, at: str) -> str:
        """What to answer at this step; nothing where all is well."""
        if not self.failures or not self.failures[0].mode.startswith(at):
            return ""
        failure = self.failures[0]
        if failure.times is not None:
            failure.times -= 1
            if not failure.times:
                self.failures.pop(0)
        return failure.mode.removeprefix(at).strip() or at


class Taker:
    """aiosmtpd's handler."""

    def __init__(self, smtp: FakeSmtp) -> None:
        self.smtp = smtp
        self.plans: dict[int, Plan] = {}

    def reach(self, moment: str, session: Session) -> bool:
        port = port_of(session)
        return self.plans.get(port, Plan()).reach(moment, port)

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        self.plans[port_of(session)] = self.smtp.moments.next()
        self.reach("accepted", session)
        return responses

    async def handle_QUIT(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.reach("answered", session)
        return "221 Bye"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if refusal := self.smtp.failure("rcpt"):
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if refusal := self.smtp.failure("data"):
            return refusal
        if self.smtp.failure("drop before"):
            hang_up(server)
            return "250 OK"
        if self.reach("read", session):
            hang_up(server)
            return "250 OK"
        assert isinstance(envelope.content, bytes)
        content = email.message_from_bytes(envelope.content, policy=email.policy.default)
        self.smtp.mails.append(Mail(envelope.mail_from or "", list(envelope.rcpt_tos), content))
        self.reach("kept", session)
        if self.smtp.failure("drop after"):
            hang_up(server)
        if self.plans[port_of(session)].moment == "half answered":
            assert isinstance(server.transport, asyncio.Transport)
            server.transport.write(b"250 O")
            if self.reach("half answered", session):
                hang_up(server)
        return "250 OK"


def port_of(session: Session) -> int:
    """The one that the client speaks from."""
    peer: Any = session.peer
    return int(peer[1])


def hang_up(server: SMTP) -> None:
    assert isinstance(server.transport, asyncio.Transport)
    server.transport.abort()
