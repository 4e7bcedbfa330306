"""Koinly's template, its report in each of its shapes, and the list of all columns."""

from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from dashboard.drafts import Draft
from tests.dashboard.importing.reading import at, format_key, net, skipped, stated, unclear

UNIVERSAL = (
    "Date,Sent Amount,Sent Currency,Received Amount,Received Currency,Fee Amount,Fee Currency,Net Worth Amount,"
    "Net Worth Currency,Label,Description,TxHash\n"
)
REPORT = (
    "Date,Type,{label},Sending Wallet,Sent Amount,Sent Currency,Sent Cost Basis,Receiving Wallet,Received Amount,"
    "Received Currency,Received Cost Basis,Fee Amount,Fee Currency,Gain ({money}),Net Value ({money}),"
    "Fee Value ({money}),TxSrc,TxDest,TxHash,Description\n"
)
LISTED = (
    "ID (read-only),Parent ID (read-only),Date (UTC),Type,Tag,From Wallet (read-only),From Wallet ID,From Amount,"
    "From Currency,To Wallet (read-only),To Wallet ID,To Amount,To Currency,Fee Amount,Fee Currency,Net Worth Amount,"
    "Net Worth Currency,Fee Worth Amount,Fee Worth Currency,Net Value (read-only),Fee Value (read-only),"
    "Value Currency (read-only),Deleted,From Source (read-only),To Source (read-only),Negative Balances (read-only),"
    "Missing Rates (read-only),Missing Cost Basis (read-only),Synced To Accounting At (UTC read-only),TxSrc,TxDest,"
    "TxHash,Description\n"
)
BERLIN = ZoneInfo("Europe/Berlin")


def test_the_template_states_every_kind_of_row() -> None:
    text = UNIVERSAL + (
        "2024-01-02 10:00 UTC,1000,EUR,0.025,BTC;1,5,EUR,1000,EUR,,first coins,tx1\n"
        "2024-01-03 10:00,0.01,BTC,0.15,ETH,0.001,ETH,400,EUR,,,\n"
        "2024-01-04 10:00:30 UTC,0.05,ETH,120.5,EUR,,,,,,,\n"
        "2024-01-05 10:00 UTC,,,0.002,ETH,,,4.44,EUR,reward,,\n"
        "2024-01-06 10:00 UTC,,,2,BCH,,,,,fork,,\n"
        "2024-01-07 10:00 UTC,,,0.5,LTC,,,30,EUR,,,t\n"
        "2024-01-08 10:00 UTC,0.1,LTC,,,0.001,LTC,,,,,\n"
        "2024-01-09 10:00 UTC,0.1,LTC,,,,,,,gift,,\n"
        "2024-01-10 10:00 UTC,0.1,LTC,,,,,,,lost,,\n"
        "2024-01-11 10:00 UTC,0.01,ETH,,,,,22,EUR,cost,,\n"
        "2024-01-12 10:00 UTC,5,MATIC,5,POL,,,,,swap,,\n"
        "2024-01-13 10:00 UTC,0.01,ETH,,,,,22,EUR,Payment,,\n"
    )
    assert format_key(text) == "koinly"
    assert stated(text) == [
        Draft(
            at("2024-01-02T10:00"), "buy", "BTC", Decimal("0.025"), "Koinly", Decimal(40000), "eur",
            fee_asset_id="eur", fee_amount=Decimal(5), note="first coins", external_id="tx1",
        ),
        Draft(
            at("2024-01-03T10:00"), "swap", "BTC", Decimal("0.01"), "Koinly", Decimal(40000), "eur",
            counter_asset_id="ETH", counter_amount=Decimal("0.15"), fee_asset_id="ETH", fee_amount=Decimal("0.001"),
        ),
        Draft(at("2024-01-04T10:00:30"), "sell", "ETH", Decimal("0.05"), "Koinly", Decimal(2410), "eur"),
        Draft(at("2024-01-05T10:00"), "reward", "ETH", Decimal("0.002"), "Koinly", Decimal(2220), "eur"),
        Draft(at("2024-01-06T10:00"), "fork", "BCH", Decimal(2), "Koinly"),
        Draft(at("2024-01-07T10:00"), "deposit", "LTC", Decimal("0.5"), "Koinly", Decimal(60), "eur", external_id="t"),
        Draft(
            at("2024-01-08T10:00"), "withdrawal", "LTC", Decimal("0.1"), "Koinly",
            fee_asset_id="LTC", fee_amount=Decimal("0.001"),
        ),
        Draft(at("2024-01-09T10:00"), "gift_out", "LTC", Decimal("0.1"), "Koinly"),
        Draft(at("2024-01-10T10:00"), "lost", "LTC", Decimal("0.1"), "Koinly"),
        Draft(at("2024-01-11T10:00"), "fee", "ETH", Decimal("0.01"), "Koinly", Decimal(2200), "eur"),
        Draft(
            at("2024-01-12T10:00"), "migrate", "MATIC", Decimal(5), "Koinly",
            counter_asset_id="POL", counter_amount=Decimal(5),
        ),
        Draft(at("2024-01-13T10:00"), "spend", "ETH", Decimal("0.01"), "Koinly", Decimal(2200), "eur"),
    ]  # fmt: skip


def test_the_templates_times_are_in_utc_whatever_zone_is_chosen() -> None:
    (draft,) = stated(UNIVERSAL + "2024-07-02 10:00,,,1,BTC,,,,,,,\n", BERLIN)
    assert draft.timestamp == at("2024-07-02T10:00")


@pytest.mark.parametrize("label", ["Label", "Tag"])
@pytest.mark.parametrize("money", ["EUR", "USD", "LTL", "BTC"])
def test_the_report_is_known_in_any_currency_with_label_or_tag(label: str, money: str) -> None:
    text = REPORT.format(label=label, money=money)
    assert format_key(text + "2024-01-01 00:00:00 UTC" + "," * 19 + "\n") == "koinly"


@pytest.mark.parametrize("label", ["Label", "Tag"])
def test_the_report_states_wallets_transfers_and_what_things_cost(label: str) -> None:
    text = REPORT.format(label=label, money="EUR") + (
        "2024-07-01 12:00:00,buy,,Kraken,1000,EUR,,Kraken,0.025,BTC;15,1005,5,EUR,0,1000,5,,,h1,\n"
        "2024-07-02 12:00:00,transfer,,Kraken,0.025,BTC,1005,Ledger,0.0249,BTC,1001,0.0001,BTC,0,1000,4,a,b,h2,moved\n"
        "2024-07-03 12:00:00,crypto_deposit,,,,,,Ledger,2,DOT,14,,,0,12.5,,,,h3,\n"
        "2024-07-04 12:00:00,crypto_deposit,staking_reward,,,,,Ledger,0.5,DOT,3,,,0,3,,,,,\n"
        "2024-07-05 12:00:00,exchange,,Binance,1,DOT,7,Binance,0.002,ETH,6,,,1,6,,,,,\n"
        "2024-07-06 12:00:00,crypto_withdrawal,donation,Ledger,0.1,DOT,1,,,,,,,0,0.6,,,,,\n"
    )
    assert stated(text, BERLIN) == [
        Draft(
            at("2024-07-01T10:00"), "buy", "BTC", Decimal("0.025"), "Kraken", Decimal(40000), "eur",
            fee_asset_id="eur", fee_amount=Decimal(5), external_id="h1",
        ),
        Draft(
            at("2024-07-02T10:00"), "transfer", "BTC", Decimal("0.0249"), "Kraken", fee_asset_id="BTC",
            fee_amount=Decimal("0.0001"), fee_value=Decimal(4), price_currency="eur", to_wallet="Ledger", note="moved",
            external_id="h2",
        ),
        Draft(
            at("2024-07-03T10:00"), "deposit", "DOT", Decimal(2), "Ledger", Decimal("6.25"), "eur",
            value_override=Decimal(14), external_id="h3",
        ),
        Draft(at("2024-07-04T10:00"), "reward", "DOT", Decimal("0.5"), "Ledger", Decimal(6), "eur"),
        Draft(
            at("2024-07-05T10:00"), "swap", "DOT", Decimal(1), "Binance", Decimal(6), "eur",
            counter_asset_id="ETH", counter_amount=Decimal("0.002"),
        ),
        Draft(at("2024-07-06T10:00"), "gift_out", "DOT", Decimal("0.1"), "Ledger"),
    ]  # fmt: skip


def test_a_fee_in_coins_is_worth_what_the_row_says() -> None:
    row: dict[str, str] = dict.fromkeys(LISTED.strip().split(","), "")
    swap = row | {
        "Date (UTC)": "2024-01-02 10:00:00", "Type": "exchange", "From Amount": "1", "From Currency": "ETH",
        "To Amount": "0.05", "To Currency": "BTC", "Fee Amount": "0.1", "Fee Currency": "BNB",
        "Net Value (read-only)": "2000", "Fee Value (read-only)": "31.5", "Value Currency (read-only)": "USD",
    }  # fmt: skip
    own_word = swap | {"Fee Worth Amount": "30", "Fee Worth Currency": "USD"}
    other_money = swap | {"Fee Worth Amount": "29", "Fee Worth Currency": "EUR"}
    in_money = swap | {"Fee Amount": "31.5", "Fee Currency": "USD"}
    only_fee = swap | {"From Amount": "", "To Amount": "", "Net Value (read-only)": ""}
    rows = (swap, own_word, other_money, in_money, only_fee)
    drafts = stated(LISTED + "\n".join(",".join(each.values()) for each in rows) + "\n")
    assert [draft.fee_value for draft in drafts] == [Decimal("31.5"), Decimal(30), None, None, None]
    assert (drafts[-1].type, drafts[-1].price, drafts[-1].price_currency) == ("fee", Decimal(315), "usd")


def test_a_report_whose_times_name_no_zone_asks_for_one() -> None:
    text = REPORT.format(label="Tag", money="EUR") + "2024-07-01 12:00:00,,,,,,,A,1,BTC,,,,,,,,,,\n"
    assert "Choose the file's time zone" in unclear(text)[2]


def test_the_list_of_all_columns_is_read_too() -> None:
    row: dict[str, str] = dict.fromkeys(LISTED.strip().split(","), "")
    first = row | {
        "Date (UTC)": "2024-01-02 10:00:00", "Type": "exchange", "From Wallet (read-only)": "Kraken",
        "From Amount": "1", "From Currency": "ETH;2", "To Wallet (read-only)": "Kraken", "To Amount": "0.05",
        "To Currency": "BTC;1", "Net Value (read-only)": "2000", "Value Currency (read-only)": "USD", "TxHash": "h",
    }  # fmt: skip
    second = first | {"Deleted": "true"}
    text = LISTED + "\n".join(",".join(each.values()) for each in (first, second)) + "\n"
    assert format_key(text) == "koinly_list"
    assert stated(text, BERLIN) == [
        Draft(
            at("2024-01-02T10:00"), "swap", "ETH", Decimal(1), "Kraken", Decimal(2000), "usd",
            counter_asset_id="BTC", counter_amount=Decimal("0.05"), external_id="h",
        )
    ]  # fmt: skip
    assert skipped(text, BERLIN) == {3: "Koinly itself ignores these rows."}


def test_money_alone_is_left_out_and_what_says_too_little_waits() -> None:
    text = UNIVERSAL + (
        "2024-01-02 10:00 UTC,,,1000,EUR,,,,,,,\n"
        "2024-01-02 10:00 UTC,50,EUR,,,,,,,,,\n"
        "2024-01-02 10:00 UTC,50,EUR,55,USD,,,,,,,\n"
        "2024-01-03 10:00 UTC,1,BTC,,,,,,,moonshot,,\n"
        "someday,1,BTC,,,,,,,,,\n"
        "2024-01-03 10:00 UTC,one,BTC,,,,,,,,,\n"
        "2024-01-03 10:00 UTC,1,,,,,,,,,,\n"
        "2024-01-03 10:00 UTC,,,,,,,,,,,\n"
        "2024-01-03 10:00 UTC,1,BTC,0.9,BTC,0.2,BTC,,,,,\n"
        "2024-01-03 10:00 UTC,-1,BTC,,,,,,,,,\n"
    )
    assert skipped(text) == dict.fromkeys((2, 3, 4), "Only money moves here, and money is never a position.")
    reasons = unclear(text)
    assert list(reasons) == [5, 6, 7, 8, 9, 10, 11]
    assert reasons[5] == "The label moonshot isn't known for coins that leave."
    assert "no date and time" in reasons[6]
    assert reasons[7] == "Sent Amount: Enter a number."
    assert reasons[8] == "Sent Currency: It is empty. Name the coin or currency."
    assert reasons[9] == "No amount is stated."
    assert "differ by something else than the fee" in reasons[10]
    assert reasons[11] == "Sent Amount: Enter zero or more."


def test_what_is_lost_on_the_way_is_the_transfers_fee() -> None:
    (draft,) = stated(UNIVERSAL + "2024-01-03 10:00 UTC,1,BTC,0.9,BTC,,,,,,,\n")
    assert (draft.type, draft.amount, draft.fee_amount, draft.fee_asset_id) == (
        "transfer", Decimal("0.9"), Decimal("0.1"), "BTC",
    )  # fmt: skip


def test_a_worth_that_no_price_states_exactly_is_kept_whole() -> None:
    (draft,) = stated(UNIVERSAL + "2024-01-02 10:00 UTC,100,EUR,3,DOT,,,,,,,\n")
    assert (draft.price, draft.value_override, draft.price_currency) == (None, Decimal(100), "eur")


def test_a_worth_of_nothing_is_unknown() -> None:
    (draft,) = stated(UNIVERSAL + "2024-01-02 10:00 UTC,,,3,SPAM,,,0.00,EUR,airdrop,,\n")
    assert (draft.price, draft.value_override) == (None, None)
    assert net([draft]) == {"SPAM": Decimal(3)}
    assert draft.timestamp == datetime(2024, 1, 2, 10, tzinfo=UTC)
