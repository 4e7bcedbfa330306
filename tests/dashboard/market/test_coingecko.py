"""What CoinGecko's answers become, against a real local server and by tables of single rows."""

import socket
import time
from contextlib import suppress
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.market.coingecko import CoinGecko, batches, read_quote, read_rates
from dashboard.market.source import SourceError, SourceGarbled, SourceRefused, SourceUnavailable
from dashboard.market.wire import error_words, parse_json
from tests.fakes.coingecko import ROW_MODES, FakeCoinGecko

ROW: dict[str, Any] = {
    "id": "bitcoin",
    "symbol": "btc",
    "name": "Bitcoin",
    "current_price": Decimal("49053.25"),
    "market_cap": Decimal(917825524991),
    "market_cap_rank": Decimal(1),
    "last_updated": "2021-05-15T15:59:43.867Z",
}


def row_with(**facts: Any) -> dict[str, Any]:
    return {**ROW, **facts}


def source(fake: FakeCoinGecko, **options: Any) -> CoinGecko:
    return CoinGecko(fake.url, **options)


def test_a_quote_holds_the_sources_exact_figures_and_its_own_time(fake: FakeCoinGecko) -> None:
    fake.set_price("bitcoin", "0.123456789012345678", last_updated="2021-05-15T15:59:43.867Z")
    (quote,) = source(fake).quotes(["bitcoin"], top=False)
    assert quote.price == Decimal("0.123456789012345678")
    assert quote.as_of is not None
    assert quote.as_of.isoformat() == "2021-05-15T15:59:43.867000+00:00"
    assert (quote.change_1h, quote.change_24h, quote.change_7d) == (Decimal("0.5"), Decimal("1.5"), Decimal("-2.5"))


def test_the_largest_coins_and_those_beyond_come_once_each(fake: FakeCoinGecko) -> None:
    asked = source(fake)
    quotes = asked.quotes(["ethereum", "bitcoin"], top=True)
    assert sorted(quote.asset for quote in quotes) == ["bitcoin", "ethereum", "tether"]
    assert asked.calls == 1


def test_ids_are_joined_without_blanks_and_the_currency_is_named(fake: FakeCoinGecko) -> None:
    source(fake).quotes(["bitcoin", "ethereum"], top=False)
    address = fake.seen[0][0]
    assert "ids=bitcoin,ethereum" in address
    assert parse_qs(urlsplit(address).query)["vs_currency"] == ["usd"]


@pytest.mark.parametrize(("plan", "header"), [("demo", "x-cg-demo-api-key"), ("pro", "x-cg-pro-api-key")])
def test_each_plan_has_its_own_header_for_the_key(fake: FakeCoinGecko, plan: str, header: str) -> None:
    source(fake, api_key="secret", plan=plan).quotes(["bitcoin"], top=False)
    assert fake.seen[0][1][header] == "secret"


def test_without_a_plan_no_key_is_sent(fake: FakeCoinGecko) -> None:
    source(fake, api_key="secret", plan="keyless").quotes(["bitcoin"], top=False)
    assert "secret" not in str(fake.seen[0][1])


def test_at_most_250_ids_go_into_one_call() -> None:
    made = list(batches(f"coin-{number}" for number in range(600)))
    assert [batch.count(",") + 1 for batch in made] == [250, 250, 100]


def test_long_ids_make_smaller_batches_and_awkward_ones_are_escaped_or_left_out() -> None:
    assert all(len(batch) < 6300 for batch in batches("x" * 190 + str(number) for number in range(250)))
    assert list(batches(["a&b", "with blank", "a,b", "", "science_chain"])) == ["a%26b,science_chain"]


@pytest.mark.parametrize(
    ("mode", "error"),
    [
        ("429", SourceRefused),
        ("401", SourceRefused),
        ("400", SourceRefused),
        ("html_403", SourceRefused),
        ("500", SourceUnavailable),
        ("503", SourceUnavailable),
        ("html", SourceGarbled),
        ("not_utf8", SourceGarbled),
        ("deep", SourceGarbled),
        ("cut_json", SourceGarbled),
        ("empty_object", SourceGarbled),
        ("null", SourceGarbled),
        ("redirect", SourceGarbled),
        ("large", SourceGarbled),
        ("reset", SourceUnavailable),
    ],
)
def test_each_fault_becomes_an_error_of_ours(fake: FakeCoinGecko, mode: str, error: type[SourceError]) -> None:
    fake.fail(mode)
    with pytest.raises(error):
        source(fake).quotes(["bitcoin"], top=True)


def test_a_redirect_to_another_host_is_not_followed(fake: FakeCoinGecko) -> None:
    fake.fail("redirect", times=1)
    with pytest.raises(SourceGarbled):
        source(fake).quotes(["bitcoin"], top=False)
    assert list(fake.requests) == ["/coins/markets"]


@pytest.mark.parametrize("mode", ["timeout", "drip", "drip_headers"])
def test_one_deadline_holds_for_the_whole_call(fake: FakeCoinGecko, mode: str) -> None:
    fake.fail(mode)
    started = time.monotonic()
    with pytest.raises(SourceUnavailable):
        source(fake, timeout=1.5).quotes(["bitcoin"], top=False)
    assert time.monotonic() - started < 2.5


def test_a_server_that_is_not_there_is_unavailable() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(SourceUnavailable):
        CoinGecko(f"http://127.0.0.1:{port}").quotes(["bitcoin"], top=False)


@pytest.mark.parametrize(
    ("retry_after", "seconds"),
    [(None, None), ("7", 7.0), ("0", 0.0), ("soon", None), ("-5", None), ("99999999999999999999", 3600.0)],
)
def test_a_wait_that_the_source_asks_for_is_read(
    fake: FakeCoinGecko, retry_after: str | None, seconds: float | None
) -> None:
    fake.fail("429", retry_after=retry_after)
    with pytest.raises(SourceRefused, match="Rate Limit") as refused:
        source(fake).quotes(["bitcoin"], top=False)
    assert refused.value.retry_after == seconds


@pytest.mark.parametrize("mode", sorted(set(ROW_MODES) - {"older", "future", "wrong_currency", "zero", "null_price"}))
def test_a_bad_row_spoils_no_other(fake: FakeCoinGecko, mode: str) -> None:
    fake.fail(mode, asset="ethereum")
    quotes = source(fake).quotes(["bitcoin", "ethereum", "tether"], top=True)
    assert sorted(quote.asset for quote in quotes) == ["bitcoin", "tether"]


@pytest.mark.parametrize("price", [None, Decimal(0), Decimal("1e-30")])
def test_a_price_of_null_or_nothing_is_unknown(price: Decimal | None) -> None:
    quote = read_quote(row_with(current_price=price))
    assert quote is not None
    assert quote.price is None


@pytest.mark.parametrize(
    "facts",
    [
        {"market_cap": "many"},
        {"market_cap": Decimal("1e400")},
        {"market_cap": Decimal(-1)},
        {"market_cap": [1]},
        {"market_cap": True},
    ],
)
def test_a_bad_side_fact_is_unknown_and_the_price_stays(facts: dict[str, Any]) -> None:
    quote = read_quote(row_with(**facts))
    assert quote is not None
    assert quote.market_cap is None
    assert quote.price == Decimal("49053.25")


@pytest.mark.parametrize(
    "row",
    [
        None,
        [],
        "bitcoin",
        {},
        row_with(id=7),
        row_with(id=""),
        row_with(id="a,b"),
        row_with(id="x" * 201),
        row_with(last_updated="yesterday"),
        row_with(last_updated="2021-05-15T15:59:43"),
        row_with(last_updated=Decimal(1621094383)),
    ],
)
def test_a_row_without_a_usable_id_or_time_is_no_quote(row: object) -> None:
    assert read_quote(row) is None


def test_names_are_one_printable_line() -> None:
    quote = read_quote(row_with(name="Evil\n\x00 <b>Coin</b>\u202e" + "x" * 300, symbol=None))
    assert quote is not None
    assert quote.name.startswith("Evil <b>Coin</b> x")
    assert len(quote.name) == 200
    assert quote.symbol == "bitcoin"


# What parse_json makes of a value: its numbers are finite, whatever was sent.
JSON = st.one_of(
    st.none(),
    st.booleans(),
    st.decimals(allow_nan=False, allow_infinity=False),
    st.text(max_size=20),
    st.just([]),
    st.just({"usd": 1}),
    st.just("NaN"),
)


@given(st.fixed_dictionaries({}, optional=dict.fromkeys([*ROW, "ath", "ath_date", "total_volume"], JSON)))
def test_no_row_whatever_it_holds_raises(row: dict[str, Any]) -> None:
    quote = read_quote({**ROW, **row})
    assert quote is None or quote.price is None or 0 < quote.price < Decimal("1e15")


def test_numbers_are_exact_as_far_as_they_are_kept() -> None:
    body = b"[12.3400, 0.123456789012345678, 0.1234567890123456785, 1e-18, 1e-30, 1E+3, -7, 12345678901234567890123]"
    told = ["12.3400", "0.123456789012345678", "0.123456789012345678", "1e-18", "0", "1000", "-7"]
    assert parse_json(body) == [*map(Decimal, told), Decimal(12345678901234567890123)]
    assert parse_json(b"[1e500, " + b"9" * 60 + b"]") == [Decimal("1e500"), Decimal("9" * 60)]
    assert parse_json(b"[" + b"9" * 65 + b", NaN]") == ["9" * 65, "NaN"]


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_but_our_error(body: bytes) -> None:
    with suppress(SourceGarbled):
        parse_json(body)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"error": "Missing parameter vs_currency"}', "Missing parameter vs_currency"),
        (b'{"status": {"error_code": 429, "error_message": "Rate  Limit"}}', "Rate Limit"),
        (b'{"status": 500, "error": "Internal Server Error"}', "Internal Server Error"),
        (b'{"error_code": 10010, "status": {"error_message": "host"}}', "host"),
        (b"<html>", ""),
        (b"[]", ""),
        (b'{"status": {"error_message": 5}}', ""),
    ],
)
def test_each_shape_of_error_gives_its_words(body: bytes, words: str) -> None:
    assert error_words(body) == words


def test_rates_are_turned_from_per_bitcoin_to_per_dollar(fake: FakeCoinGecko) -> None:
    rates = {rate.code: rate.per_usd for rate in source(fake).exchange_rates()}
    assert rates["usd"] == 1
    assert rates["eur"] == Decimal("0.8")


def test_a_bad_rate_spoils_no_other_but_the_dollar_is_needed() -> None:
    usd = {"value": Decimal(50000), "type": "fiat"}
    rates = read_rates({"usd": usd, "eur": {"value": "x"}, "gbp": {"value": Decimal(-1)}, "EVIL<b>": usd, "chf": None})
    assert [rate.code for rate in rates] == ["usd"]
    with pytest.raises(SourceGarbled):
        read_rates({"eur": usd})


def test_coins_are_found_by_the_sources_search(fake: FakeCoinGecko) -> None:
    assert source(fake).search("ethereum&query=bitcoin") == ()
    (coin,) = source(fake).search("ethereum")
    assert (coin.id, coin.symbol, coin.name) == ("ethereum", "eth", "Ethereum")


def test_the_list_of_coins_is_read(fake: FakeCoinGecko) -> None:
    assert {coin.id for coin in source(fake).coins()} == {"bitcoin", "ethereum", "tether"}
