"""The demo's account: ready at the first start, there once however often it is made, its reminders close to firing."""

import threading
from collections.abc import Iterator
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import call_command
from django.test import Client, override_settings

from accounts.models import User
from dashboard import clock
from dashboard.charts import Span, value_chart
from dashboard.market.recording import Recording
from dashboard.market.replay import Server
from dashboard.market.sparklines import sparklines
from dashboard.models import MarketQuote, Snapshot, Transaction
from dashboard.portfolios import overview
from notifications.models import Reminder

pytestmark = pytest.mark.django_db


@pytest.fixture
def recorded_market() -> Iterator[None]:
    with Server(Recording(clock.now())) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        with override_settings(COINGECKO_URL=server.url, PRICE_REFRESH_SECONDS=1.0):
            yield
        server.shutdown()
        thread.join()


def seed() -> None:
    call_command("seed_demo", stdout=StringIO())


def test_the_account_is_ready_to_be_looked_at(recorded_market: None) -> None:
    seed()
    user = User.objects.get(username="demo")
    whole = overview(user)
    assert Client().login(username="demo", password="tickfolio-demo")
    assert len(whole.holdings) == 10
    assert len(whole.closed) == 1
    assert not whole.totals.unpriced
    assert whole.totals.value > whole.totals.cost > 0
    assert not [issue for holding in whole.everything for issue in holding.held.issues]


def test_the_day_before_is_remembered_and_ends_where_the_market_is(recorded_market: None) -> None:
    seed()
    user = User.objects.get(username="demo")
    chart = value_chart(user, None, Span.DAY)
    assert len(chart.main.known) > 250
    assert abs(chart.last[1] / overview(user).totals.value - 1) < Decimal("0.05")
    assert len(sparklines([holding.asset for holding in overview(user).holdings])) == 10
    rows = Snapshot.objects.count()
    seed()
    assert Snapshot.objects.count() == rows


def test_a_reminder_stands_on_each_side_of_the_price_and_of_the_balance(recorded_market: None) -> None:
    seed()
    user = User.objects.get(username="demo")
    limits = {r.kind: r.limit or 0 for r in Reminder.objects.of(user).filter(portfolio=None)}
    price = MarketQuote.objects.get(asset="bitcoin").price
    assert price is not None
    assert price * 99 / 100 < limits["price_below"] < price < limits["price_above"] < price * 101 / 100
    balance = overview(user).totals.value
    assert limits["balance_below"] < balance < limits["balance_above"]


def test_seeding_again_adds_nothing(recorded_market: None) -> None:
    seed()
    before = Transaction.objects.count(), Reminder.objects.count()
    seed()
    assert (Transaction.objects.count(), Reminder.objects.count()) == before
