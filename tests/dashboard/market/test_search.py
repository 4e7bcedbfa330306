"""Finding coins: what is at hand first, then the source, and never an error."""

from datetime import timedelta

import pytest
import stamina

from dashboard import clock
from dashboard.market.search import coins_at_source, ensure_asset, refresh_coin_list, search_coins, store_coin_list
from dashboard.models import Asset, MarketQuote, MarketState
from tests.fakes.coingecko import FakeCoinGecko

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nothing_asked_before() -> None:
    coins_at_source.cache_clear()


def ids(query: str) -> list[str]:
    return [asset.id for asset in search_coins(query)]


def test_coins_at_hand_come_best_rank_first_by_name_or_ticker(fake: FakeCoinGecko) -> None:
    for rank, name in [(None, "Ether Nothing"), (9, "Ethereum Classic"), (2, "Ethereum"), (700, "Etherisc")]:
        Asset.objects.create(id=name.lower().replace(" ", "-"), symbol="x", name=name, rank=rank)
    Asset.objects.create(id="wrapped", symbol="ETHER", name="Wrapped", rank=50)
    assert ids("ether") == ["ethereum", "ethereum-classic", "wrapped", "etherisc", "ether-nothing"]
    assert not fake.requests


def test_the_source_is_asked_where_few_are_at_hand_and_its_coins_are_kept(fake: FakeCoinGecko) -> None:
    assert ids("tet") == ["tether"]
    assert Asset.objects.get(id="tether").symbol == "usdt"
    assert ids("tet") == ["tether"]
    assert fake.requests["/search"] == 1


def test_a_source_that_fails_leaves_what_is_at_hand(fake: FakeCoinGecko) -> None:
    Asset.objects.create(id="bitcoin", symbol="btc", name="Bitcoin", rank=1)
    fake.fail("500")
    assert ids("bit") == ["bitcoin"]


def test_a_source_that_is_known_to_fail_is_not_waited_for(fake: FakeCoinGecko) -> None:
    MarketState.objects.create(failing_since=clock.now(), next_poll_at=clock.now().replace(year=9000))
    assert ids("bitcoin") == []
    assert not fake.requests


@pytest.mark.parametrize("query", ["", "   ", "%", "\x00", "x" * 500, "<b>", "'; --"])
def test_any_text_may_be_typed(fake: FakeCoinGecko, query: str) -> None:
    assert ids(query) == []


def test_currencies_are_no_coins(fake: FakeCoinGecko) -> None:
    Asset.objects.get_or_create(id="eur", defaults={"kind": Asset.Kind.FIAT, "symbol": "eur", "name": "Euro"})
    assert ids("eur") == []


def test_an_unknown_asset_is_fetched_with_its_quote(fake: FakeCoinGecko) -> None:
    asset = ensure_asset("ethereum")
    assert asset is not None
    assert asset.name == "Ethereum"
    assert MarketQuote.objects.get(asset="ethereum").price == 2_000
    ensure_asset("ethereum")
    assert fake.requests["/coins/markets"] == 1


def test_an_asset_that_nobody_knows_is_none(fake: FakeCoinGecko) -> None:
    assert ensure_asset("no-such-coin") is None
    assert ensure_asset("") is None
    fake.fail("html")
    assert ensure_asset("ethereum") is None


def test_the_whole_list_becomes_assets_and_changes_none_that_is_there(fake: FakeCoinGecko) -> None:
    Asset.objects.create(id="bitcoin", symbol="btc", name="Bitcoin", rank=1)
    assert store_coin_list() == 3
    assert Asset.objects.get(id="bitcoin").rank == 1
    assert ids("ethereum")[0] == "ethereum"


def test_calls_made_for_a_search_count(fake: FakeCoinGecko) -> None:
    MarketState.objects.create()
    search_coins("tether")
    assert MarketState.objects.get().calls == 1


def test_the_list_is_fetched_once_a_day(fake: FakeCoinGecko) -> None:
    refresh_coin_list()
    refresh_coin_list()
    assert fake.requests["/coins/list"] == 1
    MarketState.objects.update(coins_fetched_at=clock.now() - timedelta(days=1, minutes=1))
    refresh_coin_list()
    assert fake.requests["/coins/list"] == 2


def test_a_list_that_fails_is_asked_for_again_after_an_hour(fake: FakeCoinGecko) -> None:
    fake.fail("500")
    with stamina.set_testing(True, attempts=1):
        refresh_coin_list()
        refresh_coin_list()
    assert fake.requests["/coins/list"] == 1
    fake.heal()
    MarketState.objects.update(coins_fetched_at=clock.now() - timedelta(days=1))
    refresh_coin_list()
    assert Asset.objects.filter(id="bitcoin").exists()
