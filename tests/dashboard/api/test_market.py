"""Assets and the market by the API, in the account's currency."""

from decimal import Decimal

from accounts.models import User
from dashboard import clock
from dashboard.models import Asset, ExchangeRate
from tests.dashboard.api.client import ApiClient, body, faults


def test_coins_are_found_by_the_start_of_their_name_or_ticker(api: ApiClient) -> None:
    found = body(api.get("assets?q=ETH"))
    assert found == {
        "items": [{"id": "ethereum", "symbol": "eth", "name": "Ethereum", "rank": 2, "kind": "crypto"}],
        "count": 1,
    }
    assert body(api.get("assets?q=nothing"))["items"] == []
    assert [asset["id"] for asset in body(api.get("assets?limit=2"))["items"]] == ["bitcoin", "ethereum"]
    assert body(api.get("assets"))["count"] == 3


def test_an_asset_tells_its_market(api: ApiClient) -> None:
    found = body(api.get("assets/bitcoin"))
    assert (found["price"], found["currency"], found["stale"], found["source"]) == (
        "60000.5",
        "usd",
        False,
        "CoinGecko",
    )
    assert found["ath"] is None
    Asset.objects.create(id="new/coin", symbol="new", name="New")
    assert body(api.get("assets/new/coin"))["price"] is None
    assert body(api.get("assets/no-such"), 404) == {"detail": "Not Found"}
    assert api.get("assets/%00").status_code in {404, 422}


def test_money_is_in_the_accounts_currency(api: ApiClient, ada: User) -> None:
    ExchangeRate.objects.create(code="eur", per_usd=Decimal("0.5"), fetched_at=clock.now())
    User.objects.update(currency="eur")
    assert body(api.get("assets/bitcoin"))["price"] == "30000.25"
    market = body(api.get("market"))
    assert (market["currency"], market["items"][0]["price"]) == ("eur", "30000.25")


def test_the_market_is_ranked_and_says_how_old_and_whence_it_is(api: ApiClient) -> None:
    market = body(api.get("market"))
    assert [(row["asset"], row["rank"]) for row in market["items"]] == [
        ("bitcoin", 1),
        ("ethereum", 2),
        ("dogecoin", 3),
    ]
    assert (market["count"], market["stale"], market["source"]) == (3, False, "CoinGecko")
    assert market["as_of"].endswith("Z")
    assert market["items"][2]["price"] is None


def test_wrong_parameters_are_named(api: ApiClient) -> None:
    assert faults(api.get("assets?limit=0")).keys() == {"limit"}
    assert faults(api.get("assets?limit=x&offset=-1")).keys() == {"limit", "offset"}
    assert faults(api.get("assets?offset=99999999999999999999999")).keys() == {"offset"}
    assert faults(api.get("assets?q=" + "x" * 201)).keys() == {"q"}
    assert faults(api.get("assets?q=%00")).keys() == {"q"}
