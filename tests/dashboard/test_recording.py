"""Recording, changing and deleting transactions keeps positions in line, exactly and for everybody's own eyes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from dashboard import clock, recording
from dashboard.drafts import Draft, DraftErrors, check_draft
from dashboard.entries import told
from dashboard.models import Asset, MarketQuote, Portfolio, Position, Transaction
from dashboard.portfolios import overview

pytestmark = pytest.mark.django_db
D = Decimal
DAY = datetime(2024, 1, 10, 12, tzinfo=UTC)


@pytest.fixture
def portfolio() -> Portfolio:
    Asset.objects.create(id="bitcoin", symbol="btc", name="Bitcoin", rank=1)
    Asset.objects.create(id="ethereum", symbol="eth", name="Ethereum", rank=2)
    user = User.objects.create_user("ada", "ada@example.org")
    return recording.create_portfolio(user, "Main")


def buy(amount: str = "1", price: str = "100", **others: Any) -> Draft:
    return Draft(timestamp=DAY, type="buy", asset_id="bitcoin", amount=D(amount), price=D(price), **others)


def sell(amount: str = "1", price: str = "100", **others: Any) -> Draft:
    return replace(buy(amount, price, **others), type="sell", timestamp=DAY + timedelta(days=1))


def position(portfolio: Portfolio, asset: str = "bitcoin") -> Position:
    return Position.objects.get(portfolio=portfolio, asset=asset)


def test_a_purchase_makes_a_position_with_its_fee_in_the_cost(portfolio: Portfolio) -> None:
    recording.record_transactions(portfolio, [buy("2", "100", fee_amount=D("1.5"))])
    held = position(portfolio)
    assert (held.quantity, held.cost, held.invested, held.fees_paid) == (2, D("201.5"), D("201.5"), D("1.5"))


def test_a_sale_realises_the_difference_to_the_average_cost(portfolio: Portfolio) -> None:
    recording.record_transactions(portfolio, [buy("2", "100"), buy("2", "200"), sell("1", "300", fee_amount=D(3))])
    held = position(portfolio)
    assert (held.quantity, held.cost, held.realised) == (3, 450, 147)


def test_the_method_can_change_and_every_figure_follows(portfolio: Portfolio) -> None:
    recording.record_transactions(
        portfolio, [buy("100", "10"), replace(buy("100", "20"), timestamp=DAY + timedelta(hours=1)), sell("100", "25")]
    )
    assert (position(portfolio).cost, position(portfolio).realised) == (1500, 1000)
    portfolio.method = "fifo"
    portfolio.save()
    recording.recompute_portfolio(portfolio)
    assert (position(portfolio).cost, position(portfolio).realised) == (2000, 1500)


def test_a_price_in_another_currency_counts_at_the_rate_of_its_day(portfolio: Portfolio) -> None:
    """The European Central Bank's rate of 10 January 2024 was 1.0946 dollars for a euro."""
    recording.record_transactions(portfolio, [buy("1", "1000", price_currency="eur")])
    assert position(portfolio).cost == D("1094.6")


def test_a_fee_in_the_bought_coin_lowers_what_arrives(portfolio: Portfolio) -> None:
    recording.record_transactions(portfolio, [buy("1", "100", fee_asset_id="bitcoin", fee_amount=D("0.01"))])
    assert (position(portfolio).quantity, position(portfolio).cost) == (D("0.99"), 100)


def test_selling_more_than_is_held_is_recorded_and_flagged_until_the_purchase_is_added(portfolio: Portfolio) -> None:
    recording.record_transactions(portfolio, [sell("0.5", "100")])
    (issue,) = position(portfolio).issues
    assert issue["code"] == "oversold"
    assert "0.5 BTC more left than you had" in told(issue)
    recording.record_transactions(portfolio, [buy("0.5", "80")])
    assert position(portfolio).issues == []
    assert position(portfolio).realised == 10


def test_an_edit_moves_a_transaction_from_one_coin_to_another(portfolio: Portfolio) -> None:
    (row,) = recording.record_transactions(portfolio, [buy()])
    recording.edit_transaction(row, replace(buy("3"), asset_id="ethereum"))
    assert position(portfolio, "ethereum").quantity == 3
    assert not Position.objects.filter(asset="bitcoin").exists()


def test_deleting_the_last_transaction_takes_the_position_away(portfolio: Portfolio) -> None:
    (row,) = recording.record_transactions(portfolio, [buy()])
    recording.delete_transaction(row)
    assert not Position.objects.exists()


def test_of_several_drafts_all_or_none_are_stored(portfolio: Portfolio) -> None:
    with pytest.raises(DraftErrors) as caught:
        recording.record_transactions(portfolio, [buy(), buy("0")])
    assert caught.value.index == 1
    assert not Transaction.objects.exists()


@pytest.mark.parametrize(
    ("change", "field", "sentence"),
    [
        ({"amount": D(0)}, "amount", "above zero"),
        ({"amount": D(-1)}, "amount", "above zero"),
        ({"amount": D("NaN")}, "amount", "Enter a number"),
        ({"amount": D("1e400")}, "amount", "at most 20 digits"),
        ({"amount": D("1e-19")}, "amount", "at most 18 decimals"),
        ({"price": None}, "price", "price per unit"),
        ({"price": D(-1)}, "price", "zero or more"),
        ({"amount": D("9" * 20), "price": D(10)}, "price", "more than can be kept"),
        ({"timestamp": clock.now() + timedelta(days=1)}, "timestamp", "in the future"),
        ({"timestamp": datetime(1999, 1, 1, tzinfo=UTC)}, "timestamp", "after 2 January 2009"),
        ({"timestamp": datetime(2024, 1, 1)}, "timestamp", "time zone"),  # noqa: DTZ001
        ({"asset_id": "no-such-coin"}, "asset_id", "No such coin"),
        ({"asset_id": "usd"}, "asset_id", "No such coin"),
        ({"type": "teleport"}, "type", "Choose one of"),
        ({"price_currency": "doubloon"}, "price_currency", "Choose a currency"),
        ({"fee_amount": D(1), "fee_asset_id": "nothing"}, "fee_asset_id", "No such coin or currency"),
        ({"fee_amount": D(5), "fee_asset_id": "bitcoin"}, "fee_amount", "takes all"),
        ({"wallet": "w" * 61}, "wallet", "at most 60"),
        ({"price_currency": "aed"}, "price_currency", "No exchange rate from AED to USD is known for 10 January 2024"),
    ],
)
def test_what_can_not_be_is_refused_at_its_field(
    portfolio: Portfolio, change: dict[str, Any], field: str, sentence: str
) -> None:
    with pytest.raises(DraftErrors) as caught:
        check_draft(replace(buy(), **change), portfolio, clock.now())
    assert sentence in " ".join(caught.value.errors[field])


def test_a_draft_comes_back_in_its_normal_form(portfolio: Portfolio) -> None:
    draft = check_draft(buy("1.50", wallet=" Kraken\x00 ", fee_amount=D(1), fee_asset_id="EUR"), portfolio, clock.now())
    assert (str(draft.amount), draft.wallet, draft.price_currency, draft.fee_asset_id) == (
        "1.5",
        "Kraken",
        "usd",
        "eur",
    )


def test_the_overview_needs_as_many_queries_for_thirty_coins_as_for_three(portfolio: Portfolio) -> None:
    ids = [f"coin-{n}" for n in range(30)]
    Asset.objects.bulk_create([Asset(id=i, symbol=i, name=i) for i in ids])
    MarketQuote.objects.bulk_create([MarketQuote(asset_id=i, price=D(5), as_of=clock.now()) for i in ids])

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            overview(portfolio.user)
        return len(captured)

    recording.record_transactions(portfolio, [replace(buy(), asset_id=i) for i in ids[:3]])
    overview(portfolio.user)
    for_three = queries()
    recording.record_transactions(portfolio, [replace(buy(), asset_id=i) for i in ids[3:]])
    assert queries() == for_three
    assert overview(portfolio.user).totals.value == 150


def test_portfolios_in_several_currencies_add_up_in_the_users_own(portfolio: Portfolio) -> None:
    from dashboard.models import ExchangeRate

    ExchangeRate.objects.create(code="eur", per_usd=D("0.5"), fetched_at=clock.now())
    MarketQuote.objects.create(asset_id="bitcoin", price=D(100), as_of=clock.now())
    euro = recording.create_portfolio(portfolio.user, "Euro", currency="eur")
    recording.record_transactions(portfolio, [buy("1", "50")])
    recording.record_transactions(euro, [buy("1", "50", price_currency="eur")])
    (holding,) = overview(portfolio.user).holdings
    assert (holding.held.quantity, holding.value, holding.held.cost) == (2, 200, 150)


def test_a_portfolio_whose_currency_has_no_rate_leaves_the_totals_and_says_so(portfolio: Portfolio) -> None:
    MarketQuote.objects.create(asset_id="bitcoin", price=D(100), as_of=clock.now())
    MarketQuote.objects.create(asset_id="ethereum", price=D(10), as_of=clock.now())
    dirham = recording.create_portfolio(portfolio.user, "Dirham", currency="aed")
    recording.record_transactions(portfolio, [buy("1", "50")])
    recording.record_transactions(dirham, [replace(buy("3", "40", price_currency="aed"), asset_id="ethereum")])
    seen = overview(portfolio.user)
    (unknown,) = [holding for holding in seen.holdings if holding.asset == "ethereum"]
    assert (unknown.value, unknown.profit, unknown.average_cost) == (None, None, None)
    assert "counts in AED, for which no exchange rate is known" in unknown.held.issues[0].text
    assert (seen.totals.value, seen.totals.cost, seen.totals.unpriced) == (100, 50, ("ethereum",))


def test_there_is_an_end_to_how_many_portfolios_one_may_have(portfolio: Portfolio) -> None:
    for number in range(2, recording.MOST_PORTFOLIOS + 1):
        recording.create_portfolio(portfolio.user, f"Number {number}")
    with pytest.raises(recording.TooMany, match="50 portfolios"):
        recording.create_portfolio(portfolio.user, "One more")
