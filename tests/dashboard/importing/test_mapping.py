"""Files that no format knows: what is proposed for their columns, and how lines are read by what was said of them."""

from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from dashboard.drafts import Draft
from dashboard.importing.formats import Outcome, Skipped, Stated, Unclear
from dashboard.importing.guessing import find_unknown, guess, words_in
from dashboard.importing.mapping import LEFT_OUT, ColumnMap, digest, distinct
from dashboard.importing.table import UnreadableFile
from tests.dashboard.importing.reading import at, named

ZONE = ZoneInfo("UTC")
HEADER = "When;What;Token;How many;Each;In;Cost;Cost in;Other;Other many;Where;Where to;Remark;Nr\n"
COLUMNS = dict(
    zip(
        (
            "date", "type", "coin", "quantity", "price", "price_currency", "fee", "fee_currency", "second_coin",
            "second_quantity", "wallet", "to_wallet", "note", "id",
        ),
        HEADER.strip().split(";"),
        strict=True,
    )
)  # fmt: skip


def outcomes(text: str, known: ColumnMap) -> list[Outcome]:
    return list(known.read(find_unknown(text), ZONE))


def drafts(text: str, known: ColumnMap) -> list[Draft]:
    found = outcomes(text, known)
    assert all(isinstance(each, Stated) for each in found), found
    return [named(each) for each in found if isinstance(each, Stated)]


def test_every_field_is_taken_from_the_column_that_was_named_for_it() -> None:
    kinds = {"in": "buy", "out": "sell", "zap": "swap", "move": "transfer", "drip": "reward", "upgrade": "migrate"}
    known = ColumnMap(COLUMNS, kinds, dates="day")
    text = HEADER + (
        "05.03.2024 10:00;In;BTC;0,025;40.000;EUR;5;EUR;;;Kraken;;first;n1\n".replace("40.000", "40000")
        + "06.03.2024 10:00;out;BTC;-0,01;;USDT;0,1;BNB;USDT;400;Binance;;;n2\n"
        "07.03.2024 10:00;ZAP;BTC;0,01;40000;USD;;;ETH;0,15;Binance;;;\n"
        "08.03.2024 10:00;move;BTC;0,01;;;0,001;BTC;;;Kraken;Ledger;;\n"
        "09.03.2024 10:00;drip;DOT;2;6;;;;;;Kraken;;;\n"
        "10.03.2024 10:00;upgrade;MATIC;-5;;;;;POL;5;Ledger;;;\n"
        "11.03.2024 10:00;in;ETH;0,1;0,05;BTC;;;;;Kraken;;;\n"
    )
    assert drafts(text, known) == [
        Draft(
            at("2024-03-05T10:00"), "buy", "BTC", Decimal("0.025"), "Kraken", Decimal(40000), "eur",
            fee_asset_id="eur", fee_amount=Decimal(5), note="first", external_id="n1",
        ),
        Draft(
            at("2024-03-06T10:00"), "swap", "BTC", Decimal("0.01"), "Binance", counter_asset_id="USDT",
            counter_amount=Decimal(400), fee_asset_id="BNB", fee_amount=Decimal("0.1"), external_id="n2",
        ),
        Draft(
            at("2024-03-07T10:00"), "swap", "BTC", Decimal("0.01"), "Binance", Decimal(40000), "usd",
            counter_asset_id="ETH", counter_amount=Decimal("0.15"),
        ),
        Draft(
            at("2024-03-08T10:00"), "transfer", "BTC", Decimal("0.01"), "Kraken", fee_asset_id="BTC",
            fee_amount=Decimal("0.001"), to_wallet="Ledger",
        ),
        Draft(at("2024-03-09T10:00"), "reward", "DOT", Decimal(2), "Kraken", Decimal(6), "usd"),
        Draft(
            at("2024-03-10T10:00"), "migrate", "MATIC", Decimal(5), "Ledger", counter_asset_id="POL",
            counter_amount=Decimal(5),
        ),
        Draft(
            at("2024-03-11T10:00"), "swap", "BTC", Decimal("0.005"), "Kraken", counter_asset_id="ETH",
            counter_amount=Decimal("0.1"),
        ),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("every", "kinds"), [("traded", ["buy", "sell"]), ("moved", ["deposit", "withdrawal"]), ("reward", ["reward"] * 2)]
)
def test_without_a_column_of_kinds_the_sign_or_one_kind_decides(every: str, kinds: list[str]) -> None:
    known = ColumnMap({"date": "d", "coin": "c", "quantity": "q", "total": "t"}, every=every, currency="eur")
    found = drafts("d,c,q,t\n2024-03-05,BTC,2,100\n2024-03-06,BTC,-1,-70\n", known)
    assert [(draft.type, draft.amount) for draft in found] == list(zip(kinds, (Decimal(2), Decimal(1)), strict=True))
    assert {draft.price_currency for draft in found} <= {"eur", ""}


def test_words_that_were_not_spoken_of_wait_and_those_left_out_are_counted() -> None:
    known = ColumnMap({"date": "d", "type": "t", "coin": "c", "quantity": "q"}, {"buy": "buy", "void": "skip"})
    found = outcomes("d,t,c,q\n2024-03-05,void,BTC,1\n2024-03-05,new,BTC,1\n2024-03-05,buy,BTC,1\n", known)
    assert [type(each) for each in found] == [Skipped, Unclear, Unclear]
    assert [each.reason for each in found if not isinstance(each, Stated)] == [
        LEFT_OUT,
        "Nothing says what kind of transaction new is.",
        "The row says that it is a trade, but only one side is stated.",
    ]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("2024-03-05,,1", "c: It is empty. Name the coin or currency."),
        ("2024-03-05,BTC,", "q: There is no number."),
        ("2024-03-05,BTC,0", "q: It is zero."),
        ("2024-03-05,BTC,many", "q: Enter a number."),
        ("someday,BTC,1", "someday is no date and time that can be understood."),
        ("2024-03-05,EUR,1", "Only money moves here, and money is never a position."),
    ],
)
def test_what_cant_be_read_says_why(row: str, reason: str) -> None:
    (found,) = outcomes(f"d,c,q\n{row}\n", ColumnMap({"date": "d", "coin": "c", "quantity": "q"}, every="moved"))
    assert not isinstance(found, Stated)
    assert found.reason == reason


def test_columns_of_one_name_and_of_none_are_told_apart() -> None:
    assert distinct(("Fee", "", "Fee", "Fee")) == ("Fee", "Column 2", "Fee (2)", "Fee (3)")
    assert distinct(("Fee", "Fee (2)", "Fee")) == ("Fee", "Fee (2)", "Fee (3)")


def test_the_order_of_columns_is_irrelevant_and_an_offset_too() -> None:
    assert digest(("a", "b", "Date (UTC+2)")) == digest(("Date (UTC)", "b", "a"))
    assert digest(("a", "b")) != digest(("a", "b", "b"))


def test_the_offset_in_a_columns_name_is_the_zone_of_its_times() -> None:
    known = ColumnMap({"date": "Date(UTC+2)", "coin": "c", "quantity": "q"}, every="moved")
    (draft,) = drafts("Date(UTC+2),c,q\n2024-03-05 10:00,BTC,1\n", known)
    assert draft.timestamp == at("2024-03-05T08:00")


def test_columns_words_and_dates_are_proposed() -> None:
    text = (
        "a list of mine\n\n"
        "Date,Type,Asset,Amount,Price,Price Currency,Fee,Exchange,Notes\n"
        "31/12/2023 10:00,Bought,BTC,1,40000,EUR,1,Kraken,\n"
        "01/01/2024 10:00,Zapped,BTC,1,40000,EUR,1,Kraken,\n"
    )
    table = find_unknown(text)
    assert table.header_line == 3
    assert words_in(table, "Type") == ["bought", "zapped"]
    assert guess(table, "eur") == ColumnMap(
        {
            "date": "Date",
            "type": "Type",
            "coin": "Asset",
            "quantity": "Amount",
            "price": "Price",
            "price_currency": "Price Currency",
            "fee": "Fee",
            "wallet": "Exchange",
            "note": "Notes",
        },
        {"bought": "buy"},
        dates="day",
        currency="eur",
    )


@pytest.mark.parametrize(
    ("date", "order"), [("2023-12-31", "iso"), ("12/31/2023", "month"), ("31.12.2023", "day"), ("x", "iso")]
)
def test_the_order_of_dates_is_proposed(date: str, order: str) -> None:
    assert guess(find_unknown(f"date,coin,amount\n{date},BTC,1\n"), "usd").dates == order


@pytest.mark.parametrize(
    "text",
    ["just some words", "name,age\nAda,36\n", "a,b,c\n", "1,2,3\n4,5,6\n", ",".join("x" * 101) + "\n", "a,b,c\n1,2\n"],
)
def test_what_is_no_list_is_refused(text: str) -> None:
    with pytest.raises(UnreadableFile, match="no known format has this header"):
        find_unknown(text)


def test_numbers_that_no_price_can_be_worked_out_of_wait() -> None:
    columns = {"date": "d", "coin": "c", "quantity": "q", "price": "p", "second_coin": "sc", "second_quantity": "s"}
    text = f"d,c,q,p,sc,s\n2024-03-05,BTC,{'9' * 19},{'9' * 19},ETH,-0.{'0' * 17}1\n"
    (found,) = outcomes(text, ColumnMap(columns, every="swap"))
    assert not isinstance(found, Stated)
    assert found.reason == "Its numbers are too far apart: no price can be worked out."
