"""The socket behind the page: it stays, it comes back by itself, and it ends with the session."""

import os
import signal

from playwright.sync_api import expect

from tests.browser.conftest import NewPerson
from tests.browser.world import Person, World


def test_an_idle_page_is_still_connected_after_ten_seconds(the_world: World, somebody: Person) -> None:
    the_world.coingecko.prices.frozen_at = None
    somebody.go("/settings/")  # shows no price, so nothing is sent to it
    expect(somebody.page.locator("[data-live=on]")).to_be_visible()
    somebody.page.evaluate(
        """() => {
          window.closes = 0;
          document.body.addEventListener('htmx:wsClose', () => { window.closes += 1; });
        }"""
    )
    somebody.page.wait_for_timeout(10_500)
    assert somebody.page.evaluate("() => window.closes") == 0
    expect(somebody.page.locator("[data-live=on]")).to_be_visible()


def test_dashboards_live_again_after_redis_was_killed(the_world: World, somebody: Person) -> None:
    the_world.coingecko.set_price("bitcoin", "50000")
    somebody.add_transaction("Bitcoin", "1", "40000")
    somebody.go("/")
    somebody.sees_price("bitcoin", "50000")
    somebody.page.evaluate("() => { window.stayed = true }")
    os.kill(the_world.site.pid("valkey-server"), signal.SIGKILL)
    the_world.coingecko.set_price("bitcoin", "50700")
    somebody.sees("[data-total=value]", "50700", within=40)
    assert somebody.page.evaluate("() => window.stayed") is True


def test_dashboards_come_back_after_the_web_process_was_killed(the_world: World, somebody: Person) -> None:
    the_world.coingecko.set_price("bitcoin", "50000")
    somebody.add_transaction("Bitcoin", "1", "40000")
    somebody.go("/")
    somebody.sees_price("bitcoin", "50000")
    somebody.page.evaluate("() => { window.stayed = true }")
    somebody.page.evaluate(
        """() => {
          window.states = [];
          const note = () => window.states.push(document.querySelector('[data-live]').dataset.live);
          new MutationObserver(note).observe(document.body, {subtree: true, attributeFilter: ['data-live']});
        }"""
    )
    os.kill(the_world.site.pid("daphne"), signal.SIGKILL)
    the_world.coingecko.set_price("bitcoin", "51100")
    somebody.sees("[data-total=value]", "51100", within=40)
    expect(somebody.page.locator("[data-live=on]")).to_be_attached(timeout=10_000)
    assert "off" in somebody.page.evaluate("() => window.states")
    assert somebody.page.evaluate("() => window.stayed") is True


def test_the_page_comes_back_after_every_close_but_a_refusal(the_world: World, somebody: Person) -> None:
    somebody.go("/")
    expect(somebody.page.locator("[data-live=on]")).to_be_visible()
    for code in (1000, 3000):
        somebody.page.evaluate(
            "code => htmx.find('[ws-connect]')['htmx-internal-data'].webSocket.socket.close(code)", code
        )
        expect(somebody.page.locator("[data-live=on]")).to_be_visible(timeout=15_000)


def test_logging_out_in_one_tab_ends_the_other(the_world: World, new_person: NewPerson) -> None:
    one = new_person()
    one.sign_up()
    second_tab = one.page.context.new_page()
    second_tab.goto(the_world.address + "/")
    expect(second_tab.locator("[data-live=on]")).to_be_visible()
    one.go("/accounts/logout/")
    one.submit()
    # It goes where the server sends strangers.
    expect(second_tab.locator("[data-live]")).to_have_count(0, timeout=5_000)
    second_tab.wait_for_load_state()
