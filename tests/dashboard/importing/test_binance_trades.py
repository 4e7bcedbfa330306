"""Binance's lists of spot trades, conversions, deposits and withdrawals."""

from decimal import Decimal

import pytest

from dashboard.drafts import Draft
from tests.dashboard.importing.reading import UTC_ZONE, at, format_key, skipped, stated, unclear

D = Decimal
NEW = "Date(UTC),Pair,Side,Price,Executed,Amount,Fee"
OLD = "Date(UTC),Market,Type,Price,Amount,Total,Fee,Fee Coin"
CONVERT = "Date,Wallet,Pair,Type,Sell,Buy,Price,Inverse Price,Date Updated,Status"
DEPOSITS = "Date(UTC+0),Coin,Network,Amount,Address,TXID,Status"
WITHDRAWALS = "Date(UTC+0),Coin,Network,Amount,Fee,Address,TXID,Status"
WALLET = "Binance"


def test_new_spot_trades() -> None:
    text = "\n".join(
        [
            NEW,
            '2023-05-01 10:00:00,BTCEUR,BUY,"25,000",0.01000000BTC,250.00000000EUR,0.00001000BTC',
            "2023-05-01 11:00:00,ETHUSDT,SELL,1800,0.5ETH,900USDT,0.001BNB",
            "2023-05-01 12:00:00,1INCHUSDT,BUY,0.5,51INCH,2.5USDT,0.0051INCH",
            "2023-05-01 12:00:00,1INCHUSDT,BUY,0.5,51INCH,2.5USDT,0.0051INCH",
            "2023-05-01 13:00:00,EURUSDT,SELL,1.1,100EUR,110USDT,0USDT",
            "",
        ]
    )
    assert format_key(text) == "binance_spot"
    fill = Draft(
        at("2023-05-01T12:00:00"),
        "swap",
        "USDT",
        D("2.5"),
        WALLET,
        counter_asset_id="1INCH",
        counter_amount=D(5),
        fee_asset_id="1INCH",
        fee_amount=D("0.005"),
    )
    assert stated(text) == [
        Draft(
            at("2023-05-01T10:00:00"),
            "buy",
            "BTC",
            D("0.01"),
            WALLET,
            price=D(25000),
            price_currency="eur",
            fee_asset_id="BTC",
            fee_amount=D("0.00001"),
        ),
        Draft(
            at("2023-05-01T11:00:00"),
            "swap",
            "ETH",
            D("0.5"),
            WALLET,
            counter_asset_id="USDT",
            counter_amount=D(900),
            fee_asset_id="BNB",
            fee_amount=D("0.001"),
        ),
        fill,
        fill,
        Draft(
            at("2023-05-01T13:00:00"),
            "buy",
            "USDT",
            D(110),
            WALLET,
            value_override=D(100),
            price_currency="eur",
        ),
    ]


def test_old_spot_trades() -> None:
    text = "\n".join(
        [
            OLD,
            "2018-05-01 10:00:00,BNBBTC,BUY,0.0015,10,0.015,0.01,BNB",
            "2020-05-01 10:00:00,BTCTUSD,SELL,9000,0.1,900,0.9,TUSD",
            "2020-05-02 10:00:00,ETHEUR,BUY,200,2,400,0.001,BNB",
            "",
        ]
    )
    assert format_key(text) == "binance_spot"
    assert stated(text) == [
        Draft(
            at("2018-05-01T10:00:00"),
            "swap",
            "BTC",
            D("0.015"),
            WALLET,
            counter_asset_id="BNB",
            counter_amount=D(10),
            fee_asset_id="BNB",
            fee_amount=D("0.01"),
        ),
        Draft(
            at("2020-05-01T10:00:00"),
            "swap",
            "BTC",
            D("0.1"),
            WALLET,
            counter_asset_id="TUSD",
            counter_amount=D(900),
            fee_asset_id="TUSD",
            fee_amount=D("0.9"),
        ),
        Draft(
            at("2020-05-02T10:00:00"),
            "buy",
            "ETH",
            D(2),
            WALLET,
            price=D(200),
            price_currency="eur",
            fee_asset_id="BNB",
            fee_amount=D("0.001"),
        ),
    ]


@pytest.mark.parametrize("header", [CONVERT, CONVERT.replace("Wallet,", "")])
def test_conversions(header: str) -> None:
    lines = [
        "2023-06-05 19:47:00,Spot Wallet,BUSDMATIC,Market,125.5 BUSD,140.1 MATIC,1 BUSD = 1.1 MATIC,"
        "1 MATIC = 0.9 BUSD,2023-06-05 19:47:01,Successful",
        "2023-06-05 20:00:00,Spot Wallet,BTCEUR,Market,0.5BTC,10000EUR,x,x,2023-06-05 20:00:00,Successful",
        "2023-06-05 21:00:00,Spot Wallet,BTCEUR,Limit,1 BTC,20000 EUR,x,x,2023-06-05 21:00:00,Expired",
    ]
    if header != CONVERT:
        lines = [line.replace("Spot Wallet,", "") for line in lines]
    text = "\n".join([header, *lines, ""])
    assert format_key(text) == "binance_convert"
    assert stated(text, UTC_ZONE) == [
        Draft(
            at("2023-06-05T19:47:00"),
            "swap",
            "BUSD",
            D("125.5"),
            WALLET,
            counter_asset_id="MATIC",
            counter_amount=D("140.1"),
        ),
        Draft(at("2023-06-05T20:00:00"), "sell", "BTC", D("0.5"), WALLET, price=D(20000), price_currency="eur"),
    ]
    assert "Expired" in skipped(text, UTC_ZONE)[4]
    assert "time zone" in unclear(text)[2]


@pytest.mark.parametrize(
    ("offset", "hour"), [("UTC+0", 10), ("UTC", 10), ("UTC+8", 2), ("UTC-3", 13), ("UTC+5:30", 4), ("UTC+1", 9)]
)
def test_deposits_in_the_zone_that_their_header_names(offset: str, hour: int) -> None:
    text = "\n".join(
        [
            DEPOSITS.replace("UTC+0", offset),
            "2023-05-01 10:00:00,BTC,BTC,0.5,bc1q,tx1,Completed",
            "2023-05-01 10:00:00,EUR,SEPA,100,iban,tx2,Completed",
            "2023-05-01 10:00:00,BTC,BTC,0.5,bc1q,tx3,Pending",
            "",
        ]
    )
    assert format_key(text) == "binance_deposits"
    (draft,) = stated(text, UTC_ZONE)
    moment = at(f"2023-05-01T{hour:02}:{'30' if '30' in offset else '00'}:00")
    assert draft == Draft(moment, "deposit", "BTC", D("0.5"), WALLET, external_id="tx1")
    assert list(skipped(text)) == [3, 4]


def test_withdrawals_with_their_network_fee() -> None:
    text = f"{WITHDRAWALS}\n2023-05-01 10:00:00,ETH,ETH,0.5,0.001,0xabc,tx1,Completed\n"
    assert format_key(text) == "binance_withdrawals"
    assert stated(text) == [
        Draft(
            at("2023-05-01T10:00:00"),
            "withdrawal",
            "ETH",
            D("0.5"),
            WALLET,
            fee_asset_id="ETH",
            fee_amount=D("0.001"),
            external_id="tx1",
        )
    ]


@pytest.mark.parametrize(
    ("header", "line", "reason"),
    [
        (NEW, "2023-05-01 10:00:00,BTCEUR,BUY,1,1ETH,1EUR,0BTC", "Pair"),
        (NEW, "2023-05-01 10:00:00,BTCEUR,HOLD,1,1BTC,1EUR,0BTC", "Side"),
        (NEW, "2023-05-01 10:00:00,BTCEUR,BUY,1,0BTC,1EUR,0BTC", "Nothing"),
        (NEW, "2023-05-01 10:00:00,BTCEUR,BUY,1,1BTC,1EUR,some", "Fee"),
        (OLD, "2023-05-01 10:00:00,FOOBAR,BUY,1,1,1,1,BNB", "FOOBAR"),
        (OLD, "2023-05-01 10:00:00,BTCEUR,BUY,1,1,1,1,", "Fee Coin"),
        (DEPOSITS, "2023-05-01 10:00:00,BTC,BTC,-1,a,t,Completed", "Amount"),
        (DEPOSITS, "2023-05-01 10:00:00,,BTC,1,a,t,Completed", "Coin"),
        (WITHDRAWALS, "2023-05-01 10:00:00,BTC,BTC,1,-1,a,t,Completed", "Fee"),
        (DEPOSITS, "then,BTC,BTC,1,a,t,Completed", "then"),
    ],
)
def test_a_row_that_says_nothing_certain_waits_for_its_owner(header: str, line: str, reason: str) -> None:
    assert reason in unclear(f"{header}\n{line}\n")[2]
