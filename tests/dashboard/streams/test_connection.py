"""A feed kept alive: subscribed to what is wanted, given up when it is silent, opened anew with care."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from datetime import datetime
from decimal import Decimal
from http import HTTPStatus

import pytest

from dashboard.market.streams.catalogue import EXCHANGES
from dashboard.market.streams.connection import Care, Feed
from dashboard.market.streams.exchange import Limits, Price
from tests.fakes.exchanges import FAKES, FakeBinance, FakeCoinbase, FakeFeed, FakeKraken

PAIRS = {"coinbase": ("BTC-USD", "ETH-USD"), "kraken": ("BTC/USD", "ETH/USD"), "binance": ("BTCUSDT", "ETHUSDT")}
QUICK = Care(
    silent_after=1.0, open_within=2.0, first_pause=0.05, longest_pause=0.4, pause_where_refused=0.8, well_after=0.5,
    answer_within=0.5, look_every=0.02, again_after=0.5,
)  # fmt: skip


class Heard:
    """What a feed handed on."""

    def __init__(self) -> None:
        self.prices: dict[str, list[Decimal]] = {}
        self.lost: list[set[str]] = []

    def hear(self, price: Price, now: datetime) -> None:
        self.prices.setdefault(price.pair, []).append(price.price)

    def lose(self, pairs: Iterable[str]) -> None:
        self.lost.append(set(pairs))

    def last(self, pair: str) -> Decimal | None:
        return self.prices[pair][-1] if pair in self.prices else None


@asynccontextmanager
async def feed_of(fake: FakeFeed, *pairs: str, care: Care = QUICK) -> AsyncIterator[tuple[Feed, Heard]]:
    heard = Heard()
    feed = Feed(EXCHANGES[fake.name], fake.url, heard.hear, heard.lose, care)
    feed.want(pairs)
    try:
        yield feed, heard
    finally:
        await feed.end()


async def until(question: Callable[[], object], seconds: float = 10) -> None:
    deadline = asyncio.get_running_loop().time() + seconds
    while not question():
        assert asyncio.get_running_loop().time() < deadline, f"not within {seconds} s"
        await asyncio.sleep(0.01)


async def states(fake: FakeFeed, prices: dict[str, object]) -> None:
    await asyncio.to_thread(fake.set_prices, prices)


@pytest.fixture(params=sorted(FAKES))
def fake(request: pytest.FixtureRequest) -> Iterable[FakeFeed]:
    with FAKES[request.param](heartbeat=0.2) as fake:
        for pair in PAIRS[fake.name]:
            fake.set_price(pair, 100)
        yield fake


async def test_what_is_wanted_is_subscribed_to_and_heard(fake: FakeFeed) -> None:
    one, two = PAIRS[fake.name]
    async with feed_of(fake, one, two) as (feed, heard):
        await until(lambda: feed.subscribed == 2 and fake.subscribed == {one, two})
        await states(fake, {one: "101.5", two: "0.00000001"})
        await until(lambda: heard.last(one) == Decimal("101.5") and heard.last(two) == Decimal("0.00000001"))
        assert feed.is_connected
        assert not feed.reason
        assert not fake.violations


async def test_what_is_wanted_later_is_followed_and_what_is_no_longer_wanted_ends(fake: FakeFeed) -> None:
    one, two = PAIRS[fake.name]
    async with feed_of(fake, one) as (feed, _):
        await until(lambda: one in fake.subscribed)
        feed.want([two])
        await until(lambda: two in fake.subscribed)
        await until(lambda: one not in fake.subscribed or fake.name == "binance")  # its busiest pair stays: its heart
        assert fake.opened == 1
        feed.want([])
        await until(lambda: not fake.clients)


async def test_a_connection_that_is_closed_is_opened_anew_and_subscribes_again(fake: FakeFeed) -> None:
    one, two = PAIRS[fake.name]
    async with feed_of(fake, one, two) as (feed, heard):
        await until(lambda: feed.subscribed == 2)
        for code in (1000, 1001, 1011, 1012):
            before = fake.opened
            await asyncio.to_thread(fake.close, code, "bye")
            await until(lambda: {one, two} in heard.lost)
            await until(lambda: fake.opened > before and feed.subscribed == 2)  # noqa: B023
            heard.lost.clear()
        await states(fake, {two: 102})
        await until(lambda: heard.last(two) == 102)
        assert feed.reconnects >= 4
        assert not fake.violations


async def test_a_feed_that_falls_silent_is_given_up_and_what_it_said_is_lost(fake: FakeFeed) -> None:
    one, _ = PAIRS[fake.name]
    async with feed_of(fake, one) as (feed, heard):
        await until(lambda: feed.subscribed == 1)
        fake.stall()
        await until(lambda: {one} in heard.lost, 3)
        await until(lambda: "silent" in feed.reason)
        fake.heal()
        await states(fake, {one: 103})
        await until(lambda: feed.is_connected and feed.subscribed == 1)
        await states(fake, {one: 104})
        await until(lambda: heard.last(one) == 104)


async def test_a_heartbeat_alone_keeps_a_feed_alive(fake: FakeFeed) -> None:
    one, _ = PAIRS[fake.name]
    async with feed_of(fake, one) as (feed, _):
        await until(lambda: feed.is_connected)
        await asyncio.sleep(2 * QUICK.silent_after)
        assert (feed.is_connected, fake.opened) == (True, 1)


async def test_a_refused_connection_is_tried_ever_more_seldom(fake: FakeFeed) -> None:
    fake.refuse(HTTPStatus.SERVICE_UNAVAILABLE)
    async with feed_of(fake, PAIRS[fake.name][0]) as (feed, _):
        await asyncio.sleep(1.5)
        assert "503" in feed.reason
        # 0.1, 0.2, 0.4, 0.4 … seconds, each halved at most by jitter: so many attempts at most, not hundreds.
        assert 3 <= feed.reconnects <= 9
        fake.heal()
        await until(lambda: feed.is_connected)


@pytest.mark.parametrize("status", [HTTPStatus.FORBIDDEN, HTTPStatus.UNAVAILABLE_FOR_LEGAL_REASONS])
async def test_where_an_exchange_does_not_serve_this_place_it_is_left_alone_for_long(status: HTTPStatus) -> None:
    with FakeBinance() as fake:
        fake.refuse(status)
        async with feed_of(fake, "BTCUSDT") as (feed, _):
            await until(lambda: str(status.value) in feed.reason)
            await asyncio.sleep(0.3)
            assert feed.reconnects == 0


async def test_without_a_network_attempts_are_few() -> None:
    heard = Heard()
    feed = Feed(EXCHANGES["kraken"], "ws://127.0.0.1:9", heard.hear, heard.lose, QUICK)
    feed.want(["BTC/USD"])
    await asyncio.sleep(1)
    assert "could not be reached" in feed.reason
    assert 2 <= feed.reconnects <= 7
    await feed.end()


async def test_one_unknown_pair_does_not_keep_others_from_being_subscribed() -> None:
    with FakeCoinbase() as fake:
        fake.set_prices({"BTC-USD": 100, "ETH-USD": 100})
        async with feed_of(fake, "AAA-USD", "BTC-USD", "ETH-USD", "ZZZ-USD") as (feed, _):
            await until(lambda: fake.subscribed == {"BTC-USD", "ETH-USD"})
            assert feed.refused == {
                "AAA-USD": "AAA-USD is not a valid product",
                "ZZZ-USD": "ZZZ-USD is not a valid product",
            }
            assert fake.opened == 1
    with FakeKraken() as kraken:
        kraken.set_price("BTC/USD", 100)
        async with feed_of(kraken, "BTC/USD", "ZZZ/USD") as (feed, _):
            await until(lambda: kraken.subscribed == {"BTC/USD"} and set(feed.refused) == {"ZZZ/USD"})


async def test_a_lost_message_is_noticed_and_made_up_for_by_subscribing_anew() -> None:
    with FakeCoinbase(heartbeat=0.2) as fake:
        fake.set_price("BTC-USD", 100)
        async with feed_of(fake, "BTC-USD") as (feed, heard):
            await until(lambda: heard.last("BTC-USD") == 100)
            fake.lose_next("BTC-USD")
            await states(fake, {"BTC-USD": 101})
            await until(lambda: feed.gaps == 1)
            await until(lambda: heard.last("BTC-USD") == 101)
            assert {"BTC-USD"} in heard.lost
            assert fake.opened == 1


async def test_garbage_now_and_then_is_passed_over_and_nothing_but_garbage_ends_the_connection() -> None:
    with FakeKraken(heartbeat=0.2) as fake:
        fake.set_price("BTC/USD", 100)
        async with feed_of(fake, "BTC/USD") as (feed, heard):
            await until(lambda: heard.last("BTC/USD") == 100)
            for text in ("<html>", "[]", '{"channel": "ticker", "data": [{"symbol": "BTC/USD", "last": "NaN"}]}'):
                await asyncio.to_thread(fake.say, text)
            await states(fake, {"BTC/USD": 101})
            await until(lambda: heard.last("BTC/USD") == 101)
            assert fake.opened == 1
            for _ in range(30):
                await asyncio.to_thread(fake.say, "garbage")
            await until(lambda: fake.opened == 2 and feed.subscribed == 1)


async def test_a_complaint_slows_down_what_is_said_and_is_told() -> None:
    with FakeKraken(heartbeat=0.2) as fake:
        fake.set_price("BTC/USD", 100)
        async with feed_of(fake, "BTC/USD") as (feed, _):
            await until(lambda: feed.subscribed == 1)
            complaint = {"error": "Exceeded msg rate", "method": "subscribe", "success": False}
            await asyncio.to_thread(fake.say, json.dumps(complaint))
            await until(lambda: feed.reason == "Exceeded msg rate")
            (connection,) = feed.connections
            assert connection.slower == 2
            assert feed.is_connected


async def test_a_farewell_is_answered_by_a_new_connection() -> None:
    with FakeBinance(heartbeat=0.2) as fake:
        fake.set_prices({"BTCUSDT": 100, "ETHUSDT": 100})
        async with feed_of(fake, "ETHUSDT") as (feed, heard):
            await until(lambda: feed.subscribed == 1)
            await asyncio.to_thread(fake.say, '{"e": "serverShutdown", "E": 1770123456789}')
            await until(lambda: fake.opened == 2 and "ETHUSDT" in fake.subscribed)
            assert {"ETHUSDT"} in heard.lost


async def test_many_pairs_keep_to_what_the_exchange_allows() -> None:
    """250 pairs at Binance: three messages, none too soon after the other."""
    with FakeBinance(heartbeat=0.2) as fake:
        pairs = [f"C{number}USDT" for number in range(250)]
        async with feed_of(fake, *pairs) as (feed, _):
            await until(lambda: feed.subscribed == 250, 20)
            assert fake.subscribed == {*pairs, "BTCUSDT"}
            assert [len(said["params"]) for said in fake.received] == [101, 100, 50]
            assert not fake.violations


class Small:
    """Kraken with little room."""

    name, title, gecko_id, url = "kraken", "Kraken", "kraken", ""
    limits = Limits(pairs_a_connection=3, pairs_a_message=2, messages_a_second=10)
    pair = EXCHANGES["kraken"].pair
    talk = EXCHANGES["kraken"].talk


async def test_what_one_connection_may_not_carry_goes_to_further_ones() -> None:
    pairs = [f"C{number}/USD" for number in range(8)]
    with FakeKraken(heartbeat=0.2) as fake:
        fake.set_prices(dict.fromkeys(pairs, 5))
        heard = Heard()
        feed = Feed(Small(), fake.url, heard.hear, heard.lose, QUICK)
        feed.want(pairs)
        await until(lambda: feed.subscribed == 8)
        assert sorted(len(client.pairs) for client in fake.clients) == [2, 3, 3]
        assert max(len(said["params"]["symbol"]) for said in fake.received) == 2
        await feed.end()
        await until(lambda: not fake.clients)


async def test_what_is_never_answered_is_asked_for_three_times_and_no_more() -> None:
    with FakeBinance(heartbeat=0.2) as fake:
        fake.ignore()
        async with feed_of(fake, "ETHUSDT") as (feed, _):
            for _ in range(15):
                await asyncio.sleep(0.2)
                await asyncio.to_thread(fake.say, '{"result": null, "id": 999}')
            assert len(fake.received) == 3
            assert feed.subscribed == 0
