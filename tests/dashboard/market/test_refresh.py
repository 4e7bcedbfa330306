"""Ticks against a real local source and a real database: what is stored, what is kept when the source misbehaves."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from pytest_django import DjangoAssertNumQueries, Settings

from dashboard import clock
from dashboard.market.refresh import Tick, Urgency, claim_poll, market_state, refresh, stale_before
from dashboard.models import Asset, MarketQuote, MarketState
from tests.fakes.coingecko import ANSWER_MODES, BODY_MODES, ROW_MODES, WIRE_MODES, FakeCoinGecko

pytestmark = pytest.mark.django_db

HELD = ["bitcoin", "ethereum"]
SLOW = {"timeout", "drip", "drip_headers"}


class Beat:
    """Ticks one second apart, by the seam of the clock."""

    def __init__(self, traveller: time_machine.Traveller) -> None:
        self.traveller = traveller

    def tick(self, seconds: float = 1, urgency: Urgency = Urgency.WATCHED, assets: list[str] = HELD) -> Tick | None:
        self.traveller.shift(seconds)
        return refresh(assets, urgency)


@pytest.fixture
def beat() -> Iterator[Beat]:
    with time_machine.travel(clock.now(), tick=False) as traveller:
        yield Beat(traveller)


def stored(asset: str) -> MarketQuote:
    return MarketQuote.objects.select_related("asset").get(asset=asset)


def prices() -> dict[str, Any]:
    return dict(MarketQuote.objects.values_list("asset", "price"))


def test_a_tick_stores_every_coin_and_tells_what_is_new(fake: FakeCoinGecko, beat: Beat) -> None:
    tick = beat.tick()
    assert tick is not None
    assert tick.sequence == 1
    assert {quote.asset: quote.price for quote in tick.quotes} == prices()
    assert prices() == {"bitcoin": 50_000, "ethereum": 2_000, "tether": 1}
    bitcoin = stored("bitcoin")
    assert (bitcoin.asset.symbol, bitcoin.asset.name, bitcoin.asset.rank) == ("btc", "Bitcoin", 1)
    assert (bitcoin.source, bitcoin.sequence) == ("CoinGecko", 1)


def test_only_what_changed_is_news_and_the_number_grows(fake: FakeCoinGecko, beat: Beat) -> None:
    fake.prices.frozen_at = clock.now()
    beat.tick()
    fake.set_price("ethereum", "2000.000000000000000001")
    tick = beat.tick()
    assert tick is not None
    assert tick.sequence == 2
    assert [(quote.asset, quote.price) for quote in tick.quotes] == [("ethereum", Decimal("2000.000000000000000001"))]


def test_nothing_new_is_no_tick(fake: FakeCoinGecko, beat: Beat) -> None:
    fake.prices.frozen_at = clock.now()
    assert beat.tick() is not None
    assert beat.tick() is None
    assert market_state().failing_since is None


def test_the_source_is_asked_once_a_tick_and_only_when_due(fake: FakeCoinGecko, beat: Beat, settings: Settings) -> None:
    settings.PRICE_REFRESH_SECONDS = None
    beat.tick()
    beat.tick(seconds=10)
    assert fake.requests["/coins/markets"] == 1
    beat.tick(seconds=50)
    assert fake.requests["/coins/markets"] == 2


def test_a_page_that_is_opened_brings_the_next_poll_forward(
    fake: FakeCoinGecko, beat: Beat, settings: Settings
) -> None:
    settings.PRICE_REFRESH_SECONDS = None
    beat.tick(urgency=Urgency.IDLE)
    beat.tick(seconds=100, urgency=Urgency.IDLE)
    assert fake.requests["/coins/markets"] == 1
    assert beat.tick(seconds=1, urgency=Urgency.WATCHED) is not None


def test_a_clock_that_was_set_back_does_not_stop_the_market(fake: FakeCoinGecko, beat: Beat) -> None:
    beat.tick()
    beat.tick(seconds=-3600)
    assert fake.requests["/coins/markets"] == 2


def test_a_coin_beyond_the_largest_costs_one_call_a_tick(fake: FakeCoinGecko, beat: Beat) -> None:
    Asset.objects.create(id="obscure", symbol="obs", name="Obscure")
    fake.set_price("obscure", "0.5", market_cap_rank=None)
    held = ["bitcoin", "obscure"]
    beat.tick(assets=held)
    fake.requests.clear()
    tick = beat.tick(assets=held)
    assert tick is not None
    assert {quote.asset for quote in tick.quotes} == {"bitcoin", "obscure"}
    assert fake.requests["/coins/markets"] == 1
    tick = beat.tick(seconds=60, assets=held)
    assert tick is not None
    assert {quote.asset for quote in tick.quotes} == {"bitcoin", "ethereum", "tether", "obscure"}


def test_a_currency_is_never_asked_for_as_a_coin(fake: FakeCoinGecko, beat: Beat) -> None:
    fake.set_price("eur", 5)
    Asset.objects.get_or_create(id="eur", defaults={"kind": Asset.Kind.FIAT, "symbol": "eur", "name": "Euro"})
    beat.tick(assets=["eur"])
    assert "eur" not in prices()
    assert Asset.objects.get(id="eur").kind == Asset.Kind.FIAT


def test_a_rank_is_taken_over_from_a_coin_that_is_no_longer_seen(fake: FakeCoinGecko, beat: Beat) -> None:
    beat.tick()
    del fake.prices.coins["tether"]
    fake.set_price("cardano", 1, market_cap_rank=3)
    beat.tick()
    assert Asset.objects.get(id="cardano").rank == 3
    assert Asset.objects.get(id="tether").rank is None


def test_the_number_of_statements_does_not_grow_with_the_coins(
    fake: FakeCoinGecko, beat: Beat, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(200):
        fake.set_price(f"coin-{number}", number + 1)
    with django_assert_max_num_queries(35):
        assert beat.tick() is not None


@pytest.mark.parametrize("mode", sorted(({*ROW_MODES, *BODY_MODES, *ANSWER_MODES, *WIRE_MODES} | {"429 retry"}) - SLOW))
def test_a_bad_answer_leaves_the_last_good_prices_and_is_overcome(fake: FakeCoinGecko, beat: Beat, mode: str) -> None:
    fake.set_price("bitcoin", 50_000, ath=Decimal(70_000))
    fake.set_price("ethereum", 2_000, ath=Decimal(4_900))
    fake.set_price("tether", 1, ath=Decimal("1.32"))
    beat.tick()
    before = {quote.asset_id: (quote.price, quote.as_of) for quote in MarketQuote.objects.all()}
    fake.fail(mode.split()[0], retry_after="5" if mode == "429 retry" else None)
    fake.set_price("bitcoin", 51_000)
    for _ in range(4):
        assert beat.tick() is None
    assert {quote.asset_id: (quote.price, quote.as_of) for quote in MarketQuote.objects.all()} == before
    fake.heal()
    beat.tick(seconds=5)
    assert prices() == {"bitcoin": 51_000, "ethereum": 2_000, "tether": 1}
    assert market_state().failing_since is None


@pytest.mark.parametrize("mode", sorted(SLOW))
def test_a_source_that_does_not_finish_is_given_up(fake: FakeCoinGecko, mode: str) -> None:
    refresh(HELD)
    fake.fail(mode)
    MarketState.objects.update(last_attempt_at=None, next_poll_at=None)
    assert refresh(HELD) is None
    assert prices()["bitcoin"] == 50_000
    assert market_state().reason == "no full answer within 5 seconds"


def test_one_bad_row_holds_up_no_other_coin(fake: FakeCoinGecko, beat: Beat) -> None:
    beat.tick()
    fake.fail("nan", asset="ethereum")
    fake.set_price("bitcoin", 50_500)
    fake.set_price("ethereum", 2_100)
    beat.tick()
    assert prices() == {"bitcoin": 50_500, "ethereum": 2_000, "tether": 1}


@pytest.mark.parametrize("mode", ["1e30", "infinity", "negative", "string_price"])
def test_no_impossible_price_is_stored_even_as_the_first(fake: FakeCoinGecko, beat: Beat, mode: str) -> None:
    fake.fail(mode, asset="bitcoin")
    beat.tick()
    assert "bitcoin" not in prices()


def test_a_wait_that_the_source_asks_for_is_kept(fake: FakeCoinGecko, beat: Beat) -> None:
    beat.tick()
    fake.fail("429", times=1, retry_after="30")
    beat.tick()
    asked = fake.requests["/coins/markets"]
    beat.tick(seconds=29)
    assert fake.requests["/coins/markets"] == asked
    assert market_state().failing_since is not None
    assert "Rate Limit" in market_state().reason
    assert beat.tick(seconds=1) is not None
    assert market_state().failing_since is None


def test_pauses_grow_to_a_minute_and_end_with_the_failure(fake: FakeCoinGecko, beat: Beat) -> None:
    beat.tick()
    fake.fail("500")
    for _ in range(200):
        beat.tick()
    asked = fake.requests["/coins/markets"]
    assert 65 <= asked <= 75
    fake.heal()
    for _ in range(60):
        beat.tick()
    assert market_state().failing_since is None


@pytest.mark.parametrize(("asset", "before", "after"), [("bitcoin", 50_000, 65_000), ("tether", 1, "0.94")])
def test_a_jump_waits_for_the_next_sample_to_confirm_it(
    fake: FakeCoinGecko, beat: Beat, asset: str, before: int, after: Any
) -> None:
    beat.tick()
    fake.set_price(asset, after)
    tick = beat.tick()
    assert tick is not None
    assert asset not in {quote.asset for quote in tick.quotes}
    assert prices()[asset] == before
    tick = beat.tick()
    assert tick is not None
    assert asset in {quote.asset for quote in tick.quotes}
    assert prices()[asset] == Decimal(after)
    assert stored(asset).pending_price is None


def test_a_jump_that_the_next_sample_takes_back_never_was(fake: FakeCoinGecko, beat: Beat) -> None:
    beat.tick()
    fake.set_price("bitcoin", 5)
    beat.tick()
    fake.set_price("bitcoin", 50_100)
    beat.tick()
    assert prices()["bitcoin"] == 50_100
    fake.set_price("bitcoin", 5)
    beat.tick()
    assert prices()["bitcoin"] == 50_100


def test_a_jump_is_not_confirmed_by_the_same_sample_from_a_cache(fake: FakeCoinGecko, beat: Beat) -> None:
    beat.tick()
    fake.set_price("bitcoin", 80_000)
    fake.prices.frozen_at = clock.now() + timedelta(seconds=1)
    for _ in range(5):
        beat.tick()
    assert prices()["bitcoin"] == 50_000
    fake.prices.frozen_at = None
    beat.tick()
    assert prices()["bitcoin"] == 80_000


def test_prices_grow_stale_by_the_sources_own_time(fake: FakeCoinGecko, beat: Beat) -> None:
    fake.prices.frozen_at = clock.now()
    beat.tick()
    assert not market_state().stale
    beat.tick(seconds=180)
    assert market_state().stale
    assert market_state().last_success_at == clock.now()
    fake.prices.frozen_at = None
    beat.tick()
    assert not market_state().stale
    assert market_state().as_of == trimmed(clock.now())


def trimmed(time: datetime) -> datetime:
    """To the milliseconds that the source states."""
    return time.replace(microsecond=time.microsecond // 1000 * 1000)


def test_staleness_follows_the_pace_in_force(fake: FakeCoinGecko, beat: Beat, settings: Settings) -> None:
    settings.PRICE_REFRESH_SECONDS = 600.0
    beat.tick()
    assert stale_before(clock.now()) == clock.now() - timedelta(seconds=1800)


def test_before_the_first_price_the_market_is_stale() -> None:
    state = market_state()
    assert state.stale
    assert state.as_of is None


def test_every_call_counts_against_the_month(fake: FakeCoinGecko, beat: Beat) -> None:
    beat.tick()
    fake.fail("500", times=1)
    beat.tick()
    assert MarketState.objects.get().calls == fake.requests["/coins/markets"] == 2
    beat.tick(seconds=40 * 86400)
    assert MarketState.objects.get().calls == 1


def test_of_two_ticks_at_once_one_asks(fake: FakeCoinGecko, beat: Beat) -> None:
    now = clock.now()
    assert claim_poll(HELD, Urgency.WATCHED, now) is not None
    assert claim_poll(HELD, Urgency.WATCHED, now) is None
