"""Forty-one cases that other open-source programs state in their own tests; golden.json names the source of each.

Where their rules and ours part, the case says so and both sides are asserted:
- `fees: separate` (they total fees apart, we count them into cost and proceeds): without its fees the case must give
  their numbers, with them ours, and profit before and after fees must be theirs under our rule too.
- `price_free` (they state what left, not for how much): we choose a price; gain = proceeds - cost.
- income is a reward, a fee in coins a stand-alone fee: disposed of at its value, as theirs is, and expensed besides.
- `missing_quantity`: they refuse or warn; we take the missing units to have cost nothing, and flag them.
"""

import json
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from decimal import Decimal, localcontext
from pathlib import Path
from typing import Any

import pytest

from dashboard.ledger.book import Book, post
from dashboard.ledger.entry import EXACT, ZERO, Entry, Kind
from dashboard.ledger.methods import Method
from dashboard.ledger.returns import first_break, value
from dashboard.ledger.standing import Standing
from dashboard.ledger.working import Issue

CASES = json.loads(Path(__file__).with_name("golden.json").read_text(encoding="utf-8"))["cases"]
RUNS = [
    pytest.param(case, Method(method), id=f"{case['case']}:{method}") for case in CASES for method in case["methods"]
]
KINDS = {"buy": Kind.BUY, "sell": Kind.SELL, "income": Kind.REWARD, "spend": Kind.SPEND, "fee": Kind.FEE}
ANY_PRICE = Decimal(7)

Case = dict[str, Any]


def entries_of(case: Case) -> list[Entry]:
    return [read(number, row.split(), case) for number, row in enumerate(case["rows"])]


def read(number: int, words: list[str], case: Case) -> Entry:
    """`2020-02-12T17:50:00Z sell 9.9 B1 at 20 fee 1 coin-fee 0.1`."""
    time, kind, quantity, coin = words[:4]
    stated = {name: Decimal(text) for name, text in zip(words[4::2], words[5::2], strict=True)}
    price = ANY_PRICE if case.get("price_free") and kind == "spend" else stated.get("at", ZERO)
    amount = Decimal(quantity)
    return Entry(
        id=number,
        at=datetime.fromisoformat(time),
        kind=KINDS[kind],
        asset=coin,
        amount=amount,
        value=stated["for"] if "for" in stated else EXACT.multiply(amount, price),
        fee_asset=coin if "coin-fee" in stated else None,
        fee_amount=stated.get("coin-fee", stated.get("fee", ZERO)),
    )


def only(book: Book) -> Standing:
    (standing,) = book.standings.values()
    return standing


def gains(book: Book) -> dict[int, Decimal]:
    realised: dict[int, Decimal] = defaultdict(Decimal)
    for standing in book.standings.values():
        for step in standing.steps():
            realised[step.entry.id] += step.change.realised
    return realised


def gains_by_year(book: Book) -> dict[str, Decimal]:
    years: dict[str, Decimal] = defaultdict(Decimal)
    for disposal in only(book).disposals():
        years[str(disposal.entry.at.year)] += disposal.gain
    return years


def missing(book: Book) -> Decimal | None:
    (flag,) = only(book).flags
    assert flag.issue is Issue.OVERSOLD
    return flag.quantity


def costs(book: Book) -> list[Decimal]:
    return [disposal.cost for disposal in only(book).disposals()]


MEASURES: dict[str, Callable[[Book], Any]] = {
    "holdings": lambda book: only(book).quantity,
    "cost_basis": lambda book: only(book).cost,
    "average_price": lambda book: only(book).average_cost,
    "realised_gain": lambda book: sum((standing.realised for standing in book.standings.values()), ZERO),
    "realised_by_year": gains_by_year,
    "proceeds": lambda book: sum((disposal.proceeds for disposal in only(book).disposals()), ZERO),
    "income": lambda book: only(book).income,
    "cost_of_disposed": lambda book: sum(costs(book), ZERO),
    "cost_of_each_disposal": costs,
    "gain_of_each_transaction": lambda book: [gains(book)[number] for number in sorted(gains(book))],
    "missing_quantity": missing,
}
ASSERTED_WITH_FEES = {"fees", "total_gain_before_fees", "total_gain_after_fees"}


def same(found: Any, stated: Any, tolerance: str) -> bool:
    if isinstance(stated, list):
        return len(found) == len(stated) and all(map(same, found, stated, [tolerance] * len(stated)))
    if isinstance(stated, dict):
        return found.keys() == stated.keys() and all(same(found[key], stated[key], tolerance) for key in stated)
    with localcontext(EXACT):
        return abs(found - Decimal(stated)) <= Decimal(tolerance)


@pytest.mark.parametrize(("case", "method"), RUNS)
def test_the_source_finds_its_own_numbers(case: Case, method: Method) -> None:
    entries = entries_of(case)
    if case["fees"] == "separate":
        fees = sum((entry.fee_amount for entry in entries), ZERO)
        assert fees == Decimal(case["expected"].get("fees", fees))
        entries = [replace(entry, fee_amount=ZERO) for entry in entries]
    book = post(entries, method=method)
    assert first_break(book) is None
    for name, stated in case["expected"].items():
        if name in MEASURES:
            assert same(MEASURES[name](book), stated, case["tolerance"]), name
        elif name == "at_price":
            worth = value(only(book), Decimal(stated["price"]))
            assert same(worth.value, stated["market_value"], case["tolerance"])
            assert same(worth.unrealised, stated["unrealised_gain"], case["tolerance"])
        else:
            assert case["fees"] == "separate", f"{name} is asserted nowhere"
            assert name in ASSERTED_WITH_FEES, f"{name} is asserted nowhere"


SEPARATE = [run for run in RUNS if run.values[0]["fees"] == "separate"]  # type: ignore[index]


@pytest.mark.parametrize(("case", "method"), SEPARATE)
def test_fees_counted_in_shift_cost_and_gain_but_not_the_total(case: Case, method: Method) -> None:
    standing = only(post(entries_of(case), method=method))
    stated, tolerance = case["expected"], case["tolerance"]
    ours = case.get("with_fees_inside", {})
    assert ours or not standing.fees_paid, "a case with fees states what they do to cost and gain"
    assert standing.fees == 0
    assert same(standing.fees_paid, stated.get("fees", standing.fees_paid), tolerance)
    for name in ("cost_basis", "realised_gain"):
        if name in ours:
            assert same(MEASURES[name](post(entries_of(case), method=method)), ours[name], tolerance), name
    if "at_price" in stated:
        worth = value(standing, Decimal(stated["at_price"]["price"]))
        assert worth.profit is not None
        assert same(worth.unrealised, ours.get("unrealised_gain", stated["at_price"]["unrealised_gain"]), tolerance)
        assert same(worth.profit, stated.get("total_gain_after_fees", worth.profit), tolerance)
        assert same(worth.profit + standing.fees_paid, stated["total_gain_before_fees"], tolerance)


def test_all_cases_are_there() -> None:
    assert len(CASES) == len({case["case"] for case in CASES}) == 41
    assert all(case["source"] and case["methods"] and case["rows"] and case["expected"] for case in CASES)
