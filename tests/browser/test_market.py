"""The market and the analysis in a real browser: what is watched, found, added and drawn."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

from playwright.sync_api import Browser, expect

from tests.browser.world import Person, World, person, world


def test_a_market_that_is_opened_before_the_first_prices_shows_them_when_they_come(
    tmp_path: Path, browser: Browser
) -> None:
    with world(tmp_path, priced=False) as made, person(made, browser) as early:
        early.sign_up(live="stale")  # connected, with nothing to show yet
        early.go("/market/")
        expect(early.page.get_by_text("Prices are on their way")).to_be_visible()
        expect(early.page.get_by_text("Not connected")).to_be_hidden()
        made.coingecko.set_price("bitcoin", "50000")
        early.sees_price("bitcoin", "50000", within=30)
        made.coingecko.set_price("bitcoin", "50001")
        early.sees_price("bitcoin", "50001")
        assert early.complaints == []


def test_a_star_is_kept_and_a_name_finds_and_opens_the_forms(the_world: World, somebody: Person) -> None:
    page = somebody.page
    somebody.go("/market/")
    star = page.get_by_role("button", name="Watch Ethereum")
    star.click()
    expect(star).to_have_attribute("aria-pressed", "true")
    page.get_by_role("link", name="Watched").click()
    rows = page.locator("tr[data-coin]")
    expect(rows).to_have_count(1)
    the_world.coingecko.set_price("ethereum", "2345.5")
    somebody.sees_price("ethereum", "2345.5")
    page.get_by_role("searchbox").fill("bitc")
    expect(page.locator("tr[data-coin=bitcoin]")).to_be_visible()
    expect(rows).to_have_count(1)
    page.get_by_role("link", name="Add transaction of Bitcoin").click()
    expect(page.locator("dialog [name=asset_id]")).to_have_value("Bitcoin (BTC)")
    page.keyboard.press("Escape")
    page.get_by_role("link", name="Remind me of Bitcoin").click()
    expect(page.locator("dialog [name=asset]")).to_have_value("Bitcoin (BTC)")
    page.keyboard.press("Escape")
    page.get_by_role("searchbox").fill("")
    star.click()
    expect(star).to_have_attribute("aria-pressed", "false")
    page.reload()
    expect(page.get_by_text("You watch no coins yet")).to_be_visible()
    assert somebody.complaints == []


def test_a_coin_that_is_not_among_the_largest_is_live_where_it_was_found(the_world: World, somebody: Person) -> None:
    page = somebody.page
    the_world.coingecko.set_price("tiny-coin", "0.001", market_cap_rank=None)
    somebody.go("/market/")
    page.get_by_role("button", name="Watch Ethereum").click()  # so that its price is asked for with each of the other
    page.get_by_role("searchbox").fill("tiny")
    expect(page.locator("tr[data-coin]")).to_have_count(1, timeout=15_000)
    page.get_by_role("button", name="Watch Tiny-Coin").click()
    somebody.sees_price("tiny-coin", "0.001", within=30)
    the_world.coingecko.set_price("tiny-coin", "0.002")
    somebody.sees_price("tiny-coin", "0.002")
    page.reload()
    the_world.coingecko.set_price("tiny-coin", "0.003")
    somebody.go("/market/?q=tiny")
    somebody.sees_price("tiny-coin", "0.003")
    the_world.coingecko.set_price("tiny-coin", "0.004")
    somebody.sees_price("tiny-coin", "0.004")
    page.get_by_role("searchbox").fill("")
    the_world.coingecko.set_price("ethereum", "2001.25")
    somebody.sees_price("ethereum", "2001.25")
    assert somebody.complaints == []


def test_old_transactions_draw_a_past_and_have_returns(the_world: World, somebody: Person) -> None:
    """A worker fetches the prices of the past and values the days; nobody has been here before today."""
    somebody.go("/transactions/add/?asset=bitcoin")
    when = (datetime.now(UTC) - timedelta(days=40)).strftime("%Y-%m-%dT%H:%M:%S")
    somebody.fill(amount="0.5", price="40000", timestamp=when)
    somebody.submit()
    page = somebody.page
    for _ in range(40):
        somebody.go("/analysis/")
        if page.locator(".drawn path").count():
            break
        page.wait_for_timeout(500)
    expect(page.locator(".drawn path").first).to_be_visible()
    expect(page.get_by_text(re.compile("Time-weighted return")).first).to_be_visible()
    page.get_by_label("Share of Bitcoin in percent").fill("100")
    page.get_by_role("button", name="Save targets").click()
    expect(page.locator("#targets tbody tr")).to_have_count(1)
    somebody.go("/")
    expect(page.locator("#value-chart .chart-table")).to_be_attached()
    assert somebody.complaints == []
