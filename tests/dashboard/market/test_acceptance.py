"""Which samples are believed, case by case and along random walks."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.market.acceptance import Known, Verdict, judge
from dashboard.market.quote import Quote

NOW = datetime(2025, 4, 16, 12, 0, tzinfo=UTC)
LAST = NOW - timedelta(seconds=10)
KNOWN = Known(price=Decimal(100), as_of=LAST, ath=Decimal(500))


def sample(price: str | None, seconds: float = 0, symbol: str = "btc", ath: str | None = "500") -> Quote:
    """A sample whose own time is `seconds` after now."""
    return Quote(
        asset="bitcoin",
        symbol=symbol,
        name="Bitcoin",
        price=None if price is None else Decimal(price),
        as_of=NOW + timedelta(seconds=seconds),
        ath=None if ath is None else Decimal(ath),
    )


@pytest.mark.parametrize(
    ("given_sample", "verdict"),
    [
        (sample("101"), Verdict.ACCEPTED),
        (sample("100", seconds=-10), Verdict.ACCEPTED),
        (sample("101", seconds=-11), Verdict.REJECTED),
        (sample("101", seconds=60), Verdict.ACCEPTED),
        (sample("101", seconds=61), Verdict.REJECTED),
        (sample(None), Verdict.REJECTED),
        (sample("129.99"), Verdict.ACCEPTED),
        (sample("130"), Verdict.HELD),
        (sample("70.01"), Verdict.ACCEPTED),
        (sample("70"), Verdict.HELD),
        (sample("412", ath="2060"), Verdict.REJECTED),
        (sample("600", ath="600"), Verdict.HELD),
        (sample("412", ath=None), Verdict.HELD),
    ],
)
def test_a_sample_against_the_last_price(given_sample: Quote, verdict: Verdict) -> None:
    assert judge(given_sample, KNOWN, NOW) is verdict


def test_a_first_price_is_believed_however_old() -> None:
    assert judge(sample("100", seconds=-86400), Known(), NOW) is Verdict.ACCEPTED


def test_an_unknown_price_is_a_fact_only_where_none_is_known() -> None:
    assert judge(sample(None), Known(), NOW) is Verdict.ACCEPTED


@pytest.mark.parametrize(
    ("price", "seconds", "verdict"),
    [
        ("150", 1, Verdict.ACCEPTED),
        ("180", 1, Verdict.ACCEPTED),
        ("120", 1, Verdict.ACCEPTED),  # back where it was
        ("250", 1, Verdict.HELD),
        ("150", 0, Verdict.HELD),  # the same sample once more
        ("150", -1, Verdict.REJECTED),
    ],
)
def test_a_held_jump_is_confirmed_by_a_later_sample_near_it(price: str, seconds: float, verdict: Verdict) -> None:
    held = KNOWN._replace(pending_price=Decimal(150), pending_as_of=NOW)
    assert judge(sample(price, seconds), held, NOW) is verdict


@pytest.mark.parametrize(("price", "verdict"), [("1.04", Verdict.ACCEPTED), ("0.95", Verdict.HELD)])
def test_a_stablecoin_is_held_at_five_percent(price: str, verdict: Verdict) -> None:
    assert judge(sample(price, symbol="usdt", ath="1.3"), Known(Decimal(1), LAST, Decimal("1.3")), NOW) is verdict


def test_another_currency_is_doubted_for_an_hour_and_no_longer() -> None:
    in_other_money = sample("412", ath="2060")
    an_hour_old = KNOWN._replace(as_of=NOW - timedelta(hours=1))
    assert (
        judge(in_other_money, KNOWN._replace(pending_price=Decimal(412), pending_as_of=LAST), NOW) is Verdict.REJECTED
    )
    assert judge(in_other_money, an_hour_old, NOW) is Verdict.HELD


@given(st.lists(st.decimals(Decimal("0.01"), Decimal(10_000), places=2), min_size=1, max_size=30))
def test_no_price_is_believed_that_neither_it_nor_its_forerunner_made_likely(prices: list[Decimal]) -> None:
    known, before = Known(), None
    for second, price in enumerate(prices):
        given_sample = sample(str(price), seconds=second, ath=None)
        verdict = judge(given_sample, known, NOW + timedelta(seconds=second))
        if verdict is Verdict.ACCEPTED:
            near_last = known.price is None or abs(price / known.price - 1) < Decimal("0.3")
            assert near_last or (before is not None and abs(price / before - 1) < Decimal("0.3"))
            known = Known(price, given_sample.as_of)
        else:
            known = known._replace(pending_price=price, pending_as_of=given_sample.as_of)
        before = price
