"""Scheduled reports from their time to the mailbox: once for each local day, whatever clocks and machines do."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine

from accounts.models import User
from dashboard import clock
from dashboard.models import Portfolio
from notifications import checking
from notifications.delivery import deliver
from notifications.models import Alert, Reminder
from notifications.reminding import create_reminder
from tests.fakes.smtp import FakeSmtp
from tests.fakes.twilio import FakeTwilio
from tests.notifications.conftest import NUMBER, Market, at_once, hold

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 5, 3, 6, 30, tzinfo=UTC)  # 08:30 in Berlin
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture
def time() -> Iterator[Any]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def report(user: User, **values: Any) -> Reminder:
    facts = {"kind": "schedule", "schedule": {"hour": 8}, "repeat": "always", "transports": ["toast"]}
    return create_reminder(user, facts | values)


def days_of_alerts() -> list[str]:
    times = Alert.objects.order_by("pk").values_list("fired_at", flat=True)
    return [f"{at.astimezone(BERLIN):%d %H:%M}" for at in times]


def test_a_report_that_is_due_goes_out_by_its_ways(
    time: Any, user: User, portfolio: Portfolio, market: Market, smtp: FakeSmtp, twilio: FakeTwilio, linked: User
) -> None:
    hold(portfolio, "bitcoin", "0.5")
    reminder = report(user, transports=["email", "whatsapp"])
    market.set("bitcoin", 60000)
    assert not Alert.objects.exists()
    time.move_to(datetime(2026, 5, 4, 6, 0, 10, tzinfo=UTC))
    market.set("bitcoin", 60000)
    alert = Alert.objects.get()
    assert (alert.kind, alert.title, alert.late) == ("schedule", "All portfolios: 30,000.00 USD", False)
    assert alert.text.startswith("All portfolios: 30,000.00 USD; how it changed in 24 h is not known.\nProfit ")
    for delivery in alert.deliveries.all():
        deliver(delivery.pk)
    [mail] = smtp.mails
    for part in (mail.text, mail.html):
        assert "Bitcoin (BTC): 0.5 at 60,000.00 = 30,000.00 (100.00 %, profit" in part
        assert "Cost of what is held: 0.00" in part
    [message] = twilio.to(NUMBER)
    assert message.body.startswith(alert.text)
    assert len(message.body) < 1024
    reminder.refresh_from_db()
    assert reminder.due_at == datetime(2026, 5, 5, 6, tzinfo=UTC)
    market.set("bitcoin", 61000)
    assert Alert.objects.count() == 1


def test_a_report_comes_without_any_news_of_the_market(time: Any, user: User, portfolio: Portfolio) -> None:
    report(user)
    time.move_to(datetime(2026, 5, 4, 6, tzinfo=UTC))
    checking.check(None)
    assert Alert.objects.get().text == "All portfolios: nothing is held yet."


def test_a_daily_report_comes_once_a_local_day_through_both_changes_of_clocks(
    time: Any, user: User, portfolio: Portfolio
) -> None:
    for begin, change in (
        (datetime(2026, 3, 28, tzinfo=UTC), "29 03:00"),
        (datetime(2026, 10, 24, tzinfo=UTC), "25 02:30"),
    ):
        Alert.objects.all().delete()
        Reminder.objects.all().delete()
        time.move_to(begin)
        report(user, schedule={"hour": 2, "minute": 30})
        for step in range(3 * 24 * 2 + 1):
            time.move_to(begin + step * timedelta(minutes=30))
            checking.check(None)
        before, of_change, after = days_of_alerts()[:3]
        assert of_change == change
        assert before.endswith("02:30")
        assert after.endswith("02:30")
        assert len({day[:2] for day in days_of_alerts()}) == Alert.objects.count()


def test_what_was_missed_is_made_up_for_once_and_marked_late(time: Any, user: User, portfolio: Portfolio) -> None:
    report(user)
    time.move_to(datetime(2026, 5, 6, 9, 15, tzinfo=UTC))  # three were due meanwhile
    checking.check(None)
    checking.check(None)
    alert = Alert.objects.get()
    assert alert.late
    assert Reminder.objects.get().due_at == datetime(2026, 5, 7, 6, tzinfo=UTC)


def test_a_paused_report_does_not_come(time: Any, user: User, portfolio: Portfolio) -> None:
    report(user, active=False)
    time.move_to(datetime(2026, 5, 6, 9, tzinfo=UTC))
    checking.check(None)
    assert not Alert.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_of_many_checkers_at_once_one_sends_the_report(user: User, portfolio: Portfolio) -> None:
    with time_machine.travel(NOW, tick=False) as time:
        report(user)
        time.move_to(datetime(2026, 5, 4, 6, 0, 10, tzinfo=UTC))
        outcomes = at_once(4, lambda: checking.check(None))
        assert outcomes == [None] * 4
        assert Alert.objects.count() == 1
        due_at = Reminder.objects.get().due_at
        assert due_at is not None
        assert due_at > clock.now()
