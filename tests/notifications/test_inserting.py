"""Rows inserted by one statement are those that the models would have written."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.forms.models import model_to_dict

from accounts.models import User
from dashboard.models import Portfolio
from notifications.alerting import FACTS, facts_of
from notifications.fallback import queued
from notifications.inserting import insert_like
from notifications.models import Alert, Delivery, Reminder

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 1, 12, 30, 15, 123456, tzinfo=UTC)


def alert(reminder: Reminder, user: User, portfolio: Portfolio | None, **values: object) -> Alert:
    facts = {"kind": "balance_above", "currency": "usd", "firing": 1, "fired_at": NOW, "title": "", "text": ""}
    return Alert(user=user, reminder=reminder, portfolio=portfolio, **{**facts, **values})


def test_alerts_are_written_as_the_model_would_write_them(
    user: User, portfolio: Portfolio, remind: Callable[..., Reminder]
) -> None:
    reminders = [remind("balance_above", limit) for limit in (100, 200, 300)]
    alerts = [
        alert(reminders[0], user, portfolio, limit=Decimal("0.000000000000000001"), observed=Decimal(10**20 - 1)),
        alert(reminders[1], user, None, late=True, price_as_of=NOW, fallback=["email", "whatsapp"], firing=7),
        alert(reminders[2], user, portfolio, limit=Decimal("-1000"), title="„Größe\" \\ 😀 '", text="a\n\t%s {} $[0]"),
    ]
    numbers = {
        reminder: pk for pk, reminder in insert_like(alerts[0], FACTS, map(facts_of, alerts), returning=["reminder_id"])
    }
    for one in alerts:
        stored = Alert.objects.get(pk=numbers[one.reminder_id])
        Alert.objects.filter(pk=stored.pk).delete()
        one.save()
        expected = Alert.objects.get(pk=one.pk)
        for field in Alert._meta.concrete_fields:
            if not field.primary_key:
                assert getattr(stored, field.attname) == getattr(expected, field.attname), field


def test_deliveries_are_written_as_the_model_would_write_them(
    user: User, portfolio: Portfolio, remind: Callable[..., Reminder]
) -> None:
    one = alert(remind("balance_above", 100), user, portfolio)
    one.save()
    template = queued(one, "email", NOW)
    [(pk, transport)] = insert_like(template, ["transport"], [("whatsapp",)], returning=["transport"])
    template.save()
    stored, expected = model_to_dict(Delivery.objects.get(pk=pk)), model_to_dict(Delivery.objects.get(pk=template.pk))
    assert transport == stored.pop("transport") == "whatsapp"
    assert expected.pop("transport") == "email"
    stored.pop("id"), expected.pop("id")
    assert stored == expected


def test_what_no_row_can_hold_is_refused(user: User, portfolio: Portfolio, remind: Callable[..., Reminder]) -> None:
    one = alert(remind("balance_above", 100), user, portfolio)
    one.save()
    with pytest.raises(TypeError, match="cannot be inserted"):
        insert_like(queued(one, "email", NOW), ["transport"], [(object(),)], returning=["transport"])
