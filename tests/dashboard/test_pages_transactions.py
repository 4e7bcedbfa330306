"""Transactions by form: recorded exactly, refused with a sentence beside the field, and nothing typed is lost."""

# ruff: noqa: F401, F811 - fixtures are imported

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from dashboard.models import Portfolio, Position, Transaction
from dashboard.recording import create_portfolio
from tests.dashboard.page_world import FORM, ada, bought, coins, make_user, page

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true", "HX-Target": "dialog-body"}


def faults(client: Client, **changes: str) -> dict[str, list[str]]:
    response = client.post("/transactions/add/", FORM | changes)
    assert response.status_code == 200
    form = response.context["form"]
    for name, typed in changes.items():
        assert form[name].value() == typed, "what was typed is kept"
    assert not Transaction.objects.exists()
    return dict(form.errors)


def test_a_purchase_is_recorded_without_a_script(page: Client, ada: User) -> None:
    facts = FORM | {"amount": "0.123456789012345678", "fee_amount": "1.25", "wallet": "Kraken", "note": "first"}
    response = page.post("/transactions/add/", facts, follow=True)
    assert response.redirect_chain == [("/transactions/", 302)]
    assert "Recorded: bought 0.12345679 BTC." in response.content.decode()
    row = Transaction.objects.of(ada).get()
    assert (row.amount, row.price, row.price_currency) == (Decimal("0.123456789012345678"), 40000, "usd")
    assert (row.fee_amount, row.fee_asset_id, row.wallet, row.note) == (Decimal("1.25"), "usd", "Kraken", "first")
    assert row.timestamp == datetime(2024, 1, 10, 12, tzinfo=UTC)


def test_with_htmx_the_dialog_is_told_and_the_page_stays(page: Client) -> None:
    response = page.post("/transactions/add/", FORM, headers=HTMX)
    assert response.status_code == 204
    assert json.loads(response.headers["HX-Trigger"]) == {"transactionSaved": {"text": "Recorded: bought 0.5 BTC."}}


def test_with_htmx_a_wrong_form_comes_back_as_itself(page: Client) -> None:
    response = page.post("/transactions/add/", FORM | {"amount": "-1"}, headers=HTMX)
    text = response.content.decode()
    assert "<html" not in text
    assert "Enter a number above zero." in text
    assert 'hx-post="/transactions/add/"' in text


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("amount", "-1", "above zero"),
        ("amount", "0", "above zero"),
        ("amount", "NaN", "Enter a number"),
        ("amount", "Infinity", "Enter a number"),
        ("amount", "1e400", "at most 20 digits"),
        ("amount", "1e99999999999999999999", "Enter a number"),
        ("amount", "0.0000000000000000001", "at most 18 decimals"),
        ("amount", "many", "Enter a number"),
        ("amount", "1,234", "1.234 or 1234"),
        ("amount", "9" * 90, "shorter"),
        ("amount", "", "how much"),
        ("price", "-5", "zero or more"),
        ("price", "", "price per unit"),
        ("fee_amount", "-1", "zero or more"),
        ("timestamp", "2100-01-01T00:00", "future"),
        ("timestamp", "1999-01-01T00:00", "2009"),
        ("timestamp", "yesterday", "date and time"),
        ("timestamp", "0001-01-01T00:00:00+14:00", "date and time"),
        ("timestamp", "", "when it happened"),
        ("asset_id", "nosuchcoin", "No coin"),
        ("asset_id", "", "name or ticker"),
        ("asset_id", "usd", "No coin"),
        ("asset_id", "pls", "Choose one"),
        ("type", "airdrop", "valid choice"),
        ("price_currency", "xxx", "valid choice"),
        ("fee_asset_id", "nosuchcoin", "known"),
        ("wallet", "w" * 61, "60 characters"),
        ("note", "n" * 501, "500 characters"),
        ("note", "a\0b", "Null characters"),
    ],
)
def test_bad_input_is_answered_beside_its_field(page: Client, field: str, typed: str, sentence: str) -> None:
    changes = {field: typed} | ({"fee_amount": "1"} if field == "fee_asset_id" else {})
    errors = faults(page, **changes)
    assert list(errors) == [field]
    assert sentence in " ".join(errors[field])


def test_the_focus_goes_to_the_first_wrong_field(page: Client) -> None:
    text = page.post("/transactions/add/", FORM | {"price": "x", "fee_amount": "y"}).content.decode()
    assert text.count("autofocus") == 1
    assert 'name="price"' in text[text.index("autofocus") - 400 : text.index("autofocus") + 400]


@pytest.mark.parametrize(
    ("typed", "exact"),
    [
        ("1,5", "1.5"),
        ("0,125", "0.125"),
        ("1,234.5", "1234.5"),
        ("1.234,5", "1234.5"),
        ("12 345.5", "12345.5"),
        ("1’234’567.25", "1234567.25"),
        ("1,234,567", "1234567"),
        ("1e-8", "0.00000001"),
        (".5", "0.5"),
    ],
)
def test_numbers_may_be_written_as_people_write_them(page: Client, typed: str, exact: str) -> None:
    page.post("/transactions/add/", FORM | {"amount": typed})
    assert Transaction.objects.get().amount == Decimal(exact)


@pytest.mark.parametrize(
    ("typed", "coin"),
    [
        ("bitcoin", "bitcoin"),
        ("BTC", "bitcoin"),
        ("  Bitcoin ", "bitcoin"),
        ("Bitcoin (BTC)", "bitcoin"),
        ("Bridged Bitcoin", "bridged-bitcoin"),
        ("eth", "ethereum"),
        ("pulse-two", "pulse-two"),
    ],
)
def test_a_coin_is_found_by_id_ticker_name_or_label(page: Client, typed: str, coin: str) -> None:
    page.post("/transactions/add/", FORM | {"asset_id": typed})
    assert Transaction.objects.get().asset_id == coin


def test_where_several_coins_may_be_meant_each_can_be_chosen(page: Client) -> None:
    text = page.post("/transactions/add/", FORM | {"asset_id": "Pulse"}).content.decode()
    assert 'name="asset_id" value="pulse-one"' in text
    assert 'name="asset_id" value="pulse-two"' in text
    page.post("/transactions/add/", FORM | {"asset_id": ["Pulse", "pulse-two"]})
    assert Transaction.objects.get().asset_id == "pulse-two"


def test_the_coin_that_was_picked_from_the_list_is_the_one_recorded(page: Client) -> None:
    page.post("/transactions/add/", FORM | {"asset_id": "Pulse (PLS)", "asset_choice": "pulse-two"})
    assert Transaction.objects.get().asset_id == "pulse-two"


def test_a_pick_counts_no_longer_once_something_else_was_typed(page: Client) -> None:
    page.post("/transactions/add/", FORM | {"asset_id": "eth", "asset_choice": "pulse-two"})
    assert Transaction.objects.get().asset_id == "ethereum"


def test_coins_are_suggested_while_typing(page: Client) -> None:
    text = page.get("/coins/search/?q=bit").content.decode()
    assert 'data-id="bitcoin"' in text
    assert "No coin begins with" in page.get("/coins/search/?q=zzz%00").content.decode()


def test_a_fee_can_be_paid_in_the_coin_itself(page: Client) -> None:
    page.post("/transactions/add/", FORM | {"fee_amount": "0.001", "fee_asset_id": "@coin"})
    assert Transaction.objects.get().fee_asset_id == "bitcoin"
    assert Position.objects.get().quantity == Decimal("0.499")


def test_dates_are_read_and_shown_in_the_persons_zone(page: Client, ada: User) -> None:
    ada.time_zone = "America/New_York"
    ada.save()
    page.post("/transactions/add/", FORM)
    row = Transaction.objects.get()
    assert row.timestamp == datetime(2024, 1, 10, 17, tzinfo=UTC)
    assert "2024-01-10T12:00:00" in page.get(f"/transactions/{row.pk}/edit/").content.decode()
    errors = page.post("/transactions/add/", FORM | {"timestamp": "2024-03-10T02:30"}).context["form"].errors
    assert "put forward" in str(errors["timestamp"])
    page.post("/transactions/add/", FORM | {"timestamp": "2023-11-05T01:30"})
    assert Transaction.objects.filter(timestamp=datetime(2023, 11, 5, 5, 30, tzinfo=UTC)).exists()


def test_a_transaction_goes_where_its_portfolio_is_chosen(page: Client, ada: User) -> None:
    savings = create_portfolio(ada, "Savings", "eur")
    page.post("/transactions/add/", FORM | {"portfolio": str(savings.pk)})
    assert Transaction.objects.get().portfolio == savings


def test_nobody_writes_into_the_portfolio_of_another(page: Client, ada: User) -> None:
    create_portfolio(ada, "Savings")
    theirs = make_user("bob").portfolios.get()
    assert "portfolio" in faults(page, portfolio=str(theirs.pk))


def test_without_a_portfolio_the_form_says_what_to_do(page: Client, ada: User) -> None:
    Portfolio.objects.of(ada).delete()
    response = page.post("/transactions/add/", FORM)
    assert "Add a portfolio first." in response.content.decode()


def test_editing_changes_what_was_changed_and_nothing_else(page: Client, ada: User) -> None:
    at = datetime(2024, 1, 10, 12, 0, 0, 123456, tzinfo=UTC)
    bought(ada, "bitcoin", "0.123456789012345678", "100.5", timestamp=at, external_id="x-1", fee_amount=Decimal(1))
    row = Transaction.objects.get()
    form = page.get(f"/transactions/{row.pk}/edit/").context["form"]
    typed = {name: form[name].value() or "" for name in form.fields}
    typed |= {"timestamp": "2024-01-10T12:00:00", "note": "checked"}
    assert page.post(f"/transactions/{row.pk}/edit/", typed).status_code == 302
    again = Transaction.objects.get()
    assert (again.timestamp, again.amount, again.external_id) == (at, row.amount, "x-1")
    assert (again.note, again.price, again.fee_amount, again.fee_asset_id) == ("checked", row.price, 1, "usd")


def test_deleting_asks_first_and_takes_the_figures_back(page: Client, ada: User) -> None:
    bought(ada, "bitcoin")
    row = Transaction.objects.get()
    assert "Delete this transaction?" in page.get(f"/transactions/{row.pk}/delete/").content.decode()
    assert Transaction.objects.exists()
    page.post(f"/transactions/{row.pk}/delete/")
    assert not Transaction.objects.exists()
    assert not Position.objects.exists()


def test_figures_that_would_grow_too_large_are_refused_and_what_was_typed_stays(page: Client) -> None:
    much = {"amount": "60000000000000000000", "price": "0.01"}
    page.post("/transactions/add/", FORM | much)
    answer = page.post("/transactions/add/", FORM | much)
    assert answer.context["form"]["amount"].value() == much["amount"]
    assert "grow beyond what can be kept" in answer.content.decode()
    page.post("/transactions/add/", FORM)
    row = Transaction.objects.latest("pk")
    answer = page.post(f"/transactions/{row.pk}/edit/", FORM | much)
    assert "grow beyond what can be kept" in answer.content.decode()
    row.refresh_from_db()
    assert row.amount == Decimal(FORM["amount"])


def test_the_transactions_of_another_are_not_found(page: Client) -> None:
    bob = make_user("bob")
    bought(bob, "bitcoin", note="secret")
    pk = Transaction.objects.get().pk
    for path in (f"/transactions/{pk}/edit/", f"/transactions/{pk}/delete/"):
        assert page.get(path).status_code == 404
        assert page.post(path, FORM).status_code == 404
    assert "secret" not in page.get("/transactions/").content.decode()
    assert Transaction.objects.count() == 1


def test_transactions_are_found_by_coin_wallet_note_kind_and_portfolio(page: Client, ada: User) -> None:
    bought(ada, "bitcoin", wallet="Kraken")
    bought(ada, "ethereum", note="from Bob")
    bought(ada, "ethereum", type="sell")

    def found(query: str) -> int:
        return len(page.get(f"/transactions/?{query}").context["lines"])

    assert [found("q=kraken"), found("q=ETH"), found("q=bitcoin"), found("q=from+bob")] == [1, 2, 1, 1]
    assert [found("type=sell"), found("type=nonsense"), found("q=a%00b"), found("page=99")] == [1, 3, 3, 3]
    assert "No transaction fits" in page.get("/transactions/?q=nothing").content.decode()


def test_the_list_is_paged_and_its_links_keep_the_search(page: Client, ada: User) -> None:
    for number in range(51):
        bought(ada, "bitcoin", str(number + 1), wallet="Kraken")
    text = page.get("/transactions/?q=kraken").content.decode()
    assert "1 to 50 of 51" in text
    assert "?q=kraken&amp;page=2" in text
    assert len(page.get("/transactions/?q=kraken&page=2").context["lines"]) == 1


def test_the_list_asks_as_often_for_thirty_rows_as_for_three(page: Client, ada: User) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            page.get("/transactions/")
        return len(asked)

    for _ in range(3):
        bought(ada, "bitcoin", fee_amount=Decimal(1))
    few = queries()
    for _ in range(27):
        bought(ada, "ethereum", fee_amount=Decimal(1))
    assert queries() == few


def test_the_same_rows_come_as_a_page_and_as_a_fragment(page: Client, ada: User) -> None:
    bought(ada, "bitcoin")
    whole = page.get("/transactions/").content.decode()
    part = page.get("/transactions/", headers={"HX-Request": "true", "HX-Target": "transaction-list"}).content.decode()
    assert "<html" not in part
    assert part.strip() in whole
