"""How the value is spread, and what moved most: the parts add up, and what is unknown is none of them."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.allocation import MOST_PARTS, allocation, movers
from dashboard.portfolios import assemble
from dashboard.valuation import Held, Holding, Market, value_holding


def holding(asset: str, value: str | None, change: str | None = None) -> Holding:
    zero = Decimal(0)
    held = Held(asset, asset, asset.title(), Decimal(1), zero, zero, zero, zero, zero, zero, zero)
    price = None if value is None else Decimal(value)
    return value_holding(held, Market(price=price, change_24h=None if change is None else Decimal(change)))


def spread(*values: str | None) -> tuple[Holding, ...]:
    return assemble("usd", [holding(f"coin-{n}", value) for n, value in enumerate(values)]).holdings


def test_the_parts_stand_one_after_another_the_largest_first() -> None:
    found = allocation(spread("25", "50", "25"))
    assert [(part.asset, part.start, part.share) for part in found.parts] == [
        ("coin-1", 0, 50),
        ("coin-0", 50, 25),
        ("coin-2", 75, 25),
    ]


def test_beyond_seven_the_smallest_are_one_part() -> None:
    found = allocation(spread(*["10"] * 10))
    assert len(found.parts) == MOST_PARTS
    assert (found.parts[-1].asset, found.parts[-1].name) == ("", "4 others")
    assert found.parts[-1].share == 40
    assert len(allocation(spread(*["10"] * 7)).parts) == 7


def test_what_is_worth_nothing_or_unknown_is_no_part() -> None:
    assert [part.asset for part in allocation(spread("0", None, "3")).parts] == ["coin-2"]
    assert allocation(spread("0", None)).parts == ()
    assert allocation(()).equal_parts is None


@pytest.mark.parametrize(
    ("values", "equal", "concentrated"),
    [(["1", "1"], 2, False), (["1"], 1, True), (["1"] * 20, 20, False), (["51", "49"], None, True)],
)
def test_concentration_is_told(values: list[str], equal: int | None, concentrated: bool) -> None:
    found = allocation(spread(*values))
    assert found.is_concentrated is concentrated
    if equal is not None:
        assert found.equal_parts == pytest.approx(equal)


@given(st.lists(st.decimals("0.000001", "1e12", places=6), min_size=1, max_size=30))
def test_the_parts_fill_the_ring(values: list[Decimal]) -> None:
    found = allocation(spread(*map(str, values)))
    assert sum(part.share for part in found.parts) == pytest.approx(100, abs=Decimal("1e-15"))
    assert found.equal_parts is not None
    assert Decimal("0.999999") <= found.equal_parts <= len(values) + Decimal("0.000001")


def test_best_and_worst_are_those_that_rose_and_fell_most() -> None:
    found = movers([holding("a", "1", "3"), holding("b", "1", "-2"), holding("c", "1"), holding("d", None, "9")])
    assert found.best is not None
    assert found.worst is not None
    assert (found.best.asset, found.worst.asset) == ("a", "b")
    falling = movers([holding("a", "1", "-3"), holding("b", "1", "-2")])
    assert falling.best is None
    assert falling.worst is not None
    assert falling.worst.asset == "a"
