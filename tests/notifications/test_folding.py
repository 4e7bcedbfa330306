"""Many alerts for one person: what becomes one message, what waits, and that each alert knows what became of it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from dashboard import clock
from notifications.allowance import STORM, STORM_SPAN
from notifications.claiming import LEASE
from notifications.conversation import snooze
from notifications.delivery import deliver
from notifications.models import Alert, Delivery, Reminder
from notifications.ringing import look_again
from tests.fakes.smtp import FakeSmtp
from tests.fakes.twilio import FakeTwilio
from tests.notifications.conftest import NUMBER, Market, at_once, make_user

pytestmark = pytest.mark.django_db
Fire = Callable[..., list[Alert]]
ALL = ("toast", "email", "whatsapp")


@pytest.fixture
def fire(market: Market, remind: Callable[..., Reminder]) -> Fire:
    """So many alerts of one tick, with queued deliveries for these transports."""

    def make(number: int, *transports: str, **values: Any) -> list[Alert]:
        market.set("bitcoin", 99)
        before = set(Alert.objects.values_list("pk", flat=True))
        for n in range(number):
            remind("price_above", 100 + n, transports=list(transports), **values)
        market.set("bitcoin", 500)
        return list(Alert.objects.exclude(pk__in=before).order_by("pk"))

    return make


def deliver_all(transport: str | None = None) -> None:
    """Every delivery's bell rings once."""
    found = Delivery.objects.exclude(transport="toast")
    for pk in list((found.filter(transport=transport) if transport else found).values_list("pk", flat=True)):
        deliver(pk)


def states(transport: str) -> set[str]:
    return set(Delivery.objects.filter(transport=transport).values_list("state", flat=True))


# One message for many -------------------------------------------------------------------------------------------------
@pytest.mark.django_db(transaction=True)
def test_twenty_at_once_are_twenty_toasts_one_email_and_one_whatsapp_that_list_them(
    fire: Fire, smtp: FakeSmtp, twilio: FakeTwilio, linked: User
) -> None:
    alerts = fire(20, *ALL)
    deliver_all()
    [mail], [message] = smtp.to("ada@example.org"), twilio.to(NUMBER)
    for alert in alerts:
        assert alert.text in mail.text
        assert alert.text in mail.html
        assert f"/alerts/{alert.pk}/" in mail.text
        assert f"• {alert.title}\n" in message.body
    assert mail.subject == "20 alerts: Bitcoin (BTC) is above 100 USD and 19 more"
    assert Delivery.objects.filter(transport="toast", state="sent").count() == 20
    for transport in ("email", "whatsapp"):
        rows = Delivery.objects.filter(transport=transport)
        assert rows.filter(state="sent", sent_at__isnull=False, sending_at__isnull=False, attempts=1).count() == 20
        leader = rows.get(leader=None)
        assert (leader.folded, rows.filter(leader=leader, due_at=None).count()) == (19, 19)


def test_three_at_once_go_one_by_one(fire: Fire, smtp: FakeSmtp) -> None:
    fire(3, "email")
    deliver_all()
    assert len(smtp.mails) == 3
    assert not Delivery.objects.exclude(leader=None).exists()


def test_others_alerts_are_never_in_it(fire: Fire, smtp: FakeSmtp, remind: Callable[..., Reminder]) -> None:
    other = make_user("bob")
    fire(5, "email")
    fire(5, "email", user=other)
    deliver_all()
    for name in ("ada", "bob"):
        [mail] = smtp.to(f"{name}@example.org")
        assert mail.text.count("/alerts/") == 5 + 1  # and all of them


def test_a_text_that_is_too_long_says_how_many_it_leaves_out(fire: Fire, twilio: FakeTwilio, linked: User) -> None:
    fire(60, "whatsapp")
    deliver_all()
    [message] = twilio.to(NUMBER)
    assert len(message.body) <= 1500
    named = message.body.count("• ")
    assert f"… and {60 - named} more" in message.body
    assert named > 20


def test_a_template_names_them_in_one_line(fire: Fire, twilio: FakeTwilio, linked: User, settings: Settings) -> None:
    settings.TWILIO_CONTENT_SID = "HX" + "1" * 32
    fire(60, "whatsapp")
    deliver_all()
    [message] = twilio.to(NUMBER)
    assert "\n" not in message.variables["1"]
    assert message.variables["1"].startswith("60 of your reminders fired: Bitcoin (BTC) is above 100 USD; ")
    assert len(message.variables["1"]) <= 1300
    leader = Delivery.objects.get(leader=None)
    assert message.variables["2"] == f"http://127.0.0.1:8000/alerts/?message={leader.pk}"


# What becomes of it ---------------------------------------------------------------------------------------------------
def test_all_of_them_are_delivered_and_read_when_the_message_is(
    fire: Fire, twilio: FakeTwilio, linked: User, time: Any
) -> None:
    fire(5, "whatsapp")
    deliver_all()
    for status in ("delivered", "read"):
        twilio.set_status(twilio.messages[0].sid, status)
        Delivery.objects.filter(leader=None).update(due_at=clock.now(), state="sent")
        deliver_all()
        assert Delivery.objects.filter(**{"state": status, f"{status}_at__isnull": False}).count() == 5


def test_all_of_them_wait_and_are_tried_again_as_one(fire: Fire, twilio: FakeTwilio, linked: User, time: Any) -> None:
    twilio.fail("500", times=1)
    fire(5, "whatsapp")
    deliver_all()
    assert states("whatsapp") == {"queued"}
    assert Delivery.objects.exclude(due_at=None).count() == 1
    time.shift(timedelta(seconds=12))
    deliver_all()
    assert (states("whatsapp"), len(twilio.messages)) == ({"sent"}, 1)
    assert set(Delivery.objects.values_list("attempts", flat=True)) == {2}


def test_new_ones_join_a_message_that_was_not_accepted(fire: Fire, smtp: FakeSmtp, time: Any) -> None:
    smtp.fail("data 451 Later", times=1)
    fire(5, "email")
    deliver_all()
    time.shift(timedelta(seconds=12))
    fire(2, "email")
    deliver_all()
    [mail] = smtp.mails
    assert mail.subject.startswith("7 alerts")
    assert Delivery.objects.filter(leader=None).get().folded == 6


def test_a_message_in_doubt_is_looked_up_and_repeated_unchanged(
    fire: Fire, smtp: FakeSmtp, twilio: FakeTwilio, linked: User, time: Any
) -> None:
    smtp.fail("drop after", times=1)
    twilio.fail("reset_after", times=1)
    fire(5, "email", "whatsapp")
    deliver_all()
    assert states("email") == states("whatsapp") == {"in_doubt"}
    time.shift(timedelta(seconds=11))
    deliver_all()
    fire(5, "email", "whatsapp")
    deliver_all()
    assert (states("email"), states("whatsapp")) == ({"sent"}, {"sent"})
    assert len(twilio.messages) == 2
    first, second, third = smtp.mails
    assert first.message_id in {second.message_id, third.message_id}
    assert sorted(mail.subject[:8] for mail in smtp.mails) == ["5 alerts"] * 3


def test_what_a_killed_worker_held_is_in_doubt_as_a_whole(
    fire: Fire, twilio: FakeTwilio, linked: User, time: Any
) -> None:
    fire(5, "whatsapp")
    deliver_all()
    sent = Delivery.objects.get(leader=None)
    Delivery.objects.update(state="sending", provider_id="", sent_at=None)
    Delivery.objects.filter(pk=sent.pk).update(lease_until=clock.now() + LEASE, due_at=clock.now())
    time.shift(LEASE + timedelta(seconds=1))
    deliver_all()
    assert (states("whatsapp"), len(twilio.messages)) == ({"sent"}, 1)
    assert set(Delivery.objects.values_list("doubts", flat=True)) == {1}


def test_where_it_fails_all_of_them_go_on_together_by_the_fallback(
    fire: Fire, smtp: FakeSmtp, twilio: FakeTwilio, linked: User
) -> None:
    twilio.fail("63016")
    fire(5, "whatsapp")
    deliver_all()
    assert Delivery.objects.filter(transport="whatsapp", state="failed", failed_at__isnull=False).count() == 5
    deliver_all("email")
    [mail] = smtp.mails
    assert mail.subject.startswith("5 alerts")
    assert Delivery.objects.filter(transport="email", state="sent").count() == 5


@pytest.mark.parametrize("code", [63016, 63003])
def test_where_it_fails_later_all_of_them_go_on_together_too(
    fire: Fire, smtp: FakeSmtp, twilio: FakeTwilio, linked: User, settings: Settings, code: int
) -> None:
    settings.PUBLIC_URL = "https://coins.example.org"
    fire(5, "whatsapp")
    deliver_all()
    url, form, signature = twilio.callback(twilio.messages[0].sid, "undelivered", code)
    path = url.removeprefix("https://coins.example.org")
    for _ in range(2):
        assert Client().post(path, form, headers={"X-Twilio-Signature": signature}).status_code == 204
    deliver_all("email")
    assert (states("whatsapp"), len(smtp.mails)) == ({"failed"}, 1)


@pytest.mark.django_db(transaction=True)
def test_many_workers_at_once_still_send_one(fire: Fire, smtp: FakeSmtp) -> None:
    fire(20, "email")
    ids = list(Delivery.objects.values_list("pk", flat=True))
    outcomes = at_once(20, lambda: deliver(ids.pop()))
    assert outcomes == [None] * 20
    assert (len(smtp.mails), states("email")) == (1, {"sent"})


# Storms ---------------------------------------------------------------------------------------------------------------
def test_beyond_fifteen_messages_in_three_minutes_the_rest_is_one(fire: Fire, smtp: FakeSmtp, time: Any) -> None:
    began = clock.now()
    for _ in range(STORM + 5):
        fire(1, "email")
        deliver_all()
        time.shift(timedelta(seconds=1))
    assert len(smtp.mails) == STORM
    waiting = Delivery.objects.filter(state="queued")
    assert set(waiting.values_list("due_at", "held_because")) == {
        (began + STORM_SPAN, "More than 15 messages in 3 minutes: the rest comes as one.")
    }
    time.shift(began + STORM_SPAN - clock.now())
    fire(1, "email")
    deliver_all()
    assert len(smtp.mails) == STORM + 1
    assert smtp.mails[-1].subject.startswith("6 alerts")
    assert states("email") == {"sent"}


def test_fifteen_in_three_minutes_do_not_wait(fire: Fire, smtp: FakeSmtp, time: Any) -> None:
    for _ in range(STORM + 10):
        fire(1, "email")
        deliver_all()
        time.shift(STORM_SPAN / STORM)
    assert len(smtp.mails) == STORM + 10


# Quiet hours ----------------------------------------------------------------------------------------------------------
@pytest.fixture
def night(time: Any) -> datetime:
    """23:00 in Berlin; quiet hours end in eight hours."""
    time.move_to(datetime.fromisoformat("2026-05-03T23:00:00+02:00"))
    return datetime.fromisoformat("2026-05-04T07:00:00+02:00")


def quiet(hours: dict[str, str] | None = None) -> None:
    Reminder.objects.update(quiet_hours=hours or {"from": "22:00", "to": "07:00"})


@pytest.mark.django_db(transaction=True)
def test_in_quiet_hours_only_toasts_come_and_the_rest_is_one_message_afterwards(
    fire: Fire, smtp: FakeSmtp, time: Any, night: datetime
) -> None:
    for _ in range(2):
        fire(1, "toast", "email")
        quiet()
        deliver_all()
        time.shift(timedelta(minutes=10))
    assert (states("toast"), states("email"), smtp.mails) == ({"sent"}, {"queued"}, [])
    assert set(Delivery.objects.filter(transport="email").values_list("due_at", "held_because")) == {
        (night, "Quiet hours until 07:00.")
    }
    time.move_to(night)
    deliver_all()
    [mail] = smtp.mails
    assert mail.subject == "2 alerts: Bitcoin (BTC) is above 100 USD and 1 more"
    assert "above 100 USD (23:00)" in mail.text
    assert "above 100 USD (23:10)" in mail.text


def test_a_single_one_says_when_it_happened(fire: Fire, smtp: FakeSmtp, time: Any, night: datetime) -> None:
    fire(1, "email")
    quiet()
    deliver_all()
    time.move_to(night)
    deliver_all()
    [mail] = smtp.mails
    text = " ".join(mail.text.split())
    assert "It happened at 23:00:00 on 3 May 2026. This message waited. Quiet hours until 07:00." in text


def test_quiet_hours_of_one_reminder_hold_up_no_other(fire: Fire, smtp: FakeSmtp, night: datetime) -> None:
    fire(1, "email")
    quiet()
    fire(1, "email")
    deliver_all()
    assert len(smtp.mails) == 1


def test_what_is_tried_again_waits_for_the_end_of_quiet_hours_too(
    fire: Fire, smtp: FakeSmtp, time: Any, night: datetime
) -> None:
    smtp.fail("data 451 Later", times=1)
    fire(1, "email")
    deliver_all()
    quiet()
    time.shift(timedelta(minutes=1))
    deliver_all()
    assert Delivery.objects.get().due_at == night


def test_a_snooze_holds_whatsapp_back_and_nothing_else(
    fire: Fire, smtp: FakeSmtp, twilio: FakeTwilio, linked: User, time: Any
) -> None:
    until = clock.now() + timedelta(hours=1)
    snooze(NUMBER, until)
    fire(1, "email", "whatsapp")
    deliver_all()
    assert (len(smtp.mails), twilio.messages) == (1, [])
    assert Delivery.objects.get(transport="whatsapp").due_at == until
    time.move_to(until)
    deliver_all()
    assert len(twilio.messages) == 1


def test_what_waits_goes_out_at_once_where_the_hours_are_changed(
    fire: Fire, smtp: FakeSmtp, night: datetime, user: User
) -> None:
    fire(1, "email")
    quiet()
    deliver_all()
    reminder = Reminder.objects.get()
    reminder.quiet_hours = {"from": "01:00", "to": "07:00"}
    reminder.save()
    look_again(clock.now(), alert__reminder=reminder)
    deliver_all()
    assert len(smtp.mails) == 1


def test_what_still_has_to_wait_goes_on_waiting(fire: Fire, smtp: FakeSmtp, night: datetime) -> None:
    fire(1, "email")
    quiet()
    deliver_all()
    look_again(clock.now())
    deliver_all()
    assert (Delivery.objects.get().due_at, smtp.mails) == (night, [])


def test_the_end_of_a_snooze_lets_them_go(fire: Fire, twilio: FakeTwilio, linked: User) -> None:
    snooze(NUMBER, clock.now() + timedelta(hours=1))
    fire(1, "whatsapp")
    deliver_all()
    snooze(NUMBER, None)
    deliver_all()
    assert len(twilio.messages) == 1
