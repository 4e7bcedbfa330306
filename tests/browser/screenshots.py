"""`python -m tests.browser.screenshots`: a picture of every page of the demo, narrow and wide, light and dark, in
var/screenshots/. Exit status 1 when a page's console complains.
"""

import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, ConsoleMessage, Error, Page, StorageState, sync_playwright

from tests.browser.world import FLAGS, chromium_path
from tests.running import ROOT, tickfolio

FOLDER = ROOT / "var/screenshots"
SIZES = {"phone": (390, 844), "laptop": (1440, 900), "wall": (2560, 1440)}
STRANGERS_PAGES = {"landing": "/", "login": "/accounts/login/", "signup": "/accounts/signup/"}
PAGES = {
    "dashboard": "/",
    "transactions": "/transactions/",
    "transaction-add": "/transactions/add/",
    "imports": "/imports/",
    "reminders": "/reminders/",
    "reminder-add": "/reminders/add/",
    "reports": "/reminders/schedule/",
    "report-add": "/reminders/schedule/add/",
    "alerts": "/alerts/",
    "market": "/market/",
    "watched": "/market/?show=watched",
    "analysis": "/analysis/",
    "targets": "/analysis/1/targets/",
    "asset": "/assets/bitcoin/",
    "working": "/assets/bitcoin/working/",
    "portfolio": "/portfolios/1/",
    "gains": "/reports/gains/",
    "settings": "/settings/",
    "delivery": "/settings/delivery/",
    "email": "/accounts/email/",
    "lost": "/no-such-page/",
}


def take(context: BrowserContext, address: str, pages: dict[str, str], suffix: str, complaints: list[str]) -> None:
    page = context.new_page()

    def heard(message: ConsoleMessage) -> None:
        if message.type == "error" and "/no-such-page/" not in page.url:
            complaints.append(f"{page.url}: {message.text}")

    def broke(error: Error) -> None:
        complaints.append(f"{page.url}: {error}")

    page.on("console", heard)
    page.on("pageerror", broke)
    for name, path in pages.items():
        page.goto(address + path)
        page.wait_for_timeout(1500 if path in {"/", "/market/"} else 400)
        if name != "dashboard":  # which shows what a toast looks like
            while page.locator(".toast").count():
                page.locator(".toast .btn-close").locator("visible=true").first.click()
                page.wait_for_timeout(200)
        page.screenshot(path=FOLDER / f"{name}-{suffix}.png", full_page=name not in {"market"})
    page.close()


def log_in(page: Page, address: str) -> None:
    page.goto(f"{address}/accounts/login/")
    page.locator("[name=login]").fill("demo")
    page.locator("[name=password]").fill("tickfolio-demo")
    page.locator("main form button[type=submit].btn-primary").first.click()
    page.wait_for_selector("[data-live=on]")
    page.close()


def main() -> int:
    FOLDER.mkdir(parents=True, exist_ok=True)
    complaints: list[str] = []
    with (
        tempfile.TemporaryDirectory() as folder,
        tickfolio(Path(folder), "demo") as site,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=FLAGS)
        state: StorageState | None = None
        for size, (width, height) in SIZES.items():
            for scheme in ("light", "dark"):
                look: dict[str, Any] = {"viewport": {"width": width, "height": height}, "color_scheme": scheme}
                with browser.new_context(**look) as stranger:
                    take(stranger, site.address, STRANGERS_PAGES, f"{size}-{scheme}", complaints)
                    if state is None:
                        log_in(stranger.new_page(), site.address)
                        state = stranger.storage_state()
                with browser.new_context(**look, storage_state=state) as owner:
                    take(owner, site.address, PAGES, f"{size}-{scheme}", complaints)
        browser.close()
    for complaint in complaints:
        print(complaint, file=sys.stderr)
    print(f"{len(list(FOLDER.glob('*.png')))} pictures in {FOLDER.relative_to(ROOT)}")
    return int(bool(complaints))


if __name__ == "__main__":
    sys.exit(main())
