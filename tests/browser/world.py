"""The whole of it: the real processes, the outside world as local servers, and people at real browsers."""

import contextlib
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from playwright.sync_api import Browser, ConsoleMessage, Error, Page, expect

from tests.fakes.coingecko import FakeCoinGecko
from tests.fakes.smtp import FakeSmtp
from tests.fakes.twilio import FakeTwilio
from tests.running import PATIENCE, Running, tickfolio, until

PASSWORD = "long and unusual 7"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def chromium_path() -> str | None:
    """Debian's Chromium where it is installed; None lets Playwright use the one that it downloaded."""
    return shutil.which("chromium")


@dataclass
class World:
    coingecko: FakeCoinGecko
    smtp: FakeSmtp
    twilio: FakeTwilio
    site: Running

    @property
    def address(self) -> str:
        return self.site.address


@contextmanager
def world(data_dir: Path, *, priced: bool = True, **environment: str) -> Iterator[World]:
    """Tickfolio over local servers that speak for CoinGecko, Twilio and a mail host; one poll a second.

    It has two coins with prices, or none as long as CoinGecko isn't told of one.
    """
    with ExitStack() as stack:
        coingecko = stack.enter_context(FakeCoinGecko())
        smtp, twilio = stack.enter_context(FakeSmtp()), stack.enter_context(FakeTwilio())
        if priced:
            coingecko.set_price("bitcoin", "50000")
            coingecko.set_price("ethereum", "2000")
        outside = {"COINGECKO_URL": coingecko.url, "PRICE_REFRESH_SECONDS": "1", **smtp.env(), **twilio.settings()}
        site = stack.enter_context(tickfolio(data_dir, **outside, **environment))
        until(lambda: prices(site) == ("fresh" if priced else "none"), PATIENCE, lambda: site.output)
        yield World(coingecko, smtp, twilio, site)


def prices(site: Running) -> str:
    """What the site says of its prices: pages that are opened before they are there have no coins."""
    return str(httpx.get(f"{site.address}/readyz").json()["prices"])


@dataclass
class Person:
    """Somebody at a browser of their own. What the page's console complains about gathers in `complaints`."""

    world: World
    page: Page
    name: str
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(f"{message.text} ({message.location.get('url')})")

    @property
    def email(self) -> str:
        return f"{self.name}@example.org"

    @property
    def number(self) -> str:
        return f"+4915112{int.from_bytes(self.name[-3:].encode()) % 1_000_000:06d}"

    def go(self, path: str) -> None:
        self.page.goto(self.world.address + path)

    def sign_up(self, live: str = "on") -> None:
        self.go("/accounts/signup/")
        self.fill(username=self.name, email=self.email, password1=PASSWORD, password2=PASSWORD)
        self.submit()
        expect(self.page.locator(f"[data-live={live}]")).to_be_visible(timeout=15_000)

    def log_in(self) -> None:
        self.go("/accounts/login/")
        self.fill(login=self.name, password=PASSWORD)
        self.submit()
        expect(self.page.locator("[data-live=on]")).to_be_visible(timeout=15_000)

    def fill(self, **fields: str) -> None:
        for name, value in fields.items():
            box = self.page.locator(f"main [name={name}], dialog [name={name}]").first
            if box.evaluate("box => box.tagName") == "SELECT":
                box.select_option(value)
            else:
                box.fill(value)

    def submit(self) -> None:
        self.page.locator("main form, dialog form").locator("button[type=submit].btn-primary").first.click()

    def confirm_address(self) -> None:
        """Follow the link in the mail that sign-up sent."""
        mail = until(lambda: self.world.smtp.to(self.email), 15, lambda: self.world.site.output)[0]
        found = re.search(r"https?://\S+/confirm-email/\S+", mail.text)
        assert found, mail.text
        self.go(urlsplit(found[0]).path)
        self.submit()

    def link_whatsapp(self) -> None:
        """Give the number on the settings page, then the code that came to it."""
        self.go("/settings/")
        self.page.locator("[name=number]").fill(self.number)
        self.page.get_by_role("button", name="Send code").click()
        message = until(lambda: self.world.twilio.to(self.number), 15, lambda: self.world.site.output)[0]
        found = re.search(r"\b\d{6}\b", message.text)
        assert found, message.text
        self.page.locator("[name=code]").fill(found[0])
        self.page.get_by_role("button", name="Confirm").click()
        expect(self.page.get_by_text("Linked", exact=True)).to_be_visible()

    def add_transaction(self, coin: str, amount: str, price: str, *, kind: str = "buy", fee: str = "") -> None:
        """By the form on the dashboard, the coin found by typing."""
        self.go("/transactions/add/")
        self.fill(type=kind)
        box = self.page.locator("[name=asset_id]").first
        box.press_sequentially(coin[:4])
        self.page.get_by_role("option", name=re.compile(coin, re.IGNORECASE)).first.click()
        self.fill(amount=amount, price=price, fee_amount=fee, wallet="Kraken")
        self.submit()
        expect(self.page).to_have_url(re.compile(r"/transactions/$"))

    def has_price(self, asset: str, price: str) -> None:
        """Until the site knows that price: a form that judges at once must not find the one of before."""
        self.world.coingecko.set_price(asset, price)
        self.go("/market/")
        self.sees_price(asset, price)

    def add_reminder(
        self, limit: str, *, kind: str = "price_above", coin: str = "bitcoin", repeat: str = "once"
    ) -> None:
        self.go(f"/reminders/add/?kind={kind}" + (f"&asset={coin}" if kind.startswith("price") else ""))
        self.fill(limit=limit)
        self.submit()
        expect(self.page).to_have_url(re.compile(r"/reminders/$"))

    def figure(self, selector: str) -> Decimal:
        """The exact number that a cell carries."""
        return Decimal(self.page.locator(f"{selector}").first.get_attribute("data-value") or "NaN")

    def holding(self, asset: str, name: str) -> Decimal:
        return self.figure(f"[data-asset='{asset}'] [data-field={name}]")

    def total(self, name: str) -> Decimal:
        return self.figure(f"[data-total={name}]")

    def sees(self, selector: str, number: str | Decimal, within: float = 10) -> None:
        until(
            lambda: self.figure(selector) == Decimal(number),
            within,
            lambda: f"{selector} is {self.figure(selector)}, not {number}\n{self.world.site.output[-3000:]}",
        )

    def sees_price(self, asset: str, price: str, within: float = 10) -> None:
        self.sees(f"[data-asset='{asset}'] [data-field=price]", price, within)


@contextmanager
def person(world: World, browser: Browser, name: str = "") -> Iterator[Person]:
    """Somebody new, or the one of that name, with a browser profile of their own."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.set_default_timeout(15_000)
    try:
        yield Person(world, context.new_page(), name or f"user{secrets.token_hex(4)}")
    finally:
        # A page that is closed amid a reload can keep the browser from ever answering: let each come to rest first.
        for page in context.pages:
            with contextlib.suppress(Error):
                page.goto("about:blank", timeout=5_000)
        context.close()
