"""From a price to an alert: what the market's news do to stored reminders."""

import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks, Settings

from accounts.models import User
from dashboard import clock
from dashboard.models import ExchangeRate, MarketState, Portfolio
from notifications import checking
from notifications.models import Alert, Delivery, Reminder, Watch
from notifications.prefilter import STORED, Quoted, facts, statement
from notifications.selectors import is_close, watched_assets
from tests.notifications.conftest import Market, at_once, coin, hold, make_user

pytestmark = pytest.mark.django_db
Remind = Callable[..., Reminder]


def test_a_crossing_fires_once(market: Market, remind: Remind) -> None:
    market.set("bitcoin", 99)
    reminder = remind("price_above", 100)
    for price in (100, 101, 102, 103):
        market.set("bitcoin", price)
    [alert] = Alert.objects.all()
    assert (alert.observed, alert.limit, alert.reminder_id, alert.firing) == (101, 100, reminder.pk, 1)
    assert not alert.late
    reminder.refresh_from_db()
    assert reminder.state(clock.now()) == "fired"


def test_the_alert_says_what_happened(market: Market, remind: Remind) -> None:
    market.set("bitcoin", "69000")
    remind("price_above", "70000", note="Sell a tenth")
    market.set("bitcoin", "70012.345")
    [alert] = Alert.objects.all()
    local = alert.price_as_of.astimezone(alert.user.zone)  # type: ignore[union-attr]
    assert alert.title == "Bitcoin (BTC) is above 70,000 USD"
    assert alert.text == (
        f"Bitcoin (BTC) rose above 70,000 USD: 70,012.34 USD at {local:%H:%M:%S} on {local.day} {local:%B %Y}, "
        "price from CoinGecko."
    )
    assert alert.note == "Sell a tenth"


def test_a_value_that_would_read_as_the_limit_is_shown_exactly(market: Market, remind: Remind) -> None:
    market.set("bitcoin", "69000")
    remind("price_above", "70000")
    market.set("bitcoin", "70000.001")
    assert "70,000 USD: 70,000.001 USD" in Alert.objects.get().text


def test_wobbling_round_the_limit_a_thousand_times_gives_one_alert(market: Market, remind: Remind) -> None:
    market.set("bitcoin", "99.9")
    remind("price_above", 100, repeat="always")
    for tick in range(1000):
        market.set("bitcoin", "100.2" if tick % 2 else "99.8")
    assert Alert.objects.count() == 1


def test_every_crossing_beyond_the_band_gives_an_alert_if_it_repeats(market: Market, remind: Remind) -> None:
    market.set("bitcoin", 101)
    remind("price_below", 100, repeat="always")
    for price in (99, 100, 99, 100.5, 99):
        market.set("bitcoin", str(price))
    assert list(Alert.objects.order_by("pk").values_list("firing", flat=True)) == [1, 2]


def test_one_delivery_for_each_transport_is_queued_with_the_alert(market: Market, remind: Remind) -> None:
    market.set("bitcoin", 99)
    remind("price_above", 100, transports=["toast", "email"])
    market.set("bitcoin", 101)
    assert sorted(Delivery.objects.values_list("transport", "state")) == [("email", "queued"), ("toast", "queued")]


def test_the_same_prices_are_judged_once_however_often_it_is_called(market: Market, remind: Remind) -> None:
    market.set("bitcoin", 99)
    remind("price_above", 100, repeat="always", rearm_band="0")
    market.set("bitcoin", 101)
    for _ in range(3):
        checking.check(None)
    assert Alert.objects.count() == 1


def test_prices_of_a_tick_that_was_killed_are_judged_by_the_next(market: Market, remind: Remind) -> None:
    market.set("bitcoin", 99)
    remind("price_above", 100)
    market.set("bitcoin", 101, check=False)
    checking.check(None)
    assert Alert.objects.count() == 1


def test_an_unchanged_market_costs_three_reads_and_the_sweep(
    market: Market, remind: Remind, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    market.set("bitcoin", 99)
    remind("price_above", 100)
    with django_assert_num_queries(7):
        checking.check(None)


def test_a_missing_or_old_price_is_not_judged(market: Market, remind: Remind) -> None:
    market.set("bitcoin", 99)
    remind("price_below", 50)
    market.set("bitcoin", None)
    market.set("bitcoin", 40, as_of=clock.now() - timedelta(seconds=181))
    assert not Alert.objects.exists()
    market.set("bitcoin", 40)
    assert Alert.objects.count() == 1


def test_a_crossing_while_nobody_looked_fires_once_and_is_late(market: Market, remind: Remind, time: Any) -> None:
    market.set("bitcoin", 99)
    remind("price_above", 100)
    time.shift(timedelta(minutes=12))
    market.set("bitcoin", 101)
    [alert] = Alert.objects.all()
    assert alert.late
    assert "This comes late: no price was judged for 12 minutes before." in alert.text


def test_polls_that_bring_nothing_new_are_no_gap(market: Market, remind: Remind, time: Any) -> None:
    market.set("bitcoin", 99)
    remind("price_above", 100)
    for _ in range(12):
        time.shift(timedelta(minutes=1))
        MarketState.objects.update(last_success_at=clock.now())
        checking.check(None)
    time.shift(timedelta(minutes=1))
    market.set("bitcoin", 101)
    assert not Alert.objects.get().late


def test_a_slow_pace_is_no_gap(market: Market, remind: Remind, time: Any) -> None:
    market.interval = 600
    market.set("bitcoin", 99)
    remind("price_above", 100)
    time.shift(timedelta(minutes=10))
    market.interval = 30
    market.set("bitcoin", 101)
    assert not Alert.objects.get().late


def test_a_reminder_made_before_any_price_starts_with_the_first(market: Market, remind: Remind) -> None:
    reminder = remind("price_above", 100)
    assert reminder.arming == "unknown"
    for price in (101, 99, 101):
        market.set("bitcoin", price)
    assert [alert.observed for alert in Alert.objects.all()] == [101]
    assert Alert.objects.count() == 1


def test_paused_and_expired_ones_stay_silent(market: Market, remind: Remind, time: Any) -> None:
    market.set("bitcoin", 99)
    remind("price_above", 100, active=False)
    remind("price_above", 100, expires_at=clock.now() + timedelta(seconds=30))
    time.shift(timedelta(seconds=60))
    market.set("bitcoin", 101)
    assert not Alert.objects.exists()


def test_a_cool_down_holds_a_crossing_back(market: Market, remind: Remind, time: Any) -> None:
    market.set("bitcoin", 99)
    remind("price_above", 100, repeat="always", cooldown=600)
    for price in (101, 90, 102):
        time.shift(timedelta(seconds=60))
        market.set("bitcoin", price)
    assert Alert.objects.count() == 1
    time.shift(timedelta(seconds=600))
    market.set("bitcoin", 103)
    assert [alert.observed for alert in Alert.objects.order_by("pk")] == [101, 103]


def test_daily_means_at_most_once_in_a_day_of_the_owner(market: Market, remind: Remind) -> None:
    market.set("bitcoin", 99)
    reminder = remind("price_above", 100, repeat="daily")
    market.set("bitcoin", 101)
    reminder.refresh_from_db()
    assert reminder.cooling_until is not None
    midnight = reminder.cooling_until.astimezone(reminder.user.zone)
    assert (midnight.hour, midnight.minute) == (0, 0)
    assert clock.now() < midnight <= clock.now() + timedelta(days=1, hours=1)
    for price in (90, 102):
        market.set("bitcoin", price)
    assert Alert.objects.count() == 1


def test_limits_in_other_currencies_are_judged_at_todays_rate(market: Market, remind: Remind) -> None:
    for code, rate in (("usd", "1"), ("eur", "0.8")):
        ExchangeRate.objects.create(code=code, per_usd=Decimal(rate), fetched_at=clock.now())
    market.set("bitcoin", 120)
    remind("price_above", 100, currency="EUR")
    market.set("bitcoin", 125)
    assert not Alert.objects.exists()
    market.set("bitcoin", "125.01")
    assert Alert.objects.get().observed == Decimal("100.008")


# Balances -------------------------------------------------------------------------------------------------------------
def test_a_balance_is_the_exact_sum_of_what_is_held(market: Market, remind: Remind, portfolio: Portfolio) -> None:
    hold(portfolio, "bitcoin", "0.1")
    hold(portfolio, "ethereum", "3")
    market.set_all({"bitcoin": "100", "ethereum": "10"})
    remind("balance_above", 40, portfolio=portfolio.pk)
    remind("balance_above", "40.000000000000000001")
    market.set("bitcoin", "100.00000000000000001")
    assert [(alert.limit, alert.observed) for alert in Alert.objects.all()] == [
        (Decimal(40), Decimal("40.000000000000000001"))
    ]


def test_all_portfolios_are_summed(market: Market, remind: Remind, user: Any, portfolio: Portfolio) -> None:
    other = Portfolio.objects.create(user=user, name="Other", currency="usd")
    hold(portfolio, "bitcoin", 1)
    hold(other, "bitcoin", 1)
    market.set("bitcoin", 60)
    remind("balance_below", 100)
    remind("balance_below", 30, portfolio=other.pk)
    market.set("bitcoin", 49)
    assert Alert.objects.get().observed == 98


def test_the_owners_own_transaction_is_no_crossing(market: Market, remind: Remind, portfolio: Portfolio) -> None:
    hold(portfolio, "bitcoin", 1)
    market.set("bitcoin", 90)
    remind("balance_above", 100)
    hold(portfolio, "bitcoin", 2)
    market.set("bitcoin", 91)
    assert not Alert.objects.exists()
    market.set("bitcoin", 45)
    market.set("bitcoin", 55)
    assert Alert.objects.get().observed == 110


def test_a_move_of_the_market_after_a_transaction_is_a_crossing(
    market: Market, remind: Remind, portfolio: Portfolio
) -> None:
    hold(portfolio, "bitcoin", 1)
    market.set("bitcoin", 40)
    remind("balance_above", 100)
    hold(portfolio, "bitcoin", 2)
    market.set("bitcoin", 41)
    market.set("bitcoin", 51)
    assert Alert.objects.get().observed == 102


def test_a_balance_waits_while_more_than_a_hundredth_of_it_is_old(
    market: Market, remind: Remind, portfolio: Portfolio, time: Any
) -> None:
    hold(portfolio, "bitcoin", 1)
    hold(portfolio, "ethereum", 1)
    market.set_all({"bitcoin": 90, "ethereum": 5})
    remind("balance_above", 100)
    time.shift(timedelta(seconds=200))
    market.set("bitcoin", 110)
    assert not Alert.objects.exists()
    market.set("ethereum", "1")
    assert Alert.objects.get().observed == 111
    assert Alert.objects.count() == 1


def test_dust_that_is_old_does_not_hold_a_balance_up(
    market: Market, remind: Remind, portfolio: Portfolio, time: Any
) -> None:
    hold(portfolio, "bitcoin", 1)
    hold(portfolio, "ethereum", 1)
    market.set_all({"bitcoin": 90, "ethereum": "0.5"})
    remind("balance_above", 100)
    time.shift(timedelta(seconds=200))
    market.set("bitcoin", 110)
    assert Alert.objects.get().observed == Decimal("110.5")


def test_a_balance_waits_while_a_held_coin_has_no_price(market: Market, remind: Remind, portfolio: Portfolio) -> None:
    hold(portfolio, "bitcoin", 1)
    hold(portfolio, "nameless", 1)
    market.set("bitcoin", 90)
    remind("balance_above", 100)
    market.set("bitcoin", 110)
    assert not Alert.objects.exists()


# Many -----------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("of", ["news", "stored"])
def test_the_index_finds_the_reminders_that_prices_concern(market: Market, remind: Remind, user: User, of: str) -> None:
    """Also once the database has statistics: they lead planners to read everything."""
    coins = [coin(f"coin-{number}") for number in range(20)]
    reminder = remind("price_above", 100, asset="coin-0")
    known = {field.attname: getattr(reminder, field.attname) for field in Reminder._meta.concrete_fields}
    Reminder.objects.bulk_create(
        Reminder(**{**known, "id": None, "asset_id": coins[n % 20].pk, "arming": "armed", "rise_to": 100 + n / 7})
        for n in range(4000)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
        if of == "news":
            asked, prices = statement(), facts([Quoted(each.pk, "usd", Decimal(99)) for each in coins], 0)
        else:
            asked, prices = statement(STORED), '[["usd", 0.98, 1.02]]'
        question = "EXPLAIN QUERY PLAN" if connection.vendor == "sqlite" else "EXPLAIN"
        cursor.execute(f"{question} {asked}", [prices])
        plan = " | ".join(str(row[-1]) for row in cursor.fetchall())
    if connection.vendor == "sqlite":
        assert "USING INDEX reminder_rise (asset_id=? AND currency=? AND rise_to" in plan, plan
        assert "USING INDEX reminder_fall (asset_id=? AND currency=? AND fall_to" in plan, plan
        assert "BLOOM" not in plan, plan
    else:
        assert plan.count("Nested Loop") >= 2, plan
        assert re.search(r"Index.* reminder_rise", plan), plan
        assert re.search(r"Index.* reminder_fall", plan), plan
        assert "Seq Scan on notifications_reminder" not in plan, plan
        with connection.cursor() as cursor:
            cursor.execute("SHOW jit")
            assert cursor.fetchone() == ("off",), "compiling takes longer than the answer"


def test_queries_do_not_grow_with_reminders_that_do_not_fire(
    market: Market, remind: Remind, portfolio: Portfolio
) -> None:
    hold(portfolio, "bitcoin", 1)
    market.set("bitcoin", 99)
    counts = []
    for limits in (range(200, 205), range(300, 350)):
        for limit in limits:
            remind("price_above", limit)
            remind("balance_above", limit)
        market.set("bitcoin", 98, check=False)
        with CaptureQueriesContext(connection) as queries:
            checking.check(None)
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_somebody_elses_reminders_fire_for_them(market: Market, remind: Remind) -> None:
    market.set("bitcoin", 99)
    grace = make_user("grace")
    remind("price_above", 100)
    remind("price_above", 100, user=grace)
    market.set("bitcoin", 101)
    assert set(Alert.objects.values_list("user__username", flat=True)) == {"ada", "grace"}


def test_the_poll_asks_for_coins_of_reminders_that_can_still_fire(market: Market, remind: Remind, time: Any) -> None:
    names = ["armed", "daily", "paused", "expires", "once", "unpriced"]
    market.set_all(dict.fromkeys(names[:-1], 99))
    terms: dict[str, dict[str, Any]] = {
        "daily": {"repeat": "daily"},
        "paused": {"active": False},
        "expires": {"expires_at": clock.now() + timedelta(minutes=5)},
    }
    for name in names:
        facts = terms.get(name, {})
        remind("price_above", 100, asset=name, **facts)
        remind("price_below", 1, asset=name, **facts)
    Reminder.objects.filter(asset="once", kind="price_below").delete()
    assert watched_assets() == {"armed", "daily", "expires", "once", "unpriced"}
    market.set_all({"daily": 101, "once": 101})
    time.shift(timedelta(minutes=6))
    assert watched_assets() == {"armed", "daily", "unpriced"}


def test_queries_after_a_gap_do_not_grow_with_coins(market: Market, remind: Remind, time: Any) -> None:
    counts = []
    for coins in (3, 30):
        names = [f"coin-{number}" for number in range(coins)]
        market.set_all(dict.fromkeys(names, 99))
        for name in names:
            remind("price_above", 200, asset=name)
        time.shift(timedelta(minutes=12))
        market.set_all(dict.fromkeys(names, 98), check=False)
        with CaptureQueriesContext(connection) as queries:
            checking.check(None)
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_the_poll_knows_which_coins_are_waited_for_and_whether_it_is_close(
    market: Market, remind: Remind, portfolio: Portfolio
) -> None:
    market.set_all({"bitcoin": 90, "ethereum": 10})
    remind("price_above", 100)
    remind("price_below", 5, asset="ethereum", active=False)
    assert watched_assets() == {"bitcoin"}
    market.set("bitcoin", 91)
    assert not is_close()
    market.set("bitcoin", 99)
    assert is_close()
    market.set("bitcoin", 101)
    assert not is_close()
    hold(portfolio, "bitcoin", 1)
    remind("balance_below", 100)
    market.set("bitcoin", "100.5")
    assert is_close()


def test_toasts_are_shown_as_soon_as_the_alert_is_committed(
    market: Market, remind: Remind, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    market.set("bitcoin", 99)
    remind("price_above", 100)
    with django_capture_on_commit_callbacks(execute=True):
        market.set("bitcoin", 101)
    [delivery] = Delivery.objects.all()
    assert (delivery.state, delivery.attempts, delivery.due_at) == ("sent", 1, None)


def test_a_dead_redis_delays_nothing_and_loses_nothing(
    market: Market,
    remind: Remind,
    settings: Settings,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    valkey: Any,
) -> None:
    market.set("bitcoin", 99)
    remind("price_above", 100, transports=["toast", "email"])
    valkey.kill()
    try:
        with django_capture_on_commit_callbacks(execute=True):
            market.set("bitcoin", 101)
    finally:
        valkey.start()
    assert dict(Delivery.objects.values_list("transport", "state")) == {"email": "queued", "toast": "sent"}


def test_what_was_not_rung_is_swept_up(market: Market, remind: Remind, time: Any) -> None:
    market.set("bitcoin", 99)
    remind("price_above", 100, transports=["email"])
    market.set("bitcoin", 101)
    time.shift(timedelta(seconds=16))
    checking.check(None)
    assert Delivery.objects.get().rung_at == clock.now()


@pytest.mark.django_db(transaction=True)
def test_many_checkers_at_once_make_one_alert_for_each_crossing(market: Market, remind: Remind) -> None:
    market.set("bitcoin", 99)
    for _ in range(20):
        remind("price_above", 100, repeat="always")
    for crossings in range(1, 6):
        market.set("bitcoin", 101, check=False)
        at_once(4, lambda: checking.check(None))
        assert Alert.objects.count() == 20 * crossings
        market.set("bitcoin", 90)
    assert Delivery.objects.count() == 100


def test_the_watch_knows_how_far_it_has_come(market: Market) -> None:
    coin("bitcoin")
    market.set("bitcoin", 1)
    market.set("bitcoin", 2)
    assert Watch.objects.get().sequence == MarketState.objects.get().sequence
