"""Cells are read to the last digit, whatever signs stand beside a number, and what is uncertain is refused."""

from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from dashboard.importing.cells import (
    Unreadable,
    amount,
    coin_amount,
    is_money,
    moment,
    optional_amount,
    optional_price,
    split_pair,
)

D = Decimal


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        ("1", "1"),
        ("-0.00000001", "-0.00000001"),
        ("€1,234.56", "1234.56"),
        ("-€597.49846", "-597.49846"),
        ("($12.00)", "-12"),
        ("1,234", "1234"),
        ("0,5", "0.5"),
        ("0,123", "0.123"),
        ("1E-8", "0.00000001"),
        ("1\u202f234.5", "1234.5"),
        ("−3", "-3"),
    ],
)
def test_a_number_is_read_whatever_stands_beside_it(cell: str, number: str) -> None:
    assert amount("Amount", cell) == D(number)


def test_a_comma_is_a_decimal_sign_where_the_file_says_so() -> None:
    assert amount("Amount", "1,234", decimal_comma=True) == D("1.234")
    assert amount("Amount", "1,234.5", decimal_comma=True) == D("1234.5")


@pytest.mark.parametrize(
    "cell", ["", "-", "x", "1,2,3", "1.2.3", "NaN", "Infinity", "1e1000000", "1 2", "0." + "1" * 19]
)
def test_what_is_no_exact_number_is_refused(cell: str) -> None:
    with pytest.raises(Unreadable, match="Amount"):
        amount("Amount", cell)


def test_an_empty_cell_may_be_unknown_and_a_price_is_rounded_to_what_can_be_kept() -> None:
    assert optional_amount("Fee", " ") is None
    assert optional_price("Price", "€3102.3217898325970226955") == D("3102.321789832597022696")
    with pytest.raises(Unreadable):
        optional_price("Price", "much")


@pytest.mark.parametrize(
    "cell",
    ["2024-12-05 06:33:40 UTC", "2024-12-05T06:33:40Z", "2024-12-05T07:33:40+01:00", "2024-12-05 06:33:40.0000 GMT"],
)
def test_a_time_with_a_zone_keeps_it(cell: str) -> None:
    at = datetime(2024, 12, 5, 6, 33, 40, tzinfo=UTC)
    assert moment(cell, None) == moment(cell, ZoneInfo("Asia/Tokyo")) == at


def test_a_time_without_a_zone_needs_one() -> None:
    assert moment("2024-07-05 06:33", ZoneInfo("Europe/Berlin")) == datetime(2024, 7, 5, 4, 33, tzinfo=UTC)
    assert moment("05.07.2024 06:33", ZoneInfo("UTC"), "%d.%m.%Y %H:%M").month == 7
    for cell, zone in [("2024-07-05 06:33", None), ("soon", ZoneInfo("UTC")), ("", ZoneInfo("UTC"))]:
        with pytest.raises(Unreadable):
            moment(cell, zone)


def test_a_coins_amount_ends_in_its_ticker() -> None:
    assert coin_amount("Fee", "0.5BTC") == (D("0.5"), "BTC")
    assert coin_amount("Sell", "12 1INCH") == (D(12), "1INCH")
    assert coin_amount("Executed", "51INCH", ["1INCH", "USDT"]) == (D(5), "1INCH")
    for cell in ("", "BTC", "5"):
        with pytest.raises(Unreadable):
            coin_amount("Fee", cell)


def test_a_pair_is_split_by_its_separator_or_the_longest_known_quote() -> None:
    quotes = ["USD", "BTC", "TUSD", "USDT"]
    assert split_pair("BTC-USD", ()) == split_pair("BTC/USD", ()) == ("BTC", "USD")
    assert split_pair("BTCTUSD", quotes) == ("BTC", "TUSD")
    assert split_pair("TUSDUSDT", quotes) == ("TUSD", "USDT")
    for pair in ("", "USDT", "ABCXYZ"):
        with pytest.raises(Unreadable):
            split_pair(pair, quotes)


def test_stablecoins_are_no_money() -> None:
    assert [ticker for ticker in ("EUR", "usd", "USDT", "USDC", "RON", "BTC") if is_money(ticker)] == [
        "EUR",
        "usd",
        "RON",
    ]
