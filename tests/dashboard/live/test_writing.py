"""What is written quickly reads exactly like what is written with care."""

from collections.abc import Callable
from decimal import Decimal, localcontext
from functools import partial
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard import formats
from dashboard.live import writing
from dashboard.money import WIDE

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


PAIRS: list[tuple[Callable[[Decimal | None], str], Callable[[Decimal | None], str]]] = [
    (writing.exact, formats.format_exact),
    (writing.percent, formats.format_percent),
    (writing.share, formats.format_share),
    *((writing.money(code), partial(in_currency, formats.format_money, code)) for code in ("usd", "jpy", "kwd")),
    *((writing.gain(code), partial(in_currency, formats.format_gain, code)) for code in ("usd", "jpy", "kwd")),
]


@pytest.mark.parametrize(("quick", "careful"), PAIRS)
@given(value=amounts)
def test_both_say_the_same(
    quick: Callable[[Decimal | None], str], careful: Callable[[Decimal | None], str], value: Decimal | None
) -> None:
    with localcontext(WIDE):
        written = quick(value)
    assert written.isascii()
    assert unescape(written) == careful(value)
