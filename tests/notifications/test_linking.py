"""Linking a WhatsApp number: codes, their caps, and what a person sees."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from dashboard import clock
from notifications import conversation, linking
from notifications.linking import LinkingError, confirm, link_state, send_code, unlink
from notifications.models import TransportOff, WhatsAppCode
from notifications.transports import ready_for
from tests.fakes.twilio import FakeTwilio
from tests.notifications.conftest import NUMBER, at_once, make_user

pytestmark = pytest.mark.django_db


def code_in(text: str) -> str:
    found = re.search(r"\b\d{6}\b", text)
    assert found is not None
    return found[0]


def other_than(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06d}"


def test_a_number_counts_once_its_code_came_back(user: User, twilio: FakeTwilio) -> None:
    send_code(user, NUMBER, "192.0.2.1")
    assert link_state(user).pending == NUMBER
    assert "whatsapp" not in ready_for(user)
    code = code_in(twilio.to(NUMBER)[0].body)
    assert confirm(user, f" {code[:3]} {code[3:]} ") == NUMBER
    user.refresh_from_db()
    assert str(user.whatsapp_number) == NUMBER
    assert "whatsapp" in ready_for(user)
    assert link_state(user).number == NUMBER


def test_the_code_goes_out_by_its_own_template(user: User, twilio: FakeTwilio, settings: Settings) -> None:
    settings.TWILIO_VERIFY_CONTENT_SID = "HX" + "2" * 32
    send_code(user, NUMBER, None)
    [message] = twilio.messages
    assert message.content_sid == settings.TWILIO_VERIFY_CONTENT_SID
    assert list(message.variables) == ["1"]
    confirm(user, message.variables["1"])


def test_the_code_itself_is_not_kept(user: User, twilio: FakeTwilio) -> None:
    send_code(user, NUMBER, None)
    code = code_in(twilio.messages[0].body)
    assert code not in str(WhatsAppCode.objects.values().get())


def test_no_code_goes_to_a_number_that_sent_stop(user: User, twilio: FakeTwilio) -> None:
    conversation.stop(NUMBER, clock.now())
    with pytest.raises(LinkingError, match=r"has sent STOP. Send START from it to \+14155238886 first\."):
        send_code(user, NUMBER, None)
    assert not twilio.messages
    conversation.resume(NUMBER)
    send_code(user, NUMBER, None)
    assert len(twilio.messages) == 1


def test_a_snooze_ends_when_the_number_is_linked_anew(user: User, twilio: FakeTwilio) -> None:
    conversation.snooze(NUMBER, clock.now() + timedelta(hours=8))
    send_code(user, NUMBER, None)
    confirm(user, code_in(twilio.messages[0].body))
    assert conversation.snoozed_until(user) is None


def test_the_settings_say_what_the_number_wants(linked: User, twilio: FakeTwilio, settings: Settings) -> None:
    client = Client()
    client.force_login(linked)
    settings.PUBLIC_URL = "https://coins.example.org"
    assert "Write HELP to +14155238886" in client.get("/settings/").content.decode()
    conversation.snooze(NUMBER, clock.now() + timedelta(hours=8))
    assert "Send SNOOZE OFF" in client.get("/settings/").content.decode()
    conversation.stop(NUMBER, clock.now())
    assert "Send START from it to +14155238886" in client.get("/settings/").content.decode()
    settings.PUBLIC_URL = "http://127.0.0.1:8000"
    assert "Write HELP" not in client.get("/settings/").content.decode()


def test_five_wrong_tries_end_a_code(user: User, twilio: FakeTwilio) -> None:
    send_code(user, NUMBER, None)
    code = code_in(twilio.messages[0].body)
    for _ in range(5):
        with pytest.raises(LinkingError, match="wrong or no longer valid"):
            confirm(user, other_than(code))
    with pytest.raises(LinkingError, match="wrong or no longer valid"):
        confirm(user, code)


def test_a_code_ends_after_ten_minutes(user: User, twilio: FakeTwilio, time: Any) -> None:
    send_code(user, NUMBER, None)
    time.shift(timedelta(minutes=10, seconds=1))
    with pytest.raises(LinkingError, match="wrong or no longer valid"):
        confirm(user, code_in(twilio.messages[0].body))


def test_a_new_code_ends_the_one_before(user: User, twilio: FakeTwilio) -> None:
    send_code(user, NUMBER, None)
    send_code(user, "+447700900456", None)
    first, second = (code_in(message.body) for message in twilio.messages)
    if first != second:
        with pytest.raises(LinkingError):
            confirm(user, first)
    assert confirm(user, second) == "+447700900456"


def test_a_code_is_of_no_use_to_somebody_else(user: User, twilio: FakeTwilio) -> None:
    send_code(user, NUMBER, None)
    with pytest.raises(LinkingError, match="wrong or no longer valid"):
        confirm(make_user("grace"), code_in(twilio.messages[0].body))


def test_a_code_works_once(user: User, twilio: FakeTwilio) -> None:
    send_code(user, NUMBER, None)
    code = code_in(twilio.messages[0].body)
    confirm(user, code)
    with pytest.raises(LinkingError):
        confirm(user, code)


@pytest.mark.parametrize(
    ("cap", "vary"), [("PER_USER", "number ip"), ("PER_NUMBER", "user ip"), ("PER_ADDRESS", "user number")]
)
def test_codes_are_capped_by_user_number_and_address(user: User, twilio: FakeTwilio, cap: str, vary: str) -> None:
    most = getattr(linking, cap)

    def ask(turn: int) -> None:
        send_code(
            make_user(f"user{turn}") if "user" in vary else user,
            f"+44770090{turn:04d}" if "number" in vary else NUMBER,
            f"192.0.2.{turn}" if "ip" in vary else "192.0.2.1",
        )

    for turn in range(most):
        ask(turn)
    with pytest.raises(LinkingError, match="Too many codes"):
        ask(most)
    assert len(twilio.messages) == most


def test_the_cap_of_the_site_holds_for_everybody(user: User, twilio: FakeTwilio) -> None:
    now = clock.now()
    for turn in range(linking.PER_SITE):
        WhatsAppCode.objects.create(
            user=make_user("crowd") if turn == 0 else User.objects.get(username="crowd"),
            number=f"+44770091{turn:04d}",
            digest="x",
            created_at=now,
            expires_at=now,
        )
    with pytest.raises(LinkingError, match="Too many codes"):
        send_code(user, NUMBER, None)


@pytest.mark.django_db(transaction=True)
def test_caps_are_exact_under_many_at_once(user: User, twilio: FakeTwilio) -> None:
    outcomes = at_once(20, lambda: send_code(user, NUMBER, None))
    assert sum(outcome is None for outcome in outcomes) == linking.PER_USER
    assert len(twilio.messages) == linking.PER_USER


@pytest.mark.django_db(transaction=True)
def test_tries_are_exact_under_many_at_once(user: User, twilio: FakeTwilio) -> None:
    send_code(user, NUMBER, None)
    wrong = other_than(code_in(twilio.messages[0].body))
    assert all(isinstance(outcome, LinkingError) for outcome in at_once(20, lambda: confirm(user, wrong)))
    assert WhatsAppCode.objects.get().tries == linking.TRIES


def test_a_refused_number_is_said_in_plain_words(user: User, twilio: FakeTwilio) -> None:
    twilio.fail("21211")
    with pytest.raises(LinkingError, match="not a valid phone number"):
        send_code(user, NUMBER, None)
    assert link_state(user).pending == ""


def test_linking_anew_switches_whatsapp_on_again(user: User, twilio: FakeTwilio) -> None:
    TransportOff.objects.create(user=user, transport="whatsapp", reason="x", off_at=clock.now())
    send_code(user, NUMBER, None)
    confirm(user, code_in(twilio.messages[0].body))
    assert not TransportOff.objects.exists()


def test_unlinking_forgets_the_number(linked: User, twilio: FakeTwilio) -> None:
    unlink(linked)
    linked.refresh_from_db()
    assert (linked.whatsapp_number, linked.whatsapp_verified_at) == ("", None)


def test_the_settings_page_leads_through_it(user: User, twilio: FakeTwilio, client: Client) -> None:
    client.force_login(user)
    assert "Send code" in client.get("/settings/").content.decode()
    wrong = client.post("/settings/whatsapp/link/", {"number": "12"})
    assert wrong.status_code == 422
    assert 'value="12"' in wrong.content.decode()
    assert client.post("/settings/whatsapp/link/", {"number": "+44 7700 900123"}).status_code == 302
    assert NUMBER in client.get("/settings/").content.decode()
    code = code_in(twilio.messages[0].body)
    again = client.post("/settings/whatsapp/confirm/", {"code": other_than(code)})
    assert "wrong or no longer valid" in again.content.decode()
    assert client.post("/settings/whatsapp/confirm/", {"code": code}).status_code == 302
    assert "Linked" in client.get("/settings/").content.decode()
    client.post("/settings/whatsapp/unlink/")
    assert "Send code" in client.get("/settings/").content.decode()


def test_without_twilio_it_is_not_offered(user: User, client: Client) -> None:
    client.force_login(user)
    assert "WhatsApp is not set up on this site." in client.get("/settings/").content.decode()
    with pytest.raises(LinkingError):
        send_code(user, NUMBER, None)
