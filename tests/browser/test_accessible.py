"""Every page by axe-core's rules for WCAG 2.2 AA and good practice, in both themes, wide and narrow."""

import pytest
from playwright.sync_api import expect

from tests.browser.screenshots import PAGES, STRANGERS_PAGES
from tests.browser.world import Person, World
from tests.running import ROOT

AXE = ROOT / "node_modules/axe-core/axe.min.js"
RUN = """async () => {
  const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
  const { violations } = await axe.run(document, {runOnly: rules});
  return violations.flatMap((rule) => rule.nodes.map((node) => `${rule.id}: ${node.html.slice(0, 200)}`));
}"""
LOOKS = [("light", 1440), ("dark", 390)]


def faults(who: Person, path: str = "") -> list[str]:
    if path:
        who.go(path)
        who.page.wait_for_timeout(300)
    who.page.evaluate(AXE.read_text())
    return [f"{path or who.page.url} {fault}" for fault in who.page.evaluate(RUN)]


def looked_at(who: Person, theme: str, width: int) -> None:
    who.page.emulate_media(color_scheme="dark" if theme == "dark" else "light", reduced_motion="reduce")
    who.page.set_viewport_size({"width": width, "height": 900})


@pytest.mark.parametrize(("theme", "width"), LOOKS)
def test_pages_of_somebody_with_figures(the_world: World, somebody: Person, theme: str, width: int) -> None:
    the_world.coingecko.set_price("bitcoin", "50000")
    looked_at(somebody, theme, width)
    somebody.go("/start/sample/")
    somebody.submit()
    somebody.add_reminder("70000")
    somebody.add_reminder("40000", kind="price_below")
    found = [fault for name, path in PAGES.items() if name != "portfolio" for fault in faults(somebody, path)]
    assert found == []


@pytest.mark.parametrize(("theme", "width"), LOOKS)
def test_pages_of_strangers_and_of_somebody_new(somebody: Person, theme: str, width: int) -> None:
    looked_at(somebody, theme, width)
    found = [
        fault for path in ("/", "/transactions/", "/reminders/", "/start/sample/") for fault in faults(somebody, path)
    ]
    somebody.page.context.clear_cookies()
    found += [fault for path in STRANGERS_PAGES.values() for fault in faults(somebody, path)]
    assert found == []


@pytest.mark.parametrize(("theme", "width"), LOOKS)
def test_dialogs_and_menus(somebody: Person, theme: str, width: int) -> None:
    looked_at(somebody, theme, width)
    page, found = somebody.page, []
    for key, heading in (("n", "Add transaction"), ("r", "Add reminder"), ("?", "Keyboard")):
        somebody.go("/market/")
        expect(page.locator("[data-live=on]")).to_be_visible()
        page.keyboard.press(key)
        expect(page.get_by_role("heading", name=heading)).to_be_visible()
        found += faults(somebody)
    somebody.go("/")
    page.locator("details.menu > summary").locator("visible=true").first.click()
    found += faults(somebody)
    assert found == []
