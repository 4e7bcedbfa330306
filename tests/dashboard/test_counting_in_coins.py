"""Counting in bitcoin or ether: what is worth what now and then, what it cost, and what nobody can know."""

# ruff: noqa: F401, F811 - fixtures are imported

from datetime import UTC, datetime, timedelta
from decimal import Decimal, localcontext
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User, issue_token
from dashboard import clock
from dashboard.analysing import prices_by_day
from dashboard.backfill import working
from dashboard.backfill.reading import daily_worth
from dashboard.charts import Span, price_chart, value_chart
from dashboard.drafts import Draft, DraftErrors
from dashboard.live.boards import Page, View
from dashboard.live.loading import contents_of, picture_market
from dashboard.market.currencies import Exchange, rate, rates_of_money, todays_rates, unit_of
from dashboard.market.history import Past
from dashboard.models import (
    Asset,
    DailyPrice,
    ExchangeRate,
    MarketQuote,
    Portfolio,
    Position,
    PriceHistory,
    PriceSample,
    Snapshot,
    Transaction,
)
from dashboard.money import WIDE, quantize, quantize_price
from dashboard.portfolios import market_table, overview
from dashboard.recording import change_portfolio, create_portfolio, record_transactions, revalue
from dashboard.snapshots import take_snapshots
from dashboard.watching import counted_in, watched_assets
from dashboard.working import working_of
from tests.dashboard.page_world import DAY, ada, bought, coins, make_coin, make_user, page

pytestmark = pytest.mark.django_db
D = Decimal


@pytest.fixture
def in_bitcoin(ada: User) -> User:
    """Ada counts in bitcoin, and so does her portfolio."""
    ada.currency = "btc"
    ada.save()
    Portfolio.objects.filter(user=ada).update(currency="btc")
    return ada


def day_price(asset: str, day: datetime, usd: str) -> None:
    DailyPrice.objects.create(asset_id=asset, day=day.date(), usd=D(usd))


def quoted(asset: str, **facts: Any) -> None:
    MarketQuote.objects.filter(pk=asset).update(**{name: D(value) for name, value in facts.items()})


# Now -----------------------------------------------------------------------------------------------------------------


def test_a_bitcoin_is_worth_exactly_one_whatever_its_price(in_bitcoin: User) -> None:
    bought(in_bitcoin, "bitcoin", "0.1", "1")
    for price in ("50000", "67412.18", "0.3", "98765.432109876543210987"):
        quoted("bitcoin", price=price)
        [holding] = overview(in_bitcoin).holdings
        assert holding.market.price == 1
        assert overview(in_bitcoin).totals.value == D("0.1")


def test_another_coin_moves_when_either_does(in_bitcoin: User) -> None:
    bought(in_bitcoin, "ethereum", "3", "0.05")
    quoted("ethereum", price="2500")
    assert overview(in_bitcoin).totals.value == D("0.15")
    quoted("bitcoin", price="25000")
    assert overview(in_bitcoin).totals.value == D("0.3")
    assert overview(in_bitcoin).totals.profit == D("0.15")


def test_changes_are_those_against_bitcoin(in_bitcoin: User) -> None:
    quoted("bitcoin", change_24h="25", change_7d="-10")
    quoted("ethereum", change_24h="-25", change_7d="-10")
    markets = {row.asset.pk: row.market for row in market_table("btc")}
    assert (markets["bitcoin"].change_24h, markets["bitcoin"].change_7d) == (0, 0)
    assert (markets["ethereum"].change_24h, markets["ethereum"].change_7d) == (-40, 0)
    assert markets["ethereum"].change_1h is None


def test_a_price_is_as_old_as_the_older_of_the_two(in_bitcoin: User) -> None:
    old = clock.now() - timedelta(hours=2)
    MarketQuote.objects.filter(pk="bitcoin").update(as_of=old)
    market = next(row.market for row in market_table("btc") if row.asset.pk == "ethereum")
    assert (market.as_of, market.stale) == (old, True)
    assert not next(row.market for row in market_table("usd") if row.asset.pk == "ethereum").stale


def test_without_a_price_of_bitcoin_nothing_has_one(in_bitcoin: User) -> None:
    bought(in_bitcoin, "ethereum", "1", "0.05")
    MarketQuote.objects.filter(pk="bitcoin").update(price=None)
    assert overview(in_bitcoin).totals.unpriced == ("ethereum",)


def test_a_tiny_price_keeps_its_digits() -> None:
    with localcontext(WIDE):
        price = D("0.000000001234567891") / D("67412.18")
    assert quantize_price(price) == D("0.0000000000000183137215")
    assert quantize_price(D("1.5")) == quantize(D("1.5"))


def test_portfolios_of_money_and_of_coins_are_counted_together(ada: User) -> None:
    """In dollars and in bitcoin the same, at the price of now."""
    bought(ada, "ethereum", "1", "1000")
    second = create_portfolio(ada, "Coins", "btc")
    record_transactions(second, [Draft(DAY, "buy", "ethereum", D(1), price=D("0.02"))])
    quoted("ethereum", price="2500")
    in_dollars = overview(ada).totals
    assert (in_dollars.value, in_dollars.cost) == (5000, 2000)
    ada.currency = "btc"
    in_bitcoin = overview(ada).totals
    assert (in_bitcoin.value, in_bitcoin.cost, in_bitcoin.profit) == (D("0.1"), D("0.04"), D("0.06"))


def test_rates_between_coins_and_money_follow_from_prices(ada: User) -> None:
    ExchangeRate.objects.create(code="eur", per_usd=D("0.8"), fetched_at=clock.now())
    quoted("ethereum", price="2500")
    assert rate("btc", "usd") == 50000
    assert rate("BTC", "eur") == 40000
    assert rate("btc", "eth") == 20
    assert rate("eth", "btc") == D("0.05")
    assert "btc" not in rates_of_money().units
    with CaptureQueriesContext(connection) as queries:
        todays_rates()
    assert len(queries) == 1


def test_pages_say_it_with_eight_decimals_and_all_digits_on_hover(page: Client, in_bitcoin: User) -> None:
    bought(in_bitcoin, "ethereum", "3", "0.05")
    html = page.get("/").content.decode()
    assert 'data-value="0.05001" title="0.05001, CoinGecko" class="num" ' in html
    assert ">0.05001000</span>" in html
    assert "Price, BTC" in html
    assert ">0.15003000</span>" in html
    shown = page.get("/assets/ethereum/").content.decode()
    assert "Highs and lows are known in money only, not in BTC." in shown
    assert page.get("/market/").status_code == page.get("/analysis/").status_code == 200


def test_the_api_counts_in_it(ada: User) -> None:
    headers = {"authorization": f"Bearer {issue_token(ada)}"}
    client = Client()
    made = client.post("/api/v1/portfolios", {"name": "Coins", "currency": "BTC"}, "application/json", headers=headers)
    assert made.json()["currency"] == "btc"
    path = f"/api/v1/portfolios/{made.json()['id']}"
    sent = {"timestamp": "2024-01-10T12:00:00Z", "type": "buy", "asset_id": "ethereum", "amount": "2", "price": "0.05"}
    stored = client.post(f"{path}/transactions", sent, "application/json", headers=headers)
    assert (stored.status_code, stored.json()["price_currency"]) == (201, "btc")
    [position] = client.get(path, headers=headers).json()["positions"]
    assert (position["price"], position["value"], position["cost_basis"]) == ("0.05001", "0.10002", "0.1")
    User.objects.filter(pk=ada.pk).update(currency="btc")
    coin = client.get("/api/v1/assets/ethereum", headers=headers).json()
    assert (coin["currency"], coin["price"], coin["ath"], coin["high_24h"]) == ("btc", "0.05001", None, None)


# Live pages ----------------------------------------------------------------------------------------------------------


def test_pages_whose_money_moves_with_a_price_keep_what_is_held_in_its_own_currency(ada: User) -> None:
    bought(ada, "ethereum", "1", "1000")
    held = contents_of([Page(ada.pk)])[Page(ada.pk)]
    assert (held.held[0].cost, held.floating) == (1000, ())
    User.objects.filter(pk=ada.pk).update(currency="btc")
    floating = contents_of([Page(ada.pk)])[Page(ada.pk)]
    assert (floating.held, [(code, one.cost) for code, one in floating.floating]) == ((), [("usd", 1000)])
    [portfolio] = Portfolio.objects.of(ada)
    alone = Page(ada.pk, portfolio=portfolio.pk)
    assert contents_of([alone])[alone].floating == ()
    assert contents_of([Page(ada.pk, View.MARKET)])[Page(ada.pk, View.MARKET)].currency == "btc"


def test_the_picture_of_the_market_has_rates_that_stand_still(coins: None) -> None:
    before = picture_market().rates
    quoted("bitcoin", price="51000")
    assert picture_market().rates == before


def test_coins_that_somebody_counts_in_are_fetched(ada: User) -> None:
    assert counted_in() == set()
    create_portfolio(ada, "Ether", "eth")
    assert watched_assets() == {"ethereum"}
    User.objects.filter(pk=ada.pk).update(currency="btc")
    assert watched_assets() == {"bitcoin", "ethereum"}


# What it cost --------------------------------------------------------------------------------------------------------


def test_a_purchase_in_dollars_counts_at_the_coins_price_of_its_day(in_bitcoin: User) -> None:
    day_price("bitcoin", DAY, "40000")
    bought(in_bitcoin, "ethereum", "2", "1000", price_currency="usd", fee_amount=D(20))
    position = Position.objects.get(asset="ethereum")
    assert (position.cost, position.issues) == (D("0.0505"), [])
    assert Exchange("btc").rate("usd", DAY) == D("0.000025")


def test_a_trade_of_bitcoin_itself_says_its_rate(in_bitcoin: User) -> None:
    """Whatever the price of the day: who buys one bitcoin has paid one, and the fee at the trade's own price."""
    day_price("bitcoin", DAY, "38000")
    bought(in_bitcoin, "bitcoin", "2", "40000", price_currency="usd", fee_amount=D(400))
    bitcoin = Position.objects.get(asset="bitcoin")
    assert (bitcoin.cost, bitcoin.fees_paid) == (D("2.01"), D("0.01"))
    swapped = Draft(
        DAY + timedelta(hours=1), "swap", "bitcoin", D("0.5"), counter_asset_id="ethereum", counter_amount=D(8)
    )
    record_transactions(in_bitcoin.portfolios.get(), [swapped])
    assert Position.objects.get(asset="ethereum").cost == D("0.5")
    shown = working_of(in_bitcoin.portfolios.get(), bitcoin.asset)

    told = {(rate.from_code, rate.rate, rate.source) for rate in shown.rates}
    assert told == {("usd", D("0.000025"), "the trade itself")}


def test_what_lacks_a_rate_is_flagged_wanted_and_made_good_when_prices_come(in_bitcoin: User) -> None:
    bought(in_bitcoin, "ethereum", "2", "1000", price_currency="usd")
    position = Position.objects.get(asset="ethereum")
    assert (position.cost, [issue["code"] for issue in position.issues]) == (0, ["no_value"])
    assert set(PriceHistory.objects.values_list("pk", flat=True)) >= {"bitcoin", "ethereum"}
    day_price("bitcoin", DAY, "40000")
    revalue("bitcoin")
    position.refresh_from_db()
    assert (position.cost, position.issues) == (D("0.05"), [])


def test_a_fee_in_money_that_nobody_can_convert_is_flagged(in_bitcoin: User) -> None:
    bought(in_bitcoin, "ethereum", "2", "0.05")
    moved = Draft(
        DAY + timedelta(days=1),
        "transfer",
        "ethereum",
        D(1),
        to_wallet="Safe",
        fee_amount=D(5),
        fee_asset_id="usd",
    )
    record_transactions(in_bitcoin.portfolios.get(), [moved])
    position = Position.objects.get(asset="ethereum")
    assert (position.fees, [issue["code"] for issue in position.issues]) == (0, ["no_value"])
    day_price("bitcoin", DAY + timedelta(days=1), "40000")
    revalue("bitcoin")
    position.refresh_from_db()
    assert (position.fees, position.issues) == (D("0.000125"), [])


def test_a_price_stated_in_bitcoin_counts_in_a_portfolio_of_dollars(ada: User) -> None:
    bought(ada, "ethereum", "10", "0.05", price_currency="btc")
    assert Position.objects.get().issues[0]["code"] == "no_value"
    assert PriceHistory.objects.filter(pk="bitcoin", wanted_at__isnull=False).exists()
    day_price("bitcoin", DAY, "40000")
    revalue("bitcoin")
    assert Position.objects.get().cost == 20000


def test_money_whose_own_rate_is_unknown_is_still_refused(in_bitcoin: User) -> None:
    with pytest.raises(DraftErrors, match="No exchange rate from AED to BTC"):
        bought(in_bitcoin, "ethereum", "1", "100", price_currency="aed")


def test_bitcoin_is_a_coin_where_coins_are_asked_for(in_bitcoin: User) -> None:
    with pytest.raises(DraftErrors, match="asset_id"):
        bought(in_bitcoin, "btc")
    assert not Position.objects.exists()


def test_a_portfolio_changes_to_bitcoin_and_back(ada: User) -> None:
    day_price("bitcoin", DAY, "40000")
    bought(ada, "ethereum", "2", "1000")
    portfolio = Portfolio.objects.get()
    change_portfolio(portfolio, currency="btc")
    assert Position.objects.get().cost == D("0.05")
    change_portfolio(portfolio, currency="usd")
    assert Position.objects.get().cost == 2000


def test_only_stored_prices_of_whole_days_are_settled(coins: None) -> None:
    day_price("bitcoin", DAY, "40000")
    next_day = DAY + timedelta(days=1)
    PriceSample.objects.create(asset_id="bitcoin", at=next_day, usd=D(42000), source="CoinGecko")
    exchange = Exchange("btc")
    assert exchange.rate("usd", DAY) == D("0.000025")
    assert exchange.settled(next_day)
    rate_of_sample = exchange.rate("usd", next_day - timedelta(hours=3))
    assert rate_of_sample is not None
    assert quantize(rate_of_sample * 42000) == 1
    assert not exchange.settled(next_day)
    assert exchange.settled(DAY)
    assert exchange.rate("usd", DAY - timedelta(days=1)) is None
    assert Past("btc").worth("bitcoin", D("0.3"), DAY - timedelta(days=900)) == D("0.3")


# Over time -----------------------------------------------------------------------------------------------------------


def sampled(asset: str, at: datetime, usd: str) -> None:
    PriceSample.objects.create(asset_id=asset, at=at, usd=D(usd), low=D(usd) / 2, high=D(usd) * 2, source="CoinGecko")


def test_a_chart_of_bitcoin_in_bitcoin_is_level(in_bitcoin: User) -> None:
    now = clock.now()
    for hours, usd in ((20, "41000"), (10, "39000.5"), (1, "50123.45")):
        sampled("bitcoin", now - timedelta(hours=hours), usd)
        sampled("ethereum", now - timedelta(hours=hours) + timedelta(seconds=30), "2000")
    chart = price_chart(in_bitcoin, Asset.objects.get(pk="bitcoin"), Span.DAY, as_candles=True)
    assert {value for _, value in chart.main.known} == {D(1)}
    assert {(candle.open, candle.high, candle.low, candle.close) for candle in chart.candles} == {(D(1),) * 4}
    other = price_chart(in_bitcoin, Asset.objects.get(pk="ethereum"), Span.DAY)
    with localcontext(WIDE):
        expected = [quantize(2000 / D(usd)) for usd in ("41000", "39000.5", "50123.45")]
    assert [value for _, value in other.main.known] == expected


def test_snapshots_in_dollars_are_told_in_bitcoin_at_its_price_of_then(ada: User) -> None:
    now = clock.now()
    for hours, usd in ((20, "40000"), (10, "50000")):
        at = now - timedelta(hours=hours)
        sampled("bitcoin", at - timedelta(minutes=1), usd)
        Snapshot.objects.create(
            portfolio=Portfolio.objects.get(), at=at, currency="usd", value=D(1000), cost=D(500), profit=D(500)
        )
    ada.currency = "btc"
    chart = value_chart(ada, None, Span.DAY)
    assert [value for _, value in chart.main.known] == [D("0.025"), D("0.02")]
    assert [value for _, value in chart.lines[1].known] == [D("0.0125"), D("0.01")]


def test_what_a_chart_asks_does_not_grow_with_its_points(ada: User) -> None:
    ExchangeRate.objects.create(code="eur", per_usd=D("0.8"), fetched_at=clock.now())
    portfolio = Portfolio.objects.get()
    ada.currency = "btc"

    def asked(first: int, last: int) -> int:
        for minutes in range(first, last):
            Snapshot.objects.create(
                portfolio=portfolio,
                at=clock.now() - timedelta(minutes=10 * minutes),
                currency="eur",
                value=D(40000),
                cost=D(500),
                profit=D(500),
            )
        with CaptureQueriesContext(connection) as queries:
            chart = value_chart(ada, None, Span.DAY)
        assert {value for _, value in chart.main.known} == {D(1)}
        return len(queries)

    with time_machine.travel(clock.now().replace(hour=12), tick=False):
        asked(1, 2)  # which makes the one row of the market's state
        assert asked(2, 4) == asked(4, 40)


def test_a_snapshot_of_a_portfolio_in_bitcoin_is_what_the_page_says(in_bitcoin: User) -> None:
    bought(in_bitcoin, "ethereum", "3", "0.05")
    assert take_snapshots() == 1
    totals = overview(in_bitcoin).totals
    assert Snapshot.objects.values_list("currency", "value", "profit").get() == ("btc", totals.value, totals.profit)


def test_days_are_valued_in_bitcoin_by_stored_prices(in_bitcoin: User) -> None:
    begin = datetime(2024, 2, 1, 9, tzinfo=UTC)
    with time_machine.travel(begin + timedelta(days=4), tick=False):
        for number, (bitcoin, ether) in enumerate((("40000", "2000"), ("50000", "2000"), ("40000", "2200"))):
            day_price("bitcoin", begin + timedelta(days=number), bitcoin)
            day_price("ethereum", begin + timedelta(days=number), ether)
        bought(in_bitcoin, "ethereum", "2", "0.05", timestamp=begin)
        bought(in_bitcoin, "bitcoin", "1", "1", timestamp=begin)
        portfolio = Portfolio.objects.get()
        working.work_on(portfolio.pk)
        told = {each.at.day: each.value for each in daily_worth(Portfolio.objects.all(), "btc")}
        assert [told[day] for day in (2, 3, 4)] == [D("1.08"), D("1.11"), None]
        assert prices_by_day("bitcoin", "btc", begin.date(), begin.date() + timedelta(days=2)).keys() == {
            begin.date() + timedelta(days=number) for number in range(3)
        }
        assert set(prices_by_day("bitcoin", "btc", begin.date(), begin.date() + timedelta(days=2)).values()) == {D(1)}
        assert portfolio.value_history.missing["bitcoin"][0] == "2024-02-04"
        day_price("bitcoin", begin + timedelta(days=3), "44000")
        day_price("ethereum", begin + timedelta(days=3), "2200")
        working.mark_priced("bitcoin")
        working.work_on(portfolio.pk)
        told = {each.at.day: each.value for each in daily_worth(Portfolio.objects.all(), "btc")}
        assert told[4] == D("1.1")
        in_dollars = {each.at.day: each.value for each in daily_worth(Portfolio.objects.all(), "usd")}
        assert in_dollars[3] == 44400


def test_what_it_takes_to_count_in_bitcoin_does_not_grow_with_rows(in_bitcoin: User) -> None:
    bought(in_bitcoin, "ethereum", "1", "0.05")
    overview(in_bitcoin)  # which makes the one row of the market's state
    with CaptureQueriesContext(connection) as few:
        overview(in_bitcoin)
    for number in range(20):
        make_coin(f"coin-{number}", f"c{number}", f"Coin {number}", price="3")
        bought(in_bitcoin, f"coin-{number}", "1", "0.05")
    with CaptureQueriesContext(connection) as many:
        overview(in_bitcoin)
    assert len(many) == len(few)
    assert unit_of("usd").coin is None
