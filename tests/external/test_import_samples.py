"""Real files of exchanges, imported as they are: every coin's sum is the one worked out by hand from the file."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from accounts.models import User
from dashboard.drafts import draft_of
from dashboard.importing.service import import_file
from dashboard.models import Asset, Portfolio
from dashboard.recording import create_portfolio
from tests.dashboard.importing.reading import net

DATA = Path(__file__).parents[2].parent / "shared" / "data"
if not (DATA / "csv_samples").is_dir():
    pytest.skip(f"did not run: the exchanges' files are not at {DATA / 'csv_samples'}", allow_module_level=True)

EXPECTED: dict[str, dict[str, Any]] = {
    sample["format"]: sample for sample in json.loads((DATA / "csv_samples" / "expected.json").read_text())["samples"]
}


@pytest.fixture
def portfolio(db: None) -> Portfolio:
    """A portfolio where every coin of the files is known, by its ticker as its id."""
    tickers = {ticker for sample in EXPECTED.values() for ticker in sample["net_quantities"]} - {"EUR", "USD"}
    for rank, ticker in enumerate(sorted(tickers), 1):
        Asset.objects.create(id=ticker, symbol=ticker.lower(), name=ticker, rank=rank)
    return create_portfolio(User.objects.create_user("ada", "ada@example.org"), "Main")


def sums(portfolio: Portfolio) -> dict[str, str]:
    quantities = net([draft_of(row) for row in portfolio.transactions.all()])
    return {ticker: str(number.normalize()) for ticker, number in sorted(quantities.items())}


def expected(format_key: str) -> dict[str, str]:
    return {ticker: str(Decimal(text).normalize()) for ticker, text in EXPECTED[format_key]["net_quantities"].items()}


def test_coinbase(portfolio: Portfolio) -> None:
    """A purchase that is listed in euros and again in dollars, under one id, is listed twice, and both count."""
    content = (DATA / EXPECTED["coinbase"]["file"]).read_bytes()
    done = import_file(portfolio, "coinbase-export.csv", content)
    assert (done.format, done.added, done.skipped, done.review) == ("coinbase", 8, 0, [])
    assert sums(portfolio) == expected("coinbase")
    again = import_file(portfolio, "coinbase-export.csv", content)
    assert (again.added, again.duplicates, again.review) == (0, 8, [])
