"""Reminders whose limits are in bitcoin or ether: they are judged whenever either price moves."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from accounts.models import User
from dashboard import clock
from dashboard.charts import Subject
from dashboard.models import MarketQuote, Portfolio
from notifications.limits import limits_of
from notifications.models import Alert, Reminder
from notifications.selectors import watched_assets
from notifications.suggesting import suggestions
from notifications.talking import Remind as Wish
from notifications.talking import understand
from tests.notifications.conftest import Market, coin, hold

pytestmark = pytest.mark.django_db
Remind = Callable[..., Reminder]


def start(market: Market) -> None:
    market.set_all({"bitcoin": 50000, "ethereum": 2000})


def test_a_price_in_bitcoin_crosses_its_limit_when_bitcoin_falls(market: Market, remind: Remind) -> None:
    start(market)
    remind("price_above", "0.05", asset="ethereum", currency="btc")
    market.set("bitcoin", 41000)
    assert not Alert.objects.exists()
    market.set("bitcoin", 39000)
    [alert] = Alert.objects.all()
    assert alert.title == "Ethereum (ETH) is above 0.05 BTC"
    assert "0.05128205 BTC" in alert.text


def test_and_when_the_coin_itself_rises(market: Market, remind: Remind) -> None:
    start(market)
    remind("price_above", "0.05", asset="ethereum", currency="btc")
    market.set("ethereum", 2600)
    assert Alert.objects.get().observed == Decimal("0.052")


@pytest.mark.parametrize(
    ("kind", "limit", "values"),
    [
        ("trailing", "10", {"asset": "ethereum", "direction": "down"}),
        ("change", "10", {"asset": "ethereum", "direction": "down", "window": "creation"}),
    ],
)
def test_kinds_that_look_at_every_price_look_at_bitcoins_too(
    market: Market, remind: Remind, kind: str, limit: str, values: dict[str, Any]
) -> None:
    start(market)
    reminder = remind(kind, limit, currency="btc", **values)
    before = Reminder.objects.get(pk=reminder.pk)
    market.set("bitcoin", 60000)
    fired = Alert.objects.filter(reminder=reminder).exists()
    after = Reminder.objects.get(pk=reminder.pk)
    assert fired or (after.memory, after.due_at) != (before.memory, before.due_at)


def test_a_change_is_held_against_what_it_was_in_bitcoin(market: Market, remind: Remind, time: Any) -> None:
    start(market)
    remind("change", "10", asset="ethereum", direction="down", window="24h", currency="btc")
    MarketQuote.objects.filter(pk="ethereum").update(change_24h=0)
    MarketQuote.objects.filter(pk="bitcoin").update(change_24h=5)
    market.set("ethereum", 2001)
    assert not Alert.objects.exists()
    MarketQuote.objects.filter(pk="bitcoin").update(change_24h=25)
    time.shift(timedelta(seconds=20))
    market.set("bitcoin", 50001)
    time.shift(timedelta(seconds=20))
    market.set("bitcoin", 50002)
    assert Alert.objects.count() == 1


def test_an_old_price_of_bitcoin_lets_it_wait(market: Market, remind: Remind) -> None:
    market.set("bitcoin", 50000, as_of=clock.now() - timedelta(hours=3))
    market.set("ethereum", 2000)
    remind("price_above", "0.05", asset="ethereum", currency="btc")
    market.set("ethereum", 3000)
    assert not Alert.objects.exists()


def test_a_balance_in_bitcoin_moves_with_either_price(
    market: Market, remind: Remind, user: User, portfolio: Portfolio
) -> None:
    start(market)
    hold(portfolio, "ethereum", 10)
    remind("balance_above", "0.5", currency="btc")
    market.set("bitcoin", 41000)
    assert not Alert.objects.exists()
    market.set("bitcoin", 39999)
    assert Alert.objects.get().currency == "btc"


def test_coins_that_limits_are_stated_in_are_fetched(market: Market, remind: Remind) -> None:
    start(market)
    remind("balance_above", "0.5", currency="btc")
    assert watched_assets() == {"bitcoin"}


def test_limits_in_bitcoin_are_drawn_on_charts_in_bitcoin_only(market: Market, remind: Remind, user: User) -> None:
    start(market)
    remind("price_above", "0.05", asset="ethereum", currency="btc")
    assert [limit.value for limit in limits_of(Subject(user, "btc", asset="ethereum"))] == [Decimal("0.05")]
    assert limits_of(Subject(user, "usd", asset="ethereum")) == []


def test_nothing_is_suggested_of_what_is_counted_in(market: Market, user: User) -> None:
    start(market)
    User.objects.filter(pk=user.pk).update(currency="btc")
    user.refresh_from_db()
    assert suggestions(user, coin("bitcoin")) == []
    assert [one.label for one in suggestions(user, coin("ethereum"))] == ["+25 %", "−10 %"]


def test_messages_name_it_as_a_currency() -> None:
    wish = understand("remind eth above 0.05 btc", "usd")
    assert isinstance(wish, Wish)
    assert (str(wish.limit.number), wish.limit.currency) == ("0.05", "btc")
