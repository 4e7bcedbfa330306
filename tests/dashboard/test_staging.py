"""Rows that are brought near before they count: once copied they are what recording them at once makes, to the last
state; until then nobody sees them, and nothing of them stays when it comes to nothing.
"""

# ruff: noqa: F811 - fixtures are imported

import random
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction as database

from dashboard import clock, examining, staging
from dashboard.checkpoints import Spacing, outlook
from dashboard.drafts import Draft, draft_of
from dashboard.entries import told
from dashboard.importing.preview import Preview
from dashboard.importing.reading import Reading
from dashboard.importing.storing import Changed, near, record, write
from dashboard.ledger.entry import Kind
from dashboard.ledger.methods import Method, Scope
from dashboard.models import Import, LotState, Portfolio, Position, StagedTransaction, Transaction
from dashboard.recording import TooMany, create_portfolio, record_checked, record_staged, record_transactions
from tests.dashboard.test_checkpoints import START, Diary, portfolio  # noqa: F401

pytestmark = pytest.mark.django_db
D = Decimal


def written(portfolio: Portfolio, seed: str, count: int = 60, kind: Kind | None = None) -> list[Draft]:
    """Random drafts that pass; nothing stays of the rows they were made by."""
    diary = Diary(portfolio, random.Random(seed))
    drafts = [draft_of(diary.write(kind=kind)) for _ in range(count)]
    portfolio.transactions.all().delete()
    return drafts


def state_of(portfolio: Portfolio) -> tuple[Any, ...]:
    """All that is kept, without the numbers that rows happen to have."""
    rows = list(portfolio.transactions.order_by("timestamp", "id"))
    place = {row.pk: number for number, row in enumerate(rows)}
    issues = [
        [(issue["code"], place[issue["transaction"]], told(issue)) for issue in position.issues]
        for position in portfolio.positions.order_by("asset")
    ]
    figures = list(portfolio.positions.order_by("asset").values("asset", *FIGURES))
    states = list(portfolio.lot_states.order_by("asset", "upto").values("asset", "upto", "rules", "entries", "lots"))
    drafts = [draft_of(row) for row in rows]
    return drafts, figures, issues, states


FIGURES = (
    "quantity",
    "cost",
    "realised",
    "income",
    "fees",
    "invested",
    "ever_invested",
    "fees_paid",
    "exchanged",
    "balances",
)


@pytest.mark.parametrize("scope", Scope)
@pytest.mark.parametrize("method", Method)
def test_copied_rows_are_what_recording_them_at_once_makes(portfolio: Portfolio, method: Method, scope: Scope) -> None:
    other = create_portfolio(portfolio.user, "Other")
    for each in (portfolio, other):
        each.method, each.lot_scope = method.value, scope.value
        each.save()
    before = written(portfolio, f"{method} {scope} before")
    coming = [*written(portfolio, f"{method} {scope} coming"), *written(portfolio, "tie", 3, Kind.MIGRATE)]
    coming = [replace(draft, timestamp=draft.timestamp + timedelta(minutes=20)) for draft in coming]
    for each in (portfolio, other):
        record_checked(each, before)
    record_checked(portfolio, coming)
    with staging.staged(other, coming) as found, database.atomic():
        assert StagedTransaction.objects.count() == len(coming)
        assert other.transactions.count() == len(before)
        record_staged(other, found)
    assert state_of(other) == state_of(portfolio)
    assert not StagedTransaction.objects.exists()
    assert examining.fault_found(examining.check(other)) is None


def test_states_are_kept_on_the_way_as_ever(portfolio: Portfolio) -> None:
    other = create_portfolio(portfolio.user, "Other")
    drafts = [
        Draft(
            START + timedelta(minutes=n),
            "sell" if n % 3 == 2 else "buy",
            "bitcoin",
            D(1),
            price=D(n + 1),
            price_currency="usd",
        )
        for n in range(3_300)
    ]
    for each in (portfolio, other):
        record_checked(each, drafts[:1_100])
    record_checked(portfolio, drafts[1_100:])
    with staging.staged(other, drafts[1_100:]) as found, database.atomic():
        record_staged(other, found)
    assert state_of(other) == state_of(portfolio)
    assert other.lot_states.count() >= 3
    late = drafts[2_000:2_010]
    for each in (portfolio, other):
        record_transactions(each, late)
    assert state_of(other) == state_of(portfolio)


def test_nothing_stays_of_rows_that_come_to_nothing(portfolio: Portfolio) -> None:
    drafts = written(portfolio, "nothing")
    with pytest.raises(TooMany), staging.staged(portfolio, drafts):
        raise TooMany
    assert not StagedTransaction.objects.exists()
    assert not Transaction.objects.exists()
    assert not Position.objects.exists()


def test_what_a_killed_worker_left_is_dropped_after_an_hour(portfolio: Portfolio) -> None:
    drafts = written(portfolio, "left")
    staging.write(portfolio, drafts, staging.reserved_ids(len(drafts)), "killed")
    staging.drop("another")
    assert StagedTransaction.objects.count() == len(drafts)
    staging.drop("another", clock.now() + timedelta(minutes=61))
    assert not StagedTransaction.objects.exists()


def test_numbers_are_nobody_else_s(portfolio: Portfolio) -> None:
    first, second = staging.reserved_ids(5), staging.reserved_ids(3)
    (row,) = record_transactions(portfolio, written(portfolio, "one", 1, Kind.BUY))
    numbers = [*first, *second, row.pk]
    assert numbers == sorted(set(numbers))


def test_an_outlook_writes_nothing(portfolio: Portfolio) -> None:
    drafts = written(portfolio, "outlook")
    entries = staging.coming(portfolio, drafts, range(1, len(drafts) + 1))
    outlook(portfolio, entries, Spacing(every=5, newest=2))
    assert not LotState.objects.exists()
    assert not Position.objects.exists()


def test_a_portfolio_that_changes_meanwhile_gets_no_row_twice_and_none_less(portfolio: Portfolio) -> None:
    drafts = [
        Draft(START + timedelta(minutes=n), "buy", "bitcoin", D(1), price=D(1), price_currency="usd")
        for n in range(staging.MANY + 50)
    ]

    def finish(preview: Preview) -> Import:
        return Import.objects.create(portfolio=portfolio, filename="x", format="tickfolio", added=preview.added)

    with near(Reading(drafts), portfolio, wanted=True) as prepared:
        assert StagedTransaction.objects.count() == len(drafts)
        record_transactions(portfolio, drafts[:1])
        with pytest.raises(Changed), database.atomic():
            write(prepared, portfolio, finish)
    assert not StagedTransaction.objects.exists()
    assert record(Reading(drafts), portfolio, finish).added == len(drafts) - 1
    assert Import.objects.count() == 1
    assert portfolio.transactions.count() == Position.objects.get().quantity == len(drafts)
    assert record(Reading(drafts), portfolio, finish).added == 0


def test_what_was_brought_near_in_vain_is_just_written_at_last(portfolio: Portfolio) -> None:
    drafts = written(portfolio, "vain")
    with near(Reading(drafts), portfolio, wanted=False) as prepared, database.atomic():
        record_transactions(portfolio, drafts[:1])
        done = Import.objects.create(portfolio=portfolio, filename="x", format="tickfolio")
        write(prepared, portfolio, lambda preview: done)
    assert portfolio.transactions.count() == len(drafts)
