"""Our requests against CoinGecko's own description of its API, our reading against answers recorded from it."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from dashboard.market.coingecko import CoinGecko, read_coin, read_quote, read_rates
from dashboard.market.recording import Recording
from dashboard.market.replay import answer, encode
from dashboard.market.source import SourceGarbled, SourceRefused, SourceUnavailable
from dashboard.market.wire import parse_json
from tests.fakes.coingecko import FakeCoinGecko

DATA = Path(__file__).parents[2].parent / "shared" / "data" / "coingecko"
if not DATA.is_dir():
    pytest.skip(f"did not run: CoinGecko's recorded answers are not at {DATA}", allow_module_level=True)

API: dict[str, Any] = json.loads((DATA / "openapi-demo-api.json").read_text())
EDGE: dict[str, Any] = parse_json((DATA / "markets_edge_rows.json").read_bytes())  # type: ignore[assignment]
ERRORS: list[dict[str, Any]] = json.loads((DATA / "error_bodies.json").read_text())["bodies"]
RECORDED = DATA / "recorded"


def source_answering(respond: Callable[[httpx.Request], httpx.Response]) -> CoinGecko:
    return CoinGecko("https://api.example.org/api/v3", transport=httpx.MockTransport(respond))


def answering(body: bytes, status: int = 200, headers: dict[str, str] | None = None) -> CoinGecko:
    return source_answering(lambda request: httpx.Response(status, content=body, headers=headers))


CALLS: list[tuple[str, Callable[[CoinGecko], object]]] = [
    ("/coins/markets", lambda source: source.quotes(["bitcoin", "ethereum"], top=True)),
    ("/coins/list", lambda source: source.coins()),
    ("/search", lambda source: source.search("ether")),
    ("/exchange_rates", lambda source: source.exchange_rates()),
]


@pytest.mark.parametrize(("path", "call"), CALLS)
def test_every_request_is_one_that_the_api_describes(path: str, call: Callable[[CoinGecko], object]) -> None:
    asked: list[httpx.Request] = []
    bodies = {"/coins/markets": b"[]", "/coins/list": b"[]", "/search": b'{"coins": []}'}

    def respond(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        body = bodies.get(path, b'{"rates": {"usd": {"value": 1, "type": "fiat"}}}')
        return httpx.Response(200, content=body)

    call(source_answering(respond))
    described = {parameter["name"]: parameter for parameter in API["paths"][path]["get"].get("parameters", [])}
    assert asked
    for request in asked:
        address = urlsplit(str(request.url))
        assert address.path == f"/api/v3{path}"
        given = parse_qs(address.query, keep_blank_values=True, strict_parsing=bool(address.query))
        assert set(given) <= set(described)
        assert {name for name, parameter in described.items() if parameter.get("required")} <= set(given)
        for name, values in given.items():
            allowed = described[name]["schema"].get("enum")
            assert allowed is None or values[0] in allowed
        if "per_page" in given:
            assert 1 <= int(given["per_page"][0]) <= 250
        for timeframe in given.get("price_change_percentage", [""])[0].split(","):
            assert not timeframe or f"`{timeframe}`" in described["price_change_percentage"]["description"]


def test_the_key_goes_into_the_header_that_the_api_names() -> None:
    scheme = API["components"]["securitySchemes"]["headerAuth"]
    source = CoinGecko("https://api.example.org", api_key="key", plan="demo")
    assert (scheme["in"], source.headers[scheme["name"]]) == ("header", "key")


def test_the_described_examples_are_read() -> None:
    def example(path: str) -> Any:
        found = API["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["example"]
        return parse_json(json.dumps(found).encode())

    (quote,) = [read_quote(row) for row in example("/coins/markets")]
    assert quote is not None
    assert (quote.asset, quote.price, quote.rank) == ("bitcoin", Decimal(77671), 1)
    assert (quote.change_1h, quote.change_7d) == (Decimal("0.5823392426906319"), Decimal("-4.042267423689584"))
    assert [coin.id for row in example("/search")["coins"] if (coin := read_coin(row))] == ["ethereum"]
    assert all(read_coin(row) for row in example("/coins/list"))
    rates = {rate.code: rate for rate in read_rates(example("/exchange_rates")["rates"])}
    assert rates["usd"].per_usd == 1
    assert rates["aed"].fiat
    assert not rates["eth"].fiat
    assert Decimal("3.67") < rates["aed"].per_usd < Decimal("3.68")


def test_a_recorded_market_answer_is_read_exactly() -> None:
    body = (RECORDED / "coins_markets__ids=bitcoin__vs_currency=usd.json").read_bytes()
    (quote,) = answering(body).quotes(["bitcoin"], top=False)
    assert (quote.symbol, quote.name, quote.price) == ("btc", "Bitcoin", Decimal(49053))
    assert quote.market_cap == 917825524991
    assert quote.change_24h == Decimal("-4.37931")
    assert quote.ath == 64805
    assert quote.as_of is not None
    assert quote.as_of.isoformat() == "2021-05-15T15:59:43.867000+00:00"


def test_the_recorded_list_of_coins_is_read_whole() -> None:
    coins = answering((RECORDED / "coins_list.json").read_bytes()).coins()
    assert len(coins) == 7248
    assert len({coin.id for coin in coins}) == 7248


def test_awkward_coins_are_kept_apart_by_their_ids() -> None:
    awkward = json.loads((DATA / "coins_list_awkward.json").read_text())
    recorded = {coin.id: coin for coin in answering((RECORDED / "coins_list.json").read_bytes()).coins()}
    for shared in awkward["most_shared_symbols"]:
        assert {recorded[coin].symbol for coin in shared["coins"]} == {shared["symbol"]}


def test_awkward_rows_are_read_as_they_stand() -> None:
    quotes = {row["id"]: read_quote(row) for row in EDGE["rows"]}
    assert None not in quotes.values()
    prices = {asset: quote.price for asset, quote in quotes.items() if quote}
    assert prices["dsun-token"] == Decimal("0.000000003271")
    assert prices["kiwigo"] == Decimal("0.01135366")
    dsun, kiwigo = quotes["dsun-token"], quotes["kiwigo"]
    assert dsun is not None
    assert kiwigo is not None
    assert (dsun.rank, dsun.market_cap, dsun.max_supply) == (None, 0, Decimal(10) ** 15)
    assert (kiwigo.high_24h, kiwigo.change_24h, kiwigo.change_1h) == (None, None, None)


def test_a_row_of_nulls_is_a_coin_without_a_price() -> None:
    quote = read_quote(EDGE["all_null_row"]["row"])
    assert quote is not None
    assert (quote.name, quote.price, quote.as_of) == ("test", None, None)


@pytest.mark.parametrize("error", [error for error in ERRORS if error["status"] != 200], ids=lambda e: e["status"])
def test_every_error_seen_becomes_ours_with_its_words(error: dict[str, Any]) -> None:
    text = error["body"] if isinstance(error["body"], str) else json.dumps(error["body"])
    headers = {"Retry-After": "7"} if error["status"] == 429 else None
    expected = SourceUnavailable if error["status"] >= 500 else SourceRefused
    with pytest.raises(expected) as raised:
        answering(text.encode(), error["status"], headers).quotes(["bitcoin"], top=False)
    words = error["body"]
    if isinstance(words, dict):
        shape = words["status"] if isinstance(words.get("status"), dict) else words
        words = shape.get("error_message") or shape["error"]
        assert words[:100] in str(raised.value)
    if error["status"] == 429:
        assert isinstance(raised.value, SourceRefused)
        assert raised.value.retry_after == 7


@pytest.mark.parametrize("error", [error for error in ERRORS if error["status"] == 200], ids=str)
def test_a_fault_that_hides_in_a_good_answer_is_no_price(error: dict[str, Any]) -> None:
    with pytest.raises(SourceGarbled):
        answering(json.dumps(error["body"]).encode()).quotes(["bitcoin"], top=False)


@pytest.mark.parametrize("name", ["replay", "fake"])
def test_what_we_serve_ourselves_has_the_fields_that_the_api_has(name: str) -> None:
    recorded = json.loads((RECORDED / "coins_markets__ids=bitcoin__vs_currency=usd.json").read_text())[0]
    now = datetime.now(UTC)
    if name == "replay":
        found = answer(Recording(now), "/coins/markets", {"vs_currency": "usd"}, now)
    else:
        fake = FakeCoinGecko()
        fake.set_price("bitcoin", 1)
        found = answer(fake.prices, "/coins/markets", {"vs_currency": "usd"}, now)
        fake.server_close()
    served = json.loads(encode(found.body))[0]
    assert set(served) <= set(recorded)
    read = ["current_price", "market_cap", "market_cap_rank", "last_updated", "circulating_supply", "high_24h", "ath"]
    assert set(read) <= set(served)
