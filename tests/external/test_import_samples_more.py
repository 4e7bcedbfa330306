"""Real exports of CoinTracking, the Crypto.com app and Delta, imported as they are, held to sums worked out by hand.

The sums count every amount of the file: a lock (stake) as leaving and an unlock as coming, and money beside coins. The
ledger lets locked coins stay, and money is never a position; both are added here before the comparison.
"""

import json
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from accounts.currencies import CURRENCIES
from accounts.models import User
from dashboard.drafts import Draft, draft_of
from dashboard.importing.service import import_file
from dashboard.models import Asset, Import, Portfolio
from dashboard.money import WIDE
from dashboard.recording import create_portfolio
from tests.dashboard.importing.reading import net

DATA = Path(__file__).parents[2].parent / "shared" / "data"
if not (DATA / "csv_samples").is_dir():
    pytest.skip(f"did not run: the exchanges' files are not at {DATA / 'csv_samples'}", allow_module_level=True)

SAMPLES: dict[str, dict[str, Any]] = {
    sample["format"]: sample for sample in json.loads((DATA / "csv_samples" / "expected.json").read_text())["samples"]
}
ONLY_AS_FEE = {"BNB"}


@pytest.fixture
def portfolio(db: None) -> Portfolio:
    """A portfolio in euros where every coin of the files is known, by its ticker as its id."""
    tickers = {ticker for sample in SAMPLES.values() for ticker in sample["net_quantities"]} | ONLY_AS_FEE
    for rank, ticker in enumerate(sorted(tickers - {"EUR", "USD"}), 1):
        Asset.objects.create(id=ticker, symbol=ticker.lower(), name=ticker, rank=rank)
    return create_portfolio(User.objects.create_user("ada", "ada@example.org"), "Main", "eur")


def imported(portfolio: Portfolio, key: str) -> tuple[Import, list[Draft]]:
    content = (DATA / SAMPLES[key]["file"]).read_bytes()
    done = import_file(portfolio, f"{key}.csv", content, "UTC")
    again = import_file(portfolio, f"{key}.csv", content, "UTC")
    assert (again.added, again.duplicates, again.review) == (0, done.added, done.review)
    return done, [draft_of(row) for row in portfolio.transactions.all()]


def expected(key: str) -> dict[str, Decimal]:
    return {ticker: Decimal(text) for ticker, text in SAMPLES[key]["net_quantities"].items()}


def with_locks(drafts: list[Draft]) -> dict[str, Decimal]:
    sums = net(drafts)
    for draft in drafts:
        sign = {"stake": -1, "unstake": 1}.get(draft.type, 0)
        sums[draft.asset_id] = sums.get(draft.asset_id, Decimal(0)) + sign * draft.amount
    return sums


def money(drafts: list[Draft]) -> Decimal:
    """What was got less what was paid, fees too."""
    total = Decimal(0)
    for draft in drafts:
        worth = draft.value_override
        if worth is None and draft.price is not None:
            worth = WIDE.multiply(draft.price, draft.amount)
        if worth is not None:
            total += {"buy": -worth, "sell": worth}.get(draft.type, Decimal(0))
        if draft.fee_amount and draft.fee_asset_id in CURRENCIES:
            total -= draft.fee_amount
    return total


def test_cointracking(portfolio: Portfolio) -> None:
    done, drafts = imported(portfolio, "cointracking")
    assert (done.format, done.added, done.skipped, done.review) == ("cointracking", 6, 0, [])
    sums = expected("cointracking")
    assert net(drafts) == {"BTC": sums["BTC"]}
    assert money(drafts) == sums["EUR"]


def test_cryptocom(portfolio: Portfolio) -> None:
    """Two of the 65 rows are the two sides of one conversion."""
    done, drafts = imported(portfolio, "cryptocom")
    assert (done.format, done.added, done.skipped, done.review) == ("cryptocom", 64, 0, [])
    assert Counter(draft.type for draft in drafts) == {
        "reward": 49, "swap": 6, "deposit": 4, "unstake": 2, "withdrawal": 1, "sell": 1, "stake": 1,
    }  # fmt: skip
    assert with_locks(drafts) == expected("cryptocom")


def test_delta(portfolio: Portfolio) -> None:
    """Stocks and money are left out, and the reasons say so."""
    done, drafts = imported(portfolio, "delta")
    assert (done.format, done.added, done.skipped, done.review) == ("delta", 4, 3, [])
    assert sorted((skip["rows"], skip["reason"][:6]) for skip in done.skips) == [(1, "Only m"), (2, "Stocks")]
    assert net(drafts) == expected("delta")
