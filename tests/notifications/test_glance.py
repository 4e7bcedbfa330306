"""Beside the dashboard: what is nearest to firing, and what fired of late, of this person only."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from dashboard import clock
from notifications.models import Alert, Reminder
from tests.notifications.conftest import Market, coin, make_user

pytestmark = pytest.mark.django_db
Remind = Callable[..., Reminder]


@pytest.fixture
def page(client: Client, user: User, market: Market) -> Client:
    coin("bitcoin")
    market.set("bitcoin", "67000")
    client.force_login(user)
    return client


def glance(page: Client) -> str:
    answer = page.get("/reminders/glance/")
    assert answer.status_code == 200
    return answer.content.decode()


def test_somebody_without_reminders_is_told_what_they_are_for(page: Client) -> None:
    assert "None yet" in glance(page)


def test_the_three_nearest_are_shown_nearest_first(page: Client, remind: Remind) -> None:
    for limit in ("90000", "68000", "70000", "75000"):
        remind("price_above", limit)
    text = glance(page)
    assert text.index("68,000") < text.index("70,000") < text.index("75,000")
    assert "90,000" not in text


def test_what_fired_within_a_day_is_shown(page: Client, user: User, remind: Remind, market: Market) -> None:
    remind("price_above", "68000")
    market.set("bitcoin", "69000")
    alert = Alert.objects.get()
    assert f"/alerts/{alert.pk}/" in glance(page)
    Alert.objects.update(fired_at=clock.now() - timedelta(hours=25))
    assert f"/alerts/{alert.pk}/" not in glance(page)


def test_it_asks_as_often_for_ten_reminders_as_for_two(page: Client, remind: Remind) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            glance(page)
        return len(asked)

    for number in range(2):
        remind("price_above", str(70000 + number))
    glance(page)
    few = queries()
    for number in range(8):
        remind("price_above", str(80000 + number))
    assert queries() == few


def test_nobody_sees_the_reminders_of_another(page: Client, remind: Remind) -> None:
    remind("price_above", "68000")
    page.force_login(make_user("eve"))
    assert "68,000" not in glance(page)
