"""What tests of pages start from: people, coins with prices, and a source of prices that can't be reached."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client, override_settings

from accounts.models import User
from dashboard import clock
from dashboard.drafts import Draft
from dashboard.models import Asset, MarketQuote, Portfolio
from dashboard.recording import create_portfolio, record_transactions

DAY = datetime(2024, 1, 10, 12, tzinfo=UTC)
FORM = {"type": "buy", "asset_id": "bitcoin", "amount": "0.5", "price": "40000", "timestamp": "2024-01-10T12:00:00"}


def make_coin(id: str, symbol: str, name: str, rank: int | None = None, price: str | None = None) -> Asset:
    coin = Asset.objects.create(id=id, symbol=symbol, name=name, rank=rank)
    if price:
        MarketQuote.objects.create(
            asset=coin, price=Decimal(price), as_of=clock.now(), source="CoinGecko", change_24h=Decimal(5)
        )
    return coin


def make_user(name: str) -> User:
    user = User.objects.create_user(name, f"{name}@example.org")
    create_portfolio(user, "Main")
    return user


def bought(user: User, asset: str, amount: str = "1", price: str = "100", **others: Any) -> None:
    [portfolio] = Portfolio.objects.of(user)[:1]
    facts: dict[str, Any] = {
        "timestamp": DAY,
        "type": "buy",
        "asset_id": asset,
        "amount": Decimal(amount),
        "price": Decimal(price),
    }
    record_transactions(portfolio, [Draft(**(facts | others))])


@pytest.fixture
def coins() -> Iterator[None]:
    make_coin("bitcoin", "btc", "Bitcoin", 1, "50000")
    make_coin("ethereum", "eth", "Ethereum", 2, "2500.5")
    make_coin("bridged-bitcoin", "btc", "Bridged Bitcoin", 900)
    make_coin("pulse-one", "pls", "Pulse", 400)
    make_coin("pulse-two", "pls", "Pulse", 700)
    with override_settings(COINGECKO_URL="http://127.0.0.1:1/api/v3"):  # nobody answers there
        yield


@pytest.fixture
def ada(coins: None) -> User:
    return make_user("ada")


@pytest.fixture
def page(ada: User) -> Client:
    """A browser in which Ada is signed in."""
    client = Client()
    client.force_login(ada)
    return client
