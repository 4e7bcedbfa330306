"""The dashboard as it is used: what is said twice stays in step, columns and keys, the first minutes, nothing jumps."""

import re

from playwright.sync_api import expect

from tests.browser.world import Person, World

SHIFTS = """() => {
  window.shifted = [];
  new PerformanceObserver((list) => {
    for (const one of list.getEntries()) if (!one.hadRecentInput) window.shifted.push(one.value);
  }).observe({type: 'layout-shift'});
}"""


def owner_of_two(the_world: World, somebody: Person) -> None:
    the_world.coingecko.set_price("bitcoin", "50000")
    the_world.coingecko.set_price("ethereum", "2000")
    somebody.add_transaction("Bitcoin", "1", "40000")
    somebody.add_transaction("Ethereum", "20", "1000")
    somebody.go("/")
    somebody.sees("[data-total=value]", "90000")


def test_sums_ring_and_movers_follow_the_ticks(the_world: World, somebody: Person) -> None:
    owner_of_two(the_world, somebody)
    page = somebody.page
    expect(page.locator(".legend .name").first).to_have_text("Bitcoin")
    change = "price_change_percentage_24h_in_currency"
    the_world.coingecko.set_price("ethereum", "2590", **{change: 12})
    somebody.sees("[data-total=value]", "101800")
    expect(page.locator("tfoot [data-copy-of=t-value]")).to_have_text("101,800.00")
    expect(page.locator(".legend .name").first).to_have_text("Ethereum")
    expect(page.locator(".legend .num").first).to_have_text("50.88 %")
    expect(page.locator(".donut .part").first).to_have_attribute("stroke-dasharray", "50.88 49.12")
    expect(page.locator("[data-mover=best] .name")).to_have_text("Ethereum")
    expect(page.locator("[data-mover=best] .num")).to_have_text("▲ +12.00 %")
    the_world.coingecko.set_price("ethereum", "2000", **{change: -3})
    expect(page.locator("[data-mover=worst] .num")).to_have_text("▼ −3.00 %")
    assert not somebody.complaints


def test_a_column_that_is_left_out_stays_out(the_world: World, somebody: Person) -> None:
    owner_of_two(the_world, somebody)
    page = somebody.page
    head = page.locator("th[data-col=market_cap]")
    expect(head).to_be_visible()
    page.get_by_text("Columns", exact=True).click()
    page.get_by_label("Market cap").uncheck()
    expect(head).to_be_hidden()
    page.reload()
    expect(page.locator("[data-live=on]")).to_be_visible()
    expect(head).to_be_hidden()
    expect(page.locator("td[data-col=market_cap]").first).to_be_hidden()
    assert not somebody.complaints


def test_the_head_of_a_long_table_stays_in_sight(the_world: World, somebody: Person) -> None:
    owner_of_two(the_world, somebody)
    page = somebody.page
    page.set_viewport_size({"width": 1440, "height": 400})
    page.locator("tfoot").scroll_into_view_if_needed()
    page.mouse.wheel(0, 200)
    head = page.locator("[data-table=holdings] thead th").first
    expect(head).to_be_in_viewport()


def test_nothing_moves_but_figures_while_prices_do(the_world: World, somebody: Person) -> None:
    owner_of_two(the_world, somebody)
    page = somebody.page
    page.wait_for_timeout(1500)
    page.evaluate(SHIFTS)
    for price in ("50000.01", "49999", "48123.45", "50000", "61000", "61000.5", "59999.9", "60001"):
        the_world.coingecko.set_price("bitcoin", price)
        somebody.sees_price("bitcoin", price)
    assert sum(page.evaluate("() => window.shifted")) == 0
    assert not somebody.complaints


def test_keys_search_add_remind_and_help_and_can_be_switched_off(the_world: World, somebody: Person) -> None:
    owner_of_two(the_world, somebody)
    page = somebody.page
    page.keyboard.press("/")
    expect(page.get_by_label("Find a coin among your holdings")).to_be_focused()
    page.keyboard.type("n?r")
    expect(page.locator("dialog[open]")).to_have_count(0)
    page.keyboard.press("Escape")
    page.evaluate("() => document.activeElement.blur()")
    page.keyboard.press("n")
    expect(page.get_by_role("heading", name="Add transaction")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("dialog[open]")).to_have_count(0)
    page.evaluate("() => document.activeElement.blur()")
    page.keyboard.press("r")
    expect(page.get_by_role("heading", name="Add reminder")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("dialog[open]")).to_have_count(0)
    page.evaluate("() => document.activeElement.blur()")
    page.keyboard.press("?")
    expect(page.get_by_role("heading", name="Keyboard")).to_be_visible()
    page.get_by_label("Use these keys").uncheck()
    page.keyboard.press("Escape")
    page.reload()
    expect(page.locator("[data-live=on]")).to_be_visible()
    page.keyboard.press("?")
    page.wait_for_timeout(300)
    expect(page.locator("dialog[open]")).to_have_count(0)
    assert not somebody.complaints


def test_somebody_new_looks_around_and_clears_up_again(somebody: Person) -> None:
    page = somebody.page
    somebody.go("/")
    page.get_by_role("link", name="Use sample data").click()
    page.get_by_role("button", name="Show me the sample").click()
    expect(page.get_by_text("You are looking at sample data.")).to_be_visible()
    expect(page.locator("[data-asset=bitcoin]").first).to_be_visible()
    page.get_by_role("button", name="Remove it").click()
    expect(page.get_by_role("heading", name="Add your first transaction")).to_be_visible()
    assert not somebody.complaints


def test_the_first_holding_from_elsewhere_brings_the_whole_page(the_world: World, somebody: Person) -> None:
    somebody.go("/")
    expect(somebody.page.locator("[data-live=on]")).to_be_visible()
    other = somebody.page.context.new_page()
    other.goto(f"{the_world.address}/start/sample/")
    other.get_by_role("button", name="Show me the sample").click()
    expect(somebody.page.locator("#value-chart")).to_be_visible()
    other.close()


def test_it_can_be_installed_and_says_when_it_is_not_connected(the_world: World, somebody: Person) -> None:
    page = somebody.page
    somebody.go("/")
    manifest = page.evaluate("async () => (await fetch(document.querySelector('link[rel=manifest]').href)).json()")
    assert (manifest["start_url"], manifest["display"]) == ("/", "standalone")
    for icon in manifest["icons"]:
        answer = page.request.get(the_world.address + icon["src"])
        assert (answer.status, answer.headers["content-type"]) == (200, icon["type"])
    page.evaluate("() => navigator.serviceWorker.ready.then(() => true)")
    page.reload()
    expect(page.locator("[data-live=on]")).to_be_visible()
    page.context.set_offline(True)
    page.goto(f"{the_world.address}/market/")
    expect(page.get_by_role("heading", name="Not connected")).to_be_visible()
    assert page.evaluate("() => getComputedStyle(document.querySelector('.empty')).textAlign") == "center"
    page.context.set_offline(False)
    page.get_by_role("link", name="Try again").click()
    expect(page.locator("[data-live=on]")).to_be_visible()
    expect(page).to_have_url(re.compile(r"/$"))
