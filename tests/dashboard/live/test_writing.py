"""What is written quickly reads exactly like what is written with care."""

from collections.abc import Callable
from decimal import Decimal, localcontext
from functools import partial
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.locales import in_locale
from dashboard import formats
from dashboard.ledger.returns import percent
from dashboard.live import writing
from dashboard.live.writing import Write
from dashboard.money import WIDE

LOCALES = ("en-GB", "de", "fr", "hi", "de-CH")
BOTH = [(code, locale) for code in ("usd", "jpy", "kwd", "btc") for locale in LOCALES]

amounts = st.one_of(
    st.none(),
    st.decimals(-2000, 2000, places=3),
    st.decimals(-(10**20), 10**20, places=18),
    st.decimals(-1, 1, places=18),
    st.decimals(allow_nan=False, allow_infinity=False),
    st.sampled_from([Decimal(text) for text in ("0", "-0", "0.00", "0.005", "-0.005", "0.015", "999.995", "1E+3")]),
)


def in_currency(write: Callable[[Decimal | None, str], str], code: str, value: Decimal | None) -> str:
    return write(value, code)


PAIRS: list[tuple[Write, Callable[[Decimal | None], str], str]] = [
    *((writing.percent(locale), formats.format_percent, locale) for locale in LOCALES),
    *((writing.share(locale), formats.format_share, locale) for locale in LOCALES),
    *((writing.money(code, locale), partial(in_currency, formats.format_money, code), locale) for code, locale in BOTH),
    *((writing.gain(code, locale), partial(in_currency, formats.format_gain, code), locale) for code, locale in BOTH),
]


@pytest.mark.parametrize(("quick", "careful", "locale"), PAIRS)
@given(value=amounts)
def test_both_say_the_same(
    quick: Write, careful: Callable[[Decimal | None], str], locale: str, value: Decimal | None
) -> None:
    with localcontext(WIDE):
        exact, written = quick(value)
    assert written.isascii()
    assert exact == formats.format_exact(value)
    with in_locale(locale):
        assert unescape(written) == careful(value)


@given(value=amounts)
def test_an_exact_number_is_written_quickly_too(value: Decimal | None) -> None:
    assert writing.exact(value) == formats.format_exact(value)


@given(part=st.decimals(-(10**38), 10**38, places=18), whole=st.decimals(-(10**20), 10**20, places=18))
def test_a_part_of_a_whole_is_what_the_ledger_says(part: Decimal, whole: Decimal) -> None:
    with localcontext(WIDE):
        assert writing.percent_of(part, whole) == percent(part, whole)
