"""Delta in both of its layouts, and CoinStats' template and export."""

from decimal import Decimal

import pytest

from dashboard.drafts import Draft
from tests.dashboard.importing.reading import UTC_ZONE, at, format_key, skipped, stated, unclear

DELTA = (
    "Date,Way,Base amount,Base currency (name),Base type,Quote amount,Quote currency,Exchange,Sent/Received from,"
    "Sent to,Fee amount,Fee currency (name),Broker,Notes\n"
)
OLD_DELTA = (
    "Date,Type,Exchange,Base amount,Base currency,Quote amount,Quote currency,Fee,Fee currency,Costs/Proceeds,"
    "Costs/Proceeds currency,Sync Holdings,Sent/Received from,Sent to,Notes\n"
)
TEMPLATE = "Coin Symbol,Exchange,Pair,Type,Amount,Price,Fee,Date,Notes\n"
EXPORT = (
    "Portfolio,Coin Name,Coin Symbol,Exchange,Pair,Type,Amount,Price,Price USD,Fee Percent,Fee Amount,Fee Currency,"
    "Date,Notes\n"
)
FILL = "CoinStats made these rows up to fit a balance (type Fill)."


def test_delta_states_trades_moves_and_rewards() -> None:
    text = DELTA + (
        "2024-03-05 11:18:55-04:00,BUY,0.025,BTC,CRYPTO,1000,USD,Kraken,,,5,USD,,first\n"
        "2024-03-06 11:18:55-04:00,BUY,10,ETH (Ethereum),CRYPTO,0.6,BTC,Binance,,,0.1,BNB (BNB),,\n"
        "2024-03-07 11:18:55-04:00,SELL,100,SOL (Solana),CRYPTO,0.88,ETH,Binance,,,,,,\n"
        "2024-03-08 11:18:55-04:00,DEPOSIT,0.5,BTC,CRYPTO,,,,OTHER,Ledger,,,,\n"
        "2024-03-09 11:18:55-04:00,WITHDRAW,0.1,DOT (Polkadot),CRYPTO,,,,Ledger,OTHER,0.001,DOT (Polkadot),,\n"
        "2024-03-10 11:18:55-04:00,DEPOSIT,0.001,BTC,CRYPTO,,,Nexo,DIVIDENDS,,,,,\n"
        "2024-03-11 11:18:55-04:00,TRANSFER,0.2,BTC,CRYPTO,,,,Kraken,Ledger,0.0001,BTC,,\n"
        "2024-03-12T15:18:55Z,DEPOSIT,0.001,BCH,CRYPTO,,,,FORK,,,,Trezor,\n"
    )
    assert format_key(text) == "delta"
    assert stated(text) == [
        Draft(
            at("2024-03-05T15:18:55"), "buy", "BTC", Decimal("0.025"), "Kraken", Decimal(40000), "usd",
            fee_asset_id="usd", fee_amount=Decimal(5), note="first",
        ),
        Draft(
            at("2024-03-06T15:18:55"), "swap", "BTC", Decimal("0.6"), "Binance", counter_asset_id="ETH",
            counter_amount=Decimal(10), fee_asset_id="BNB", fee_amount=Decimal("0.1"),
        ),
        Draft(
            at("2024-03-07T15:18:55"), "swap", "SOL", Decimal(100), "Binance", counter_asset_id="ETH",
            counter_amount=Decimal("0.88"),
        ),
        Draft(at("2024-03-08T15:18:55"), "deposit", "BTC", Decimal("0.5"), "Ledger"),
        Draft(
            at("2024-03-09T15:18:55"), "withdrawal", "DOT", Decimal("0.1"), "Ledger", fee_asset_id="DOT",
            fee_amount=Decimal("0.001"),
        ),
        Draft(at("2024-03-10T15:18:55"), "reward", "BTC", Decimal("0.001"), "Nexo"),
        Draft(
            at("2024-03-11T15:18:55"), "transfer", "BTC", Decimal("0.2"), "Kraken", fee_asset_id="BTC",
            fee_amount=Decimal("0.0001"), to_wallet="Ledger",
        ),
        Draft(at("2024-03-12T15:18:55"), "fork", "BCH", Decimal("0.001"), "Trezor"),
    ]  # fmt: skip


def test_the_old_delta_file_says_what_a_trade_cost_in_money() -> None:
    text = OLD_DELTA + (
        "2018-01-05 10:00:00 +00:00,BUY,Kraken,0.5,BTC,5000,EUR,10,EUR,5010,EUR,1,,,\n"
        "2018-01-06 10:00:00 +0100,SELL,Binance,2,ETH,0.2,BTC,0.001,ETH,2500,USD,1,,,half\n"
        "2018-01-07 10:00:00,DEPOSIT,,1,LTC,,,,,,,,AIRDROP,Ledger,\n"
        "2018-01-08 10:00:00,WITHDRAW,Kraken,1,LTC,,,,,,,,,,\n"
    )
    assert format_key(text) == "delta_old"
    assert stated(text, UTC_ZONE) == [
        Draft(
            at("2018-01-05T10:00"), "buy", "BTC", Decimal("0.5"), "Kraken", Decimal(10000), "eur",
            fee_asset_id="eur", fee_amount=Decimal(10),
        ),
        Draft(
            at("2018-01-06T09:00"), "swap", "ETH", Decimal(2), "Binance", Decimal(1250), "usd",
            counter_asset_id="BTC", counter_amount=Decimal("0.2"), fee_asset_id="ETH", fee_amount=Decimal("0.001"),
            note="half",
        ),
        Draft(at("2018-01-07T10:00"), "reward", "LTC", Decimal(1), "Ledger"),
        Draft(at("2018-01-08T10:00"), "withdrawal", "LTC", Decimal(1), "Kraken"),
    ]  # fmt: skip
    assert list(unclear(text)) == [4, 5]


def test_delta_leaves_stocks_and_money_out_and_asks_about_the_rest() -> None:
    text = DELTA + (
        "2024-03-05 11:18:55Z,BUY,5,AAPL,STOCK,1250,USD,Nasdaq,,,,,,\n"
        "2024-03-05 11:18:55Z,DIVIDEND,,AAPL,STOCK,2.5,USD,Nasdaq,,,0.5,USD,,\n"
        "2024-03-05 11:18:55Z,DEPOSIT,5000,USD,FIAT,,,,,,,,,\n"
        "2024-03-05 11:18:55Z,BUY,5000,USD,FIAT,4500,EUR,,,,,,,\n"
        "2024-03-05 11:18:55Z,TELEPORT,5,BTC,CRYPTO,,,,,,,,,\n"
        "2024-03-05 11:18:55Z,BUY,5,BTC,CRYPTO,,,,,,,,,\n"
        "2024-03-05 11:18:55,BUY,5,BTC,CRYPTO,5,USD,,,,,,,\n"
    )
    assert list(skipped(text)) == [2, 3, 4, 5]
    assert skipped(text)[2] == "Stocks, funds and the like are left out; only coins are kept here."
    assert skipped(text)[4] == "Only money moves here, and money is never a position."
    assert unclear(text) == {
        6: "TELEPORT is no way that is known.",
        7: "The row says that it is a trade, but only one side is stated.",
        8: "The time has no time zone. Choose the file's time zone.",
    }


@pytest.mark.parametrize("pair", ["USD", "BTC/USD", "BTC-USD", "BTCUSD"])
def test_the_template_of_coinstats_prices_in_the_pairs_other_coin(pair: str) -> None:
    text = TEMPLATE + f"BTC,Kraken,{pair},Buy,0.025,40000,5,03/05/2024 15:18:55,first\n"
    assert format_key(text) == "coinstats"
    assert stated(text, UTC_ZONE) == [
        Draft(
            at("2024-03-05T15:18:55"), "buy", "BTC", Decimal("0.025"), "Kraken", Decimal(40000), "usd",
            fee_asset_id="usd", fee_amount=Decimal(5), note="first",
        )
    ]  # fmt: skip


def test_the_template_of_coinstats_knows_its_own_types() -> None:
    text = TEMPLATE + (
        "ETH,Binance,BTC,sell,2,0.05,0.001 BNB,2024-03-05T15:18:55Z,\n"
        "ETH,Binance,USDT,buy,0.3,2000,0.1%,2024-03-05T15:18:55Z,\n"
        "ETH,,,deposit,2,,,2024-03-05T15:18:55Z,\n"
        "ETH,,USD,withdraw,-2,2000,,2024-03-05T15:18:55Z,\n"
        "ETH,,USD,referral_cashback,0.1,2000,,2024-03-05T15:18:55Z,\n"
        "ETH,,USD,fee,0.1,2000,,2024-03-05T15:18:55Z,\n"
        "ETH,,,transfer,-1,,,2024-03-05T15:18:55Z,\n"
        "BTC,Ledger,USD,balance,1,40000,,2024-03-05T15:18:55Z,\n"
    )
    moment = at("2024-03-05T15:18:55")
    assert stated(text) == [
        Draft(
            moment, "swap", "ETH", Decimal(2), "Binance", counter_asset_id="BTC", counter_amount=Decimal("0.1"),
            fee_asset_id="BNB", fee_amount=Decimal("0.001"),
        ),
        Draft(
            moment, "swap", "USDT", Decimal(600), "Binance", counter_asset_id="ETH", counter_amount=Decimal("0.3"),
            fee_asset_id="USDT", fee_amount=Decimal("0.6"),
        ),
        Draft(moment, "deposit", "ETH", Decimal(2), "CoinStats"),
        Draft(moment, "withdrawal", "ETH", Decimal(2), "CoinStats"),
        Draft(moment, "reward", "ETH", Decimal("0.1"), "CoinStats", Decimal(2000), "usd"),
        Draft(moment, "fee", "ETH", Decimal("0.1"), "CoinStats", Decimal(2000), "usd"),
        Draft(moment, "withdrawal", "ETH", Decimal(1), "CoinStats"),
    ]  # fmt: skip
    assert skipped(text) == {9: FILL}


def test_the_export_of_coinstats_adds_dollars_and_the_fees_currency() -> None:
    text = EXPORT + (
        "Main,Bitcoin,BTC,Kraken,BTC/EUR,Buy,0.025,36000,40000,,5,EUR,2024-03-05T15:18:55.000Z,\n"
        "Main,Ethereum,ETH,,ETH/BTC,Sell,-2,0.05,2000,0.1,,,2024-03-05T15:18:55.000Z,\n"
        "Main,Ethereum,ETH,,,Received,1,,2000,,,,Tue Mar 05 2024 15:18:55 GMT+0000 (Coordinated Universal Time),\n"
        'Main,Ethereum,ETH,,,Sent,-1,,2000,,0.001,ETH,"03/05/2024, 03:18:55 PM",\n'
        "Main,Ethereum,ETH,,,Fill,-1,,2000,,,,2024-03-05T15:18:55.000Z,This is a fake transaction\n"
        "Main,Ethereum,ETH,,,Buy,1,,2000,,,,2024-03-05T15:18:55.000Z,\n"
    )
    moment = at("2024-03-05T15:18:55")
    assert format_key(text) == "coinstats"
    assert stated(text, UTC_ZONE) == [
        Draft(
            moment, "buy", "BTC", Decimal("0.025"), "Kraken", Decimal(36000), "eur", fee_asset_id="eur",
            fee_amount=Decimal(5),
        ),
        Draft(
            moment, "swap", "ETH", Decimal(2), "Main", Decimal(2000), "usd", counter_asset_id="BTC",
            counter_amount=Decimal("0.1"), fee_asset_id="BTC", fee_amount=Decimal("0.0001"),
        ),
        Draft(moment, "deposit", "ETH", Decimal(1), "Main", Decimal(2000), "usd"),
        Draft(moment, "withdrawal", "ETH", Decimal(1), "Main", fee_asset_id="ETH", fee_amount=Decimal("0.001")),
        Draft(moment, "buy", "ETH", Decimal(1), "Main", Decimal(2000), "usd"),
    ]  # fmt: skip
    assert skipped(text, UTC_ZONE) == {6: FILL}


def test_coinstats_leaves_money_out_and_asks_about_the_rest() -> None:
    row = "{},,{},{},{},{},{},2024-03-05T15:18:55Z,\n"
    text = TEMPLATE + "".join(
        row.format(*cells.split("|"))
        for cells in (
            "USD||deposit|100||",
            "BTC|USD|loan|1|40000|",
            "BTC|USD|buy|-1|40000|",
            "BTC||buy|1|40000|",
            "BTC|ETH/USD|buy|1|40000|",
            "BTC||deposit|1||0.5",
            "BTC||deposit|1||1%",
            "|USD|buy|1|40000|",
            "BTC|USD|buy||40000|",
            "BTC|USD|buy|1|40000|101%",
        )
    )
    assert list(skipped(text)) == [2]
    assert unclear(text) == {
        3: "The type loan isn't known.",
        4: "The type says that coins arrive, but the amount is below zero.",
        5: "Pair and Price don't say what was paid.",
        6: "Pair: ETH/USD isn't BTC against something.",
        7: "Fee: Nothing says which coin or currency it is in.",
        8: "Fee: It is a percentage, but Pair and Price don't say of what.",
        9: "Coin Symbol: It is empty. Name the coin or currency.",
        10: "Amount: There is no number.",
        11: "Fee: It is more than 100 %.",
    }
