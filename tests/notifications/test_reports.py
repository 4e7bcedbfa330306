"""What a report says, to the letter; and that it never hides what it does not know."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from dashboard import clock
from dashboard.models import Asset, ExchangeRate, MarketQuote, Portfolio, Position
from notifications.reports import LONGEST, report_of
from tests.notifications.conftest import Market, coin

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 5, 3, 6, 0, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def now() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


def hold(portfolio: Portfolio, asset: str, quantity: str, **amounts: str) -> None:
    money = dict.fromkeys(["cost", "realised", "income", "fees", "invested", "ever_invested", "fees_paid"], "0")
    money |= {"ever_invested": amounts.get("cost", "0")} | amounts
    figures = {name: Decimal(amount) for name, amount in money.items()}
    Position.objects.create(portfolio=portfolio, asset=coin(asset), quantity=Decimal(quantity), **figures)


def quote(market: Market, asset: str, price: str | None, change: str | None = None, age: int = 40) -> None:
    market.set(asset, price, as_of=NOW - timedelta(seconds=age), check=False)
    MarketQuote.objects.filter(asset_id=asset).update(change_24h=None if change is None else Decimal(change))


@pytest.fixture
def held(market: Market, portfolio: Portfolio) -> Portfolio:
    """0.5 BTC at 60,000, 4 ETH at 2,500, 1,000 SOL at 10; something sold, some income."""
    hold(portfolio, "bitcoin", "0.5", cost="20000", invested="20000")
    hold(portfolio, "ethereum", "4", cost="12000", invested="11900", income="100")
    hold(portfolio, "solana", "1000", cost="9000", invested="9000")
    hold(portfolio, "doge", "0", realised="345.67", fees="1.5", ever_invested="1000")
    quote(market, "bitcoin", "60000", "2")
    quote(market, "ethereum", "2500", "-2", age=55)
    quote(market, "solana", "10", "0")
    return portfolio


SHORT = """\
All portfolios: 50,000.00 USD, ▲ +384.15 (+0.77 %) in 24 h.
Profit ▲ +9,444.17 USD (+22.49 %): unrealised ▲ +9,000.00, realised ▲ +345.67, income 100.00, fees 1.50.
Largest: BTC 60.00 %, ETH 20.00 %, SOLAN 20.00 %.
24 h: best BTC ▲ +2.00 %, worst ETH ▼ −2.00 %.
Prices from CoinGecko: the oldest 55 s ago."""

DETAILS = """\
As of 08:00 on 3 May 2026 (Europe/Berlin).

Bitcoin (BTC): 0.5 at 60,000.00 = 30,000.00 (60.00 %, 24 h ▲ +2.00 %, profit ▲ +10,000.00 (+50.00 %))
Ethereum (ETH): 4 at 2,500.00 = 10,000.00 (20.00 %, 24 h ▼ −2.00 %, profit ▼ −1,900.00 (−15.83 %))
Solana (SOLAN): 1,000 at 10.00 = 10,000.00 (20.00 %, 24 h 0.00 %, profit ▲ +1,000.00 (+11.11 %))
Sold altogether: DOGE

Value: 50,000.00 USD
Cost of what is held: 41,000.00
Unrealised: ▲ +9,000.00
Realised: ▲ +345.67
Income: 100.00
Fees: 1.50
Profit: ▲ +9,444.17 (+22.49 %)"""


def test_a_report_tells_balance_and_profit(user: User, held: Portfolio) -> None:
    report = report_of(user, None, NOW)
    assert report.title == "All portfolios: 50,000.00 USD"
    assert report.text == SHORT
    assert report.details == DETAILS


def test_a_report_on_one_portfolio_is_in_its_currency(user: User, held: Portfolio, market: Market) -> None:
    other = Portfolio.objects.create(user=user, name="Savings", currency="eur")
    hold(other, "bitcoin", "1", cost="1")
    ExchangeRate.objects.create(code="eur", per_usd=Decimal("0.5"), fetched_at=NOW)
    report = report_of(user, other, NOW)
    assert report.title == "Savings: 30,000.00 EUR"
    assert report.text.startswith("Savings: 30,000.00 EUR, ▲ +588.24 (+2.00 %) in 24 h.\n")
    assert "Largest" not in report.text
    assert report_of(user, None, NOW).title == "All portfolios: 110,000.00 USD"


def test_old_prices_count_and_are_named(user: User, held: Portfolio, market: Market) -> None:
    quote(market, "ethereum", "2500", "-2", age=3 * 3600)
    report = report_of(user, None, NOW)
    assert "All portfolios: 50,000.00 USD" in report.text
    assert "24 h: best BTC ▲ +2.00 %, worst SOLAN 0.00 %." in report.text
    assert report.text.endswith("Prices from CoinGecko: the oldest 40 s ago.\nCounted at an old price: ETH (3 h ago).")
    assert "profit ▼ −1,900.00 (−15.83 %), old price)" in report.details


def test_what_has_no_price_is_left_out_and_named(user: User, held: Portfolio, market: Market) -> None:
    quote(market, "solana", None)
    report = report_of(user, None, NOW)
    assert report.title == "All portfolios: 40,000.00 USD"
    assert report.text.endswith("Left out, because no value is known: SOLAN.")
    assert "Solana (SOLAN): 1,000, value unknown" in report.details


def test_without_any_price_no_balance_is_claimed(user: User, portfolio: Portfolio) -> None:
    hold(portfolio, "bitcoin", "1", cost="5")
    report = report_of(user, None, NOW)
    assert report.title == "All portfolios: balance unknown"
    assert report.text == (
        "All portfolios: the balance is unknown, because no price is known for what is held.\n"
        "Left out, because no value is known: BTC."
    )


def test_nothing_held_is_said_so(user: User, portfolio: Portfolio) -> None:
    report = report_of(user, None, NOW)
    assert report.text == "All portfolios: nothing is held yet."
    assert report.details == ""
    hold(portfolio, "bitcoin", "0", realised="-20", ever_invested="100")
    assert report_of(user, None, NOW).text == (
        "All portfolios: 0.00 USD; everything is sold.\n"
        "Profit ▼ −20.00 USD (−20.00 %): unrealised 0.00, realised ▼ −20.00."
    )


def test_an_unknown_change_is_not_shown_as_none(user: User, portfolio: Portfolio, market: Market) -> None:
    hold(portfolio, "bitcoin", "1", cost="5")
    quote(market, "bitcoin", "10")
    text = report_of(user, None, NOW).text
    assert text.startswith("All portfolios: 10.00 USD; how it changed in 24 h is not known.\n")


def test_the_largest_figures_and_longest_names_fit_into_a_message(user: User, market: Market) -> None:
    portfolio = Portfolio.objects.create(user=user, name="N" * 60, currency="idr")
    ExchangeRate.objects.create(code="idr", per_usd=Decimal(15000), fetched_at=NOW)
    for number in range(60):
        asset = Asset.objects.create(id=f"coin-{number}", symbol="s" * 60, name="n" * 200)
        amounts = {"cost": "9e18", "realised": "-9e18", "income": "9e18", "fees": "9e18", "invested": "9e18"}
        hold(portfolio, asset.pk, "999999999999", **amounts)
        if number % 2:
            quote(market, asset.pk, "99999.99", "-12.34", age=40 if number % 4 == 1 else 9999)
    report = report_of(user, portfolio, NOW)
    assert len(report.title) <= 300
    assert len(report.text) <= LONGEST
    assert "Left out, because no value is known: " in report.text
    assert report.text.endswith(" and 24 more.")


def test_a_report_takes_as_many_queries_for_many_holdings(
    user: User, portfolio: Portfolio, market: Market, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(30):
        hold(portfolio, f"coin-{number}", "1", cost="1")
        quote(market, f"coin-{number}", "1", "1")
    with django_assert_max_num_queries(4):
        report_of(user, None, clock.now())
