"""Without scripts everything works but live figures and charts; on paper only facts stand."""

import re
from collections.abc import Iterator
from typing import Literal

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import NewPerson
from tests.browser.screenshots import PAGES
from tests.browser.world import PASSWORD, Person, World


@pytest.fixture
def without_scripts(the_world: World, somebody: Person) -> Iterator[Person]:
    """Signed up by now, in a browser that runs no scripts."""
    browser = somebody.page.context.browser
    assert browser
    with browser.new_context(java_script_enabled=False) as context:
        yield Person(the_world, context.new_page(), somebody.name)


def test_without_scripts_one_signs_in_records_reminds_and_signs_out(the_world: World, without_scripts: Person) -> None:
    who, page = without_scripts, without_scripts.page
    who.go("/accounts/login/")
    who.fill(login=who.name, password=PASSWORD)
    who.submit()
    expect(page).to_have_url(re.compile(r"/$"))
    page.locator("main").get_by_role("link", name="Add transaction").first.click()
    who.fill(type="buy", asset_id="bitcoin", amount="2", price="40000", timestamp="2026-01-10T12:00:00")
    who.submit()
    expect(page).to_have_url(re.compile(r"/transactions/$"))
    expect(page.get_by_role("row", name=re.compile("Bitcoin")).first).to_be_visible()
    who.go("/")
    assert who.holding("bitcoin", "holdings") == 2
    assert who.total("value") == 2 * who.holding("bitcoin", "price")
    who.go("/reminders/add/?kind=price_above&asset=bitcoin")
    who.fill(limit="90000")
    who.submit()
    expect(page.get_by_text(re.compile("90,000"))).to_be_visible()
    who.go("/settings/")
    who.fill(currency="eur")
    page.locator("form:has([name=currency]) button[type=submit]").first.click()
    who.go("/market/?q=ether")
    expect(page.get_by_role("link", name=re.compile("Ethereum")).first).to_be_visible()
    page.get_by_role("button", name=re.compile("Watch Ethereum|Ethereum")).first.click()
    who.go("/market/?show=watched")
    expect(page.get_by_role("link", name=re.compile("Ethereum")).first).to_be_visible()


def test_without_scripts_every_page_is_there_and_says_what_it_lacks(without_scripts: Person) -> None:
    who = without_scripts
    who.go("/accounts/login/")
    who.fill(login=who.name, password=PASSWORD)
    who.submit()
    who.go("/start/sample/")
    who.submit()
    for name, path in PAGES.items():
        if name in {"portfolio", "targets", "lost"}:
            continue
        who.go(path)
        expect(who.page.locator("h1").first).to_be_visible()
        assert who.page.locator("main").inner_text().strip()
    for path in ("/", "/assets/bitcoin/"):
        who.go(path)
        expect(who.page.locator("main table").first).to_be_visible()


@pytest.mark.parametrize("path", ["/", "/transactions/", "/reports/gains/", "/assets/bitcoin/working/", "/analysis/"])
def test_on_paper_stands_what_was_asked_for_and_no_buttons(new_person: NewPerson, path: str) -> None:
    somebody = new_person()
    somebody.sign_up()
    somebody.go("/start/sample/")
    somebody.submit()
    somebody.go(path)
    page = somebody.page
    page.emulate_media(media="print", color_scheme="dark")
    for hidden in (".site-head", ".tab-bar", ".page-actions"):
        for found in page.locator(hidden).all():
            expect(found).to_be_hidden()
    expect(page.locator("h1").first).to_be_visible()
    ink = page.locator("main").evaluate("main => getComputedStyle(main).color")
    assert ink == "rgb(0, 0, 0)"
    sheet = page.pdf(format="A4")
    assert sheet.startswith(b"%PDF")
    page.set_viewport_size({"width": 794, "height": 1123})  # an A4 sheet
    wide = page.evaluate("() => document.documentElement.scrollWidth")
    assert wide <= 794


@pytest.mark.parametrize("wish", ["no-preference", "reduce"])
def test_changed_cells_fade_unless_one_wants_less_motion(
    the_world: World, new_person: NewPerson, wish: Literal["no-preference", "reduce"]
) -> None:
    somebody = new_person()
    somebody.sign_up()
    somebody.has_price("bitcoin", "50000")
    somebody.add_transaction("Bitcoin", "1", "40000")
    page = somebody.page
    page.emulate_media(reduced_motion=wish)
    somebody.go("/")
    expect(page.locator("[data-live=on]")).to_be_visible()
    page.evaluate("() => { window.moved = 0; addEventListener('animationstart', () => { window.moved += 1; }, true); }")
    the_world.coingecko.set_price("bitcoin", "50700")
    somebody.sees("[data-asset=bitcoin] [data-field=price]", "50700")
    page.wait_for_timeout(300)
    assert (page.evaluate("() => window.moved") > 0) is (wish == "no-preference")
