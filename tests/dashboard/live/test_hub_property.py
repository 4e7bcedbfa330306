"""Whatever happens on the way, a page comes to show what a fresh one would, and no price ever goes backwards."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from dashboard.live.boards import Page, View
from dashboard.live.hub import Client
from dashboard.market.quote import Quote
from tests.dashboard.live.browser import Browser, cells_of
from tests.dashboard.live.world import ASSETS, CURRENCIES, World, held, new_hub, pump

PAGES = (
    Page(1),
    Page(2),
    Page(1, View.ASSET, asset="index"),
    Page(2, View.MARKET),
    Page(3, View.NONE),
    Page(3),
    Page(4),
    Page(5),
    Page(6),
    Page(4, View.MARKET),
    Page(5, View.ASSET, asset="ethereum"),
)
some_assets = st.sets(st.sampled_from(ASSETS), min_size=1)
quantities = st.decimals(0, 10**6, places=8, allow_nan=False)


class OpenPages(RuleBasedStateMachine):
    """Messages may be dropped, held back and come out of order; readers may be slow, leave and come back."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.hub = new_hub()
        self.on_the_way: list[tuple[int, list[Quote]]] = []
        self.seats: dict[int, tuple[Client, Browser]] = {}
        self.seen_prices: dict[tuple[int, str], Decimal] = {}

    @initialize()
    def start(self) -> None:
        self.world.tick(*ASSETS[:3])
        for positions in self.world.positions.values():
            positions |= {"bitcoin": held("bitcoin", "0.5"), "ethereum": held("ethereum", "3")}
        self.hub.load(self.world.picture(), self.world.now)
        for seat, page in enumerate((*PAGES[:3], *PAGES[6:9])):
            self.a_page_is_opened_in_place_of_another(seat, page)

    @rule(assets=some_assets)
    def a_tick_reaches_everyone(self, assets: set[str]) -> None:
        """What is usual, so that differences are added to differences."""
        self.hub.tick(*self.world.tick(*sorted(assets)), self.world.now)
        for client, _ in self.seats.values():
            self.hub.acknowledge(client, client.sent)
        pump(self.hub, list(self.seats.values()), late=False)

    @rule(assets=some_assets, priced=st.booleans())
    def tick_on_time(self, assets: set[str], priced: bool) -> None:
        self.hub.tick(*self.world.tick(*sorted(assets), priced=priced), self.world.now)

    @rule(assets=some_assets, late=st.booleans())
    def tick_late_or_never(self, assets: set[str], late: bool) -> None:
        tick = self.world.tick(*sorted(assets))
        if late:
            self.on_the_way.append(tick)

    @precondition(lambda self: self.on_the_way)
    @rule(data=st.data())
    def a_late_tick_arrives(self, data: st.DataObject) -> None:
        which = data.draw(st.integers(0, len(self.on_the_way) - 1))
        self.hub.tick(*self.on_the_way.pop(which), self.world.now)

    @rule(
        user=st.sampled_from(sorted(CURRENCIES)), asset=st.sampled_from(ASSETS), quantity=quantities, told=st.booleans()
    )
    def a_transaction(self, user: int, asset: str, quantity: Decimal, told: bool) -> None:
        self.world.positions[user][asset] = held(asset, quantity)
        if told:
            self.reload(user)

    @rule(user=st.sampled_from(sorted(CURRENCIES)), asset=st.sampled_from(ASSETS))
    def the_last_transaction_of_a_coin_is_deleted(self, user: int, asset: str) -> None:
        self.world.positions[user].pop(asset, None)
        self.reload(user)

    @rule(seconds=st.sampled_from([1, 100, 200]))
    def time_passes(self, seconds: int) -> None:
        self.world.now += timedelta(seconds=seconds)

    @rule(rate=st.sampled_from(["0.8", "0.9", "1.1"]))
    def the_euro_moves(self, rate: str) -> None:
        self.world.rates["eur"] = Decimal(rate)

    @rule(seat=st.integers(0, 9), page=st.sampled_from(PAGES))
    def a_page_is_opened_in_place_of_another(self, seat: int, page: Page) -> None:
        if seat in self.seats:
            self.hub.leave(self.seats[seat][0])
        browser = Browser(lambda: self.world.html(page))
        if self.world.sequence > self.hub.ticker.sequence or not self.hub.ticker.complete:
            self.hub.load(self.world.picture(), self.world.now)
        self.seats[seat] = self.hub.connect(page, self.world.contents(page)), browser
        self.seen_prices = {key: price for key, price in self.seen_prices.items() if key[0] != seat}

    @precondition(lambda self: self.seats)
    @rule(data=st.data(), loaded=st.booleans())
    def a_page_reconnects(self, data: st.DataObject, loaded: bool) -> None:
        """With what it shows, or just loaded anew; all that was on its way to it is lost.

        The page of an asset asks anew for what it shows of its user's own when it is back.
        """
        seat = data.draw(st.sampled_from(sorted(self.seats)))
        client, browser = self.seats[seat]
        page = client.board.page
        self.hub.leave(client)
        if loaded or page.view is View.ASSET:
            browser.open()
        if self.world.sequence > self.hub.ticker.sequence or not self.hub.ticker.complete:
            self.hub.load(self.world.picture(), self.world.now)
        self.seats[seat] = self.hub.connect(page, self.world.contents(page), mark=browser.mark), browser
        self.seen_prices = {key: price for key, price in self.seen_prices.items() if key[0] != seat}

    @precondition(lambda self: self.markets())
    @rule(data=st.data(), shown=st.sets(st.sampled_from(ASSETS)))
    def a_market_gets_other_rows(self, data: st.DataObject, shown: set[str]) -> None:
        """The page has fetched them, and tells which they are."""
        seat = data.draw(st.sampled_from(self.markets()))
        client, browser = self.seats[seat]
        page = replace(client.board.page, shown=frozenset(shown))
        browser.fetch = lambda: self.world.html(page)
        browser.open()
        if self.world.sequence > self.hub.ticker.sequence or not self.hub.ticker.complete:
            self.hub.load(self.world.picture(), self.world.now)
        self.hub.turn(client, page, self.world.contents(page))
        self.seen_prices = {key: price for key, price in self.seen_prices.items() if key[0] != seat}

    def markets(self) -> list[int]:
        return sorted(seat for seat, (client, _) in self.seats.items() if client.board.page.view is View.MARKET)

    @precondition(lambda self: self.seats)
    @rule(data=st.data(), reports=st.booleans())
    def one_page_is_written_to(self, data: st.DataObject, reports: bool) -> None:
        client, browser = self.seats[data.draw(st.sampled_from(sorted(self.seats)))]
        pump(self.hub, [(client, browser)])
        if reports:
            self.hub.acknowledge(client, client.sent)

    @rule()
    def the_database_is_looked_into(self) -> None:
        """What happens every few seconds; after it every page is as a fresh one."""
        if self.world.sequence > self.hub.ticker.sequence or not self.hub.ticker.complete:
            self.hub.load(self.world.picture(), self.world.now)
        else:
            self.hub.watch_clock(self.world.health(), self.world.now)
        if self.hub.ticker.rates != self.world.picture().rates:
            self.hub.load(self.world.picture(), self.world.now)
        for user in CURRENCIES:
            self.reload(user)
        for client, _ in self.seats.values():
            self.hub.acknowledge(client, client.sent)
        pump(self.hub, list(self.seats.values()))
        for client, browser in self.seats.values():
            assert browser.cells == cells_of(self.world.html(client.board.page))
            assert browser.sequence == self.world.sequence
            assert browser.live == ("stale" if self.world.health().stale else "on")

    def reload(self, user: int) -> None:
        for page in list(self.hub.boards):
            if page.user == user and self.hub.boards[page].contents != self.world.contents(page):
                self.hub.fill(page, self.world.contents(page))

    @invariant()
    def no_price_goes_backwards(self) -> None:
        """A rate may fall, so this holds for those who count in dollars."""
        for seat, (client, browser) in self.seats.items():
            for asset in ASSETS if client.board.currency == "usd" else ():
                price = self.price(browser, asset)
                if price is not None:
                    assert price >= self.seen_prices.get((seat, asset), Decimal(0))
                    self.seen_prices[seat, asset] = price

    @staticmethod
    def price(browser: Browser, asset: str) -> Decimal | None:
        id = f"p-{asset.replace('-value', '_0_value')}-price"
        return browser.value(id) if id in browser.cells else None

    def teardown(self) -> None:
        self.the_database_is_looked_into()
        for client, _ in self.seats.values():
            self.hub.leave(client)
        assert not self.hub.boards


OpenPages.TestCase.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)
test_a_page_comes_to_show_what_a_fresh_one_would = OpenPages.TestCase
