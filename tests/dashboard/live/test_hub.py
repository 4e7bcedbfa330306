"""What each open page is sent: all of it on connect, then what changed and is shown; never what isn't its own."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal, localcontext
from html import unescape

import pytest

from dashboard.live.boards import Page, View
from dashboard.live.hub import MOST_TOASTS, WINDOW, Client, Hub
from tests.dashboard.live.browser import Browser, cells_of
from tests.dashboard.live.world import World, held, new_hub, pump, sections

MINE, YOURS = Page(1), Page(3)


@pytest.fixture
def world() -> World:
    world = World()
    world.tick("bitcoin", "ethereum", "index")
    world.positions[1] = {"bitcoin": held("bitcoin", "0.5"), "ethereum": held("ethereum", "3")}
    world.positions[2] = {"bitcoin": held("bitcoin", "7")}
    world.positions[3] = {"bitcoin": held("bitcoin", "11")}
    return world


@pytest.fixture
def hub(world: World) -> Hub:
    hub = new_hub()
    hub.load(world.picture(), world.now)
    return hub


def open_page(hub: Hub, world: World, page: Page, toasts: str = "") -> tuple[Client, Browser]:
    browser = Browser(lambda: world.html(page))
    seat = hub.connect(page, world.contents(page), toasts), browser
    pump(hub, [seat])
    return seat


@pytest.mark.parametrize(
    "page", [Page(1), Page(2), Page(1, View.MARKET), Page(1, View.ASSET, asset="bitcoin"), Page(1, View.NONE)]
)
def test_a_page_gets_its_whole_state_in_the_first_frame(hub: Hub, world: World, page: Page) -> None:
    _, browser = open_page(hub, world, page)
    assert len(browser.frames) == 1
    assert cells_of(browser.frames[0]).keys() >= {id for id in browser.cells if not id.endswith("-name")}
    assert browser.cells == cells_of(world.html(page))
    assert (browser.live, browser.sequence) == ("on", 1)


def test_a_tick_sends_one_frame_with_only_the_cells_that_changed_and_that_the_page_shows(
    hub: Hub, world: World
) -> None:
    seat = open_page(hub, world, MINE)
    hub.tick(*world.tick("bitcoin", "index"), world.now)
    pump(hub, [seat], late=False)
    frame = seat[1].frames[-1]
    sent = cells_of(frame)
    assert {id for id in sent if id.startswith("p-")} == {
        "p-bitcoin-price",
        "p-bitcoin-market_cap",
        "p-bitcoin-change_24h",
    }
    assert {id for id in sent if id.startswith("h-")} == {
        "h-bitcoin-value",
        "h-bitcoin-profit",
        "h-bitcoin-profit_pct",
    }
    assert "h-bitcoin-average_cost" not in sent
    assert len(frame) < 2000


def test_shares_move_with_every_price_and_follow_some_ticks_at_once(hub: Hub, world: World) -> None:
    seat = open_page(hub, world, MINE)
    for _ in range(3):
        hub.tick(*world.tick("bitcoin"), world.now)
        pump(hub, [seat], late=False)
    frames = len(seat[1].frames)
    assert seat[1].cells != cells_of(world.html(MINE))
    pump(hub, [seat])
    assert len(seat[1].frames) == frames + 1
    assert cells_of(seat[1].frames[-1]).keys() == {"h-bitcoin-share", "h-ethereum-share"}
    assert seat[1].cells == cells_of(world.html(MINE))


def test_a_tick_of_coins_that_nobody_holds_sends_no_cell(hub: Hub, world: World) -> None:
    seat = open_page(hub, world, MINE)
    hub.tick(*world.tick("index"), world.now)
    pump(hub, [seat])
    assert cells_of(seat[1].frames[-1]) == {}
    assert seat[1].sequence == 2


def test_the_value_is_exactly_quantity_times_price(hub: Hub, world: World) -> None:
    world.positions[1]["bitcoin"] = held("bitcoin", "1234567890123.123456789012345678")
    seat = open_page(hub, world, MINE)
    hub.tick(*world.tick("bitcoin"), world.now)
    pump(hub, [seat])
    assert seat[1].value("p-bitcoin-price") == Decimal("2.123456789")
    with localcontext(prec=100):
        assert seat[1].value("h-bitcoin-value") == Decimal("1234567890123.123456789012345678") * Decimal("2.123456789")


def test_no_frame_holds_another_persons_figures(hub: Hub, world: World) -> None:
    mine, yours = open_page(hub, world, MINE), open_page(hub, world, YOURS)
    hub.tick(*world.tick("bitcoin", "ethereum"), world.now)
    pump(hub, [mine, yours])
    assert mine[1].value("h-bitcoin-value") == Decimal("0.5") * Decimal("2.123456789")
    assert yours[1].value("h-bitcoin-value") == Decimal(11) * Decimal("2.123456789")
    assert not any("ethereum" in frame for frame in yours[1].frames)


def test_two_pages_of_one_person_get_the_very_same_frame(hub: Hub, world: World) -> None:
    one, other = open_page(hub, world, MINE), open_page(hub, world, MINE)
    hub.tick(*world.tick("bitcoin"), world.now)
    pump(hub, [one, other])
    assert one[1].frames[-1] is not None
    assert one[1].frames[-1] == other[1].frames[-1]


def test_a_second_page_does_not_make_the_first_one_draw_everything_again(hub: Hub, world: World) -> None:
    one = open_page(hub, world, MINE)
    other = open_page(hub, world, MINE)
    pump(hub, [one, other])
    assert len(one[1].frames) == 1


def test_a_tick_that_comes_while_sections_are_rendered_is_not_lost(hub: Hub, world: World) -> None:
    browser = Browser(lambda: world.html(MINE))
    client = hub.connect(MINE, world.contents(MINE))
    order = hub.next_order()
    assert order is not None
    html = sections(order.overview)
    hub.tick(*world.tick("bitcoin"), world.now)
    hub.show(order, html)
    pump(hub, [(client, browser)])
    assert len(browser.frames) == 1
    assert browser.cells == cells_of(world.html(MINE))


def test_a_transaction_sends_the_sections_to_all_pages_of_its_owner_only(hub: Hub, world: World) -> None:
    one, other, yours = open_page(hub, world, MINE), open_page(hub, world, MINE), open_page(hub, world, YOURS)
    world.positions[1]["index-value"] = held("index-value", "4")
    hub.fill(MINE, world.contents(MINE))
    pump(hub, [one, other, yours])
    for _, browser in (one, other):
        assert '<section id="holdings"' in browser.frames[-1]
        assert browser.cells == cells_of(world.html(MINE))
        assert "h-index_0_value-value" in browser.cells
    assert len(yours[1].frames) == 1


def test_the_page_of_a_coin_learns_that_it_is_held_now(hub: Hub, world: World) -> None:
    page = Page(1, View.ASSET, asset="index")
    seat = open_page(hub, world, page)
    world.positions[1]["index"] = held("index", "4")
    hub.fill(page, world.contents(page))
    pump(hub, [seat])
    assert seat[1].cells == cells_of(world.html(page))
    assert "h-index-value" in seat[1].cells


@pytest.mark.parametrize("page", [Page(1, View.MARKET), Page(1, View.ASSET, asset="bitcoin")])
def test_a_page_whose_headings_name_the_currency_is_loaded_anew_for_another(hub: Hub, world: World, page: Page) -> None:
    seat = open_page(hub, world, page)
    hub.fill(page, replace(world.contents(page), currency="eur"))
    pump(hub, [seat])
    assert "data-currency-changed" in seat[1].frames[-1]
    assert not cells_of(seat[1].frames[-1])


def test_a_coin_that_gets_its_first_price_brings_the_sections_anew(hub: Hub, world: World) -> None:
    world.positions[1]["index-value"] = held("index-value", "4")
    seat = open_page(hub, world, MINE)
    assert seat[1].value("h-index_0_value-value") is None
    hub.tick(*world.tick("index-value"), world.now)
    pump(hub, [seat])
    assert "<p>no price: </p>" in unescape("".join(seat[1].frames[1:]))
    assert seat[1].cells == cells_of(world.html(MINE))


def test_an_older_tick_changes_nothing_that_a_newer_one_has_said(hub: Hub, world: World) -> None:
    seat = open_page(hub, world, MINE)
    early = world.tick("bitcoin", "ethereum")
    late = world.tick("bitcoin")
    hub.tick(*late, world.now)
    assert not hub.ticker.complete
    hub.tick(*early, world.now)
    pump(hub, [seat])
    assert seat[1].cells == cells_of(world.html(MINE))
    assert seat[1].sequence == 3


def test_a_missed_tick_is_noticed_and_made_up_for_from_the_database(hub: Hub, world: World) -> None:
    seat = open_page(hub, world, MINE)
    world.tick("ethereum")
    hub.tick(*world.tick("bitcoin"), world.now)
    assert not hub.ticker.complete
    hub.load(world.picture(), world.now)
    assert hub.ticker.complete
    pump(hub, [seat])
    assert seat[1].cells == cells_of(world.html(MINE))


def test_a_picture_older_than_a_tick_does_not_take_it_back(hub: Hub, world: World) -> None:
    seat = open_page(hub, world, MINE)
    picture = world.picture()
    hub.tick(*world.tick("bitcoin"), world.now)
    hub.load(picture, world.now)
    pump(hub, [seat])
    assert seat[1].cells == cells_of(world.html(MINE))


def test_prices_grow_stale_when_nothing_ticks_and_recover(hub: Hub, world: World) -> None:
    seat = open_page(hub, world, MINE)
    world.now += timedelta(seconds=181)
    hub.watch_clock(world.health(), world.now)
    pump(hub, [seat])
    assert seat[1].live == "stale"
    assert 'class="num stale"' in seat[1].cells["p-bitcoin-price"]
    assert seat[1].cells == cells_of(world.html(MINE))
    hub.tick(*world.tick("bitcoin", "ethereum", "index"), world.now)
    pump(hub, [seat])
    assert seat[1].live == "on"
    assert seat[1].cells == cells_of(world.html(MINE))


def test_a_source_that_fails_shows_at_once(hub: Hub, world: World) -> None:
    seat = open_page(hub, world, MINE)
    world.now += timedelta(seconds=200)
    hub.watch_clock(replace(world.health(), failing_since=world.now), world.now)
    pump(hub, [seat])
    assert "Test isn’t answering. Reminders wait." in unescape("".join(seat[1].frames[1:]))


def test_another_rate_changes_the_pages_in_that_currency(hub: Hub, world: World) -> None:
    page = Page(2)
    seat, other = open_page(hub, world, page), open_page(hub, world, MINE)
    world.rates["eur"] = Decimal("0.8")
    hub.load(world.picture(), world.now)
    pump(hub, [seat, other])
    assert seat[1].cells == cells_of(world.html(page))
    assert len(other[1].frames) == 1


def test_an_alert_reaches_every_page_of_its_owner_and_no_other(hub: Hub, world: World) -> None:
    mine, market, yours = (open_page(hub, world, page) for page in (MINE, Page(1, View.MARKET), Page(3)))
    hub.alert(1, '<div hx-swap-oob="beforeend:#toasts"><div class="toast" data-alert="7"></div></div>')
    pump(hub, [mine, market, yours])
    assert (mine[1].toasts, market[1].toasts, yours[1].toasts) == (["7"], ["7"], [])


def test_a_market_with_other_rows_is_sent_theirs_and_only_theirs(hub: Hub, world: World) -> None:
    found = Page(1, View.MARKET, shown=frozenset({"index"}))
    seat = client, browser = open_page(hub, world, Page(1, View.MARKET))
    other = open_page(hub, world, Page(1, View.MARKET))
    hub.tick(*world.tick("bitcoin"), world.now)
    browser.fetch = lambda: world.html(found)
    browser.open()
    hub.turn(client, found, world.contents(found))
    for assets in (("bitcoin", "index"), ("bitcoin",), ("index",)):
        hub.tick(*world.tick(*assets), world.now)
        pump(hub, [seat, other])
        assert browser.cells == cells_of(world.html(found))
    assert other[1].cells == cells_of(world.html(Page(1, View.MARKET)))
    assert client.sent == len(browser.frames)
    hub.alert(1, '<div><div class="toast" data-alert="4"></div></div>')
    pump(hub, [seat])
    assert browser.toasts == ["4"]
    hub.leave(client)
    hub.leave(other[0])
    assert not hub.boards
    assert not hub.users


def test_what_waited_for_the_user_is_in_the_first_frame(hub: Hub, world: World) -> None:
    _, browser = open_page(hub, world, MINE, '<div><div class="toast" data-alert="3"></div></div>')
    assert browser.toasts == ["3"]
    assert len(browser.frames) == 1


def test_a_slow_reader_gets_the_newest_state_only_and_costs_no_memory(hub: Hub, world: World) -> None:
    seat = client, browser = open_page(hub, world, MINE)
    hub.acknowledge(client, 1)
    for _ in range(500):
        hub.tick(*world.tick("bitcoin", "ethereum"), world.now)
        pump(hub, [seat], clock=1)
    assert len(browser.frames) == 1 + WINDOW
    assert len(client.due) <= len(browser.cells)
    assert not hub.is_lost(client, 30, patience=30)
    hub.acknowledge(client, client.sent)
    pump(hub, [seat], clock=31, late=False)
    assert len(browser.frames) == 2 + WINDOW
    assert browser.cells == cells_of(world.html(MINE))
    assert not hub.is_lost(client, 62, patience=30)


def test_a_reader_that_stands_still_is_lost(hub: Hub, world: World) -> None:
    seat = client, _ = open_page(hub, world, MINE)
    hub.acknowledge(client, 1)
    for _ in range(WINDOW + 1):
        hub.tick(*world.tick("bitcoin"), world.now)
        pump(hub, [seat], clock=10)
    assert not hub.is_lost(client, 40, patience=30)
    assert hub.is_lost(client, 41, patience=30)


def test_toasts_do_not_pile_up_before_a_slow_reader(hub: Hub, world: World) -> None:
    client, _ = open_page(hub, world, MINE)
    for _ in range(MOST_TOASTS + 1):
        hub.alert(1, "<div></div>")
    assert hub.is_lost(client, 0, patience=30)


def test_a_page_can_not_report_more_than_it_was_sent(hub: Hub, world: World) -> None:
    client, _ = open_page(hub, world, MINE)
    hub.acknowledge(client, 10**9)
    assert client.seen == 1
    hub.acknowledge(client, -5)
    assert client.seen == 1


def test_nothing_is_left_when_everyone_has_gone(hub: Hub, world: World) -> None:
    seats = [open_page(hub, world, page) for page in (MINE, MINE, Page(1, View.MARKET))]
    hub.tick(*world.tick("bitcoin"), world.now)
    for client, _ in seats:
        hub.leave(client)
    assert not hub.boards
    assert not hub.clients
    assert not hub.unrendered
    assert hub.next_order() is None
