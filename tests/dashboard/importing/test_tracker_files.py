"""Files of other trackers, KuCoin and the Crypto.com app from upload to ledger: importing them twice adds nothing."""

from collections.abc import Iterator
from decimal import Decimal

import pytest
from pytest_django import Settings

from accounts.models import User
from dashboard.importing.recognise import FORMATS
from dashboard.importing.service import import_file
from dashboard.models import Asset, Portfolio, Position, Transaction
from dashboard.recording import create_portfolio
from tests.dashboard.importing.reading import UTC_ZONE, outcomes
from tests.fakes.coingecko import FakeCoinGecko

pytestmark = pytest.mark.django_db
D = Decimal
FILES = {
    "koinly": (
        "Date,Sent Amount,Sent Currency,Received Amount,Received Currency,Fee Amount,Fee Currency,Net Worth Amount,"
        "Net Worth Currency,Label,Description,TxHash",
        "2024-01-02 10:00 UTC,1000,USD,0.025,BTC,5,USD,1000,USD,,first coins,tx1",
        "2024-01-02 10:00 UTC,1000,USD,0.025,BTC,5,USD,1000,USD,,first coins,tx1",
        "2024-01-03 10:00 UTC,0.01,BTC,0.15,ETH,0.001,ETH,400,USD,,,",
    ),
    "cointracking": (
        "Type,Buy,Cur.,Sell,Cur.,Fee,Cur.,Exchange,Group,Comment,Date",
        "Trade,0.05,BTC,2000,USD,10,USD,Kraken,,,02.01.2024 10:00:00",
        "Trade,0.15,ETH,0.01,BTC,0.001,ETH,Kraken,,,03.01.2024 10:00:00",
    ),
    "cointracker": (
        "Date,Received Quantity,Received Currency,Sent Quantity,Sent Currency,Fee Amount,Fee Currency,Tag",
        "01/02/2024 10:00:00,0.05,BTC,2000,USD,10,USD,",
        "01/03/2024 10:00:00,0.15,ETH,0.01,BTC,0.001,ETH,",
    ),
    "delta": (
        "Date,Way,Base amount,Base currency (name),Base type,Quote amount,Quote currency,Exchange,Sent/Received from,"
        "Sent to,Fee amount,Fee currency (name),Broker,Notes",
        "2024-01-02 10:00:00Z,BUY,0.05,BTC (Bitcoin),CRYPTO,2000,USD,Kraken,,,10,USD,,",
        "2024-01-03 10:00:00Z,BUY,0.15,ETH,CRYPTO,0.01,BTC,Kraken,,,0.001,ETH,,",
    ),
    "delta_old": (
        "Date,Type,Exchange,Base amount,Base currency,Quote amount,Quote currency,Fee,Fee currency,Costs/Proceeds,"
        "Costs/Proceeds currency,Sync Holdings,Sent/Received from,Sent to,Notes",
        "2024-01-02 10:00:00,BUY,Kraken,0.05,BTC,2000,USD,10,USD,,,1,,,",
        "2024-01-03 10:00:00,BUY,Kraken,0.15,ETH,0.01,BTC,0.001,ETH,400,USD,1,,,",
    ),
    "coinstats": (
        "Coin Symbol,Exchange,Pair,Type,Amount,Price,Fee,Date,Notes",
        "BTC,Kraken,USD,buy,0.05,40000,10,2024-01-02T10:00:00Z,",
        "BTC,Kraken,ETH,sell,0.01,15,0.001,2024-01-03T10:00:00Z,",
    ),
    "koinly_list": (
        "Date (UTC),Type,Tag,From Wallet (read-only),From Amount,From Currency,To Wallet (read-only),To Amount,"
        "To Currency,Fee Amount,Fee Currency,Net Value (read-only),Value Currency (read-only),TxHash,Description",
        "2024-01-02 10:00:00,buy,,Kraken,2000,USD,Kraken,0.05,BTC,10,USD,2000,USD,h1,",
        "2024-01-03 10:00:00,exchange,,Kraken,0.01,BTC,Kraken,0.15,ETH,0.001,ETH,400,USD,h2,",
    ),
    "kucoin": (
        "tradeCreatedAt,symbol,side,price,size,funds,fee,feeCurrency",
        "2024-01-02 10:00:00,BTC-USD,buy,40000,0.05,2000,10,USD",
        "2024-01-03 10:00:00,BTC-ETH,sell,15,0.01,0.15,0.001,ETH",
    ),
    "cryptocom": (
        "Timestamp (UTC),Transaction Description,Currency,Amount,To Currency,To Amount,Native Currency,Native Amount,"
        "Native Amount (in USD),Transaction Kind",
        "2024-01-02 10:00:00,USD -> BTC,USD,-2010,BTC,0.05,USD,2010,2010,viban_purchase",
        "2024-01-03 10:00:00,BTC -> ETH,BTC,-0.01,ETH,0.149,USD,400,400,crypto_exchange",
    ),
}


@pytest.fixture(autouse=True)
def source(settings: Settings) -> Iterator[FakeCoinGecko]:
    with FakeCoinGecko() as server:
        settings.COINGECKO_URL = server.url
        yield server


@pytest.fixture
def portfolio() -> Portfolio:
    Asset.objects.create(id="bitcoin", symbol="btc", name="Bitcoin", rank=1)
    Asset.objects.create(id="ethereum", symbol="eth", name="Ethereum", rank=2)
    return create_portfolio(User.objects.create_user("ada", "ada@example.org"), "Main", "usd")


@pytest.mark.parametrize("key", FILES)
def test_importing_twice_adds_nothing(portfolio: Portfolio, key: str) -> None:
    content = "\n".join(FILES[key]).encode()
    done = import_file(portfolio, f"{key}.csv", content, "UTC")
    assert (done.format, done.added, done.review) == (key, len(FILES[key]) - 1, [])
    positions = {held.asset_id: (held.quantity, held.cost) for held in Position.objects.all()}
    assert positions["bitcoin"] == (D("0.04"), D(1608))
    assert positions["ethereum"][0] == D("0.149")
    again = import_file(portfolio, f"{key}.csv", content, "UTC")
    assert (again.added, again.duplicates, again.review) == (0, done.added, [])
    assert Transaction.objects.count() == done.added


@pytest.mark.parametrize("key", FILES)
@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_the_delimiter_and_the_encoding_are_irrelevant(portfolio: Portfolio, key: str, delimiter: str) -> None:
    text = "\r\n".join(line.replace(",", delimiter) for line in FILES[key])
    done = import_file(portfolio, f"{key}.csv", text.encode("utf-16"), "UTC")
    assert (done.format, done.added, done.review) == (key, len(FILES[key]) - 1, [])


def test_a_ticker_that_nobody_ranks_is_asked_for_once(portfolio: Portfolio) -> None:
    Asset.objects.create(id="one-xyz", symbol="xyz", name="One", rank=900)
    head, first, *_ = FILES["coinstats"]
    content = "\n".join([head, first, first.replace("BTC,", "XYZ,")]).encode()
    asked = import_file(portfolio, "coins.csv", content, "UTC")
    assert (asked.added, [row["ticker"] for row in asked.review]) == (1, ["XYZ"])
    told = import_file(portfolio, "coins.csv", content, "UTC", {"XYZ": "one-xyz"})
    assert (told.added, told.duplicates, told.review) == (1, 1, [])


NASTY = [
    "",
    "-",
    "0",
    "-1",
    "1e99",
    "NaN",
    "Infinity",
    "9" * 90,
    "0." + "1" * 30,
    "1,2,3",
    "soon",
    "€",
    "(",
    "(BTC)",
    ";1",
]


def test_every_format_of_these_sources_is_among_the_files() -> None:
    others = ("tickfolio", "coinbase", "binance", "kraken")
    assert {known.key for known in FORMATS if not known.key.startswith(others)} == FILES.keys()


@pytest.mark.parametrize("key", FILES)
def test_no_cell_breaks_the_reading(key: str) -> None:
    """Whatever stands in a cell, its line is stated, skipped or waits for its owner, each once."""
    header, *lines = FILES[key]
    for number, line in enumerate(lines):
        cells = line.split(",")
        for place in range(len(cells)):
            for nasty in NASTY:
                changed = ",".join([*cells[:place], f'"{nasty}"', *cells[place + 1 :]])
                found = outcomes("\n".join([header, *lines[:number], changed, *lines[number + 1 :]]), UTC_ZONE)
                assert [outcome.line.number for outcome in found] == list(range(2, len(lines) + 2))
