"""Figures as frames carry them, written quickly: each function says the very same as its namesake in dashboard.formats.

Frames are ASCII, other characters stand as references: text of one byte a character is joined and encoded five times
as fast. What is out of the ordinary (reads as zero, is huge or unknown) is left to dashboard.formats. Pure; to be
called in a decimal context that rounds half to even.
"""

from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from functools import cache

from dashboard import formats

UP, DOWN = "&#9650; +", "&#9660; &#8722;"
MINUS = "&#8722;"
CENT = Decimal("0.01")
Write = Callable[[Decimal | None], str]


def ascii_html(text: str) -> str:
    """The same HTML in ASCII."""
    return text if text.isascii() else text.encode("ascii", "xmlcharrefreplace").decode()


def exact(value: Decimal | None) -> str:
    """Every digit, in plain notation; nothing where it is unknown."""
    if value is None:
        return ""
    text = str(value)
    if text[-1] != "0" and len(text) < 48 and "E" not in text:
        return text
    return formats.format_exact(value)


def money_format(currency: str) -> tuple[str, str]:
    """How amounts are formatted, and how those that read as nothing (and some that don't) end."""
    digits = formats.minor_digits(currency)
    return f",.{digits}f", format(Decimal(0), f".{digits}f")


def amount(currency: str, up: str, down: str, carefully: Callable[[Decimal | None, str], str]) -> Write:
    spec, nothing = money_format(currency)

    def write(value: Decimal | None) -> str:
        if value is not None:
            text = format(value, spec)
            if 3 < len(text) < 48 and not text.endswith(nothing):
                return down + text[1:] if text[0] == "-" else up + text
        return ascii_html(carefully(value, currency))

    return write


@cache
def money(currency: str) -> Write:
    return amount(currency, "", MINUS, formats.format_money)


@cache
def gain(currency: str) -> Write:
    return amount(currency, UP, DOWN, formats.format_gain)


def percent(value: Decimal | None) -> str:
    text = rounded(value)
    if 3 < len(text) < 7 and text[-4:] != "0.00":
        return f"{DOWN}{text[1:]} %" if text[0] == "-" else f"{UP}{text} %"
    return ascii_html(formats.format_percent(value))


def share(value: Decimal | None) -> str:
    text = rounded(value)
    if 3 < len(text) < 7 and text[-4:] != "0.00" and text[0] != "-":
        return text + " %"
    return ascii_html(formats.format_share(value))


def rounded(value: Decimal | None) -> str:
    """With two decimals; nothing where it is unknown or too long for that."""
    try:
        return "" if value is None else str(value.quantize(CENT))
    except InvalidOperation:
        return ""
