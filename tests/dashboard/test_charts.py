"""What the charts say: values of one portfolio or all, prices with gaps, the owner's own marks and limits."""

# ruff: noqa: F401, F811 - fixtures are imported

import json
import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client

from accounts.models import User
from dashboard import clock
from dashboard.charts import Point as At
from dashboard.charts import Span, broken, price_chart, value_chart
from dashboard.market.samples import slot
from dashboard.models import Asset, DailyPrice, Portfolio, PriceHistory, PriceSample, Snapshot
from dashboard.recording import create_portfolio
from notifications.reminding import create_reminder
from tests.dashboard.page_world import DAY, ada, bought, coins, make_coin, make_user, page

pytestmark = pytest.mark.django_db


def kept(portfolio: Portfolio, ago: timedelta, value: str, cost: str = "100") -> None:
    Snapshot.objects.create(
        portfolio=portfolio,
        at=clock.now() - ago,
        currency=portfolio.currency,
        value=Decimal(value),
        cost=Decimal(cost),
        profit=Decimal(value) - Decimal(cost),
    )


def sampled(ago: timedelta, usd: str, asset: str = "bitcoin") -> None:
    PriceSample.objects.create(asset_id=asset, at=clock.now() - ago, usd=Decimal(usd), source="CoinGecko")


def test_all_portfolios_together_are_the_sum_at_each_time(ada: User) -> None:
    first, second = Portfolio.objects.get(user=ada), create_portfolio(ada, "Second")
    at = clock.now() - timedelta(hours=5)
    for portfolio, value, cost in ((first, "100.5", "80"), (second, "11", "7")):
        Snapshot.objects.create(
            portfolio=portfolio, at=at, currency="usd", value=Decimal(value), cost=Decimal(cost), profit=Decimal(0)
        )
    kept(first, timedelta(hours=1), "120")
    kept(create_portfolio(make_user("eve"), "Hers"), timedelta(hours=1), "9999")
    chart = value_chart(ada, None, Span.DAY)
    assert [value for _, value in chart.lines[0].known] == [Decimal("111.5"), Decimal(120)]
    assert [value for _, value in chart.lines[1].known] == [Decimal(87), Decimal(100)]
    assert [value for _, value in value_chart(ada, second, Span.DAY).main.known] == [Decimal(11)]


def test_a_chart_begins_with_the_span_that_shows_all_there_is(page: Client, ada: User) -> None:
    def chosen(path: str) -> str:
        found = re.search(r'span=(\w+)[^>]*>?[^>]*aria-current="true"', page.get(path).content.decode())
        assert found
        return found[1]

    portfolio = Portfolio.objects.get(user=ada)
    assert chosen("/charts/value/") == "1m"
    for days, span in ((0.5, "1d"), (3, "1w"), (20, "1m"), (90, "1m")):
        kept(portfolio, timedelta(days=days), "1")
        sampled(timedelta(days=days), "1")
        assert chosen("/charts/value/") == chosen("/assets/bitcoin/chart/") == span
    assert chosen("/charts/value/?span=1y") == "1y"


def test_candles_say_what_happened_within_their_step(ada: User) -> None:
    at = slot(clock.now(), timedelta(minutes=15)) - timedelta(hours=2)
    for minutes, usd in ((1, "10"), (5, "14"), (9, "8"), (14, "12"), (16, "13"), (20, "11"), (61, "20")):
        PriceSample.objects.create(
            asset_id="bitcoin", at=at + timedelta(minutes=minutes), usd=Decimal(usd), source="CoinGecko"
        )
    chart = price_chart(ada, Asset.objects.get(pk="bitcoin"), Span.DAY, as_candles=True)
    told = [[int(price) for price in (c.open, c.high, c.low, c.close)] for c in chart.candles]
    assert told == [[10, 14, 8, 12], [12, 13, 11, 11], [20, 20, 20, 20]]
    assert [c.at - at for c in chart.candles] == [timedelta(minutes=minutes) for minutes in (0, 15, 60)]
    assert chart.data["step"] == 900
    assert chart.main.known


def test_a_stretch_that_was_merged_keeps_its_ends_in_a_candle(ada: User) -> None:
    at = slot(clock.now(), timedelta(hours=2)) - timedelta(days=3)
    PriceSample.objects.create(
        asset_id="bitcoin", at=at + timedelta(minutes=4), usd=5, step=300, first=4, low=2, high=9, source="CoinGecko"
    )
    [candle] = price_chart(ada, Asset.objects.get(pk="bitcoin"), Span.WEEK, as_candles=True).candles
    assert (candle.high, candle.low, candle.close) == (9, 2, 5)


def test_days_make_no_candles_and_the_page_says_so(page: Client, ada: User) -> None:
    for days in (100, 200):
        DailyPrice.objects.create(asset_id="bitcoin", day=clock.now().date() - timedelta(days=days), usd=Decimal(days))
    text = page.get("/assets/bitcoin/chart/?span=1y&style=candles").content.decode()
    assert "makes no candles" in text
    assert "span=1d&style=candles" in text.replace("&amp;", "&")


def test_a_chart_goes_back_as_far_as_its_span(ada: User) -> None:
    portfolio = Portfolio.objects.get(user=ada)
    for days in (400, 100, 20, 3):
        kept(portfolio, timedelta(days=days), str(days))
    told = {span: [int(value) for _, value in value_chart(ada, portfolio, span).main.known] for span in Span}
    assert told == {
        Span.DAY: [],
        Span.WEEK: [3],
        Span.MONTH: [20, 3],
        Span.YEAR: [100, 20, 3],
        Span.ALL: [400, 100, 20, 3],
    }


def test_a_line_is_broken_where_points_are_missing_and_nowhere_else() -> None:
    step, now = timedelta(minutes=5), clock.now()
    steady = [At(now + step * n, Decimal(1)) for n in range(5)]
    assert broken(steady, step) == tuple(steady)
    coarse = [At(now + timedelta(days=n), Decimal(1)) for n in range(5)]
    assert broken(coarse, step) == tuple(coarse)
    late = At(now + step * 20, Decimal(2))
    line = broken([*steady, late], step)
    assert [point.at for point in line if point.value is None] == [now + step * n for n in range(5, 20)]
    assert line[-1] == late


def test_prices_are_daily_ones_before_those_that_were_kept_by_the_minute(ada: User) -> None:
    for days in (4, *range(7, 30)):
        DailyPrice.objects.create(
            asset_id="bitcoin", day=(clock.now() - timedelta(days=days)).date(), usd=Decimal(1000 + days)
        )
    sampled(timedelta(days=5, hours=3), "777")
    sampled(timedelta(hours=3), "888")
    values = [value for _, value in price_chart(ada, Asset.objects.get(pk="bitcoin"), Span.MONTH).main.known]
    assert values[0] in {Decimal(1029), Decimal(1028)}
    assert values[-2:] == [Decimal(777), Decimal(888)]
    assert Decimal(1004) not in values  # there are finer prices of that day


def test_own_trades_average_cost_and_limits_are_marked(ada: User, page: Client) -> None:
    bought(ada, "bitcoin", "2", "40000", timestamp=clock.now() - timedelta(days=2))
    bought(ada, "ethereum", "2", "2000", timestamp=clock.now() - timedelta(days=2))
    bought(make_user("eve"), "bitcoin", "7", "40000", timestamp=clock.now() - timedelta(days=1))
    for kind, asset, limit in (("price_above", "bitcoin", "70000"), ("price_below", "ethereum", "1000")):
        create_reminder(ada, {"kind": kind, "asset": asset, "limit": limit})
    create_reminder(ada, {"kind": "price_below", "asset": "bitcoin", "limit": "30000", "active": False})
    sampled(timedelta(hours=5), "50000")
    sampled(timedelta(hours=3), "51000")
    text = page.get("/assets/bitcoin/chart/?span=1w").content.decode()
    found = re.search(r"<script[^>]*application/json[^>]*>(.*?)</script>", text)
    assert found
    data = json.loads(found[1])
    assert [mark["text"] for mark in data["marks"]] == ["Bought 2"]
    assert [(limit["label"], Decimal(limit["value"])) for limit in data["limits"]] == [
        ("Your average cost", Decimal(40000)),
        ("Remind above", Decimal(70000)),
    ]
    assert [point[1] for point in data["lines"][0]["points"] if point[1]] == ["50000", "51000"]


def test_a_chart_is_also_a_table_with_exact_values(ada: User, page: Client) -> None:
    portfolio = Portfolio.objects.get(user=ada)
    for hours in range(1, 100):
        kept(portfolio, timedelta(hours=hours), f"{hours}.000000000000000001")
    text = page.get("/charts/value/?span=1w").content.decode()
    assert text.count("<tr>") <= 26
    assert 'title="1.000000000000000001"' in text
    assert "application/json" in text


def test_a_balance_has_its_own_limits(ada: User) -> None:
    bought(ada, "bitcoin")
    portfolio = Portfolio.objects.get(user=ada)
    create_reminder(ada, {"kind": "balance_above", "limit": "90000", "currency": "usd"})
    create_reminder(ada, {"kind": "balance_below", "limit": "10", "currency": "usd", "portfolio": portfolio.pk})
    assert [limit.value for limit in value_chart(ada, None, Span.DAY).limits] == [Decimal(90000)]
    assert [limit.value for limit in value_chart(ada, portfolio, Span.DAY).limits] == [Decimal(10)]


def test_a_chart_with_nothing_to_draw_says_so(page: Client) -> None:
    assert "every five minutes" in page.get("/charts/value/").content.decode()
    assert "No prices" in page.get("/assets/bitcoin/chart/?span=nonsense").content.decode()


def test_a_chart_is_for_its_owner_and_spends_no_budget_on_whatever_is_asked(page: Client) -> None:
    foreign = Portfolio.objects.get(user=make_user("eve"))
    assert page.get(f"/charts/value/?portfolio={foreign.pk}").status_code == 404
    assert page.get("/assets/no-such-coin/chart/").status_code == 404
    make_coin("tiny", "tny", "Tiny")
    page.get("/assets/tiny/chart/")
    assert not PriceHistory.objects.filter(asset="tiny").exists()
    page.get("/assets/bitcoin/chart/")
    assert PriceHistory.objects.get(asset="bitcoin").wanted_at is not None
