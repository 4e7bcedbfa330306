"""Prices of the past: fetched once where a value is lacking, kept, and made into figures."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import redis
from django.conf import settings
from django.db import transaction

from accounts.models import User
from dashboard import clock, recording
from dashboard.drafts import Draft
from dashboard.market import history
from dashboard.market.coingecko import CoinGecko, read_days
from dashboard.models import Asset, DailyPrice, Portfolio, Position, PriceHistory
from dashboard.tasks import fetch_histories
from tests.fakes.coingecko import FakeCoinGecko

pytestmark = pytest.mark.django_db
D = Decimal
CHART = "/coins/ethereum/market_chart"
LAST_MONTH = clock.now() - timedelta(days=30)


@pytest.fixture
def portfolio() -> Portfolio:
    Asset.objects.create(id="bitcoin", symbol="btc", name="Bitcoin", rank=1)
    Asset.objects.create(id="ethereum", symbol="eth", name="Ethereum", rank=2)
    return recording.create_portfolio(User.objects.create_user("ada", "ada@example.org"), "Main")


def reward(amount: str = "2", **others: Any) -> Draft:
    facts: dict[str, Any] = {"timestamp": LAST_MONTH, "type": "reward", "asset_id": "ethereum", "amount": D(amount)}
    return Draft(**facts | others)


def position(asset: str = "ethereum") -> Position:
    return Position.objects.get(asset=asset)


def codes(asset: str = "ethereum") -> list[str]:
    return [issue["code"] for issue in position(asset).issues]


def test_a_reward_without_a_value_is_flagged_until_the_prices_of_the_past_have_come(
    fake: FakeCoinGecko, portfolio: Portfolio
) -> None:
    recording.record_transactions(portfolio, [reward("2")])
    assert (position().income, position().cost, codes()) == (0, 0, ["no_value"])
    fetch_histories()
    assert (position().income, position().cost, codes()) == (4000, 4000, [])
    assert PriceHistory.objects.get().wanted_at is None
    recording.record_transactions(portfolio, [reward("1")])
    assert position().income == 6000
    fetch_histories()
    assert fake.requests[CHART] == 1


def test_a_stated_value_wins_over_the_prices_of_the_past(fake: FakeCoinGecko, portfolio: Portfolio) -> None:
    DailyPrice.objects.create(asset_id="ethereum", day=LAST_MONTH.date(), usd=D(2000))
    recording.record_transactions(portfolio, [reward("2", price=D(1500)), reward("1", value_override=D(10))])
    assert position().income == 3010
    fetch_histories()
    assert not fake.requests


def test_either_leg_tells_what_a_swap_was_worth(portfolio: Portfolio) -> None:
    DailyPrice.objects.create(asset_id="bitcoin", day=LAST_MONTH.date(), usd=D(50_000))
    swap = reward("10", type="swap", counter_asset_id="bitcoin", counter_amount=D("0.4"))
    recording.record_transactions(portfolio, [swap])
    assert (position("bitcoin").cost, position("bitcoin").issues) == (20_000, [])
    assert position().realised == 20_000


def test_values_are_in_the_currency_of_the_portfolio_at_the_days_own_rate(portfolio: Portfolio) -> None:
    """The European Central Bank's rate of 10 January 2024 was 1.0946 dollars for a euro."""
    recording.change_portfolio(portfolio, currency="eur")
    DailyPrice.objects.create(asset_id="ethereum", day=date(2024, 1, 10), usd=D("1094.6"))
    recording.record_transactions(portfolio, [reward("3", timestamp=datetime(2024, 1, 10, 12, tzinfo=UTC))])
    assert position().income == 3000


def test_a_fee_in_a_third_coin_is_worth_what_that_coin_was(portfolio: Portfolio) -> None:
    DailyPrice.objects.create(asset_id="ethereum", day=LAST_MONTH.date(), usd=D(2000))
    buy = reward("1", type="buy", asset_id="bitcoin", price=D(40_000), fee_asset_id="ethereum", fee_amount=D("0.01"))
    recording.record_transactions(portfolio, [reward("1"), buy])
    assert position("bitcoin").cost == 40_020
    assert (position().quantity, position().cost) == (D("0.99"), 1980)


def test_a_value_of_before_the_sources_reach_stays_unknown_and_the_source_is_not_asked_again(
    fake: FakeCoinGecko, portfolio: Portfolio
) -> None:
    long_ago = reward(timestamp=datetime(2015, 8, 1, tzinfo=UTC))
    recording.record_transactions(portfolio, [long_ago])
    fetch_histories()
    recording.record_transactions(portfolio, [long_ago])
    fetch_histories()
    assert codes() == ["no_value", "no_value"]
    assert fake.requests[CHART] == 1


def test_a_source_that_fails_is_asked_again_after_an_hour(fake: FakeCoinGecko, portfolio: Portfolio) -> None:
    recording.record_transactions(portfolio, [reward()])
    fake.fail("500")
    fetch_histories()
    fetch_histories()
    assert fake.requests[CHART] == 1
    fake.heal()
    PriceHistory.objects.update(asked_at=clock.now() - timedelta(minutes=61))
    fetch_histories()
    assert position().income == 4000


def test_a_source_that_keeps_failing_is_given_up_after_a_day(fake: FakeCoinGecko, portfolio: Portfolio) -> None:
    recording.record_transactions(portfolio, [reward()])
    fake.fail("500")
    PriceHistory.objects.update(wanted_at=clock.now() - timedelta(hours=25))
    fetch_histories()
    assert PriceHistory.objects.get().wanted_at is None


def test_a_price_that_is_stored_never_moves_by_itself(fake: FakeCoinGecko, portfolio: Portfolio) -> None:
    DailyPrice.objects.create(asset_id="ethereum", day=LAST_MONTH.date(), usd=D(1))
    history.fetch("ethereum")
    assert DailyPrice.objects.get(day=LAST_MONTH.date()).usd == 1
    assert DailyPrice.objects.count() in {365, 366}


@pytest.fixture
def queue() -> Iterator[redis.Redis]:
    broker = redis.Redis.from_url(settings.REDIS_URLS[0])
    broker.delete("deliveries")
    yield broker
    broker.delete("deliveries")
    broker.close()


@pytest.mark.django_db(transaction=True)
def test_the_bell_rings_when_the_lack_is_committed_and_not_before(queue: redis.Redis, portfolio: Portfolio) -> None:
    with transaction.atomic():
        recording.record_transactions(portfolio, [reward()])
        assert queue.llen("deliveries") == 0
    tasks = [json.loads(raw)["headers"]["task"] for raw in queue.lrange("deliveries", 0, -1)]
    assert tasks.count("dashboard.tasks.fetch_histories") == 1


def test_the_source_is_asked_for_daily_prices_as_far_back_as_the_plan_goes(fake: FakeCoinGecko) -> None:
    days = CoinGecko(fake.url).history("ethereum")
    assert days[-1].day - days[0].day == timedelta(days=365)
    assert {day.usd for day in days} == {D(2000)}
    assert CoinGecko(fake.url, plan="pro").reach == "max"
    assert CoinGecko(fake.url).history("no coin\n") == ()


def test_a_point_that_can_not_be_used_spoils_no_other() -> None:
    noon = D(1_705_000_000_000)
    points: list[object] = [
        [noon, D(1)], [noon + 1000, D(2)], [noon, None], [noon, D(0)], [noon, D(-1)], [noon, D("1e30")], ["x", D(1)],
        [D("1e40"), D(1)], [D(-1), D(1)], [D(0), D(1)], [noon], None, {}, [noon, D("1e-30")],
    ]  # fmt: skip
    (day,) = read_days(points)
    assert (day.day, day.usd) == (date(2024, 1, 11), 2)
