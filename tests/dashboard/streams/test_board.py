"""One price of what several exchanges say: who counts, whom to trust, what a second held."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.market.streams.board import Anchor, Board, Pair, Streamed, Trust, middle
from dashboard.market.streams.exchange import Price

D = Decimal
NOW = datetime(2026, 5, 3, 12, tzinfo=UTC)
EXCHANGES = ("Binance", "Coinbase", "Kraken")


class World:
    """A board on which all three exchanges tell of bitcoin in dollars, and CoinGecko stated 50,000."""

    def __init__(self, *pairs: Pair, anchor: str | None = "50000") -> None:
        self.now = NOW
        self.board = Board()
        self.board.watch(pairs or [Pair(exchange, "BTC-USD", "bitcoin", "usd") for exchange in EXCHANGES])
        if anchor is not None:
            self.anchor(bitcoin=anchor)

    def anchor(self, **prices: str) -> None:
        self.board.anchor(
            {asset.replace("_", "-"): Anchor(D(price), self.now) for asset, price in prices.items()}, self.now
        )

    def says(self, exchange: str, price: str, pair: str = "BTC-USD", volume: str = "10", ago: float = 0) -> None:
        at = self.now - timedelta(seconds=ago)
        self.board.hear(exchange, Price(pair, D(price), at, D(volume)), self.now)

    def passes(self, seconds: float) -> None:
        self.board.take(self.now)
        self.now += timedelta(seconds=seconds)
        self.board.take(self.now)

    def found(self, asset: str = "bitcoin") -> Streamed | None:
        """What stands once everything that waits has been waited for."""
        self.board.everything(self.now)
        self.board.take(self.now)
        line = self.board.lines.get(asset)
        return line.given if line else None

    def price(self, asset: str = "bitcoin") -> Decimal | None:
        found = self.found(asset)
        return found.price if found else None


def test_one_exchange_alone_is_the_price_with_its_own_time() -> None:
    world = World()
    world.says("Kraken", "50100", ago=2)
    assert world.found() == Streamed("bitcoin", D(50100), NOW - timedelta(seconds=2), ("Kraken",))


def test_of_three_it_is_the_median_by_what_they_trade() -> None:
    world = World()
    world.says("Kraken", "50010", volume="1")
    world.says("Coinbase", "50020", volume="3")
    world.says("Binance", "50030", volume="3")
    found = world.found()
    assert found is not None
    assert (found.price, found.sources) == (D(50020), EXCHANGES)


def test_no_exchange_outweighs_all_others_together() -> None:
    assert middle([(D(60000), D(10**6)), (D(50000), D(1)), (D(50001), D(1))], None) == D(50001)


@given(
    good=st.lists(st.integers(49_900, 50_100), min_size=2, max_size=4),
    wrong=st.integers(1, 10**6),
    weights=st.lists(st.integers(0, 10**9), min_size=5, max_size=5),
)
def test_one_wrong_price_among_several_moves_the_median_no_further_than_a_good_one(
    good: list[int], wrong: int, weights: list[int]
) -> None:
    said = [(D(price), D(weight)) for price, weight in zip([*good, wrong], weights, strict=False)]
    assert min(good) <= middle(said, D(50_000)) <= max(good)


def test_of_two_the_nearer_to_the_price_before_counts_so_that_one_cannot_move_it_alone() -> None:
    world = World()
    for exchange in ("Kraken", "Coinbase"):
        world.says(exchange, "50000")
    assert world.price() == 50000
    world.passes(1)
    world.says("Kraken", "50900", volume="1000000")
    world.passes(2)
    assert world.price() == 50000
    world.says("Coinbase", "50890")
    world.passes(2)
    assert world.price() == 50890


def test_two_that_disagree_give_no_price() -> None:
    world = World()
    world.says("Kraken", "50000", volume="11")
    world.says("Coinbase", "50001")
    assert world.price() == 50000
    world.passes(1)
    world.says("Coinbase", "51500")
    assert world.found() is None
    world.passes(1)
    world.says("Coinbase", "50001")
    assert world.price() == 50000


def test_among_three_the_one_that_disagrees_is_left_out_of_the_sources() -> None:
    world = World()
    world.says("Kraken", "50000")
    world.says("Coinbase", "50010")
    world.says("Binance", "52000", volume="1000000")
    found = world.found()
    assert found is not None
    assert (found.price, found.sources) == (D(50010), ("Coinbase", "Kraken"))


def test_what_departs_more_than_5_percent_from_coingecko_is_not_trusted() -> None:
    world = World()
    world.says("Kraken", "52501")
    assert world.found() is None
    (leg,) = world.board.distrusted("Kraken")
    assert (leg.pair.name, leg.judged) == ("BTC-USD", D(52501))
    world.says("Coinbase", "52499")
    assert world.price() == 52499
    assert not world.board.distrusted("Coinbase")


def test_a_pair_that_is_distrusted_is_judged_anew_by_what_coingecko_states_next() -> None:
    world = World()
    world.says("Kraken", "60000")
    world.passes(60)
    world.says("Kraken", "60000")
    world.anchor(bitcoin="59000")
    assert world.price() == 60000


def test_nothing_is_trusted_before_coingecko_has_stated_anything() -> None:
    world = World(anchor=None)
    world.says("Kraken", "50000")
    assert world.found() is None
    world.anchor(bitcoin="50500")
    assert world.price() == 50000


def test_a_fast_market_is_not_distrusted_because_coingecko_lags_behind() -> None:
    """Prices are held against each other at about the same time: CoinGecko's is of a minute ago."""
    world = World()
    for price in ("50000", "49000", "48000", "47000", "46000"):
        for exchange in EXCHANGES:
            world.says(exchange, price)
        world.passes(20)
    then = world.now - timedelta(seconds=95)
    world.board.anchor({"bitcoin": Anchor(D(50100), then)}, world.now)
    assert not world.board.distrusted("Kraken")
    assert all(leg.trust is Trust.TRUSTED for leg in world.board.by_name.values())


def test_one_alone_far_from_coingecko_waits_for_it_though_it_was_trusted_and_two_do_not() -> None:
    world = World()
    world.says("Kraken", "50000")
    assert world.price() == 50000
    world.passes(1)
    world.says("Kraken", "47000")
    world.passes(2)
    assert world.found() is None
    world.says("Coinbase", "50000", ago=1)
    world.says("Coinbase", "47010")
    assert world.price() in (47000, 47010)


def test_an_exchange_that_is_lost_counts_no_more_until_it_says_something_again() -> None:
    world = World()
    world.says("Kraken", "50000")
    world.says("Coinbase", "50010")
    world.found()
    world.board.lose("Kraken", ["BTC-USD"])
    found = world.found()
    assert found is not None
    assert found.sources == ("Coinbase",)
    world.board.lose("Coinbase", ["BTC-USD"])
    assert world.found() is None
    world.says("Kraken", "50020")
    assert world.price() == 50020


def test_a_trade_that_is_a_minute_old_counts_no_more_though_its_exchange_lives() -> None:
    world = World()
    world.says("Kraken", "50000")
    world.passes(60)
    assert world.price() == 50000
    world.passes(1)
    assert world.found() is None


def test_a_trade_ten_seconds_older_than_the_newest_elsewhere_does_not_hold_the_price_back() -> None:
    world = World()
    world.says("Kraken", "50000")
    world.passes(11)
    world.says("Coinbase", "50400")
    found = world.found()
    assert found is not None
    assert (found.price, found.sources) == (D(50400), ("Coinbase",))


def test_an_older_price_never_takes_the_place_of_a_newer_one() -> None:
    world = World()
    world.says("Kraken", "50000")
    world.says("Kraken", "40000", ago=1)
    assert world.price() == 50000


USDT = [Pair("Binance", "BTCUSDT", "bitcoin", "tether"), Pair("Kraken", "USDT/USD", "tether", "usd")]


def test_what_is_counted_in_tether_is_converted_at_tethers_own_price() -> None:
    world = World(*USDT)
    world.anchor(tether="1")
    world.says("Kraken", "0.99", pair="USDT/USD")
    assert world.price("tether") == D("0.99")
    world.says("Binance", "50000", pair="BTCUSDT")
    assert world.price() == D("49500")


def test_where_no_exchange_tells_of_tether_coingecko_does_and_where_nobody_does_there_is_no_price() -> None:
    world = World(USDT[0])
    world.says("Binance", "50000", pair="BTCUSDT")
    assert world.found() is None
    world.anchor(tether="0.9")
    world.anchor(bitcoin="45000")
    world.says("Binance", "50000", pair="BTCUSDT")
    assert world.price() == D("45000")


def test_a_leap_waits_for_a_second_message_or_for_a_second() -> None:
    world = World()
    world.says("Kraken", "50000")
    assert world.price() == 50000
    world.passes(0.2)
    world.says("Kraken", "51000")
    assert world.price() == 50000
    world.passes(0.2)
    world.says("Kraken", "50001")
    assert world.price() == 50001  # nobody saw it twice
    world.says("Kraken", "51000")
    assert world.price() == 50001
    world.says("Kraken", "51010")
    assert world.price() == 51010
    world.says("Kraken", "50000")
    assert world.price() == 51010
    world.passes(1)
    assert world.price() == 50000


def seen(world: World) -> tuple[Decimal, Decimal] | None:
    """Low and high of the newest span."""
    found = world.found()
    assert found is not None
    return (found.spans[-1].low, found.spans[-1].high) if found.spans and found.spans[-1].at == found.at else None


def test_of_one_exchange_what_two_messages_saw_between_two_prices_is_kept() -> None:
    world = World()
    world.says("Kraken", "50000")
    assert seen(world) is None  # one message saw it
    world.passes(0.1)
    for price in ("50400", "50300", "49900", "49950", "50000"):
        world.says("Kraken", price)
    assert seen(world) == (D(49950), D(50300))


def test_of_several_exchanges_what_two_of_them_saw_is_kept() -> None:
    world = World()
    for exchange, price in [("Kraken", "50000"), ("Kraken", "50450"), ("Kraken", "50440"), ("Kraken", "50010")]:
        world.says(exchange, price)
    for exchange, price in [("Coinbase", "50300"), ("Coinbase", "50005")]:
        world.says(exchange, price)
    held = seen(world)
    assert held is not None
    assert held[1] == D(50300)


def test_a_spike_of_one_message_is_not_kept() -> None:
    world = World()
    for price in ("50000", "50400", "50000"):
        world.says("Kraken", price)
    assert seen(world) == (D(50000), D(50000))


def test_a_spike_that_one_message_before_and_one_after_a_price_saw_is_kept_with_the_later() -> None:
    world = World()
    world.says("Kraken", "50000")
    world.says("Kraken", "50400")
    world.says("Kraken", "50000")
    assert seen(world) == (D(50000), D(50000))
    world.passes(0.1)
    for price in ("50390", "50001"):
        world.says("Kraken", price)
    held = seen(world)
    assert held is not None
    assert held[1] == D(50390)


def test_what_was_seen_before_a_price_was_given_out_is_not_told_again_after_it() -> None:
    """50,600 twice, then 50,300 is given out; what comes after never saw 50,600."""
    world = World()
    for price in ("50600", "50590", "50300"):
        world.says("Kraken", price)
    assert world.price() == D(50300)
    world.passes(0.1)
    world.says("Kraken", "50310")
    held = seen(world)
    assert held is not None
    assert held[1] == D(50310)


def test_witnesses_more_than_a_second_apart_are_none() -> None:
    world = World()
    world.says("Kraken", "50000")
    world.says("Kraken", "50400")
    world.says("Kraken", "50000")
    world.passes(1.5)
    world.says("Kraken", "50400")
    world.says("Kraken", "50001")
    held = seen(world)
    assert held is not None
    assert held[1] == D(50001)


def test_spans_are_kept_for_ten_seconds() -> None:
    world = World()
    for step in range(60):
        for _ in range(2):
            world.says("Kraken", str(50000 + step))
        world.passes(0.4)
    found = world.found()
    assert found is not None
    assert [each.high for each in found.spans] == [D(50000 + step) for step in range(34, 60)]


def test_what_is_no_longer_watched_is_gone_and_what_stays_is_kept() -> None:
    world = World()
    world.says("Kraken", "50000")
    assert world.price() == 50000
    world.board.watch([Pair("Kraken", "BTC-USD", "bitcoin", "usd"), Pair("Kraken", "ETH-USD", "ethereum", "usd")])
    assert world.price() == 50000
    world.board.watch([Pair("Kraken", "ETH-USD", "ethereum", "usd")])
    news, gone = world.board.take(world.now)
    assert (news, gone) == ([], {"bitcoin"})
    assert set(world.board.lines) == {"ethereum"}


def test_only_what_has_changed_is_taken() -> None:
    world = World()
    world.says("Kraken", "50000")
    assert [each.price for each in world.board.take(world.now)[0]] == [D(50000)]
    assert world.board.take(world.now) == ([], set())


@pytest.mark.parametrize("volume", ["0", "1"])
def test_volumes_of_nothing_count_alike(volume: str) -> None:
    world = World()
    for exchange, price in zip(EXCHANGES, ("50000", "50100", "50200"), strict=True):
        world.says(exchange, price, volume=volume)
    assert world.price() == D(50100)
