"""Worked examples whose results anyone can follow with pencil and paper."""

from decimal import Decimal

import pytest

from dashboard.ledger.book import Book, post
from dashboard.ledger.methods import Method
from dashboard.ledger.returns import first_break, value
from dashboard.ledger.standing import Standing
from dashboard.ledger.working import Issue
from tests.dashboard.ledger.writing import diary, totals_at

FIFO, LIFO, HIFO, AVERAGE = Method


def posted(*lines: tuple[object, ...], method: Method = AVERAGE) -> Book:
    book = post(diary(*lines), method=method)
    assert first_break(book) is None
    return book


def btc(*lines: tuple[object, ...], method: Method = AVERAGE) -> Standing:
    return posted(*lines, method=method).standings["btc"]


def test_a_closed_cycle_does_not_touch_the_gain_of_the_next() -> None:
    standing = btc(
        ("buy", "btc", "1", "1000"),
        ("sell", "btc", "1", "2000"),
        ("buy", "btc", "1", "5000"),
        ("buy", "btc", "1", "9000"),
    )
    worth = value(standing, Decimal(10000))
    assert (standing.realised, worth.unrealised, worth.profit) == (1000, 6000, 7000)


def test_selling_a_third_realises_a_third_of_the_cost() -> None:
    standing = btc(("buy", "btc", "3", "300"), ("sell", "btc", "1", "200"))
    assert (standing.realised, value(standing, Decimal(300)).unrealised) == (100, 400)


@pytest.mark.parametrize(
    ("method", "cost", "realised"), [(AVERAGE, 1500, 1000), (FIFO, 2000, 1500), (LIFO, 1000, 500), (HIFO, 1000, 500)]
)
def test_the_method_decides_which_cost_leaves(method: Method, cost: int, realised: int) -> None:
    lines = [("buy", "btc", "100", "1000"), ("buy", "btc", "100", "2000"), ("sell", "btc", "100", "2500")]
    standing = btc(*lines, method=method)
    assert (standing.cost, standing.realised) == (cost, realised)


def test_the_average_is_exact_inside() -> None:
    standing = btc(("buy", "btc", "5", "5000"), ("buy", "btc", "10", "20000"))
    assert standing.average_cost is not None
    assert round(standing.average_cost, 2) == Decimal("1666.67")
    assert round(standing.average_cost * 15, 20) == 25000


@pytest.mark.parametrize("method", Method)
def test_a_fee_in_money_raises_the_cost_and_lowers_the_proceeds(method: Method) -> None:
    standing = btc(
        ("buy", "btc", "2", "200", {"fee_amount": "10"}),
        ("sell", "btc", "1", "150", {"fee_amount": "5"}),
        method=method,
    )
    assert (standing.cost, standing.realised, standing.invested) == (105, 40, 65)
    assert (standing.fees, standing.fees_paid) == (0, 15)


@pytest.mark.parametrize("method", Method)
def test_a_fee_in_the_coin_itself_leaves_in_kind(method: Method) -> None:
    standing = btc(
        ("buy", "btc", "2", "200", {"fee_asset": "btc", "fee_amount": "0.4"}),
        ("sell", "btc", "0.7", "140", {"fee_asset": "btc", "fee_amount": "0.1"}),
        method=method,
    )
    assert (standing.quantity, standing.cost) == (Decimal("0.8"), 100)
    assert (standing.realised, standing.invested) == (40, 60)
    assert (standing.fees, standing.fees_paid) == (0, 60)


@pytest.mark.parametrize("method", Method)
def test_a_fee_in_a_third_coin_is_a_disposal_of_that_coin(method: Method) -> None:
    fee = {"fee_asset": "bnb", "fee_amount": "1", "fee_value": "30"}
    book = posted(
        ("buy", "bnb", "4", "80"), ("buy", "btc", "2", "200", fee), ("sell", "btc", "1", "150", fee), method=method
    )
    bnb, standing = book.standings["bnb"], book.standings["btc"]
    assert (bnb.quantity, bnb.cost, bnb.realised, bnb.invested) == (2, 40, 20, 20)
    assert (standing.cost, standing.realised, standing.invested) == (115, 5, 110)
    totals = totals_at(book.standings.values(), {"btc": Decimal(100), "bnb": Decimal(30)})
    assert totals.invested == 80 + 200 - 150
    assert totals.ever_invested == 80 + 200


@pytest.mark.parametrize("method", Method)
def test_what_was_sold_but_never_bought_cost_nothing_and_is_flagged(method: Method) -> None:
    standing = btc(("buy", "btc", "1", "100"), ("sell", "btc", "3", "600"), ("buy", "btc", "2", "500"), method=method)
    assert (standing.quantity, standing.cost, standing.realised) == (2, 500, 500)
    (flag,) = standing.flags
    assert (flag.issue, flag.entry, flag.quantity) == (Issue.OVERSOLD, 2, 2)
    (disposal,) = standing.disposals()
    assert [(lot.quantity, lot.cost, lot.assumed) for lot in disposal.lots] == [(1, 100, False), (2, 0, True)]


def test_adding_the_missing_purchase_clears_the_flag() -> None:
    sale = ("sell", "btc", "1", "600")
    assert btc(sale).flags
    assert not btc(("buy", "btc", "1", "500"), sale).flags


def test_a_balance_of_exactly_zero_is_no_issue() -> None:
    standing = btc(("buy", "btc", "0.3", "3"), ("sell", "btc", "0.1", "1"), ("sell", "btc", "0.2", "2"), method=FIFO)
    assert (standing.quantity, standing.cost, standing.realised, standing.flags) == (0, 0, 0, [])


@pytest.mark.parametrize("method", Method)
@pytest.mark.parametrize(
    ("sold", "issues"),
    [
        ("1.000000000001", []),
        ("1.000000000002", [Issue.OVERSOLD]),
        ("0.999999999999", []),
    ],
)
def test_dust_is_overlooked_and_no_more(method: Method, sold: str, issues: list[Issue]) -> None:
    standing = btc(("buy", "btc", "1", "100"), ("sell", "btc", sold, "150"), method=method)
    assert [flag.issue for flag in standing.flags] == issues
    assert standing.quantity == max(1 - Decimal(sold), Decimal(0))


def test_dust_judges_the_coin_fee_too() -> None:
    fee = {"fee_asset": "btc", "fee_amount": "0.100000000001"}
    standing = btc(("buy", "btc", "1", "100"), ("sell", "btc", "0.9", "150", fee))
    assert (standing.quantity, standing.cost, standing.flags) == (0, 0, [])


def test_thirds_leave_nothing_behind() -> None:
    thirds = [("sell", "btc", "1", "50")] * 3
    standing = btc(("buy", "btc", "3", "100"), *thirds)
    assert (standing.quantity, standing.cost, standing.realised) == (0, 0, 50)


def test_an_early_sale_below_cost_is_a_loss() -> None:
    standing = btc(("buy", "btc", "1", "100"), ("sell", "btc", "1", "40", {"fee_amount": "50"}))
    assert (standing.realised, standing.invested) == (-110, 110)


def test_amounts_at_the_limits_stay_exact() -> None:
    most, least = "99999999999999999999", "0.000000000000000001"
    standing = btc(
        ("buy", "btc", most, most), ("buy", "btc", least, least), ("sell", "btc", least, "0"), method=Method.LIFO
    )
    assert (standing.quantity, standing.cost, standing.realised) == (Decimal(most), Decimal(most), -Decimal(least))
