"""Every kind of transaction by form: stated by its own fields, shown readably, and edited without losing anything."""

# ruff: noqa: F401, F811 - fixtures are imported

import json
import re
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from accounts.models import User
from dashboard.drafts import draft_of
from dashboard.kinds import CHOICES, FIELDS, WORDINGS
from dashboard.ledger.entry import Kind
from dashboard.models import Transaction
from tests.dashboard.page_world import DAY, ada, bought, coins, make_user, page

pytestmark = pytest.mark.django_db
D = Decimal
BASE = {"asset_id": "bitcoin", "amount": "2", "timestamp": "2024-01-10T12:00:00"}
SECOND = {"counter_asset_id": "eth", "counter_amount": "30"}
WORTH = {"value_override": "500", "price_currency": "eur"}
FEE = {"fee_amount": "0.01", "fee_asset_id": "@coin"}

CASES: dict[str, tuple[dict[str, str], dict[str, Any], str]] = {
    "buy": ({"price": "40000"}, {"price": D(40000)}, "bought 2 BTC"),
    "sell": ({"price": "40000"}, {"price": D(40000)}, "sold 2 BTC"),
    "swap": (
        SECOND | WORTH,
        {"counter_asset_id": "ethereum", "counter_amount": D(30), "value_override": D(500), "price_currency": "eur"},
        "swapped 2 BTC for 30 ETH",
    ),
    "transfer": (
        {"wallet": "Kraken", "to_wallet": "Ledger"} | FEE,
        {"wallet": "Kraken", "to_wallet": "Ledger", "fee_asset_id": "bitcoin", "fee_amount": D("0.01")},
        "moved 2 BTC to Ledger",
    ),
    "deposit": (WORTH, {"value_override": D(500), "price_currency": "eur"}, "deposited 2 BTC"),
    "withdrawal": ({"fee_amount": "3"}, {"fee_asset_id": "usd", "fee_amount": D(3)}, "withdrew 2 BTC"),
    "reward": ({}, {"value_override": None, "price": None}, "got 2 BTC as a reward"),
    "stake": ({"wallet": "Lido"}, {"wallet": "Lido"}, "staked 2 BTC"),
    "unstake": ({}, {}, "unstaked 2 BTC"),
    "gift_in": (WORTH, {"value_override": D(500)}, "got 2 BTC as a gift"),
    "gift_out": ({}, {}, "gave 2 BTC away"),
    "spend": (WORTH, {"value_override": D(500)}, "spent 2 BTC"),
    "lost": ({}, {}, "lost 2 BTC"),
    "fee": ({}, {"fee_amount": None}, "paid 2 BTC as a fee"),
    "fork": ({}, {}, "got 2 BTC from a fork"),
    "split": ({}, {}, "split BTC, 2 for 1"),
    "migrate": (SECOND, {"counter_asset_id": "ethereum", "counter_amount": D(30)}, "migrated 2 BTC to 30 ETH"),
    "dividend": ({"price_currency": "eur"}, {"price": D(1), "price_currency": "eur"}, "got 2 EUR from BTC"),
    "adjust": ({"amount": "0"}, {"amount": D(0)}, "corrected the count of BTC to 0"),
}


def send(page: Client, kind: str, **typed: str) -> Any:
    return page.post("/transactions/add/", BASE | {"type": kind} | typed, follow=True)


def faults(page: Client, kind: str, **typed: str) -> dict[str, list[str]]:
    form = send(page, kind, **typed).context["form"]
    assert not Transaction.objects.exists()
    return dict(form.errors)


def test_every_kind_has_a_case() -> None:
    assert CASES.keys() == {kind.value for kind in Kind}
    assert {value for _, kinds in CHOICES for value, _ in kinds} == CASES.keys()


@pytest.mark.parametrize("kind", CASES)
def test_each_kind_is_recorded_by_its_own_fields(page: Client, ada: User, kind: str) -> None:
    typed, facts, words = CASES[kind]
    response = send(page, kind, **typed)
    assert f"Recorded: {words}." in response.content.decode()
    row = Transaction.objects.get()
    assert row.type == kind
    assert {name: getattr(row, name) for name in facts} == facts


@pytest.mark.parametrize("kind", CASES)
def test_opening_a_stored_transaction_and_saving_it_changes_nothing(page: Client, ada: User, kind: str) -> None:
    send(page, kind, **CASES[kind][0])
    row = Transaction.objects.get()
    form = page.get(f"/transactions/{row.pk}/edit/").context["form"]
    typed = {name: form[name].value() or "" for name in form.fields}
    assert page.post(f"/transactions/{row.pk}/edit/", typed).status_code == 302
    assert draft_of(Transaction.objects.get()) == draft_of(row)


@pytest.mark.parametrize("kind", [kind for kind in CASES if kind != "buy"])
def test_what_a_file_stated_beyond_the_fields_of_a_kind_is_shown_and_kept(page: Client, ada: User, kind: str) -> None:
    facts: dict[str, Any] = {
        "type": kind,
        "price": D(3),
        "value_override": D(7),
        "price_currency": "eur",
        "wallet": "K",
    }
    facts |= {"fee_amount": D("0.5"), "fee_asset_id": "pulse-one", "to_wallet": "L"}
    if kind in {"swap", "migrate"}:
        facts |= {"counter_asset_id": "ethereum", "counter_amount": D(1)}
    bought(ada, "bitcoin", **facts)
    row = Transaction.objects.get()
    response = page.get(f"/transactions/{row.pk}/edit/")
    form = response.context["form"]
    assert {"price", "fee_amount"} <= {name for name in FIELDS if form.counts(name)}
    typed = {name: form[name].value() or "" for name in form.fields}
    assert page.post(f"/transactions/{row.pk}/edit/", typed | {"note": "seen"}).status_code == 302
    again = Transaction.objects.get()
    assert again.note == "seen"
    again.note = ""
    assert draft_of(again) == draft_of(row)


def test_what_was_typed_for_another_kind_does_not_count(page: Client) -> None:
    send(page, "lost", price="nonsense", counter_asset_id="nothing", fee_amount="-", to_wallet="Ledger")
    row = Transaction.objects.get()
    assert (row.price, row.counter_asset_id, row.fee_amount, row.to_wallet) == (None, None, None, "")


def test_a_change_of_kind_drops_what_the_new_kind_lacks(page: Client, ada: User) -> None:
    bought(ada, "bitcoin", price="3", fee_amount=D(1), wallet="Kraken")
    row = Transaction.objects.get()
    page.post(f"/transactions/{row.pk}/edit/", BASE | {"type": "lost", "wallet": "Kraken"})
    again = Transaction.objects.get()
    assert (again.type, again.price, again.fee_amount, again.wallet) == ("lost", None, None, "Kraken")


@pytest.mark.parametrize(
    ("kind", "typed", "field", "sentence"),
    [
        ("buy", {}, "price", "Enter the price per unit."),
        ("swap", {}, "counter_asset_id", "Enter the coin that you got."),
        ("swap", {"counter_asset_id": "eth"}, "counter_amount", "Enter how much you got."),
        ("swap", SECOND | {"counter_amount": "0"}, "counter_amount", "Enter a number above zero."),
        ("swap", SECOND | {"counter_asset_id": "bitcoin"}, "counter_asset_id", "Both coins are the same."),
        ("swap", SECOND | {"counter_asset_id": "zzz"}, "counter_asset_id", "No coin of this name or ticker"),
        ("swap", SECOND | {"counter_asset_id": "Pulse"}, "counter_asset_id", "Several coins may be meant."),
        ("swap", SECOND | {"fee_amount": "30", "fee_asset_id": "@counter"}, "fee_amount", "takes all"),
        ("migrate", {}, "counter_asset_id", "Enter the coin that you got."),
        ("transfer", {"wallet": "Kraken"}, "to_wallet", "Enter the wallet that it went to."),
        ("transfer", {"wallet": "Kraken", "to_wallet": "Kraken"}, "to_wallet", "Both wallets are the same."),
        ("split", {"amount": "0"}, "amount", "Enter a number above zero."),
        ("adjust", {"amount": "-1"}, "amount", "Enter zero or more."),
        ("reward", {"value_override": "-1"}, "value_override", "Enter zero or more."),
        ("reward", {"fee_amount": "1", "fee_asset_id": "@another"}, "fee_coin", "Enter the coin that the fee"),
    ],
)
def test_what_a_kind_lacks_is_said_beside_its_field(
    page: Client, kind: str, typed: dict[str, str], field: str, sentence: str
) -> None:
    assert sentence in " ".join(faults(page, kind, **typed)[field])


def test_a_fee_in_a_third_coin_is_named_as_any_coin_is(page: Client) -> None:
    send(
        page,
        "buy",
        price="1",
        fee_amount="0.1",
        fee_asset_id="@another",
        fee_coin="Pulse (PLS)",
        fee_choice="pulse-two",
    )
    assert Transaction.objects.get().fee_asset_id == "pulse-two"


def test_the_second_coin_can_be_chosen_where_several_may_be_meant(page: Client) -> None:
    text = send(page, "swap", **SECOND | {"counter_asset_id": "Pulse"}).content.decode()
    assert 'name="counter_asset_id" value="pulse-one"' in text
    page.post("/transactions/add/", BASE | SECOND | {"type": "swap", "counter_asset_id": ["Pulse", "pulse-one"]})
    assert Transaction.objects.get().counter_asset_id == "pulse-one"


def test_the_form_opens_for_the_kind_that_the_address_names(page: Client) -> None:
    form = page.get("/transactions/add/?type=transfer").context["form"]
    assert (form["wallet"].label, form["amount"].label) == ("From wallet", "Quantity that arrived")
    words = json.loads(form.wordings)
    assert words["migrate"]["names"]["asset_id"] == "Old coin"
    assert page.get("/transactions/add/?type=teleport").context["form"].kind == "buy"


def test_lists_show_each_kind_readably(page: Client, ada: User) -> None:
    bought(ada, "bitcoin", "2")
    for kind in ("swap", "transfer", "split", "dividend"):
        send(page, kind, **CASES[kind][0])
    text = re.sub(r"<[^>]+>|\s+", " ", page.get("/transactions/").content.decode())
    text = re.sub(r"\s+", " ", text)
    for words in ("2 BTC → 30 ETH", "Kraken → Ledger", "×2", "Dividend"):
        assert words in text
    assert "2 BTC → 30 ETH" in re.sub(
        r"\s+", " ", re.sub(r"<[^>]+>", "", page.get("/assets/ethereum/").content.decode())
    )
    assert len(page.get("/transactions/?q=eth").context["lines"]) == 1
    assert len(page.get("/transactions/?q=ledger").context["lines"]) == 1


def test_the_style_sheet_shows_each_kind_the_fields_that_it_uses() -> None:
    """Which fields are shown needs no script; the style sheet says it again, so it is held to the table of kinds."""
    css = (Path(settings.BASE_DIR) / "static" / "app.css").read_text()
    rules = re.search(r"/\* Transactions: only the fields.*?display: none;", css, re.S)
    assert rules
    parts = {
        "price": "price", "value": "value_override", "currency": "price_currency", "counter": "counter_asset_id",
        "to-wallet": "to_wallet", "wallet": "wallet", "fee": "fee_amount",
    }  # fmt: skip
    for part, name in parts.items():
        (rule,) = [line for line in rules[0].splitlines() if re.search(rf"\.for-{part}\b(?!-)", line)]
        named = set(re.findall(r'\[value="(\w+)"\]', rule))
        hidden = {kind.value for kind in Kind} - named if ":not(:has(" in rule else named
        assert hidden == {kind.value for kind, wording in WORDINGS.items() if not wording.uses(name)}, part
