"""Exchange rates: today's from the source, the past's from the European Central Bank's file."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from pytest_django import DjangoAssertNumQueries

from accounts.currencies import CURRENCIES
from dashboard import clock
from dashboard.market.currencies import ecb_last_day, rate, refresh_rates, todays_rates
from dashboard.models import ExchangeRate
from project.tick import tick
from tests.fakes.coingecko import FakeCoinGecko

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("day", "code", "per_euro"),
    [
        (date(2018, 1, 16), "usd", "1.2230"),
        (date(2018, 1, 16), "jpy", "135.40"),
        (date(2018, 1, 14), "usd", "1.2137"),  # a Sunday: the rate of Friday
        (date(2018, 1, 12), "usd", "1.2137"),
        (date(2013, 3, 21), "usd", "1.2910"),
    ],
)
def test_a_past_day_has_the_central_banks_rate(day: date, code: str, per_euro: str) -> None:
    assert rate("eur", code, day) == Decimal(per_euro)


def test_two_currencies_meet_by_their_rates_to_the_euro_exactly() -> None:
    crossed = rate("USD", "jpy", datetime(2018, 1, 16, 12, tzinfo=UTC))
    assert crossed is not None
    assert abs(crossed * Decimal("1.2230") - Decimal("135.40")) < Decimal("1e-20")


def test_a_day_before_the_euro_and_a_currency_without_rates_have_none() -> None:
    assert rate("eur", "usd", date(1998, 1, 1)) is None
    assert rate("usd", "aed", date(2018, 1, 16)) is None
    assert rate("usd", "xyz") is None


def test_a_currency_is_worth_itself() -> None:
    assert rate("xyz", "XYZ", date(1900, 1, 1)) == 1


def test_today_has_the_sources_rate(fake: FakeCoinGecko) -> None:
    refresh_rates()
    assert rate("usd", "eur") == Decimal("0.8")
    assert rate("eur", "usd", clock.now()) == Decimal("1.25")
    assert rate("eur", "jpy", clock.now().date()) == Decimal("187.5")


def test_before_the_first_answer_today_has_the_central_banks_last_rate() -> None:
    assert rate("eur", "usd") == rate("eur", "usd", ecb_last_day())


def test_days_after_the_file_take_its_last_rate_for_ten_days_and_then_todays(fake: FakeCoinGecko) -> None:
    refresh_rates()
    last = ecb_last_day()
    with time_machine.travel(datetime(last.year + 2, 1, 1, tzinfo=UTC)):
        assert rate("eur", "usd", last + timedelta(days=10)) == rate("eur", "usd", last)
        assert rate("eur", "usd", last + timedelta(days=11)) == Decimal("1.25")


def test_rates_are_fetched_with_a_tick_and_at_most_hourly(fake: FakeCoinGecko) -> None:
    with time_machine.travel(clock.now(), tick=False) as traveller:
        tick()
        assert set(ExchangeRate.objects.values_list("code", flat=True)) == {"usd", "eur", "gbp", "jpy", "chf"}
        traveller.shift(3599)
        refresh_rates()
        assert fake.requests["/exchange_rates"] == 1
        traveller.shift(1)
        refresh_rates()
        assert fake.requests["/exchange_rates"] == 2


def test_rates_that_fail_stay_as_they_were_and_are_asked_for_again_soon(fake: FakeCoinGecko) -> None:
    with time_machine.travel(clock.now(), tick=False) as traveller:
        refresh_rates()
        fake.fail("html")
        traveller.shift(3600)
        refresh_rates()
        assert rate("usd", "eur") == Decimal("0.8")
        fake.heal()
        traveller.shift(300)
        refresh_rates()
    assert fake.requests["/exchange_rates"] == 3


def test_many_conversions_take_one_query(
    fake: FakeCoinGecko, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    refresh_rates()
    with django_assert_num_queries(1):
        rates = todays_rates()
        assert [rates.rate(code, "usd") for code in CURRENCIES].count(None) == len(CURRENCIES) - 5
