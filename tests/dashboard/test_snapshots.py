"""What portfolios were worth over time: taken while prices are fresh, thinned as they age, told by the API."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from dashboard import clock
from dashboard.drafts import Draft
from dashboard.models import Asset, MarketQuote, Portfolio, Snapshot
from dashboard.portfolios import overview
from dashboard.recording import change_portfolio, create_portfolio, record_transactions
from dashboard.snapshots import series, take_snapshots, thin_snapshots
from tests.dashboard.api.client import ApiClient, body, faults

pytestmark = pytest.mark.django_db
D = Decimal
DAY = datetime(2024, 3, 1, 10, 2, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def at_noon() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(DAY, tick=False) as traveller:
        yield traveller


@pytest.fixture
def ada(db: None) -> User:
    for asset_id, price in (("bitcoin", "60000.5"), ("ethereum", "3000"), ("dogecoin", None)):
        asset = Asset.objects.create(id=asset_id, symbol=asset_id[:3], name=asset_id.title())
        MarketQuote.objects.create(asset=asset, price=price and D(price), as_of=clock.now(), source="CoinGecko")
    return User.objects.create_user("ada", "ada@example.org")


@pytest.fixture
def portfolio(ada: User) -> Portfolio:
    return create_portfolio(ada, "Main")


def bought(portfolio: Portfolio, asset: str = "bitcoin", amount: str = "2", kind: str = "buy") -> None:
    at = DAY - timedelta(days=30 if kind == "buy" else 20)
    record_transactions(portfolio, [Draft(at, kind, asset, D(amount), price=D(100))])


def test_a_snapshot_is_what_the_dashboard_shows(ada: User, portfolio: Portfolio) -> None:
    bought(portfolio)
    bought(portfolio, "ethereum")
    bought(portfolio, "ethereum", kind="sell")
    bought(portfolio, "dogecoin")
    assert take_snapshots() == 1
    (taken,) = Snapshot.objects.all()
    totals = overview(ada, portfolio).totals
    assert (taken.value, taken.cost, taken.profit) == (totals.value, totals.cost, totals.profit)
    assert (taken.at, taken.currency) == (datetime(2024, 3, 1, 10, 0, tzinfo=UTC), "usd")


def test_a_portfolio_in_another_currency_is_counted_in_it(ada: User) -> None:
    euros = create_portfolio(ada, "Euros", currency="eur")
    bought(euros)
    take_snapshots()
    taken = Snapshot.objects.get()
    assert taken.currency == "eur"
    assert taken.value == overview(ada, euros).totals.value


def test_one_is_taken_in_five_minutes_however_often_it_is_rung(
    portfolio: Portfolio, at_noon: time_machine.Traveller
) -> None:
    bought(portfolio)
    assert [take_snapshots(), take_snapshots()] == [1, 0]
    at_noon.shift(timedelta(minutes=2))
    assert take_snapshots() == 0
    at_noon.shift(timedelta(minutes=1))
    MarketQuote.objects.update(as_of=clock.now())
    assert take_snapshots() == 1


def test_none_is_taken_while_prices_are_old_or_nothing_is_held(
    portfolio: Portfolio, at_noon: time_machine.Traveller
) -> None:
    assert take_snapshots() == 0
    bought(portfolio)
    at_noon.shift(timedelta(hours=1))
    assert take_snapshots() == 0


def test_a_pass_asks_as_often_for_many_portfolios_as_for_one(ada: User, portfolio: Portfolio) -> None:
    def queries() -> int:
        Snapshot.objects.all().delete()
        with CaptureQueriesContext(connection) as asked:
            take_snapshots()
        return len(asked)

    bought(portfolio)
    queries()
    few = queries()
    for number in range(15):
        bought(create_portfolio(ada, f"Portfolio {number}", currency="eur" if number % 2 else "usd"), "ethereum")
    assert queries() == few
    assert Snapshot.objects.count() == 16


def kept(portfolio: Portfolio, start: datetime, count: int, apart: timedelta, value: int = 1) -> None:
    Snapshot.objects.bulk_create(
        Snapshot(
            portfolio=portfolio, at=start + apart * n, currency="usd", value=D(value), cost=D(2), profit=D(3)
        )
        for n in range(count)
    )  # fmt: skip


def test_snapshots_thin_as_they_age(ada: User, portfolio: Portfolio) -> None:
    other = create_portfolio(ada, "Other")
    minutes = timedelta(minutes=5)
    day = datetime(2024, 3, 1, tzinfo=UTC)
    for age, count in ((3, 288), (20, 288), (200, 288)):
        kept(portfolio, day - timedelta(days=age), count, minutes)
        kept(other, day - timedelta(days=age), 30, minutes)
    thin_snapshots()

    def left(of: Portfolio, age: int) -> int:
        start = day - timedelta(days=age)
        return Snapshot.objects.filter(portfolio=of, at__gte=start, at__lt=start + timedelta(days=1)).count()

    assert [left(portfolio, age) for age in (3, 20, 200)] == [288, 24, 1]
    assert [left(other, age) for age in (3, 20, 200)] == [30, 3, 1]
    assert thin_snapshots() == 0


def test_the_series_has_the_last_of_each_step(portfolio: Portfolio) -> None:
    kept(portfolio, DAY.replace(minute=0, second=0), 30, timedelta(minutes=5))
    assert len(series(portfolio, None, None, "5m").points) == 30
    hourly = series(portfolio, None, None, "1h")
    assert [(point.at.hour, point.at.minute) for point in hourly.points] == [(10, 55), (11, 55), (12, 25)]
    assert series(portfolio, None, None).step == "5m"


def test_a_long_series_takes_a_coarser_step_by_itself(portfolio: Portfolio) -> None:
    kept(portfolio, DAY - timedelta(days=9), 2200, timedelta(minutes=5))
    found = series(portfolio, None, None)
    assert found.step == "1h"
    assert len(found.points) < 200


def test_snapshots_in_a_former_currency_are_converted_at_their_day(portfolio: Portfolio) -> None:
    kept(portfolio, DAY - timedelta(days=20), 1, timedelta(minutes=5), value=108)
    change_portfolio(portfolio, currency="eur")
    found = series(portfolio, None, None)
    assert found.currency == "eur"
    assert D(99) < found.points[0].value < D(101)


def test_the_api_tells_the_history_to_its_owner(ada: User, portfolio: Portfolio) -> None:
    kept(portfolio, DAY.replace(minute=0, second=0), 12, timedelta(minutes=5))
    api, path = ApiClient(ada), f"portfolios/{portfolio.pk}/history"
    found = body(api.get(path))
    assert (found["currency"], found["step"], found["count"]) == ("usd", "5m", 12)
    assert found["items"][0] == {"at": "2024-03-01T10:00:00Z", "value": "1", "cost": "2", "profit": "3"}
    part = body(api.get(f"{path}?from=2024-03-01T10:10:00Z&to=2024-03-01T10:20:00Z&step=5m"))
    assert [point["at"][14:16] for point in part["items"]] == ["10", "15", "20"]
    assert body(api.get(f"{path}?step=1d"))["count"] == 1
    assert set(faults(api.get(f"{path}?from=yesterday"))) == {"from"}
    assert set(faults(api.get(f"{path}?step=7s"))) == {"step"}
    assert set(faults(api.get(f"{path}?from=2024-03-02T00:00:00Z&to=2024-03-01T00:00:00Z"))) == {"from"}
    stranger = ApiClient(User.objects.create_user("eve", "eve@example.org"))
    assert stranger.get(path).status_code == 404
