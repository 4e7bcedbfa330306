"""Signing up and in, the settings and the library's own pages: all in our look, none of them broken."""

# ruff: noqa: F401, F811 - fixtures are imported

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.test import Client

from accounts.models import ApiToken, User, issue_token
from dashboard.models import Portfolio
from tests.dashboard.page_world import ada, bought, coins, make_user, page

pytestmark = pytest.mark.django_db
SIGN_UP = {
    "username": "grace",
    "email": "grace@example.org",
    "password1": "horse-battery-77",
    "password2": "horse-battery-77",
}
PROFILE = {"currency": "eur", "time_zone": "Europe/Berlin", "theme": "dark", "colours": "blue-orange", "compact": "on"}


def test_signing_up_makes_an_account_with_a_portfolio_in_the_browsers_zone() -> None:
    response = Client().post("/accounts/signup/", SIGN_UP | {"time_zone": "Asia/Tokyo"})
    assert response.status_code == 302
    user = User.objects.get(username="grace")
    assert user.time_zone == "Asia/Tokyo"
    assert [portfolio.name for portfolio in user.portfolios.all()] == ["Main"]


def test_a_zone_that_does_not_exist_is_no_obstacle_to_signing_up() -> None:
    Client().post("/accounts/signup/", SIGN_UP | {"time_zone": "Nowhere/At_all"})
    assert User.objects.get(username="grace").time_zone == "UTC"


def test_a_wrong_sign_up_says_why_beside_the_field() -> None:
    text = Client().post("/accounts/signup/", SIGN_UP | {"password2": "else"}).content.decode()
    assert "You must type the same password" in text
    assert 'value="grace"' in text


def test_one_signs_in_by_name_or_address_and_out_by_a_form() -> None:
    Client().post("/accounts/signup/", SIGN_UP)
    for login in ("grace", "grace@example.org"):
        client = Client()
        client.post("/accounts/login/", {"login": login, "password": SIGN_UP["password1"]})
        assert "Add your first transaction" in client.get("/").content.decode()
        client.post("/accounts/logout/")
        assert "/accounts/signup/" in client.get("/").content.decode()


@pytest.mark.parametrize(
    "path",
    [
        "/accounts/login/",
        "/accounts/signup/",
        "/accounts/password/reset/",
        "/accounts/password/reset/done/",
        "/accounts/password/reset/key/1-set-password/",
        "/accounts/password/reset/key/done/",
        "/accounts/confirm-email/",
        "/accounts/confirm-email/nonsense/",
        "/accounts/inactive/",
    ],
)
def test_the_librarys_public_pages_wear_our_frame(path: str) -> None:
    text = Client().get(path).content.decode()
    assert 'class="site-head"' in text
    assert "Menu:" not in text


@pytest.mark.parametrize(
    "path",
    ["/accounts/email/", "/accounts/password/change/", "/accounts/logout/", "/accounts/reauthenticate/"],
)
def test_the_librarys_personal_pages_wear_our_frame(page: Client, ada: User, path: str) -> None:
    ada.set_password("horse-battery-77")
    ada.save()
    page.force_login(ada)
    response = page.get(path)
    assert response.status_code == 200
    assert 'class="site-head"' in response.content.decode()


def test_an_address_can_be_added_and_made_the_main_one(page: Client, ada: User) -> None:
    page.post("/accounts/email/", {"email": "new@example.org", "action_add": "1"})
    assert "new@example.org" in page.get("/accounts/email/").content.decode()


def test_how_pages_look_is_saved_and_shown(page: Client, ada: User) -> None:
    page.post("/settings/", PROFILE)
    text = page.get("/settings/").content.decode()
    for mark in ('data-bs-theme="dark"', 'data-colours="blue-orange"', 'data-rows="compact"', "Settings saved."):
        assert mark in text


def test_a_time_zone_that_does_not_exist_is_refused_and_kept_in_the_field(page: Client, ada: User) -> None:
    text = page.post("/settings/", PROFILE | {"time_zone": "Mars/Base"}).content.decode()
    assert "Choose a time zone" in text
    assert 'value="Mars/Base"' in text
    assert page.get("/").status_code == 200
    ada.refresh_from_db()
    assert ada.theme == "system"


def test_a_token_is_shown_once_and_can_be_revoked(page: Client, ada: User) -> None:
    text = page.post("/settings/tokens/add/", {"name": "script"}).content.decode()
    token = ApiToken.objects.get(user=ada)
    assert f'value="{token.prefix}' in text
    settings = page.get("/settings/").content.decode()
    assert token.prefix in settings
    assert "tf_" not in settings.replace(token.prefix, "")
    page.post(f"/settings/tokens/{token.pk}/revoke/")
    assert not ApiToken.objects.exists()


def test_the_token_of_another_is_not_found(page: Client) -> None:
    issue_token(make_user("bob"))
    pk = ApiToken.objects.get().pk
    assert page.post(f"/settings/tokens/{pk}/revoke/").status_code == 404
    assert page.get(f"/settings/tokens/{pk}/revoke/").status_code == 405
    assert ApiToken.objects.exists()


def test_there_is_an_end_to_tokens(page: Client, ada: User) -> None:
    for _ in range(20):
        issue_token(ada)
    assert "revoke one" in page.post("/settings/tokens/add/", {"name": "one more"}, follow=True).content.decode()
    assert ApiToken.objects.count() == 20


def test_portfolios_are_added_changed_and_deleted(page: Client, ada: User) -> None:
    facts = {"name": "Savings", "currency": "eur", "method": "fifo", "lot_scope": "wallet"}
    page.post("/portfolios/add/", facts)
    savings = Portfolio.objects.of(ada).get(name="Savings")
    assert (savings.currency, savings.method, savings.lot_scope) == ("eur", "fifo", "wallet")
    page.post(f"/portfolios/{savings.pk}/edit/", facts | {"name": "Later", "method": "hifo"})
    savings.refresh_from_db()
    assert (savings.name, savings.method) == ("Later", "hifo")
    assert "Delete the portfolio Later?" in page.get(f"/portfolios/{savings.pk}/delete/").content.decode()
    page.post(f"/portfolios/{savings.pk}/delete/")
    assert not Portfolio.objects.filter(pk=savings.pk).exists()


def test_another_method_changes_the_figures_at_once(page: Client, ada: User) -> None:
    bought(ada, "bitcoin", "1", "100")
    bought(ada, "bitcoin", "1", "200")
    bought(ada, "bitcoin", "1", "300", type="sell")
    main = ada.portfolios.get()
    assert main.positions.get().realised == 150
    page.post(
        f"/portfolios/{main.pk}/edit/", {"name": "Main", "currency": "usd", "method": "fifo", "lot_scope": "portfolio"}
    )
    assert main.positions.get().realised == 200


@pytest.mark.parametrize("name", ["main", "  ", "n" * 61, ""])
def test_a_portfolio_needs_a_name_of_its_own(page: Client, ada: User, name: str) -> None:
    facts = {"name": name, "currency": "eur", "method": "fifo", "lot_scope": "wallet"}
    response = page.post("/portfolios/add/", facts)
    assert response.context["form"].errors["name"]
    assert ada.portfolios.count() == 1


def test_a_page_that_is_not_there_says_so_in_our_look(page: Client) -> None:
    response = page.get("/nothing/")
    assert response.status_code == 404
    assert "There is nothing at this address" in response.content.decode()


def test_a_form_without_its_key_saves_nothing_and_explains() -> None:
    client = Client(enforce_csrf_checks=True)
    response = client.post("/accounts/login/", {"login": "a", "password": "b"})
    assert response.status_code == 403
    assert "This page was out of date" in response.content.decode()


def test_a_currency_in_which_figures_outgrow_what_is_kept_is_refused_beside_its_field(page: Client, ada: User) -> None:
    """The ECB's rate of 10 January 2024 was some 15,500 rupiah for a dollar."""
    at = datetime(2024, 1, 10, 12, tzinfo=UTC)
    for _ in range(2):
        bought(ada, "bitcoin", "1", "6" + "0" * 15, timestamp=at)
    main = ada.portfolios.get()
    changed = {"name": "Main", "currency": "idr", "method": "average", "lot_scope": "portfolio"}
    answer = page.post(f"/portfolios/{main.pk}/edit/", changed)
    assert "figures grow beyond what can be kept" in answer.content.decode()
    headers = {"authorization": f"Bearer {issue_token(ada)}"}
    refused = page.patch(
        f"/api/v1/portfolios/{main.pk}", {"currency": "idr"}, content_type="application/json", headers=headers
    )
    assert refused.status_code == 422
    assert refused.json()["detail"][0]["field"] == "currency"
    assert ada.portfolios.get().currency == "usd"
    assert main.positions.get().cost == Decimal("12" + "0" * 15)
