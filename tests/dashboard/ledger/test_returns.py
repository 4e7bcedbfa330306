"""Value, profit and percentages at a price; totals; the self-check."""

from decimal import Decimal

import pytest

from dashboard.ledger.book import OutOfOrder, post, resume
from dashboard.ledger.methods import Method
from dashboard.ledger.returns import first_break, gap, value
from tests.dashboard.ledger.writing import diary, entry, totals_at

LINES = [
    ("buy", "btc", "2", "200", {"fee_amount": "10"}),
    ("sell", "btc", "1", "150"),
    ("reward", "btc", "1", "130"),
    ("buy", "btc", "1", "90"),
    ("transfer", "btc", "1", None, {"to_wallet": "safe", "fee_amount": "2"}),
]


def test_profit_is_realised_and_unrealised_and_income_less_fees() -> None:
    standing = post(diary(*LINES), method=Method.FIFO).standings["btc"]
    worth = value(standing, Decimal(120))
    assert (worth.value, worth.unrealised, worth.profit) == (360, 35, 208)
    assert worth.profit == standing.realised + 35 + standing.income - standing.fees
    assert worth.value is not None
    assert worth.profit == worth.value - standing.invested


def test_return_is_on_all_money_that_ever_went_in() -> None:
    standing = post(diary(*LINES), method=Method.FIFO).standings["btc"]
    assert (standing.invested, standing.ever_invested) == (152, 210 + 90 + 2)
    worth = value(standing, Decimal(120))
    assert worth.return_pct == Decimal("68.874172185430463576")
    assert worth.unrealised_pct == Decimal("10.769230769230769231")


def test_nothing_invested_has_no_return() -> None:
    standing = post(diary(("reward", "btc", "1", "0")), method=Method.FIFO).standings["btc"]
    worth = value(standing, Decimal(120))
    assert (worth.profit, worth.return_pct, worth.unrealised_pct) == (120, None, None)


def test_a_missing_price_is_unknown_and_not_zero() -> None:
    standing = post(diary(*LINES), method=Method.FIFO).standings["btc"]
    worth = value(standing, None)
    assert (worth.value, worth.unrealised, worth.profit, worth.return_pct, worth.unrealised_pct) == (None,) * 5


def test_what_is_closed_needs_no_price() -> None:
    standing = post(diary(("buy", "btc", "1", "100"), ("sell", "btc", "1", "150")), method=Method.FIFO).standings["btc"]
    worth = value(standing, None)
    assert (worth.value, worth.unrealised, worth.profit, worth.return_pct) == (0, 0, 50, 50)


def test_an_asset_without_a_price_leaves_every_total() -> None:
    lines = [*LINES, ("buy", "odd", "1", "1000"), ("dividend", "odd", "5", "5")]
    book = post(diary(*lines), method=Method.FIFO)
    with_it = totals_at(book.standings.values(), {"btc": Decimal(120), "odd": None})
    alone = totals_at([book.standings["btc"]], {"btc": Decimal(120)})
    assert with_it.unpriced == ("odd",)
    assert [with_it.value, with_it.cost, with_it.income, with_it.invested, with_it.ever_invested, with_it.profit] == [
        alone.value,
        alone.cost,
        alone.income,
        alone.invested,
        alone.ever_invested,
        alone.profit,
    ]
    assert with_it.profit == with_it.value - with_it.invested == 208


def test_money_that_only_changed_its_coin_is_invested_once() -> None:
    swap = {"counter_asset": "eth", "counter_amount": "10", "fee_amount": "5"}
    book = post(diary(("buy", "btc", "1", "100"), ("swap", "btc", "1", "200", swap)), method=Method.FIFO)
    btc, eth = book.standings["btc"], book.standings["eth"]
    assert (btc.ever_invested, eth.ever_invested, eth.exchanged) == (100, 205, {"btc": 200})
    totals = totals_at([btc, eth], {"eth": Decimal(21)})
    assert (totals.ever_invested, totals.invested, totals.profit) == (105, 105, 105)
    assert totals.return_pct == 100
    assert totals_at([eth], {"eth": Decimal(21)}).ever_invested == 205


def test_the_totals_of_nothing_are_nothing() -> None:
    totals = totals_at([], {})
    assert (totals.value, totals.profit, totals.return_pct, totals.unpriced) == (0, 0, None, ())


def test_the_self_check_names_the_first_entry_that_breaks_the_identity() -> None:
    entries = diary(*LINES, ("buy", "eth", "1", "10"))
    begun = post(entries[:2], method=Method.FIFO)
    begun.standings["btc"].income += Decimal("1e-18")
    broken = first_break(resume(begun, entries[2:]))
    assert broken is not None
    assert (broken.asset, broken.entry.id, broken.gap) == ("btc", 3, Decimal("1e-18"))
    assert gap(begun.standings["btc"]) == Decimal("1e-18")


def test_a_book_goes_on_with_later_entries_only() -> None:
    book = post(diary(*LINES), method=Method.FIFO)
    with pytest.raises(OutOfOrder):
        resume(book, [entry(9, "buy", "btc", "1", "1", minute=1)])
    assert resume(book, []).last == book.last
