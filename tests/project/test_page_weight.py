"""What a dashboard weighs on its way to a browser: the page and all it asks for, compressed as they are sent.

Bytes are the same on every machine. The library that draws charts is not counted.
"""

import gzip
import re
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.test import Client

from dashboard import clock
from dashboard.drafts import Draft
from dashboard.market.sparklines import draw
from dashboard.models import Asset, MarketQuote, Portfolio, Sparkline
from dashboard.recording import record_transactions
from tests.dashboard.page_world import make_user

pytestmark = pytest.mark.django_db
COINS = 200
MOST = 250_000
CHARTS = "lightweight-charts"
ASKED_FOR = re.compile(r'(?:src|href)="/static/([^"#?]+)')


@pytest.fixture
def page() -> Client:
    """Ada holds many coins, each with a price and the week behind it."""
    user = make_user("ada")
    week = draw([Decimal(100 + hour * 7 % 31) for hour in range(168)])
    for number in range(COINS):
        coin = Asset.objects.create(id=f"coin-{number}", symbol=f"c{number}", name=f"Coin number {number}", rank=number)
        MarketQuote.objects.create(
            asset=coin, price=Decimal(f"{number + 1}.123456789"), as_of=clock.now(), change_24h=Decimal("1.2345678")
        )
        Sparkline.objects.create(asset=coin, path=week)
    at = datetime(2024, 1, 10, tzinfo=UTC)
    drafts = [
        Draft(
            timestamp=at, type="buy", asset_id=f"coin-{number}", amount=Decimal("1.23456789"), price=Decimal(number + 1)
        )
        for number in range(COINS)
    ]
    record_transactions(Portfolio.objects.get(user=user), drafts)
    client = Client()
    client.force_login(user)
    return client


def test_a_dashboard_of_many_coins_is_light(page: Client) -> None:
    text = page.get("/").content
    assert text.count(b"<tr id=") == COINS
    weights = {"the page": len(gzip.compress(text))}
    for name in sorted(set(ASKED_FOR.findall(text.decode()))):
        if CHARTS not in name:
            path = finders.find(name)
            assert isinstance(path, str), name
            weights[name] = len(gzip.compress(Path(path).read_bytes()))
    assert {"app.css", "live.js", "icons.svg"} <= weights.keys()
    assert sum(weights.values()) <= MOST, weights
    assert weights["the page"] <= 80_000
