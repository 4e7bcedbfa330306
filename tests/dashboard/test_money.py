"""Amounts are exact, bounded and plainly written, and every database gives them back as they were."""

from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from dashboard.fields import MoneyField
from dashboard.models import ExchangeRate
from dashboard.money import LIMIT, AmountError, parse_amount, plain, quantize

amounts = st.decimals(
    min_value=-(LIMIT - 1), max_value=LIMIT - 1, allow_nan=False, allow_infinity=False, places=18
) | st.decimals(min_value=0, max_value=1, places=18)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("21000000.12345678", "21000000.12345678"),
        (" 0.10 ", "0.1"),
        ("1e-18", "0.000000000000000001"),
        ("1E5", "100000"),
        ("-0", "0"),
        ("99999999999999999999.999999999999999999", "99999999999999999999.999999999999999999"),
    ],
)
def test_an_amount_keeps_every_digit(text: str, expected: str) -> None:
    assert plain(parse_amount(text)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "one",
        "NaN",
        "sNaN",
        "Infinity",
        "-Infinity",
        "1e400",
        "1e20",
        "1e-19",
        "1,000",
        "0x10",
        "1" * 81,
        "1e999999999",
    ],
)
def test_what_is_no_amount_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(AmountError, match=r"^Enter a .*\.$"):
        parse_amount(text)


@given(amounts)
def test_plain_notation_reads_back_as_the_same_number(number: Decimal) -> None:
    text = plain(number)
    assert Decimal(text) == number
    assert "e" not in text.lower()


def test_rounding_is_half_even_at_the_18th_place() -> None:
    assert quantize(Decimal("0.0000000000000000005")) == 0
    assert quantize(Decimal("0.0000000000000000015")) == Decimal("0.000000000000000002")


def test_the_field_refuses_what_can_not_be_kept() -> None:
    with pytest.raises(ValidationError):
        MoneyField().to_python("1e20")


class TheDatabaseGivesBackWhatItGot(TestCase):
    @settings(max_examples=200)
    @given(amounts)
    def test_exactly(self, number: Decimal) -> None:
        ExchangeRate.objects.update_or_create(
            code="usd", defaults={"per_usd": number, "fetched_at": "2026-01-01T00:00:00Z"}
        )
        kept = ExchangeRate.objects.get(code="usd").per_usd
        assert kept == number
        assert plain(kept) == plain(number)
        assert ExchangeRate.objects.filter(per_usd=number).exists()
