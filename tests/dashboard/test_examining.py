"""The full check: by a worker, from the page and from a shell; what it finds that a look at the kept figures can't."""

# ruff: noqa: F401, F811 - fixtures are imported

from datetime import timedelta
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.models import User
from dashboard import clock, examining
from dashboard.books import quick_fault
from dashboard.drafts import Draft
from dashboard.models import LedgerCheck, LotState, Portfolio, Position, Transaction
from dashboard.recording import delete_transaction, record_transactions
from tests.dashboard.page_world import DAY, ada, bought, coins, make_coin, make_user, page

pytestmark = pytest.mark.django_db
D = Decimal


@pytest.fixture
def portfolio(ada: User) -> Portfolio:
    portfolio = Portfolio.objects.get(user=ada)
    kinds = ["buy", "sell", "buy", "reward", "fee", "transfer", "split", "withdrawal"]
    drafts = [
        Draft(DAY + timedelta(days=n), kind, "bitcoin", D(2) if kind in ("buy", "split") else D(1), price=D(10 + n))
        for n, kind in enumerate(kinds)
    ]
    drafts[5] = Draft(DAY + timedelta(days=5), "transfer", "bitcoin", D(1), to_wallet="Ledger")
    drafts.append(Draft(DAY, "buy", "ethereum", D(3), price=D(5), fee_asset_id="bitcoin", fee_amount=D("0.1")))
    record_transactions(portfolio, drafts)
    return portfolio


def found(portfolio: Portfolio) -> object:
    return examining.fault_found(examining.check(portfolio))


def test_a_portfolio_in_order_passes(portfolio: Portfolio) -> None:
    assert found(portfolio) is None
    kept = LedgerCheck.objects.get()
    assert (kept.transactions, kept.revision) == (9, Portfolio.objects.get(pk=portfolio.pk).revision)


def test_a_row_that_was_changed_behind_the_ledger_is_found(portfolio: Portfolio) -> None:
    Transaction.objects.filter(asset="ethereum").update(price=D(6))
    assert quick_fault(portfolio) is None
    fault = examining.fault_found(examining.check(portfolio))
    assert fault is not None
    assert (fault.asset, fault.gap) == ("ethereum", 3)


def test_a_balance_that_strayed_is_found_at_a_look_and_by_the_check(portfolio: Portfolio) -> None:
    Position.objects.filter(asset="ethereum").update(balances={"": "1", "Ledger": "2"})
    assert quick_fault(portfolio) is None
    assert found(portfolio) is not None
    Position.objects.filter(asset="ethereum").update(balances={"": "1"})
    fault = quick_fault(portfolio)
    assert fault is not None
    assert (fault.asset, fault.gap) == ("ethereum", 2)


def test_a_kept_lot_state_that_would_lead_astray_is_found(portfolio: Portfolio) -> None:
    make_coin("solana", "sol", "Solana", 9, "1")
    many = [Draft(DAY + timedelta(hours=n), "buy", "solana", D(1), price=D(1)) for n in range(1_200)]
    record_transactions(portfolio, many)
    assert found(portfolio) is None
    state = LotState.objects.filter(asset="solana").latest("upto")
    state.state = state.state.replace(f'"figures":["{state.entries}"', f'"figures":["{state.entries + 1}"')
    state.save()
    assert quick_fault(portfolio) is None
    assert found(portfolio) is not None


def test_more_coins_than_came_in_are_found_without_the_ledger(portfolio: Portfolio) -> None:
    entries = [step.entry for step in examining.standing_now(portfolio, "ethereum").steps()]
    book = examining.post(entries, method=examining.Method.FIFO)
    assert examining.miscounted(book, entries) is None
    book.standings["ethereum"].quantity += 1
    fault = examining.miscounted(book, entries)
    assert fault is not None
    assert (fault.asset, fault.gap) == ("ethereum", 1)


def test_the_page_asks_a_worker_and_tells_what_it_found(page: Client, portfolio: Portfolio) -> None:
    path = f"/portfolios/{portfolio.pk}/"
    assert "Check every transaction" in page.get(path).content.decode()
    assert page.post(f"{path}check/").headers["Location"] == f"{path}#check"
    assert page.post(f"{path}check/").status_code == 302
    waiting = page.get(f"{path}check/").content.decode()
    assert "Going through every transaction" in waiting
    assert "every 2s" in waiting
    examining.work_on(portfolio.pk)
    done = page.get(f"{path}check/").content.decode()
    assert "All 9 transactions were posted anew and gave the same figures" in done
    assert "every 2s" not in done
    delete_transaction(portfolio.transactions.filter(asset="ethereum").get())
    assert "has changed since" in page.get(path).content.decode()
    Position.objects.update(cost=1)
    assert 'data-check="broken"' in page.get(path).content.decode()
    assert page.get(f"{path}check/").status_code == 200


def test_a_check_is_its_owner_s(page: Client, portfolio: Portfolio) -> None:
    bob = make_user("bob")
    theirs = bob.portfolios.get()
    assert page.get(f"/portfolios/{theirs.pk}/check/").status_code == 404
    assert page.post(f"/portfolios/{theirs.pk}/check/").status_code == 404
    assert not LedgerCheck.objects.exists()


def test_a_check_whose_worker_is_gone_is_taken_over(portfolio: Portfolio) -> None:
    examining.ask(portfolio)
    LedgerCheck.objects.update(lease_until=clock.now() + timedelta(minutes=1))
    examining.work_on(portfolio.pk)
    assert LedgerCheck.objects.get().finished_at is None
    assert not examining.waiting(clock.now()).exists()
    assert examining.waiting(clock.now() + timedelta(minutes=2)).exists()
    LedgerCheck.objects.update(lease_until=clock.now() - timedelta(seconds=1))
    examining.work_on(portfolio.pk)
    assert LedgerCheck.objects.get().finished_at is not None
    assert not examining.waiting(clock.now() + timedelta(days=1)).exists()


def test_the_command_says_what_is_off_and_fails(portfolio: Portfolio, ada: User) -> None:
    out = StringIO()
    call_command("check_ledger", stdout=out)
    assert "ada/Main: 9 transactions, every figure adds up" in out.getvalue()
    Position.objects.filter(asset="ethereum").update(invested=1)
    with pytest.raises(SystemExit):
        call_command("check_ledger", "--user", "ada", "--portfolio", "Main", stdout=out)
    assert "ethereum is off by 14" in out.getvalue()
    with pytest.raises(CommandError):
        call_command("check_ledger", "--user", "ada", "--portfolio", "Nothing")


def test_wallets_written_down_before_there_were_balances_are_counted_anew(page: Client, portfolio: Portfolio) -> None:
    before = page.get(f"/portfolios/{portfolio.pk}/").content.decode()
    Position.objects.update(balances=None)
    after = page.get(f"/portfolios/{portfolio.pk}/").content.decode()
    wallets = slice(before.index('id="wallets"'), before.index('id="reports"'))
    assert before[wallets] == after[after.index('id="wallets"') : after.index('id="reports"')]
    assert "Ledger" in before[wallets]
