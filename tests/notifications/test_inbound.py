"""Twilio's status callback: signed, repeated, late and out of order."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from notifications.delivery import deliver
from notifications.models import Alert, Delivery, Reminder, TransportOff
from tests.fakes.smtp import FakeSmtp
from tests.fakes.twilio import FakeTwilio
from tests.notifications.conftest import Market

pytestmark = pytest.mark.django_db


class Callbacks:
    """Posts status callbacks as Twilio would, for the one message that was sent."""

    def __init__(self, twilio: FakeTwilio) -> None:
        self.twilio = twilio
        self.client = Client(enforce_csrf_checks=True)

    def post(self, status: str, code: int | None = None, *, signature: str | None = None, sid: str = "") -> int:
        first = self.twilio.messages[0].sid
        url, form, right = self.twilio.callback(first, status, code)
        address = urlsplit(url)
        if sid:
            form["MessageSid"] = sid
        answer = self.client.post(
            f"{address.path}?{address.query}",
            form,
            headers={"X-Twilio-Signature": right if signature is None else signature},
        )
        return int(answer.status_code)


@pytest.fixture
def sent(
    market: Market, remind: Callable[..., Reminder], twilio: FakeTwilio, linked: User, settings: Settings
) -> Delivery:
    settings.PUBLIC_URL = "https://coins.example.org"
    market.set("bitcoin", 99)
    remind("price_above", 100, transports=["whatsapp"])
    market.set("bitcoin", 101)
    delivery = Delivery.objects.get()
    deliver(delivery.pk)
    return delivery


@pytest.fixture
def callbacks(twilio: FakeTwilio, sent: Delivery) -> Callbacks:
    return Callbacks(twilio)


def state() -> str:
    return Delivery.objects.get(transport="whatsapp").state


def test_a_delivery_moves_on_with_what_twilio_says(callbacks: Callbacks) -> None:
    for status, expected in (("sent", "sent"), ("delivered", "delivered"), ("read", "read")):
        assert callbacks.post(status) == 204
        assert state() == expected
    delivery = Delivery.objects.get()
    assert delivery.delivered_at is not None
    assert delivery.read_at is not None


def test_it_never_moves_back(callbacks: Callbacks) -> None:
    callbacks.post("read")
    for status in ("queued", "sent", "delivered", "failed", "undelivered"):
        assert callbacks.post(status) == 204
        assert state() == "read"


def test_the_same_callback_twice_changes_nothing(callbacks: Callbacks) -> None:
    callbacks.post("delivered")
    before = Delivery.objects.values().get()
    callbacks.post("delivered")
    assert Delivery.objects.values().get() == before


def test_a_wrong_signature_is_refused(callbacks: Callbacks) -> None:
    assert callbacks.post("read", signature="bm9uc2Vuc2U=") == 403
    assert callbacks.post("read", signature="") == 403
    assert callbacks.post("read", sid="SM" + "f" * 32) == 403
    assert state() == "sent"


def test_the_signature_covers_which_delivery_is_meant(callbacks: Callbacks, twilio: FakeTwilio, sent: Delivery) -> None:
    _, form, signature = twilio.callback(twilio.messages[0].sid, "read")
    answer = Client().post(
        f"/webhooks/twilio/status/?delivery={sent.pk + 1}", form, headers={"X-Twilio-Signature": signature}
    )
    assert answer.status_code == 403


def test_only_posts_are_answered(callbacks: Callbacks) -> None:
    assert Client().get("/webhooks/twilio/status/").status_code == 405


def test_without_twilio_there_is_no_such_page(callbacks: Callbacks, settings: Settings) -> None:
    settings.TWILIO_AUTH_TOKEN = ""
    assert callbacks.post("read") == 404


def test_a_closed_window_that_is_told_later_falls_back_to_one_email(callbacks: Callbacks, smtp: FakeSmtp) -> None:
    for _ in range(3):
        assert callbacks.post("undelivered", 63016) == 204
    told = Delivery.objects.get(transport="whatsapp")
    assert (told.state, told.due_at) == ("failed", None)
    assert "have not written for 24 hours. (Twilio 63016)" in told.error
    for delivery in Alert.objects.get().deliveries.filter(transport="email"):
        deliver(delivery.pk)
    [mail] = smtp.mails
    assert mail.subject == "Bitcoin (BTC) is above 100 USD"
    assert not TransportOff.objects.exists()


def test_a_busy_whatsapp_is_tried_again_once_for_each_message(
    callbacks: Callbacks, twilio: FakeTwilio, time: Any
) -> None:
    callbacks.post("failed", 63018)
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.provider_id) == ("queued", "")
    due_at = delivery.due_at
    callbacks.post("failed", 63018)
    assert Delivery.objects.get().due_at == due_at
    time.shift(timedelta(seconds=12))
    deliver(delivery.pk)
    assert len(twilio.messages) == 2
    callbacks.post("failed", 63018)
    assert state() == "sent"


def test_a_callback_clears_up_a_doubt(callbacks: Callbacks, twilio: FakeTwilio, sent: Delivery) -> None:
    Delivery.objects.update(state="in_doubt", provider_id="")
    callbacks.post("delivered")
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.provider_id) == ("delivered", twilio.messages[0].sid)


def test_numbers_of_other_messages_are_left_alone(callbacks: Callbacks, twilio: FakeTwilio, settings: Settings) -> None:
    Delivery.objects.update(provider_id="SM" + "e" * 32)
    assert callbacks.post("read") == 204
    assert state() == "sent"
