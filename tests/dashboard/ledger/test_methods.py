"""Which lots a sale uses, by method, and what the record of it says."""

from datetime import timedelta
from decimal import Decimal

import pytest

from dashboard.ledger.book import post
from dashboard.ledger.methods import Method, Scope
from tests.dashboard.ledger.writing import START, diary

BOUGHT = [
    ("buy", "btc", "1", "20"),
    ("buy", "btc", "1", "10"),
    ("buy", "btc", "1", "30"),
    ("buy", "btc", "1", "20"),
]


@pytest.mark.parametrize(
    ("method", "used"), [(Method.FIFO, [1, 2, 3, 4]), (Method.LIFO, [4, 3, 2, 1]), (Method.HIFO, [3, 1, 4, 2])]
)
def test_lots_leave_in_the_order_of_the_method(method: Method, used: list[int]) -> None:
    sales = [("sell", "btc", "1", "25")] * 4
    standing = post(diary(*BOUGHT, *sales), method=method).standings["btc"]
    assert [disposal.lots[0].entry for disposal in standing.disposals()] == used
    whole = post(diary(*BOUGHT, ("sell", "btc", "4", "100")), method=method).standings["btc"]
    assert [lot.entry for lot in whole.disposals()[0].lots] == used


def test_the_dearest_counts_its_fee() -> None:
    standing = post(
        diary(
            ("buy", "btc", "1", "20"),
            ("buy", "btc", "1", "15", {"fee_amount": "6"}),
            ("sell", "btc", "1", "25"),
        ),
        method=Method.HIFO,
    ).standings["btc"]
    assert standing.realised == 4


@pytest.mark.parametrize(("method", "used"), [(Method.FIFO, [1, 2]), (Method.LIFO, [2, 1]), (Method.HIFO, [1, 2])])
def test_of_lots_of_one_time_the_order_of_entry_decides(method: Method, used: list[int]) -> None:
    lots = [("buy", "btc", "1", "20", {"minute": 0}), ("buy", "btc", "1", "20", {"minute": 0})]
    standing = post(diary(*lots, ("sell", "btc", "2", "50")), method=method).standings["btc"]
    assert [lot.entry for lot in standing.disposals()[0].lots] == used


def test_a_disposal_shows_the_lots_it_used() -> None:
    standing = post(diary(*BOUGHT, ("sell", "btc", "1.5", "45", {"fee_amount": "3"})), method=Method.FIFO).standings[
        "btc"
    ]
    (disposal,) = standing.disposals()
    assert (disposal.entry.id, disposal.quantity, disposal.proceeds, disposal.cost) == (5, Decimal("1.5"), 42, 25)
    assert disposal.gain == standing.realised == 17
    assert [(lot.acquired_at, lot.quantity, lot.cost, lot.unit_cost) for lot in disposal.lots] == [
        (START + timedelta(minutes=1), 1, 20, 20),
        (START + timedelta(minutes=2), Decimal("0.5"), 5, 10),
    ]
    assert [(lot.entry, lot.quantity, lot.cost) for lot in standing.lots()] == [
        (2, Decimal("0.5"), 5),
        (3, 1, 30),
        (4, 1, 20),
    ]


def test_average_cost_is_one_pool_dated_by_its_first_purchase() -> None:
    standing = post(diary(*BOUGHT, ("sell", "btc", "1", "25")), method=Method.AVERAGE).standings["btc"]
    (lot,) = standing.lots()
    assert (lot.acquired_at, lot.quantity, lot.cost) == (START + timedelta(minutes=1), 3, 60)


def test_lots_handed_out_are_copies() -> None:
    standing = post(diary(*BOUGHT), method=Method.FIFO).standings["btc"]
    standing.lots()[0].quantity = Decimal(0)
    assert sum(lot.quantity for lot in standing.lots()) == 4


@pytest.mark.parametrize("method", [Method.FIFO, Method.LIFO, Method.HIFO])
def test_a_lot_that_comes_late_takes_its_place_by_its_date(method: Method) -> None:
    """With a pool for each wallet an old lot may reach a wallet after newer ones."""
    lines = [
        ("buy", "btc", "1", "10", {"wallet": "a"}),
        ("buy", "btc", "1", "40", {"wallet": "b"}),
        ("buy", "btc", "1", "20", {"wallet": "a"}),
        ("buy", "btc", "1", "30", {"wallet": "b"}),
        ("transfer", "btc", "2", None, {"wallet": "a", "to_wallet": "b"}),
        ("sell", "btc", "4", "100", {"wallet": "b"}),
    ]
    standing = post(diary(*lines), method=method, scope=Scope.WALLET).standings["btc"]
    used = [lot.entry for lot in standing.disposals()[0].lots]
    assert used == {Method.FIFO: [1, 2, 3, 4], Method.LIFO: [4, 3, 2, 1], Method.HIFO: [2, 4, 3, 1]}[method]
