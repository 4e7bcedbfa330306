"""Portfolios by the API: their settings, their figures, and nobody else's."""

import csv
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from dashboard.models import Asset, Portfolio
from tests.dashboard.api.client import ApiClient, body, faults

D = Decimal


def buy(asset_id: str = "bitcoin", amount: str = "2", price: str = "100") -> dict[str, str]:
    return {
        "timestamp": "2024-01-10T12:00:00Z", "type": "buy", "asset_id": asset_id, "amount": amount, "price": price
    }  # fmt: skip


def test_a_portfolio_is_made_changed_listed_and_deleted(api: ApiClient) -> None:
    made = body(api.post("portfolios", {"name": " Savings ", "currency": "EUR", "method": "FIFO"}), 201)
    assert made["name"] == "Savings"
    assert (made["currency"], made["method"], made["lot_scope"]) == ("eur", "fifo", "portfolio")
    changed = body(api.patch(f"portfolios/{made['id']}", {"name": "Later", "lot_scope": "wallet"}))
    assert (changed["name"], changed["currency"], changed["lot_scope"]) == ("Later", "eur", "wallet")
    second = body(api.post("portfolios", {"name": "Second"}), 201)
    listed = body(api.get("portfolios"))
    assert ([p["id"] for p in listed["items"]], listed["count"]) == ([second["id"], made["id"]], 2)
    assert body(api.get("portfolios?limit=1&offset=1"))["items"] == [changed]
    assert api.delete(f"portfolios/{made['id']}").status_code == 204
    assert api.get(f"portfolios/{made['id']}").status_code == 404


def test_the_figures_are_those_of_the_ledger_at_the_price_of_now(api: ApiClient, portfolio: Portfolio) -> None:
    path = f"portfolios/{portfolio.pk}"
    body(api.post(f"{path}/transactions", [buy(), buy("dogecoin", "10", "1"), buy("ethereum", "1", "2000")]), 201)
    sale = {**buy("ethereum", "1", "2500"), "type": "sell", "timestamp": "2024-02-01T00:00:00Z"}
    body(api.post(f"{path}/transactions", sale), 201)
    found = body(api.get(path))
    positions = {position["asset"]: position for position in found["positions"]}
    bitcoin = positions["bitcoin"]
    assert (bitcoin["quantity"], bitcoin["price"], bitcoin["value"]) == ("2", "60000.5", "120001")
    assert (bitcoin["cost_basis"], bitcoin["average_cost"], bitcoin["unrealised"]) == ("200", "100", "119801")
    assert (bitcoin["return_pct"], bitcoin["share"], bitcoin["stale"], bitcoin["rank"]) == ("59900.5", "100", False, 1)
    assert positions["dogecoin"]["price"] is None
    assert positions["dogecoin"]["value"] is None
    assert (positions["ethereum"]["quantity"], positions["ethereum"]["realised"]) == ("0", "500")
    totals = found["totals"]
    assert totals["unpriced"] == ["dogecoin"]
    assert (totals["value"], totals["cost_basis"], totals["profit"]) == ("120001", "200", "120301")
    assert D(totals["profit"]) == D(totals["value"]) - D(totals["invested"])
    assert totals["as_of"].endswith("Z")


def test_an_oversold_position_says_so(api: ApiClient, portfolio: Portfolio) -> None:
    path = f"portfolios/{portfolio.pk}"
    body(api.post(f"{path}/transactions", {**buy(), "type": "sell"}), 201)
    (position,) = body(api.get(path))["positions"]
    assert position["issues"]
    assert {"code", "transaction", "text"} == position["issues"][0].keys()


def test_a_change_of_method_counts_anew(api: ApiClient, portfolio: Portfolio) -> None:
    path = f"portfolios/{portfolio.pk}"
    rows = [buy(amount="100", price="10"), {**buy(amount="100", price="20"), "timestamp": "2024-01-11T12:00:00Z"}]
    sale = {**buy(amount="100", price="25"), "type": "sell", "timestamp": "2024-01-12T12:00:00Z"}
    body(api.post(f"{path}/transactions", [*rows, sale]), 201)
    assert body(api.get(path))["positions"][0]["realised"] == "1000"
    body(api.patch(path, {"method": "fifo"}))
    assert body(api.get(path))["positions"][0]["realised"] == "1500"


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({}, "name"),
        ({"name": "  "}, "name"),
        ({"name": "x" * 61}, "name"),
        ({"name": "a\x00b"}, "name"),
        ({"name": "\ud800"}, "name"),
        ({"name": 5}, "name"),
        ({"name": "Main"}, "name"),
        ({"name": "MAIN"}, "name"),
        ({"name": "a", "currency": "doge"}, "currency"),
        ({"name": "a", "method": "best"}, "method"),
        ({"name": "a", "lot_scope": None}, "lot_scope"),
        ({"name": "a", "colour": "red"}, "colour"),
    ],
)
def test_a_wrong_field_is_named(api: ApiClient, portfolio: Portfolio, sent: object, field: str) -> None:
    assert faults(api.post("portfolios", sent)).keys() == {field}


def test_a_taken_name_is_refused_when_renaming(api: ApiClient, portfolio: Portfolio) -> None:
    other = body(api.post("portfolios", {"name": "Other"}), 201)
    assert faults(api.patch(f"portfolios/{other['id']}", {"name": "main"})).keys() == {"name"}
    assert body(api.get(f"portfolios/{other['id']}"))["name"] == "Other"


def test_the_limit_of_portfolios_is_a_conflict(api: ApiClient, portfolio: Portfolio) -> None:
    for number in range(49):
        body(api.post("portfolios", {"name": f"p{number}"}), 201)
    assert "50 portfolios" in body(api.post("portfolios", {"name": "one more"}), 409)["detail"]


def test_what_belongs_to_others_is_not_found(api: ApiClient, stranger: ApiClient, portfolio: Portfolio) -> None:
    path = f"portfolios/{portfolio.pk}"
    row = body(api.post(f"{path}/transactions", buy()), 201)
    for method, target in [
        ("GET", path), ("PATCH", path), ("DELETE", path), ("GET", f"{path}/transactions"),
        ("POST", f"{path}/transactions"), ("GET", f"{path}/export.csv"), ("GET", f"transactions/{row['id']}"),
        ("PATCH", f"transactions/{row['id']}"), ("DELETE", f"transactions/{row['id']}"),
    ]:  # fmt: skip
        sent = None if method in {"GET", "DELETE"} else buy() if "transactions" in target else {"name": "Mine"}
        assert body(stranger.call(method, target, sent), 404) == {"detail": "Not Found"}
    assert body(stranger.get("portfolios"))["items"] == []
    assert body(api.get(path))["name"] == "Main"


def test_the_export_is_a_file_of_the_portfolios_name(api: ApiClient, portfolio: Portfolio) -> None:
    body(api.post(f"portfolios/{portfolio.pk}/transactions", [buy(), buy("ethereum")]), 201)
    answer = api.get(f"portfolios/{portfolio.pk}/export.csv")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"] == 'attachment; filename="tickfolio-main.csv"'
    assert [row["asset_id"] for row in csv.DictReader(answer.content.decode().splitlines())] == ["bitcoin", "ethereum"]


def test_queries_do_not_grow_with_positions(api: ApiClient, portfolio: Portfolio) -> None:
    path = f"portfolios/{portfolio.pk}"

    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            body(api.get(path))
        return len(seen)

    body(api.post(f"{path}/transactions", buy()), 201)
    queries()
    before = queries()
    for number in range(30):
        Asset.objects.create(id=f"coin-{number}", symbol="c", name="C")
    body(api.post(f"{path}/transactions", [buy(f"coin-{number}") for number in range(30)]), 201)
    assert queries() == before
