"""Two users, three coins with prices, and a portfolio."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pytest
from pytest_django import Settings

from accounts.models import User
from dashboard import clock
from dashboard.models import Asset, MarketQuote, Portfolio
from dashboard.recording import create_portfolio
from tests.dashboard.api.client import ApiClient
from tests.fakes.coingecko import FakeCoinGecko


@pytest.fixture(autouse=True)
def source(settings: Settings) -> Iterator[FakeCoinGecko]:
    """The price source; it knows nothing unless a test says so."""
    with FakeCoinGecko() as server:
        settings.COINGECKO_URL = server.url
        yield server


@pytest.fixture
def coins(db: None) -> None:
    for rank, (asset_id, symbol, price) in enumerate(
        [("bitcoin", "btc", "60000.5"), ("ethereum", "eth", "3000"), ("dogecoin", "doge", None)], start=1
    ):
        asset = Asset.objects.create(id=asset_id, symbol=symbol, name=asset_id.title(), rank=rank)
        as_of = clock.now() - timedelta(seconds=5)
        MarketQuote.objects.create(
            asset=asset, price=price and Decimal(price), as_of=as_of, source="CoinGecko", change_24h=Decimal("2.5")
        )


@pytest.fixture
def ada(coins: None) -> User:
    return User.objects.create_user("ada", "ada@example.org")


@pytest.fixture
def portfolio(ada: User) -> Portfolio:
    return create_portfolio(ada, "Main")


@pytest.fixture
def api(ada: User) -> ApiClient:
    return ApiClient(ada)


@pytest.fixture
def stranger(coins: None) -> ApiClient:
    return ApiClient(User.objects.create_user("eve", "eve@example.org"))
