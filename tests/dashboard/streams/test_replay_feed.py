"""The demo's feed: the recorded market told of as Coinbase would, beside what its CoinGecko says."""

import asyncio
import contextlib
import socket
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from dashboard import clock
from dashboard.market.coingecko import read_listing
from dashboard.market.recording import Recording
from dashboard.market.replay import answer, encode
from dashboard.market.streams.catalogue import EXCHANGES
from dashboard.market.streams.connection import Feed
from dashboard.market.streams.identity import Identity
from dashboard.market.streams.replay import Feed as Replay
from dashboard.market.streams.replay import run
from dashboard.market.wire import parse_json
from tests.dashboard.streams.test_connection import QUICK, Heard, until

NOW = datetime(2026, 5, 3, 12, tzinfo=UTC)


def listed(recording: Recording) -> Identity:
    """What our client makes of the replayed CoinGecko's list."""
    rows = parse_json(encode(answer(recording, "/api/v3/exchanges/gdax/tickers", {}, NOW).body))
    assert isinstance(rows, dict)
    found = [listing for row in rows["tickers"] if (listing := read_listing(row)) is not None]
    identity = Identity(EXCHANGES["coinbase"])
    identity.learn(recording.coins, found, NOW)
    return identity


def test_every_recorded_coin_has_a_pair_and_other_exchanges_are_unknown() -> None:
    recording = Recording(NOW)
    pairs = listed(recording).pairs(recording.coins)
    assert {pair.asset for pair in pairs} == set(recording.coins)
    assert answer(recording, "/api/v3/exchanges/kraken/tickers", {}, NOW).status == 404
    only = answer(recording, "/api/v3/exchanges/gdax/tickers", {"coin_ids": "bitcoin"}, NOW).body["tickers"]
    assert [row["coin_id"] for row in only] == ["bitcoin"]


async def test_our_client_hears_the_recorded_prices_second_by_second() -> None:
    recording = Recording(clock.now() - timedelta(seconds=5))
    pairs = {pair.name: pair.asset for pair in listed(recording).pairs(recording.coins)}
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    serving = asyncio.create_task(run(Replay(recording), "127.0.0.1", port))
    heard = Heard()
    feed = Feed(EXCHANGES["coinbase"], f"ws://127.0.0.1:{port}", heard.hear, heard.lose, QUICK)
    feed.want([*pairs, "NONE-USD"])
    try:
        await until(lambda: feed.subscribed == len(pairs))
        await until(lambda: all(len(heard.prices.get(pair, ())) > 2 for pair in pairs))
        assert set(feed.refused) == {"NONE-USD"}
        steps = [recording.timeline[recording.step_at(clock.now()) - back] for back in range(5)]
        for pair, asset in pairs.items():
            last = heard.last(pair)
            assert last in [Decimal(prices[asset]) for prices in steps]
    finally:
        await feed.end()
        serving.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await serving
