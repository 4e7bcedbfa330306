"""The table of effects: what one entry of each kind does to every figure of each asset that it touches."""

from decimal import Decimal

import pytest

from dashboard.ledger.book import post
from dashboard.ledger.entry import InvalidEntry, Kind
from dashboard.ledger.methods import Method
from dashboard.ledger.returns import first_break
from dashboard.ledger.working import Issue
from tests.dashboard.ledger.writing import diary, entry

BEFORE = [
    ("buy", "btc", "10", "1000"),
    ("buy", "eth", "10", "100"),
    ("buy", "bnb", "10", "50"),
]
"""Unit costs: btc 100, eth 10, bnb 5."""

MONEY_FEE = {"fee_amount": "3"}
BTC_FEE = {"fee_asset": "btc", "fee_amount": "1", "fee_value": "120"}
ETH_FEE = {"fee_asset": "eth", "fee_amount": "1", "fee_value": "15"}
BNB_FEE = {"fee_asset": "bnb", "fee_amount": "1", "fee_value": "7"}
TO_ETH = {"counter_asset": "eth", "counter_amount": "4"}
BNB_PAYS = "-1 -5 2 0 0 -7"
BNB_EXPENSED = "-1 -5 2 0 7 0"

EFFECTS = [
    # Q C R I E N of each asset that changes
    ("buy", ("btc", "2", "240"), {}, {"btc": "2 240 0 0 0 240"}),
    ("buy, money fee", ("btc", "2", "240"), MONEY_FEE, {"btc": "2 243 0 0 0 243"}),
    ("buy, own fee", ("btc", "2", "240"), BTC_FEE, {"btc": "1 240 0 0 0 240"}),
    ("buy, third coin fee", ("btc", "2", "240"), BNB_FEE, {"btc": "2 247 0 0 0 247", "bnb": BNB_PAYS}),
    ("sell", ("btc", "2", "240"), {}, {"btc": "-2 -200 40 0 0 -240"}),
    ("sell, money fee", ("btc", "2", "240"), MONEY_FEE, {"btc": "-2 -200 37 0 0 -237"}),
    ("sell, own fee", ("btc", "2", "240"), BTC_FEE, {"btc": "-3 -300 -60 0 0 -240"}),
    ("sell, third coin fee", ("btc", "2", "240"), BNB_FEE, {"btc": "-2 -200 33 0 0 -233", "bnb": BNB_PAYS}),
    ("swap", ("btc", "2", "240"), TO_ETH, {"btc": "-2 -200 40 0 0 -240", "eth": "4 240 0 0 0 240"}),
    (
        "swap, money fee",
        ("btc", "2", "240"),
        TO_ETH | MONEY_FEE,
        {"btc": "-2 -200 40 0 0 -240", "eth": "4 243 0 0 0 243"},
    ),
    (
        "swap, fee in the given coin",
        ("btc", "2", "240"),
        TO_ETH | BTC_FEE,
        {"btc": "-3 -300 -60 0 0 -240", "eth": "4 240 0 0 0 240"},
    ),
    (
        "swap, fee in the bought coin",
        ("btc", "2", "240"),
        TO_ETH | ETH_FEE,
        {"btc": "-2 -200 40 0 0 -240", "eth": "3 240 0 0 0 240"},
    ),
    (
        "swap, third coin fee",
        ("btc", "2", "240"),
        TO_ETH | BNB_FEE,
        {"btc": "-2 -200 40 0 0 -240", "eth": "4 247 0 0 0 247", "bnb": BNB_PAYS},
    ),
    ("transfer", ("btc", "2"), {"to_wallet": "safe"}, {"btc": "0 0 0 0 0 0"}),
    ("transfer, own fee", ("btc", "2"), {"to_wallet": "safe"} | BTC_FEE, {"btc": "-1 -100 20 0 120 0"}),
    ("transfer, money fee", ("btc", "2"), {"to_wallet": "safe"} | MONEY_FEE, {"btc": "0 0 0 0 3 3"}),
    (
        "transfer, third coin fee",
        ("btc", "2"),
        {"to_wallet": "safe"} | BNB_FEE,
        {"btc": "0 0 0 0 0 0", "bnb": BNB_EXPENSED},
    ),
    ("deposit, basis known", ("btc", "2", "240"), {"basis": "150"}, {"btc": "2 150 0 0 0 150"}),
    ("deposit, basis assumed", ("btc", "2", "240"), {}, {"btc": "2 240 0 0 0 240"}),
    ("deposit, money fee", ("btc", "2", "240"), MONEY_FEE, {"btc": "2 240 0 0 3 243"}),
    ("deposit, third coin fee", ("btc", "2", "240"), BNB_FEE, {"btc": "2 240 0 0 0 240", "bnb": BNB_EXPENSED}),
    ("withdrawal", ("btc", "2"), {}, {"btc": "-2 -200 0 0 0 -200"}),
    ("withdrawal, money fee", ("btc", "2"), MONEY_FEE, {"btc": "-2 -200 0 0 3 -197"}),
    ("withdrawal, own fee", ("btc", "2"), BTC_FEE, {"btc": "-3 -300 20 0 120 -200"}),
    ("reward", ("btc", "2", "240"), {}, {"btc": "2 240 0 240 0 0"}),
    ("reward, money fee", ("btc", "2", "240"), MONEY_FEE, {"btc": "2 240 0 240 3 3"}),
    ("stake", ("btc", "2"), {}, {"btc": "0 0 0 0 0 0"}),
    ("unstake", ("btc", "2"), {}, {"btc": "0 0 0 0 0 0"}),
    ("stake, third coin fee", ("btc", "2"), BNB_FEE, {"btc": "0 0 0 0 0 0", "bnb": BNB_EXPENSED}),
    ("gift_in", ("btc", "2", "240"), {}, {"btc": "2 240 0 0 0 240"}),
    ("gift_in, basis known", ("btc", "2", "240"), {"basis": "10"}, {"btc": "2 10 0 0 0 10"}),
    ("gift_out", ("btc", "2", "240"), {}, {"btc": "-2 -200 0 0 0 -200"}),
    ("spend", ("btc", "2", "240"), {}, {"btc": "-2 -200 40 0 0 -240"}),
    ("spend, money fee", ("btc", "2", "240"), MONEY_FEE, {"btc": "-2 -200 40 0 3 -237"}),
    ("lost", ("btc", "2"), {}, {"btc": "-2 -200 -200 0 0 0"}),
    ("fee", ("btc", "2", "240"), {}, {"btc": "-2 -200 40 0 240 0"}),
    ("fork", ("bch", "2", "240"), {}, {"bch": "2 0 0 0 0 0"}),
    ("split", ("btc", "3"), {}, {"btc": "20 0 0 0 0 0"}),
    ("split, reverse", ("btc", "0.1"), {}, {"btc": "-9 0 0 0 0 0"}),
    ("migrate", ("btc", "2"), TO_ETH, {"btc": "-2 -200 0 0 0 -200", "eth": "4 200 0 0 0 200"}),
    ("migrate, money fee", ("btc", "2"), TO_ETH | MONEY_FEE, {"btc": "-2 -200 0 0 3 -197", "eth": "4 200 0 0 0 200"}),
    ("dividend", ("btc", "20", "20"), {}, {"btc": "0 0 0 20 0 -20"}),
    ("adjust, more", ("btc", "12"), {}, {"btc": "2 0 0 0 0 0"}),
    ("adjust, less", ("btc", "8"), {}, {"btc": "-2 -200 0 0 0 -200"}),
    ("adjust, none left", ("btc", "0"), {}, {"btc": "-10 -1000 0 0 0 -1000"}),
    ("adjust, cost given", ("btc", "12"), {"basis": "900"}, {"btc": "2 -100 0 0 0 -100"}),
    ("adjust, the price gives the cost", ("btc", "4", "900"), {}, {"btc": "-6 -100 0 0 0 -100"}),
]


@pytest.mark.parametrize("method", Method)
@pytest.mark.parametrize(("what", "line", "more", "expected"), EFFECTS, ids=[row[0] for row in EFFECTS])
def test_every_kind_has_its_effect(
    what: str, line: tuple[str, ...], more: dict[str, str], expected: dict[str, str], method: Method
) -> None:
    kind = what.split(",")[0]
    book = post([*diary(*BEFORE), entry(9, kind, *line, **more)], method=method)
    assert first_break(book) is None
    changed = {}
    for asset, standing in book.standings.items():
        step = standing.steps()[-1]
        if step.entry.id == 9:
            change = step.change
            changed[asset] = [
                change.quantity,
                change.cost,
                change.realised,
                change.income,
                change.fees,
                change.invested,
            ]
    assert changed == {asset: [Decimal(number) for number in text.split()] for asset, text in expected.items()}


def test_the_table_knows_every_kind() -> None:
    assert {row[0].split(",")[0] for row in EFFECTS} == set(Kind)


@pytest.mark.parametrize(
    ("line", "issues"),
    [
        (("deposit", "btc", "2", "240"), {"btc": [Issue.ASSUMED_BASIS]}),
        (("deposit", "btc", "2", "240", {"basis": "0"}), {}),
        (("deposit", "btc", "2"), {"btc": [Issue.NO_VALUE, Issue.ASSUMED_BASIS]}),
        (("reward", "btc", "2"), {"btc": [Issue.NO_VALUE]}),
        (("reward", "btc", "2", "0"), {}),
        (("gift_in", "btc", "2"), {"btc": [Issue.NO_VALUE]}),
        (("gift_out", "btc", "2"), {}),
        (("withdrawal", "btc", "2"), {}),
        (("spend", "btc", "2"), {"btc": [Issue.NO_VALUE]}),
        (("swap", "btc", "2", None, TO_ETH), {"btc": [Issue.NO_VALUE], "eth": [Issue.NO_VALUE]}),
        (("migrate", "btc", "2", None, TO_ETH), {}),
        (("adjust", "btc", "12"), {"btc": [Issue.ADJUSTED]}),
        (("lost", "btc", "11"), {"btc": [Issue.OVERSOLD]}),
        (
            ("transfer", "btc", "2", None, {"to_wallet": "safe", "fee_asset": "btc", "fee_amount": "1"}),
            {"btc": ["no_value"]},
        ),
        (
            ("buy", "btc", "2", "240", {"fee_asset": "bnb", "fee_amount": "1"}),
            {"btc": ["no_value"], "bnb": ["no_value"]},
        ),
    ],
)
def test_what_is_assumed_or_unknown_is_flagged(line: tuple[object, ...], issues: dict[str, list[Issue]]) -> None:
    book = post(diary(*BEFORE, line), method=Method.FIFO)
    flags = {asset: [flag.issue for flag in standing.flags] for asset, standing in book.standings.items()}
    assert {asset: found for asset, found in flags.items() if found} == issues
    assert all(flag.entry == 4 for standing in book.standings.values() for flag in standing.flags)
    assert first_break(book) is None


def test_an_unknown_value_counts_as_zero_until_it_is_given() -> None:
    unknown = post(diary(("reward", "btc", "2")), method=Method.AVERAGE).standings["btc"]
    given = post(diary(("reward", "btc", "2", "240")), method=Method.AVERAGE).standings["btc"]
    assert (unknown.quantity, unknown.cost, unknown.income) == (2, 0, 0)
    assert (given.quantity, given.cost, given.income) == (2, 240, 240)


def test_a_coin_fee_is_valued_at_the_price_that_the_entry_states() -> None:
    book = post(
        diary(*BEFORE, ("deposit", "btc", "2", "240", {"fee_asset": "btc", "fee_amount": "0.5"})), method=Method.FIFO
    )
    change = book.standings["btc"].steps()[-1].change
    assert (change.fees, change.realised) == (60, 10)


def test_a_migration_keeps_the_dates_and_every_bit_of_the_cost() -> None:
    lines = [("buy", "old", "1", "10"), ("buy", "old", "1", "20"), ("buy", "old", "1", "40")]
    migrated = diary(*lines, ("migrate", "old", "3", None, {"counter_asset": "new", "counter_amount": "1"}))
    book = post(migrated, method=Method.FIFO)
    lots = book.standings["new"].lots()
    assert [(lot.acquired_at, lot.cost) for lot in lots] == [
        (e.at, c) for e, c in zip(migrated, (10, 20, 40), strict=False)
    ]
    assert sum(lot.quantity for lot in lots) == 1
    assert (book.standings["old"].quantity, book.standings["old"].cost, book.standings["old"].lots()) == (0, 0, ())


def test_a_split_keeps_dates_costs_and_the_exact_count() -> None:
    lines = [
        ("buy", "x", "1", "10"),
        ("buy", "x", "1", "20"),
        ("buy", "x", "1", "40"),
        ("split", "x", "0.333333333333"),
    ]
    standing = post(diary(*lines), method=Method.HIFO).standings["x"]
    assert [lot.cost for lot in standing.lots()] == [10, 20, 40]
    assert sum(lot.quantity for lot in standing.lots()) == standing.quantity == Decimal("0.999999999999")


def test_a_split_that_leaves_nothing_is_a_loss() -> None:
    book = post(diary(("buy", "x", "0.1", "10"), ("split", "x", "0.000000000000000001")), method=Method.FIFO)
    standing = book.standings["x"]
    assert (standing.quantity, standing.cost, standing.realised) == (0, 0, -10)
    assert first_break(book) is None


def test_figures_that_nothing_can_keep_are_refused() -> None:
    much = ("buy", "x", "99999999999999999999", "1")
    with pytest.raises(InvalidEntry, match="20 digits"):
        post(diary(much, much), method=Method.FIFO)
    with pytest.raises(InvalidEntry, match="20 digits"):
        post(diary(much, ("split", "x", "2"), ("split", "x", "0.1")), method=Method.FIFO)
    assert post(diary(much, ("sell", "x", "1", "1"), ("buy", "x", "1", "1")), method=Method.FIFO)


def test_a_fee_too_large_to_be_true_has_no_value() -> None:
    line = ("deposit", "x", "0.000000000000000001", "1000", {"fee_asset": "x", "fee_amount": "10000"})
    flags = [flag.issue for flag in post(diary(line), method=Method.FIFO).standings["x"].flags]
    assert Issue.NO_VALUE in flags


def test_the_dearest_lot_after_a_split_is_dear_by_its_new_count() -> None:
    book = post(
        diary(("buy", "x", "1", "100"), ("split", "x", "10"), ("buy", "x", "1", "50"), ("sell", "x", "1", "60")),
        method=Method.HIFO,
    )
    assert book.standings["x"].realised == 10


def test_an_adjustment_of_one_wallet_leaves_the_others_alone() -> None:
    lines = [
        ("buy", "btc", "5", "500", {"wallet": "a"}),
        ("buy", "btc", "5", "1000", {"wallet": "b"}),
        ("adjust", "btc", "2", None, {"wallet": "b"}),
    ]
    standing = post(diary(*lines), method=Method.FIFO).standings["btc"]
    assert standing.balances == {"a": 5, "b": 2}
    assert (standing.quantity, standing.cost) == (7, 1200)


def test_an_adjustment_of_the_whole_takes_from_the_wallets_in_turn() -> None:
    lines = [
        ("buy", "btc", "5", "500", {"wallet": "b"}),
        ("buy", "btc", "5", "500", {"wallet": "a"}),
        ("adjust", "btc", "3"),
    ]
    standing = post(diary(*lines), method=Method.FIFO).standings["btc"]
    assert standing.quantity == 3
    assert standing.balances == {"a": 0, "b": 3}
