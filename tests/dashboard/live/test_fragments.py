"""Cells: safe for any asset id and name, exact in `data-value`, coloured only as their arrow says."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.template import Context, Template
from hypothesis import given
from hypothesis import strategies as st

from dashboard.live import fragments
from dashboard.market.refresh import MarketHealth
from dashboard.valuation import ZERO, Held, Holding, Market, total, value_holding

NOW = datetime(2026, 5, 3, 12, tzinfo=UTC)


def held(asset: str = "bitcoin", quantity: str = "0.5", cost: str = "20000") -> Held:
    money = Decimal(cost)
    return Held(asset, "btc", "Bitcoin", Decimal(quantity), money, ZERO, ZERO, ZERO, money, money)


def holding(price: str = "67412.18") -> Holding:
    return value_holding(held(), Market(price=Decimal(price), as_of=NOW))


def test_a_market_cell_is_one_span_with_its_exact_number() -> None:
    assert fragments.market_cell("bitcoin", Market(price=Decimal("67412.180")), "price", "usd") == (
        '<span id="p-bitcoin-price" data-field="price" data-value="67412.18" title="67412.18" class="num">'
        "67,412.18</span>"
    )


def test_an_unknown_figure_has_an_empty_value_and_a_dash() -> None:
    assert fragments.market_cell("bitcoin", Market(), "price", "usd") == (
        '<span id="p-bitcoin-price" data-field="price" data-value="" class="num">–</span>'
    )


def test_a_holdings_value_is_exactly_quantity_times_price() -> None:
    cell = fragments.holding_cell(holding("0.1234567890123456"), "value", "usd")
    assert 'data-value="0.0617283945061728"' in cell


def test_gain_and_loss_have_a_class_as_well_as_an_arrow() -> None:
    assert 'class="num gain">▲ +13,706.09</span>' in fragments.holding_cell(holding(), "profit", "usd")
    assert 'class="num loss">▼ −19,500.00</span>' in fragments.holding_cell(holding("1000"), "profit", "usd")
    assert 'class="num">0.00</span>' in fragments.holding_cell(holding("40000"), "profit", "usd")


def test_a_stale_price_is_marked() -> None:
    market = Market(price=Decimal(1), stale=True)
    assert 'class="num stale"' in fragments.market_cell("bitcoin", market, "price", "usd")
    assert "stale" not in fragments.market_cell("bitcoin", market, "change_1h", "usd")


def test_totals_say_which_total_they_are() -> None:
    cell = fragments.total_cell(total([holding()]), "value", "usd")
    assert cell.startswith('<span id="t-value" data-total="value" data-value="33706.09"')


@pytest.mark.parametrize("field", sorted(fragments.MARKET))
def test_every_market_field_has_a_cell(field: str) -> None:
    assert f'data-field="{field}"' in fragments.market_cell("x", Market(rank=3, price=Decimal(2)), field, "eur")


@pytest.mark.parametrize("field", sorted(fragments.HOLDING))
def test_every_field_of_a_holding_has_a_cell(field: str) -> None:
    assert f'data-field="{field}"' in fragments.holding_cell(holding(), field, "eur")


@pytest.mark.parametrize("field", sorted(fragments.TOTALS))
def test_every_total_has_a_cell(field: str) -> None:
    assert f'data-total="{field}"' in fragments.total_cell(total([holding()]), field, "eur")


def test_a_name_is_data_never_markup() -> None:
    cell = fragments.name_cell('"><script>', '<img src=x onerror="alert(1)">')
    assert "<script" not in cell
    assert "<img" not in cell
    assert cell.count("<") == 2


@given(st.text(max_size=40), st.text(max_size=40))
def test_ids_are_safe_and_never_alike_for_two_assets(one: str, other: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9_-]*", fragments.dom_id(one))
    assert (fragments.dom_id(one) == fragments.dom_id(other)) == (one == other)


@given(
    st.sampled_from(["index", "index-value", "index-price", "a-share-cost", "value", "-value", "index_2d_value"]),
    st.sampled_from(["index", "index-value", "index-price", "a-share-cost", "value", "-value", "index_2d_value"]),
    st.sampled_from(sorted(fragments.HOLDING)),
    st.sampled_from(sorted(fragments.HOLDING)),
)
def test_no_cell_bears_the_id_of_a_row_or_of_another_cell(one: str, other: str, field: str, second: str) -> None:
    assert fragments.holding_id(one, field) != f"h-{fragments.dom_id(other)}"
    same = fragments.holding_id(one, field) == fragments.holding_id(other, second)
    assert same == ((one, field) == (other, second))


def health(stale: bool, failing: bool = False, as_of: datetime | None = NOW) -> MarketHealth:
    return MarketHealth(NOW, as_of, stale, "Coin<Gecko>", NOW if failing else None, "HTTP 429", None, 60, 7)


def test_the_live_state_tells_age_source_and_what_is_wrong() -> None:
    fresh = fragments.live_state(health(stale=False), 7, NOW + timedelta(seconds=12))
    assert 'id="live-state" data-live="on" data-sequence="7"' in fresh
    assert "12 s ago" in fresh
    assert "Coin&lt;Gecko&gt;" in fresh
    old = fragments.live_state(health(stale=True, failing=True), 7, NOW + timedelta(minutes=4))
    assert 'data-live="stale"' in old
    assert "4 min ago" in old
    assert "isn’t answering. Reminders wait." in old
    assert 'data-live="stale"' in fragments.live_state(health(stale=True, as_of=None), 0, NOW)


def test_templates_write_the_very_cells_that_the_socket_sends() -> None:
    template = Template(
        "{% load tickfolio %}{% market_cell h.asset h.market 'price' 'usd' %}{% holding_cell h 'value' 'usd' %}"
        "{% total_cell t 'profit' 'usd' %}{% name_cell h.asset h.held.name %}{% live_state %}"
        "{{ h.value|money:'usd' }}{{ h.profit_pct|percent }}{{ h.asset|dom_id }}{{ h.held.quantity|quantity }}"
    )
    one = holding()
    totals = total([one])
    assert template.render(Context({"h": one, "t": totals})) == (
        fragments.market_cell("bitcoin", one.market, "price", "usd")
        + fragments.holding_cell(one, "value", "usd")
        + fragments.total_cell(totals, "profit", "usd")
        + fragments.name_cell("bitcoin", "Bitcoin")
        + fragments.live_state_off()
        + "33,706.09▲ +68.53 %bitcoin0.5"
    )
