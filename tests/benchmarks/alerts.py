"""From an accepted price to the toast in an open page and to the call of the provider, by all the real processes.

A thousand people have a reminder each; in one minute the price passes all of them, and after that all others at once.
The clock starts when the source's server makes the price up, so fetching and storing it are counted in. Beside it,
in the same run, as many bare posts to the same server over one connection.
"""

import asyncio
import re
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import httpx
from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from accounts.models import User
from dashboard import clock
from dashboard.models import Asset
from notifications.models import Alert, Delivery, Reminder
from notifications.reminding import create_reminder
from tests.benchmarks.report import Aim, Report
from tests.fakes.coingecko import FakeCoinGecko
from tests.fakes.smtp import FakeSmtp
from tests.fakes.twilio import SID, TOKEN, FakeTwilio
from tests.running import tickfolio, until
from tests.serving import PageSocket, cookie_of

PEOPLE = 1_000
PAGES = 100
"""Of those people have a page open."""
SECONDS = 60
START, TOP = 50_000, 60_000


def run() -> Report:
    call_command("migrate", verbosity=0)
    with ExitStack() as stack:
        coingecko = stack.enter_context(FakeCoinGecko())
        smtp, twilio = stack.enter_context(FakeSmtp()), stack.enter_context(FakeTwilio())
        for name, value in {**smtp.settings(), **twilio.settings()}.items():
            setattr(settings, name, value)
        coingecko.set_price("bitcoin", START)
        people = [person(number) for number in range(PEOPLE)]
        for number, user in enumerate(people):
            remind(user, START + number + 1)
            remind(user, TOP)
        bare = bare_posts(twilio)
        site = stack.enter_context(
            tickfolio(
                Path(stack.enter_context(tempfile.TemporaryDirectory())),
                COINGECKO_URL=coingecko.url,
                PRICE_REFRESH_SECONDS="1",
                DATABASE_URL=f"sqlite:///{connection.settings_dict['NAME']}",
                SECRET_KEY=settings.SECRET_KEY,
                **smtp.env(),
                **twilio.settings(),
            )
        )
        pages = stack.enter_context(Pages(site.address, [cookie_of(user) for user in people[:PAGES]]))
        unarmed = Reminder.objects.exclude(arming="armed")

        def waiting() -> str:
            return f"{unarmed.count()} reminders are not armed, {pages.connected} pages open\n{site.output[-3000:]}"

        until(lambda: not unarmed.exists() and pages.connected == PAGES, 120, waiting)
        for second in range(1, SECONDS + 1):  # the pace is the scenario
            coingecko.set_price("bitcoin", START + 0.5 + PEOPLE * second / SECONDS)
            time.sleep(1)
        spread = figures(PEOPLE, smtp, twilio, pages)
        coingecko.set_price("bitcoin", TOP + 1)
        burst = figures(2 * PEOPLE, smtp, twilio, pages, after=PEOPLE)
    rows = [
        {"what": "1,000 in a minute", **row(spread)},
        {"what": "1,000 by one tick", **row(burst)},
        {
            "what": "bare posts",
            "judged p95 s": "–",
            "to page p95 s": "–",
            "taken up after p95 s": "–",
            "WhatsApp p95 s": percentile(bare),
            "e-mail p95 s": "–",
            "all s": sum(bare),
        },
    ]
    aims = [
        Aim("1,000 in a minute: price to toast, p95 s", percentile(spread.toasts), 1),
        Aim("1,000 in a minute: price to provider call, p95 s", percentile(spread.whatsapps + spread.mails), 2),
    ]
    return Report("alerts", rows, aims)


@dataclass(frozen=True, slots=True)
class Delays:
    """Seconds from each alert's price to what came of it."""

    judged: list[float]
    toasts: list[float]
    mails: list[float]
    whatsapps: list[float]
    queued: list[float]
    """Of a mail or message, from the judgement until a worker took it up: a part of the former."""


def figures(alerts: int, smtp: FakeSmtp, twilio: FakeTwilio, pages: "Pages", after: int = 0) -> Delays:
    """The delays of the alerts that follow the first `after`, once all of them are told."""
    until(
        lambda: len(smtp.mails) >= alerts and len(twilio.messages) >= alerts,
        240,
        lambda: f"{Alert.objects.count()} alerts, {len(smtp.mails)} mails, {len(twilio.messages)} WhatsApps",
    )
    told = list(Alert.objects.order_by("pk").values_list("pk", "price_as_of", "user_id", "fired_at"))[after:]
    priced = {pk: at.timestamp() for pk, at, *_ in told if at is not None}
    watching = set(User.objects.order_by("pk").values_list("pk", flat=True)[:PAGES])
    expected = {pk for pk, _, user, _ in told if user in watching}
    until(lambda: expected <= pages.shown.keys(), 60, lambda: f"{len(pages.shown)} toasts of {len(expected)}")
    assert Delivery.objects.filter(alert__in=priced, state="failed").count() == 0
    sent = Delivery.objects.filter(alert__in=priced).exclude(transport="toast")
    taken_up = sent.values_list("alert__fired_at", "sending_at")
    return Delays(
        [(fired_at - at).total_seconds() for _, at, _, fired_at in told if at is not None],
        [pages.shown[pk] - priced[pk] for pk in expected],
        [mail.received_at - priced[pk] for mail in smtp.mails if (pk := alert_in(mail.message_id)) in priced],
        [sms.received_at - priced[pk] for sms in twilio.messages if (pk := alert_in(sms.text)) in priced],
        [(sending_at - fired_at).total_seconds() for fired_at, sending_at in taken_up if sending_at is not None],
    )


def alert_in(text: str) -> int:
    found = re.search(r"/alerts/(\d+)/|tickfolio-alert-(\d+)-", text)
    assert found is not None, text
    return int(found[1] or found[2])


def row(delays: Delays) -> dict[str, object]:
    return {
        "judged p95 s": percentile(delays.judged),
        "to page p95 s": percentile(delays.toasts),
        "taken up after p95 s": percentile(delays.queued),
        "WhatsApp p95 s": percentile(delays.whatsapps),
        "e-mail p95 s": percentile(delays.mails),
        "all s": max(delays.whatsapps + delays.mails),
    }


def percentile(values: Sequence[float], part: float = 0.95) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * part))]


def person(number: int) -> User:
    name = f"user{number}"
    user = User.objects.create_user(
        name, f"{name}@example.org", whatsapp_number=f"+447700{900_000 + number}", whatsapp_verified_at=clock.now()
    )
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def remind(user: User, limit: int) -> None:
    Asset.objects.get_or_create(pk="bitcoin", defaults={"symbol": "btc", "name": "Bitcoin"})
    facts = {"kind": "price_above", "asset": "bitcoin", "currency": "usd", "limit": str(limit)}
    create_reminder(user, {**facts, "transports": ["toast", "email", "whatsapp"]})


def bare_posts(twilio: FakeTwilio) -> list[float]:
    """Seconds of each, one after the other over one connection."""
    spent = []
    form = {
        "To": "whatsapp:+447700900000",
        "From": "whatsapp:+14155238886",
        "Body": "Bitcoin (BTC) is above 50,000 USD",
    }
    with httpx.Client(auth=(SID, TOKEN)) as client:
        for _ in range(PEOPLE):
            began = time.perf_counter()
            assert client.post(f"{twilio.url}/2010-04-01/Accounts/{SID}/Messages.json", data=form).status_code == 201
            spent.append(time.perf_counter() - began)
    twilio.messages.clear()
    return spent


@dataclass
class Pages:
    """Open pages, and when each alert's toast first came to one of them."""

    address: str
    cookies: Sequence[str]
    shown: dict[int, float] = field(default_factory=dict)
    connected: int = 0

    def __enter__(self) -> Self:
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        for cookie in self.cookies:
            asyncio.run_coroutine_threadsafe(self.watch(cookie), self.loop)
        return self

    def __exit__(self, *args: object) -> None:
        asyncio.run_coroutine_threadsafe(self.end(), self.loop).result(30)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()

    async def end(self) -> None:
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def watch(self, cookie: str) -> None:
        """Again and again, as pages do."""
        while True:
            try:
                async with connect(
                    f"{self.address.replace('http', 'ws', 1)}/ws/live/?view=none",
                    additional_headers={"Cookie": cookie, "Origin": self.address},
                    open_timeout=60,
                    ping_interval=None,
                    compression=None,
                    max_size=None,
                    create_connection=PageSocket,
                ) as socket:
                    self.connected += 1
                    try:
                        await self.read(socket)
                    finally:
                        self.connected -= 1
            except (WebSocketException, OSError):
                await asyncio.sleep(0.2)

    async def read(self, socket: ClientConnection) -> None:
        async for frame in socket:
            now = time.time()
            for pk in re.findall(r'data-alert="(\d+)"', str(frame)):
                self.shown.setdefault(int(pk), now)
