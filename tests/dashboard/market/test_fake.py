"""The stand-in for CoinGecko can be told what to do from another process: tests of running systems rely on it."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urljoin

import httpx
import pytest

ROOT = Path(__file__).parents[3]


@pytest.fixture
def address() -> Iterator[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.fakes.coingecko"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    with process.stdout:
        yield process.stdout.readline().strip()
        process.terminate()
        process.wait(10)


def test_prices_and_failures_are_set_from_outside(address: str) -> None:
    control, markets = urljoin(address, "/_control"), f"{address}/coins/markets?vs_currency=usd"
    httpx.post(
        control, json={"prices": {"bitcoin": "12345.678901234567"}, "facts": {"dash": {"price": 7, "name": "D"}}}
    )
    rows = {row["id"]: row for row in httpx.get(markets).json()}
    assert rows["bitcoin"]["current_price"] == 12345.678901234567
    assert rows["dash"]["name"] == "D"
    httpx.post(control, json={"fail": {"mode": "429", "retry_after": "3", "times": 1}})
    refused = httpx.get(markets)
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "3")
    assert httpx.get(markets).status_code == 200
    assert httpx.get(control).json() == {"requests": {"/coins/markets": 3}}
