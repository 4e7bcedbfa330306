"""Prices by the second through all the real processes: from an exchange's feed to an open page, through failures.

How soon is measured by the benchmark `streams`; here it is shown that, and what, arrives.
"""

import asyncio
import os
import re
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import httpx
import pytest
from websockets.asyncio.client import connect

from tests.fakes.coingecko import FakeCoinGecko
from tests.fakes.exchanges import FakeCoinbase, FakeKraken
from tests.running import Running, tickfolio, until

PASSWORD = "a long enough pass phrase"
BOTH = "Coinbase, Kraken"


@dataclass
class Place:
    """A site whose one user holds a bitcoin, and what it asks."""

    site: Running
    client: httpx.Client
    gecko: FakeCoinGecko
    kraken: FakeKraken
    coinbase: FakeCoinbase

    def trade(self, price: object) -> None:
        """At both exchanges."""
        self.kraken.set_price("BTC/USD", price)
        self.coinbase.set_price("BTC-USD", price)

    @property
    def page(self) -> str:
        return self.client.get("/").text

    @property
    def price(self) -> Decimal | None:
        return price_of(self.page)

    @property
    def by(self) -> str:
        """Who stated the price that the page shows."""
        return attribute(self.page, "data-by")

    @property
    def is_stale(self) -> bool:
        return "stale" in attribute(self.page, "class").split()

    @property
    def feeds(self) -> dict[str, str]:
        return {name: feed["state"] for name, feed in self.client.get("/readyz").json()["streams"].items()}

    @property
    def alerts(self) -> int:
        return self.client.get("/alerts/").text.count("data-alert-row=")

    def post(self, path: str, **fields: str) -> None:
        self.client.get(path)
        facts = {"csrfmiddlewaretoken": self.client.cookies["csrftoken"], **fields}
        answer = self.client.post(path, data=facts, headers={"Referer": self.site.address})
        assert answer.status_code == 200, answer.text

    def remind(self, limit: object) -> None:
        """Once the price is above the limit."""
        facts = {"kind": "price_above", "asset": "BTC", "limit": str(limit), "currency": "usd"}
        self.post("/reminders/add/", **facts, repeat="once", rearm_band="0.5", transports="toast")

    def sign_up(self) -> None:
        until(lambda: self.client.get("/readyz").status_code == 200, 60, self.tell)
        self.post("/accounts/signup/", username="ada", email="ada@example.org", password1=PASSWORD, password2=PASSWORD)
        until(lambda: "Bitcoin" in self.client.get("/market/").text, 60, self.tell)
        purchase = {"type": "buy", "asset_id": "bitcoin", "amount": "1", "price": "40000", "price_currency": "usd"}
        self.post("/transactions/add/", timestamp="2024-01-01T00:00", **purchase)

    def settle(self, price: object = 50_000) -> None:
        """Both feeds live, and the page shows what they say."""
        for feed in (self.kraken, self.coinbase, self.gecko):
            feed.heal()
        self.gecko.set_price("bitcoin", price)

        def is_told() -> bool:
            self.trade(price)  # again and again: what was traded a minute ago does not count
            page = self.page
            return price_of(page) == price and attribute(page, "data-by") == BOTH

        until(is_told, 60, self.tell)

    def tell(self) -> str:
        return f"{self.price} by {self.by}, {self.feeds}, {self.alerts} alerts\n{self.site.output[-5000:]}"


def attribute(text: str, name: str) -> str:
    """Of the cell with the price."""
    cell = re.search(r'<span id="p-bitcoin-price"[^>]*>', text)
    found = re.search(rf' {name}="([^"]*)"', cell[0]) if cell else None
    return found[1] if found else ""


def price_of(text: str) -> Decimal | None:
    value = attribute(text, "data-value")
    return Decimal(value) if value else None


@contextmanager
def running(folder: Path, streams: str, gecko: FakeCoinGecko) -> Iterator[tuple[Running, httpx.Client]]:
    """CoinGecko is asked every five seconds, so that taking over takes a test no minute."""
    environment = {"COINGECKO_URL": gecko.url, "PRICE_STREAMS": streams, "PRICE_REFRESH_SECONDS": "5"}
    with (
        tickfolio(folder, **environment) as site,
        httpx.Client(base_url=site.address, follow_redirects=True, timeout=30) as client,
    ):
        yield site, client


@pytest.fixture(scope="module")
def gecko() -> Iterator[FakeCoinGecko]:
    with FakeCoinGecko() as fake:
        fake.set_price("bitcoin", 50_000)
        fake.set_price("tether", 1)
        fake.prices.list_pair("kraken", "XBT", "USD", "bitcoin")
        fake.prices.list_pair("gdax", "BTC", "USD", "bitcoin")
        fake.prices.list_pair("binance", "BTC", "USDT", "bitcoin", "tether")
        yield fake


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, gecko: FakeCoinGecko) -> Iterator[Place]:
    with FakeKraken() as kraken, FakeCoinbase() as coinbase:
        kraken.set_price("BTC/USD", 50_000)
        coinbase.set_price("BTC-USD", 50_000)
        streams = f"kraken={kraken.url},coinbase={coinbase.url}"
        with running(tmp_path_factory.mktemp("streams"), streams, gecko) as (site, client):
            place = Place(site, client, gecko, kraken, coinbase)
            place.sign_up()
            yield place


@pytest.fixture
def place(whole: Place) -> Place:
    whole.settle()
    return whole


def test_a_trade_comes_to_an_open_page(place: Place) -> None:
    assert place.feeds == {"kraken": "connected", "coinbase": "connected"}

    async def watch() -> None:
        cookies = "; ".join(f"{name}={value}" for name, value in place.client.cookies.items())
        headers = {"Cookie": cookies, "Origin": place.site.address}
        address = place.site.address.replace("http://", "ws://") + "/ws/live/"
        async with connect(address, additional_headers=headers, max_size=None) as socket, asyncio.timeout(60):
            for step in range(1, 6):
                price = Decimal(50_000) + step
                await asyncio.to_thread(place.trade, price)
                while price_of(frame := str(await socket.recv())) != price:
                    pass
                assert attribute(frame, "data-by") == BOTH

    asyncio.run(watch())


def test_a_feed_that_stalls_is_away_and_the_other_goes_on(place: Place) -> None:
    place.kraken.stall()
    until(lambda: place.feeds["kraken"] == "away", 30, place.tell)
    place.coinbase.set_price("BTC-USD", 50_100)
    until(lambda: (place.price, place.by) == (50_100, "Coinbase"), 30, place.tell)
    assert not place.is_stale


def test_where_all_feeds_stall_the_price_is_marked_until_coingecko_takes_over(place: Place) -> None:
    place.gecko.fail("503")
    place.kraken.stall()
    place.coinbase.stall()
    until(lambda: set(place.feeds.values()) == {"away"}, 30, place.tell)
    until(lambda: place.is_stale, 30, place.tell)
    assert (place.price, place.by) == (50_000, BOTH)
    place.gecko.heal()
    place.gecko.set_price("bitcoin", 50_200)
    until(lambda: (place.price, place.by) == (50_200, "CoinGecko"), 90, place.tell)
    assert not place.is_stale
    place.settle(50_300)
    assert set(place.feeds.values()) == {"connected"}
    assert not place.is_stale


def test_feeds_that_disagree_fire_no_alert_and_feeds_that_agree_fire_one(place: Place) -> None:
    before = place.alerts
    place.remind(51_000)

    def is_left_to_coingecko() -> bool:
        place.kraken.set_price("BTC/USD", 50_000)
        place.coinbase.set_price("BTC-USD", 51_500)
        return place.by == "CoinGecko"

    until(is_left_to_coingecko, 60, place.tell)
    assert place.price == 50_000
    assert place.alerts == before
    place.settle(51_500)
    until(lambda: place.alerts > before, 30, place.tell)
    assert place.alerts == before + 1


def test_three_restarts_of_the_feeds_lose_nothing_and_double_nothing(place: Place) -> None:
    """What was traded while connections were down counts, once; CoinGecko is away, so it comes from nowhere else.

    The first of the two to be back may say it alone: what the other adds of the same moment is no news.
    """
    before, opened = place.alerts, place.kraken.opened
    for step in (1, 2, 3):
        place.remind(50_000 + 100 * step)
    place.gecko.fail("503")
    for step in (1, 2, 3):
        place.kraken.close(1012, "restarting")
        place.coinbase.close(1012, "restarting")
        price = 50_050 + 100 * step
        place.trade(price)
        until(lambda price=price: place.price == price and place.by in BOTH, 60, place.tell)  # type: ignore[misc]
        until(lambda: set(place.feeds.values()) == {"connected"}, 60, place.tell)
        until(lambda fired=before + step: place.alerts == fired, 30, place.tell)  # type: ignore[misc]
    assert place.kraken.opened >= opened + 3
    place.settle(50_400)  # some ticks later
    assert place.alerts == before + 3


def test_a_process_that_was_killed_is_started_again(place: Place) -> None:
    before = place.site.pid("stream_prices")
    os.kill(before, signal.SIGKILL)
    until(lambda: place.site.pids("stream_prices") - {before}, 30, place.tell)
    place.settle(50_500)


def test_nothing_was_refused_and_the_lists_of_pairs_were_asked_for_once(place: Place) -> None:
    assert not place.kraken.violations
    assert not place.coinbase.violations
    assert place.gecko.requests["/exchanges/kraken/tickers"] == 1
    assert place.gecko.requests["/exchanges/gdax/tickers"] == 1


def test_without_network_one_line_says_so_and_everything_else_works(tmp_path: Path, gecko: FakeCoinGecko) -> None:
    nowhere = "ws://127.0.0.1:9"
    gecko.set_price("bitcoin", 50_000)
    with (
        running(tmp_path, f"kraken={nowhere},binance={nowhere}", gecko) as (site, client),
        FakeKraken() as kraken,
        FakeCoinbase() as coinbase,
    ):
        place = Place(site, client, gecko, kraken, coinbase)
        place.sign_up()
        until(lambda: place.feeds == {"kraken": "away", "binance": "away"}, 30, place.tell)
        until(lambda: "streams.state" in site.output, 30, place.tell)
        gecko.set_price("bitcoin", 50_600)
        until(lambda: (place.price, place.by) == (50_600, "CoinGecko"), 60, place.tell)
        time.sleep(10)  # what would be said again and again is said by now
        lines = [line for line in site.lines if "logger='dashboard.market.streams" in line]
        assert len(lines) == 1, lines
        assert "could not be reached" in lines[0]
