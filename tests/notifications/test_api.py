"""Reminders and alerts over the API."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from accounts.models import User, issue_token
from dashboard import clock
from dashboard.models import Portfolio
from notifications.models import Alert, Reminder
from notifications.reminding import TooManyReminders
from tests.fakes.coingecko import FakeCoinGecko
from tests.fakes.twilio import FakeTwilio
from tests.notifications.conftest import Market, at_once, coin, hold, make_user

pytestmark = pytest.mark.django_db
Remind = Callable[..., Reminder]


@pytest.fixture(autouse=True)
def source(settings: Settings) -> Iterator[FakeCoinGecko]:
    with FakeCoinGecko() as server:
        settings.COINGECKO_URL = server.url
        yield server


class Api:
    def __init__(self, user: User) -> None:
        self.headers = {"Authorization": f"Bearer {issue_token(user)}"}
        self.client = Client()

    def call(self, method: str, path: str, body: Any = None, *, status: int) -> Any:
        answer = self.client.generic(
            method,
            f"/api/v1/{path}",
            "" if body is None else body if isinstance(body, str) else json.dumps(body),
            content_type="application/json",
            headers=self.headers,
        )
        assert answer.status_code == status, answer.content
        return answer.json() if answer.content else None


@pytest.fixture
def api(user: User) -> Api:
    return Api(user)


def test_a_reminder_is_made_with_its_defaults(api: Api, market: Market) -> None:
    market.set("bitcoin", "90")
    made = api.call("POST", "reminders", {"kind": "price_above", "asset": "bitcoin", "limit": "100.50"}, status=201)
    assert made.pop("id") == Reminder.objects.get().pk
    assert made.pop("created_at").endswith("Z")
    assert Decimal(made.pop("distance_pct")).quantize(Decimal("0.01")) == Decimal("11.67")
    assert made == {
        "kind": "price_above",
        "asset": "bitcoin",
        "portfolio": None,
        "limit": "100.5",
        "limit_high": None,
        "window": None,
        "direction": None,
        "measure": "total",
        "unit": "money",
        "minutes": 10,
        "own_transactions": False,
        "currency": "usd",
        "repeat": "once",
        "rearm_band": "0.5",
        "cooldown": 0,
        "expires_at": None,
        "quiet_hours": None,
        "schedule": None,
        "transports": ["toast", "email"],
        "fallback": ["email"],
        "note": "",
        "active": True,
        "paused_because": "",
        "state": "armed",
        "sentence": "Tell me here and by e-mail when Bitcoin (BTC) rises above 100.5 USD (now 90.00 USD); once.",
        "already_true": False,
        "firings": 0,
        "fired_at": None,
    }


def test_what_was_answered_can_be_sent_back(api: Api, market: Market) -> None:
    market.set("bitcoin", "90")
    made = api.call("POST", "reminders", {"kind": "price_above", "asset": "bitcoin", "limit": "100"}, status=201)
    assert api.call("PATCH", f"reminders/{made['id']}", made, status=200) == made


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"kind": 7}, "kind"),
        ({"kind": "nonsense"}, "kind"),
        ({"asset": None}, "asset"),
        ({"asset": "no-such-coin"}, "asset"),
        ({"asset": 7}, "asset"),
        ({"limit": None}, "limit"),
        ({"limit": "0"}, "limit"),
        ({"limit": "-1"}, "limit"),
        ({"limit": "NaN"}, "limit"),
        ({"limit": "1e400"}, "limit"),
        ({"limit": "many"}, "limit"),
        ({"limit": True}, "limit"),
        ({"limit": "0.0000000000000000001"}, "limit"),
        ({"limit_high": "200"}, "limit_high"),
        ({"window": "5m"}, "window"),
        ({"direction": "up"}, "direction"),
        ({"quiet_hours": {"from": "22:00"}}, "quiet_hours"),
        ({"schedule": "0 8 * * *"}, "schedule"),
        ({"currency": "xyz"}, "currency"),
        ({"repeat": "sometimes"}, "repeat"),
        ({"rearm_band": "-1"}, "rearm_band"),
        ({"rearm_band": "51"}, "rearm_band"),
        ({"cooldown": -1}, "cooldown"),
        ({"cooldown": "soon"}, "cooldown"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "expires_at"),
        ({"expires_at": "soon"}, "expires_at"),
        ({"transports": []}, "transports"),
        ({"transports": ["pigeon"]}, "transports"),
        ({"transports": ["webpush"]}, "transports"),
        ({"transports": ["whatsapp"]}, "transports"),
        ({"fallback": ["pigeon"]}, "fallback"),
        ({"note": "x" * 501}, "note"),
        ({"note": "\0"}, "note"),
        ({"active": "maybe"}, "active"),
        ({"portfolio": 10**20}, "portfolio"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_bad_input_names_its_field(api: Api, market: Market, change: dict[str, Any], field: str) -> None:
    market.set("bitcoin", "90")
    body = {"kind": "price_above", "asset": "bitcoin", "limit": "100", **change}
    faults = api.call("POST", "reminders", body, status=422)["detail"]
    assert field in {fault["field"] for fault in faults}
    assert not Reminder.objects.exists()


def test_numbers_that_json_does_not_have_name_their_field_too(api: Api, market: Market) -> None:
    market.set("bitcoin", "90")
    for number in ("NaN", "Infinity", "1e400", "9" * 200):
        body = f'{{"kind": "price_above", "asset": "bitcoin", "limit": {number}}}'
        faults = api.call("POST", "reminders", body, status=422)["detail"]
        assert [fault["field"] for fault in faults] == ["limit"]


def test_numbers_may_be_json_numbers(api: Api, market: Market) -> None:
    market.set("bitcoin", "90")
    body = '{"kind": "price_above", "asset": "bitcoin", "limit": 100.000000000000000001, "rearm_band": 2}'
    made = api.call("POST", "reminders", body, status=201)
    assert (made["limit"], made["rearm_band"]) == ("100.000000000000000001", "2")


def test_a_coin_that_only_the_source_knows_is_introduced(api: Api, source: FakeCoinGecko) -> None:
    source.set_price("cardano", "0.5")
    made = api.call("POST", "reminders", {"kind": "price_below", "asset": "cardano", "limit": "0.4"}, status=201)
    assert made["distance_pct"] == "-20"


def test_balances_are_of_a_portfolio_or_of_all(api: Api, market: Market, portfolio: Portfolio, user: User) -> None:
    hold(portfolio, "bitcoin", 2)
    market.set("bitcoin", "50")
    user.currency = "eur"
    user.save()
    one = api.call(
        "POST", "reminders", {"kind": "balance_above", "portfolio": portfolio.pk, "limit": "150"}, status=201
    )
    assert (one["portfolio"], one["currency"], one["distance_pct"]) == (portfolio.pk, "usd", "50")
    all_of_them = api.call("POST", "reminders", {"kind": "balance_below", "limit": "10"}, status=201)
    assert (all_of_them["portfolio"], all_of_them["currency"]) == (None, "eur")
    api.call("POST", "reminders", {"kind": "balance_above", "asset": "bitcoin", "limit": "1"}, status=422)


def test_an_already_true_condition_is_pointed_out_and_waits(api: Api, market: Market) -> None:
    market.set("bitcoin", "120")
    body = {"kind": "price_above", "asset": "bitcoin", "limit": "100"}
    assert api.call("POST", "reminders", body, status=201)["already_true"] is True
    assert not Alert.objects.exists()


def test_an_already_true_condition_can_fire_at_once(api: Api, market: Market) -> None:
    market.set("bitcoin", "120")
    body = {"kind": "price_above", "asset": "bitcoin", "limit": "100", "when_true": "fire"}
    made = api.call("POST", "reminders", body, status=201)
    assert (made["state"], made["firings"], made["already_true"]) == ("fired", 1, False)
    assert Alert.objects.get().observed == 120
    market.set("bitcoin", "121")
    assert Alert.objects.count() == 1


def test_changing_the_limit_starts_anew(api: Api, market: Market, remind: Remind) -> None:
    market.set("bitcoin", "90")
    reminder = remind("price_above", 100)
    market.set("bitcoin", "110")
    changed = api.call("PATCH", f"reminders/{reminder.pk}", {"limit": "200"}, status=200)
    assert (changed["state"], changed["limit"]) == ("armed", "200")
    market.set("bitcoin", "201")
    assert Alert.objects.count() == 2


def test_changing_the_note_changes_nothing_else(api: Api, market: Market, remind: Remind) -> None:
    market.set("bitcoin", "90")
    reminder = remind("price_above", 100)
    market.set("bitcoin", "110")
    changed = api.call("PATCH", f"reminders/{reminder.pk}", {"note": "Hello"}, status=200)
    assert (changed["state"], changed["note"], changed["firings"]) == ("fired", "Hello", 1)


def test_a_reminder_is_paused_and_armed_again(api: Api, market: Market, remind: Remind) -> None:
    market.set("bitcoin", "90")
    reminder = remind("price_above", 100)
    assert api.call("PATCH", f"reminders/{reminder.pk}", {"active": False}, status=200)["state"] == "paused"
    market.set("bitcoin", "110")
    armed = api.call("PATCH", f"reminders/{reminder.pk}", {"active": True}, status=200)
    assert (armed["state"], armed["already_true"]) == ("armed", True)
    assert not Alert.objects.exists()


def test_a_fired_reminder_is_armed_again(api: Api, market: Market, remind: Remind) -> None:
    market.set("bitcoin", "90")
    reminder = remind("price_above", 100)
    market.set("bitcoin", "110")
    market.set("bitcoin", "90")
    assert api.call("PATCH", f"reminders/{reminder.pk}", {"active": True}, status=200)["state"] == "armed"
    market.set("bitcoin", "110")
    assert list(Alert.objects.values_list("firing", flat=True)) == [2, 1]


def test_all_states_are_told_apart(api: Api, market: Market, remind: Remind, time: Any) -> None:
    market.set("bitcoin", "90")
    remind("price_above", 100)
    remind("price_above", 100, repeat="always", cooldown=3600)
    remind("price_above", 200)
    remind("price_above", 200, active=False)
    remind("price_above", 200, expires_at=clock.now() + timedelta(seconds=5))
    market.set("bitcoin", "110")
    time.shift(timedelta(seconds=10))
    items = api.call("GET", "reminders", status=200)["items"]
    assert [item["state"] for item in items] == ["expired", "paused", "armed", "cooling", "fired"]


def test_lists_are_newest_first_and_cut_as_asked(api: Api, market: Market, remind: Remind) -> None:
    market.set("bitcoin", "90")
    ids = [remind("price_above", limit).pk for limit in (100, 200, 300)]
    listed = api.call("GET", "reminders?limit=1&offset=1", status=200)
    assert ([item["id"] for item in listed["items"]], listed["count"]) == ([ids[1]], 3)
    api.call("GET", "reminders?limit=0", status=422)


def test_queries_do_not_grow_with_the_list(api: Api, market: Market, remind: Remind, portfolio: Portfolio) -> None:
    hold(portfolio, "bitcoin", 1)
    market.set("bitcoin", "90")
    api.call("GET", "reminders", status=200)
    counts = []
    for limits in ((100, 101), range(200, 220)):
        for limit in limits:
            remind("price_above", limit)
            remind("balance_above", limit)
        market.set("bitcoin", str(limits[-1] + 10))
        for path in ("reminders", "alerts"):
            with CaptureQueriesContext(connection) as queries:
                api.call("GET", path, status=200)
            counts.append(len(queries))
    assert counts[:2] == counts[2:]


def test_deleting_a_reminder_keeps_its_alerts(api: Api, market: Market, remind: Remind) -> None:
    market.set("bitcoin", "90")
    reminder = remind("price_above", 100)
    market.set("bitcoin", "110")
    api.call("DELETE", f"reminders/{reminder.pk}", status=204)
    assert api.call("GET", "alerts", status=200)["items"][0]["reminder"] is None


def test_an_alert_tells_everything(api: Api, market: Market, remind: Remind) -> None:
    market.set("bitcoin", "90")
    reminder = remind("price_above", 100, transports=["toast", "email"])
    market.set("bitcoin", "110.5")
    listed = api.call("GET", "alerts", status=200)
    [alert] = listed["items"]
    assert listed["count"] == 1
    assert api.call("GET", f"alerts/{alert['id']}", status=200) == alert
    assert (alert["reminder"], alert["kind"], alert["asset"]) == (reminder.pk, "price_above", "bitcoin")
    assert (alert["limit"], alert["observed"], alert["source"]) == ("100", "110.5", "CoinGecko")
    assert (alert["late"], alert["acknowledged_at"]) == (False, None)
    assert [(d["transport"], d["state"], d["attempts"]) for d in alert["deliveries"]] == [
        ("toast", "queued", 0),
        ("email", "queued", 0),
    ]


def test_acknowledging_twice_keeps_the_first_time(api: Api, market: Market, remind: Remind, time: Any) -> None:
    market.set("bitcoin", "90")
    remind("price_above", 100)
    market.set("bitcoin", "110")
    pk = Alert.objects.get().pk
    first = api.call("POST", f"alerts/{pk}/acknowledge", status=200)
    time.shift(timedelta(seconds=5))
    assert api.call("POST", f"alerts/{pk}/acknowledge", status=200) == first
    assert first["acknowledged_at"] is not None
    assert first["deliveries"][0]["state"] == "read"


def test_what_is_somebody_elses_is_not_found(api: Api, market: Market, remind: Remind, portfolio: Portfolio) -> None:
    market.set("bitcoin", "90")
    reminder = remind("price_above", 100)
    market.set("bitcoin", "110")
    stranger = Api(make_user("eve"))
    stranger.call("GET", f"reminders/{reminder.pk}", status=404)
    stranger.call("PATCH", f"reminders/{reminder.pk}", {"note": "x"}, status=404)
    stranger.call("DELETE", f"reminders/{reminder.pk}", status=404)
    stranger.call("GET", f"alerts/{Alert.objects.get().pk}", status=404)
    stranger.call("POST", f"alerts/{Alert.objects.get().pk}/acknowledge", status=404)
    body = {"kind": "balance_above", "portfolio": portfolio.pk, "limit": "1"}
    assert stranger.call("POST", "reminders", body, status=422)["detail"][0]["field"] == "portfolio"
    assert stranger.call("GET", "reminders", status=200) == {"items": [], "count": 0}
    assert stranger.call("GET", "alerts", status=200) == {"items": [], "count": 0}


def test_whatsapp_is_taken_once_it_is_proved(api: Api, market: Market, twilio: FakeTwilio, linked: User) -> None:
    market.set("bitcoin", "90")
    made = api.call("POST", "reminders", {"kind": "price_above", "asset": "bitcoin", "limit": "100"}, status=201)
    assert made["transports"] == ["toast", "email", "whatsapp"]


@pytest.mark.django_db(transaction=True)
def test_the_most_reminders_is_exact_under_many_at_once(user: User, remind: Remind, market: Market) -> None:
    market.set("bitcoin", "90")
    Reminder.objects.bulk_create(
        Reminder(user=user, kind="price_above", asset=coin("bitcoin"), limit=Decimal(100)) for _ in range(195)
    )
    outcomes = at_once(12, lambda: remind("price_above", 100))
    assert sum(isinstance(outcome, TooManyReminders) for outcome in outcomes) == 7
    assert Reminder.objects.count() == 200
    Api(user).call("POST", "reminders", {"kind": "price_above", "asset": "bitcoin", "limit": "1"}, status=409)


def test_quiet_hours_are_the_owners_unless_others_are_given(api: Api, user: User, market: Market) -> None:
    market.set("bitcoin", "90")
    user.quiet_hours = {"from": "22:00", "to": "07:00"}
    user.save()
    wanted = {"kind": "price_above", "asset": "bitcoin", "limit": "100"}
    others = {"from": "01:00", "to": "02:00"}
    for stated, kept in (({}, user.quiet_hours), ({"quiet_hours": None}, None), ({"quiet_hours": others}, others)):
        made = api.call("POST", "reminders", {**wanted, **stated}, status=201)
        assert made["quiet_hours"] == kept
        changed = api.call("PATCH", f"reminders/{made['id']}", {"note": "Later"}, status=200)
        assert changed["quiet_hours"] == kept
    report = {"kind": "schedule", "schedule": {"hour": "8"}}
    assert api.call("POST", "reminders", report, status=201)["quiet_hours"] is None
