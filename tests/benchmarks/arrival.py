"""How soon a trade at two exchanges is in the price's cell of an open dashboard, and how soon the cell says that both
feeds stand still: real processes, a real browser.

The feeds and CoinGecko are local servers, CoinGecko is asked at the plan's own pace. A tick is made each second and
takes what has come, so half a second of the time is waiting on average.
"""

import tempfile
import time
from contextlib import ExitStack
from math import ceil
from pathlib import Path
from random import Random
from statistics import median

from playwright.sync_api import Page, sync_playwright

from tests.benchmarks.report import Aim, Report
from tests.browser.world import FLAGS, World, chromium_path, person
from tests.fakes.coingecko import FakeCoinGecko
from tests.fakes.exchanges import FakeCoinbase, FakeKraken
from tests.fakes.smtp import FakeSmtp
from tests.fakes.twilio import FakeTwilio
from tests.running import PATIENCE, tickfolio, until

TRADES = 60
STALLS = 3
CELL = "[data-asset=bitcoin] [data-field=price]"
# When each price was first in the cell, by the machine's clock.
OBSERVE = """(selector) => {
  window.seen = {};
  const look = () => {
    const cell = document.querySelector(selector);
    if (cell && !(cell.dataset.value in window.seen)) window.seen[cell.dataset.value] = Date.now();
  };
  new MutationObserver(look).observe(document.body, {subtree: true, childList: true, attributes: true});
}"""


def run() -> Report:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        gecko, smtp = stack.enter_context(FakeCoinGecko()), stack.enter_context(FakeSmtp())
        twilio = stack.enter_context(FakeTwilio())
        kraken, coinbase = stack.enter_context(FakeKraken()), stack.enter_context(FakeCoinbase())
        gecko.set_price("bitcoin", 50_000)
        gecko.set_price("tether", 1)
        gecko.prices.list_pair("kraken", "XBT", "USD", "bitcoin")
        gecko.prices.list_pair("gdax", "BTC", "USD", "bitcoin")
        trade(kraken, coinbase, 50_000)
        streams = f"kraken={kraken.url},coinbase={coinbase.url}"
        outside = {"COINGECKO_URL": gecko.url, "PRICE_STREAMS": streams, **smtp.env(), **twilio.settings()}
        site = stack.enter_context(tickfolio(folder, **outside))
        until(lambda: gecko.requests["/coins/markets"], PATIENCE, lambda: site.output)
        browser = stack.enter_context(sync_playwright()).chromium.launch(executable_path=chromium_path(), args=FLAGS)
        stack.callback(browser.close)
        with person(World(gecko, smtp, twilio, site), browser, "watcher") as watcher:
            watcher.sign_up()
            watcher.add_transaction("bitcoin", "1", "40000")
            watcher.go("/")
            page = watcher.page
            page.wait_for_selector("[data-live=on]")
            until(lambda: is_streamed(page, kraken, coinbase), 60, lambda: site.output)
            page.evaluate(OBSERVE, CELL)
            delays = sorted(delay(page, kraken, coinbase, number) for number in range(1, TRADES + 1))
            stalls = [stall(page, gecko, kraken, coinbase) for _ in range(STALLS)]
    p50, p95 = (delays[ceil(part * TRADES) - 1] for part in (0.5, 0.95))
    row = {"way": "exchange to browser's cell", "trades": TRADES, "p50 s": p50, "p95 s": p95, "most s": delays[-1]}
    return Report(
        "arrival",
        [
            row,
            {
                "way": "feeds stall to marked cell",
                "trades": STALLS,
                "p50 s": median(stalls),
                "p95 s": "–",
                "most s": max(stalls),
            },
        ],
        [Aim("trade to browser's cell, p95 s", p95, 1.5), Aim("feeds stall to marked cell, most s", max(stalls), 10)],
    )


def trade(kraken: FakeKraken, coinbase: FakeCoinbase, price: int) -> None:
    kraken.set_price("BTC/USD", price)
    coinbase.set_price("BTC-USD", price)


def is_streamed(page: Page, kraken: FakeKraken, coinbase: FakeCoinbase) -> bool:
    trade(kraken, coinbase, 50_000)
    page.wait_for_timeout(500)
    return page.locator(CELL).first.get_attribute("data-by") == "Coinbase, Kraken"


def delay(page: Page, kraken: FakeKraken, coinbase: FakeCoinbase, number: int) -> float:
    """Seconds; trades come at any moment between two ticks."""
    page.wait_for_timeout(200 + Random(number).random() * 1000)
    told = time.time()
    trade(kraken, coinbase, 50_000 + number)
    page.wait_for_function("price => price in window.seen", arg=str(50_000 + number))
    seen: float = page.evaluate("price => window.seen[price]", str(50_000 + number))
    return seen / 1000 - told


def stall(page: Page, gecko: FakeCoinGecko, kraken: FakeKraken, coinbase: FakeCoinbase) -> float:
    """Seconds from the last trade until the cell is marked, while CoinGecko is away too; then all come back."""
    gecko.fail("503")
    trade(kraken, coinbase, 50_000 + TRADES)
    began = time.monotonic()
    kraken.stall()
    coinbase.stall()
    page.wait_for_selector(f"{CELL}.stale")
    spent = time.monotonic() - began
    for feed in (gecko, kraken, coinbase):
        feed.heal()
    until(lambda: is_streamed(page, kraken, coinbase), 60, lambda: "not back")
    return spent
