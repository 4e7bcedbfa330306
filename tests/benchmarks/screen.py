"""What a dashboard costs the browser that shows it all day: 500 holdings whose prices all change each second.

SCREEN_SECONDS says for how long it is watched while they change (60).
"""

import csv
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import CDPSession, Page, sync_playwright

from tests.benchmarks.report import Aim, Report
from tests.browser.world import FLAGS, Person, World, chromium_path, person, world
from tests.fakes.coingecko import FakeCoinGecko
from tests.running import ROOT

HOLDINGS = 500
RESTING = 60.0
LAYOUT = ("LayoutDuration", "RecalcStyleDuration")
NAMED = f"""
from dashboard.models import Asset
coins = [Asset(id=f"coin-{{n}}", symbol=f"c{{n}}", name=f"Coin {{n}}") for n in range({HOLDINGS})]
Asset.objects.bulk_create(coins, ignore_conflicts=True)
"""
SHIFTS = """() => {
  window.shifted = 0;
  new PerformanceObserver((list) => {
    for (const one of list.getEntries()) if (!one.hadRecentInput) window.shifted += one.value;
  }).observe({type: 'layout-shift'});
}"""


def run() -> Report:
    watched = float(os.environ.get("SCREEN_SECONDS", "60"))
    with tempfile.TemporaryDirectory() as folder, world(Path(folder)) as made, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=FLAGS)
        moves(made.coingecko, 0)
        with person(made, browser, "watcher") as watcher:
            watcher.sign_up()
            watcher.go("/settings/")  # an empty dashboard would load itself anew in the middle of what follows
            imported(made, watcher, Path(folder))
            rows = [
                measured(made, watcher, "at rest", min(watched, RESTING)),
                measured(made, watcher, "a tick each second", watched),
            ]
            complaints = len(watcher.complaints)
        browser.close()
    resting, moving = rows
    return Report(
        "screen",
        rows,
        [
            Aim("% of a core while all prices change each second", moving["% of a core"], 10),
            Aim("layout shift while prices change", moving["layout shift"], 0),
            Aim("memory of the page after, beside at rest", moving["heap, MB"] / resting["heap, MB"], 1.25),
            Aim("complaints of the console", complaints, 0),
        ],
    )


def moves(coingecko: FakeCoinGecko, step: int) -> None:
    for number in range(HOLDINGS):
        coingecko.set_price(f"coin-{number}", f"{100 + number}.{(step * 37 + number * 11) % 100:02d}")


def imported(made: World, watcher: Person, folder: Path) -> None:
    file = folder / "holdings.csv"
    with file.open("w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["timestamp", "type", "asset_id", "amount", "price"])
        for number in range(HOLDINGS):
            writer.writerow(["2024-01-10T12:00:00Z", "buy", f"coin-{number}", "1.5", "90"])
    environment = {**os.environ, "DATA_DIR": str(made.site.data_dir), "COINGECKO_URL": made.coingecko.url}
    importing = ["import_transactions", "--user", watcher.name, "--portfolio", "Main", str(file)]
    for command in (["shell", "-c", NAMED], importing):
        subprocess.run([sys.executable, "manage.py", *command], cwd=ROOT, env=environment, check=True)


def measured(made: World, watcher: Person, what: str, watched: float) -> dict[str, Any]:
    page, stop = watcher.page, threading.Event()
    watcher.go("/")
    page.wait_for_selector("[data-live=on]")
    page.wait_for_function(f"() => document.querySelectorAll('tr[data-asset]').length >= {HOLDINGS}")
    page.wait_for_timeout(3000)
    page.evaluate(SHIFTS)
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    first = page.locator("[data-field=price]").first.get_attribute("data-value")
    ticking = threading.Thread(target=tick, args=(made.coingecko, stop), daemon=True)
    if what != "at rest":
        ticking.start()
        page.wait_for_timeout(2000)
    before, start = figures(session), time.perf_counter()
    page.wait_for_timeout(watched * 1000)
    after, spent = figures(session), time.perf_counter() - start
    stop.set()
    if what != "at rest":
        assert page.locator("[data-field=price]").first.get_attribute("data-value") != first
    return {
        "dashboard": what,
        "holdings": HOLDINGS,
        "seconds": spent,
        "% of a core": (after["ProcessTime"] - before["ProcessTime"]) / spent * 100,
        "% in scripts": (after["ScriptDuration"] - before["ScriptDuration"]) / spent * 100,
        "% in style and layout": sum(after[name] - before[name] for name in LAYOUT) / spent * 100,
        "layout shift": page.evaluate("() => window.shifted"),
        "heap, MB": heap(page, session),
        "nodes": after["Nodes"],
    }


def tick(coingecko: FakeCoinGecko, stop: threading.Event) -> None:
    step = 0
    while not stop.wait(1):
        step += 1
        moves(coingecko, step)


def figures(session: CDPSession) -> dict[str, float]:
    return {one["name"]: one["value"] for one in session.send("Performance.getMetrics")["metrics"]}


def heap(page: Page, session: CDPSession) -> float:
    session.send("HeapProfiler.collectGarbage")
    page.wait_for_timeout(500)
    return figures(session)["JSHeapUsedSize"] / 1e6
