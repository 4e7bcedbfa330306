"""The pages of reminders and alerts, with and without htmx."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoCaptureOnCommitCallbacks

from accounts.models import User
from dashboard import clock
from dashboard.models import Portfolio
from notifications.models import Alert, Reminder, TransportOff
from notifications.transports.toast import html_of, unseen_toasts
from tests.notifications.conftest import Market, coin, hold, make_user

pytestmark = pytest.mark.django_db
Remind = Callable[..., Reminder]
TYPED = {
    "kind": "price_above",
    "asset": "BTC",
    "limit": "70,000.50",
    "currency": "usd",
    "repeat": "once",
    "rearm_band": "0.5",
    "transports": ["toast", "email"],
}
HTMX = {"HX-Request": "true", "HX-Target": "dialog-body"}


@pytest.fixture
def page(client: Client, user: User, market: Market) -> Client:
    coin("bitcoin")
    market.set("bitcoin", "67000")
    client.force_login(user)
    return client


def text(client: Client, path: str, **options: object) -> str:
    answer = client.get(path, **options)  # type: ignore[arg-type]
    assert answer.status_code == 200
    return answer.content.decode()


def test_an_empty_list_says_what_to_do(page: Client) -> None:
    assert "Be told when it matters" in text(page, "/reminders/")
    assert "Nothing has happened yet" in text(page, "/alerts/")


def test_a_reminder_is_added_by_the_form(page: Client) -> None:
    answer = page.post("/reminders/add/", TYPED, follow=True)
    assert answer.redirect_chain == [("/reminders/", 302)]
    reminder = Reminder.objects.get()
    assert (reminder.asset_id, str(reminder.limit), reminder.transports) == ("bitcoin", "70000.5", ["toast", "email"])
    shown = answer.content.decode()
    assert "Reminder saved." in shown
    assert "Armed" in shown
    assert "▲ +4.48 %" in shown


def test_htmx_gets_the_form_alone_and_goes_back_to_the_list(page: Client) -> None:
    assert "<html" not in text(page, "/reminders/add/", headers=HTMX)
    answer = page.post("/reminders/add/", TYPED, headers=HTMX)
    assert (answer.status_code, answer["HX-Redirect"]) == (204, "/reminders/")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"asset": ""}, "Enter the coin&#x27;s name or ticker."),
        ({"asset": "nothing of the kind"}, "No coin of this name or ticker is known."),
        ({"limit": ""}, "Enter the limit."),
        ({"limit": "-5"}, "Enter a limit above zero."),
        ({"limit": "NaN"}, "Enter a number."),
        ({"limit": "1e400"}, "Enter a number with at most"),
        ({"rearm_band": "99"}, "Enter a percentage from 0 to 50."),
        ({"transports": []}, "Choose at least one way to be told."),
        ({"transports": ["whatsapp"]}, "whatsapp is not one of the available choices"),
        ({"expires_at": "2020-01-01T00:00"}, "Enter a time in the future."),
    ],
)
def test_bad_input_is_said_beside_the_field_and_keeps_what_was_typed(
    page: Client, change: dict[str, object], message: str
) -> None:
    answer = page.post("/reminders/add/", {**TYPED, "note": "Keep me", **change})
    assert answer.status_code == 200
    assert message in answer.content.decode()
    assert "Keep me" in answer.content.decode()
    assert not Reminder.objects.exists()


def test_the_form_is_filled_in_by_the_address(page: Client, portfolio: Portfolio) -> None:
    shown = text(page, "/reminders/add/?asset=bitcoin&kind=price_below&limit=60000")
    assert 'value="Bitcoin (BTC)"' in shown
    assert '<option value="price_below" selected>' in shown
    assert 'value="60000"' in shown
    text(page, "/reminders/add/?asset=%00&kind=x&limit=NaN&portfolio=x")
    assert f'<option value="{portfolio.pk}" selected>' in text(page, f"/reminders/add/?portfolio={portfolio.pk}")


def test_the_form_says_in_one_sentence_what_will_happen(page: Client) -> None:
    shown = page.post("/reminders/sentence/", TYPED).content.decode()
    assert "Tell me here and by e-mail when Bitcoin (BTC) rises above 70,000.5 USD (now 67,000.00 USD); once." in shown
    assert "Fill in the form" in page.post("/reminders/sentence/", {}).content.decode()


def test_an_already_true_condition_is_asked_about(page: Client) -> None:
    typed = {**TYPED, "limit": "60000"}
    asked = page.post("/reminders/add/", typed).content.decode()
    assert "It is 67,000.00 USD already" in asked
    assert not Reminder.objects.exists()
    page.post("/reminders/add/", {**typed, "when_true": "wait"})
    assert Reminder.objects.get().arming == "waiting"
    assert "Waits for the way back" in text(page, "/reminders/")
    page.post("/reminders/add/", {**typed, "when_true": "fire"})
    assert Alert.objects.count() == 1


def test_a_balance_is_watched_too(page: Client, portfolio: Portfolio) -> None:
    hold(portfolio, "bitcoin", "0.5")
    page.post("/reminders/add/", {**TYPED, "kind": "balance_below", "portfolio": portfolio.pk, "limit": "30000"})
    reminder = Reminder.objects.get()
    assert (reminder.asset, reminder.portfolio, reminder.arming) == (None, portfolio, "armed")
    assert "Your balance in Main" in text(page, "/reminders/")


def test_a_reminder_is_changed(page: Client, remind: Remind) -> None:
    reminder = remind("price_above", 70000)
    assert 'value="70000"' in text(page, f"/reminders/{reminder.pk}/edit/")
    page.post(f"/reminders/{reminder.pk}/edit/", {**TYPED, "limit": "80000", "note": "Higher"})
    reminder.refresh_from_db()
    assert (reminder.limit, reminder.note, reminder.arming) == (80000, "Higher", "armed")


def test_changing_only_the_note_of_one_that_has_fired_does_not_arm_it(
    page: Client, remind: Remind, market: Market
) -> None:
    reminder = remind("price_above", 70000)
    market.set("bitcoin", 70001)
    page.post(f"/reminders/{reminder.pk}/edit/", {**TYPED, "limit": "70000", "note": "New"})
    reminder.refresh_from_db()
    assert (reminder.note, reminder.arming) == ("New", "fired")


def test_a_reminder_is_paused_armed_and_deleted(page: Client, remind: Remind) -> None:
    reminder = remind("price_above", 70000)
    page.post(f"/reminders/{reminder.pk}/pause/", {"active": "false"})
    assert "Paused" in text(page, "/reminders/")
    page.post(f"/reminders/{reminder.pk}/pause/", {"active": "true"})
    reminder.refresh_from_db()
    assert reminder.active
    assert "Delete this reminder?" in text(page, f"/reminders/{reminder.pk}/delete/")
    page.post(f"/reminders/{reminder.pk}/delete/")
    assert not Reminder.objects.exists()


def test_alerts_show_how_the_telling_goes(page: Client, remind: Remind, market: Market) -> None:
    remind("price_above", 70000, transports=["toast", "email"], note="<script>")
    market.set("bitcoin", 70001)
    alert = Alert.objects.get()
    listed = text(page, "/alerts/")
    assert alert.title in listed
    assert "E-mail: queued" in listed
    shown = text(page, f"/alerts/{alert.pk}/")
    assert "70,001 USD" in shown
    assert "&lt;script&gt;" in shown
    page.post(f"/alerts/{alert.pk}/acknowledge/")
    alert.refresh_from_db()
    assert alert.acknowledged_at is not None


def test_all_alerts_are_marked_as_seen_at_once(page: Client, remind: Remind, market: Market) -> None:
    for limit in (70000, 70001):
        remind("price_above", limit)
    market.set("bitcoin", 70002)
    page.post("/alerts/acknowledge/")
    assert not Alert.objects.filter(acknowledged_at__isnull=True).exists()
    assert "Mark all as seen" not in text(page, "/alerts/")


def test_queries_do_not_grow_with_the_lists(page: Client, remind: Remind, market: Market, portfolio: Portfolio) -> None:
    hold(portfolio, "bitcoin", 1)
    market.set("bitcoin", 67000)
    counts = []
    for limits in ((68000, 68001), range(69000, 69020)):
        for limit in limits:
            remind("price_above", limit)
            remind("balance_above", limit)
        market.set("bitcoin", limits[-1] + 1)
        for path in ("/reminders/", "/alerts/"):
            with CaptureQueriesContext(connection) as queries:
                text(page, path)
            counts.append(len(queries))
    assert counts[:2] == counts[2:]


@pytest.mark.parametrize(
    "path",
    [
        "/reminders/{r}/edit/",
        "/reminders/{r}/delete/",
        "/alerts/{a}/",
    ],
)
def test_what_is_somebody_elses_is_not_found(page: Client, remind: Remind, market: Market, path: str) -> None:
    reminder = remind("price_above", 70000)
    market.set("bitcoin", 70001)
    where = path.format(r=reminder.pk, a=Alert.objects.get().pk)
    page.force_login(make_user("eve"))
    assert page.get(where).status_code == 404


def test_somebody_elses_reminders_and_alerts_cant_be_changed(page: Client, remind: Remind, market: Market) -> None:
    reminder = remind("price_above", 70000)
    market.set("bitcoin", 70001)
    page.force_login(make_user("eve"))
    assert page.post(f"/reminders/{reminder.pk}/edit/", TYPED).status_code == 404
    assert page.post(f"/reminders/{reminder.pk}/pause/").status_code == 404
    assert page.post(f"/reminders/{reminder.pk}/delete/").status_code == 404
    assert page.post(f"/alerts/{Alert.objects.get().pk}/acknowledge/").status_code == 404
    page.post("/alerts/acknowledge/")
    assert Alert.objects.get().acknowledged_at is None


@pytest.mark.parametrize("path", ["/reminders/", "/reminders/add/", "/alerts/", "/alerts/1/"])
def test_pages_need_a_login(client: Client, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer["Location"].split("?")[0]) == (302, "/accounts/login/")


def test_changes_are_posts(page: Client) -> None:
    for path in ("/reminders/1/pause/", "/alerts/1/acknowledge/", "/settings/whatsapp/link/"):
        assert page.get(path).status_code == 405


def test_a_transport_that_is_off_is_said_and_switched_on_again(page: Client, user: User) -> None:
    TransportOff.objects.create(user=user, transport="email", reason="No such mailbox.", off_at=clock.now())
    assert "E-mail is switched off." in text(page, "/reminders/")
    page.post("/reminders/transports/email/on/")
    assert not TransportOff.objects.exists()


# Toasts ---------------------------------------------------------------------------------------------------------------
def test_a_toast_is_one_for_each_alert_and_escapes_what_people_write(
    user: User, remind: Remind, market: Market
) -> None:
    market.set("bitcoin", 67000)
    remind("price_above", 70000, note="<img src=x>")
    market.set("bitcoin", 70001)
    alert = Alert.objects.get()
    html = html_of([alert])
    assert html.startswith('<div hx-swap-oob="beforeend:#toasts">')
    assert f'<div class="toast show" data-alert="{alert.pk}" role="alert">' in html
    assert "&lt;img src=x&gt;" in html
    assert f'hx-post="/alerts/{alert.pk}/acknowledge/"' in html


def test_a_page_is_greeted_with_what_was_not_seen(user: User, remind: Remind, market: Market, client: Client) -> None:
    market.set("bitcoin", 67000)
    for limit in (70000, 70001):
        remind("price_above", limit)
    remind("price_above", 70002, transports=["email"])
    market.set("bitcoin", 70003)
    first, second, _ = Alert.objects.order_by("pk")
    greeting = unseen_toasts(user.pk)
    assert greeting.index(f'data-alert="{first.pk}"') < greeting.index(f'data-alert="{second.pk}"')
    assert greeting.count("data-alert=") == 2
    client.force_login(user)
    closed = client.post(f"/alerts/{first.pk}/acknowledge/", headers={"HX-Request": "true"})
    assert (closed.status_code, closed.content) == (200, b"")
    assert unseen_toasts(user.pk).count("data-alert=") == 1
    assert unseen_toasts(make_user("eve").pk).count("data-alert=") == 0


def test_twenty_alerts_at_once_are_one_message_to_the_page(
    user: User,
    remind: Remind,
    market: Market,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    market.set("bitcoin", 67000)
    for limit in range(70000, 70020):
        remind("price_above", limit)
    with django_capture_on_commit_callbacks(execute=True):
        market.set("bitcoin", 80000)
    assert Alert.objects.filter(deliveries__state="sent").count() == 20
