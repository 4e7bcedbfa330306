"""The working by the API: exact, complete, and its owner's only."""

from decimal import Decimal

from dashboard.models import Portfolio
from tests.dashboard.api.client import ApiClient, body

D = Decimal


def test_the_working_explains_every_figure(api: ApiClient, portfolio: Portfolio) -> None:
    path = f"portfolios/{portfolio.pk}"
    rows = [
        {"timestamp": f"2024-01-1{n}T12:00:00Z", "type": kind, "asset_id": "bitcoin", "amount": "100", "price": price}
        for n, (kind, price) in enumerate([("buy", "10"), ("buy", "20"), ("sell", "25")])
    ]
    rows[2]["fee_amount"] = "3"
    body(api.patch(path, {"method": "fifo"}))
    made = body(api.post(f"{path}/transactions", rows), 201)
    found = body(api.get(f"{path}/positions/bitcoin/working"))
    (position,) = body(api.get(path))["positions"]
    for figure in ("quantity", "cost_basis", "realised", "income", "fees", "invested"):
        assert found["figures"][figure] == position[figure], figure
        assert sum(D(step["change"][figure]) for step in found["steps"]) == D(position[figure])
        assert found["steps"][-1]["after"][figure] == position[figure]
    (lot,) = found["lots"]
    assert (lot["quantity"], lot["unit_cost"], lot["cost"]) == ("100", "20", "2000")
    assert (lot["transaction"], lot["acquired_at"]) == (made[1]["id"], "2024-01-11T12:00:00Z")
    (sale,) = found["disposals"]
    assert (sale["proceeds"], sale["cost"], sale["gain"]) == ("2497", "1000", "1497")
    assert [used["transaction"] for used in sale["lots"]] == [made[0]["id"]]
    assert found["steps"][2]["fee"] == {"asset": None, "amount": "3", "value": None, "value_source": ""}
    assert (found["method"], found["currency"], found["fees_paid"]) == ("fifo", "usd", "3")
    assert found["check"] == {"adds_up": True, "transaction": None, "gap": "0"}
    assert found["rates"] == []


def test_rates_are_listed_with_their_source(api: ApiClient, portfolio: Portfolio) -> None:
    path = f"portfolios/{portfolio.pk}"
    row = {"timestamp": "2024-01-10T12:00:00Z", "type": "buy", "asset_id": "bitcoin", "amount": "1", "price": "100"}
    body(api.post(f"{path}/transactions", {**row, "price_currency": "eur"}), 201)
    (rate,) = body(api.get(f"{path}/positions/bitcoin/working"))["rates"]
    assert (rate["from_currency"], rate["to_currency"], rate["day"]) == ("eur", "usd", "2024-01-10")
    assert "European Central Bank" in rate["source"]


def test_what_is_not_there_or_not_yours_is_not_found(api: ApiClient, stranger: ApiClient, portfolio: Portfolio) -> None:
    path = f"portfolios/{portfolio.pk}"
    row = {"timestamp": "2024-01-10T12:00:00Z", "type": "buy", "asset_id": "bitcoin", "amount": "1", "price": "100"}
    body(api.post(f"{path}/transactions", row), 201)
    assert api.get(f"{path}/positions/bitcoin/working").status_code == 200
    for caller, asset in ((api, "ethereum"), (api, "no-such/coin"), (stranger, "bitcoin")):
        assert caller.get(f"{path}/positions/{asset}/working").status_code == 404
