"""What an entry may say, and where it stands among others."""

import re
from datetime import datetime
from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest

from dashboard.ledger.entry import Entry, InvalidEntry, Kind, order
from tests.dashboard.ledger.writing import START, entry

SWAPPED = {"counter_asset": "eth", "counter_amount": "1"}


@pytest.mark.parametrize(
    ("field", "kind", "changed"),
    [
        ("at", "buy", {"at": datetime(2024, 1, 1)}),  # noqa: DTZ001
        ("asset", "buy", {"asset": ""}),
        ("amount", "buy", {"amount": Decimal(0)}),
        ("amount", "buy", {"amount": Decimal(-1)}),
        ("amount", "buy", {"amount": 1.5}),
        ("amount", "buy", {"amount": 1}),
        ("amount", "buy", {"amount": Decimal("NaN")}),
        ("amount", "buy", {"amount": Decimal("Infinity")}),
        ("amount", "buy", {"amount": Decimal("1e20")}),
        ("amount", "buy", {"amount": Decimal("1e1000000")}),
        ("amount", "buy", {"amount": Decimal("1e-19")}),
        ("amount", "split", {"amount": Decimal(0)}),
        ("value", "buy", {"value": Decimal(-1)}),
        ("value", "buy", {"value": Decimal("1e20")}),
        ("value", "buy", {"value": 1.5}),
        ("basis", "deposit", {"basis": Decimal("NaN")}),
        ("fee_value", "buy", {"fee_value": Decimal(-1)}),
        ("fee_amount", "buy", {"fee_amount": Decimal(-1)}),
        ("fee_amount", "buy", {"fee_amount": Decimal("1e-19"), "fee_asset": "bnb"}),
        ("fee_amount", "buy", {"fee_amount": Decimal(1), "fee_asset": "btc"}),
        ("fee_amount", "swap", {"fee_amount": Decimal(1), "fee_asset": "eth"}),
        ("counter_asset", "swap", {"counter_asset": None}),
        ("counter_asset", "migrate", {"counter_amount": None}),
        ("counter_asset", "swap", {"counter_asset": "btc"}),
        ("counter_asset", "buy", SWAPPED | {"counter_amount": Decimal(1)}),
        ("counter_amount", "swap", {"counter_amount": Decimal(0)}),
    ],
)
def test_an_entry_that_makes_no_sense_names_its_field(field: str, kind: str, changed: dict[str, Any]) -> None:
    facts: dict[str, Any] = {"id": 1, "at": START, "kind": Kind(kind), "asset": "btc", "amount": Decimal(1)}
    if kind in ("swap", "migrate"):
        facts |= SWAPPED | {"counter_amount": Decimal(1)}
    with pytest.raises(InvalidEntry, match="^" + re.escape(field)) as caught:
        Entry(**facts | changed)
    assert caught.value.field == field


def test_eighteen_decimals_and_twenty_digits_are_kept_as_they_are() -> None:
    amount = "12345678901234567890.123456789012345678"
    assert entry(1, "buy", "btc", amount, amount).amount == Decimal(amount)


def test_money_is_rounded_once_to_eighteen_decimals() -> None:
    third = Decimal("0." + "3" * 30)
    bought = Entry(1, START, Kind.BUY, "btc", Decimal(1), value=third, fee_amount=third)
    assert bought.value == bought.fee_amount == Decimal("0." + "3" * 18)


def test_an_adjustment_to_nothing_is_an_amount() -> None:
    assert entry(1, "adjust", "btc", "0").amount == 0


def test_at_one_time_what_comes_in_stands_before_what_moves_before_what_leaves() -> None:
    bought, swapped, sold = (
        entry(3, "buy", "btc", "1", minute=0),
        entry(2, "swap", "btc", "1", minute=0, **SWAPPED),
        entry(1, "sell", "btc", "1", minute=0),
    )
    for given in permutations([bought, swapped, sold]):
        assert sorted(given, key=order) == [bought, swapped, sold]


def test_time_decides_before_anything_else_and_the_order_of_entry_last() -> None:
    early, late = entry(2, "sell", "btc", "1", minute=0), entry(1, "buy", "btc", "1", minute=1)
    first, second = entry(3, "sell", "btc", "1", minute=2), entry(4, "sell", "btc", "1", minute=2)
    assert sorted([second, late, first, early], key=order) == [early, late, first, second]


def test_an_entry_names_every_asset_it_touches_once() -> None:
    assert entry(1, "buy", "btc", "1").assets == ("btc",)
    assert entry(1, "swap", "btc", "1", fee_asset="bnb", fee_amount="1", **SWAPPED).assets == ("btc", "eth", "bnb")
    assert entry(1, "swap", "btc", "1", fee_asset="btc", fee_amount="1", **SWAPPED).assets == ("btc", "eth")
    assert entry(1, "buy", "btc", "1", fee_asset="bnb", fee_amount="0").assets == ("btc",)
