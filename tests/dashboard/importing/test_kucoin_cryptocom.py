"""KuCoin's trades and the history of the Crypto.com app."""

from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from dashboard.drafts import Draft
from tests.dashboard.importing.reading import UTC_ZONE, at, format_key, net, skipped, stated, unclear

KUCOIN = "tradeCreatedAt,symbol,side,price,size,funds,fee,feeCurrency\n"
APP = (
    "Timestamp (UTC),Transaction Description,Currency,Amount,To Currency,To Amount,Native Currency,Native Amount,"
    "Native Amount (in USD),Transaction Kind"
)
WITH_HASH = f"{APP},Transaction Hash\n"
APP += "\n"
WALLET = "Crypto.com App"


def test_kucoin_trades_a_pair_in_the_zone_that_was_chosen() -> None:
    text = KUCOIN + (
        "2024-03-05 15:18:55,BTC-USDT,buy,40000,0.025,1000,1,USDT\n"
        "2024-03-05 15:18:56,ETH-BTC,SELL,0.05,2,0.1,0.0001,BTC\n"
        "2024-07-05 15:18:57,BTC-EUR,buy,36000,0.5,,,\n"
    )
    assert format_key(text) == "kucoin"
    assert stated(text, ZoneInfo("Asia/Hong_Kong")) == [
        Draft(
            at("2024-03-05T07:18:55"), "swap", "USDT", Decimal(1000), "KuCoin", counter_asset_id="BTC",
            counter_amount=Decimal("0.025"), fee_asset_id="USDT", fee_amount=Decimal(1),
        ),
        Draft(
            at("2024-03-05T07:18:56"), "swap", "ETH", Decimal(2), "KuCoin", counter_asset_id="BTC",
            counter_amount=Decimal("0.1"), fee_asset_id="BTC", fee_amount=Decimal("0.0001"),
        ),
        Draft(at("2024-07-05T07:18:57"), "buy", "BTC", Decimal("0.5"), "KuCoin", Decimal(36000), "eur"),
    ]  # fmt: skip
    assert set(unclear(text).values()) == {"The time has no time zone. Choose the file's time zone."}


def test_kucoin_asks_about_what_it_cant_read() -> None:
    text = KUCOIN + (
        "2024-03-05 15:18:55,BTCUSDT,buy,40000,0.025,1000,1,USDT\n"
        "2024-03-05 15:18:55,BTC-USDT,hold,40000,0.025,1000,1,USDT\n"
        "2024-03-05 15:18:55,BTC-USDT,buy,,0.025,,1,USDT\n"
        "2024-03-05 15:18:55,BTC-USDT,buy,1,1,1,1,\n"
    )
    assert list(unclear(text, UTC_ZONE)) == [2, 3, 4, 5]
    assert unclear(text, UTC_ZONE)[3] == "The side hold isn't known."
    assert unclear(text, UTC_ZONE)[4] == "price: There is no number."


@pytest.mark.parametrize("header", [APP, WITH_HASH])
def test_the_app_is_known_with_and_without_hashes(header: str) -> None:
    tail = ",0xabc" if header == WITH_HASH else ""
    text = f"{header}2024-03-05 15:18:55,BTC Deposit,BTC,0.5,,,EUR,20000,22000,crypto_deposit{tail}\n"
    assert format_key(text) == "cryptocom"
    assert stated(text, ZoneInfo("Asia/Tokyo")) == [
        Draft(
            at("2024-03-05T15:18:55"), "deposit", "BTC", Decimal("0.5"), WALLET, Decimal(40000), "eur",
            note="BTC Deposit", external_id=tail[1:],
        )
    ]  # fmt: skip


def test_the_kind_of_transaction_decides_in_the_app() -> None:
    rows = (
        "Buy BTC,BTC,0.025,,,EUR,1000,1100,crypto_purchase",
        "EUR -> ETH,EUR,-200,ETH,0.1,EUR,200,220,viban_purchase",
        "BTC -> EUR,BTC,-0.01,EUR,400,EUR,400,440,crypto_viban_exchange",
        "USDT -> EUR,USDT,-200,,,EUR,-180,-198,card_top_up",
        "XRP -> BTC,XRP,-500,BTC,0.01,EUR,450,500,crypto_exchange",
        "Stake Reward,CRO,10,,,EUR,1.5,1.6,mco_stake_reward",
        "Cashback,CRO,10,,,EUR,0.0,0.0,referral_card_cashback",
        "Cashback reverted,CRO,-10,,,EUR,-1.5,-1.6,card_cashback_reverted",
        "CRO Stake,CRO,-1000,,,EUR,150,160,lockup_lock",
        "CRO Unlock,CRO,1000,,,EUR,150,160,lockup_unlock",
        "Withdraw BTC,BTC,-0.01,,,EUR,-400,-440,crypto_withdrawal",
        "From a friend,BTC,0.01,,,EUR,400,440,crypto_transfer",
        "To a friend,BTC,-0.01,,,EUR,-400,-440,crypto_transfer",
        "A phone,BTC,-0.01,,,EUR,-400,-440,crypto_payment",
    )
    text = APP + "".join(f"2024-03-05 15:18:{second:02},{row}\n" for second, row in enumerate(rows))
    found = stated(text)
    assert [(d.type, d.asset_id, d.amount, d.counter_asset_id, d.counter_amount) for d in found] == [
        ("buy", "BTC", Decimal("0.025"), None, None),
        ("buy", "ETH", Decimal("0.1"), None, None),
        ("sell", "BTC", Decimal("0.01"), None, None),
        ("sell", "USDT", Decimal(200), None, None),
        ("swap", "XRP", Decimal(500), "BTC", Decimal("0.01")),
        ("reward", "CRO", Decimal(10), None, None),
        ("reward", "CRO", Decimal(10), None, None),
        ("lost", "CRO", Decimal(10), None, None),
        ("stake", "CRO", Decimal(1000), None, None),
        ("unstake", "CRO", Decimal(1000), None, None),
        ("withdrawal", "BTC", Decimal("0.01"), None, None),
        ("gift_in", "BTC", Decimal("0.01"), None, None),
        ("gift_out", "BTC", Decimal("0.01"), None, None),
        ("spend", "BTC", Decimal("0.01"), None, None),
    ]
    prices = [(d.price, d.price_currency) for d in found]
    unknown = (None, "")
    assert prices == [
        (Decimal(40000), "eur"), (Decimal(2000), "eur"), (Decimal(40000), "eur"), (Decimal("0.9"), "eur"),
        (Decimal("0.9"), "eur"), (Decimal("0.15"), "eur"), unknown, unknown, unknown, unknown, unknown,
        (Decimal(40000), "eur"), unknown, (Decimal(40000), "eur"),
    ]  # fmt: skip
    assert {d.wallet for d in found} == {WALLET}
    assert [d.note for d in found] == [row.split(",")[0] for row in rows]


def test_rows_of_one_second_that_were_debited_and_credited_are_a_swap() -> None:
    text = APP + (
        "2024-03-05 15:18:55,Balance Conversion,USDC,81,,,EUR,74,87,crypto_wallet_swap_credited\n"
        "2024-03-05 15:18:55,Balance Conversion,USDT,-81,,,EUR,73.5,86,crypto_wallet_swap_debited\n"
        "2024-03-05 15:18:57,Convert Dust,CRO,3,,,EUR,0.3,0.4,dust_conversion_credited\n"
        "2024-03-05 15:18:57,Convert Dust,BTC,-0.0001,,,EUR,0.2,0.3,dust_conversion_debited\n"
        "2024-03-05 15:18:57,Convert Dust,ETH,-0.0002,,,EUR,0.1,0.1,dust_conversion_debited\n"
    )
    found = stated(text)
    assert [(d.type, d.asset_id, d.amount, d.counter_asset_id) for d in found] == [
        ("swap", "USDT", Decimal(81), "USDC"),
        ("swap", "BTC", Decimal("0.0001"), "CRO"),
        ("swap", "ETH", Decimal("0.0002"), "CRO"),
    ]
    assert net(found) == {
        "USDT": Decimal(-81), "USDC": Decimal(81), "BTC": Decimal("-0.0001"), "ETH": Decimal("-0.0002"),
        "CRO": Decimal(3),
    }  # fmt: skip
    assert found[1].counter_amount == Decimal(2)


def test_the_app_leaves_money_out_and_asks_about_the_rest() -> None:
    text = APP + (
        "2024-03-05 15:18:55,EUR Deposit,EUR,100,,,EUR,100,110,viban_deposit\n"
        "2024-03-05 15:18:55,EUR -> USD,EUR,-100,USD,110,EUR,100,110,viban_exchange\n"
        "2024-03-05 15:18:55,Teleport,BTC,1,,,EUR,100,110,teleport\n"
        "2024-03-05 15:18:55,BTC Deposit,BTC,0,,,EUR,0,0,crypto_deposit\n"
        "2024-03-05 15:18:56,Conversion,BTC,1,,,EUR,0,0,crypto_wallet_swap_credited\n"
        "2024-03-05 15:18:57,Dust,BTC,1,,,EUR,1,1,dust_conversion_credited\n"
        "2024-03-05 15:18:57,Dust,ETH,-1,,,EUR,,,dust_conversion_debited\n"
        "2024-03-05 15:18:57,Dust,LTC,-1,,,EUR,1,1,dust_conversion_debited\n"
        "2024-03-05 15:18:58,BTC Deposit,BTC,-1,,,EUR,1,1,crypto_deposit\n"
    )
    assert list(skipped(text)) == [2, 3]
    assert unclear(text) == {
        4: "The transaction kind teleport isn't known.",
        5: "Amount: It is zero.",
        6: "The rows of this second aren't coins turned into one coin.",
        **dict.fromkeys((7, 8, 9), "How much of what arrived belongs to which coin can't be told."),
        10: "The row says that it is a deposit, but its coins leave.",
    }
