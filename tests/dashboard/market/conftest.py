from collections.abc import Iterator

import pytest
from pytest_django import Settings

from tests.fakes.coingecko import FakeCoinGecko


@pytest.fixture
def fake(settings: Settings) -> Iterator[FakeCoinGecko]:
    """A source of prices with three coins, which the settings point to, polled each second."""
    with FakeCoinGecko() as server:
        server.set_price("bitcoin", 50_000)
        server.set_price("ethereum", 2_000)
        server.set_price("tether", 1)
        settings.COINGECKO_URL = server.url
        settings.COINGECKO_PLAN = "keyless"
        settings.COINGECKO_API_KEY = ""
        settings.PRICE_REFRESH_SECONDS = 1.0
        yield server
