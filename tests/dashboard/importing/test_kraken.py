"""Kraken's ledgers and trades, in each layout, under the names that others use for its coins."""

from decimal import Decimal

import pytest

from dashboard.drafts import Draft
from dashboard.importing.kraken_names import pair_of, ticker_of
from tests.dashboard.importing.reading import UTC_ZONE, at, format_key, net, skipped, stated, unclear

D = Decimal
LEDGERS = "txid,refid,time,type,subtype,aclass,subclass,asset,wallet,amount,fee,balance"
TRADES = "txid,ordertxid,pair,time,type,ordertype,price,cost,fee,vol,margin,misc,ledgers"
LONG = f"{TRADES},postxid,posstatus,cprice,ccost,cfee,cvol,cmargin,net,trades"
WALLET = "Kraken"
LINES = [
    "L01,R01,2023-01-01 10:00:00,deposit,,currency,fiat,ZEUR,spot / main,1000.0000,0,1000.0000",
    "L02,R02,2023-01-01 11:00:00,deposit,,currency,crypto,XXBT,spot / main,0.5,0,0.5",
    "L03,R03,2023-01-02 10:00:00,trade,,currency,fiat,ZEUR,spot / main,-200.0000,0.5200,799.48",
    "L04,R03,2023-01-02 10:00:00,trade,,currency,crypto,XXBT,spot / main,0.0100000000,0,0.51",
    "L05,R04,2023-01-03 10:00:00,trade,,currency,crypto,XXBT,spot / main,-0.1,0,0.41",
    "L06,R04,2023-01-03 10:00:00,trade,,currency,crypto,XETH,spot / main,0.7,0.001,0.699",
    "L07,R04,2023-01-03 10:00:00,trade,,currency,crypto,XXBT,spot / main,-0.1,0,0.31",
    "L08,R04,2023-01-03 10:00:00,trade,,currency,crypto,XETH,spot / main,0.7,0.001,1.398",
    "L09,R05,2023-01-04 10:00:00,spend,,currency,crypto,XETH,spot / main,-0.398,0,1",
    "L10,R05,2023-01-04 10:00:00,receive,,currency,fiat,ZEUR,spot / main,510,1.5,1307.98",
    "L11,R06,2023-01-05 10:00:00,transfer,spottostaking,currency,crypto,DOT,spot / main,-10,0,0",
    "L12,R07,2023-01-05 10:00:01,transfer,stakingfromspot,currency,crypto,DOT.S,spot / main,10,0,10",
    "L13,R08,2023-01-06 10:00:00,staking,,currency,crypto,DOT28.S,spot / main,0.02,0,10.02",
    "L14,R09,2023-01-07 10:00:00,earn,allocation,earn,crypto,XETH,spot / main,-1,0,0",
    "L15,R09,2023-01-07 10:00:00,earn,allocation,earn,crypto,XETH,earn / liquid,1,0,1",
    "L16,R10,2023-01-08 10:00:00,earn,reward,earn,crypto,ETH2.S,earn / liquid,0.001,0.0001,1.0009",
    "L17,R11,2023-01-09 10:00:00,earn,deallocation,earn,crypto,XETH,earn / liquid,-1,0,0.0009",
    "L18,R11,2023-01-09 10:00:00,earn,deallocation,earn,crypto,XETH,spot / main,1,0,1",
    "L19,R12,2023-01-10 10:00:00,withdrawal,,currency,crypto,XXBT,spot / main,-0.3,0.0002,0.0098",
    "L20,R13,2023-01-11 10:00:00,withdrawal,,currency,fiat,ZEUR,spot / main,-100,0.09,1207.89",
]
EXPECTED = [
    Draft(at("2023-01-01T11:00:00"), "deposit", "BTC", D("0.5"), WALLET, external_id="L02"),
    Draft(
        at("2023-01-02T10:00:00"),
        "buy",
        "BTC",
        D("0.01"),
        WALLET,
        price=D(20000),
        price_currency="eur",
        fee_asset_id="eur",
        fee_amount=D("0.52"),
        external_id="R03",
    ),
    Draft(
        at("2023-01-03T10:00:00"),
        "swap",
        "BTC",
        D("0.2"),
        WALLET,
        counter_asset_id="ETH",
        counter_amount=D("1.4"),
        fee_asset_id="ETH",
        fee_amount=D("0.002"),
        external_id="R04",
    ),
    Draft(
        at("2023-01-04T10:00:00"),
        "sell",
        "ETH",
        D("0.398"),
        WALLET,
        value_override=D(510),
        price_currency="eur",
        fee_asset_id="eur",
        fee_amount=D("1.5"),
        external_id="R05",
    ),
    Draft(at("2023-01-05T10:00:00"), "stake", "DOT", D(10), WALLET, external_id="L11"),
    Draft(at("2023-01-06T10:00:00"), "reward", "DOT", D("0.02"), WALLET, external_id="L13"),
    Draft(at("2023-01-07T10:00:00"), "stake", "ETH", D(1), WALLET, external_id="L14"),
    Draft(
        at("2023-01-08T10:00:00"),
        "reward",
        "ETH",
        D("0.001"),
        WALLET,
        fee_asset_id="ETH",
        fee_amount=D("0.0001"),
        external_id="L16",
    ),
    Draft(at("2023-01-09T10:00:00"), "unstake", "ETH", D(1), WALLET, external_id="L17"),
    Draft(
        at("2023-01-10T10:00:00"),
        "withdrawal",
        "BTC",
        D("0.3"),
        WALLET,
        fee_asset_id="BTC",
        fee_amount=D("0.0002"),
        external_id="L19",
    ),
]


def without(*columns: str) -> tuple[str, list[str]]:
    """Header and lines without some columns."""
    names = LEDGERS.split(",")
    kept = [i for i, name in enumerate(names) if name not in columns]
    header, *lines = [",".join(line.split(",")[i] for i in kept) for line in [LEDGERS, *LINES]]
    return header, lines


@pytest.mark.parametrize(
    ("missing", "more"),
    [
        ((), ""),
        (("subclass",), ""),
        (("subclass",), ",amountusd"),
        (("subclass", "wallet"), ""),
        (("subclass", "wallet"), ",amountusd"),
        (("subclass", "wallet"), ',""'),
    ],
)
def test_ledgers_in_every_layout(missing: tuple[str, ...], more: str) -> None:
    header, lines = without(*missing)
    cell = ",12.34" if more == ",amountusd" else "," if more else ""
    text = "\n".join([header + more, *(line + cell for line in lines), ""])
    assert format_key(text) == "kraken_ledgers"
    assert stated(text, UTC_ZONE) == EXPECTED
    assert list(skipped(text, UTC_ZONE)) == [2, 13, 16, 19, 21]
    assert net(stated(text, UTC_ZONE)) == {
        "BTC": D("0.0098"),
        "ETH": D("1.0009"),
        "DOT": D("0.02"),
    }


def test_times_in_ledgers_state_no_zone_and_are_asked_for() -> None:
    text = "\n".join([LEDGERS, *LINES, ""])
    assert all("time zone" in reason for reason in unclear(text).values())
    assert set(unclear(text)) | set(skipped(text)) >= {3, 4, 5}


def ledger(*cells: str) -> str:
    """A ledger of rows given as `refid,type,subtype,asset,amount,fee`."""
    lines = []
    for number, row in enumerate(cells, 1):
        refid, type_, subtype, asset, amount, fee = row.split(",")
        lines.append(f"L{number},{refid},2023-01-01 10:00:00.1234,{type_},{subtype},currency,{asset},{amount},{fee},1")
    return "\n".join(["txid,refid,time,type,subtype,aclass,asset,amount,fee,balance", *lines, ""])


@pytest.mark.parametrize(
    ("row", "facts"),
    [
        ("R,invite bonus,,XXBT,1,0", ("reward", "BTC", 1, None)),
        ("R,earn,airdrop,FLR,1,0", ("reward", "FLR", 1, None)),
        ("R,dividend,,USDC,1,0", ("reward", "USDC", 1, None)),
        ("R,transfer,,XXDG,1,0", ("deposit", "DOGE", 1, None)),
        ("R,transfer,,LUNA,-1,0", ("withdrawal", "LUNA", 1, None)),
        ("R,transfer,spotfromstaking,DOT,5,0", ("unstake", "DOT", 5, None)),
        ("R,transfer,spottofutures,XXBT,-1,0", ("transfer", "BTC", 1, None)),
        ("R,transfer,spotfromfutures,XXBT,1,0", ("transfer", "BTC", 1, None)),
        ("R,adjustment,,XXBT,1,0", ("deposit", "BTC", 1, None)),
        ("R,adjustment,,XXBT,-1,0", ("withdrawal", "BTC", 1, None)),
        ("R,margin,,XXBT,0,0.01", ("fee", "BTC", "0.01", None)),
        ("R,rollover,,XXBT,0,0.01", ("fee", "BTC", "0.01", None)),
        ("R,withdrawal,,XXBT,1,-0.1", ("deposit", "BTC", "1.1", None)),
        ("R,deposit,,XXBT,-1,0", ("withdrawal", "BTC", 1, None)),
        ("R,earn,autoallocation,USDT.M,-1,0", ("stake", "USDT", 1, None)),
    ],
)
def test_each_type_is_a_kind(row: str, facts: tuple[object, ...]) -> None:
    (draft,) = stated(ledger(row), UTC_ZONE)
    kind, coin, amount, fee = facts
    assert (draft.type, draft.asset_id, draft.amount, draft.fee_amount) == (kind, coin, D(str(amount)), fee)
    assert draft.timestamp == at("2023-01-01T10:00:00.123400")


def test_coins_in_futures_are_still_ones_own() -> None:
    there, back = stated(ledger("A,transfer,spottofutures,XXBT,-1,0", "B,transfer,spotfromfutures,XXBT,1,0"), UTC_ZONE)
    assert (there.wallet, there.to_wallet) == ("Kraken", "Kraken Futures")
    assert (back.wallet, back.to_wallet) == ("Kraken Futures", "Kraken")


def test_a_settled_position_is_a_trade() -> None:
    (draft,) = stated(ledger("A,settled,,XXBT,1,0", "A,settled,,ZUSD,-20000,0"), UTC_ZONE)
    assert (draft.type, draft.asset_id, draft.price) == ("buy", "BTC", D(20000))


def test_what_counts_for_nothing_is_skipped() -> None:
    text = ledger(
        "A,trade,,KFEE,0,25",
        "B,margin,,ZUSD,-5,0.1",
        "C,rollover,,XXBT,0,0",
        "D,earn,migration,ETH2,-1,0",
        "D,earn,migration,XETH,1,0",
        "E,earn,reward,EUR.M,1,0",
        "F,transfer,,EUR.HOLD,1,0",
    )
    assert list(skipped(text, UTC_ZONE)) == [2, 3, 4, 5, 6, 7, 8]
    pending = f"{LEDGERS}\n,R1,2023-01-01 10:00:00,deposit,,currency,crypto,XXBT,spot,1,0,\n"
    assert "booked" in skipped(pending, UTC_ZONE)[2]


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        (["A,trade,,XXBT,1,0"], "nothing went"),
        (["A,spend,,ADA,-1,0", "A,spend,,XXDG,-1,0", "A,receive,,XXBT,1,0"], "ADA and DOGE went"),
        (["A,gift,,XXBT,1,0"], "gift is not known"),
        (["A,staking,,XXBT,-1,0"], "they leave"),
        (["A,dividend,,ZUSD,1,0"], "what paid it"),
        (["A,margin,,XXBT,1,0"], "margin position"),
        (["A,transfer,spottomoon,XXBT,1,0"], "spottomoon"),
        (["A,earn,lottery,XXBT,1,0"], "lottery"),
        (["A,deposit,,,1,0"], "asset"),
        (["A,deposit,,XXBT,,0"], "amount"),
    ],
)
def test_a_row_that_says_nothing_certain_waits_for_its_owner(rows: list[str], reason: str) -> None:
    found = unclear(ledger(*rows), UTC_ZONE)
    assert list(found) == list(range(2, len(rows) + 2))
    assert reason in found[2]


@pytest.mark.parametrize(("header", "rest"), [(TRADES, ""), (LONG, ",,,,,,,,,")])
def test_trades_in_both_layouts(header: str, rest: str) -> None:
    lines = [
        'T1,O1,XXBTZEUR,2023-01-02 10:00:00.5,buy,limit,20000,200,0.52,0.01,0,,"L1,L2"',
        "T2,O2,ADAXBT,2023-01-02 11:00:00,sell,market,0.0001,0.01,0.00002,100,0,,L3",
        "T3,O3,XBT/USDT,2023-01-02 12:00:00,buy,market,20000,100,0.1,0.005,0,initiated,L4",
        "T4,O4,ETH/EUR,2023-01-02 13:00:00,sell,market,1500,3000,0,2,0,,L5",
    ]
    text = "\n".join([header, *(line + rest for line in lines), ""])
    assert format_key(text) == "kraken_trades"
    assert stated(text, UTC_ZONE) == [
        Draft(
            at("2023-01-02T10:00:00.5"),
            "buy",
            "BTC",
            D("0.01"),
            WALLET,
            price=D(20000),
            price_currency="eur",
            fee_asset_id="eur",
            fee_amount=D("0.52"),
            external_id="T1",
        ),
        Draft(
            at("2023-01-02T11:00:00"),
            "swap",
            "ADA",
            D(100),
            WALLET,
            counter_asset_id="BTC",
            counter_amount=D("0.01"),
            fee_asset_id="BTC",
            fee_amount=D("0.00002"),
            external_id="T2",
        ),
        Draft(
            at("2023-01-02T12:00:00"),
            "swap",
            "USDT",
            D(100),
            WALLET,
            counter_asset_id="BTC",
            counter_amount=D("0.005"),
            fee_asset_id="USDT",
            fee_amount=D("0.1"),
            external_id="T3",
        ),
        Draft(
            at("2023-01-02T13:00:00"),
            "sell",
            "ETH",
            D(2),
            WALLET,
            price=D(1500),
            price_currency="eur",
            external_id="T4",
        ),
    ]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("T,O,FOOBAR,2023-01-02 10:00:00,buy,limit,1,1,0,1,0,,L", "FOOBAR"),
        ("T,O,XXBTZEUR,2023-01-02 10:00:00,hold,limit,1,1,0,1,0,,L", "neither buy nor sell"),
        ("T,O,XXBTZEUR,2023-01-02 10:00:00,buy,limit,1,1,0,1,0.2,,L", "margin"),
        ("T,O,XXBTZEUR,2023-01-02 10:00:00,buy,limit,1,1,-1,1,0,,L", "fee"),
        ("T,O,XXBTZEUR,2023-01-02 10:00:00,buy,limit,1,0,0,0,0,,L", "Nothing"),
    ],
)
def test_a_trade_that_says_nothing_certain_waits_for_its_owner(line: str, reason: str) -> None:
    assert reason in unclear(f"{TRADES}\n{line}\n", UTC_ZONE)[2]


def test_names_are_those_that_others_use() -> None:
    names = {
        "XXBT": "BTC", "XBT": "BTC", "ZEUR": "EUR", "XETH": "ETH", "DOT.S": "DOT", "ATOM21.S": "ATOM", "ETH2.S": "ETH",
        "USDT.M": "USDT", "EUR.HOLD": "EUR", "DOT.P": "DOT", "1INCH.S": "1INCH", "XTZ": "XTZ", "ZETA": "ZETA",
    }  # fmt: skip
    assert {name: ticker_of(name) for name in names} == names
    pairs = {
        "XXBTZEUR": ("BTC", "EUR"), "XETHXXBT": ("ETH", "BTC"), "XTZEUR": ("XTZ", "EUR"), "USDTZUSD": ("USDT", "USD"),
        "XDGUSD": ("DOGE", "USD"), "XBT/USDT": ("BTC", "USDT"), "ICXXBT": ("ICX", "BTC"), "ETHPYUSD": ("ETH", "PYUSD"),
        "BLZUSD": ("BLZ", "USD"), "ZRXXBT": ("ZRX", "BTC"), "SNXETH": ("SNX", "ETH"), "USDCUSDT": ("USDC", "USDT"),
    }  # fmt: skip
    assert {pair: pair_of(pair) for pair in pairs} == pairs
