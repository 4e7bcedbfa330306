"""The export of an account: everything its owner has, exactly, and nothing of anybody else."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from asgiref.sync import async_to_sync
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User, issue_token
from dashboard.drafts import Draft
from dashboard.importing.service import import_file
from dashboard.models import Asset, AssetNote, ImportMapping, Portfolio, Snapshot, TargetShare, WatchedCoin
from dashboard.recording import create_portfolio, record_transactions
from notifications.models import Alert, Delivery, PushSubscription, Reminder
from project.exporting import account_json

pytestmark = pytest.mark.django_db
D = Decimal
AT = datetime(2024, 1, 10, 12, 0, 0, 123456, tzinfo=UTC)
AMOUNT = "0.123456789012345678"


def furnish(name: str) -> User:
    """An account with one of everything; each of its texts names it."""
    user = User.objects.create_user(name, f"{name}@example.org", f"password of {name}", whatsapp_number="+447700900123")
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
    issue_token(user, f"script of {name}")
    portfolio = create_portfolio(user, f"Savings of {name}", currency="eur", method="fifo")
    bought = Draft(AT, "buy", "bitcoin", D(AMOUNT), price=D("40000.5"), note=f"note of {name}", external_id=f"x-{name}")
    record_transactions(portfolio, [bought])
    csv = f"timestamp,type,asset_id,amount,price,wallet\n2024-02-01T00:00:00Z,buy,bitcoin,2,30000,wallet of {name}\n"
    import_file(portfolio, f"{name}.csv", csv.encode())
    Snapshot.objects.create(portfolio=portfolio, at=AT, currency="eur", value=D("7.5"), cost=D(5), profit=D("2.5"))
    TargetShare.objects.create(portfolio=portfolio, asset_id="bitcoin", percent=D(100))
    WatchedCoin.objects.create(user=user, asset_id="bitcoin")
    AssetNote.objects.create(user=user, asset_id="bitcoin", text=f"thoughts of {name}", written_at=AT)
    ImportMapping.objects.create(user=user, header=["a"], digest=name, mapping={"of": name})
    reminder = Reminder.objects.create(
        user=user, kind="price_above", asset_id="bitcoin", portfolio=portfolio, limit=D("50000.1"),
        note=f"reminder of {name}", transports=["toast"], rise_to=50000.1,
    )  # fmt: skip
    for firing in range(3):
        alert = Alert.objects.create(
            user=user, reminder=reminder, firing=firing, kind="price_above", asset_id="bitcoin", portfolio=portfolio,
            limit=D("50000.1"), observed=D("50001"), currency="usd", fired_at=AT, title=f"alert of {name}", text="Up",
        )  # fmt: skip
        Delivery.objects.create(
            alert=alert, user=user, transport="email", state="sent", queued_at=AT, updated_at=AT, lease_token="a secret"
        )
    PushSubscription.objects.create(
        user=user, endpoint=f"https://push.example/{name}", p256dh="a secret", auth="a secret",
        label=f"browser of {name}", created_at=AT,
    )  # fmt: skip
    return user


@pytest.fixture
def ada() -> User:
    Asset.objects.create(id="bitcoin", symbol="btc", name="Bitcoin", rank=1)
    return furnish("ada")


def exported(user: User) -> Any:
    def floats(text: str) -> float:
        raise AssertionError(f"{text} is written as a float")

    return json.loads("".join(account_json(user)), parse_float=floats)


def test_everything_is_there_to_the_last_digit(ada: User) -> None:
    found = exported(ada)
    assert (found["format"], found["version"]) == ("tickfolio-account", 1)
    assert found["profile"]["username"] == "ada"
    assert found["profile"]["whatsapp_number"] == "+447700900123"
    assert found["email_addresses"][0]["email"] == "ada@example.org"
    assert found["api_tokens"][0]["name"] == "script of ada"
    (portfolio,) = found["portfolios"]
    assert (portfolio["name"], portfolio["currency"], portfolio["method"]) == ("Savings of ada", "eur", "fifo")
    typed, imported = portfolio["transactions"]
    assert (typed["amount"], typed["price"], typed["asset"]) == (AMOUNT, "40000.5", "bitcoin")
    assert (typed["timestamp"], typed["external_id"]) == ("2024-01-10T12:00:00.123456Z", "x-ada")
    (done,) = portfolio["imports"]
    assert (done["filename"], done["added"]) == ("ada.csv", 1)
    assert imported["source_import"] == done["id"]
    assert [point["value"] for point in portfolio["history"]] == ["7.5"]
    assert [(target["asset"], target["percent"]) for target in portfolio["targets"]] == [("bitcoin", "100")]
    assert [watched["asset"] for watched in found["watched_coins"]] == ["bitcoin"]
    assert found["import_mappings"][0]["mapping"] == {"of": "ada"}
    (reminder,) = found["reminders"]
    assert (reminder["limit"], reminder["note"], reminder["portfolio"]) == (
        "50000.1",
        "reminder of ada",
        portfolio["id"],
    )
    assert [alert["title"] for alert in found["alerts"]] == ["alert of ada"] * 3
    assert found["alerts"][0]["reminder"] == reminder["id"]
    assert found["alerts"][0]["deliveries"][0]["state"] == "sent"


def test_no_secret_and_nothing_of_others_is_in_it(ada: User) -> None:
    furnish("bob")
    text = "".join(account_json(ada))
    token = ada.api_tokens.get()
    for secret in ("bob", "a secret", ada.password, token.digest, "pbkdf2"):
        assert secret not in text, secret


def test_the_queries_do_not_grow_with_what_there_is(ada: User) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            exported(ada)
        return len(asked)

    few = queries()
    portfolio = Portfolio.objects.get(user=ada)
    record_transactions(
        portfolio, [Draft(AT + timedelta(days=n), "buy", "bitcoin", D(n + 1), price=D(1)) for n in range(40)]
    )
    reminder = Reminder.objects.get(user=ada)
    Alert.objects.bulk_create(
        [
            Alert(user=ada, reminder=reminder, firing=n, kind="price_above", currency="usd", fired_at=AT)
            for n in range(10, 50)
        ]
    )
    assert queries() == few


def test_the_owner_downloads_it_and_nobody_else(ada: User) -> None:
    client = Client()
    assert client.get("/settings/export.json").status_code == 302
    client.force_login(ada)
    assert 'href="/settings/export.json"' in client.get("/settings/").content.decode()
    response: Any = client.get("/settings/export.json")

    async def whole() -> bytes:
        return b"".join([part async for part in response.streaming_content])

    text = async_to_sync(whole)()
    assert json.loads(text)["profile"]["username"] == "ada"
    assert response.headers["Content-Type"] == "application/json"
    assert response.headers["Content-Disposition"].startswith('attachment; filename="tickfolio-account-')
    assert response.headers["Cache-Control"] == "no-store"
