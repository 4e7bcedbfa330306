"""The analysis page: figures of the kept days, how it is spread now, and targets."""

# ruff: noqa: F401, F811 - fixtures are imported

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from dashboard.analysing import Period, allocations, performance, target_lines
from dashboard.backfill import working
from dashboard.backfill.valuing import midnight
from dashboard.models import DailyPrice, DailyValue, MarketQuote, Portfolio, TargetShare
from dashboard.portfolios import overview
from dashboard.recording import create_portfolio
from tests.dashboard.page_world import ada, bought, coins, make_coin, make_user, page

pytestmark = pytest.mark.django_db
D = Decimal
NOW = datetime(2024, 3, 1, 10, 2, tzinfo=UTC)


@pytest.fixture(autouse=True)
def at_noon() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def portfolio(ada: User) -> Portfolio:
    return Portfolio.objects.get(user=ada)


def priced(asset: str, usd: dict[int, Any]) -> None:
    DailyPrice.objects.bulk_create(
        DailyPrice(asset_id=asset, day=NOW.date() - timedelta(days=ago), usd=D(str(price)))
        for ago, price in usd.items()
    )


def ago(days: float) -> datetime:
    return midnight(NOW.date()) - timedelta(days=days)


@pytest.fixture
def grown(ada: User, portfolio: Portfolio) -> Portfolio:
    """One coin that doubled in 400 days with a fall between, another that stood still; money came in halfway."""
    priced("bitcoin", {n: 100 + (400 - n) / 4 - (50 if 90 < n < 110 else 0) for n in range(401)})
    priced("ethereum", dict.fromkeys(range(401), 50))
    bought(ada, "bitcoin", "2", "100", timestamp=ago(400))
    bought(ada, "bitcoin", "1", "150", timestamp=ago(200))
    bought(ada, "bitcoin", "0.1", type="reward", price="120", timestamp=ago(45))
    working.work_on(portfolio.pk)
    return portfolio


def test_the_figures_of_a_course_are_those_of_its_coin(ada: User, grown: Portfolio) -> None:
    found = performance(ada, grown, Period.ALL)
    assert found is not None
    assert (found.first, found.last) == (NOW.date() - timedelta(days=400), NOW.date())
    assert found.value == D("3.1") * 200
    assert (found.put_in, found.taken_out) == (350, 0)
    own = D(200) / 100 * D("620") / (3 * 200)  # the coin's own growth, and the reward on top of what was held
    assert found.return_pct is not None
    assert (found.return_pct / 100 + 1) == pytest.approx(own, rel=D("0.01"))
    assert found.fall is not None
    assert (found.fall.top, found.fall.recovered) == (NOW.date() - timedelta(days=110), NOW.date() - timedelta(days=90))
    assert found.fall.percent == pytest.approx((D("122.75") / D("172.5") - 1) * 100, abs=D("0.01"))
    assert found.money_weighted is not None
    assert found.yearly_pct is not None
    assert [income.whole for income in found.incomes] == [D("12")]
    assert found.incomes[0].months[0] == 12
    assert found.years[0].year == 2024


def test_the_same_money_instead_is_told_of_both_coins(ada: User, grown: Portfolio) -> None:
    found = performance(ada, grown, Period.ALL)
    assert found is not None
    bitcoin, ether = found.benchmarks
    assert bitcoin.instead is not None
    assert bitcoin.instead.end == 600
    assert bitcoin.more == 20
    assert ether.instead is not None
    assert (ether.instead.end, ether.return_pct) == (350, 0)
    assert found.picture is not None
    assert all(found.picture.paths)


def test_a_shorter_period_begins_with_what_was_there(ada: User, grown: Portfolio) -> None:
    found = performance(ada, grown, Period.QUARTER)
    assert found is not None
    assert found.days == 91
    assert found.put_in == found.course[0].value > 380
    assert found.yearly_pct is None
    year = performance(ada, grown, Period.THIS_YEAR)
    assert year is not None
    assert year.first == date(2024, 1, 1)


def test_the_page_reads_what_is_kept(page: Client, grown: Portfolio) -> None:
    """Other days kept are other figures shown: nothing is computed from transactions or prices of the portfolio."""
    before = page.get("/analysis/").content.decode()
    assert "From 26 Jan 2023 to 1 Mar 2024" in before
    DailyValue.objects.filter(day=NOW.date()).update(value=D(310))
    after = page.get("/analysis/").content.decode()
    assert re.search(r"Value at the end</dt><dd><span[^>]*>310.00<", after)
    with CaptureQueriesContext(connection) as asked:
        page.get("/analysis/")
    assert not [query["sql"] for query in asked if "dashboard_transaction" in query["sql"]]


def test_the_number_of_queries_does_not_grow(page: Client, ada: User, grown: Portfolio) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            page.get(f"/analysis/?portfolio={grown.pk}")
        return len(asked)

    queries()
    few = queries()
    for number in range(12):
        make_coin(f"coin-{number}", "c", f"Coin {number}", 10 + number, "5")
        bought(ada, f"coin-{number}", wallet=f"Wallet {number}")
    assert queries() == few


def test_each_state_says_what_it_is(page: Client, ada: User) -> None:
    assert "Nothing to analyse yet" in page.get("/analysis/").content.decode()
    bought(ada, "bitcoin", timestamp=ago(5))
    assert "Past days are being valued" in page.get("/analysis/").content.decode()
    working.work_on(Portfolio.objects.get(user=ada).pk)
    assert "Of no two days in this time are all prices known" in page.get("/analysis/").content.decode()


def test_a_portfolio_is_its_owners(page: Client) -> None:
    foreign = Portfolio.objects.get(user=make_user("eve"))
    assert page.get(f"/analysis/?portfolio={foreign.pk}").status_code == 404
    assert page.get(f"/analysis/{foreign.pk}/targets/").status_code == 404
    assert page.post(f"/analysis/{foreign.pk}/targets/", {}).status_code == 404
    assert page.get("/analysis/?period=nonsense").status_code == 200


def test_what_is_held_is_spread_over_coins_wallets_and_kinds(ada: User, portfolio: Portfolio) -> None:
    make_coin("tether", "usdt", "Tether", 3, "1")
    bought(ada, "bitcoin", "1", wallet="Ledger")
    bought(ada, "bitcoin", "1", wallet="Kraken")
    bought(ada, "tether", "100000")
    bought(ada, "pulse-one", "7")
    for of in (portfolio, None):
        by_coin, by_wallet, by_kind = allocations(ada, of, overview(ada, of))
        assert [(part.name, part.share) for part in by_coin.parts] == [("Bitcoin", 50), ("Tether", 50)]
        assert {part.name: part.share for part in by_wallet.parts} == {
            "No wallet named": 50,
            "Kraken": 25,
            "Ledger": 25,
        }
        assert {part.name: part.share for part in by_kind.parts} == {"Coins": 50, "Stablecoins": 50}
        assert by_coin.spread is not None
        assert by_coin.spread.effective == 2


def test_targets_are_kept_and_say_what_to_do(page: Client, ada: User, portfolio: Portfolio) -> None:
    bought(ada, "bitcoin", "1")
    address = f"/analysis/{portfolio.pk}/targets/"
    answer = page.post(address, {"share:bitcoin": "60", "asset_id": "ethereum", "share": "40"})
    assert answer.headers["Location"] == f"/analysis/?portfolio={portfolio.pk}#targets"
    kept = dict(TargetShare.objects.values_list("asset_id", "percent"))
    assert kept == {"bitcoin": 60, "ethereum": 40}
    lines = target_lines(portfolio, overview(ada, portfolio))
    assert [(line.coin.pk, line.drift.move, line.drift.units) for line in lines] == [
        ("bitcoin", -20000, D("-0.4")),
        ("ethereum", 20000, (D(20000) / D("2500.5")).quantize(D("1e-18"))),
    ]
    text = page.get("/analysis/").content.decode()
    assert re.search(r"Sell <span[^>]*>20,000.00<", text)
    assert re.search(r"Buy <span[^>]*>20,000.00<", text)
    page.post(address, {"share:bitcoin": "", "share:ethereum": ""})
    assert not TargetShare.objects.exists()


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"share:bitcoin": "60"}, "Shares have to sum up to 100 %: 40 % are left."),
        ({"share:bitcoin": "160.5"}, "60.5 % are too many"),
        ({"share:bitcoin": "-10", "asset_id": "ethereum", "share": "110"}, "be below 0 %"),
        ({"share:bitcoin": "many"}, "Enter a number."),
        ({"share": "100"}, "Enter the coin that this share is meant for."),
        ({"share:bitcoin": "50", "asset_id": "xyzzy", "share": "50"}, "No coin of that name is known."),
        ({"share:bitcoin": "50", "asset_id": "pulse", "share": "50"}, "Several coins bear that name"),
    ],
)
def test_what_was_typed_wrongly_stays_and_says_why(
    page: Client, ada: User, portfolio: Portfolio, typed: dict[str, str], said: str
) -> None:
    bought(ada, "bitcoin", "1")
    TargetShare.objects.create(portfolio=portfolio, asset_id="bitcoin", percent=D(100))
    text = page.post(f"/analysis/{portfolio.pk}/targets/", typed).content.decode()
    assert said in text.replace("&#x27;", "'")
    for value in typed.values():
        assert f'value="{value}"' in text
    assert TargetShare.objects.get().percent == 100


def test_with_several_portfolios_targets_ask_for_one(page: Client, ada: User, portfolio: Portfolio) -> None:
    bought(ada, "bitcoin", "1")
    create_portfolio(ada, "Second")
    text = page.get("/analysis/").content.decode()
    assert "Targets belong to one portfolio" in text
    assert 'aria-label="Portfolios"' in text
