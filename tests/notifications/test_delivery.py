"""Telling: every way in which a send can end, against real local servers."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.db.models import F
from pytest_django import Settings

from accounts.models import User
from dashboard import clock
from notifications import switching
from notifications.claiming import LEASE
from notifications.conversation import heard_from, resume, stop
from notifications.delivery import RETRIES, deliver
from notifications.models import Alert, Delivery, Reminder, TransportOff
from tests.fakes.smtp import FakeSmtp
from tests.fakes.twilio import FakeTwilio
from tests.notifications.conftest import NUMBER, Market

pytestmark = pytest.mark.django_db
Fire = Callable[..., Alert]


@pytest.fixture
def fire(market: Market, remind: Callable[..., Reminder]) -> Fire:
    """An alert with a queued delivery for each of these transports."""

    def make(*transports: str, **values: Any) -> Alert:
        market.set("bitcoin", 99)
        remind("price_above", 100, transports=list(transports), **values)
        market.set("bitcoin", 101)
        return Alert.objects.latest("pk")

    return make


def step(alert: Alert, transport: str, time: Any = None, after: timedelta = timedelta()) -> Delivery:
    """One step of the delivery, once so much time has passed."""
    if time is not None:
        time.shift(after)
    delivery = Delivery.objects.get(alert=alert, transport=transport)
    deliver(delivery.pk)
    delivery.refresh_from_db()
    return delivery


# E-mail ---------------------------------------------------------------------------------------------------------------
def test_an_email_holds_the_whole_story(fire: Fire, smtp: FakeSmtp, settings: Settings) -> None:
    settings.PUBLIC_URL = "https://coins.example.org"
    alert = fire("email", note="Sell <b>now</b> & smile")
    delivery = step(alert, "email")
    [mail] = smtp.to("ada@example.org")
    assert delivery.state == "sent"
    assert delivery.sent_at is not None
    assert mail.subject == "Bitcoin (BTC) is above 100 USD"
    for part in (mail.text, mail.html):
        assert alert.text in part
        assert f"https://coins.example.org/alerts/{alert.pk}/" in part
    assert "Sell <b>now</b> & smile" in mail.text
    assert "Sell &lt;b&gt;now&lt;/b&gt; &amp; smile" in mail.html
    assert mail.message_id == f"<tickfolio-alert-{alert.pk}-{delivery.pk}@coins.example.org>"


def test_nothing_is_sent_to_an_unconfirmed_address(fire: Fire, smtp: FakeSmtp, user: User) -> None:
    alert = fire("email")
    EmailAddress.objects.update(verified=False)
    delivery = step(alert, "email")
    assert (delivery.state, delivery.error) == ("failed", "There is no confirmed address for E-mail.")
    assert not smtp.mails


def test_delivering_twice_sends_once(fire: Fire, smtp: FakeSmtp) -> None:
    alert = fire("email")
    step(alert, "email")
    step(alert, "email")
    assert len(smtp.mails) == 1


@pytest.mark.parametrize("answer", ["rcpt 451 Try later", "data 452 Too busy"])
def test_a_temporary_refusal_is_tried_again_with_growing_pauses(
    fire: Fire, smtp: FakeSmtp, time: Any, answer: str
) -> None:
    smtp.fail(answer)
    alert = fire("email")
    delivery = step(alert, "email")
    for attempt, pause in enumerate(RETRIES, start=1):
        assert (delivery.state, delivery.attempts) == ("queued", attempt)
        assert delivery.due_at is not None
        assert pause <= delivery.due_at - clock.now() <= pause * 1.1 + timedelta(seconds=1)
        early = step(alert, "email")
        assert early.attempts == attempt
        delivery = step(alert, "email", time, pause * 1.2)
    assert delivery.state == "failed"
    assert answer.split(" ", 1)[1] in delivery.error
    assert not smtp.mails


def test_once_the_server_is_well_again_a_pending_mail_goes_out_once(fire: Fire, smtp: FakeSmtp, time: Any) -> None:
    smtp.fail("data 451 Down for maintenance")
    alert = fire("email")
    step(alert, "email")
    for pause in RETRIES[:3]:
        step(alert, "email", time, pause * 1.2)
    smtp.heal()
    delivery = step(alert, "email", time, RETRIES[3] * 1.2)
    assert (delivery.state, len(smtp.mails)) == ("sent", 1)


def test_a_mail_server_that_is_away_is_tried_again(fire: Fire, settings: Settings, smtp: FakeSmtp) -> None:
    settings.EMAIL_PORT = 1
    delivery = step(fire("email"), "email")
    assert delivery.state == "queued"
    assert "can't be reached" in delivery.error


def test_a_refused_address_ends_at_once_and_is_switched_off(fire: Fire, smtp: FakeSmtp, user: User) -> None:
    smtp.fail("rcpt 550 No such mailbox")
    delivery = step(fire("email"), "email")
    assert (delivery.state, delivery.attempts) == ("failed", 1)
    assert "550 No such mailbox" in delivery.error
    assert TransportOff.objects.get(user=user).transport == "email"


def test_a_broken_connection_leaves_a_doubt_and_one_repetition_under_the_same_id(
    fire: Fire, smtp: FakeSmtp, time: Any
) -> None:
    smtp.fail("drop after")
    alert = fire("email")
    delivery = step(alert, "email")
    assert (delivery.state, delivery.doubts) == ("in_doubt", 1)
    step(alert, "email", time, timedelta(seconds=11))
    delivery = step(alert, "email")
    assert (delivery.state, delivery.doubts) == ("in_doubt", 2)
    step(alert, "email", time, timedelta(seconds=11))
    delivery = step(alert, "email")
    assert delivery.state == "failed"
    assert "It may have arrived" in delivery.error
    assert len({mail.message_id for mail in smtp.mails}) == 1
    assert len(smtp.mails) == 2


# WhatsApp -------------------------------------------------------------------------------------------------------------
def test_a_whatsapp_message_in_the_sandbox_is_text(fire: Fire, twilio: FakeTwilio, linked: User) -> None:
    alert = fire("whatsapp", note="Look")
    delivery = step(alert, "whatsapp")
    [message] = twilio.to(NUMBER)
    assert (delivery.state, delivery.provider_id) == ("sent", message.sid)
    assert message.body == f"{alert.text}\n\nLook\n\nhttp://127.0.0.1:8000/alerts/{alert.pk}/"
    assert (message.content_sid, message.callback) == ("", "")


def test_a_template_is_filled_in_where_one_is_set(
    fire: Fire, twilio: FakeTwilio, linked: User, settings: Settings
) -> None:
    settings.TWILIO_CONTENT_SID = "HX" + "1" * 32
    settings.PUBLIC_URL = "https://coins.example.org"
    alert = fire("whatsapp", note="Two\nlines")
    delivery = step(alert, "whatsapp")
    [message] = twilio.to(NUMBER)
    assert message.content_sid == settings.TWILIO_CONTENT_SID
    assert message.variables == {
        "1": f"{alert.text} Note: Two lines",
        "2": f"https://coins.example.org/alerts/{alert.pk}/",
    }
    assert message.callback == f"https://coins.example.org/webhooks/twilio/status/?delivery={delivery.pk}"


def test_inside_the_24_hours_after_somebody_wrote_it_is_free_text_and_a_template_outside(
    fire: Fire, twilio: FakeTwilio, linked: User, settings: Settings, time: Any
) -> None:
    settings.TWILIO_CONTENT_SID = "HX" + "1" * 32
    heard_from(NUMBER, clock.now())
    for shift, free in ((timedelta(hours=23), True), (timedelta(hours=1), False)):
        time.shift(shift)
        alert = fire("whatsapp")
        step(alert, "whatsapp")
        sent = twilio.forms[-1]
        assert ("Body" in sent, "ContentSid" in sent) == (free, not free)
    heard_from(NUMBER, clock.now())
    step(fire("whatsapp"), "whatsapp")
    assert "Body" in twilio.forms[-1]


def test_who_has_sent_stop_gets_nothing_by_whatsapp_until_they_send_start(
    fire: Fire, twilio: FakeTwilio, smtp: FakeSmtp, linked: User
) -> None:
    alert = fire("whatsapp")
    stop(NUMBER, clock.now())
    delivery = step(alert, "whatsapp")
    assert (delivery.state, delivery.error) == (
        "failed",
        "You have sent STOP by WhatsApp. Send START to get messages again.",
    )
    assert step(alert, "email").state == "sent"
    assert not twilio.requests
    resume(NUMBER)
    assert step(fire("whatsapp"), "whatsapp").state == "sent"


@pytest.mark.parametrize(
    ("header", "pause"),
    [("300", 300), ("2", 10), ("99999999", 3600), ("soon", 10), ("Mon, 04 May 2026 10:05:00 GMT", 300)],
)
def test_twilio_is_left_alone_as_long_as_it_asks(
    fire: Fire, twilio: FakeTwilio, linked: User, time: Any, header: str, pause: int
) -> None:
    time.move_to(datetime(2026, 5, 4, 10, tzinfo=UTC))
    twilio.retry_after = header
    twilio.fail("20429", times=1)
    alert = fire("whatsapp")
    delivery = step(alert, "whatsapp")
    assert delivery.due_at is not None
    assert pause <= (delivery.due_at - clock.now()).total_seconds() <= pause * 1.1 + 1
    step(alert, "whatsapp", time, timedelta(seconds=pause - 1))
    assert twilio.requests["POST"] == 1
    assert step(alert, "whatsapp", time, timedelta(seconds=pause * 0.1 + 2)).state == "sent"


@pytest.mark.parametrize("at_once", [True, False])
def test_a_closed_window_falls_back_to_email_whether_twilio_says_so_at_once_or_later(
    fire: Fire, twilio: FakeTwilio, smtp: FakeSmtp, linked: User, time: Any, at_once: bool
) -> None:
    if at_once:
        twilio.fail("63016")
    alert = fire("whatsapp")
    delivery = step(alert, "whatsapp")
    if not at_once:
        twilio.set_status(twilio.messages[0].sid, "failed", 63016)
        delivery = step(alert, "whatsapp", time, timedelta(seconds=6))
    assert delivery.state == "failed"
    assert "have not written for 24 hours. (Twilio 63016)" in delivery.error
    assert step(alert, "email").state == "sent"
    assert not TransportOff.objects.exists()


def test_nothing_is_sent_to_a_number_that_was_not_proved(fire: Fire, twilio: FakeTwilio, linked: User) -> None:
    alert = fire("whatsapp")
    User.objects.update(whatsapp_verified_at=None)
    assert step(alert, "whatsapp").state == "failed"
    assert not twilio.requests


@pytest.mark.parametrize("answer", ["20429", "500", "503"])
def test_an_answer_that_says_not_now_is_tried_again(
    fire: Fire, twilio: FakeTwilio, linked: User, time: Any, answer: str
) -> None:
    twilio.fail(answer, times=1)
    alert = fire("whatsapp")
    delivery = step(alert, "whatsapp")
    assert (delivery.state, delivery.attempts, delivery.doubts) == ("queued", 1, 0)
    delivery = step(alert, "whatsapp", time, timedelta(seconds=12))
    assert (delivery.state, len(twilio.messages)) == ("sent", 1)


def test_a_twilio_that_is_away_is_tried_again(fire: Fire, twilio: FakeTwilio, linked: User, settings: Settings) -> None:
    settings.TWILIO_API_URL = "http://127.0.0.1:1"
    delivery = step(fire("whatsapp"), "whatsapp")
    assert (delivery.state, delivery.error) == ("queued", "Twilio can't be reached.")


@pytest.mark.parametrize("code", ["21211", "21610", "21614"])
def test_a_bad_number_ends_at_once_switches_whatsapp_off_and_is_told_by_email(
    fire: Fire, twilio: FakeTwilio, smtp: FakeSmtp, linked: User, code: str
) -> None:
    twilio.fail(code)
    alert = fire("whatsapp")
    delivery = step(alert, "whatsapp")
    assert (delivery.state, delivery.attempts) == ("failed", 1)
    assert f"(Twilio {code})" in delivery.error
    off = TransportOff.objects.get(user=linked, transport="whatsapp")
    for _ in range(2):
        switching.tell_off(off.pk)
    assert step(alert, "email").state == "sent"
    assert sorted(mail.subject for mail in smtp.mails) == [
        "Bitcoin (BTC) is above 100 USD",
        "WhatsApp is switched off",
    ]


def test_a_transport_that_is_off_is_not_used_until_it_is_on_again(
    fire: Fire, twilio: FakeTwilio, smtp: FakeSmtp, linked: User
) -> None:
    alert = fire("whatsapp")
    switching.switch_off(linked, "whatsapp", "The number is not on WhatsApp.", clock.now())
    delivery = step(alert, "whatsapp")
    assert (delivery.state, delivery.error) == ("failed", "WhatsApp is switched off: The number is not on WhatsApp.")
    assert not twilio.requests
    switching.switch_on(linked, "whatsapp")
    second = fire("whatsapp")
    assert step(second, "whatsapp").state == "sent"


@pytest.mark.parametrize("code", ["63016", "21608", "20003"])
def test_faults_that_are_not_the_numbers_end_the_delivery_but_switch_nothing_off(
    fire: Fire, twilio: FakeTwilio, linked: User, code: str
) -> None:
    twilio.fail(code)
    assert step(fire("whatsapp"), "whatsapp").state == "failed"
    assert not TransportOff.objects.exists()


@pytest.mark.parametrize(("mode", "arrived"), [("reset_after", 1), ("reset_before", 0)])
def test_a_doubt_is_cleared_up_by_looking_before_anything_is_sent_again(
    fire: Fire, twilio: FakeTwilio, linked: User, time: Any, mode: str, arrived: int
) -> None:
    twilio.fail(mode, times=1)
    alert = fire("whatsapp")
    delivery = step(alert, "whatsapp")
    assert (delivery.state, delivery.doubts) == ("in_doubt", 1)
    assert len(twilio.messages) == arrived
    delivery = step(alert, "whatsapp", time, timedelta(seconds=11))
    if not arrived:
        assert delivery.state == "queued"
        delivery = step(alert, "whatsapp")
    assert (delivery.state, len(twilio.messages)) == ("sent", 1)
    assert delivery.provider_id == twilio.messages[0].sid


def test_a_doubt_waits_while_nobody_can_be_asked(fire: Fire, twilio: FakeTwilio, linked: User, time: Any) -> None:
    twilio.fail("reset_after", times=1)
    twilio.fail_look_ups("500")
    alert = fire("whatsapp")
    step(alert, "whatsapp")
    for _ in range(3):
        delivery = step(alert, "whatsapp", time, timedelta(minutes=6))
        assert delivery.state == "in_doubt"
    twilio.heal()
    delivery = step(alert, "whatsapp", time, timedelta(minutes=30))
    assert (delivery.state, len(twilio.messages)) == ("sent", 1)


def test_a_send_that_is_in_doubt_twice_is_not_sent_a_third_time(
    fire: Fire, twilio: FakeTwilio, linked: User, time: Any
) -> None:
    twilio.fail("reset_before")
    alert = fire("whatsapp", fallback=[])
    delivery = step(alert, "whatsapp")
    for _ in range(4):
        delivery = step(alert, "whatsapp", time, timedelta(minutes=1))
    assert (delivery.state, delivery.doubts, twilio.requests["POST"]) == ("failed", 2, 2)


def test_a_worker_killed_after_sending_doubles_nothing(fire: Fire, twilio: FakeTwilio, linked: User, time: Any) -> None:
    alert = fire("whatsapp")
    sent = step(alert, "whatsapp")
    # As the killed worker left it: accepted by the provider, its answer never written down.
    Delivery.objects.filter(pk=sent.pk).update(
        state="sending", provider_id="", lease_until=clock.now() + LEASE, due_at=F("queued_at"), sent_at=None
    )
    assert step(alert, "whatsapp").state == "sending"
    delivery = step(alert, "whatsapp", time, LEASE + timedelta(seconds=1))
    assert (delivery.state, delivery.provider_id) == ("sent", twilio.messages[0].sid)
    assert len(twilio.messages) == 1


def test_a_worker_killed_before_sending_loses_nothing(fire: Fire, twilio: FakeTwilio, linked: User, time: Any) -> None:
    alert = fire("whatsapp")
    Delivery.objects.update(state="sending", lease_until=clock.now() + LEASE, sending_at=clock.now(), attempts=1)
    step(alert, "whatsapp", time, LEASE + timedelta(seconds=1))
    delivery = step(alert, "whatsapp")
    assert (delivery.state, delivery.doubts, len(twilio.messages)) == ("sent", 1, 1)


def test_templates_whose_text_is_not_kept_are_found_by_being_nobody_elses(
    fire: Fire, twilio: FakeTwilio, linked: User, time: Any, settings: Settings
) -> None:
    settings.TWILIO_CONTENT_SID = "HX" + "1" * 32
    twilio.keeps_text = False
    first = fire("whatsapp")
    step(first, "whatsapp")
    twilio.fail("reset_after", times=1)
    second = fire("whatsapp")
    step(second, "whatsapp")
    delivery = step(second, "whatsapp", time, timedelta(seconds=11))
    assert (delivery.state, delivery.provider_id) == ("sent", twilio.messages[1].sid)


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:8000", "http://localhost", "https://nas.local", "http://10.0.0.7"]
)
def test_twilio_is_not_asked_to_call_what_it_cant_reach(
    fire: Fire, twilio: FakeTwilio, linked: User, settings: Settings, address: str
) -> None:
    settings.PUBLIC_URL = address
    step(fire("whatsapp"), "whatsapp")
    assert twilio.messages[0].callback == ""


def test_where_twilio_cant_call_back_it_is_asked_how_it_went(
    fire: Fire, twilio: FakeTwilio, linked: User, time: Any
) -> None:
    alert = fire("whatsapp")
    step(alert, "whatsapp")
    twilio.set_status(twilio.messages[0].sid, "delivered")
    delivery = step(alert, "whatsapp", time, timedelta(seconds=6))
    assert (delivery.state, delivery.due_at) == ("delivered", None)
    assert delivery.delivered_at is not None


def test_a_message_that_fails_on_its_way_falls_back(
    fire: Fire, twilio: FakeTwilio, smtp: FakeSmtp, linked: User, time: Any
) -> None:
    alert = fire("whatsapp")
    step(alert, "whatsapp")
    twilio.set_status(twilio.messages[0].sid, "undelivered", 63003)
    delivery = step(alert, "whatsapp", time, timedelta(seconds=6))
    assert (delivery.state, delivery.error) == ("failed", "The number is not on WhatsApp. (Twilio 63003)")
    assert step(alert, "email").state == "sent"
    assert TransportOff.objects.filter(transport="whatsapp").exists()


# Falling back ---------------------------------------------------------------------------------------------------------
def test_a_failed_delivery_goes_on_by_the_first_fallback_that_was_not_used(
    fire: Fire, twilio: FakeTwilio, smtp: FakeSmtp, linked: User
) -> None:
    twilio.fail("21608")
    alert = fire("toast", "whatsapp", fallback=["toast", "whatsapp", "email"])
    step(alert, "whatsapp")
    assert sorted(alert.deliveries.values_list("transport", flat=True)) == ["email", "toast", "whatsapp"]
    assert step(alert, "email").state == "sent"


def test_an_email_that_was_sent_already_is_no_fallback(
    fire: Fire, twilio: FakeTwilio, smtp: FakeSmtp, linked: User
) -> None:
    twilio.fail("21608")
    alert = fire("email", "whatsapp")
    step(alert, "email")
    step(alert, "whatsapp")
    step(alert, "email")
    assert len(smtp.mails) == 1


def test_no_fallback_is_used_while_a_delivery_may_still_succeed(
    fire: Fire, twilio: FakeTwilio, smtp: FakeSmtp, linked: User
) -> None:
    twilio.fail("500")
    alert = fire("whatsapp")
    step(alert, "whatsapp")
    assert alert.deliveries.count() == 1


def test_a_transport_that_this_site_no_longer_has_fails_plainly(
    fire: Fire, twilio: FakeTwilio, linked: User, settings: Settings
) -> None:
    alert = fire("whatsapp")
    settings.TWILIO_AUTH_TOKEN = ""
    assert step(alert, "whatsapp").error == "WhatsApp is not set up on this site."
