"""A small market and a few people in it: what the database would say, and the page that it would make of it."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from accounts.currencies import COINS
from accounts.locales import DEFAULT, as_read_in
from dashboard.live import fragments
from dashboard.live.boards import Contents, Page, View, layout_of
from dashboard.live.hub import Client, Hub
from dashboard.live.ticker import Picture
from dashboard.market.currencies import Rates, with_coins
from dashboard.market.quota import stale_after
from dashboard.market.quote import Quote
from dashboard.market.refresh import MarketHealth
from dashboard.market.storing import as_asset, as_row
from dashboard.models import MarketQuote
from dashboard.portfolios import Overview, as_market, assemble, in_currency, merged
from dashboard.valuation import ZERO, Held, Market, value_holding
from tests.dashboard.live.browser import Browser

START = datetime(2026, 5, 3, 12, tzinfo=UTC)
ASSETS = ("bitcoin", "ethereum", "index", "index-value")
CURRENCIES = {1: "usd", 2: "eur", 3: "usd", 4: "btc", 5: "btc", 6: "usd"}
LOCALES = {1: DEFAULT, 2: "de", 3: "hi", 4: DEFAULT, 5: "de", 6: DEFAULT}
PORTFOLIOS = {5: "eur", 6: "btc"}
"""Whose portfolio counts in another currency than they do: what it cost moves with the price of a coin."""


def held(asset: str, quantity: str | Decimal, cost: str | Decimal = "100") -> Held:
    money = Decimal(cost)
    return Held(asset, asset[:3], asset.title(), Decimal(quantity), money, ZERO, ZERO, ZERO, money, money)


@dataclass
class World:
    """The truth. Each tick makes every price that it changes higher, so that going backwards shows."""

    now: datetime = START
    sequence: int = 0
    quotes: dict[str, tuple[int, Quote]] = field(default_factory=dict)
    rates: dict[str, Decimal] = field(default_factory=lambda: {"usd": Decimal(1), "eur": Decimal("0.9")})
    positions: dict[int, dict[str, Held]] = field(default_factory=lambda: {user: {} for user in CURRENCIES})
    interval: float = 60

    def tick(self, *assets: str, priced: bool = True) -> tuple[int, list[Quote]]:
        self.sequence += 1
        self.now += timedelta(seconds=1)
        changed = [
            Quote(
                asset,
                asset[:3],
                asset.title(),
                Decimal(self.sequence) + Decimal("0.123456789") if priced else None,
                self.now,
                rank=ASSETS.index(asset) + 1,
                market_cap=Decimal(self.sequence) * 10**9,
                change_24h=Decimal(self.sequence),
                source="Test",
            )
            for asset in assets
        ]
        self.quotes.update({quote.asset: (self.sequence, quote) for quote in changed})
        return self.sequence, changed

    def health(self) -> MarketHealth:
        times = [quote.as_of for _, quote in self.quotes.values() if quote.as_of is not None]
        newest = max(times, default=None)
        old = newest is None or newest < self.now - stale_after(self.interval)
        return MarketHealth(self.now, newest, old, "Test", None, "", None, self.interval, self.sequence)

    def rows(self) -> tuple[MarketQuote, ...]:
        rows = []
        for sequence, quote in self.quotes.values():
            row = as_row(quote, sequence)
            row.asset = as_asset(quote)
            rows.append(row)
        return tuple(rows)

    def picture(self) -> Picture:
        return Picture(self.health(), Rates(dict(self.rates)), self.rows())

    def contents(self, page: Page) -> Contents:
        currency = CURRENCIES[page.user]
        if page.view is View.NONE:
            return Contents(currency, locale=LOCALES[page.user])
        if page.view is View.MARKET:
            return Contents(currency, page.shown or frozenset(ASSETS), locale=LOCALES[page.user])
        positions = tuple(self.positions[page.user].values())
        listed = frozenset({page.asset} if page.view is View.ASSET else ())
        if code := PORTFOLIOS.get(page.user):
            return Contents(currency, listed, (), LOCALES[page.user], tuple((code, one) for one in positions))
        return Contents(currency, listed, positions, LOCALES[page.user])

    def market(self, asset: str, currency: str) -> Market:
        rows = {row.asset_id: row for row in self.rows()}
        row, coin = rows.get(asset), rows.get(COINS.get(currency, ""))
        rate = self.money().rate("usd", currency)
        return Market() if row is None else as_market(row, rate, self.now - stale_after(self.interval), coin)

    def money(self) -> Rates:
        """The rates with those of coins."""
        rows = {row.asset_id: row.price for row in self.rows()}
        return with_coins(Rates(dict(self.rates)), {code: rows.get(coin) for code, coin in COINS.items()})

    def overview(self, user: int) -> Overview:
        currency = CURRENCIES[user]
        code = PORTFOLIOS.get(user, currency)
        rate = Decimal(1) if code == currency else self.money().rate(code, currency)
        positions = merged(in_currency(one, code, rate) for one in self.positions[user].values())
        return assemble(currency, (value_holding(one, self.market(one.asset, currency)) for one in positions))

    def html(self, page: Page) -> str:
        """The page as a request would get it now."""
        with as_read_in(LOCALES[page.user]):
            return self.html_for_reader(page)

    def html_for_reader(self, page: Page) -> str:
        currency = CURRENCIES[page.user]
        if page.view is View.DASHBOARD:
            return sections(self.overview(page.user))
        contents = self.contents(page)
        cells = [
            fragments.market_cell(asset, self.market(asset, currency), name, currency)
            for asset in contents.listed
            for name in fragments.MARKET
        ]
        if page.view is View.ASSET:
            mine = [holding for holding in self.overview(page.user).everything if holding.asset == page.asset]
            cells += [fragments.holding_cell(one, name, currency) for one in mine for name in fragments.HOLDING]
        return "".join(cells)


def sections(overview: Overview) -> str:
    """Like the templates: closed positions show less, and names never move."""
    rows = [
        "".join(
            [
                fragments.name_cell(one.asset, one.held.name),
                *(fragments.market_cell(one.asset, one.market, name, overview.currency) for name in fragments.MARKET),
                *(
                    fragments.holding_cell(one, name, overview.currency)
                    for name in ("holdings", "value", "cost", "profit", "profit_pct", "share")
                ),
            ]
        )
        for one in overview.holdings
    ]
    closed = [fragments.holding_cell(one, "profit", overview.currency) for one in overview.closed]
    totals = [
        fragments.total_cell(overview.totals, name, overview.currency)
        for name in ("value", "profit", "profit_pct", "change_24h")
    ]
    missing = f"<p>no price: {','.join(sorted(overview.totals.unpriced))}</p>"
    return (
        f'<section id="totals">{"".join(totals)}</section>'
        f'<section id="holdings" data-mark="{overview.mark}">{missing}{"".join(rows)}{"".join(closed)}</section>'
    )


def new_hub() -> Hub:
    """One that knows which cells these sections have."""
    both = (value_holding(held("held", "1"), Market()), value_holding(held("closed", "0"), Market()))
    return Hub(layout_of(sections(assemble("usd", both)), "held", "closed"))


def pump(hub: Hub, seats: list[tuple[Client, Browser]], clock: float = 0, late: bool = True) -> None:
    """Write until nobody is owed anything, as the tasks around the hub do; with `late` also what may follow later."""
    write(hub, seats, clock)
    if late:
        hub.settle_shares(hub.with_late_shares())
        write(hub, seats, clock)


def write(hub: Hub, seats: list[tuple[Client, Browser]], clock: float) -> None:
    busy = True
    while busy:
        busy = False
        while (order := hub.next_order()) is not None:
            with as_read_in(order.contents.locale):
                html = sections(order.overview)
            hub.show(order, html)
        for client, browser in seats:
            while (frame := hub.take(client, clock)) is not None:
                browser.apply(frame)
                busy = True
