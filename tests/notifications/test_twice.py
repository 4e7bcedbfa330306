"""A double is impossible in the database, not only in the code."""

from collections.abc import Callable

import pytest
from django.db import IntegrityError, transaction

from notifications.alerting import FACTS, facts_of
from notifications.fallback import queued
from notifications.firing import AlreadyClaimed, claim
from notifications.inserting import insert_like
from notifications.models import Alert, Delivery, Reminder
from tests.notifications.conftest import Market

pytestmark = pytest.mark.django_db


@pytest.fixture
def alert(market: Market, remind: Callable[..., Reminder]) -> Alert:
    market.set("bitcoin", 99)
    remind("price_above", 100)
    market.set("bitcoin", 101)
    return Alert.objects.get()


def test_a_firing_has_one_alert(alert: Alert) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        insert_like(alert, FACTS, [facts_of(alert)], returning=["reminder_id"])
    assert Alert.objects.get() == alert


def test_an_alert_has_one_delivery_by_each_transport(alert: Alert) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        insert_like(queued(alert, "toast", alert.fired_at), (), [()], returning=["transport"])
    assert Delivery.objects.get().alert == alert


def test_what_was_claimed_is_not_claimed_again(alert: Alert) -> None:
    reminder = Reminder.objects.select_related("user").get()
    with pytest.raises(AlreadyClaimed):
        claim([reminder], alert.fired_at)
    assert Reminder.objects.get().firings == 1
