"""What becomes of a call to Twilio that goes wrong."""

import pytest
from pytest_django import Settings
from twilio.rest import Client

from notifications.twilio_api import (
    BoundedHttp,
    TwilioRefused,
    TwilioUnanswered,
    TwilioUnreachable,
    create_message,
    fetch_message,
)
from tests.fakes.twilio import FakeTwilio
from tests.notifications.conftest import NUMBER


def test_a_message_is_sent_over_whatsapp(twilio: FakeTwilio) -> None:
    sent = create_message(NUMBER, body="Hello")
    assert (twilio.messages[0].to, twilio.messages[0].sender) == (f"whatsapp:{NUMBER}", "whatsapp:+14155238886")
    assert fetch_message(sent.sid).status == "queued"


@pytest.mark.parametrize(("mode", "status", "code"), [("21211", 400, 21211), ("20429", 429, 20429), ("502", 502, None)])
def test_an_answer_with_a_body_that_is_no_success_means_not_accepted(
    twilio: FakeTwilio, mode: str, status: int, code: int | None
) -> None:
    twilio.fail(mode)
    with pytest.raises(TwilioRefused) as refusal:
        create_message(NUMBER, body="Hello")
    assert (refusal.value.status, refusal.value.code) == (status, code)


@pytest.mark.parametrize("mode", ["reset_before", "reset_after", "garbage"])
def test_a_broken_answer_tells_nothing(twilio: FakeTwilio, mode: str) -> None:
    twilio.fail(mode)
    with pytest.raises(TwilioUnanswered):
        create_message(NUMBER, body="Hello")


def test_no_connection_means_not_accepted(twilio: FakeTwilio, settings: Settings) -> None:
    settings.TWILIO_API_URL = "http://127.0.0.1:1"
    with pytest.raises(TwilioUnreachable):
        create_message(NUMBER, body="Hello")


def test_a_silent_twilio_is_given_up_after_the_deadline(twilio: FakeTwilio) -> None:
    twilio.fail("silent_after")
    client = Client(twilio.sid, twilio.token, http_client=BoundedHttp(twilio.url, seconds=0.5))
    with pytest.raises(TwilioUnanswered):
        client.messages.create(to=f"whatsapp:{NUMBER}", from_="whatsapp:+1", body="Hello")
    assert len(twilio.messages) == 1


def test_a_wrong_token_is_refused(twilio: FakeTwilio, settings: Settings) -> None:
    settings.TWILIO_AUTH_TOKEN = "wrong"
    with pytest.raises(TwilioRefused) as refusal:
        create_message(NUMBER, body="Hello")
    assert refusal.value.code == 20003
