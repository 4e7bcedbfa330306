"""Tickfolio as it runs in earnest, over an outside world that a test can break, on the test's own database.

The site's processes and the test share the database, so a test seeds it and reads from it by the models.
"""

import contextlib
import http.client
import os
import signal
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlsplit

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import connection

from accounts.models import User
from dashboard import clock
from dashboard.models import Asset, MarketQuote, Portfolio, Position
from notifications.models import Alert, Delivery, Reminder
from notifications.reminding import create_reminder
from tests.fakes.coingecko import FakeCoinGecko
from tests.fakes.smtp import FakeSmtp
from tests.fakes.twilio import FakeTwilio
from tests.faults.proxy import Proxy
from tests.running import Running, descendants, tickfolio, until

SCALE = float(os.environ.get("FAULTS_SCALE", "0.05"))
"""1 is as the promises say; less makes counts and durations smaller."""
SETTLED_WITHIN = 75 * float(os.environ.get("FAULTS_PATIENCE", "1"))
"""Seconds after the last fault; a machine that has other work to do needs patience above 1."""
ZERO = Decimal(0)
ALL = ("toast", "email", "whatsapp")


def scaled(whole: float, least: float = 0) -> int:
    """That much of a promise's count or seconds, at least `least`."""
    return round(max(whole * SCALE, least))


@dataclass
class Rig:
    """The outside world, the wires to it, and what starts Tickfolio between them."""

    data_dir: Path
    coingecko: FakeCoinGecko
    smtp: FakeSmtp
    twilio: FakeTwilio
    to_smtp: Proxy
    to_twilio: Proxy
    people: int = 0
    extra: dict[str, str] = field(default_factory=dict)

    @contextlib.contextmanager
    def running(self, **environment: str) -> Iterator[Running]:
        """All of its processes, polling once a second; TICKFOLIO_CLOCK_OFFSET makes it later for them."""
        outside = {
            "COINGECKO_URL": self.coingecko.url,
            "PRICE_REFRESH_SECONDS": "1",
            "EMAIL_URL": f"smtp://127.0.0.1:{self.to_smtp.port}",
            **self.twilio.settings(),
            "TWILIO_API_URL": f"http://127.0.0.1:{self.to_twilio.port}",
            "DATABASE_URL": f"sqlite:///{connection.settings_dict['NAME']}",
            "SECRET_KEY": settings.SECRET_KEY,
        }
        with tickfolio(self.data_dir, **{**outside, **self.extra, **environment}) as site:
            yield site

    # People ----------------------------------------------------------------------------------------------------------

    def person(self) -> User:
        """Somebody who can be reached by every transport and holds one bitcoin."""
        self.people += 1
        name = f"user{self.people}"
        user = User.objects.create_user(
            name,
            f"{name}@example.org",
            whatsapp_number=f"+447700{900_000 + self.people}",
            whatsapp_verified_at=clock.now(),
        )
        EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
        portfolio = Portfolio.objects.create(user=user, name="Main")
        figures = dict.fromkeys(["realised", "income", "fees", "fees_paid"], ZERO)
        money = dict.fromkeys(["cost", "invested", "ever_invested"], Decimal(10))
        Position.objects.create(portfolio=portfolio, asset=bitcoin(), quantity=Decimal(1), **figures, **money)
        return user

    def remind(
        self, user: User, limit: str = "52000", *, kind: str = "price_above", times: int = 1, repeat: str = "once"
    ) -> list[Reminder]:
        """So many reminders of when bitcoin rises above the limit, or of another `kind`."""
        facts = {"kind": kind, "asset": bitcoin().pk, "limit": limit, "currency": "usd", "repeat": repeat}
        return [create_reminder(user, {**facts, "transports": list(ALL)}) for _ in range(times)]

    # What the site does ----------------------------------------------------------------------------------------------

    def until_priced(self, site: Running, price: str, within: float = 60) -> None:
        """Until the site has taken up this price of bitcoin, and judged the reminders by it."""
        until(lambda: price_of_bitcoin() == Decimal(price), within, lambda: site.output[-3000:])

    def until_armed(self, site: Running) -> None:
        """Until the market has been judged once, so that a crossing is one."""
        self.until_priced(site, str(self.coingecko.prices.coins["bitcoin"]["current_price"]))
        waiting = Reminder.objects.exclude(arming="armed")
        until(lambda: not waiting.exists(), 60, lambda: f"{waiting.count()} are not armed\n{site.output[-3000:]}")

    def settled(self) -> bool:
        """Has every delivery come to its end, as far as it depends on us?"""
        open_ones = [Delivery.State.QUEUED, Delivery.State.SENDING, Delivery.State.IN_DOUBT]
        return not Delivery.objects.filter(state__in=open_ones).exists()

    def is_repeating(self) -> bool:
        """Is anything being sent again that was in doubt? By a connection of its own: servers' threads ask, too."""
        with contextlib.closing(sqlite3.connect(connection.settings_dict["NAME"], timeout=20)) as database:
            repeated = "SELECT 1 FROM notifications_delivery WHERE state = 'sending' AND doubts > 0 LIMIT 1"
            return database.execute(repeated).fetchone() is not None

    def until_settled(self, alerts: int, within: float, site: Running) -> None:
        def tell() -> str:
            states = Counter(Delivery.objects.values_list("transport", "state"))
            return f"{Alert.objects.count()} alerts of {alerts}; {states}\n{site.output[-5000:]}"

        until(lambda: Alert.objects.count() >= alerts and self.settled(), within, tell)


def bitcoin() -> Asset:
    return Asset.objects.get_or_create(pk="bitcoin", defaults={"symbol": "btc", "name": "Bitcoin"})[0]


def price_of_bitcoin() -> Decimal | None:
    return MarketQuote.objects.filter(asset_id="bitcoin").values_list("price", flat=True).first()


def copies(rig: Rig, delivery: Delivery) -> int:
    """How many times the outside world has accepted it, alone or in a message that tells several."""
    leader = delivery.leader or delivery
    if delivery.transport == Delivery.Transport.EMAIL:
        key = f"<tickfolio-alert-{leader.alert_id}-{leader.pk}@"
        return sum(mail.message_id.startswith(key) for mail in list(rig.smtp.mails))
    link = f"/alerts/?message={leader.pk}" if leader.folded else f"/alerts/{leader.alert_id}/"
    return sum(message.text.rstrip().endswith(link) for message in list(rig.twilio.messages))


def kill_everything(site: Running) -> None:
    """SIGKILL for the runner and all that it started, at once, as if the power failed."""
    family = [site.process.pid, *descendants(site.process.pid)]
    for pid in family:
        kill(pid)
    site.process.wait(10)


def kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def kill_client(port: int, family: Iterable[int]) -> None:
    """The process among these that speaks from the port, at once."""
    inodes = {
        fields[9]
        for fields in map(str.split, Path("/proc/net/tcp").read_text().splitlines()[1:])
        if int(fields[1].partition(":")[2], 16) == port
    }
    for pid in family:
        with contextlib.suppress(OSError):
            for descriptor in Path(f"/proc/{pid}/fd").iterdir():
                if os.readlink(descriptor) in {f"socket:[{inode}]" for inode in inodes - {"0"}}:
                    kill(pid)
                    return


def kill_with_family(pid: int) -> None:
    """A process and what it started: a worker without its pool would live on as nobody's."""
    for one in [pid, *descendants(pid)]:
        kill(one)


def status_of(site: Running, path: str, cookie: str = "", within: float = 20) -> int:
    """The status with which the page answers; 0 where nothing answers in time."""
    address = urlsplit(site.address)
    client = http.client.HTTPConnection(address.hostname or "", address.port, timeout=within)
    try:
        client.request("GET", path, headers={"Cookie": cookie} if cookie else {})
        answer = client.getresponse()
        answer.read()
        return answer.status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        client.close()
