"""Figures as frames carry them, written quickly: exact number and text say the very same as dashboard.formats does for
who reads in that locale.

Frames are ASCII, other characters stand as references: text of one byte a character is joined and encoded five times
as fast. What is out of the ordinary (reads as zero, is huge or unknown) is left to dashboard.formats. Pure; to be
called in a decimal context that is wide and rounds half to even (dashboard.money.WIDE).
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cache

from accounts.locales import in_locale, separators
from dashboard import formats
from dashboard.money import QUANTUM

UP, DOWN = "&#9650; +", "&#9660; &#8722;"
MINUS = "&#8722;"
CENT = Decimal("0.01")
HUNDRED = Decimal(100)
MOST_PLAIN = 6
"""Decimals that a small number may have before it is written with an exponent."""
LONGEST = 47
"""Characters of a number that is written here; those that are longer are looked at with more care."""
Write = Callable[[Decimal | None], tuple[str, str]]
"""Gives the exact number, for `data-value`, and what people read."""


def ascii_html(text: str) -> str:
    """The same HTML in ASCII."""
    return text if text.isascii() else text.encode("ascii", "xmlcharrefreplace").decode()


def exact(value: Decimal | None) -> str:
    """Every digit, in plain notation; nothing where it is unknown."""
    if value is None:
        return ""
    text = str(value)
    if text[-1] != "0" and len(text) <= LONGEST and "E" not in text:
        return text
    return formats.format_exact(value)


def amount(currency: str, locale: str, up: str, down: str, carefully: Callable[[Decimal | None, str], str]) -> Write:
    digits = formats.minor_digits(currency)
    unit = Decimal(1).scaleb(-digits)
    plainly = str if digits <= MOST_PLAIN else "{:f}".format
    zeros = {format(Decimal(sign), f".{digits}f") for sign in ("0", "-0")}
    marks = separators(locale)
    point, group = ascii_html(marks.point) if digits else "", ascii_html(marks.group)
    end = digits + 1 if digits else 0
    # So many characters have at most one separator; in India the second group has two digits.
    short, middle = end + 3, end + (6 if marks.beyond == 3 else 5)

    def care(value: Decimal | None) -> tuple[str, str]:
        with in_locale(locale):
            return formats.format_exact(value), ascii_html(carefully(value, currency))

    def write(value: Decimal | None) -> tuple[str, str]:
        if value is None:
            return care(value)
        number = str(value)
        if len(number) > LONGEST or "E" in number:
            return care(value)
        text = plainly(value.quantize(unit))
        if text in zeros:
            return care(value)
        if number[-1] == "0" and "." in number:
            number = number.rstrip("0").rstrip(".")
        if text[0] == "-":
            text, before = text[1:], down
        else:
            before = up
        size = len(text)
        if size > middle:
            return care(value) if marks.beyond != 3 else (number, before + long(text))
        whole = text[: size - end] if size <= short else text[: size - short] + group + text[size - short : size - end]
        return number, before + whole + point + text[size - digits :] if end else before + whole

    def long(text: str) -> str:
        whole, _, decimals = text.partition(".")
        return f"{int(whole):,}".replace(",", group) + point + decimals

    return write


@cache
def money(currency: str, locale: str) -> Write:
    return amount(currency, locale, "", MINUS, formats.format_money)


@cache
def gain(currency: str, locale: str) -> Write:
    return amount(currency, locale, UP, DOWN, formats.format_gain)


def part(locale: str, up: str, down: str, carefully: Callable[[Decimal | None], str]) -> Write:
    point = ascii_html(separators(locale).point)

    def write(value: Decimal | None) -> tuple[str, str]:
        if value is not None:
            try:
                text = str(value.quantize(CENT))
            except InvalidOperation:
                text = ""
            if 3 < len(text) < 7 and text != "0.00" and text != "-0.00":
                number = exact(value)
                if text[0] == "-":
                    return number, f"{down}{text[1:-3]}{point}{text[-2:]} %"
                return number, f"{up}{text[:-3]}{point}{text[-2:]} %"
        with in_locale(locale):
            return formats.format_exact(value), ascii_html(carefully(value))

    return write


@cache
def percent(locale: str) -> Write:
    return part(locale, UP, DOWN, formats.format_percent)


@cache
def share(locale: str) -> Write:
    return part(locale, "", MINUS, formats.format_share)


def percent_of(one: Decimal, whole: Decimal) -> Decimal | None:
    """What dashboard.ledger.returns.percent says, in the context at hand."""
    if not whole:
        return None
    number = one * HUNDRED / whole
    try:
        return number.quantize(QUANTUM)
    except InvalidOperation:  # it is too large to have so many digits
        return number


@dataclass(frozen=True, slots=True, eq=False)
class Pen:
    """Writes figures in one currency as one locale has them. There is one of each (`pen`)."""

    currency: str
    locale: str
    money: Write
    gain: Write
    percent: Write
    share: Write


@cache
def pen(currency: str, locale: str) -> Pen:
    return Pen(currency, locale, money(currency, locale), gain(currency, locale), percent(locale), share(locale))
