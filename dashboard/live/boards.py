"""What open pages show: the figures of one page, kept as the HTML cells they are, and which of them have changed.

A board is shared by all who look at the same page of the same person. Pure: no database, no network, no clock.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol

from dashboard.live import fragments
from dashboard.portfolios import Overview, assemble
from dashboard.valuation import Held, Holding, Market, share, total, value_holding

Cells = dict[str, str]
NOTHING: frozenset[str] = frozenset()
CELL = re.compile(r'<span id="([pht]-[A-Za-z0-9_-]+)"[^>]*>[^<]*</span>')


class View(StrEnum):
    DASHBOARD = "dashboard"
    MARKET = "market"
    ASSET = "asset"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Page:
    """A page of one person. Without a portfolio: all of them together."""

    user: int
    view: View = View.DASHBOARD
    portfolio: int | None = None
    asset: str = ""


@dataclass(frozen=True, slots=True)
class Contents:
    """What a page is made of besides prices: its currency, the assets whose market it shows, what is held."""

    currency: str
    listed: frozenset[str] = NOTHING
    held: tuple[Held, ...] = ()


class Prices(Protocol):
    """The market as the hub knows it: figures and ready cells of an asset in a currency."""

    def market(self, asset: str, currency: str) -> Market: ...

    def cells(self, asset: str, currency: str) -> Mapping[str, str]: ...


class Board:
    """The cells of one page. `settle` brings them in line with the market and returns the ids of those that changed.

    A dashboard shows the cells that its sections were rendered with (`show`); other pages show all that are made here.
    """

    def __init__(self, page: Page, contents: Contents) -> None:
        self.page = page
        self.shown: frozenset[str] | None = NOTHING if page.view is View.DASHBOARD else None
        self.changed: set[str] = set()
        self.fill(contents)

    def fill(self, contents: Contents) -> None:
        """Take up other contents: positions have changed, or the currency. The next `settle` makes every cell anew."""
        self.contents = contents
        self.currency = contents.currency
        self.held = {held.asset: held for held in contents.held}
        self.holdings: dict[str, Holding] = {}
        self.totals = total([])
        self.cells: Cells = {}
        self.assets = contents.listed | self.held.keys()
        self.due = set(self.assets)

    @property
    def shape(self) -> tuple[frozenset[str], bool]:
        """What decides more of a dashboard than its cells: when it changes, the sections are sent anew."""
        return frozenset(self.totals.unpriced), self.totals.stale

    def overview(self) -> Overview:
        return assemble(self.currency, self.holdings.values())

    def settle(self, prices: Prices) -> frozenset[str]:
        """Follow the market in the assets that are due."""
        if not self.due:
            return NOTHING
        due, self.due = self.due, set()
        for asset in due & self.contents.listed:
            for id, html in prices.cells(asset, self.currency).items():
                self.put(id, html)
        if moved := due & self.held.keys():
            self.revalue(moved, prices)
        changed, self.changed = frozenset(self.changed), set()
        return changed

    def show(self, html: str, prices: Prices) -> frozenset[str]:
        """The page has these sections now; returns the cells in which the settled board has overtaken them."""
        rendered = {found[1]: found[0] for found in CELL.finditer(html)}
        self.shown = frozenset(rendered)
        self.cells = {}
        for asset in self.contents.listed:
            for id, cell in prices.cells(asset, self.currency).items():
                self.put(id, cell)
        for holding in self.holdings.values():
            self.put_holding(holding)
        self.put_totals()
        self.changed = set()
        return frozenset(id for id, cell in self.cells.items() if rendered[id] != cell)

    def revalue(self, moved: Iterable[str], prices: Prices) -> None:
        """The holdings in `moved` at their new prices, then everyone's share and the totals."""
        before = dict(self.holdings)
        for asset in moved:
            self.holdings[asset] = value_holding(self.held[asset], prices.market(asset, self.currency))
        self.totals = total(self.holdings.values())
        for asset, valued in self.holdings.items():
            self.holdings[asset] = holding = replace(valued, share=share(valued, self.totals))
            self.put_holding(holding, before.get(asset))
        self.put_totals()

    def put_holding(self, holding: Holding, before: Holding | None = None) -> None:
        if self.page.view is View.ASSET and holding.asset != self.page.asset:
            return
        for field, figure in fragments.HOLDING.items():
            if before is None or figure.of(before) != figure.of(holding):
                id = fragments.holding_id(holding.asset, field)
                if self.shown is None or id in self.shown:
                    self.put(id, fragments.holding_cell(holding, field, self.currency))

    def put_totals(self) -> None:
        if self.page.view is View.DASHBOARD:
            for field in fragments.TOTALS:
                if (id := fragments.total_id(field)) in (self.shown or NOTHING):
                    self.put(id, fragments.total_cell(self.totals, field, self.currency))

    def put(self, id: str, html: str) -> None:
        if (self.shown is None or id in self.shown) and self.cells.get(id) != html:
            self.cells[id] = html
            self.changed.add(id)
