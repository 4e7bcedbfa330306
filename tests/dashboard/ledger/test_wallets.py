"""Balances of wallets, lots that travel between them, and wallets that go below zero."""

from decimal import Decimal
from typing import Any

import pytest

from dashboard.ledger.book import post
from dashboard.ledger.methods import Method, Scope
from dashboard.ledger.returns import first_break
from dashboard.ledger.standing import Standing
from dashboard.ledger.working import Issue
from tests.dashboard.ledger.writing import diary

IN_A, IN_B = {"wallet": "a"}, {"wallet": "b"}
A_TO_B = {"wallet": "a", "to_wallet": "b"}


def btc(*lines: tuple[Any, ...], scope: Scope, method: Method = Method.FIFO) -> Standing:
    book = post(diary(*lines), method=method, scope=scope)
    assert first_break(book) is None
    return book.standings["btc"]


@pytest.mark.parametrize("scope", Scope)
def test_every_wallet_has_its_balance(scope: Scope) -> None:
    standing = btc(
        ("buy", "btc", "5", "500", IN_A),
        ("transfer", "btc", "2", None, A_TO_B | {"fee_asset": "btc", "fee_amount": "0.5", "fee_value": "60"}),
        ("sell", "btc", "1", "150", IN_B),
        scope=scope,
    )
    assert standing.balances == {"a": Decimal("2.5"), "b": 1}
    assert (standing.quantity, standing.cost, standing.flags) == (Decimal("3.5"), 350, [])
    assert (standing.realised, standing.fees) == (60, 60)


def test_in_one_pool_a_transfer_changes_nothing_but_the_balances() -> None:
    bought = [("buy", "btc", "1", "100", IN_A), ("buy", "btc", "1", "300", IN_B)]
    moved = ("transfer", "btc", "1", None, A_TO_B)
    sold = ("sell", "btc", "1", "200", {"wallet": "b", "minute": 9})
    without = btc(*bought, sold, scope=Scope.PORTFOLIO)
    with_it = btc(*bought, moved, sold, scope=Scope.PORTFOLIO)
    assert (with_it.realised, with_it.cost) == (without.realised, without.cost) == (100, 300)


def test_with_a_pool_for_each_wallet_the_wallet_that_sells_uses_its_own_lots() -> None:
    lines = [
        ("buy", "btc", "1", "100", IN_A),
        ("buy", "btc", "1", "300", IN_B),
        ("sell", "btc", "1", "200", IN_B),
    ]
    assert btc(*lines, scope=Scope.WALLET).realised == -100
    assert btc(*lines, scope=Scope.PORTFOLIO).realised == 100


@pytest.mark.parametrize("method", Method)
def test_lots_travel_with_a_transfer_and_keep_date_and_cost(method: Method) -> None:
    standing = btc(
        ("buy", "btc", "2", "200", IN_A),
        ("buy", "btc", "1", "300", IN_B),
        ("transfer", "btc", "1", None, A_TO_B),
        scope=Scope.WALLET,
        method=method,
    )
    kept = [lot for lot in standing.lots() if lot.wallet == "a"]
    assert [(lot.entry, lot.quantity, lot.cost) for lot in kept] == [(1, 1, 100)]
    assert standing.held_in(standing.pools["b"]) == 2
    assert {lot.entry for lot in standing.lots() if lot.wallet == "b"} == ({1} if method is Method.AVERAGE else {1, 2})


@pytest.mark.parametrize("scope", Scope)
@pytest.mark.parametrize("method", Method)
def test_a_wallet_below_zero_is_a_softer_flag(scope: Scope, method: Method) -> None:
    standing = btc(("buy", "btc", "5", "500", IN_A), ("sell", "btc", "3", "600", IN_B), scope=scope, method=method)
    assert standing.balances == {"a": 5, "b": -3}
    assert (standing.quantity, standing.cost, standing.realised) == (2, 200, 300)
    (flag,) = standing.flags
    assert (flag.issue, flag.entry, flag.wallet, flag.quantity) == (Issue.WALLET_SHORT, 2, "b", 3)


@pytest.mark.parametrize("method", Method)
def test_a_transfer_that_comes_late_gives_back_what_was_drawn(method: Method) -> None:
    standing = btc(
        ("buy", "btc", "5", "500", IN_A),
        ("sell", "btc", "3", "600", IN_B),
        ("transfer", "btc", "3", None, A_TO_B),
        ("sell", "btc", "2", "400", IN_A),
        scope=Scope.WALLET,
        method=method,
    )
    assert standing.balances == {"a": 0, "b": 0}
    assert (standing.quantity, standing.cost, standing.realised) == (0, 0, 500)
    assert [flag.issue for flag in standing.flags] == [Issue.WALLET_SHORT]


def test_what_a_wallet_below_zero_receives_goes_to_those_it_drew_from_first() -> None:
    standing = btc(
        ("buy", "btc", "5", "500", IN_A),
        ("sell", "btc", "3", "600", IN_B),
        ("buy", "btc", "4", "1200", IN_B),
        scope=Scope.WALLET,
    )
    assert standing.balances == {"a": 5, "b": 1}
    assert {name: standing.held_in(pool) for name, pool in standing.pools.items()} == {"a": 5, "b": 1}
    assert standing.cost == 1400


@pytest.mark.parametrize("scope", Scope)
def test_a_transfer_from_an_empty_wallet_is_flagged_and_heals(scope: Scope) -> None:
    standing = btc(
        ("transfer", "btc", "2", None, A_TO_B),
        ("buy", "btc", "2", "200", IN_A),
        ("sell", "btc", "2", "300", IN_B),
        scope=scope,
    )
    assert standing.balances == {"a": 0, "b": 0}
    assert (standing.quantity, standing.cost, standing.realised) == (0, 0, 100)
    assert [flag.issue for flag in standing.flags] == [Issue.WALLET_SHORT]


@pytest.mark.parametrize("scope", Scope)
def test_units_nobody_recorded_enter_the_wallets_that_lack_them(scope: Scope) -> None:
    standing = btc(
        ("transfer", "btc", "5", None, A_TO_B),
        ("sell", "btc", "5", "500", IN_B),
        scope=scope,
    )
    assert standing.balances == {"a": 0, "b": 0}
    assert [flag.issue for flag in standing.flags] == [Issue.WALLET_SHORT, Issue.OVERSOLD]


@pytest.mark.parametrize("scope", Scope)
def test_oversell_is_judged_on_the_whole_portfolio(scope: Scope) -> None:
    standing = btc(("buy", "btc", "5", "500", IN_A), ("sell", "btc", "7", "1400", IN_B), scope=scope)
    assert standing.balances == {"a": 5, "b": -5}
    assert (standing.quantity, standing.cost, standing.realised) == (0, 0, 900)
    (flag,) = standing.flags
    assert (flag.issue, flag.quantity) == (Issue.OVERSOLD, 2)


@pytest.mark.parametrize("scope", Scope)
def test_dust_empties_a_wallet_beside_others(scope: Scope) -> None:
    standing = btc(
        ("buy", "btc", "1", "100", IN_A),
        ("buy", "btc", "1", "100", IN_B),
        ("sell", "btc", "1.0000000000001", "100", IN_B),
        ("transfer", "btc", "1.0000000000001", None, A_TO_B),
        scope=scope,
    )
    assert standing.balances == {"a": 0, "b": 1}
    assert (standing.quantity, standing.cost, standing.flags) == (1, 100, [])


@pytest.mark.parametrize("scope", Scope)
def test_a_transfer_to_the_same_wallet_costs_its_fee_only(scope: Scope) -> None:
    standing = btc(
        ("buy", "btc", "2", "200"),
        ("transfer", "btc", "1", None, {"fee_asset": "btc", "fee_amount": "0.5", "fee_value": "60"}),
        scope=scope,
    )
    assert standing.balances == {"": Decimal("1.5")}
    assert (standing.realised, standing.fees, standing.cost) == (10, 60, 150)


def test_a_split_reaches_every_wallet() -> None:
    standing = btc(
        ("buy", "btc", "1", "100", IN_A),
        ("buy", "btc", "3", "900", IN_B),
        ("split", "btc", "10"),
        ("sell", "btc", "10", "200", IN_A),
        scope=Scope.WALLET,
    )
    assert standing.balances == {"a": 0, "b": 30}
    assert (standing.realised, standing.cost) == (100, 900)
