"""Tickfolio's own file says the same when it is written and read back, and runs as no formula in a spreadsheet."""

import csv
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.currencies import CURRENCIES
from accounts.models import User
from dashboard.drafts import Draft, draft_of
from dashboard.exporting import export_csv
from dashboard.importing.service import import_file
from dashboard.importing.tickfolio import COLUMNS, guard, row_of, unguard
from dashboard.ledger.entry import TWO_LEGGED, Kind
from dashboard.models import Asset, Portfolio, Position
from dashboard.recording import create_portfolio, edit_transaction, record_transactions

D = Decimal
DAY = datetime(2024, 1, 10, 12, tzinfo=UTC)
FORMULAS = ["=1+1", "+1", "-1", "@sum", "'=1", "''-x"]


@pytest.fixture
def user(db: None) -> User:
    Asset.objects.create(id="bitcoin", symbol="btc", name="Bitcoin", rank=1)
    Asset.objects.create(id="=evil", symbol="@evil", name="Evil", rank=2)
    return User.objects.create_user("ada", "ada@example.org")


def amounts(*, least: str = "0", whole_digits: int = 20) -> st.SearchStrategy[Decimal]:
    """Every decimal that can be kept: up to 20 digits before the point and 18 after it."""
    digits = st.integers(0, 10 ** (whole_digits + 18) - 1)
    return digits.map(lambda n: D(n).scaleb(-18, context=None)).map(D).filter(lambda number: number >= D(least))


TEXTS = st.text(max_size=40) | st.sampled_from(FORMULAS)
# Sums of a whole history must stay within what can be kept.
COUNTS = amounts(least="1E-18", whole_digits=9)
MONEY = st.none() | amounts(whole_digits=9)


@st.composite
def drafts(draw: st.DrawFn) -> Draft:
    """Anything that can be recorded, of any kind, its cells as awkward as they may be."""
    kind = draw(st.sampled_from(Kind))
    asset, other = draw(st.permutations(["bitcoin", "=evil"]))
    amount = D(2) if kind is Kind.SPLIT else draw(COUNTS)
    counter = draw(COUNTS) if kind in TWO_LEGGED else None
    fee_asset = draw(st.sampled_from([None, "usd", asset, other]))
    fee = draw(MONEY)
    bought = amount if kind is Kind.BUY else counter or D(0)
    if fee and fee_asset in {asset, other} and (fee >= bought or kind is Kind.SELL):
        fee_asset = None
    to_wallet = draw(TEXTS)
    return Draft(
        timestamp=datetime(2009, 2, 1, tzinfo=UTC) + timedelta(microseconds=draw(st.integers(0, 5 * 10**14))),
        type=kind.value,
        asset_id=asset,
        amount=amount,
        counter_asset_id=other if counter else None,
        counter_amount=counter,
        price=draw(amounts(whole_digits=9) if kind in {Kind.BUY, Kind.SELL} else MONEY),
        price_currency=draw(st.sampled_from(["usd", ""])),
        value_override=draw(MONEY),
        fee_amount=fee,
        fee_asset_id=fee_asset,
        fee_value=draw(MONEY) if fee and fee_asset in {asset, other} else None,
        wallet="from" if kind is Kind.TRANSFER else draw(TEXTS),
        to_wallet=f"to {to_wallet}" if kind is Kind.TRANSFER else to_wallet,
        note=draw(TEXTS),
        external_id=draw(TEXTS),
    )


def drafts_in(portfolio: Portfolio) -> list[Draft]:
    return [draft_of(row) for row in portfolio.transactions.order_by("timestamp", "id")]


def figures(portfolio: Portfolio) -> list[Mapping[str, Any]]:
    fields = ("asset", "quantity", "cost", "realised", "income", "fees", "invested", "ever_invested", "fees_paid")
    return list(Position.objects.filter(portfolio=portfolio).order_by("asset").values(*fields))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drafts=st.lists(drafts(), max_size=8), data=st.data())
def test_export_then_import_is_the_identity_and_importing_twice_adds_nothing(
    user: User, drafts: list[Draft], data: st.DataObject
) -> None:
    Portfolio.objects.of(user).delete()
    one, other = create_portfolio(user, "One"), create_portfolio(user, "Other")
    doubled = drafts + data.draw(st.lists(st.sampled_from(drafts), max_size=2) if drafts else st.just([]))
    record_transactions(one, doubled)
    file = export_csv(one)
    done = import_file(other, "one.csv", file.encode())
    assert (done.added, done.duplicates, done.review) == (len(doubled), 0, [])
    assert drafts_in(other) == drafts_in(one)
    assert figures(other) == figures(one)
    assert export_csv(other) == file
    again = import_file(other, "one.csv", file.encode())
    assert (again.added, again.duplicates) == (0, len(doubled))
    assert drafts_in(other) == drafts_in(one)


@settings(max_examples=300)
@given(text=st.text(max_size=20) | st.sampled_from(FORMULAS))
def test_the_guard_can_always_be_taken_off(text: str) -> None:
    assert unguard(guard(text)) == text
    assert guard(text)[:1] not in set("=+-@\t\r")


def test_every_text_cell_is_guarded_and_no_number_is(user: User) -> None:
    texts: dict[str, Any] = dict.fromkeys(
        ("wallet", "to_wallet", "note", "external_id", "asset_id", "counter_asset_id"), "=1+1"
    )
    draft = Draft(timestamp=DAY, type="=x", amount=D("-1.5"), price=D("-2"), price_currency="+x", **texts)
    cells = dict(zip(COLUMNS, row_of(draft, {"=1+1": "@evil"}), strict=True))
    assert (cells["amount"], cells["price"]) == ("-1.5", "-2")
    assert cells["asset"] == "'@EVIL"
    assert all(cell[:1] not in set("=+@") for cell in cells.values())


def test_the_export_is_exact_to_the_last_digit_and_names_coins_and_currencies(user: User) -> None:
    portfolio = create_portfolio(user, "Main")
    at = DAY + timedelta(microseconds=7)
    amount, price = D("21000000.123456789012345678"), D("0.000000000000000001")
    record_transactions(
        portfolio, [Draft(at, "buy", "bitcoin", amount, price=price, fee_amount=D("1.50"), note="hi, you")]
    )
    (row,) = csv.DictReader(export_csv(portfolio).splitlines())
    assert list(row) == list(COLUMNS)
    stated = {name: cell for name, cell in row.items() if cell}
    assert stated == {
        "timestamp": "2024-01-10T12:00:00.000007Z",
        "type": "buy",
        "asset_id": "bitcoin",
        "asset": "BTC",
        "amount": "21000000.123456789012345678",
        "fee_asset_id": "usd",
        "fee_asset": "USD",
        "fee_amount": "1.5",
        "price": "0.000000000000000001",
        "price_currency": "usd",
        "note": "hi, you",
    }
    assert "usd" in CURRENCIES


def test_a_file_from_before_fees_had_a_value_still_imports_and_is_still_known(user: User) -> None:
    portfolio = create_portfolio(user, "Main")
    at = datetime(2024, 1, 10, tzinfo=UTC)
    bought = Draft(at, "buy", "bitcoin", D(1), price=D(9), fee_asset_id="=evil", fee_amount=D(3))
    record_transactions(portfolio, [bought])
    rows = list(csv.reader(export_csv(portfolio).splitlines()))
    place = rows[0].index("fee_value")
    old = "\n".join(",".join(f'"{cell}"' for cell in row[:place] + row[place + 1 :]) for row in rows)
    edit_transaction(portfolio.transactions.get(), replace(drafts_in(portfolio)[0], fee_value=D(2)))
    assert import_file(portfolio, "old.csv", old.encode()).duplicates == 1
    other = create_portfolio(user, "Other")
    assert import_file(other, "old.csv", old.encode()).added == 1
    assert drafts_in(other) == [replace(draft, fee_value=None) for draft in drafts_in(portfolio)]


def test_an_empty_portfolio_exports_its_header(user: User) -> None:
    assert export_csv(create_portfolio(user, "Main")) == ",".join(COLUMNS) + "\n"


def test_the_multiset_counts_equal_fills(user: User) -> None:
    """Two equal fills are two; a later export that overlaps adds only what is new."""
    portfolio = create_portfolio(user, "Main")
    fill = "2024-01-10T12:00:00Z,buy,bitcoin,1,100,{}\n"
    header = "timestamp,type,asset_id,amount,price,note\n"
    first = import_file(portfolio, "1.csv", (header + fill.format("a") * 2).encode())
    later = import_file(portfolio, "2.csv", (header + fill.format("b") * 3 + fill.replace(",1,", ",2,")).encode())
    assert (first.added, first.duplicates) == (2, 0)
    assert (later.added, later.duplicates) == (2, 2)
    assert Counter(draft.amount for draft in drafts_in(portfolio)) == {D(1): 3, D(2): 1}
