"""The way of exchanges' prices into the market: one sample a second, judged once, with its source."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from pytest_django import Settings

from dashboard import clock
from dashboard.market.refresh import Urgency, refresh
from dashboard.market.samples import Sample, samples
from dashboard.market.streams import handover
from dashboard.market.streams.board import Span, Streamed
from dashboard.market.streams.handover import FeedState
from dashboard.market.streams.intake import Intake, intake
from dashboard.models import Asset, MarketQuote, MarketState, PriceSample
from dashboard.portfolios import markets_of
from dashboard.valuation import Market
from tests.fakes.coingecko import FakeCoinGecko
from tests.valkey import Valkey

pytestmark = pytest.mark.django_db
D = Decimal
NOON = datetime(2026, 5, 3, 12, tzinfo=UTC)
EVER = (datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))


@pytest.fixture(autouse=True)
def noon(valkey: Valkey, settings: Settings) -> Iterator[time_machine.Traveller]:
    settings.PRICE_STREAMS = {"kraken": ""}
    with time_machine.travel(NOON, tick=False) as traveller:
        handover.redis().flushdb()
        yield traveller


@pytest.fixture
def fake(settings: Settings) -> Iterator[FakeCoinGecko]:
    """A source of prices that has stated bitcoin and tether once."""
    with FakeCoinGecko() as server:
        server.set_price("bitcoin", 50_000)
        server.set_price("tether", 1)
        settings.COINGECKO_URL = server.url
        settings.COINGECKO_PLAN = "keyless"
        settings.PRICE_REFRESH_SECONDS = None
        Asset.objects.create(id="bitcoin", symbol="btc", name="Bitcoin", rank=1)
        assert refresh({"bitcoin"}, Urgency.WATCHED) is not None
        yield server


def hand_over(
    price: str,
    *,
    asset: str = "bitcoin",
    ago: float = 0,
    sources: tuple[str, ...] = ("Kraken",),
    spans: tuple[Span, ...] = (),
) -> None:
    """As the process does it."""
    now = clock.now()
    said = Streamed(asset, D(price), now - timedelta(seconds=ago), sources, spans)
    handover.redis().hset(handover.PRICES, asset, handover.write_streamed(said))
    handover.redis().set(handover.ALIVE, now.timestamp())


def stored(asset: str = "bitcoin") -> MarketQuote:
    return MarketQuote.objects.get(pk=asset)


def test_a_price_is_stored_with_its_source_its_time_and_the_next_number(
    fake: FakeCoinGecko, noon: time_machine.Traveller
) -> None:
    noon.shift(1)
    hand_over("50500.000000000000000001", ago=0.25, sources=("Coinbase", "Kraken"))
    before = MarketState.objects.get().sequence
    came = intake({"bitcoin"})
    assert came.tick is not None
    (quote,) = came.tick.quotes
    assert (quote.asset, quote.price, quote.source) == ("bitcoin", D("50500.000000000000000001"), "Coinbase, Kraken")
    row = stored()
    assert (row.price, row.source, row.sequence) == (quote.price, "Coinbase, Kraken", before + 1)
    assert row.as_of == clock.now() - timedelta(seconds=0.25)
    assert came.tick.sequence == before + 1


def test_what_coingecko_knows_besides_stays_and_percentages_follow_the_price(
    fake: FakeCoinGecko, noon: time_machine.Traveller
) -> None:
    before = stored()
    noon.shift(1)
    hand_over("55000")
    intake({"bitcoin"})
    row = stored()
    assert before.change_24h == D("1.5")
    assert row.change_24h == D("11.65")  # 101.5 % of the day before's price, times 1.1
    assert before.market_cap is not None
    assert row.market_cap == before.market_cap * D("1.1")
    assert (row.asset.rank, row.circulating_supply) == (1, before.circulating_supply)
    noon.shift(1)
    hand_over("50000")
    intake({"bitcoin"})
    assert stored().change_24h == before.change_24h


def test_the_same_price_is_judged_once(fake: FakeCoinGecko, noon: time_machine.Traveller) -> None:
    noon.shift(1)
    hand_over("50500")
    assert intake({"bitcoin"}).tick is not None
    for _ in range(3):
        came = intake({"bitcoin"})
        assert (came.tick, came.covers) == (None, True)
    assert PriceSample.objects.filter(source="Kraken").count() == 1


def test_an_older_price_is_never_taken(fake: FakeCoinGecko, noon: time_machine.Traveller) -> None:
    noon.shift(10)
    hand_over("50500")
    intake({"bitcoin"})
    hand_over("40000", ago=5)
    assert intake({"bitcoin"}).tick is None
    assert stored().price == 50500


def test_prices_of_a_process_that_is_gone_do_not_count(fake: FakeCoinGecko, noon: time_machine.Traveller) -> None:
    noon.shift(1)
    hand_over("50500")
    noon.shift(6)
    assert intake({"bitcoin"}) == Intake(None, covers=False, lost=False)


def test_what_is_wanted_is_told_to_the_process_and_currencies_are_not(fake: FakeCoinGecko) -> None:
    Asset.objects.get_or_create(id="usd", defaults={"kind": Asset.Kind.FIAT, "symbol": "usd", "name": "US dollar"})
    intake({"bitcoin", "usd", "unheard-of"})
    assert handover.redis().get(handover.WANTED) == '["bitcoin"]'


def test_only_where_everything_wanted_comes_this_way_it_covers(
    fake: FakeCoinGecko, noon: time_machine.Traveller
) -> None:
    noon.shift(1)
    hand_over("50500")
    assert intake({"bitcoin"}).covers
    assert not intake({"bitcoin", "tether"}).covers
    assert not intake(set()).covers


def test_what_was_seen_since_the_price_before_is_kept_with_the_sample_and_taken_once(
    fake: FakeCoinGecko, noon: time_machine.Traveller
) -> None:
    noon.shift(1)
    held = (Span(clock.now() - timedelta(seconds=0.3), D(49800), D(51000)), Span(clock.now(), D(50400), D(50500)))
    hand_over("50500", spans=held)
    came = intake({"bitcoin"})
    assert came.tick is not None
    assert (came.tick.quotes[0].low, came.tick.quotes[0].high) == (D(49800), D(51000))
    assert samples("bitcoin", clock.now(), clock.now()) == [Sample(clock.now(), D(50500), D(49800), D(51000))]
    noon.shift(1)
    hand_over("50400", spans=(*held, Span(clock.now(), D(50450), D(50490))))
    came = intake({"bitcoin"})
    assert came.tick is not None
    assert (came.tick.quotes[0].low, came.tick.quotes[0].high) == (D(50400), D(50490))


def test_a_leap_of_30_percent_waits_for_the_next_tick_here_too(
    fake: FakeCoinGecko, noon: time_machine.Traveller
) -> None:
    noon.shift(1)
    hand_over("70000")
    assert intake({"bitcoin"}).tick is None
    assert stored().price == 50000
    noon.shift(1)
    hand_over("70100")
    assert intake({"bitcoin"}).tick is not None
    assert stored().price == 70100


def test_a_poll_of_coingecko_keeps_the_price_that_exchanges_know_better(
    fake: FakeCoinGecko, noon: time_machine.Traveller
) -> None:
    noon.shift(61)
    hand_over("50500", ago=1)
    intake({"bitcoin"})
    fake.set_price("bitcoin", 50_000, price_change_percentage_24h_in_currency=D(2), market_cap_rank=7)
    refresh({"bitcoin"}, Urgency.WATCHED)
    row = stored()
    assert (row.price, row.source, row.as_of) == (D(50500), "Kraken", clock.now() - timedelta(seconds=1))
    assert row.change_24h == D("3.02")  # 2 % at 50,000
    assert row.asset.rank == 7


def test_once_the_exchanges_are_silent_coingecko_takes_over(fake: FakeCoinGecko, noon: time_machine.Traveller) -> None:
    noon.shift(61)
    hand_over("50500", ago=1)
    intake({"bitcoin"})
    noon.shift(61)
    fake.set_price("bitcoin", 50_100)
    came = intake({"bitcoin"})
    assert (came.tick, came.covers, came.lost) == (None, False, True)
    refresh({"bitcoin"}, Urgency.WATCHED)
    assert (stored().price, stored().source) == (D(50100), "CoinGecko")
    assert not intake({"bitcoin"}).lost


def stands(*, connected: bool) -> None:
    """How the feed of Kraken stands, as the process tells it."""
    state = FeedState("kraken", "Kraken", "", clock.now().timestamp(), connected)
    handover.redis().hset(handover.FEEDS, "kraken", handover.write_feed(state))


def took_in_and_heard_no_more(noon: time_machine.Traveller, *, connected: bool) -> None:
    """A price that was taken in, and of which the exchange says nothing any more."""
    noon.shift(1)
    hand_over("50500")
    intake({"bitcoin"})
    handover.redis().hdel(handover.PRICES, "bitcoin")
    stands(connected=connected)


def test_a_price_whose_exchange_is_away_is_marked_once_until_it_is_heard_again(
    fake: FakeCoinGecko, noon: time_machine.Traveller
) -> None:
    took_in_and_heard_no_more(noon, connected=False)
    marked = intake({"bitcoin"}).marked
    assert marked is not None
    assert [(quote.asset, quote.price, quote.silent) for quote in marked.quotes] == [("bitcoin", D(50500), True)]
    assert stored().silent
    assert stored().sequence == marked.sequence
    assert market_of("bitcoin").stale
    assert intake({"bitcoin"}).marked is None
    hand_over("50500")  # the same trade, told again by a feed that is back
    came = intake({"bitcoin"})
    assert came.tick is not None
    assert not came.tick.quotes[0].silent
    assert not stored().silent
    assert not market_of("bitcoin").stale


def test_a_coin_that_is_quiet_on_an_exchange_that_lives_is_not_marked(
    fake: FakeCoinGecko, noon: time_machine.Traveller
) -> None:
    took_in_and_heard_no_more(noon, connected=True)
    came = intake({"bitcoin"})
    assert (came.marked, came.lost) == (None, True)
    assert not stored().silent


def test_the_mark_stays_while_coingecko_knows_nothing_newer_and_goes_with_its_next_price(
    fake: FakeCoinGecko, noon: time_machine.Traveller
) -> None:
    noon.shift(61)
    hand_over("50500", ago=-2)
    intake({"bitcoin"})
    handover.redis().flushdb()
    assert intake({"bitcoin"}).marked is not None
    fake.set_price("bitcoin", 50_100)
    refresh({"bitcoin"}, Urgency.WATCHED)
    assert (stored().price, stored().silent) == (D(50500), True)
    noon.shift(61)
    fake.set_price("bitcoin", 50_200)
    refresh({"bitcoin"}, Urgency.WATCHED)
    assert (stored().price, stored().source, stored().silent) == (D(50200), "CoinGecko", False)


def market_of(asset: str) -> Market:
    return markets_of([asset], "usd", clock.now())[asset]


def test_what_coingecko_states_of_what_is_wanted_is_passed_on(fake: FakeCoinGecko) -> None:
    told = {
        asset: handover.read_anchor(str(text)) for asset, text in handover.redis().hgetall(handover.ANCHORS).items()
    }
    assert {asset: anchor.price for asset, anchor in told.items()} == {"bitcoin": D(50000), "tether": D(1)}
    assert told["bitcoin"].at == NOON


def test_without_redis_nothing_comes_and_nothing_breaks(
    fake: FakeCoinGecko, noon: time_machine.Traveller, valkey: Valkey
) -> None:
    valkey.kill()
    try:
        assert intake({"bitcoin"}) == Intake(None, covers=False)
        noon.shift(61)
        fake.set_price("bitcoin", 50_100)
        assert refresh({"bitcoin"}, Urgency.WATCHED) is not None
        assert stored().price == 50100
    finally:
        valkey.start()


def test_a_coin_that_coingecko_has_not_stated_waits_for_it(valkey: Valkey) -> None:
    Asset.objects.create(id="cardano", symbol="ada", name="Cardano")
    hand_over("0.5", asset="cardano")
    came = intake({"cardano"})
    assert came.tick is None
    assert not MarketQuote.objects.filter(pk="cardano").exists()


def test_statements_do_not_grow_with_coins(
    fake: FakeCoinGecko, noon: time_machine.Traveller, django_assert_max_num_queries: object
) -> None:
    coins = [f"coin{number}" for number in range(60)]
    Asset.objects.bulk_create(Asset(id=coin, symbol=coin, name=coin) for coin in coins)
    MarketQuote.objects.bulk_create(
        MarketQuote(asset_id=coin, price=D(1), as_of=NOON, source="CoinGecko") for coin in coins
    )
    noon.shift(1)
    for coin in coins:
        hand_over("1.01", asset=coin)
    with django_assert_max_num_queries(15):  # type: ignore[operator]
        came = intake(set(coins))
    assert came.tick is not None
    assert len(came.tick.quotes) == 60
