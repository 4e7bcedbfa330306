"""What a fee in coins was worth, stated by its owner: it wins over stored prices, and takes the flag away."""

# ruff: noqa: F401, F811 - fixtures are imported

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from dashboard.books import quick_fault
from dashboard.drafts import Draft, draft_of
from dashboard.ledger.entry import Kind
from dashboard.models import Asset, DailyPrice, Portfolio, Position, Transaction
from dashboard.recording import edit_transaction, record_transactions
from dashboard.working import FORMULAS, StepShown, working_of
from tests.dashboard.page_world import DAY, ada, coins, page

pytestmark = pytest.mark.django_db
D = Decimal
FORM = {
    "type": "buy",
    "asset_id": "bitcoin",
    "amount": "2",
    "price": "100",
    "timestamp": "2024-01-10T12:00:00",
    "fee_amount": "0.1",
    "fee_asset_id": "@another",
    "fee_coin": "eth",
}


def bought(user: User, kind: str = "buy", **facts: Any) -> Transaction:
    """Bitcoin, for a fee of a tenth of an ether, of which there is one."""
    portfolio = Portfolio.objects.get(user=user)
    ether = Draft(DAY, "buy", "ethereum", D(1), price=D(1000))
    fee: dict[str, Any] = {"fee_asset_id": "ethereum", "fee_amount": D("0.1"), "price": D(100)} | facts
    _, row = record_transactions(portfolio, [ether, Draft(DAY.replace(hour=20), kind, "bitcoin", D(2), **fee)])
    return row


def kept(asset: str) -> Position:
    return Position.objects.get(asset=asset)


def step_of(row: Transaction, asset: str) -> StepShown:
    return working_of(row.portfolio, Asset.objects.get(pk=asset)).steps[-1]


def test_without_it_the_fee_counts_as_nothing_and_is_marked(ada: User) -> None:
    row = bought(ada)
    assert (kept("bitcoin").cost, kept("ethereum").realised) == (200, -100)
    assert [issue["code"] for issue in kept("bitcoin").issues] == ["no_value"]
    assert step_of(row, "ethereum").fee_value_source == "unknown"


def test_stated_it_is_part_of_the_cost_and_realised(ada: User) -> None:
    row = bought(ada, fee_value=D(250))
    assert (kept("bitcoin").cost, kept("bitcoin").fees_paid, kept("ethereum").realised) == (450, 250, 150)
    assert kept("bitcoin").issues == kept("ethereum").issues == []
    assert quick_fault(row.portfolio) is None
    assert (step_of(row, "bitcoin").fee_value, step_of(row, "bitcoin").fee_value_source) == (250, "stated")


def test_it_wins_over_the_stored_price_of_the_day(ada: User) -> None:
    DailyPrice.objects.create(asset_id="ethereum", day=DAY.date(), usd=D(1200))
    row = bought(ada)
    assert (kept("bitcoin").cost, step_of(row, "bitcoin").fee_value_source) == (320, "daily price")
    edit_transaction(row, replace(draft_of(row), fee_value=D(0)))
    assert (kept("bitcoin").cost, step_of(row, "bitcoin").fee_value_source) == (200, "stated")
    edit_transaction(row, replace(draft_of(row), fee_value=None))
    assert kept("bitcoin").cost == 320


def test_it_is_money_of_the_price_s_currency(ada: User) -> None:
    row = bought(ada, fee_value=D(100), price_currency="eur")
    step = step_of(row, "bitcoin")
    (rate,) = step.rates
    assert rate.rate is not None
    assert step.fee_value == round(100 * rate.rate, 18)
    assert kept("bitcoin").cost == round(200 * rate.rate, 18) + step.fee_value


def test_it_tells_what_a_network_fee_of_the_moved_coin_was_worth(ada: User) -> None:
    facts = {"price": None, "to_wallet": "Ledger", "fee_asset_id": "bitcoin", "fee_amount": D("0.01")}
    for _ in range(2):
        bought(ada, fee_asset_id=None, fee_amount=None)
    bought(ada, "transfer", fee_value=D(7), **facts)
    assert (kept("bitcoin").fees, kept("bitcoin").realised) == (7, 6)
    assert kept("bitcoin").issues == []


def test_it_goes_with_its_fee(ada: User) -> None:
    row = bought(ada, fee_value=D(250))
    edit_transaction(row, replace(draft_of(row), fee_amount=None))
    assert Transaction.objects.get(pk=row.pk).fee_value is None


def test_the_form_states_it_where_the_fee_is_in_another_coin(page: Client) -> None:
    assert page.post("/transactions/add/", FORM | {"fee_value": "12.5"}).status_code == 302
    assert Transaction.objects.get().fee_value == D("12.5")
    path = f"/transactions/{Transaction.objects.get().pk}/edit/"
    assert 'name="fee_value" value="12.5"' in page.get(path).content.decode()
    page.post(path, FORM | {"fee_value": "", "fee_choice": "ethereum"})
    assert Transaction.objects.get().fee_value is None


def test_the_form_leaves_it_out_where_the_fee_is_in_anything_else(page: Client) -> None:
    for coin in ("", "@coin"):
        page.post("/transactions/add/", FORM | {"fee_asset_id": coin, "fee_value": "x"})
    assert list(Transaction.objects.values_list("fee_value", flat=True)) == [None, None]


def test_the_form_says_in_which_currency_it_is(page: Client) -> None:
    labels = {kind: page.get(f"/transactions/add/?type={kind}").context["form"]["fee_value"].label for kind in FORMULAS}
    assert labels[Kind.BUY] == "Worth of the fee (optional)"
    assert labels[Kind.TRANSFER] == "Worth of the fee in the portfolio's currency (optional)"
