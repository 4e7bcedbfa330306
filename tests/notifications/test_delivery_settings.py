"""The delivery settings: how each way stands, in words, and what a test message tells about it."""

from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from dashboard import clock
from notifications import conversation, switching
from notifications.models import PushSubscription, TransportOff, Trial
from notifications.pushing import subscribe
from notifications.transports import TRANSPORTS
from notifications.trying import MOST, TooManyTrials, try_out
from notifications.ways import State, Way, ways_of
from tests.fakes.push import Browser, FakePush
from tests.fakes.smtp import FakeSmtp
from tests.fakes.twilio import FakeTwilio
from tests.notifications.conftest import NUMBER, at_once, make_user

pytestmark = pytest.mark.django_db
PAGE = "/settings/delivery/"


@pytest.fixture
def push(settings: Settings) -> Iterator[FakePush]:
    with FakePush() as fake:
        settings.PUSH_HOSTS = [fake.origin]
        yield fake


@pytest.fixture
def browser(push: FakePush, user: User) -> Browser:
    made = push.browser()
    subscribe(user, made.subscription, "Firefox/1 (Windows)")
    return made


@pytest.fixture
def page(client: Client, user: User) -> Client:
    client.force_login(user)
    return client


def way(user: User, name: str) -> Way:
    return next(way for way in ways_of(user) if way.name == name)


def text(client: Client) -> str:
    return " ".join(unescape(client.get(PAGE).content.decode()).split())


# How each way stands --------------------------------------------------------------------------------------------------
def test_each_way_says_how_it_stands(user: User, settings: Settings) -> None:
    settings.EMAIL_ON_CONSOLE = False
    found = {each.name: (each.state, each.address) for each in ways_of(user)}
    assert found == {
        "toast": (State.READY, ""),
        "email": (State.READY, "ada@example.org"),
        "whatsapp": (State.ABSENT, ""),
        "webpush": (State.UNUSED, ""),
    }


def test_an_address_that_was_not_confirmed_is_named_with_what_to_do(page: Client, user: User) -> None:
    EmailAddress.objects.update(verified=False)
    assert (way(user, "email").state, way(user, "email").address) == (State.UNPROVED, "ada@example.org")
    shown = text(page)
    assert "Not confirmed" in shown
    assert "Confirm your address" in shown
    assert 'action="/settings/delivery/email/test/"' not in shown


def test_whatsapp_stands_as_its_number_does(user: User, twilio: FakeTwilio) -> None:
    assert way(user, "whatsapp").state is State.UNUSED
    user.whatsapp_number, user.whatsapp_verified_at = NUMBER, clock.now()
    user.save()
    assert (way(user, "whatsapp").state, way(user, "whatsapp").address) == (State.READY, NUMBER)
    conversation.stop(NUMBER, clock.now())
    assert way(user, "whatsapp").state is State.STOPPED
    assert "START" in way(user, "whatsapp").words


def test_what_was_switched_off_says_why_and_is_switched_on_again(page: Client, user: User, smtp: FakeSmtp) -> None:
    switching.switch_off(user, "email", "The mail server refused it: 550 No such <mailbox>", clock.now())
    shown = text(page)
    assert "Switched off" in shown
    assert "550 No such <mailbox>" in shown
    assert "No such <mailbox>" not in page.get(PAGE).content.decode()
    page.post(f"{PAGE}email/on/")
    assert not TransportOff.objects.exists()
    assert way(user, "email").state is State.READY


def test_browsers_are_listed_and_can_be_removed_without_scripts(page: Client, user: User, browser: Browser) -> None:
    assert (way(user, "webpush").state, way(user, "webpush").address) == (State.READY, "1 browser")
    assert "Firefox on Windows" in text(page)
    pk = PushSubscription.objects.get().pk
    stranger = Client()
    stranger.force_login(make_user("grace"))
    assert stranger.post(f"{PAGE}push/{pk}/remove/").status_code == 404
    assert page.post(f"{PAGE}push/{pk}/remove/").status_code == 302
    assert not PushSubscription.objects.exists()


def test_push_messages_without_a_key_say_who_can_switch_them_on(page: Client, settings: Settings) -> None:
    settings.VAPID_PRIVATE_KEY = ""
    assert "VAPID_PRIVATE_KEY" in text(page)
    assert "data-push-on" not in text(page)


def test_the_page_asks_the_database_as_often_however_much_there_is(
    page: Client, user: User, browser: Browser, push: FakePush, django_assert_max_num_queries: Any
) -> None:
    for _ in range(5):
        subscribe(user, push.browser().subscription, "")
    with django_assert_max_num_queries(22):
        page.get(PAGE)


# Test messages --------------------------------------------------------------------------------------------------------
def test_a_test_mail_goes_through_the_real_mail_server(page: Client, user: User, smtp: FakeSmtp) -> None:
    answer = page.post(f"{PAGE}email/test/")
    assert answer.headers["Location"] == f"{PAGE}#email"
    [mail] = smtp.to("ada@example.org")
    assert mail.subject == "Test message from Tickfolio"
    assert Trial.objects.get().accepted is True
    assert "Test message sent" in text(page)
    assert "The mail server took it" in text(page)


def test_the_providers_reason_is_shown(page: Client, smtp: FakeSmtp) -> None:
    smtp.fail("rcpt 550 No such mailbox")
    page.post(f"{PAGE}email/test/")
    assert "Test message not sent" in text(page)
    assert "550 No such mailbox" in text(page)
    assert not TransportOff.objects.exists()


def test_a_test_that_nobody_answered_is_in_doubt(page: Client, smtp: FakeSmtp) -> None:
    smtp.fail("drop after")
    page.post(f"{PAGE}email/test/")
    assert "Test message in doubt" in text(page)
    assert "It may have arrived" in text(page)


def test_a_test_by_whatsapp_tells_what_twilio_says_a_moment_later(
    page: Client, user: User, linked: User, twilio: FakeTwilio
) -> None:
    twilio.fail("63015")
    page.post(f"{PAGE}whatsapp/test/")
    assert "has not joined the WhatsApp sandbox" in text(page)
    twilio.heal()
    page.post(f"{PAGE}whatsapp/test/")
    assert len(twilio.to(NUMBER)) == 1
    assert Trial.objects.latest("pk").outcome == "Twilio took it and is passing it on."


def test_a_test_by_push_reaches_the_browser(page: Client, user: User, browser: Browser) -> None:
    page.post(f"{PAGE}webpush/test/")
    [told] = browser.messages
    assert (told["title"], told["path"]) == ("Test message from Tickfolio", PAGE)
    assert "The push service took it" in text(page)


def test_a_test_toast_is_shown(page: Client) -> None:
    page.post(f"{PAGE}toast/test/")
    assert Trial.objects.get().accepted is True


def test_nothing_is_sent_by_a_way_that_is_off_or_goes_nowhere(page: Client, user: User, smtp: FakeSmtp) -> None:
    switching.switch_off(user, "email", "No such mailbox.", clock.now())
    page.post(f"{PAGE}email/test/")
    assert Trial.objects.get().accepted is False
    switching.switch_on(user, "email")
    EmailAddress.objects.update(verified=False)
    page.post(f"{PAGE}email/test/")
    assert not smtp.mails


def test_test_messages_are_limited_and_free_again_after_an_hour(
    page: Client, user: User, smtp: FakeSmtp, time: Any
) -> None:
    for _ in range(MOST + 2):
        answer = page.post(f"{PAGE}email/test/", follow=True)
    assert len(smtp.mails) == MOST
    assert "Wait a while" in answer.content.decode()
    time.shift(timedelta(minutes=61))
    page.post(f"{PAGE}email/test/")
    assert len(smtp.mails) == MOST + 1


@pytest.mark.django_db(transaction=True)
def test_the_limit_is_exact_when_many_are_sent_at_once(smtp: FakeSmtp) -> None:
    user = make_user("ada")
    Trial.objects.bulk_create([Trial(user=user, transport="email", at=clock.now()) for _ in range(MOST - 2)])
    outcomes = at_once(6, lambda: try_out(user, TRANSPORTS["email"]))
    assert sum(isinstance(outcome, TooManyTrials) for outcome in outcomes) == 4
    assert len(smtp.mails) == 2


def test_test_messages_count_for_the_days_allowance(
    page: Client, user: User, linked: User, twilio: FakeTwilio, settings: Settings
) -> None:
    settings.WHATSAPP_DAILY_LIMIT = 1
    page.post(f"{PAGE}whatsapp/test/")
    answer = page.post(f"{PAGE}whatsapp/test/", follow=True)
    assert len(twilio.to(NUMBER)) == 1
    assert "are used up" in unescape(answer.content.decode())


@pytest.mark.parametrize("path", ["pigeon/test/", "pigeon/on/"])
def test_an_unknown_way_is_not_found(page: Client, path: str) -> None:
    assert page.post(PAGE + path).status_code == 404


@pytest.mark.parametrize("path", ["email/test/", "email/on/", "push/1/remove/", "push/subscribe/"])
def test_nothing_happens_by_looking(page: Client, path: str) -> None:
    assert page.get(PAGE + path).status_code == 405


# Quiet hours ----------------------------------------------------------------------------------------------------------
def test_quiet_hours_of_new_reminders_are_kept_and_shown(page: Client, user: User) -> None:
    page.post(PAGE, {"begin": "22:00", "end": "07:00"})
    user.refresh_from_db()
    assert user.quiet_hours == {"from": "22:00", "to": "07:00"}
    assert 'value="22:00"' in text(page)
    page.post(PAGE, {"begin": "", "end": ""})
    user.refresh_from_db()
    assert user.quiet_hours is None


@pytest.mark.parametrize(
    ("begin", "end", "words"),
    [
        ("22:00", "", "Enter both times, or neither."),
        ("", "07:00", "Enter both times, or neither."),
        ("22:00", "22:00", "another time"),
        ("soon", "07:00", "Enter a valid time."),
        ("25:00", "07:00", "Enter a valid time."),
    ],
)
def test_half_or_empty_quiet_hours_are_refused_beside_the_field(
    page: Client, user: User, begin: str, end: str, words: str
) -> None:
    answer = page.post(PAGE, {"begin": begin, "end": end})
    assert answer.status_code == 422
    assert words in answer.content.decode()
    user.refresh_from_db()
    assert user.quiet_hours is None
