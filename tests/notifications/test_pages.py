"""The pages of reminders and alerts, with and without htmx."""

import html
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.template.loader import render_to_string
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoCaptureOnCommitCallbacks

from accounts.models import User
from dashboard import clock
from dashboard.models import Portfolio
from notifications.forms import OFFERED
from notifications.models import Alert, Reminder, TransportOff
from notifications.reminding import pause_reminder
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
    assert "It is so already: Bitcoin (BTC) is above 60,000 USD (now 67,000.00 USD). What shall happen?" in asked
    assert not Reminder.objects.exists()
    page.post("/reminders/add/", {**typed, "when_true": "wait"})
    assert Reminder.objects.get().arming == "waiting"
    assert "Waits for the way back" in text(page, "/reminders/")
    page.post("/reminders/add/", {**typed, "when_true": "fire"})
    assert Alert.objects.count() == 1


OTHER_KINDS: list[tuple[str, dict[str, str], Any, str]] = [
    ("price_below", {"limit": "60000"}, {"limit": 60000}, "falls below 60,000 USD"),
    (
        *("price_leaves_range", {"limit": "60000", "limit_high": "70000"}, {"limit_high": 70000}),
        "leaves the range from 60,000 to 70,000 USD",
    ),
    (
        *("price_enters_range", {"limit": "70000", "limit_high": "80000"}, {"limit": 70000}),
        "enters the range from 70,000 to 80,000 USD",
    ),
    (
        *("change", {"limit": "5", "window": "1h", "direction": "down"}, {"window": "1h", "direction": "down"}),
        "falls by more than 5 % within an hour",
    ),
    ("trailing", {"limit": "8", "turn": "up"}, {"direction": "up"}, "rises by more than 8 % from its low"),
    ("break_even", {"limit": "", "direction": "both"}, {"limit": None}, "crosses your average cost in all portfolios"),
    (
        *("depeg", {"limit": "2", "minutes": "5", "peg": ""}, {"minutes": 5, "currency": "usd"}),
        "is more than 2 % off 1.00 USD for 5 minutes",
    ),
    (
        *("balance_above", {"limit": "90000", "own_transactions": "on"}, {"own_transactions": True, "asset": None}),
        "your balance in all portfolios rises above 90,000 USD",
    ),
    ("balance_below", {"limit": "1000"}, {"own_transactions": False}, "falls below 1,000 USD"),
    (
        *(
            "profit_above",
            {"limit": "500", "asset": "", "measure": "realised", "unit": "money"},
            {"measure": "realised"},
        ),
        "your realised profit in all portfolios rises above 500 USD",
    ),
    (
        *("profit_below", {"limit": "-20", "measure": "unrealised", "unit": "percent"}, {"unit": "percent"}),
        "your unrealised profit on Bitcoin (BTC) in all portfolios falls below −20 %",
    ),
    ("allocation_above", {"limit": "40"}, {"limit": 40}, "makes up more than 40 % of all portfolios"),
    ("allocation_below", {"limit": "10"}, {"limit": 10}, "makes up less than 10 % of all portfolios"),
    ("drawdown", {"limit": "15"}, {"limit": 15, "asset": None}, "falls by more than 15 % from its peak"),
    ("stale", {"limit": "30"}, {"limit": 30}, "has had no price for 30 minutes"),
]


@pytest.mark.parametrize(("kind", "typed", "stored", "sentence"), OTHER_KINDS)
def test_every_kind_is_made_and_changed_by_the_form(
    page: Client, kind: str, typed: dict[str, str], stored: dict[str, object], sentence: str
) -> None:
    filled = {**TYPED, "kind": kind, **typed}
    assert sentence in html.unescape(page.post("/reminders/sentence/", filled).content.decode())
    answer = page.post("/reminders/add/", {**filled, "when_true": "wait"})
    assert (answer.status_code, answer.get("Location")) == (302, "/reminders/"), answer.content.decode()
    reminder = Reminder.objects.get()
    assert reminder.kind == kind
    assert {name: getattr(reminder, name) for name in stored} == stored
    assert sentence.removeprefix("your ") in html.unescape(text(page, "/reminders/")).replace("Your ", "")
    address = f"/reminders/{reminder.pk}/edit/"
    form = page.get(address).context["form"]
    again = {name: value for name in form.fields if (value := form[name].value()) not in (None, False)}
    again = {name: value.pk if isinstance(value, Portfolio) else value for name, value in again.items()}
    page.post(address, {**again, "note": "Again", "when_true": "wait"})
    changed = Reminder.objects.get()
    assert changed.note == "Again"
    assert {name: getattr(changed, name) for name in stored} == stored
    assert changed.quiet_hours is None
    assert changed.fallback == reminder.fallback


def test_all_kinds_are_offered() -> None:
    made = {kind for kind, *_ in OTHER_KINDS} | {"price_above"}
    assert made == OFFERED == set(Reminder.Kind.values) - {"schedule"}


def test_what_is_left_in_fields_of_another_kind_is_passed_over(page: Client) -> None:
    left = {"limit_high": "nonsense", "minutes": "x", "window": "24h", "direction": "up", "measure": "realised"}
    page.post("/reminders/add/", {**TYPED, **left, "unit": "percent", "own_transactions": "on", "portfolio": "999"})
    reminder = Reminder.objects.get()
    assert (reminder.window, reminder.direction, reminder.measure, reminder.unit) == ("", "", "total", "money")
    assert not reminder.own_transactions


@pytest.mark.parametrize(
    ("kind", "change", "message"),
    [
        ("price_leaves_range", {"limit_high": ""}, "Enter the upper limit of the range."),
        ("price_leaves_range", {"limit_high": "60000"}, "Enter an upper limit that is above the lower one."),
        ("change", {"limit": "100", "direction": "down"}, "Enter a percentage above 0 and below 100."),
        ("change", {"limit": "5", "window": ""}, "Choose the time over which it changes."),
        ("drawdown", {"limit": "0"}, "Enter a percentage above 0 and below 100."),
        ("depeg", {"limit": "2", "minutes": "-1"}, "Enter whole minutes from 0 to 44,640."),
        ("depeg", {"limit": "2", "minutes": "a while"}, "Enter a whole number."),
        ("stale", {"limit": "1.5"}, "Enter whole minutes from 1 to 44,640"),
        ("stale", {"limit": "90", "portfolio": "own"}, "not both."),
        ("price_above", {"quiet_from": "22:00"}, "Enter times such as 22:00."),
        ("price_above", {"quiet_from": "22:00", "quiet_to": "22:00"}, "Enter two different times."),
    ],
)
def test_faults_of_other_kinds_are_said_beside_their_fields(
    page: Client, portfolio: Portfolio, kind: str, change: dict[str, str], message: str
) -> None:
    if change.get("portfolio") == "own":
        change = {**change, "portfolio": str(portfolio.pk)}
    answer = page.post("/reminders/add/", {**TYPED, "window": "24h", "kind": kind, **change})
    assert message in html.unescape(answer.content.decode())
    assert answer.context["form"].non_field_errors() == []
    assert not Reminder.objects.exists()


def test_all_that_is_common_to_reminders_is_stated_in_the_form(page: Client, user: User) -> None:
    user.quiet_hours = {"from": "22:00", "to": "07:00"}
    user.save()
    shown = text(page, "/reminders/add/")
    assert 'value="22:00"' in shown
    stated = {
        "repeat": "daily",
        "cooldown": "3600",
        "rearm_band": "2",
        "note": "Look",
        "expires_at": "2099-01-02T03:04",
    }
    ways = {"fallback_1": "whatsapp", "fallback_2": "email", "quiet_from": "23:00", "quiet_to": "06:30"}
    offered = [name for name, _ in page.get("/reminders/add/").context["form"].fields["fallback_1"].choices if name]
    ways = {name: value for name, value in ways.items() if value in offered or name.startswith("quiet")}
    page.post("/reminders/add/", {**TYPED, **stated, **ways})
    reminder = Reminder.objects.get()
    assert (reminder.repeat, reminder.cooldown, reminder.rearm_band, reminder.note) == ("daily", 3600, 2, "Look")
    assert reminder.quiet_hours == {"from": "23:00", "to": "06:30"}
    assert reminder.fallback == [ways[name] for name in ("fallback_1", "fallback_2") if name in ways]
    assert reminder.expires_at == datetime(2099, 1, 2, 2, 4, tzinfo=UTC)
    page.post("/reminders/add/", {**TYPED, "quiet_from": "", "quiet_to": "", "fallback_1": ""})
    latest = Reminder.objects.latest("pk")
    assert (latest.quiet_hours, latest.fallback) == (None, [])


def test_the_form_says_while_it_is_filled_in_what_is_so_already(page: Client) -> None:
    shown = page.post("/reminders/sentence/", {**TYPED, "limit": "60000"}).content.decode()
    assert "It is so already: Bitcoin (BTC) is above 60,000 USD (now 67,000.00 USD)." in shown
    assert "so already" not in page.post("/reminders/sentence/", TYPED).content.decode()
    coin("ethereum")
    assert "No price is known yet." in page.post("/reminders/sentence/", {**TYPED, "asset": "ETH"}).content.decode()


# The list -------------------------------------------------------------------------------------------------------------
def test_the_list_begins_with_the_nearest_and_can_show_one_part(page: Client, remind: Remind, market: Market) -> None:
    far, near, paused = remind("price_above", 90000), remind("price_below", 66000), remind("price_above", 99999)
    fired, expired = remind("price_above", 67001), remind("price_above", 88888)
    pause_reminder(paused)
    market.set("bitcoin", 67002)
    Reminder.objects.filter(pk=expired.pk).update(expires_at=clock.now() - timedelta(minutes=1))
    order = [line.reminder.pk for line in page.get("/reminders/").context["lines"]]
    assert order == [near.pk, far.pk, fired.pk, paused.pk, expired.pk]
    for part, shown in (("armed", [near, far]), ("fired", [fired]), ("paused", [paused]), ("expired", [expired])):
        lines = page.get(f"/reminders/?state={part}").context["lines"]
        assert [line.reminder.pk for line in lines] == [reminder.pk for reminder in shown]
    assert len(page.get("/reminders/?state=nonsense").context["lines"]) == 5


def cells(client: Client, stamp: str, part: str = "") -> Any:
    return client.get("/reminders/cells/", {"stand": stamp, "state": part}, headers={"HX-Request": "true"})


def test_the_way_to_go_follows_the_market(page: Client, remind: Remind, market: Market) -> None:
    reminder = remind("price_above", 70000)
    change = remind("change", 10, asset="bitcoin", window="creation", direction="up")
    stamp = page.get("/reminders/").context["stand"]
    market.set("bitcoin", "68500")
    shown = cells(page, stamp).content.decode()
    assert f'id="r-{reminder.pk}-now"' in shown
    assert 'data-value="68500"' in shown
    assert "▲ +2.19 %" in shown
    assert f'id="r-{change.pk}-away"' in shown
    assert "▲ +7.76 points" in shown
    assert "<table" not in shown
    assert shown.count('hx-swap-oob="true"') == 4


def test_what_is_held_must_fall_for_a_drawdown(
    page: Client, remind: Remind, market: Market, portfolio: Portfolio
) -> None:
    hold(portfolio, "bitcoin", 1)
    remind("drawdown", 10)
    market.set("bitcoin", "65660")
    [line] = page.get("/reminders/").context["lines"]
    assert (line.now, line.away, line.distance_pct) == ("2.00 %", "▼ −8.00 points", 8)


def test_the_list_is_sent_anew_when_one_has_fired(page: Client, remind: Remind, market: Market) -> None:
    remind("price_above", 70000)
    stamp = page.get("/reminders/").context["stand"]
    market.set("bitcoin", 70001)
    answer = cells(page, stamp)
    assert (answer["HX-Retarget"], answer["HX-Reswap"]) == ("#reminder-list", "outerHTML")
    assert 'data-state="fired"' in answer.content.decode()


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
        for path in ("/reminders/", "/reminders/cells/", "/alerts/"):
            with CaptureQueriesContext(connection) as queries:
                text(page, path)
            counts.append(len(queries))
    assert counts[:3] == counts[3:]


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
    shown = html_of([alert])
    assert shown.startswith('<div hx-swap-oob="beforeend:#toasts">')
    assert f'<div class="toast show" data-alert="{alert.pk}" role="alert">' in shown
    assert "&lt;img src=x&gt;" in shown
    assert f'hx-post="/alerts/{alert.pk}/acknowledge/"' in shown


@pytest.mark.parametrize("name", ["_delay_toast", "_notice_toast", "_off_toast", "_used_up_toast"])
def test_every_notice_can_be_closed(name: str) -> None:
    facts = {"stale": True, "reason": "Used up.", "off": {"transport": "email"}, "message": {"title": "Hear"}}
    shown = render_to_string(f"notifications/{name}.html", facts)
    assert '<button class="btn-close" type="button" aria-label="Close" data-dismiss></button>' in shown


def test_a_page_is_greeted_with_what_was_not_seen(user: User, remind: Remind, market: Market, client: Client) -> None:
    market.set("bitcoin", 67000)
    for limit in (70000, 70001):
        remind("price_above", limit)
    remind("price_above", 70002, transports=["email"])
    market.set("bitcoin", 70003)
    first, second, _ = Alert.objects.order_by("pk")
    greeting = unseen_toasts([user.pk])[user.pk]
    assert greeting.index(f'data-alert="{first.pk}"') < greeting.index(f'data-alert="{second.pk}"')
    assert greeting.count("data-alert=") == 2
    client.force_login(user)
    closed = client.post(f"/alerts/{first.pk}/acknowledge/", headers={"HX-Request": "true"})
    assert (closed.status_code, closed.content) == (200, b"")
    eve = make_user("eve").pk
    greetings = unseen_toasts([user.pk, eve])
    assert greetings[user.pk].count("data-alert=") == 1
    assert greetings[eve].count("data-alert=") == 0


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
