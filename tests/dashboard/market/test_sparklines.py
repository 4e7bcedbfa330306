"""The small charts: drawn of what the source states, asked for once in a while, and never in anybody's way."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine

from accounts.models import User
from dashboard import clock
from dashboard.market.sparklines import EVERY, HEIGHT, POINTS, WIDTH, draw, refresh_sparklines, sparklines
from dashboard.models import Asset, MarketState, Position, Sparkline
from dashboard.recording import create_portfolio
from tests.fakes.coingecko import FakeCoinGecko


def points(path: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in re.findall(r"(\d[\d.]*) (\d[\d.]*)", path)]


def test_the_line_goes_from_edge_to_edge_and_upwards_is_more() -> None:
    drawn = points(draw([Decimal(1), Decimal(2), Decimal(4)]))
    assert [x for x, _ in drawn] == [0, WIDTH / 2, WIDTH]
    heights = [y for _, y in drawn]
    assert heights == sorted(heights, reverse=True)
    assert all(0 < y < HEIGHT for y in heights)


def test_many_prices_become_few_points_the_first_and_the_last_among_them() -> None:
    prices = [Decimal(1)] + [Decimal(2)] * 166 + [Decimal(3)]
    drawn = points(draw(prices))
    assert len(drawn) == POINTS
    assert drawn[0][1] > drawn[20][1] > drawn[-1][1]


def test_a_price_that_rests_is_a_level_line_and_one_alone_is_none() -> None:
    assert {y for _, y in points(draw([Decimal("0.00000001")] * 9))} == {HEIGHT / 2}
    assert draw([Decimal(1)]) == draw([]) == ""


@pytest.fixture
def held(fake: FakeCoinGecko, db: None) -> None:
    portfolio = create_portfolio(User.objects.create_user("ada", "ada@example.org"), "Main")
    for asset in ("bitcoin", "ethereum", "unknown-coin"):
        Asset.objects.create(id=asset, symbol=asset[:3], name=asset.title())
        Position.objects.create(
            portfolio=portfolio,
            asset_id=asset,
            **{name: Decimal(1) for name in ("quantity", "cost", "realised", "income", "fees", "invested")},
            ever_invested=Decimal(1),
            fees_paid=Decimal(0),
        )
    MarketState.objects.create(pk=1)
    fake.set_price("bitcoin", "50000", sparkline_in_7d={"price": [Decimal(40000), None, "NaN", Decimal(50000)]})
    fake.set_price("ethereum", "2000")


def test_held_coins_get_one_by_one_call_and_are_left_alone_for_hours(fake: FakeCoinGecko, held: None) -> None:
    assert refresh_sparklines() == 2
    assert refresh_sparklines() == 0
    assert fake.requests["/coins/markets"] == 1
    assert MarketState.objects.get().calls == 1
    found = sparklines(["bitcoin", "ethereum", "unknown-coin"])
    assert set(found) == {"bitcoin", "ethereum"}
    assert found["bitcoin"].rises
    Sparkline.objects.update(asked_at=clock.now() - EVERY - timedelta(seconds=1))
    assert refresh_sparklines() == 2


def test_a_source_that_fails_is_asked_again_in_minutes_and_what_is_drawn_stays(fake: FakeCoinGecko, held: None) -> None:
    refresh_sparklines()
    Sparkline.objects.update(asked_at=clock.now() - EVERY - timedelta(seconds=1))
    fake.fail("500")
    assert refresh_sparklines() == 0
    assert len(sparklines(["bitcoin", "ethereum"])) == 2
    fake.heal()
    assert refresh_sparklines() == 0
    with time_machine.travel(clock.now() + timedelta(minutes=11)):
        assert refresh_sparklines() == 2


def test_where_nothing_is_held_nobody_is_asked(fake: FakeCoinGecko, held: None) -> None:
    Position.objects.update(quantity=Decimal(0))
    assert refresh_sparklines() == 0
    assert not fake.requests
