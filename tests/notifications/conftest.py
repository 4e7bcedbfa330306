"""A market that tests move by hand, people with reminders, and local servers in place of the outside world."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.db import connections
from django.db.models import F
from pytest_django import Settings

from accounts.models import User
from dashboard import clock
from dashboard.models import Asset, MarketQuote, MarketState, Portfolio, Position
from notifications import checking
from notifications.models import Reminder
from notifications.reminding import create_reminder
from tests.fakes.smtp import FakeSmtp
from tests.fakes.twilio import FakeTwilio

NUMBER = "+447700900123"
ZERO = Decimal(0)


@dataclass
class Market:
    """Prices as a poll would have stored them."""

    interval: float = 60.0

    def set(self, asset: str, price: Any, *, as_of: datetime | None = None, check: bool = True) -> None:
        self.set_all({asset: price}, as_of=as_of, check=check)

    def set_all(self, prices: dict[str, Any], *, as_of: datetime | None = None, check: bool = True) -> None:
        """Store new samples under the next number, as the poll does, and judge them."""
        now = clock.now()
        state = MarketState.objects.get_or_create(pk=1)[0]
        MarketState.objects.filter(pk=1).update(
            sequence=state.sequence + 1, last_success_at=now, interval_seconds=self.interval
        )
        for asset, price in prices.items():
            coin(asset)
            MarketQuote.objects.update_or_create(
                asset_id=asset,
                defaults={
                    "price": None if price is None else Decimal(price),
                    "as_of": as_of or now,
                    "source": "CoinGecko",
                    "sequence": state.sequence + 1,
                },
            )
        if check:
            checking.check(None)


def coin(asset: str) -> Asset:
    names = {"bitcoin": ("btc", "Bitcoin"), "ethereum": ("eth", "Ethereum")}
    symbol, name = names.get(asset, (asset[:5], asset.title()))
    return Asset.objects.get_or_create(id=asset, defaults={"symbol": symbol, "name": name})[0]


def hold(portfolio: Portfolio, asset: str, quantity: Any) -> None:
    amounts = dict.fromkeys(["cost", "realised", "income", "fees", "invested", "ever_invested", "fees_paid"], ZERO)
    Position.objects.update_or_create(
        portfolio=portfolio, asset=coin(asset), defaults={"quantity": Decimal(quantity), **amounts}
    )
    Portfolio.objects.filter(pk=portfolio.pk).update(revision=F("revision") + 1)


@pytest.fixture
def market() -> Market:
    return Market()


@pytest.fixture
def user(db: None) -> User:
    return make_user("ada")


def make_user(name: str) -> User:
    user = User.objects.create_user(name, f"{name}@example.org", time_zone="Europe/Berlin")
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    Portfolio.objects.create(user=user, name="Main", currency="usd")
    return user


@pytest.fixture
def portfolio(user: User) -> Portfolio:
    return Portfolio.objects.get(user=user)


@pytest.fixture
def remind(user: User) -> Callable[..., Reminder]:
    """Make a reminder through the service: remind("price_above", 100), remind("balance_below", 100)."""

    def make(kind: str, limit: Any, **values: Any) -> Reminder:
        owner = values.pop("user", user)
        fire_if_true = values.pop("fire_if_true", False)
        if kind.startswith("price"):
            values.setdefault("asset", "bitcoin")
            coin(values["asset"])
        values.setdefault("transports", ["toast"])
        return create_reminder(owner, {"kind": kind, "limit": str(limit), **values}, fire_if_true=fire_if_true)

    return make


@pytest.fixture
def twilio(settings: Settings) -> Iterator[FakeTwilio]:
    with FakeTwilio() as fake:
        for name, value in fake.settings().items():
            setattr(settings, name, value)
        settings.TWILIO_CONTENT_SID = settings.TWILIO_VERIFY_CONTENT_SID = ""
        yield fake


@pytest.fixture
def smtp(settings: Settings) -> Iterator[FakeSmtp]:
    with FakeSmtp() as fake:
        for name, value in fake.settings().items():
            setattr(settings, name, value)
        yield fake


@pytest.fixture
def linked(user: User) -> User:
    """The user with a WhatsApp number that was proved."""
    user.whatsapp_number, user.whatsapp_verified_at = NUMBER, clock.now()
    user.save()
    return user


@pytest.fixture
def time() -> Iterator[Any]:
    """A clock that stands still until it is shifted: time.shift(timedelta(seconds=10))."""
    with time_machine.travel(datetime.now(UTC), tick=False) as traveller:
        yield traveller


def at_once(number: int, work: Callable[[], Any]) -> list[Any]:
    """What `work` returned, or raised, in as many threads that start together, each with its own connection."""
    barrier = threading.Barrier(number)
    outcomes: list[Any] = []

    def run() -> None:
        try:
            barrier.wait()
            outcomes.append(work())
        except Exception as error:  # noqa: BLE001
            outcomes.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes
