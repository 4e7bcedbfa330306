"""What the page's script adds to the socket: fades, the tab's title, ages; and it loses nothing that was typed."""

import re
import time
from decimal import Decimal

from playwright.sync_api import expect

from tests.browser.conftest import NewPerson
from tests.browser.world import Person, World

FIGURES = "cells => cells.map((cell) => [cell.id, cell.dataset.value, cell.textContent])"


def test_the_tab_carries_the_total_and_a_changed_price_fades(the_world: World, somebody: Person) -> None:
    the_world.coingecko.set_price("bitcoin", "50000")
    somebody.add_transaction("Bitcoin", "2", "40000")
    somebody.go("/")
    somebody.sees_price("bitcoin", "50000")
    somebody.page.evaluate(
        """() => {
          window.faded = [];
          new MutationObserver((changes) => {
            for (const change of changes) for (const node of change.addedNodes)
              if (node.classList && (node.classList.contains('up') || node.classList.contains('down')))
                window.faded.push(`${node.id} ${node.classList.contains('up') ? 'up' : 'down'}`);
          }).observe(document.body, {childList: true, subtree: true});
        }"""
    )
    the_world.coingecko.set_price("bitcoin", "50100")
    somebody.sees("[data-total=value]", "100200")
    expect(somebody.page).to_have_title(re.compile(r"^100,200\.00 · "))
    assert set(somebody.page.evaluate("() => window.faded")) >= {"p-bitcoin-price up", "t-value up"}
    expect(somebody.page.locator("#live-state time")).to_have_text(re.compile(r"^\d+ s ago$"))
    somebody.page.locator("#p-bitcoin-price").hover()
    expect(somebody.page.locator("#p-bitcoin-price")).to_have_attribute(
        "title", re.compile(r"^50100, CoinGecko, \d+ s ago$")
    )
    assert not somebody.complaints


def test_pages_that_show_less_than_they_are_sent_do_not_complain(the_world: World, somebody: Person) -> None:
    the_world.coingecko.set_price("bitcoin", "50000")
    for path in ("/market/", "/assets/bitcoin/", "/settings/"):
        somebody.go(path)
        expect(somebody.page.locator("[data-live=on]")).to_be_visible()
        the_world.coingecko.set_price("bitcoin", "50200" if path == "/market/" else "50300")
        if path != "/settings/":
            somebody.sees("[data-field=price]", "50200" if path == "/market/" else "50300")
    assert not somebody.complaints


def test_the_page_of_a_coin_shows_a_position_that_another_tab_made(the_world: World, somebody: Person) -> None:
    the_world.coingecko.set_price("bitcoin", "50000")
    somebody.go("/assets/bitcoin/")
    expect(somebody.page.locator("[data-live=on]")).to_be_visible()
    tab = somebody.page.context.new_page()
    Person(the_world, tab, somebody.name).add_transaction("Bitcoin", "3", "40000")
    expect(somebody.page.locator("#position")).to_be_visible()
    somebody.sees("#position [data-field=value]", "150000")
    the_world.coingecko.set_price("bitcoin", "50400")
    somebody.sees("#position [data-field=value]", "151200")
    assert not somebody.complaints


def test_the_page_of_a_coin_shows_what_was_bought_while_it_was_away(the_world: World, somebody: Person) -> None:
    """Its socket can't be opened again before the purchase."""
    page = somebody.page
    away = False
    page.route_web_socket(
        re.compile("/ws/live/"), lambda socket: socket.close(code=3000) if away else socket.connect_to_server()
    )
    somebody.go("/assets/bitcoin/")
    expect(page.locator("[data-live=on]")).to_be_visible()
    away = True
    page.evaluate("htmx.find('[ws-connect]')['htmx-internal-data'].webSocket.socket.close(3000)")
    expect(page.locator("[data-live=off]")).to_be_attached()
    Person(the_world, page.context.new_page(), somebody.name).add_transaction("Bitcoin", "0.25", "40000")
    expect(page.locator("#position")).to_have_count(0)
    away = False
    somebody.sees("#position [data-field=holdings]", "0.25", within=20)


def test_what_was_typed_stays_when_the_session_ends(the_world: World, new_person: NewPerson) -> None:
    one = new_person()
    one.sign_up()
    tab = one.page.context.new_page()
    tab.goto(the_world.address + "/transactions/add/")
    tab.locator("[name=note]").first.fill("half of it for Eve")
    expect(tab.locator("[data-live=on]")).to_be_attached()
    one.go("/accounts/logout/")
    one.submit()
    expect(tab.get_by_role("link", name="Signed out. Sign in again")).to_be_visible()
    expect(tab.locator("[name=note]").first).to_have_value("half of it for Eve")


CELLS = """() => Object.fromEntries([...document.querySelectorAll('[data-field], [data-total]')].map(
  (cell) => [cell.id, {
    text: cell.textContent,
    classes: [...cell.classList].filter((name) => !['up', 'down'].includes(name)).sort(),
    attributes: [...cell.attributes].filter(({name}) => name !== 'class').map(({name, value}) => [name, value]).sort(),
  }],
))"""


def test_after_many_ticks_a_page_is_what_a_fresh_one_is(the_world: World, somebody: Person) -> None:
    """Frames carry what has changed only, and leave out of cells what follows from the rest of them."""
    the_world.coingecko.set_price("bitcoin", "50000")
    the_world.coingecko.set_price("ethereum", "2000")
    somebody.add_transaction("Bitcoin", "1.5", "40000")
    somebody.add_transaction("Ethereum", "3", "2100")
    somebody.go("/")
    for bitcoin, ethereum in (("50100", "1990"), ("39000", "2150.123456"), ("51000", "2150.123456")):
        the_world.coingecko.set_price("bitcoin", bitcoin)
        the_world.coingecko.set_price("ethereum", ethereum)
        somebody.sees_price("bitcoin", bitcoin)
        somebody.sees_price("ethereum", ethereum)
    somebody.page.wait_for_timeout(2_500)  # shares follow some ticks at once
    moved = somebody.page.evaluate(CELLS)
    somebody.go("/")
    assert moved == somebody.page.evaluate(CELLS)


def test_a_page_that_slept_catches_up_when_it_wakes(the_world: World, somebody: Person) -> None:
    the_world.coingecko.set_price("bitcoin", "50000")
    somebody.add_transaction("Bitcoin", "2", "40000")
    somebody.go("/")
    somebody.sees_price("bitcoin", "50000")
    browser = somebody.page.context.new_cdp_session(somebody.page)
    browser.send("Page.setWebLifecycleState", {"state": "frozen"})
    for price in range(50_001, 50_021):
        the_world.coingecko.set_price("bitcoin", price)
        time.sleep(1)
    browser.send("Page.setWebLifecycleState", {"state": "active"})
    somebody.sees_price("bitcoin", "50020")
    somebody.sees("[data-total=value]", "100040")
    assert not somebody.complaints


def test_who_counts_in_bitcoin_sees_everything_move_with_its_price(the_world: World, somebody: Person) -> None:
    somebody.has_price("ethereum", "2000")
    somebody.has_price("bitcoin", "50000")
    somebody.add_transaction("Ethereum", "10", "1000")
    somebody.go("/settings/")
    somebody.fill(currency="btc")
    somebody.page.locator("form:has([name=currency]) button[type=submit]").first.click()
    somebody.go("/")
    somebody.sees_price("ethereum", "0.04")
    assert somebody.total("value") == Decimal("0.4")
    assert somebody.total("profit") == Decimal("0.2")
    the_world.coingecko.set_price("bitcoin", "40000")
    somebody.sees("[data-total=value]", "0.5")
    expect(somebody.page).to_have_title(re.compile(r"^0\.50000000 · "))
    assert somebody.holding("ethereum", "price") == Decimal("0.05")
    assert somebody.holding("ethereum", "cost") == somebody.total("profit") == Decimal("0.25")
    live = somebody.page.locator("[data-field], [data-total]").evaluate_all(FIGURES)
    somebody.page.reload()
    assert somebody.page.locator("[data-field], [data-total]").evaluate_all(FIGURES) == live
    somebody.go("/market/")
    somebody.sees_price("bitcoin", "1")
    assert not somebody.complaints
