"""Which pair is which asset, by CoinGecko's lists."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import httpx
import pytest

from dashboard.market.coingecko import CoinGecko
from dashboard.market.source import Listing, SourceGarbled
from dashboard.market.streams.board import Pair
from dashboard.market.streams.catalogue import EXCHANGES
from dashboard.market.streams.identity import Identity, read_known, write_known

NOW = datetime(2026, 5, 3, 12, tzinfo=UTC)
# From docs.coingecko.com/demo/reference/exchanges-id-tickers.
SAMPLE = {
    "base": "BTC",
    "target": "USDT",
    "market": {"name": "Binance", "identifier": "binance", "has_trading_incentive": False},
    "last": 77172.88,
    "volume": 9243.62632,
    "cost_to_move_up_usd": 21983152.092277337,
    "cost_to_move_down_usd": 19695552.01703934,
    "converted_last": {"btc": 0.99912594, "eth": 36.349604, "usd": 77080},
    "converted_volume": {"btc": 9236, "eth": 336002, "usd": 712501236},
    "trust_score": None,
    "bid_ask_spread_percentage": 0.010013,
    "timestamp": "2026-05-26T10:32:37+00:00",
    "last_traded_at": "2026-05-26T10:32:37+00:00",
    "last_fetch_at": "2026-05-26T10:33:31+00:00",
    "is_anomaly": False,
    "is_stale": False,
    "trade_url": "https://www.binance.com/en/trade/BTC_USDT?ref=37754157",
    "token_info_url": None,
    "coin_id": "bitcoin",
    "target_coin_id": "tether",
    "coin_mcap_usd": 1545160286928.7285,
}


def listing(
    target: str,
    target_asset: str | None = None,
    *,
    base: str = "BTC",
    asset: str = "bitcoin",
    volume: int = 1,
    doubtful: bool = False,
) -> Listing:
    return Listing(asset, base, target, target_asset, Decimal(volume), doubtful)


TETHER, CIRCLE = ("USDT", "tether"), ("USDC", "usd-coin")


def knowing(*listings: Listing, exchange: str = "kraken") -> Identity:
    identity = Identity(EXCHANGES[exchange])
    identity.learn({"bitcoin", "ethereum", *(each.asset for each in listings)}, listings, NOW)
    return identity


def names(identity: Identity, *assets: str, without: set[str] | None = None) -> list[str]:
    return [pair.name for pair in identity.pairs(assets or ("bitcoin",), without or set())]


def test_dollars_come_first_then_tether_then_usdc_then_what_is_traded_more() -> None:
    offered = [listing("EUR"), listing(*CIRCLE, volume=9), listing(*TETHER, volume=5), listing("USD")]
    assert names(knowing(*offered)) == ["BTC/USD"]
    assert names(knowing(*offered[:3])) == ["BTC/USDT"]
    assert names(knowing(*offered[:2])) == ["BTC/USDC"]
    assert names(knowing(offered[0])) == []
    assert names(knowing(listing("USD", base="AAA"), listing("USD", base="BBB", volume=7))) == ["BBB/USD"]


def test_what_a_pair_is_counted_in_is_told_along() -> None:
    assert knowing(listing(*TETHER)).pairs(["bitcoin"]) == [Pair("Kraken", "BTC/USDT", "bitcoin", "tether")]


def test_a_ticker_that_another_coin_bears_is_not_taken_for_it() -> None:
    assert names(knowing(listing("USDT", "another-usdt"), listing("USDT"))) == []
    wrong = listing("USD", base="ETH", asset="ethereum-impostor")
    assert names(knowing(wrong), "ethereum") == []


def test_what_is_doubtful_or_was_refused_is_left_out() -> None:
    offered = knowing(listing("USD", doubtful=True), listing(*TETHER), listing(*CIRCLE))
    assert names(offered) == ["BTC/USDT"]
    assert names(offered, without={"BTC/USDT"}) == ["BTC/USDC"]


def test_tether_is_not_counted_in_itself() -> None:
    own = listing(*TETHER, base="USDT", asset="tether")
    assert names(knowing(own), "tether") == []


def test_what_is_known_also_that_there_is_nothing_holds_for_a_day() -> None:
    identity = knowing(listing("USD"))
    assert identity.unknown(["bitcoin", "ethereum", "cardano"], NOW) == ["cardano"]
    assert identity.unknown(["bitcoin", "ethereum"], NOW + timedelta(days=1)) == ["bitcoin", "ethereum"]
    assert names(identity) == ["BTC/USD"]  # what is being asked for anew counts meanwhile


def test_what_is_known_is_written_and_read_back() -> None:
    known = knowing(listing(*TETHER, volume=3), listing("USD")).known["bitcoin"]
    assert read_known(write_known(known)) == known


def asking(*pages: object) -> tuple[CoinGecko, list[httpx.URL]]:
    seen: list[httpx.URL] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request.url)
        return httpx.Response(200, json=pages[len(seen) - 1])

    return CoinGecko("http://gecko.test/api/v3", transport=httpx.MockTransport(handle)), seen


def test_coingecko_is_asked_for_the_pairs_of_some_assets() -> None:
    source, seen = asking({"name": "Binance", "tickers": [SAMPLE]})
    found, more = source.listings("binance", ["bitcoin", "ethereum"], 1)
    assert found == (Listing("bitcoin", "BTC", "USDT", "tether", Decimal(712501236), doubtful=False),)
    assert not more
    (url,) = seen
    assert url.path == "/api/v3/exchanges/binance/tickers"
    assert dict(url.params) == {"order": "base_target", "page": "1", "coin_ids": "bitcoin,ethereum"}
    assert source.calls == 1


def test_a_full_page_means_that_more_follow_and_no_names_mean_all() -> None:
    source, seen = asking({"tickers": [SAMPLE] * 100})
    found, more = source.listings("binance", [], 3)
    assert (len(found), more) == (100, True)
    assert "coin_ids" not in seen[0].params


@pytest.mark.parametrize("facts", [{"is_stale": True}, {"is_anomaly": True}])
def test_what_coingecko_doubts_is_doubtful(facts: dict[str, bool]) -> None:
    source, _ = asking({"tickers": [{**SAMPLE, **facts}]})
    assert source.listings("binance", [], 1)[0][0].doubtful


@pytest.mark.parametrize(
    "facts", [{"coin_id": None}, {"coin_id": 7}, {"coin_id": "a b"}, {"base": None}, {"target": ""}, {"base": 3}]
)
def test_a_row_that_cannot_be_used_spoils_no_other(facts: dict[str, object]) -> None:
    source, _ = asking({"tickers": [{**SAMPLE, **facts}, None, 7, SAMPLE]})
    assert len(source.listings("binance", [], 1)[0]) == 1


@pytest.mark.parametrize("answer", [[], {}, {"tickers": None}, {"tickers": {}}])
def test_an_answer_without_a_list_is_garbled(answer: object) -> None:
    source, _ = asking(answer)
    with pytest.raises(SourceGarbled):
        source.listings("binance", [], 1)
