"""Binance's transaction history: rows of one second and account are one trade, where they clearly are."""

from decimal import Decimal

import pytest

from dashboard.drafts import Draft
from tests.dashboard.importing.reading import UTC_ZONE, at, format_key, net, skipped, stated, unclear

D = Decimal
HEADER = "User_ID,UTC_Time,Account,Operation,Coin,Change,Remark"
MONEY_ONLY = "Only money moves here, and money is never a position."


def history(*lines: str) -> str:
    """Lines without the user's number, as `time,account,operation,coin,change,remark`."""
    return "\n".join([HEADER, *(f"1,{line}" for line in lines), ""])


def traded(*rows: str) -> Draft:
    """The one draft of rows that happen in one second, as `operation,coin,change`."""
    (draft,) = stated(history(*(f"2023-05-01 10:00:00,Spot,{row}," for row in rows)))
    return draft


def test_a_file_with_all_that_happens_at_binance() -> None:
    lines = [
        "2023-05-01 09:00:00,Spot,Deposit,EUR,1000,",
        "2023-05-01 09:30:00,Spot,Deposit,BNB,1,hello",
        "2023-05-01 10:00:00,Spot,Buy,ETH,0.5,",
        "2023-05-01 10:00:00,Spot,Fee,BNB,-0.001,",
        "2023-05-01 10:00:00,Spot,Transaction Related,EUR,-800,",
        "2023-05-01 11:00:00,Spot,Transaction Sold,ETH,-0.1,",
        "2023-05-01 11:00:00,Spot,Transaction Revenue,USDT,180,",
        "2023-05-01 11:00:00,Spot,Transaction Fee,USDT,-0.18,",
        "2023-05-01 12:00:00,Spot,Simple Earn Flexible Subscription,USDT,-100,Binance Earn",
        "2023-05-01 12:00:00,Earn,Simple Earn Flexible Subscription,USDT,100,Binance Earn",
        "2023-05-02 00:10:00,Spot,Simple Earn Flexible Interest,USDT,0.01,Binance Earn",
        "2023-05-02 12:00:00,Spot,Simple Earn Flexible Redemption,USDT,100,Binance Earn",
        "2023-05-03 12:00:00,Spot,Transfer Between Main and Funding Wallet,USDT,-50,",
        "2023-05-03 12:00:00,Funding,Transfer Between Main and Funding Wallet,USDT,50,",
        "2023-05-04 12:00:00,Spot,Withdraw,ETH,-0.2,Withdraw fee is included",
        "2023-05-05 12:00:00,Spot,Fiat Withdraw,EUR,-100,",
    ]
    text = history(*lines)
    assert format_key(text) == "binance_history"
    wallet = "Binance"
    expected = [
        Draft(at("2023-05-01T09:30:00"), "deposit", "BNB", D(1), wallet, note="hello"),
        Draft(
            at("2023-05-01T10:00:00"),
            "buy",
            "ETH",
            D("0.5"),
            wallet,
            price=D(1600),
            price_currency="eur",
            fee_asset_id="BNB",
            fee_amount=D("0.001"),
        ),
        Draft(
            at("2023-05-01T11:00:00"),
            "swap",
            "ETH",
            D("0.1"),
            wallet,
            counter_asset_id="USDT",
            counter_amount=D(180),
            fee_asset_id="USDT",
            fee_amount=D("0.18"),
        ),
        Draft(at("2023-05-01T12:00:00"), "stake", "USDT", D(100), wallet, note="Binance Earn"),
        Draft(at("2023-05-02T00:10:00"), "reward", "USDT", D("0.01"), wallet, note="Binance Earn"),
        Draft(at("2023-05-02T12:00:00"), "unstake", "USDT", D(100), wallet, note="Binance Earn"),
        Draft(at("2023-05-04T12:00:00"), "withdrawal", "ETH", D("0.2"), wallet, note="Withdraw fee is included"),
    ]
    assert stated(text) == expected
    assert list(skipped(text)) == [2, 11, 14, 15, 17]
    without_user = "\n".join([HEADER.removeprefix("User_ID,"), *lines, ""])
    assert stated(without_user) == expected
    newest = "\n".join(["User ID,Time,Account,Operation,Coin,Change,Remark", *(f"1,{line[2:]}" for line in lines), ""])
    assert stated(newest, UTC_ZONE) == expected
    assert all("time zone" in reason for reason in unclear(newest).values())
    assert unclear(newest)


@pytest.mark.parametrize(
    ("rows", "facts"),
    [
        (["Buy,BTC,1", "Sell,USDT,-30000", "Fee,BNB,-0.1"], ("swap", "USDT", 30000, "BTC", 1, "BNB", "0.1")),
        (["Buy,EUR,-134", "Buy,ETH,0.1", "Fee,ETH,-0.0001"], ("buy", "ETH", "0.1", None, None, "ETH", "0.0001")),
        (["Sell,DAR,-336", "Sell,USDT,1157", "Fee,USDT,-1"], ("swap", "DAR", 336, "USDT", 1157, "USDT", 1)),
        (["Transaction Buy,ETH,2", "Transaction Spend,EUR,-99"], ("buy", "ETH", 2, None, None, None, None)),
        (["Binance Convert,BUSD,-125", "Binance Convert,MATIC,140"], ("swap", "BUSD", 125, "MATIC", 140, None, None)),
        (["Small assets exchange BNB,SOL,-2", "Small assets exchange BNB,BNB,1"],
         ("swap", "SOL", 2, "BNB", 1, None, None)),
        (["ETH 2.0 Staking,ETH,-2", "ETH 2.0 Staking,BETH,2"], ("migrate", "ETH", 2, "BETH", 2, None, None)),
        # Many fills of one order, some of them identical; legs in any order.
        (["Transaction Fee,HIGH,-0.01", "Transaction Buy,HIGH,10", "Transaction Spend,BTC,-0.5",
          "Transaction Buy,HIGH,10", "Transaction Spend,BTC,-0.5", "Transaction Fee,HIGH,-0.01"],
         ("swap", "BTC", 1, "HIGH", 20, "HIGH", "0.02")),
        # BNB for the fee ran out half way: what was charged in the bought coin never arrived.
        (["Buy,ETH,1", "Fee,BNB,-0.1", "Buy,ETH,1", "Fee,ETH,-0.001", "Buy,EUR,-3000"],
         ("buy", "ETH", "1.999", None, None, "BNB", "0.1")),
    ],
)  # fmt: skip
def test_rows_of_one_second_are_one_trade(rows: list[str], facts: tuple[object, ...]) -> None:
    draft = traded(*rows)
    kind, coin, amount, counter, counter_amount, fee, fee_amount = facts
    assert (draft.type, draft.asset_id, draft.amount) == (kind, coin, D(str(amount)))
    assert (draft.counter_asset_id, draft.counter_amount) == (counter, counter and D(str(counter_amount)))
    assert (draft.fee_asset_id, draft.fee_amount) == (fee, fee and D(str(fee_amount)))
    assert traded(*reversed(rows)) == draft


@pytest.mark.parametrize(
    "rows",
    [
        ["Buy,BTC,1", "Fee,BNB,-0.1"],
        ["Buy Crypto,BUSD,479.67"],
        ["Small assets exchange BNB,SOL,-2", "Small assets exchange BNB,BTC,-1", "Small assets exchange BNB,BNB,1"],
        ["Buy,BTC,1", "Buy,ETH,1", "Transaction Related,USDT,-3"],
        ["Buy,BTC,1", "Buy,USDT,-30000", "Sell,BTC,-1", "Sell,USDT,30010"],
        ["Buy,BTC,1", "Buy,USDT,-30000", "Fee,BNB,-0.1", "Fee,SOL,-0.1"],
    ],
)
def test_a_group_that_is_no_clear_trade_waits_for_its_owner_with_all_its_rows(rows: list[str]) -> None:
    text = history(*(f"2023-05-01 10:00:00,Spot,{row}," for row in rows))
    assert list(unclear(text)) == list(range(2, len(rows) + 2))


def test_rows_of_other_accounts_and_seconds_stay_apart() -> None:
    text = history(
        "2023-05-01 10:00:00,Spot,Buy,BTC,1,",
        "2023-05-01 10:00:00,Spot,Buy,EUR,-100,",
        "2023-05-01 10:00:00,Funding,Binance Convert,ETH,1,",
        "2023-05-01 10:00:00,Funding,Binance Convert,USDT,-10,",
        "2023-05-01 10:00:01,Spot,Buy,BTC,1,",
        "2023-05-01 10:00:01,Spot,Buy,EUR,-100,",
        "2023-05-01 10:00:01,Spot,Referral Kickback,BTC,0.1,",
    )
    assert [draft.type for draft in stated(text)] == ["buy", "swap", "buy", "reward"]
    assert net(stated(text)) == {"BTC": D("2.1"), "USDT": D(-10), "ETH": D(1)}


@pytest.mark.parametrize(
    ("operation", "change", "kind"),
    [
        ("Distribution", "1", "reward"),
        ("POS savings interest", "1", "reward"),
        ("Staking Rewards", "1", "reward"),
        ("Launchpool Interest", "1", "reward"),
        ("HODLer Airdrops Distribution", "1", "reward"),
        ("Commission Rebate", "1", "reward"),
        ("Binance Card Cashback", "1", "reward"),
        ("Cash Voucher Distribution", "1", "reward"),
        ("Binance Card Spending", "-1", "spend"),
        ("Crypto Box", "1", "gift_in"),
        ("Crypto Box", "-1", "gift_out"),
        ("Send", "-1", "withdrawal"),
        ("POS savings purchase", "-1", "stake"),
        ("Staking Redemption", "1", "unstake"),
        ("Launchpool Subscription/Redemption", "-1", "stake"),
        ("Launchpool Subscription/Redemption", "1", "unstake"),
    ],
)
def test_each_operation_is_a_kind(operation: str, change: str, kind: str) -> None:
    draft = traded(f"{operation},SOL,{change}")
    assert (draft.type, draft.asset_id, draft.amount) == (kind, "SOL", D(1))


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("2023-05-01 10:00:00,Spot,ABC,ETH,-15,", "ABC is not known"),
        ("2023-05-01 10:00:00,Spot,Withdraw,BTC,0.05,", "other way"),
        ("2023-05-01 10:00:00,Spot,Distribution,BTC,-0.05,", "Distribution is not known"),
        ("2023-05-01 10:00:00,Spot,P2P Trading,USDT,100,", "what was paid"),
        ("2023-05-01 10:00:00,USD-MFutures,Realized Profit and Loss,USDT,1,", "futures"),
        ("2023-05-01 10:00:00,USD-MFutures,Fee,USDT,-1,", "futures"),
        (",Spot,Withdraw,BTC,-0.05,Testing empty cells", "empty cell"),
        ("2023-05-01 10:00:00,Spot,Deposit,,,", "Change"),
        ("2023-05-01 10:00:00,Spot,Deposit,,1,", "Coin"),
    ],
)
def test_a_row_that_says_nothing_certain_waits_for_its_owner(line: str, reason: str) -> None:
    assert reason.lower() in unclear(history(line))[2].lower()
