"""The names that users, scripts and other programs rely on: addresses, commands, fields, hooks in pages."""

from decimal import Decimal

import pytest
from django.core.management import get_commands
from django.test import Client
from django.urls import resolve

from accounts.models import User
from dashboard import clock, recording
from dashboard.drafts import Draft
from dashboard.models import Asset, MarketQuote, Portfolio
from project.api import api

PAGES = [
    "/",
    "/accounts/signup/",
    "/accounts/login/",
    "/transactions/",
    "/imports/",
    "/reminders/",
    "/alerts/",
    "/market/",
    "/assets/bitcoin/",
    "/settings/",
    "/healthz",
    "/readyz",
    "/webhooks/twilio/status/",
]
COMMANDS = ["up", "demo", "tick", "import_transactions", "export_transactions", "create_api_token"]
API = {
    "portfolios": {"get", "post"},
    "portfolios/{}": {"get", "patch", "delete"},
    "portfolios/{}/transactions": {"get", "post"},
    "transactions/{}": {"get", "patch", "delete"},
    "portfolios/{}/imports": {"post"},
    "imports/{}": {"get", "delete"},
    "portfolios/{}/positions/{}/working": {"get"},
    "portfolios/{}/history": {"get"},
    "portfolios/{}/export.csv": {"get"},
    "reminders": {"get", "post"},
    "reminders/{}": {"get", "patch", "delete"},
    "alerts": {"get"},
    "alerts/{}": {"get"},
    "alerts/{}/acknowledge": {"post"},
    "assets": {"get"},
    "assets/{}": {"get"},
    "market": {"get"},
}
MARKET_FIELDS = ["rank", "name", "price", "market_cap", "change_1h", "change_24h", "change_7d"]
OWN_FIELDS = ["holdings", "value", "cost", "profit", "profit_pct", "share"]
TOTALS = ["value", "profit", "profit_pct", "realised", "unrealised", "change_24h"]
FIGURES = {
    *("asset", "symbol", "name", "rank", "quantity", "price", "price_as_of", "stale", "value", "market_cap"),
    *("change_1h", "change_24h", "change_7d", "cost_basis", "average_cost", "unrealised", "realised", "income"),
    *("fees", "invested", "profit", "return_pct", "share", "issues"),
}
SUMS = {
    *("value", "cost_basis", "unrealised", "realised", "income", "fees", "invested", "profit", "return_pct"),
    *("unpriced", "as_of"),
}


@pytest.mark.parametrize("path", PAGES)
def test_a_page_has_its_address(path: str) -> None:
    assert resolve(path)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_has_its_name(command: str) -> None:
    assert command in get_commands()


def test_the_api_has_its_operations() -> None:
    document = api.get_openapi_schema()
    found: dict[str, set[str]] = {}
    for path, operations in document["paths"].items():
        name = "/".join("{}" if part.startswith("{") else part for part in path.removeprefix("/api/v1/").split("/"))
        found.setdefault(name, set()).update(operations)
    missing = {path: methods - found.get(path, set()) for path, methods in API.items()}
    assert not {path: methods for path, methods in missing.items() if methods}


@pytest.fixture
def owner() -> User:
    user = User.objects.create_user("ada", "ada@example.org", "long and unusual 7")
    Asset.objects.create(id="bitcoin", symbol="btc", name="Bitcoin", rank=1)
    MarketQuote.objects.create(asset_id="bitcoin", price=Decimal("50000.5"), as_of=clock.now(), source="CoinGecko")
    portfolio = recording.create_portfolio(user, "Main")
    recording.record_transactions(
        portfolio, [Draft(clock.now(), "buy", "bitcoin", Decimal("0.5"), price=Decimal(40000))]
    )
    return user


@pytest.mark.django_db
def test_the_dashboard_carries_its_hooks_each_with_the_exact_number(client: Client, owner: User) -> None:
    client.force_login(owner)
    page = client.get("/").content.decode()
    assert 'data-asset="bitcoin"' in page
    for field in MARKET_FIELDS + OWN_FIELDS:
        assert f'data-field="{field}"' in page, field
    for total in TOTALS:
        assert f'data-total="{total}"' in page, total
    assert 'data-live="' in page
    assert 'data-value="25000.25"' in page
    market = client.get("/market/").content.decode()
    for field in MARKET_FIELDS:
        assert f'data-field="{field}"' in market, field


@pytest.mark.django_db
def test_a_portfolio_has_its_figures_as_plain_text(client: Client, owner: User) -> None:
    from accounts.models import issue_token

    pk = Portfolio.objects.get(user=owner).pk
    headers = {"authorization": f"Bearer {issue_token(owner)}"}
    answer = client.get(f"/api/v1/portfolios/{pk}", headers=headers).json()
    assert set(answer["totals"]) >= SUMS
    (position,) = answer["positions"]
    assert set(position) >= FIGURES
    assert (position["value"], position["profit"], position["stale"]) == ("25000.25", "5000.25", False)


@pytest.mark.django_db
def test_readiness_tells_the_state_of_each_part(client: Client) -> None:
    answer = client.get("/readyz")
    body = answer.json()
    assert set(body) == {"database", "redis", "worker", "prices"}
    assert (answer.status_code, body["worker"]) == (503, "not seen")
    from project.pulse import worker_was_here

    worker_was_here()
    assert client.get("/readyz").status_code == 200
    assert client.get("/healthz").content == b"ok"
