"""Coinbase's files, in each layout they have had, become what the owner did there."""

from decimal import Decimal

import pytest

from dashboard.drafts import Draft
from tests.dashboard.importing.reading import UTC_ZONE, at, format_key, net, skipped, stated, unclear

D = Decimal
V4 = (
    "ID,Timestamp,Transaction Type,Asset,Quantity Transacted,Price Currency,Price at Transaction,Subtotal,"
    "Total (inclusive of fees and/or spread),Fees and/or Spread,Notes"
)
V3 = (
    "Timestamp,Transaction Type,Asset,Quantity Transacted,Spot Price Currency,Spot Price at Transaction,Subtotal,"
    "Total (inclusive of fees and/or spread),Fees and/or Spread,Notes"
)
V2 = V3.replace("(inclusive of fees and/or spread)", "(inclusive of fees)").replace("Fees and/or Spread", "Fees")
MONEY_ONLY = "Only money moves here, and money is never a position."
OTHER_HALF = "The other half of this is written in a row of its own, which counts."


def v4(*lines: str) -> str:
    return "\n".join(["", "Transactions", "User,Ada,0123", V4, *lines, ""])


def first_of(*lines: str) -> Draft:
    (draft,) = stated(v4(*lines))
    return draft


def test_the_fourth_layout_with_signs_and_negative_amounts() -> None:
    drafts = stated(
        v4(
            "a1,2025-01-17 16:57:02 UTC,Staking Income,ETH,0.5,EUR,€3000.5,€1500.25,€1500.25,€0.00,",
            "a2,2025-01-16 10:00:00 UTC,Sell,BTC,-0.01,EUR,€90000.00,-€895.50,-€890.00,€5.50,Sold 0.01 BTC for 890 EUR",
            'a3,2025-01-15 10:00:00 UTC,Buy,BTC,0.02,USD,"$100,000.00","$2,000.00","$2,010.00",$10.00,'
            "Bought 0.02 BTC for 2010 USD",
            "a4,2025-01-14 10:00:00 UTC,Send,BTC,-0.001,EUR,€90000.00,-€90.00,-€90.00,€0.00,Sent 0.001 BTC",
        )
    )
    assert drafts == [
        Draft(
            timestamp=at("2025-01-17T16:57:02"),
            type="reward",
            asset_id="ETH",
            amount=D("0.5"),
            wallet="Coinbase",
            price=D("3000.5"),
            price_currency="eur",
            external_id="a1",
        ),
        Draft(
            timestamp=at("2025-01-16T10:00:00"),
            type="sell",
            asset_id="BTC",
            amount=D("0.01"),
            wallet="Coinbase",
            price=D("89550"),
            price_currency="eur",
            fee_asset_id="eur",
            fee_amount=D("5.5"),
            note="Sold 0.01 BTC for 890 EUR",
            external_id="a2",
        ),
        Draft(
            timestamp=at("2025-01-15T10:00:00"),
            type="buy",
            asset_id="BTC",
            amount=D("0.02"),
            wallet="Coinbase",
            price=D("100000"),
            price_currency="usd",
            fee_asset_id="usd",
            fee_amount=D("10"),
            note="Bought 0.02 BTC for 2010 USD",
            external_id="a3",
        ),
        Draft(
            timestamp=at("2025-01-14T10:00:00"),
            type="withdrawal",
            asset_id="BTC",
            amount=D("0.001"),
            wallet="Coinbase",
            note="Sent 0.001 BTC",
            external_id="a4",
        ),
    ]


def test_the_fourth_layout_without_ids() -> None:
    text = f"{V4.removeprefix('ID,')}\n2025-01-14 10:00:00 UTC,Receive,BTC,1,EUR,€9.00,€9.00,€9.00,€0.00,hi\n"
    assert stated(text) == [
        Draft(
            timestamp=at("2025-01-14T10:00:00"),
            type="deposit",
            asset_id="BTC",
            amount=D(1),
            wallet="Coinbase",
            price=D(9),
            price_currency="eur",
            note="hi",
        )
    ]


@pytest.mark.parametrize("header", [V3, V2])
def test_the_third_and_second_layouts(header: str) -> None:
    text = "\n".join(
        [
            "You can use this transaction report to inform your likely tax obligations.",
            "",
            header,
            "2021-03-01T10:00:00Z,Buy,BTC,0.5,USD,50000.00,25000.00,25100.00,100.00,Bought 0.5 BTC for $25100.00 USD",
            "2021-03-02T10:00:00Z,Convert,BTC,0.1,USD,50000.00,4950.00,5000.00,50.00,"
            '"Converted 0.1 BTC to 1,234.5 ADA"',
            "2021-03-03T10:00:00Z,Coinbase Earn,GRT,1.5,USD,2.00,3.00,3.00,0.00,Received 1.5 GRT from Coinbase Earn",
            "",
        ]
    )
    assert format_key(text) == "coinbase"
    assert stated(text) == [
        Draft(
            timestamp=at("2021-03-01T10:00:00"),
            type="buy",
            asset_id="BTC",
            amount=D("0.5"),
            wallet="Coinbase",
            price=D(50000),
            price_currency="usd",
            fee_asset_id="usd",
            fee_amount=D(100),
            note="Bought 0.5 BTC for $25100.00 USD",
        ),
        Draft(
            timestamp=at("2021-03-02T10:00:00"),
            type="swap",
            asset_id="BTC",
            amount=D("0.1"),
            counter_asset_id="ADA",
            counter_amount=D("1234.5"),
            wallet="Coinbase",
            price=D(50000),
            price_currency="usd",
            note="Converted 0.1 BTC to 1,234.5 ADA",
        ),
        Draft(
            timestamp=at("2021-03-03T10:00:00"),
            type="reward",
            asset_id="GRT",
            amount=D("1.5"),
            wallet="Coinbase",
            price=D(2),
            price_currency="usd",
            note="Received 1.5 GRT from Coinbase Earn",
        ),
    ]


@pytest.mark.parametrize(
    ("type_", "sign", "kind"),
    [
        ("Receive", "", "deposit"),
        ("Deposit", "", "deposit"),
        ("Credit", "", "deposit"),
        ("Exchange Withdrawal", "", "deposit"),
        ("Pro Withdrawal", "", "deposit"),
        ("Learning Reward", "", "reward"),
        ("Coinbase Earn", "", "reward"),
        ("Rewards Income", "", "reward"),
        ("Reward Income", "", "reward"),
        ("Staking Income", "", "reward"),
        ("Inflation Reward", "", "reward"),
        ("Subscription Rebate", "", "reward"),
        ("Interest payout", "", "reward"),
        ("Send", "-", "withdrawal"),
        ("Send", "", "withdrawal"),
        ("Withdrawal", "-", "withdrawal"),
        ("Exchange Deposit", "-", "withdrawal"),
        ("Pro Deposit", "-", "withdrawal"),
        ("Prime Deposit", "-", "withdrawal"),
        ("Admin Debit", "-", "withdrawal"),
        ("Card Spend", "-", "spend"),
        ("Subscription", "-", "spend"),
        ("Donation", "-", "gift_out"),
        ("Transfer", "", "deposit"),
        ("Transfer", "-", "withdrawal"),
        ("Retail Staking Transfer", "-", "stake"),
        ("Retail Unstaking Transfer", "", "unstake"),
        ("Retail Simple Dust", "-", "spend"),
    ],
)
def test_each_type_is_a_kind(type_: str, sign: str, kind: str) -> None:
    draft = first_of(f"a,2025-01-01 10:00:00 UTC,{type_},SOL,{sign}2,EUR,€10.00,{sign}€20.00,{sign}€20.00,€0.00,x")
    assert (draft.type, draft.asset_id, draft.amount) == (kind, "SOL", D(2))


def test_money_is_skipped() -> None:
    text = v4(
        "a,2025-01-01 10:00:00 UTC,Deposit,EUR,100,EUR,€1.00,€100.00,€100.00,€0.00,Deposit",
        "b,2025-01-01 10:00:00 UTC,Withdrawal,EUR,-100,EUR,€1.00,-€100.00,-€100.00,€0.00,",
        "c,2025-01-01 10:00:00 UTC,Subscription,EUR,-29.99,EUR,€1.00,-€29.99,-€29.99,€0.00,",
    )
    assert skipped(text) == {5: MONEY_ONLY, 6: MONEY_ONLY, 7: MONEY_ONLY}
    assert stated(text) == []


def test_an_advanced_trade_against_a_stablecoin_is_a_swap() -> None:
    bought = first_of(
        "a,2025-01-01 10:00:00 UTC,Advanced Trade Buy,BTC,0.1,EUR,€95000.00,€9500.00,€9538.00,€38.00,"
        "Bought 0.1 BTC for 10040 USDC on BTC-USDC at 100000 USDC/BTC"
    )
    assert (bought.type, bought.asset_id, bought.amount) == ("swap", "USDC", D(10040))
    assert (bought.counter_asset_id, bought.counter_amount, bought.fee_amount) == ("BTC", D("0.1"), None)
    assert (bought.value_override or bought.price, bought.price_currency) == (D(9500), "eur")
    sold = first_of(
        "a,2025-01-01 10:00:00 UTC,Advanced Trade Sell,BTC,-0.1,EUR,€95000.00,€9500.00,€9462.00,€38.00,"
        "Sold 0.1 BTC for 9960 USDC on BTC-USDC at 100000 USDC/BTC"
    )
    assert (sold.type, sold.asset_id, sold.counter_asset_id, sold.counter_amount) == ("swap", "BTC", "USDC", D(9960))
    plain = first_of(
        "a,2025-01-01 10:00:00 UTC,Advanced Trade Buy,BTC,0.1,USDC,100000,10000,10040,40,Bought BTC",
    )
    assert (plain.type, plain.asset_id, plain.amount) == ("swap", "USDC", D(10000))
    assert (plain.fee_asset_id, plain.fee_amount) == ("USDC", D(40))


def test_a_coin_and_its_successor_are_one_migration() -> None:
    text = v4(
        "a,2024-03-01 10:00:00 UTC,Retail Eth2 Deprecation,ETH2,-1.5,EUR,€3000,-€4500,-€4500,€0.00,",
        "b,2024-03-01 10:00:00 UTC,Retail Eth2 Deprecation,ETH,1.5,EUR,€3000,€4500,€4500,€0.00,",
        "c,2024-10-01 10:00:00 UTC,Asset Migration,MATIC,-10,EUR,€0.5,-€5,-€5,€0.00,",
        "d,2024-10-01 10:00:00 UTC,Asset Migration,POL,10,EUR,€0.5,€5,€5,€0.00,",
        "e,2024-11-01 10:00:00 UTC,Retail Staking Transfer,SOL,-3,EUR,€100,-€300,-€300,€0.00,",
        "f,2024-11-01 10:00:00 UTC,Retail Staking Transfer,SOL,3,EUR,€100,€300,€300,€0.00,",
    )
    facts = [(d.type, d.asset_id, d.amount, d.counter_asset_id, d.counter_amount) for d in stated(text)]
    assert facts == [
        ("migrate", "ETH2", D("1.5"), "ETH", D("1.5")),
        ("migrate", "MATIC", D(10), "POL", D(10)),
        ("stake", "SOL", D(3), None, None),
    ]
    assert skipped(text) == {6: OTHER_HALF, 8: OTHER_HALF, 10: OTHER_HALF}
    assert net(stated(text)) == {"ETH2": D("-1.5"), "ETH": D("1.5"), "MATIC": D(-10), "POL": D(10)}


def test_a_conversion_written_as_two_rows_counts_once() -> None:
    notes = "Converted 0.5 ETH to 0.02 BTC"
    text = v4(
        f"a,2025-01-01 10:00:00 UTC,Convert,ETH,-0.5,EUR,€3000,-€1490,-€1500,€10,{notes}",
        f"b,2025-01-01 10:00:00 UTC,Convert,BTC,0.02,EUR,€74500,€1490,€1500,€10,{notes}",
    )
    assert net(stated(text)) == {"ETH": D("-0.5"), "BTC": D("0.02")}
    assert skipped(text) == {6: OTHER_HALF}
    assert net(stated("\n".join(text.split("\n")[:4] + text.split("\n")[5:]))) == net(stated(text))


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("a,2025-01-01 10:00:00 UTC,Airdrop Surprise,BTC,1,EUR,€1,€1,€1,€0,", "Airdrop Surprise is not known"),
        ("a,2025-01-01 10:00:00 UTC,Convert,BTC,1,EUR,€1,€1,€1,€0,thanks", "Notes"),
        ("a,2025-01-01 10:00:00 UTC,Convert,BTC,1,EUR,€1,€1,€1,€0,Converted 2 BTC to 9 ETH", "other amounts"),
        ("a,2025-01-01 10:00:00 UTC,Staking Income,BTC,-1,EUR,€1,€1,€1,€0,", "below zero"),
        ("a,2025-01-01 10:00:00 UTC,Buy,BTC,0,EUR,€1,€1,€1,€0,", "Nothing moves"),
        ("a,2025-01-01 10:00:00 UTC,Buy,BTC,much,EUR,€1,€1,€1,€0,", "Quantity Transacted"),
        ("a,2025-01-01 10:00:00 UTC,Buy,BTC,1,EUR,,,,,", "what was paid"),
        ("a,2025-01-01 10:00:00 UTC,Buy,,1,EUR,€1,€1,€1,€0,", "Asset"),
        ("a,soon,Buy,BTC,1,EUR,€1,€1,€1,€0,", "soon"),
        ("a,2025-01-01 10:00:00,Buy,BTC,1,EUR,€1,€1,€1,€0,", "time zone"),
        ("a,2025-01-01 10:00:00 UTC,Asset Migration,POL,10,EUR,€1,€1,€1,€0,", "isn't in the file"),
    ],
)
def test_a_row_that_says_nothing_certain_waits_for_its_owner(line: str, reason: str) -> None:
    found = unclear(v4(line))
    assert list(found) == [5]
    assert reason in found[5]


def test_a_time_without_a_zone_is_in_the_given_one() -> None:
    (draft,) = stated(v4("a,2025-01-01 10:00:00,Receive,BTC,1,EUR,€1,€1,€1,€0,"), UTC_ZONE)
    assert draft.timestamp == at("2025-01-01T10:00:00")


def test_an_old_transfer_that_does_not_say_which_way_waits_for_its_owner() -> None:
    assert "came or went" in unclear(f"{V3}\n2021-03-01T10:00:00Z,Transfer,BTC,1,USD,1,1,1,0,\n")[2]
