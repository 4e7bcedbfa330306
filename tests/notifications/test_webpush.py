"""Push messages: signed, encrypted, sent only to push services, and every way in which that can end."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from dashboard import clock
from notifications import pushing, switching, vapid
from notifications.delivery import deliver
from notifications.models import Alert, Delivery, PushSubscription, Reminder, TransportOff
from notifications.pushing import MOST, PushError, label_of, subscribe
from notifications.transports import ready_for
from notifications.transports.base import InDoubt, Message, NotAccepted
from notifications.transports.webpush import WebPush, is_push_service
from tests.fakes.push import Browser, FakePush
from tests.notifications.conftest import Market, at_once, make_user

pytestmark = pytest.mark.django_db
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:142.0) Gecko/20100101 Firefox/142.0"


@pytest.fixture
def push(settings: Settings) -> Iterator[FakePush]:
    with FakePush() as fake:
        settings.PUSH_HOSTS = [fake.origin]
        yield fake


@pytest.fixture
def browser(push: FakePush, user: User) -> Browser:
    """One of the user's, that takes push messages."""
    made = push.browser()
    subscribe(user, made.subscription, FIREFOX)
    return made


def message(user: User, **values: Any) -> Message:
    facts = {"title": "Bitcoin", "text": "Up", "url": "https://coins.example.org/alerts/7/", "key": "k-1", **values}
    return Message(user=user, **facts)


def send(user: User, **values: Any) -> Any:
    return WebPush().send(message(user, **values), str(user.pk))


# From alert to browser ------------------------------------------------------------------------------------------------
def test_an_alert_reaches_a_browser_encrypted_and_signed(
    market: Market, remind: Callable[..., Reminder], browser: Browser
) -> None:
    market.set("bitcoin", 99)
    remind("price_above", 100, transports=["webpush"], note="Look")
    market.set("bitcoin", 101)
    alert = Alert.objects.get()
    delivery = Delivery.objects.get(alert=alert)
    deliver(delivery.pk)
    delivery.refresh_from_db()
    assert (delivery.state, delivery.due_at) == ("sent", None)
    [told] = browser.messages
    assert told == {
        "title": alert.title,
        "body": f"{alert.text}\nLook",
        "path": f"/alerts/{alert.pk}/",
        "tag": f"tickfolio-alert-{alert.pk}-{delivery.pk}",
    }
    [headers] = browser.headers
    assert headers["Content-Encoding"] == "aes128gcm"
    assert headers["TTL"] == "86400"
    assert headers["Urgency"] == "high"
    assert len(headers["Topic"]) == 32
    assert PushSubscription.objects.get().last_success_at is not None


def test_all_browsers_of_a_person_are_told_and_one_that_takes_it_is_enough(push: FakePush, user: User) -> None:
    first, second = push.browser(), push.browser()
    for each in (first, second):
        subscribe(user, each.subscription, FIREFOX)
    send(user)
    assert [len(each.messages) for each in (first, second)] == [1, 1]
    del push.browsers[first.path]
    send(user)
    assert len(second.messages) == 2
    assert [one.endpoint for one in PushSubscription.objects.all()] == [second.endpoint]


def test_nobody_elses_browser_is_told(push: FakePush, user: User, browser: Browser) -> None:
    grace = make_user("grace")
    other = push.browser()
    subscribe(grace, other.subscription, FIREFOX)
    send(grace)
    assert (len(browser.messages), len(other.messages)) == (0, 1)


def test_a_long_text_is_cut_to_what_push_services_take(user: User, browser: Browser) -> None:
    send(user, title="₿" * 400, text="🚀" * 1000, note="x" * 500)
    [told] = browser.messages
    assert told["body"].endswith("…")
    assert told["title"].startswith("₿₿₿")
    assert set(told["body"]) == {"🚀", "…"}


# How it can end -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("status", ["404", "410"])
def test_a_subscription_that_has_ended_is_forgotten_and_with_the_last_one_push_is_switched_off(
    market: Market, remind: Callable[..., Reminder], push: FakePush, browser: Browser, user: User, status: str
) -> None:
    market.set("bitcoin", 99)
    remind("price_above", 100, transports=["webpush"], fallback=["email"])
    market.set("bitcoin", 101)
    push.fail(status)
    delivery = Delivery.objects.get()
    deliver(delivery.pk)
    delivery.refresh_from_db()
    assert delivery.state == "failed"
    assert "ended them" in delivery.error
    assert not PushSubscription.objects.exists()
    assert TransportOff.objects.get(user=user).transport == "webpush"
    assert Delivery.objects.filter(transport="email", state="queued").exists()
    push.heal()
    subscribe(user, push.browser().subscription, FIREFOX)
    assert "webpush" in ready_for(user)


@pytest.mark.parametrize(
    ("answer", "permanent", "seconds"),
    [
        ("429 Retry-After: 120", False, 120),
        ("429", False, None),
        ("500", False, None),
        ("503 Retry-After: 60", False, 60),
        ("413", True, None),
        ("400", True, None),
        ("401", True, None),
        ("403", True, None),
        ("redirect", False, None),
    ],
)
def test_a_refusal_says_whether_and_when_to_try_again(
    push: FakePush, browser: Browser, user: User, answer: str, permanent: bool, seconds: int | None
) -> None:
    push.fail(answer)
    with pytest.raises(NotAccepted) as refused:
        send(user)
    assert refused.value.permanent is permanent
    assert not refused.value.unreachable
    assert refused.value.retry_after == (None if seconds is None else timedelta(seconds=seconds))
    assert "127.0.0.1" in refused.value.reason
    assert PushSubscription.objects.get().failures == 1
    assert len(push.requests) == 1


def test_a_redirect_is_not_followed(push: FakePush, browser: Browser, user: User) -> None:
    push.fail("redirect")
    with pytest.raises(NotAccepted):
        send(user)
    assert push.requests == [browser.path]


def test_a_push_service_that_is_away_certainly_has_nothing(push: FakePush, user: User, settings: Settings) -> None:
    settings.PUSH_HOSTS = ["http://127.0.0.1:1"]
    browser = Browser("http://127.0.0.1:1", "/send/x")
    subscribe(user, browser.subscription, FIREFOX)
    with pytest.raises(NotAccepted, match="can't be reached") as refused:
        send(user)
    assert not refused.value.permanent


def test_a_connection_that_breaks_off_leaves_a_doubt(push: FakePush, browser: Browser, user: User) -> None:
    push.fail("reset")
    with pytest.raises(InDoubt):
        send(user)


def test_a_silent_push_service_is_given_up_at_the_deadline(push: FakePush, browser: Browser, user: User) -> None:
    push.fail("silent")
    begin = clock.now()
    with pytest.raises(InDoubt, match="did not answer"):
        WebPush(seconds=0.3).send(message(user), str(user.pk))
    assert clock.now() - begin < timedelta(seconds=5)


def test_a_doubt_is_repeated_once_under_the_same_tag(
    market: Market, remind: Callable[..., Reminder], push: FakePush, browser: Browser, time: Any
) -> None:
    market.set("bitcoin", 99)
    remind("price_above", 100, transports=["webpush"])
    market.set("bitcoin", 101)
    push.fail("reset", times=1)
    pk = Delivery.objects.get().pk
    for _ in range(3):
        deliver(pk)
        time.shift(timedelta(seconds=11))
    assert Delivery.objects.get().state == "sent"
    assert len(push.requests) == 2


def test_what_one_takes_counts_also_where_another_fails(push: FakePush, user: User) -> None:
    for _ in range(2):
        subscribe(user, push.browser().subscription, FIREFOX)
    push.fail("500", times=1)
    send(user)
    assert sorted(PushSubscription.objects.values_list("failures", flat=True)) == [0, 1]


# Whom the site calls --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("endpoint", "known"),
    [
        ("https://fcm.googleapis.com/fcm/send/abc", True),
        ("https://updates.push.services.mozilla.com/wpush/v2/abc", True),
        ("https://web.push.apple.com/abc", True),
        ("https://wns2-par02p.notify.windows.com/w/?token=abc", True),
        ("https://fcm.googleapis.com:443/fcm/send/abc", True),
        ("http://fcm.googleapis.com/fcm/send/abc", False),
        ("https://fcm.googleapis.com:8443/fcm/send/abc", False),
        ("https://fcm.googleapis.com.evil.example/abc", False),
        ("https://evilpush.apple.com.example/abc", False),
        ("https://notify.windows.com/abc", False),
        ("https://user:pass@fcm.googleapis.com/abc", False),
        ("https://evil.example@fcm.googleapis.com/abc", False),
        ("https://fcm.googleapis.com@evil.example/abc", False),
        ("https://fcm.googleapis.com\\@evil.example/abc", False),
        ("https://127.0.0.1/abc", False),
        ("http://169.254.169.254/latest/meta-data", False),
        ("https://[::1]/abc", False),
        ("https://localhost/abc", False),
        ("https://fcm.googleapis.com:x/abc", False),
        ("file:///etc/passwd", False),
        ("", False),
    ],
)
def test_only_push_services_are_called(endpoint: str, known: bool) -> None:
    assert is_push_service(endpoint) is known


def test_further_push_services_are_named_by_their_exact_address(settings: Settings) -> None:
    settings.PUSH_HOSTS = ["https://push.example.org"]
    assert is_push_service("https://push.example.org/abc")
    assert not is_push_service("http://push.example.org/abc")
    assert not is_push_service("https://push.example.org:444/abc")
    assert not is_push_service("https://other.push.example.org/abc")


def test_an_address_that_is_allowed_no_longer_is_not_called(
    push: FakePush, browser: Browser, user: User, settings: Settings
) -> None:
    settings.PUSH_HOSTS = []
    with pytest.raises(NotAccepted) as refused:
        send(user)
    assert refused.value.permanent
    assert not push.requests


# Subscribing ----------------------------------------------------------------------------------------------------------
SUBSCRIBE, UNSUBSCRIBE = "/settings/delivery/push/subscribe/", "/settings/delivery/push/unsubscribe/"


def post(client: Client, path: str, facts: Any) -> Any:
    return client.post(path, json.dumps(facts), content_type="application/json", headers={"user-agent": FIREFOX})


def test_a_browser_subscribes_and_unsubscribes(client: Client, push: FakePush, user: User) -> None:
    client.force_login(user)
    browser = push.browser()
    answer = post(client, SUBSCRIBE, browser.subscription)
    assert (answer.status_code, answer.json()["label"]) == (201, "Firefox on Windows")
    assert post(client, SUBSCRIBE, browser.subscription).status_code == 201
    assert PushSubscription.objects.get().user == user
    assert "webpush" in ready_for(user)
    assert post(client, UNSUBSCRIBE, {"endpoint": browser.endpoint}).status_code == 204
    assert not PushSubscription.objects.exists()
    assert "webpush" not in ready_for(user)


def test_a_browser_belongs_to_the_person_who_allowed_it_last(push: FakePush, user: User, browser: Browser) -> None:
    grace = make_user("grace")
    subscribe(grace, browser.subscription, FIREFOX)
    assert PushSubscription.objects.get().user == grace


def test_nobody_unsubscribes_somebody_elses_browser(client: Client, user: User, browser: Browser) -> None:
    client.force_login(make_user("grace"))
    post(client, UNSUBSCRIBE, {"endpoint": browser.endpoint})
    assert PushSubscription.objects.get().user == user


@pytest.mark.parametrize(
    "spoil",
    [
        lambda facts: facts | {"endpoint": "http://127.0.0.1:6379/"},
        lambda facts: facts | {"endpoint": "https://evil.example/"},
        lambda facts: facts | {"endpoint": None},
        lambda facts: facts | {"endpoint": facts["endpoint"] + "x" * 1000},
        lambda facts: facts | {"keys": None},
        lambda facts: facts | {"keys": {"p256dh": facts["keys"]["p256dh"]}},
        lambda facts: facts | {"keys": {"p256dh": "BA" + "A" * 85, "auth": facts["keys"]["auth"]}},
        lambda facts: facts | {"keys": {"p256dh": "!" * 87, "auth": facts["keys"]["auth"]}},
        lambda facts: [facts],
        lambda facts: "text",
    ],
)
def test_what_is_no_subscription_is_refused_in_words(
    client: Client, push: FakePush, user: User, spoil: Callable[[dict[str, Any]], Any]
) -> None:
    client.force_login(user)
    answer = post(client, SUBSCRIBE, spoil(push.browser().subscription))
    assert answer.status_code == 422
    assert answer.json()["detail"]
    assert not PushSubscription.objects.exists()


def test_a_body_that_is_no_json_or_too_long_is_refused(client: Client, push: FakePush, user: User) -> None:
    client.force_login(user)
    for body in ("{", "[" * 100_000, "\xff", '{"endpoint": NaN}', json.dumps({"x": "y" * 20_000})):
        assert client.post(SUBSCRIBE, body, content_type="application/json").status_code == 422


def test_subscribing_wants_a_login_and_a_csrf_token(push: FakePush, user: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    assert post(strict, SUBSCRIBE, push.browser().subscription).status_code in {302, 403}
    strict.force_login(user)
    assert post(strict, SUBSCRIBE, push.browser().subscription).status_code == 403


RENEW = "/settings/delivery/push/renew/"


def test_an_ended_subscription_is_renewed_by_its_browser_without_a_session(push: FakePush, user: User) -> None:
    ended, fresh = push.browser(), push.browser()
    for _ in range(MOST - 1):
        subscribe(user, push.browser().subscription, FIREFOX)
    subscribe(user, ended.subscription, FIREFOX)
    facts = {"endpoint": ended.endpoint, "auth": ended.subscription["keys"]["auth"], "subscription": fresh.subscription}
    stranger = Client(enforce_csrf_checks=True)
    assert post(stranger, RENEW, facts).status_code == 204
    endpoints = set(PushSubscription.objects.of(user).values_list("endpoint", flat=True))
    assert len(endpoints) == MOST
    assert fresh.endpoint in endpoints
    assert ended.endpoint not in endpoints
    assert post(stranger, RENEW, facts).status_code == 422


@pytest.mark.parametrize(
    "spoil",
    [
        {"auth": "A" * 22},
        {"auth": ""},
        {"auth": None},
        {"auth": "é"},
        {"endpoint": "https://evil.example/"},
        {"endpoint": None},
        {"subscription": None},
        {"subscription": {"endpoint": "https://evil.example/"}},
    ],
)
def test_nobody_renews_what_they_do_not_know(
    push: FakePush, user: User, browser: Browser, spoil: dict[str, Any]
) -> None:
    facts = {
        "endpoint": browser.endpoint,
        "auth": browser.subscription["keys"]["auth"],
        "subscription": push.browser().subscription,
    }
    assert post(Client(), RENEW, facts | spoil).status_code == 422
    assert PushSubscription.objects.get().endpoint == browser.endpoint


def test_browsers_of_a_disabled_account_are_not_renewed(push: FakePush, user: User, browser: Browser) -> None:
    User.objects.update(is_active=False)
    facts = {
        "endpoint": browser.endpoint,
        "auth": browser.subscription["keys"]["auth"],
        "subscription": push.browser().subscription,
    }
    assert post(Client(), RENEW, facts).status_code == 422


def test_nobody_has_more_browsers_than_one_may_have(push: FakePush, user: User) -> None:
    for _ in range(MOST):
        subscribe(user, push.browser().subscription, FIREFOX)
    with pytest.raises(PushError, match="Remove one"):
        subscribe(user, push.browser().subscription, FIREFOX)


@pytest.mark.django_db(transaction=True)
def test_the_cap_is_exact_when_many_subscribe_at_once(push: FakePush) -> None:
    user = make_user("ada")
    for _ in range(MOST - 2):
        subscribe(user, push.browser().subscription, FIREFOX)
    outcomes = at_once(6, lambda: pushing.subscribe(user, push.browser().subscription, FIREFOX))
    assert PushSubscription.objects.count() == MOST
    assert sum(isinstance(outcome, PushError) for outcome in outcomes) == 4


def test_subscribing_switches_push_on_again(push: FakePush, user: User) -> None:
    switching.switch_off(user, "webpush", "Each has ended them.", clock.now())
    subscribe(user, push.browser().subscription, FIREFOX)
    assert not TransportOff.objects.exists()


@pytest.mark.parametrize(
    ("user_agent", "label"),
    [
        (FIREFOX, "Firefox on Windows"),
        ("Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/139.0 Mobile Safari/537.36", "Chrome on Android"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/139.0 Safari/537.36 Edg/139.0", "Edge on Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile Safari/604.1", "Safari on iPhone"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/18.0 Safari/605.1.15", "Safari on Mac"),
        ("curl/8", "A browser"),
        ("", "A browser"),
    ],
)
def test_a_browser_is_called_by_what_people_call_it(user_agent: str, label: str) -> None:
    assert label_of(user_agent) == label


# The site's key -------------------------------------------------------------------------------------------------------
def test_without_a_key_there_are_no_push_messages(user: User, browser: Browser, settings: Settings) -> None:
    settings.VAPID_PRIVATE_KEY = ""
    assert not WebPush().is_configured()
    assert "webpush" not in ready_for(user)
    assert vapid.public_key() == ""


@pytest.mark.parametrize(
    ("sender", "public_url", "contact"),
    [
        ("Tickfolio <coins@example.org>", "https://coins.example.org", "mailto:coins@example.org"),
        ("Tickfolio <tickfolio@localhost>", "https://coins.example.org:8443", "https://coins.example.org"),
        ("Tickfolio <tickfolio@localhost>", "http://localhost:8000", "mailto:tickfolio@localhost"),
    ],
)
def test_push_services_learn_whom_to_turn_to(settings: Settings, sender: str, public_url: str, contact: str) -> None:
    settings.DEFAULT_FROM_EMAIL, settings.PUBLIC_URL = sender, public_url
    settings.OVER_TLS = public_url.startswith("https")
    assert vapid.contact() == contact
    assert vapid.authorization("https://fcm.googleapis.com/x", clock.now())["Authorization"].startswith("vapid t=")
