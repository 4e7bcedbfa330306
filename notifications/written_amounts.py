"""Amounts of money as people write them in a message: `70000`, `70k`, `$70,000`, `1.234,56 EUR`. Pure.

What can be read in two ways is not guessed: the writer is asked back.
"""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from django.utils.translation import gettext

from accounts.currencies import CURRENCIES
from dashboard.money import AmountError, check_amount, plain

PARTS: Final = re.compile(r"(?P<before>[^\d.,+-]*)(?P<number>[+-]?[\d.,' ]*\d[.,]?)(?P<after>[^\d.,]*)", re.ASCII)
THOUSANDS: Final = re.compile(r"\d{1,3}([ ']\d{3})+(?![\d '])", re.ASCII)
COMMAS: Final = re.compile(r"\d{1,3}(,\d{3})+\.\d+|\d{1,3}(,\d{3}){2,}", re.ASCII)
POINTS: Final = re.compile(r"\d{1,3}(\.\d{3})+,\d+|\d{1,3}(\.\d{3}){2,}", re.ASCII)
EITHER: Final = re.compile(r"([1-9]\d{0,2})[.,](\d{3})", re.ASCII)
DECIMAL: Final = re.compile(r"\d*[.,]\d+|\d+[.,]?", re.ASCII)
SCALES: Final = {
    "k": 3, "thousand": 3, "m": 6, "mn": 6, "mio": 6, "million": 6, "b": 9, "bn": 9, "billion": 9,
}  # fmt: skip
DOLLARS: Final = {"usd", "aud", "bmd", "cad", "hkd", "nzd", "sgd", "twd"}
SYMBOLS: Final = {
    "$": DOLLARS, "us$": {"usd"}, "€": {"eur"}, "£": {"gbp"}, "¥": {"jpy", "cny"}, "₹": {"inr"}, "₩": {"krw"},
    "₽": {"rub"}, "₺": {"try"}, "₴": {"uah"}, "฿": {"thb"}, "₪": {"ils"}, "₫": {"vnd"}, "₦": {"ngn"}, "₱": {"php"},
    "r$": {"brl"}, "a$": {"aud"}, "c$": {"cad"}, "hk$": {"hkd"}, "nz$": {"nzd"}, "s$": {"sgd"}, "nt$": {"twd"},
}  # fmt: skip
WITH_COMMAS: Final = {"$", "us$", "£"}
"""Before an amount, these say that a comma in it is for thousands."""


class Unreadable(Exception):
    """The text is no amount, or more than one; the message asks back."""


@dataclass(frozen=True, slots=True)
class Amount:
    number: Decimal
    currency: str


def read_amount(text: str, currency: str) -> Amount:
    """The positive amount that `text` states, in `currency` (a code) where it names none. Raises Unreadable."""
    text = " ".join(text.replace("’", "'").split())
    parts = PARTS.fullmatch(text)
    if parts is None or len(text) > 60:
        raise Unreadable(unreadable(text))
    before = parts["before"].strip().lower()
    code_before, scale_before = unit(before, text)
    code, scale = unit(parts["after"].strip().lower(), text)
    if scale_before or (code and code_before):
        raise Unreadable(unreadable(text))
    number = read_number(parts, commas=before in WITH_COMMAS)
    try:
        amount = check_amount(number.scaleb(scale))
    except AmountError as error:
        raise Unreadable(f"{error} I read “{text}”.") from error
    if amount <= 0:
        raise Unreadable(gettext("The limit must be above zero; I read “%(text)s”.") % {"text": text})
    return Amount(amount, chosen(code or code_before, currency))


def unit(text: str, whole: str) -> tuple[set[str], int]:
    """The currencies that a word beside the number may mean, and by how many places it moves the point."""
    if not text:
        return set(), 0
    if text in CURRENCIES:
        return {text}, 0
    if text in SYMBOLS:
        return SYMBOLS[text], 0
    for word, scale in sorted(SCALES.items(), key=lambda item: -len(item[0])):
        if text.startswith(word) and not unit_is_unknown(rest := text.removeprefix(word).strip()):
            return unit(rest, whole)[0], scale
    raise Unreadable(unreadable(whole))


def unit_is_unknown(text: str) -> bool:
    return bool(text) and text not in CURRENCIES and text not in SYMBOLS


def chosen(codes: set[str], own: str) -> str:
    """The reader's own currency where that may be meant; a lone dollar or yen sign means the largest of its name."""
    if not codes or own in codes:
        return own
    return next(iter(codes)) if len(codes) == 1 else "usd" if codes is DOLLARS else "jpy"


def read_number(parts: re.Match[str], *, commas: bool) -> Decimal:
    text = parts["number"].strip()
    sign, digits = (text[0], text[1:].strip()) if text[0] in "+-" else ("", text)
    if match := THOUSANDS.match(digits):
        digits = re.sub(r"[ ']", "", match[0]) + digits[match.end() :]
        if digits.count(".") + digits.count(",") == 1:
            return Decimal(sign + digits.replace(",", "."))
    if COMMAS.fullmatch(digits):
        return Decimal(sign + digits.replace(",", ""))
    if POINTS.fullmatch(digits):
        return Decimal(sign + digits.replace(".", "").replace(",", "."))
    if either := EITHER.fullmatch(digits):
        if commas and "," in digits:
            return Decimal(sign + digits.replace(",", ""))
        large, small = either[1] + either[2], f"{either[1]}.{either[2]}"
        small = f"{small}0" if not small.endswith("0") else plain(Decimal(small))
        one, other = (f"{parts['before']}{number}{parts['after']}" for number in (large, small))
        raise Unreadable(
            gettext("I can read “%(parts)s” in two ways. Please write %(one)s or %(other)s.")
            % {"parts": parts[0], "one": one, "other": other}
        )
    if not DECIMAL.fullmatch(digits):
        raise Unreadable(unreadable(parts[0]))
    return Decimal(sign + digits.replace(",", ".").removesuffix("."))


def unreadable(text: str) -> str:
    shown = f"{text[:40]}…" if len(text) > 40 else text
    return gettext("I can't read “%(shown)s” as an amount. Please write it like 70000, 1.5 or 70k.") % {"shown": shown}
