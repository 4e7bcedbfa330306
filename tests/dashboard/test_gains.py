"""The yearly report of gains: which lots a sale came from, what came in, and the file that says the same."""

# ruff: noqa: F401, F811 - fixtures are imported

import csv
import io
import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from accounts.models import User
from dashboard.drafts import Draft
from dashboard.gains import GainsReport, gains_report, years_of
from dashboard.models import Portfolio, Position
from dashboard.recording import change_portfolio, record_transactions
from tests.dashboard.page_world import ada, coins, make_coin, make_user, page

pytestmark = pytest.mark.django_db
D = Decimal
GOLDEN = """\
row,kind,asset_id,asset,wallet,quantity,acquired,disposed,proceeds,cost,gain,income,fees,currency,method,lot_scope,time_zone,transaction,remark
disposal,sell,bitcoin,BTC,Kraken,1,2023-05-01,2024-06-01,199,100,99,,,usd,fifo,portfolio,UTC,3,
disposal,sell,bitcoin,BTC,Kraken,0.5,2024-02-01,2024-06-01,99.5,150,-50.5,,,usd,fifo,portfolio,UTC,3,
disposal,spend,bitcoin,BTC,,0.25,2024-02-01,2024-07-01,100,75,25,,,usd,fifo,portfolio,UTC,5,
disposal,fee,bitcoin,BTC,,0.05,2024-02-01,2024-08-01,20,15,5,,,usd,fifo,portfolio,UTC,6,
income,reward,ethereum,ETH,,0.1,2024-03-01,,,,,250,,usd,fifo,portfolio,UTC,4,
fee,fee,bitcoin,BTC,,0.05,,2024-08-01,,,,,20,usd,fifo,portfolio,UTC,6,
total,2024,,,,,,,418.5,340,78.5,250,20,usd,fifo,portfolio,UTC,,
"""
HISTORY: list[dict[str, Any]] = [
    {"at": (2023, 5, 1), "type": "buy", "amount": "1", "price": "100"},
    {"at": (2024, 2, 1), "type": "buy", "amount": "2", "price": "300"},
    {"at": (2024, 6, 1), "type": "sell", "amount": "1.5", "price": "200", "fee_amount": "1.5", "wallet": "Kraken"},
    {"at": (2024, 3, 1), "type": "reward", "asset_id": "ethereum", "amount": "0.1", "price": "2500"},
    {"at": (2024, 7, 1), "type": "spend", "amount": "0.25", "price": "400"},
    {"at": (2024, 8, 1), "type": "fee", "amount": "0.05", "price": "400"},
    {"at": (2024, 9, 1), "type": "withdrawal", "amount": "0.2"},
    {"at": (2025, 1, 1), "type": "sell", "amount": "1", "price": "500"},
]


def recorded(user: User, history: list[dict[str, Any]], method: str = "fifo") -> Portfolio:
    portfolio = Portfolio.objects.get(user=user)
    drafts = []
    for stated in history:
        facts: dict[str, Any] = {"asset_id": "bitcoin", **stated}
        year, month, day, *clock = facts.pop("at")
        facts |= {name: D(facts[name]) for name in ("amount", "price", "fee_amount") if name in facts}
        at = datetime(year, month, day, *clock).replace(tzinfo=UTC)  # noqa: DTZ001
        drafts.append(Draft(timestamp=at, **facts))
    record_transactions(portfolio, drafts)
    return change_portfolio(portfolio, method=method)


def report_of(portfolio: Portfolio, year: int = 2024) -> GainsReport:
    return gains_report(portfolio, year, ZoneInfo("UTC"))


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_the_file_is_as_it_should_be_to_the_last_character(page: Client, ada: User) -> None:
    portfolio = recorded(ada, HISTORY)
    first = portfolio.transactions.order_by("pk").values_list("pk", flat=True)[0]
    answer = page.get(f"/reports/gains.csv?portfolio={portfolio.pk}&year=2024")
    assert answer.headers["Content-Type"].startswith("text/csv")
    assert 'filename="tickfolio-gains-2024-' in answer.headers["Content-Disposition"]
    shifted = re.sub(r"UTC,(\d+),", lambda found: f"UTC,{int(found[1]) + first - 1},", GOLDEN)
    assert answer.content.decode() == shifted


def test_all_years_together_make_the_realised_gain(ada: User) -> None:
    for method in ("fifo", "lifo", "hifo", "average"):
        portfolio = recorded(ada, HISTORY if method == "fifo" else [], method)
        reports = [report_of(portfolio, year) for year in years_of(portfolio, ZoneInfo("UTC"))]
        assert [report.year for report in reports] == [2025, 2024, 2023]
        positions = Position.objects.filter(portfolio=portfolio)
        assert sum(report.gain for report in reports) == sum(position.realised for position in positions)
        assert sum(report.income_total for report in reports) == 250
        assert sum(report.fees_total for report in reports) == sum(position.fees for position in positions)
        for sale in (sale for report in reports for sale in report.sales):
            assert sum(lot.proceeds for lot in sale.lots) == sale.proceeds
            assert sum(lot.cost for lot in sale.lots) == sale.cost


def test_proceeds_in_thirds_lose_nothing(ada: User) -> None:
    buys = [{"at": (2024, 1, day), "type": "buy", "amount": "1", "price": "10"} for day in (1, 2, 3)]
    portfolio = recorded(ada, [*buys, {"at": (2024, 2, 1), "type": "sell", "amount": "3", "price": "33.333333333"}])
    (sale,) = report_of(portfolio).sales
    assert len(sale.lots) == 3
    assert sum(lot.proceeds for lot in sale.lots) == sale.proceeds


def test_a_year_begins_at_midnight_where_its_owner_lives(ada: User) -> None:
    portfolio = recorded(ada, [{"at": (2024, 12, 31, 23, 30), "type": "sell", "amount": "1", "price": "10"}])
    assert years_of(portfolio, ZoneInfo("Europe/Berlin")) == [2025]
    assert gains_report(portfolio, 2025, ZoneInfo("Europe/Berlin")).sales
    assert not gains_report(portfolio, 2024, ZoneInfo("Europe/Berlin")).sales


def test_a_cost_that_nobody_knows_is_marked(page: Client, ada: User) -> None:
    portfolio = recorded(ada, [{"at": (2024, 2, 1), "type": "sell", "amount": "1", "price": "10"}])
    (sale,) = report_of(portfolio).sales
    assert [lot.assumed for lot in sale.lots] == [True]
    assert "cost unknown" in page.get("/reports/gains.csv?year=2024").content.decode()
    assert "Assumed" in page.get("/reports/gains/?year=2024").content.decode()


def test_text_that_a_spreadsheet_would_run_is_guarded(page: Client, ada: User) -> None:
    make_coin("=cmd", "+x", "Evil", 3, "1")
    sale = {"at": (2024, 2, 1), "type": "sell", "amount": "1", "price": "10", "asset_id": "=cmd", "wallet": "@SUM(A1)"}
    recorded(ada, [sale])
    row, _ = rows_of(page.get("/reports/gains.csv?year=2024").content.decode())
    assert (row["asset_id"], row["asset"], row["wallet"]) == ("'=cmd", "'+X", "'@SUM(A1)")


def test_the_page_states_method_currency_and_totals(page: Client, ada: User) -> None:
    portfolio = recorded(ada, HISTORY)
    text = page.get(f"/reports/gains/?portfolio={portfolio.pk}&year=2024").content.decode()
    assert "Cost basis: FIFO" in text
    assert "in USD" in text
    for total in ("78.5", "340", "418.5", "250", "20"):
        assert f'data-value="{total}"' in text
    assert "data-print" in text
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=", text)
    assert "Withdrawal" not in re.sub(r"Withdrawals and gifts", "", text)


def test_without_a_year_the_newest_is_shown(page: Client, ada: User) -> None:
    assert "No transactions yet" in page.get("/reports/gains/").content.decode()
    assert page.get("/reports/gains.csv").status_code == 404
    recorded(ada, HISTORY)
    assert "Gains of 2025" in page.get("/reports/gains/").content.decode()
    assert "Nothing was sold in 2030" in page.get("/reports/gains/?year=2030").content.decode()


@pytest.mark.parametrize("query", ["year=x", "year=99999999999999", "year=-1", "portfolio=x", "portfolio=999999"])
def test_what_makes_no_sense_is_not_found(page: Client, query: str) -> None:
    assert page.get(f"/reports/gains/?{query}").status_code == 404


def test_somebody_without_a_portfolio_is_told_what_to_do(coins: None) -> None:
    user = make_user("bob")
    user.portfolios.all().delete()
    client = Client()
    client.force_login(user)
    assert "Add a portfolio first" in client.get("/reports/gains/").content.decode()
