"""Files of Coinbase, Binance and Kraken from upload to ledger: twice adds nothing, a later file adds what is new."""

from decimal import Decimal

import pytest

from accounts.models import User
from dashboard.drafts import draft_of
from dashboard.importing.formats import Stated
from dashboard.importing.recognise import FORMATS
from dashboard.importing.service import import_file
from dashboard.models import Asset, Portfolio, Position
from dashboard.recording import create_portfolio
from tests.dashboard.importing.reading import UTC_ZONE, net, outcomes

D = Decimal
COINS = ("BTC", "ETH", "ETH2", "USDT", "USDC", "BNB", "DOT", "SOL")
COINBASE = (
    "ID,Timestamp,Transaction Type,Asset,Quantity Transacted,Price Currency,Price at Transaction,Subtotal,"
    "Total (inclusive of fees and/or spread),Fees and/or Spread,Notes"
)
FILES: dict[str, list[str]] = {
    "coinbase": [
        COINBASE,
        "a,2023-05-01 10:00:00 UTC,Buy,BTC,0.5,EUR,€20000,€10000,€10010,€10,Bought 0.5 BTC for 10010 EUR",
        "b,2023-05-02 10:00:00 UTC,Convert,BTC,-0.1,EUR,€20000,€1990,€2000,€10,Converted 0.1 BTC to 1.1 ETH",
        "c,2023-05-03 10:00:00 UTC,Staking Income,ETH,0.01,EUR,€1800,€18,€18,€0,",
        "d,2023-05-04 10:00:00 UTC,Send,BTC,-0.1,EUR,€20000,-€2000,-€2000,€0,Sent 0.1 BTC",
    ],
    "coinbase_pro": [
        "portfolio,type,time,amount,balance,amount/balance unit,transfer id,trade id,order id",
        "default,match,2023-05-01T10:00:00Z,0.5,0.5,BTC,,77,o1",
        "default,match,2023-05-01T10:00:00Z,-10000,0,EUR,,77,o1",
        "default,fee,2023-05-01T10:00:00Z,-10,0,EUR,,77,o1",
        "default,withdrawal,2023-05-02T10:00:00Z,-0.5,0,BTC,t1,,",
    ],
    "binance_history": [
        "User_ID,UTC_Time,Account,Operation,Coin,Change,Remark",
        "1,2023-05-01 10:00:00,Spot,Deposit,BNB,1,",
        "1,2023-05-01 11:00:00,Spot,Buy,ETH,1,",
        "1,2023-05-01 11:00:00,Spot,Transaction Related,EUR,-1800,",
        "1,2023-05-01 11:00:00,Spot,Fee,BNB,-0.001,",
        "1,2023-05-02 11:00:00,Spot,Transaction Sold,ETH,-0.5,",
        "1,2023-05-02 11:00:00,Spot,Transaction Revenue,USDT,900,",
        "1,2023-05-03 11:00:00,Spot,Staking Rewards,BNB,0.1,",
        "1,2023-05-03 11:00:00,Spot,Staking Rewards,BNB,0.1,",
    ],
    "binance_spot": [
        "Date(UTC),Pair,Side,Price,Executed,Amount,Fee",
        "2023-05-01 10:00:00,BTCEUR,BUY,25000,0.1BTC,2500EUR,0.0001BTC",
        "2023-05-01 10:00:00,BTCEUR,BUY,25000,0.1BTC,2500EUR,0.0001BTC",
        "2023-05-02 10:00:00,BTCUSDT,SELL,27000,0.1BTC,2700USDT,2.7USDT",
    ],
    "binance_convert": [
        "Date,Pair,Type,Sell,Buy,Price,Inverse Price,Date Updated,Status",
        "2023-05-01 10:00:00,BTCEUR,Market,2500 EUR,0.1 BTC,x,x,2023-05-01 10:00:01,Successful",
    ],
    "binance_deposits": [
        "Date(UTC+8),Coin,Network,Amount,Address,TXID,Status",
        "2023-05-01 10:00:00,BTC,BTC,0.1,a,t1,Completed",
    ],
    "binance_withdrawals": [
        "Date(UTC+0),Coin,Network,Amount,Fee,Address,TXID,Status",
        "2023-05-01 10:00:00,BTC,BTC,0.1,0.0001,a,t1,Completed",
    ],
    "kraken_ledgers": [
        "txid,refid,time,type,subtype,aclass,asset,amount,fee,balance",
        "L1,R1,2023-05-01 10:00:00,trade,,currency,ZEUR,-2000,4,0",
        "L2,R1,2023-05-01 10:00:00,trade,,currency,XXBT,0.1,0,0.1",
        "L3,R2,2023-05-02 10:00:00,transfer,spottostaking,currency,DOT,-5,0,0",
        "L4,R3,2023-05-03 10:00:00,staking,,currency,DOT.S,0.1,0,5.1",
        "L5,R4,2023-05-04 10:00:00,withdrawal,,currency,XXBT,-0.05,0.001,0",
    ],
    "kraken_trades": [
        "txid,ordertxid,pair,time,type,ordertype,price,cost,fee,vol,margin,misc,ledgers",
        "T1,O1,XXBTZEUR,2023-05-01 10:00:00,buy,limit,20000,2000,4,0.1,0,,L",
        "T2,O2,XETHXXBT,2023-05-02 10:00:00,buy,limit,0.06,0.06,0.0001,1,0,,L",
    ],
}
SUMS: dict[str, dict[str, str]] = {
    "coinbase": {"BTC": "0.3", "ETH": "1.11"},
    "coinbase_pro": {"BTC": "0"},
    "binance_history": {"BNB": "1.199", "ETH": "0.5", "USDT": "900"},
    "binance_spot": {"BTC": "0.0998", "USDT": "2697.3"},
    "binance_convert": {"BTC": "0.1"},
    "binance_deposits": {"BTC": "0.1"},
    "binance_withdrawals": {"BTC": "-0.1001"},
    "kraken_ledgers": {"BTC": "0.049", "DOT": "0.1"},
    "kraken_trades": {"BTC": "0.0399", "ETH": "1"},
}


@pytest.fixture
def portfolio(db: None) -> Portfolio:
    """A portfolio in euros where the coins are known, each by its ticker as its id."""
    for rank, ticker in enumerate(COINS, 1):
        Asset.objects.create(id=ticker, symbol=ticker.lower(), name=ticker, rank=rank)
    return create_portfolio(User.objects.create_user("ada", "ada@example.org"), "Main", currency="eur")


def file_of(lines: list[str]) -> bytes:
    return ("\n".join(lines) + "\n").encode()


def sums(portfolio: Portfolio) -> dict[str, Decimal]:
    return net([draft_of(row) for row in portfolio.transactions.all()])


def test_every_format_of_these_exchanges_is_among_the_files() -> None:
    ours = {known.key for known in FORMATS if known.key.startswith(("coinbase", "binance", "kraken"))}
    assert ours == set(FILES) == set(SUMS)


@pytest.mark.parametrize("key", FILES)
def test_a_file_is_imported_once_however_often_it_comes(portfolio: Portfolio, key: str) -> None:
    lines = FILES[key]
    part = import_file(portfolio, "part.csv", file_of(lines[:-1]), "Europe/Berlin")
    assert part.review == []
    whole = import_file(portfolio, "whole.csv", file_of(lines), "Europe/Berlin")
    again = import_file(portfolio, "again.csv", file_of(lines), "Europe/Berlin")
    assert (whole.format, whole.review, whole.duplicates) == (key, [], part.added)
    assert (again.added, again.duplicates) == (0, part.transactions.count() + whole.transactions.count())
    expected = {ticker: D(number) for ticker, number in SUMS[key].items()}
    assert sums(portfolio) == expected
    # The ledger agrees, but for what left without ever having come.
    held = dict(Position.objects.filter(portfolio=portfolio).values_list("asset", "quantity"))
    assert {ticker: held[ticker] for ticker in expected} == {t: max(number, D(0)) for t, number in expected.items()}


def test_a_purchase_costs_what_was_paid_with_its_fee(portfolio: Portfolio) -> None:
    import_file(portfolio, "1.csv", file_of(FILES["kraken_ledgers"][:3]), "UTC")
    assert Position.objects.get(portfolio=portfolio, asset="BTC").cost == D(2004)


NASTY = [
    "",
    "-",
    "0",
    "-1",
    "1e99",
    "NaN",
    "Infinity",
    "1" * 90,
    "0." + "1" * 30,
    "1,2,3",
    "soon",
    "2024-13-45",
    "€",
    "(",
    "BTC",
]


@pytest.mark.parametrize("key", FILES)
def test_no_cell_breaks_the_reading_and_no_line_is_lost(key: str) -> None:
    """Whatever stands in a cell, the file is read, and its line is stated, skipped or waits for its owner."""
    header, *lines = FILES[key]
    for number, line in enumerate(lines):
        cells = line.split(",")
        for place in range(len(cells)):
            for nasty in NASTY:
                changed = [*cells[:place], f'"{nasty}"', *cells[place + 1 :]]
                found = outcomes(
                    "\n".join([header, *lines[:number], ",".join(changed), *lines[number + 1 :]]), UTC_ZONE
                )
                told = [outcome.line.number for outcome in found if not isinstance(outcome, Stated)]
                assert len(told) == len(set(told))
                assert found
                if not any(isinstance(outcome, Stated) for outcome in found):
                    assert told == list(range(2, len(lines) + 2))
