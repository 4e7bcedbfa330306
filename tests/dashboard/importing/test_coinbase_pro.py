"""The account statement of Coinbase Pro: the legs and the fee of a fill are one trade."""

from decimal import Decimal

import pytest

from dashboard.drafts import Draft
from tests.dashboard.importing.reading import at, format_key, net, skipped, stated, unclear

D = Decimal
NEWEST = "Portfolio,Type,Timestamp,Amount,Balance,Amount/balance unit,Transfer id,Trade id,Order id"
OLDER = "portfolio,type,time,amount,balance,amount/balance unit,transfer id,trade id,order id"
LINES = [
    "default,deposit,2021-01-01T10:00:00.000Z,1000,1000,USD,t1,,",
    "default,deposit,2021-01-01T10:05:00.000Z,2,2,ETH,t2,,",
    "default,match,2021-01-01T11:00:00.123Z,0.01,0.01,BTC,,77,o1",
    "default,match,2021-01-01T11:00:00.123Z,-300,700,USD,,77,o1",
    "default,fee,2021-01-01T11:00:00.123Z,-1.5,698.5,USD,,77,o1",
    "default,match,2021-01-01T12:00:00.000Z,-0.5,1.5,ETH,,77,o2",
    "default,match,2021-01-01T12:00:00.000Z,0.02,0.03,BTC,,77,o2",
    "default,fee,2021-01-01T12:00:00.000Z,-0.0001,0.0299,BTC,,77,o2",
    "default,match,2021-01-01T13:00:00.000Z,-0.01,0.0199,BTC,,78,o3",
    "default,match,2021-01-01T13:00:00.000Z,310,1008.5,USD,,78,o3",
    "default,conversion,2021-01-01T14:00:00.000Z,-50,958.5,USD,c1,,",
    "default,conversion,2021-01-01T14:00:00.000Z,50,50,USDC,c1,,",
    "default,withdrawal,2021-01-01T15:00:00.000Z,-1,0.5,ETH,t3,,",
]


@pytest.mark.parametrize("header", [NEWEST, OLDER])
def test_every_leg_becomes_part_of_its_transaction(header: str) -> None:
    text = "\n".join([header, *LINES, ""])
    assert format_key(text) == "coinbase_pro"
    wallet = "Coinbase Pro"
    assert stated(text) == [
        Draft(at("2021-01-01T10:05:00"), "deposit", "ETH", D(2), wallet, external_id="t2"),
        Draft(
            at("2021-01-01T11:00:00.123"),
            "buy",
            "BTC",
            D("0.01"),
            wallet,
            price=D(30000),
            price_currency="usd",
            fee_asset_id="usd",
            fee_amount=D("1.5"),
            external_id="77",
        ),
        Draft(
            at("2021-01-01T12:00:00"),
            "swap",
            "ETH",
            D("0.5"),
            wallet,
            counter_asset_id="BTC",
            counter_amount=D("0.02"),
            fee_asset_id="BTC",
            fee_amount=D("0.0001"),
            external_id="77",
        ),
        Draft(
            at("2021-01-01T13:00:00"),
            "sell",
            "BTC",
            D("0.01"),
            wallet,
            price=D(31000),
            price_currency="usd",
            external_id="78",
        ),
        Draft(
            at("2021-01-01T14:00:00"), "buy", "USDC", D(50), wallet, price=D(1), price_currency="usd", external_id="c1"
        ),
        Draft(at("2021-01-01T15:00:00"), "withdrawal", "ETH", D(1), wallet, external_id="t3"),
    ]
    assert list(skipped(text)) == [2]
    assert net(stated(text)) == {"ETH": D("0.5"), "BTC": D("0.0199"), "USDC": D(50)}


def test_a_fill_without_its_other_leg_waits_for_its_owner_with_all_its_rows() -> None:
    found = unclear(
        f"{NEWEST}\n"
        "default,match,2021-01-01T11:00:00Z,0.01,0.01,BTC,,77,o1\n"
        "default,fee,2021-01-01T11:00:00Z,-1,0,USD,,77,o1\n"
    )
    assert list(found) == [2, 3]
    assert "nothing went" in found[2]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("default,deposit,2021-01-01T11:00:00Z,-1,0,BTC,t,,", "other way"),
        ("default,gift,2021-01-01T11:00:00Z,1,0,BTC,t,,", "gift is not known"),
        ("default,deposit,2021-01-01T11:00:00Z,1,0,,t,,", "amount/balance unit"),
        ("default,deposit,2021-01-01T11:00:00,1,0,BTC,t,,", "time zone"),
    ],
)
def test_a_row_that_says_nothing_certain_waits_for_its_owner(line: str, reason: str) -> None:
    assert reason in unclear(f"{NEWEST}\n{line}\n")[2]
