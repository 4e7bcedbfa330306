"""CoinTracking's table of trades and CoinTracker's template."""

from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from dashboard.drafts import Draft
from dashboard.importing.table import UnreadableFile, decode
from tests.dashboard.importing.reading import UTC_ZONE, at, format_key, skipped, stated, unclear

HEADER = '"Type","Buy","Cur.","Sell","Cur.","Fee","Cur.","Exchange","Group","Comment","Date"\n'
WITH_ID = HEADER.replace('"Date"', '"Date","Tx-ID"')
TRACKER = "Date,Received Quantity,Received Currency,Sent Quantity,Sent Currency,Fee Amount,Fee Currency,Tag\n"


def test_cointracking_is_read_by_position_and_day_first() -> None:
    text = HEADER + (
        '"Trade","0.025","BTC","1000","EUR","5","EUR","Kraken","","first","05.03.2024 15:18:55"\n'
        '"Trade","1","ETH","0.05","BTC","0.001","BNB","Binance","Spot","","06.03.2024 15:18"\n'
        '"Trade","200","EUR","0.0025","BTC","","","Kraken","","","2024-03-07 10:12:27"\n'
        '"Deposit","0.5","BTC","","","0.00000000","","Ledger","","","08/03/2024 10:00:00"\n'
        '"Withdrawal","","","0.5","BTC","0.0001","BTC","Kraken","","","08.03.2024 09:00:00"\n'
        '"Staking","0.01","ETH","","","","","","","","09.03.2024 09:00:00"\n'
        '"Gift","","","0.01","ETH","","","Ledger","","","10.03.2024 09:00:00"\n'
        '"Gift/Tip","0.01","ETH","","","","","Ledger","","","10.03.2024 09:00:00"\n'
        '"Lost","-","-","0.01","ETH","-","-","Ledger","","","11.03.2024 09:00:00"\n'
        '"Spend","","","0.01","ETH","","","Ledger","","","12.03.2024 09:00:00"\n'
        '"Other Fee","","","0.01","ETH","","","Ledger","","","13.03.2024 09:00:00"\n'
        '"Swap (non taxable)","5","POL","5","MATIC","","","Ledger","","","14.03.2024 09:00:00"\n'
    )
    assert format_key(text) == "cointracking"
    assert stated(text, UTC_ZONE) == [
        Draft(
            at("2024-03-05T15:18:55"), "buy", "BTC", Decimal("0.025"), "Kraken", Decimal(40000), "eur",
            fee_asset_id="eur", fee_amount=Decimal(5), note="first",
        ),
        Draft(
            at("2024-03-06T15:18"), "swap", "BTC", Decimal("0.05"), "Binance", counter_asset_id="ETH",
            counter_amount=Decimal(1), fee_asset_id="BNB", fee_amount=Decimal("0.001"),
        ),
        Draft(at("2024-03-07T10:12:27"), "sell", "BTC", Decimal("0.0025"), "Kraken", Decimal(80000), "eur"),
        Draft(at("2024-03-08T10:00"), "deposit", "BTC", Decimal("0.5"), "Ledger"),
        Draft(
            at("2024-03-08T09:00"), "withdrawal", "BTC", Decimal("0.5"), "Kraken", fee_asset_id="BTC",
            fee_amount=Decimal("0.0001"),
        ),
        Draft(at("2024-03-09T09:00"), "reward", "ETH", Decimal("0.01"), "CoinTracking"),
        Draft(at("2024-03-10T09:00"), "gift_out", "ETH", Decimal("0.01"), "Ledger"),
        Draft(at("2024-03-10T09:00"), "gift_in", "ETH", Decimal("0.01"), "Ledger"),
        Draft(at("2024-03-11T09:00"), "lost", "ETH", Decimal("0.01"), "Ledger"),
        Draft(at("2024-03-12T09:00"), "spend", "ETH", Decimal("0.01"), "Ledger"),
        Draft(at("2024-03-13T09:00"), "fee", "ETH", Decimal("0.01"), "Ledger"),
        Draft(
            at("2024-03-14T09:00"), "migrate", "MATIC", Decimal(5), "Ledger", counter_asset_id="POL",
            counter_amount=Decimal(5),
        ),
    ]  # fmt: skip


def test_cointracking_begins_with_a_byte_order_mark() -> None:
    text = HEADER + '"Deposit","1","BTC","","","","","","","","05.03.2024 12:00:00"\n'
    (draft,) = stated(decode(b"\xef\xbb\xbf" + text.encode()), UTC_ZONE)
    assert (draft.asset_id, draft.amount) == ("BTC", Decimal(1))


def test_cointracking_may_number_its_rows_and_its_times_are_in_the_chosen_zone() -> None:
    text = WITH_ID + '"Deposit","1","BTC","","","","","","","","05.07.2024 12:00:00","tx9"\n'
    (draft,) = stated(text, ZoneInfo("Europe/Berlin"))
    assert (draft.timestamp, draft.external_id) == (at("2024-07-05T10:00"), "tx9")
    assert "Choose the file's time zone" in unclear(text)[2]


def test_cointracking_leaves_money_out_and_asks_about_the_rest() -> None:
    text = HEADER + (
        '"Deposit","1000","EUR","","","","","Kraken","","","05.03.2024 15:18:55"\n'
        '"Trade","1000","EUR","1100","USD","","","Kraken","","","05.03.2024 15:18:55"\n'
        '"Teleport","1","BTC","","","","","Kraken","","","05.03.2024 15:18:55"\n'
        '"Trade","1","BTC","","","","","Kraken","","","05.03.2024 15:18:55"\n'
        '"Deposit","","","1","BTC","","","Kraken","","","05.03.2024 15:18:55"\n'
        '"Deposit","1","BTC","","","","","Kraken","","","13/14/2024"\n'
    )
    assert list(skipped(text, UTC_ZONE)) == [2, 3]
    assert unclear(text, UTC_ZONE) == {
        4: "The type Teleport isn't known.",
        5: "The row says that it is a trade, but only one side is stated.",
        6: "The row says that it is a deposit, but its coins leave.",
        7: "13/14/2024 is no date and time that can be understood.",
    }


@pytest.mark.parametrize(
    "header",
    [
        "Type,Buy,Sell,Cur.,Cur.,Fee,Cur.,Exchange,Group,Comment,Date\n",
        "Type,Buy,Cur.,Sell,Cur.,Fee,Cur.,Exchange,Group,Comment,Date,Date\n",
    ],
)
def test_cointracking_columns_that_cant_be_told_apart_are_refused(header: str) -> None:
    with pytest.raises(UnreadableFile, match="Line 1"):
        stated(header + "," * (header.count(",")) + "\n", UTC_ZONE)


def test_cointracker_is_read_month_first() -> None:
    text = TRACKER + (
        "03/05/2024 15:18:55,0.025,BTC,1000,USD,5,USD,\n"
        "03/06/2024 15:18,1,ETH,0.05,BTC,,,\n"
        "3/7/2024,200,USD,0.0025,BTC,,,\n"
        "03/08/2024 01:00:00 PM,0.5,BTC,,,,,\n"
        "03/09/2024 09:00:00,,,0.5,BTC,0.0001,BTC,\n"
        "03/10/2024 09:00:00,0.01,ETH,,,,,staking\n"
        "03/11/2024 09:00:00,0.01,BCH,,,,,fork\n"
        "03/12/2024 09:00:00,,,0.01,ETH,,,gift\n"
        "03/13/2024 09:00:00,,,0.01,ETH,,,lost\n"
        "03/14/2024 09:00:00,0.01,ETH,,,,,gift\n"
        "03/15/2024 09:00:00,,,0.01,ETH,,,payment\n"
    )
    assert format_key(text) == "cointracker"
    assert stated(text, UTC_ZONE) == [
        Draft(
            at("2024-03-05T15:18:55"), "buy", "BTC", Decimal("0.025"), "CoinTracker", Decimal(40000), "usd",
            fee_asset_id="usd", fee_amount=Decimal(5),
        ),
        Draft(
            at("2024-03-06T15:18"), "swap", "BTC", Decimal("0.05"), "CoinTracker", counter_asset_id="ETH",
            counter_amount=Decimal(1),
        ),
        Draft(at("2024-03-07T00:00"), "sell", "BTC", Decimal("0.0025"), "CoinTracker", Decimal(80000), "usd"),
        Draft(at("2024-03-08T13:00"), "deposit", "BTC", Decimal("0.5"), "CoinTracker"),
        Draft(
            at("2024-03-09T09:00"), "withdrawal", "BTC", Decimal("0.5"), "CoinTracker", fee_asset_id="BTC",
            fee_amount=Decimal("0.0001"),
        ),
        Draft(at("2024-03-10T09:00"), "reward", "ETH", Decimal("0.01"), "CoinTracker"),
        Draft(at("2024-03-11T09:00"), "fork", "BCH", Decimal("0.01"), "CoinTracker"),
        Draft(at("2024-03-12T09:00"), "gift_out", "ETH", Decimal("0.01"), "CoinTracker"),
        Draft(at("2024-03-13T09:00"), "lost", "ETH", Decimal("0.01"), "CoinTracker"),
        Draft(at("2024-03-14T09:00"), "gift_in", "ETH", Decimal("0.01"), "CoinTracker"),
        Draft(at("2024-03-15T09:00"), "spend", "ETH", Decimal("0.01"), "CoinTracker"),
    ]  # fmt: skip


def test_cointracker_leaves_money_out_and_asks_about_the_rest() -> None:
    text = TRACKER + (
        "03/05/2024 15:18:55,1000,USD,,,,,\n03/05/2024 15:18:55,1,BTC,,,,,teleport\n25/12/2024 15:18:55,1,BTC,,,,,\n"
    )
    assert list(skipped(text, UTC_ZONE)) == [2]
    assert list(unclear(text, UTC_ZONE)) == [3, 4]
    assert unclear(text)[4] == "25/12/2024 15:18:55 is no date and time that can be understood."
