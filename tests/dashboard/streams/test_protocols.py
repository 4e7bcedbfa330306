"""What each exchange's messages say: the documented samples, and whatever else may come by the same wire."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dashboard.market.source import SourceGarbled
from dashboard.market.streams.catalogue import EXCHANGES
from dashboard.market.streams.exchange import Behind, Farewell, Price, Refused, Subscribed, Trouble
from tests.fakes.exchanges import binance, coinbase, kraken

NOW = datetime(2026, 5, 3, 12, tzinfo=UTC)


def said(name: str, *messages: object) -> list[Any]:
    """The events of the messages, all on one connection."""
    talk = EXCHANGES[name].talk()
    return [event for message in messages for event in talk.read(json.dumps(message), NOW)]


def ticker(**facts: object) -> dict[str, object]:
    return {**coinbase.SAMPLE, **facts}


def test_coinbase_states_the_last_trade_with_its_time() -> None:
    at = datetime(2022, 10, 19, 23, 28, 22, 61769, tzinfo=UTC)
    assert said("coinbase", coinbase.SAMPLE) == [Price("ETH-USD", Decimal("1285.22"), at, Decimal("245532.79269678"))]


def test_kraken_states_the_last_trade_to_the_last_digit() -> None:
    at = datetime(2023, 9, 25, 9, 4, 31, 742648, tzinfo=UTC)
    message = {"channel": "ticker", "type": "snapshot", "data": [kraken.SAMPLE]}
    assert said("kraken", message) == [Price("ALGO/USD", Decimal("0.10035"), at, Decimal("997038.98383185"))]


def test_a_row_of_kraken_without_a_time_is_of_now() -> None:
    row = {name: value for name, value in kraken.SAMPLE.items() if name != "timestamp"}
    (price,) = said("kraken", {"channel": "ticker", "type": "update", "data": [row]})
    assert price.at == NOW


@pytest.mark.parametrize("wrapped", [False, True])
def test_binance_states_the_last_trade_at_the_time_of_the_event(wrapped: bool) -> None:
    message: object = {"stream": "bnbbtc@miniTicker", "data": binance.SAMPLE} if wrapped else binance.SAMPLE
    at = datetime(2022, 12, 31, 19, 43, 2, 136000, tzinfo=UTC)
    assert said("binance", message) == [Price("BNBBTC", Decimal("0.0025"), at, Decimal(10000))]


@pytest.mark.parametrize(
    ("name", "base", "target", "pair"),
    [
        ("coinbase", "btc", "usd", "BTC-USD"),
        ("kraken", "BTC", "USD", "BTC/USD"),
        ("kraken", "XBT", "USD", "BTC/USD"),
        ("kraken", "XDG", "USDT", "DOGE/USDT"),
        ("binance", "BTC", "USDT", "BTCUSDT"),
    ],
)
def test_pairs_have_each_exchanges_own_names(name: str, base: str, target: str, pair: str) -> None:
    assert EXCHANGES[name].pair(base, target) == pair


def test_each_is_asked_in_its_own_words() -> None:
    def asked(name: str, *pairs: str) -> Any:
        return json.loads(EXCHANGES[name].talk().subscribe(pairs))

    assert asked("coinbase", "BTC-USD", "ETH-USD") == {
        "type": "subscribe",
        "channels": [
            {"name": "ticker", "product_ids": ["BTC-USD", "ETH-USD"]},
            {"name": "heartbeat", "product_ids": ["BTC-USD", "ETH-USD"]},
        ],
    }
    assert asked("kraken", "BTC/USD") == {
        "method": "subscribe",
        "params": {"channel": "ticker", "symbol": ["BTC/USD"]},
    }
    assert asked("binance", "ETHUSDT") == {
        "method": "SUBSCRIBE",
        "params": ["btcusdt@miniTicker", "ethusdt@miniTicker"],
        "id": 1,
    }


def test_heartbeats_are_asked_for_of_some_products_only() -> None:
    products = [f"C{number}-USD" for number in range(100)]
    channels = json.loads(EXCHANGES["coinbase"].talk().subscribe(products))["channels"]
    assert [len(channel["product_ids"]) for channel in channels] == [100, 20]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("coinbase", coinbase.HEARTBEAT_SAMPLE),
        ("coinbase", {"type": "l2update", "product_id": "BTC-USD"}),
        ("kraken", {"channel": "heartbeat"}),
        ("kraken", {"channel": "status", "type": "update", "data": [{"system": "online", "version": "2.0.4"}]}),
        ("kraken", {"method": "unsubscribe", "result": {"symbol": "BTC/USD"}, "success": True}),
        ("binance", {"result": None, "id": 7}),
    ],
)
def test_what_means_nothing_here_is_passed_over(name: str, message: object) -> None:
    assert said(name, message) == []


def test_subscriptions_are_acknowledged_in_three_ways() -> None:
    channels = [{"name": "ticker", "product_ids": ["BTC-USD"]}, {"name": "heartbeat", "product_ids": ["ETH-USD"]}]
    assert said("coinbase", {"type": "subscriptions", "channels": channels}) == [Subscribed(("BTC-USD",))]
    acknowledged = {"method": "subscribe", "result": {"channel": "ticker", "symbol": "BTC/USD"}, "success": True}
    assert said("kraken", acknowledged) == [Subscribed(("BTC/USD",))]
    talk = EXCHANGES["binance"].talk()
    talk.subscribe(["BTCUSDT", "ETHUSDT"])
    assert talk.read('{"result": null, "id": 1}', NOW) == [Subscribed(("BTCUSDT", "ETHUSDT"))]


def test_a_pair_that_is_refused_is_told_from_other_complaints() -> None:
    assert said(
        "coinbase", {"type": "error", "message": "Failed to subscribe", "reason": "XYZ-USD is not a valid product"}
    ) == [Refused(("XYZ-USD",), "XYZ-USD is not a valid product")]
    assert said(
        "kraken",
        {
            "error": "Currency pair not supported XYZ/USD",
            "method": "subscribe",
            "success": False,
            "symbol": "XYZ/USD",
            "time_in": "2023-04-19T16:49:18.714233Z",
            "time_out": "2023-04-19T16:49:18.714289Z",
        },
    ) == [Refused(("XYZ/USD",), "Currency pair not supported XYZ/USD")]


@pytest.mark.parametrize(
    ("name", "message", "reason"),
    [
        ("coinbase", {"type": "error", "message": "ErrSlowConsume"}, "ErrSlowConsume"),
        ("kraken", {"error": "Exceeded msg rate", "method": "subscribe", "success": False}, "Exceeded msg rate"),
        (
            "kraken",
            {"channel": "status", "type": "update", "data": [{"system": "maintenance"}]},
            "the exchange is in the state maintenance",
        ),
        ("binance", {"code": 2, "msg": "Invalid request: too many parameters", "id": 1}, "Invalid request"),
        ("binance", {"error": {"code": 3, "msg": "Invalid JSON"}, "id": 1}, "Invalid JSON"),
    ],
)
def test_a_complaint_is_taken_along_in_its_words(name: str, message: object, reason: str) -> None:
    (event,) = said(name, message)
    assert isinstance(event, Trouble)
    assert reason in event.reason


@pytest.mark.parametrize("message", [{"e": "serverShutdown", "E": 1770123456789}])
def test_binance_says_when_it_is_about_to_end(message: dict[str, object]) -> None:
    assert said("binance", message) == [Farewell()]
    assert said("binance", {"stream": "!serverShutdown", "data": message}) == [Farewell()]


def test_a_price_that_comes_after_a_newer_one_is_passed_over() -> None:
    prices = said("coinbase", ticker(sequence=20, price="2"), ticker(sequence=19, price="1"), ticker(sequence=21))
    assert [price.price for price in prices] == [Decimal(2), Decimal("1285.22")]
    prices = said("binance", {**binance.SAMPLE, "c": "2"}, {**binance.SAMPLE, "c": "1", "E": 1672515782135})
    assert [price.price for price in prices] == [Decimal(2)]


def heartbeat(trade: int) -> dict[str, object]:
    return {**coinbase.HEARTBEAT_SAMPLE, "product_id": "ETH-USD", "last_trade_id": trade}


def test_a_trade_that_two_heartbeats_tell_of_and_no_ticker_is_noticed_once() -> None:
    events = said("coinbase", ticker(trade_id=5), heartbeat(5), heartbeat(6), heartbeat(6), heartbeat(6))
    assert events[1:] == [Behind("ETH-USD")]


def test_a_ticker_that_comes_a_little_after_its_heartbeat_is_no_loss() -> None:
    events = said("coinbase", ticker(trade_id=5), heartbeat(6), ticker(trade_id=6), heartbeat(7), ticker(trade_id=8))
    assert not [event for event in events if isinstance(event, Behind)]


WRONG: list[object] = [None, True, "", "NaN", "-1", "Infinity", "1e400", "0", 0, "9" * 100, {}, [], "1e16"]


@pytest.mark.parametrize("price", WRONG)
@pytest.mark.parametrize("name", EXCHANGES)
def test_a_price_that_is_none_is_passed_over(name: str, price: object) -> None:
    message: object = {
        "coinbase": ticker(price=price),
        "kraken": {"channel": "ticker", "type": "update", "data": [{**kraken.SAMPLE, "last": price}]},
        "binance": {**binance.SAMPLE, "c": price},
    }[name]
    assert said(name, message) == []


@pytest.mark.parametrize("time", [None, "", "yesterday", "2026-05-03T12:00:00", -1, 1e300, "9" * 70])
@pytest.mark.parametrize("name", EXCHANGES)
def test_a_price_without_a_time_is_passed_over(name: str, time: object) -> None:
    message: object = {
        "coinbase": ticker(time=time),
        "kraken": {"channel": "ticker", "type": "update", "data": [{**kraken.SAMPLE, "timestamp": time}]},
        "binance": {**binance.SAMPLE, "E": time},
    }[name]
    assert said(name, message) == []


@pytest.mark.parametrize("text", ["", "{", "<html>", "[]", "null", "7", '"x"'])
@pytest.mark.parametrize("name", EXCHANGES)
def test_what_is_no_message_of_the_feed_is_called_so(name: str, text: str) -> None:
    with pytest.raises(SourceGarbled):
        EXCHANGES[name].talk().read(text, NOW)


KEYS = ["type", "channel", "data", "e", "s", "c", "E", "method", "success", "result", "id", "channels", "product_id"]
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=20)
    | st.sampled_from(["ticker", "subscribe", "error"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5),
    max_leaves=10,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(message=st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=8), name=st.sampled_from(sorted(EXCHANGES)))
def test_no_message_whatever_it_holds_is_more_than_passed_over(message: dict[str, object], name: str) -> None:
    for event in said(name, message):
        assert isinstance(event, (Price, Subscribed, Refused, Behind, Trouble, Farewell))
