"""Exact numbers as people read them: the one place that rounds. Unknown is an en dash, zero is a number.

Separators are those of who reads (accounts.locales); what is for nobody in particular has English ones.
"""

from collections.abc import Callable
from datetime import timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from functools import lru_cache

from babel.numbers import get_currency_precision
from django.utils.translation import gettext

from accounts.currencies import COINS
from accounts.locales import localised
from dashboard.money import WIDE

UNKNOWN = "–"
MINUS = "−"
UP, DOWN = "▲", "▼"
# Amounts are bounded where they enter; a number beyond these sizes is a mistake and must not fill the page.
LARGEST, SMALLEST = 50, -50
SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
COIN_DIGITS = 8
"""Decimals of an amount in bitcoin or ether: to the satoshi."""
SCALES = ((12, "T"), (9, "B"), (6, "M"))


def format_money(value: Decimal | None, currency: str) -> str:
    """`67,412.18`: as many decimals as the currency has, more where the amount would otherwise read as nothing."""
    return unknown_or(value, lambda number: fixed(number, minor_digits(currency)) or significant(number))


def format_gain(value: Decimal | None, currency: str) -> str:
    """`▲ +1,234.56` or `▼ −3.10`: money that was won or lost."""
    return pointed(format_money(value, currency))


def format_price(value: Decimal | None, currency: str | None = None) -> str:
    """`67,412.18`, `2.1534`, `0.5213`, `0.0₄1234`: digits by size. In `currency` if that has no minor unit.

    In a coin, where most prices are small and few percent matter: `28.5312`, `0.03571429`, `0.0₅1234`.
    """
    if currency in COINS:
        return unknown_or(value, price_in_coin)
    return unknown_or(value, lambda number: price(number, minor_digits(currency) if currency else 2))


def format_quantity(value: Decimal | None) -> str:
    """`1.5`, `0.00012345`, `12,345.6789`: up to eight decimals, four from a thousand on, no trailing zeros."""
    return unknown_or(
        value, lambda number: trimmed(fixed(number, 4 if abs(number) >= 1000 else 8)) or significant(number)
    )


def format_percent(value: Decimal | None) -> str:
    """`▲ +1.20 %` or `▼ −3.40 %`: a change."""
    return pointed(format_share(value))


def format_share(value: Decimal | None) -> str:
    """`12.34 %`: a part of a whole."""
    return unknown_or(value, lambda number: f"{fixed(number, 2 if abs(number) < 1000 else 0) or '0.00'} %")


def format_points(value: Decimal | None) -> str:
    """`+1.2`, `−3.4`, `+120`: percent or points where a column is narrow; its sign says which way."""
    text = unknown_or(value, lambda number: fixed(number, 1 if abs(number) < 100 else 0) or "0.0")
    is_gain = not text.startswith(MINUS) and any(digit in text for digit in "123456789")
    return f"+{text}" if is_gain else text


def format_compact(value: Decimal | None) -> str:
    """`1.32 T`, `45.10 B`, `8.00 M`, `812,345`."""
    return unknown_or(value, compact)


def format_exact(value: Decimal | None) -> str:
    """Every digit, in plain notation, as `data-value` and titles carry it; nothing where it is unknown."""
    if value is None or not readable(value):
        return ""
    text = f"{value:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return text if value else "0"


def readable(value: Decimal) -> bool:
    return value.is_finite() and (not value or SMALLEST <= value.adjusted() <= LARGEST)


def unknown_or(value: Decimal | None, write: Callable[[Decimal], str]) -> str:
    if value is None or not readable(value):
        return UNKNOWN
    return localised(write(value or Decimal(0)).replace("-", MINUS))


def pointed(text: str) -> str:
    """The text with an arrow and a sign; as it is when it says zero or nothing."""
    if text == UNKNOWN or not any(digit in text for digit in "123456789"):
        return text.removeprefix(MINUS)
    return f"{DOWN} {text}" if text.startswith(MINUS) else f"{UP} +{text}"


def fixed(number: Decimal, places: int) -> str:
    """`number` with thousands and `places` decimals; nothing where it would read as zero though it is not."""
    rounded = number.quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN, WIDE)
    return f"{rounded:,f}" if rounded or not number else ""


def trimmed(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text


def significant(number: Decimal) -> str:
    """A number between -1 and 1 with four significant digits; four zeros or more after the point are counted."""
    rounded = number.quantize(Decimal(1).scaleb(number.adjusted() - 3), ROUND_HALF_EVEN, WIDE)
    zeros = -rounded.adjusted() - 1
    if zeros < 4:
        whole, _, decimals = f"{rounded:f}".partition(".")
        return f"{whole}.{decimals.rstrip('0').ljust(2, '0')}"
    digits = "".join(str(digit) for digit in rounded.as_tuple().digits).rstrip("0")
    return f"{'-' if number < 0 else ''}0.0{str(zeros).translate(SUBSCRIPTS)}{digits}"


def price(number: Decimal, places: int) -> str:
    size = abs(number)
    if size >= 10 or not number:
        return fixed(number, min(places, 2))
    if size < 1:
        return significant(number)
    whole, _, decimals = fixed(number, 4).partition(".")
    return f"{whole}.{decimals.rstrip('0').ljust(2, '0')}"


def price_in_coin(number: Decimal) -> str:
    if not number or abs(number) >= 1:
        whole, _, decimals = fixed(number, 4 if abs(number) < 1000 else 2).partition(".")
        return f"{whole}.{decimals.rstrip('0').ljust(2, '0')}"
    return fixed(number, COIN_DIGITS) if number.adjusted() >= -4 else significant(number)


def compact(number: Decimal) -> str:
    for power, letter in SCALES:
        if number.adjusted() >= power:
            return f"{fixed(number.scaleb(-power, WIDE), 2)} {letter}"
    return fixed(number, 0) or significant(number)


@lru_cache
def minor_digits(currency: str) -> int:
    """How many decimals its amounts have."""
    return COIN_DIGITS if currency.lower() in COINS else get_currency_precision(currency.upper())


def format_age(age: timedelta) -> str:
    """`12 s ago`, `4 min ago`, `3 h ago`, `2 d ago`; the page's script writes the same words as time goes by."""
    seconds = max(0, int(age.total_seconds()))
    if seconds >= 86400:
        return gettext("%(number)s d ago") % {"number": seconds // 86400}
    if seconds >= 3600:
        return gettext("%(number)s h ago") % {"number": seconds // 3600}
    if seconds >= 60:
        return gettext("%(number)s min ago") % {"number": seconds // 60}
    return gettext("%(number)s s ago") % {"number": seconds}
