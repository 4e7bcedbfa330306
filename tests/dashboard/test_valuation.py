"""One arithmetic for page, API, socket and reminders: exact, and unknown is not zero."""

from decimal import Decimal, localcontext
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from dashboard.money import WIDE, quantize
from dashboard.valuation import Held, Market, gained, share, total, value_holding

D = Decimal
money = st.decimals(min_value=-(10**12), max_value=10**12, places=8)
positive = st.decimals(min_value=D("0.00000001"), max_value=10**12, places=8)


def held(quantity: str = "2", cost: str = "100", *, asset: str = "bitcoin", **figures: Decimal) -> Held:
    zero = D(0)
    return Held(
        asset=asset,
        symbol="btc",
        name="Bitcoin",
        quantity=D(quantity),
        cost=D(cost),
        realised=figures.get("realised", zero),
        income=figures.get("income", zero),
        fees=figures.get("fees", zero),
        invested=figures.get("invested", D(cost)),
        ever_invested=figures.get("ever_invested", D(cost)),
    )


def test_a_holding_is_worth_exactly_quantity_times_price() -> None:
    quantity, price = "0.123456789012345678", "67412.180000000000000001"
    value = value_holding(held(quantity), Market(price=D(price))).value
    assert value is not None
    assert Fraction(value) == Fraction(quantity) * Fraction(price)


def test_an_asset_without_a_price_has_no_value_and_no_profit() -> None:
    holding = value_holding(held(), Market())
    assert (holding.value, holding.unrealised, holding.profit, holding.profit_pct) == (None, None, None, None)


def test_an_unpriced_asset_leaves_every_total_and_is_named() -> None:
    priced = value_holding(held(realised=D(7)), Market(price=D(80)))
    unpriced = value_holding(held(asset="obscure", realised=D(1000)), Market())
    totals = total([priced, unpriced])
    assert (totals.value, totals.cost, totals.realised, totals.profit) == (160, 100, 7, 67)
    assert totals.unpriced == ("obscure",)


def test_a_closed_position_needs_no_price() -> None:
    closed = value_holding(held("0", "0", realised=D(50), invested=D(-50), ever_invested=D(100)), Market())
    assert (closed.value, closed.profit, closed.profit_pct, closed.average_cost) == (0, 50, 50, None)


def test_nothing_invested_has_no_return() -> None:
    free = value_holding(held("1", "0", income=D(0), invested=D(0), ever_invested=D(0)), Market(price=D(5)))
    assert free.profit == 5
    assert free.profit_pct is None


def test_the_gain_of_a_day_is_what_the_change_brought() -> None:
    assert gained(D(110), D(2), Market(price=D(55), change_24h=D(10))) == 10
    assert quantize(gained(D(90), D(3), Market(price=D(30), change_24h=D(-10))) or D(0)) == -10
    assert gained(D(90), D(3), Market(price=D(30))) is None
    assert gained(D(0), D(0), Market()) == 0


def test_shares_are_percent_of_the_total() -> None:
    one, three = (value_holding(held(quantity), Market(price=D(10))) for quantity in ("1", "3"))
    totals = total([one, three])
    assert [share(one, totals), share(three, totals)] == [25, 75]


@given(st.lists(st.tuples(positive, positive, money, money, money), max_size=8))
def test_profit_is_the_sum_of_its_parts_and_of_the_holdings(rows: list[tuple[Decimal, ...]]) -> None:
    holdings = [
        value_holding(
            held(str(quantity), "10", realised=realised, income=income, fees=fees), Market(price=price)
        )
        for quantity, price, realised, income, fees in rows
    ]  # fmt: skip
    totals = total(holdings)
    with localcontext(WIDE):
        assert totals.profit == totals.realised + totals.unrealised + totals.income - totals.fees
        assert totals.profit == sum((h.profit for h in holdings if h.profit is not None), D(0))
        assert totals.value == sum((h.value for h in holdings if h.value is not None), D(0))
