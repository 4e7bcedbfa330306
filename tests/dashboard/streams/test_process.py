"""The process of the streams beside real feeds, a real CoinGecko's API and a real Redis: wanted in, prices out."""

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from pytest_django import Settings

from dashboard import clock
from dashboard.market.streams import handover
from dashboard.market.streams.board import Anchor, Streamed
from dashboard.market.streams.catalogue import EXCHANGES
from dashboard.market.streams.connection import Care
from dashboard.market.streams.handover import FeedState
from dashboard.market.streams.process import Process
from project import settings as project_settings
from tests.fakes.coingecko import FakeCoinGecko
from tests.fakes.exchanges import FakeBinance, FakeCoinbase, FakeKraken
from tests.running import until
from tests.valkey import Valkey

pytestmark = pytest.mark.django_db(transaction=True)
D = Decimal
QUICK = Care(silent_after=1.5, first_pause=0.05, longest_pause=0.5, look_every=0.05)


class Running:
    """The process in a thread of its own."""

    def __init__(self, addresses: dict[str, str]) -> None:
        self.addresses = addresses
        self.thread = threading.Thread(target=lambda: asyncio.run(self.run()), daemon=True)
        self.ready = threading.Event()

    async def run(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.task = asyncio.current_task()
        self.process = Process(self.addresses, QUICK)
        self.ready.set()
        try:
            await self.process.run()
        except asyncio.CancelledError:
            return

    def __enter__(self) -> "Running":
        self.thread.start()
        assert self.ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        assert self.task is not None
        self.loop.call_soon_threadsafe(self.task.cancel)
        self.thread.join(10)
        assert not self.thread.is_alive()


@pytest.fixture(autouse=True)
def gecko(valkey: Valkey, settings: Settings) -> Iterator[FakeCoinGecko]:
    handover.redis().flushdb()
    with FakeCoinGecko() as server:
        settings.COINGECKO_URL = server.url
        settings.COINGECKO_PLAN = "keyless"
        server.prices.list_pair("gdax", "BTC", "USD", "bitcoin")
        server.prices.list_pair("kraken", "XBT", "USD", "bitcoin")
        server.prices.list_pair("kraken", "ETH", "USD", "ethereum")
        server.prices.list_pair("kraken", "USDT", "USD", "tether")
        server.prices.list_pair("binance", "BTC", "USDT", "bitcoin", "tether")
        handover.want(["bitcoin"])
        handover.state_anchors(anchors(bitcoin="50000", tether="1", ethereum="2000"))
        yield server


@pytest.fixture
def kraken() -> Iterator[FakeKraken]:
    with FakeKraken(heartbeat=0.2) as fake:
        fake.set_prices({"BTC/USD": 50_000, "ETH/USD": 2_000, "USDT/USD": "0.999"})
        yield fake


@pytest.fixture
def coinbase() -> Iterator[FakeCoinbase]:
    with FakeCoinbase(heartbeat=0.2) as fake:
        fake.set_price("BTC-USD", 50_001)
        yield fake


@pytest.fixture
def binance() -> Iterator[FakeBinance]:
    with FakeBinance(heartbeat=0.2) as fake:
        fake.set_price("BTCUSDT", 50_010)
        yield fake


def anchors(**prices: str) -> dict[str, Anchor]:
    return {asset: Anchor(D(price), clock.now()) for asset, price in prices.items()}


def price_of(asset: str) -> Streamed | None:
    return handover.streamed([asset]).get(asset)


def has(price: object, asset: str = "bitcoin") -> Streamed | None:
    found = price_of(asset)
    return found if found and found.price == D(str(price)) else None


def state_of(name: str) -> FeedState | None:
    return next((state for state in handover.feeds() if state.name == name), None)


def standing(name: str, question: Callable[[FeedState], object], seconds: float = 10) -> FeedState:
    """The feed's state once the answer is yes."""
    return until(lambda: state if (state := state_of(name)) is not None and question(state) else None, seconds)


def told(question: Callable[[Streamed], object], asset: str = "bitcoin", seconds: float = 15) -> Streamed:
    """The asset's price once the answer is yes."""
    return until(lambda: found if (found := price_of(asset)) is not None and question(found) else None, seconds)


def test_settings_and_modules_name_the_same_exchanges() -> None:
    assert set(project_settings.EXCHANGES) == set(EXCHANGES)


def test_a_price_comes_from_the_feed_to_redis_with_the_exchanges_own_time(kraken: FakeKraken) -> None:
    with Running({"kraken": kraken.url}):
        until(lambda: has(50_000), 10)
        at = datetime.now(UTC)
        kraken.set_price("BTC/USD", "50010.00000001", at=at)
        found = until(lambda: has("50010.00000001"), 5)
        assert (found.at, found.sources) == (at, ("Kraken",))


def test_what_is_wanted_is_followed_and_only_that_is_subscribed_to(kraken: FakeKraken) -> None:
    with Running({"kraken": kraken.url}):
        until(lambda: kraken.subscribed == {"BTC/USD", "USDT/USD"}, 10)
        handover.want(["bitcoin", "ethereum"])
        until(lambda: "ETH/USD" in kraken.subscribed, 5)
        until(lambda: has(2000, "ethereum"), 5)
        handover.want(["ethereum"])
        until(lambda: kraken.subscribed == {"ETH/USD", "USDT/USD"}, 5)
        until(lambda: price_of("bitcoin") is None, 5)
        handover.want([])
        until(lambda: not kraken.clients, 5)


def test_three_exchanges_make_one_price_and_one_that_strays_is_left_out(
    kraken: FakeKraken, coinbase: FakeCoinbase, binance: FakeBinance
) -> None:
    with Running({"kraken": kraken.url, "coinbase": coinbase.url, "binance": binance.url}):
        told(lambda found: len(found.sources) == 3)
        coinbase.set_price("BTC-USD", 52_000, volume=10**9)
        kraken.set_price("BTC/USD", 50_000)
        binance.set_price("BTCUSDT", 50_010)
        found = told(lambda found: found.sources == ("Binance", "Kraken"))
        assert abs(found.price - 50_000) < 50


def test_two_that_disagree_leave_it_to_coingecko(kraken: FakeKraken, coinbase: FakeCoinbase) -> None:
    with Running({"kraken": kraken.url, "coinbase": coinbase.url}):
        told(lambda found: len(found.sources) == 2)
        coinbase.set_price("BTC-USD", 51_500)
        kraken.set_price("BTC/USD", 50_000)
        until(lambda: price_of("bitcoin") is None, 5)


def test_a_feed_that_stalls_is_away_and_its_prices_are_gone_within_seconds(kraken: FakeKraken) -> None:
    with Running({"kraken": kraken.url}):
        until(lambda: has(50_000), 10)
        standing("kraken", lambda state: state.connected)
        kraken.stall()
        until(lambda: price_of("bitcoin") is None, 5)
        standing("kraken", lambda state: not state.connected)
        kraken.heal()
        kraken.set_price("BTC/USD", 50_020)
        until(lambda: has(50_020), 10)


def test_three_restarts_of_a_feed_lose_and_double_nothing(kraken: FakeKraken) -> None:
    with Running({"kraken": kraken.url}):
        until(lambda: has(50_000), 10)
        for price in (50_010, 50_020, 50_030):
            opened = kraken.opened
            kraken.close(1012, "service restart")
            kraken.set_price("BTC/USD", price)  # while nobody listens
            until(lambda price=price: has(price), 10)  # type: ignore[misc]
            assert kraken.opened == opened + 1
        assert len(kraken.clients) == 1
        assert not kraken.violations


def test_a_pair_that_departs_from_coingecko_is_shown_as_distrusted(kraken: FakeKraken) -> None:
    handover.state_anchors(anchors(bitcoin="40000"))
    with Running({"kraken": kraken.url}):
        state = standing("kraken", lambda state: state.distrusted)
        assert state.distrusted == {"BTC/USD": "50000 USD where CoinGecko stated 40000 of bitcoin"}
        assert price_of("bitcoin") is None
        handover.state_anchors(anchors(bitcoin="50100"))
        until(lambda: has(50_000), 5)
        standing("kraken", lambda state: not state.distrusted)


def test_how_a_feed_stands_is_told(kraken: FakeKraken) -> None:
    with Running({"kraken": kraken.url}):
        state = standing("kraken", lambda state: state.subscribed == 2)
        assert (state.title, state.url, state.connected, state.wanted) == ("Kraken", kraken.url, True, 2)
        assert state.last_message_at is not None
        assert abs(state.last_message_at - clock.now().timestamp()) < 5
        standing("kraken", lambda state: state.messages_a_second > 0)


def test_identity_is_asked_for_once_and_outlives_the_process(kraken: FakeKraken, gecko: FakeCoinGecko) -> None:
    for _ in range(2):
        with Running({"kraken": kraken.url}):
            until(lambda: kraken.subscribed == {"BTC/USD", "USDT/USD"}, 10)
        until(lambda: not kraken.clients, 5)
    assert gecko.requests["/exchanges/kraken/tickers"] == 1


def test_while_coingecko_fails_identity_waits_and_is_not_asked_for_again_and_again(
    kraken: FakeKraken, gecko: FakeCoinGecko, caplog: pytest.LogCaptureFixture
) -> None:
    gecko.fail("429")
    with Running({"kraken": kraken.url, "coinbase": "ws://127.0.0.1:9"}):
        until(lambda: gecko.requests["/exchanges/kraken/tickers"] == 1, 10)
        until(lambda: state_of("kraken"), 5)
        threading.Event().wait(3)
        assert gecko.requests["/exchanges/kraken/tickers"] == 1
    assert len([each for each in caplog.records if "streams.pairs_unknown" in each.getMessage()]) == 1


def test_a_redis_that_was_emptied_is_filled_again(kraken: FakeKraken, valkey: Valkey) -> None:
    with Running({"kraken": kraken.url}):
        until(lambda: has(50_000), 10)
        valkey.kill()
        valkey.start()
        handover.redis().connection_pool.disconnect()
        until(lambda: has(50_000), 15)


def test_without_a_network_one_line_says_so_and_attempts_are_few(caplog: pytest.LogCaptureFixture) -> None:
    nowhere = "ws://127.0.0.1:9"
    with Running({"kraken": nowhere, "coinbase": nowhere}):
        until(lambda: [each for each in caplog.records if "streams.state" in each.getMessage()], 15)
        threading.Event().wait(3)
        state = until(lambda: state_of("kraken"), 5)
        assert not state.connected
        assert "could not be reached" in state.reason
        assert state.reconnects < 40
    lines = [each.getMessage() for each in caplog.records if each.name.startswith("dashboard")]
    assert len(lines) == 1
    assert "could not be reached" in lines[0]


def test_what_the_hand_over_holds_is_small(kraken: FakeKraken) -> None:
    with Running({"kraken": kraken.url}):
        until(lambda: has(50_000), 10)
        text = handover.redis().hget(handover.PRICES, "bitcoin")
        assert len(str(text)) < 1000
        assert json.loads(str(text))[0] == "50000"
