"""How exact numbers read: tables of cases."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard import formats


def number(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


@pytest.mark.parametrize(
    ("value", "currency", "text"),
    [
        (None, "usd", "–"),
        ("0", "usd", "0.00"),
        ("-0", "usd", "0.00"),
        ("67412.185", "usd", "67,412.18"),
        ("67412.175", "usd", "67,412.18"),
        ("-1234.5", "usd", "−1,234.50"),
        ("0.03", "usd", "0.03"),
        ("0.004", "usd", "0.004"),
        ("-0.0000123", "usd", "−0.0₄123"),
        ("1000000000000", "usd", "1,000,000,000,000.00"),
        ("1234.56", "jpy", "1,235"),
        ("1.2345", "kwd", "1.234"),
        ("1e1000000", "usd", "–"),
        ("NaN", "usd", "–"),
        ("-Infinity", "usd", "–"),
    ],
)
def test_money_has_the_decimals_of_its_currency(value: str | None, currency: str, text: str) -> None:
    assert formats.format_money(number(value), currency) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "–"), ("0", "0.00"), ("12.3", "▲ +12.30"), ("-1234.5", "▼ −1,234.50"), ("0.001", "▲ +0.001")],
)
def test_a_gain_has_an_arrow_and_a_sign(value: str | None, text: str) -> None:
    assert formats.format_gain(number(value), "usd") == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        ("0", "0.00"),
        ("67412.18", "67,412.18"),
        ("67412.184999", "67,412.18"),
        ("10", "10.00"),
        ("9.99999", "10.00"),
        ("2.1534", "2.1534"),
        ("2.15", "2.15"),
        ("1", "1.00"),
        ("0.5213", "0.5213"),
        ("0.52134", "0.5213"),
        ("0.5", "0.50"),
        ("0.99999", "1.00"),
        ("0.0001234", "0.0001234"),
        ("0.00001234", "0.0₄1234"),
        ("0.000009999999", "0.0₄1"),
        ("0.000000000000000001", "0.0₁₇1"),
    ],
)
def test_a_price_has_digits_by_its_size(value: str | None, text: str) -> None:
    assert formats.format_price(number(value)) == text


def test_a_price_in_a_currency_without_a_minor_unit_has_none_when_it_is_large() -> None:
    assert formats.format_price(Decimal("10123456.7"), "jpy") == "10,123,457"
    assert formats.format_price(Decimal("0.5213"), "jpy") == "0.5213"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        ("0", "0"),
        ("1.50", "1.5"),
        ("100", "100"),
        ("0.00012345", "0.00012345"),
        ("0.000000001234", "0.0₈1234"),
        ("12345.67891", "12,345.6789"),
        ("1000000000000", "1,000,000,000,000"),
        ("-0.5", "−0.5"),
    ],
)
def test_a_quantity_drops_trailing_zeros(value: str | None, text: str) -> None:
    assert formats.format_quantity(number(value)) == text


@pytest.mark.parametrize(
    ("value", "change", "part"),
    [
        (None, "–", "–"),
        ("0", "0.00 %", "0.00 %"),
        ("1.2", "▲ +1.20 %", "1.20 %"),
        ("-3.4", "▼ −3.40 %", "−3.40 %"),
        ("0.001", "0.00 %", "0.00 %"),
        ("-0.001", "0.00 %", "0.00 %"),
        ("12345.6", "▲ +12,346 %", "12,346 %"),
    ],
)
def test_percent_points_up_or_down_only_for_changes(value: str | None, change: str, part: str) -> None:
    assert formats.format_percent(number(value)) == change
    assert formats.format_share(number(value)) == part


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        ("1324000000000", "1.32 T"),
        ("1324000000000000", "1,324.00 T"),
        ("45100000000", "45.10 B"),
        ("8000000", "8.00 M"),
        ("812345.4", "812,345"),
        ("0", "0"),
    ],
)
def test_large_numbers_are_written_short(value: str | None, text: str) -> None:
    assert formats.format_compact(number(value)) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        ("0.0", "0"),
        ("-0", "0"),
        ("1E+3", "1000"),
        ("1E-18", "0.000000000000000001"),
        ("3.500", "3.5"),
        ("sNaN", ""),
        ("1e1000000", ""),
    ],
)
def test_the_exact_number_is_plain_and_bounded(value: str | None, text: str) -> None:
    assert formats.format_exact(number(value)) == text


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20, places=18))
def test_the_exact_number_reads_back_and_no_format_fails(value: Decimal) -> None:
    assert Decimal(formats.format_exact(value)) == value
    for text in (
        formats.format_money(value, "usd"),
        formats.format_gain(value, "usd"),
        formats.format_price(value),
        formats.format_quantity(value),
        formats.format_percent(value),
        formats.format_compact(value),
    ):
        assert len(text) < 60
        assert "E" not in text
        assert "-" not in text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-3, "0 s ago"), (12.9, "12 s ago"), (60, "1 min ago"), (7199, "1 h ago"), (200000, "2 d ago")],
)
def test_an_age_is_told_in_its_largest_unit(seconds: float, text: str) -> None:
    assert formats.format_age(timedelta(seconds=seconds)) == text
