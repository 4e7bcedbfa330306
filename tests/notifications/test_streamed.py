"""Reminders on prices by the second: what was surely seen between two ticks fires, what one message said does not."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from pytest_django import Settings

from dashboard import clock
from dashboard.market.streams import handover
from dashboard.market.streams.board import Anchor, Board, Pair
from dashboard.market.streams.exchange import Price
from dashboard.market.streams.intake import intake
from notifications import checking
from notifications.models import Alert, Reminder
from tests.notifications.conftest import Market
from tests.valkey import Valkey

pytestmark = pytest.mark.django_db
D = Decimal
Remind = Callable[..., Reminder]
EXCHANGES = ("Coinbase", "Kraken")


class Exchanges:
    """What exchanges say, made a price as the process of the streams does it, and taken by a tick each second."""

    def __init__(self, time: Any, *exchanges: str) -> None:
        self.time = time
        self.board = Board()
        self.board.watch([Pair(exchange, "BTC-USD", "bitcoin", "usd") for exchange in exchanges])
        self.board.anchor({"bitcoin": Anchor(D(50000), clock.now())}, clock.now())

    def say(self, *prices: tuple[str, int]) -> None:
        """Each a tenth of a second after the one before."""
        for exchange, price in prices:
            self.time.shift(timedelta(seconds=0.1))
            now = clock.now()
            self.board.hear(exchange, Price("BTC-USD", D(price), now, D(10)), now)
            news, gone = self.board.take(now)
            for each in news:
                handover.redis().hset(handover.PRICES, each.asset, handover.write_streamed(each))
            if gone:
                handover.redis().hdel(handover.PRICES, *gone)
            handover.redis().set(handover.ALIVE, now.timestamp())

    def tick(self, seconds: float = 0.5) -> None:
        self.time.shift(timedelta(seconds=seconds))
        came = intake({"bitcoin"})
        if came.tick is not None:
            checking.check(came.tick)


@pytest.fixture(autouse=True)
def on(settings: Settings, valkey: Valkey, market: Market) -> None:
    settings.PRICE_STREAMS = {"kraken": ""}
    handover.redis().flushdb()
    market.set("bitcoin", 50_000)


def fired() -> int:
    return Alert.objects.count()


def test_a_spike_that_two_messages_saw_between_two_ticks_fires_once(remind: Remind, time: Any) -> None:
    remind("price_above", 50_400)
    kraken = Exchanges(time, "Kraken")
    kraken.say(("Kraken", 50_000))
    kraken.tick()
    kraken.say(("Kraken", 50_450), ("Kraken", 50_440), ("Kraken", 50_010))
    kraken.tick()
    assert fired() == 1
    kraken.say(("Kraken", 50_020))
    kraken.tick()
    assert fired() == 1


def test_a_spike_of_one_message_fires_nothing(remind: Remind, time: Any) -> None:
    remind("price_above", 50_400)
    kraken = Exchanges(time, "Kraken")
    kraken.say(("Kraken", 50_000))
    kraken.tick()
    kraken.say(("Kraken", 50_450), ("Kraken", 50_010))
    kraken.tick()
    assert fired() == 0


def test_where_two_exchanges_tell_both_must_have_seen_a_spike(remind: Remind, time: Any) -> None:
    remind("price_below", 49_600)
    both = Exchanges(time, *EXCHANGES)
    both.say(("Kraken", 50_000), ("Coinbase", 50_001))
    both.tick()
    both.say(("Kraken", 49_550), ("Kraken", 49_560), ("Kraken", 50_000))
    both.tick()
    assert fired() == 0
    both.say(("Kraken", 49_550), ("Coinbase", 49_590), ("Kraken", 50_000), ("Coinbase", 50_001))
    both.tick()
    assert fired() == 1


def test_two_feeds_that_disagree_fire_nothing(remind: Remind, time: Any) -> None:
    remind("price_above", 50_400)
    remind("price_below", 49_600)
    both = Exchanges(time, *EXCHANGES)
    both.say(("Kraken", 50_000), ("Coinbase", 50_001))
    both.tick()
    for wrong in (50_700, 52_000, 49_300, 60_000, 45_000, 1):
        for _ in range(3):
            both.say(("Kraken", 50_000), ("Coinbase", wrong), ("Coinbase", wrong), ("Kraken", 50_002))
            both.tick()
    assert fired() == 0


def test_a_price_that_stays_beyond_the_limit_fires_by_itself(remind: Remind, time: Any) -> None:
    remind("price_above", 50_400)
    kraken = Exchanges(time, "Kraken")
    kraken.say(("Kraken", 50_000))
    kraken.tick()
    kraken.say(("Kraken", 50_450))
    kraken.tick()
    kraken.say(("Kraken", 50_460))
    kraken.tick()
    assert fired() == 1


def test_what_was_before_a_tick_is_not_held_against_a_reminder_again_after_it(remind: Remind, time: Any) -> None:
    """The price falls back and arms again; the spike that had fired is told of by no later second."""
    remind("price_above", 50_400, repeat="always", rearm_band="0.1")
    kraken = Exchanges(time, "Kraken")
    kraken.say(("Kraken", 50_000))
    kraken.tick()
    kraken.say(("Kraken", 50_450), ("Kraken", 50_460))
    kraken.tick(0.1)
    assert fired() == 1
    kraken.say(("Kraken", 50_010), ("Kraken", 50_000))
    kraken.tick(0.1)
    for _ in range(5):
        kraken.say(("Kraken", 50_005))
        kraken.tick(0.1)
    assert fired() == 1
