"""How numbers and dates are written where somebody lives, by the tables of Unicode's CLDR. Words are gettext's.

Who reads is told by `as_read_by`, for the time of a request or of a message; else all is written as in DEFAULT.
"""

import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import lru_cache
from typing import TYPE_CHECKING

from babel import Locale
from babel.dates import DateTimePattern, parse_pattern
from django.conf import settings
from django.utils import translation
from django.utils.translation.trans_real import parse_accept_lang_header

if TYPE_CHECKING:
    from accounts.models import User

DEFAULT = "en-GB"
LOCALES: dict[str, str] = {
    "bg": "Български",
    "cs": "Čeština",
    "da": "Dansk",
    "de": "Deutsch",
    "de-AT": "Deutsch (Österreich)",
    "de-CH": "Deutsch (Schweiz)",
    "el": "Ελληνικά",
    "en-AU": "English (Australia)",
    "en-CA": "English (Canada)",
    "en-IN": "English (India)",
    "en-GB": "English (United Kingdom)",
    "en-US": "English (United States)",
    "es": "Español",
    "es-MX": "Español (México)",
    "fi": "Suomi",
    "fr": "Français",
    "fr-CA": "Français (Canada)",
    "fr-CH": "Français (Suisse)",
    "he": "עברית",
    "hi": "हिन्दी",
    "hr": "Hrvatski",
    "hu": "Magyar",
    "id": "Indonesia",
    "it": "Italiano",
    "it-CH": "Italiano (Svizzera)",
    "ja": "日本語",
    "ko": "한국어",
    "nb": "Norsk bokmål",
    "nl": "Nederlands",
    "pl": "Polski",
    "pt": "Português",
    "pt-BR": "Português (Brasil)",
    "ro": "Română",
    "ru": "Русский",
    "sk": "Slovenčina",
    "sl": "Slovenščina",
    "sr": "Српски",
    "sv": "Svenska",
    "th": "ไทย",
    "tr": "Türkçe",
    "uk": "Українська",
    "vi": "Tiếng Việt",
    "zh-Hans": "简体中文",
    "zh-Hant": "繁體中文",
}
"""Those that may be chosen, by their names in themselves."""
EXAMPLE = "1,234,567.89"
NUMBER = re.compile(r"[0-9][0-9,]*(?:\.[0-9]+)?")
_active: ContextVar[str] = ContextVar("locale", default=DEFAULT)


@dataclass(frozen=True, slots=True)
class Separators:
    """What stands before decimals, between thousands, and of how many digits the groups above the first are."""

    point: str
    group: str
    beyond: int

    @property
    def are_plain(self) -> bool:
        """Whether they are those in which numbers are first written: `1,234,567.89`."""
        return (self.point, self.group, self.beyond) == (".", ",", 3)


@contextmanager
def in_locale(name: str) -> Iterator[None]:
    """Everything inside is written as in this locale."""
    token = _active.set(name if name in LOCALES else DEFAULT)
    try:
        yield
    finally:
        _active.reset(token)


@contextmanager
def as_read_in(name: str) -> Iterator[None]:
    """Everything inside is written for people of this locale: words, if their language is there, numbers and dates."""
    with translation.override(language(name)), in_locale(name):
        yield


def as_read_by(user: "User") -> AbstractContextManager[None]:
    """Everything inside is written as this person reads it."""
    return as_read_in(user.locale)


def language(name: str) -> str:
    """The language of pages for people of this locale: theirs where it has been translated, else English."""
    try:
        return translation.get_supported_language_variant(name.lower())
    except LookupError:
        return settings.LANGUAGE_CODE


def active() -> str:
    return _active.get()


def nearest(tag: str) -> str | None:
    """The locale that a browser's tag such as `de-DE` or `pt_BR.UTF-8` means, of those there are; else None."""
    parts = re.split(r"[-_.]", tag)[:3]
    by_lower = {name.lower(): name for name in LOCALES}
    script = {"tw": "hant", "hk": "hant", "mo": "hant"}.get(parts[-1].lower(), "hans")
    for known in ("-".join(parts), "-".join(parts[:2]), parts[0], f"{parts[0]}-{script}"):
        if found := by_lower.get(known.lower()):
            return found
    return DEFAULT if parts[0].lower() == "en" else "nb" if parts[0].lower() in {"no", "nn"} else None


def of_browser(accepted: str) -> str:
    """The locale that a browser asks for first of those there are, by its header Accept-Language."""
    for tag, _ in parse_accept_lang_header(accepted):
        if found := nearest(tag):
            return found
    return DEFAULT


@lru_cache
def separators(name: str) -> Separators:
    tables = babel_locale(name)
    symbols = tables.number_symbols["latn"]
    return Separators(symbols["decimal"], symbols["group"], tables.decimal_formats[None].grouping[1])


def localised(text: str) -> str:
    """The first number of a text, written with comma and point as in EXAMPLE, in the manner of who asks."""
    into = separators(_active.get())
    return text if into.are_plain else NUMBER.sub(lambda found: rewritten(found[0], into), text, count=1)


def rewritten(number: str, into: Separators) -> str:
    whole, point, decimals = number.partition(".")
    if into.beyond != 3:
        whole = regrouped(whole.replace(",", ""), into.beyond)
    return whole.replace(",", into.group) + (into.point + decimals if point else "")


def regrouped(digits: str, beyond: int) -> str:
    """`12,34,567` where groups above the first are of two digits."""
    head, last = digits[:-3], digits[-3:]
    groups = [head[max(0, end - beyond) : end] for end in range(len(head), 0, -beyond)]
    return ",".join([*reversed(groups), last])


def day(at: date) -> str:
    """`3 May 2026`"""
    return written("yMMMd", at)


def long_day(at: date) -> str:
    """`3 January 2026`"""
    return str(long_pattern(_active.get()).apply(at, babel_locale(_active.get())))


def month(at: date) -> str:
    """`May 2026`"""
    return written("yMMM", at)


def day_of_year(at: date) -> str:
    """`3 May`"""
    return written("MMMd", at)


def clock(at: datetime | time) -> str:
    """`14:05`"""
    return written("Hm", at)


def clock_to_second(at: datetime | time) -> str:
    """`14:05:09`"""
    return written("Hms", at)


def moment(at: datetime) -> str:
    """`3 May 2026, 14:05`, in the zone that the time bears."""
    return f"{day(at)}, {clock(at)}"


def moment_to_second(at: datetime) -> str:
    """`3 May 2026, 14:05:09`, in the zone that the time bears."""
    return f"{day(at)}, {clock_to_second(at)}"


def weekday(at: date, width: str = "abbreviated") -> str:
    """`Sun`, or `Sunday` where it is "wide"."""
    return str(babel_locale(_active.get()).days["format"][width][at.weekday()])


def month_names() -> list[str]:
    """From January on, short."""
    return [str(name) for _, name in sorted(babel_locale(_active.get()).months["format"]["abbreviated"].items())]


def written(skeleton: str, at: date | time) -> str:
    return str(pattern(_active.get(), skeleton).apply(at, babel_locale(_active.get())))


@lru_cache
def pattern(name: str, skeleton: str) -> DateTimePattern:
    found = babel_locale(name).datetime_skeletons[skeleton].pattern
    # Babel 2.18 mixes up the names of months that stand alone between locales: those inside of dates it keeps apart.
    return parse_pattern(found.replace("L", "M"))


@lru_cache
def long_pattern(name: str) -> DateTimePattern:
    return parse_pattern(babel_locale(name).date_formats["long"].pattern.replace("L", "M"))


@lru_cache
def babel_locale(name: str) -> Locale:
    return Locale.parse(name, sep="-")
