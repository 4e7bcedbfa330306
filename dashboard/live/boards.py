"""What open pages show: the figures of one page, and the HTML cells in which they move.

A board is shared by all who look at the same page of the same person. Pure: no database, no network, no clock.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal, Inexact, getcontext
from enum import StrEnum
from functools import cache
from typing import Final, Protocol

from dashboard.live import fragments, writing
from dashboard.live.ticker import Line
from dashboard.live.writing import exact
from dashboard.money import QUANTUM
from dashboard.portfolios import Overview, assemble
from dashboard.valuation import HUNDRED, ZERO, Held, Holding, total, value_holding

NOTHING: Final[frozenset[str]] = frozenset()
CELL = re.compile(r'<span id="([ph])-([A-Za-z0-9_-]+)" data-field="([a-z0-9_]+)"')
TOTAL = re.compile(r'<span id="t-[a-z0-9_]+" data-total="([a-z0-9_]+)"')


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


class Lines(Protocol):
    """The market as the hub knows it, by version: each change of it has a number."""

    version: int
    changed: set[str]
    """The assets of the last change."""
    changed_at: dict[str, int]

    def line(self, asset: str, currency: str) -> Line: ...

    def lines_in(self, currency: str) -> Mapping[str, Line]:
        """Those that are made already."""
        ...


@dataclass(frozen=True, slots=True)
class Row:
    """Which cells of an asset a page shows: of its market, and of what is held. There are few kinds of rows."""

    market: tuple[str, ...] = ()
    own: tuple[str, ...] = ()
    moving: tuple[str, ...] = ()
    """Those of `own` that move with the price."""


@cache
def row(market: tuple[str, ...], own: tuple[str, ...]) -> Row:
    return Row(market, own, tuple(field for field in own if field in MOVING))


MOVING: Final = frozenset({"value", "unrealised", "profit", "profit_pct", "share"})
MOVING_TOTALS: Final = frozenset({"value", "unrealised", "profit", "profit_pct", "change_24h", "change_24h_pct"})
ALL_MARKET: Final = tuple(fragments.MARKET)
ALL_OWN: Final = tuple(fragments.HOLDING)


@dataclass(frozen=True, slots=True)
class News:
    """What a change of the market is for a page: the assets whose cells it concerns, and these cells as text."""

    assets: frozenset[str]
    text: str


class Board:
    """The figures of one page. `settle` brings them in line with the market and says what is news.

    A dashboard shows the cells that its sections were rendered with (`show`); other pages show all that are made here.
    Nothing is kept of a holding but what is held: its figures follow from its line of the market.
    """

    __slots__ = ("contents", "gain", "held", "late", "own_totals", "page", "rows", "totals", "value", "version")

    def __init__(self, page: Page, contents: Contents) -> None:
        self.page = page
        self.rows: dict[str, Row] = {}
        self.own_totals: tuple[str, ...] = ()
        self.fill(contents)

    def fill(self, contents: Contents) -> None:
        """Take up other contents: positions have changed, or the currency. The next `settle` values everything anew."""
        self.contents = contents
        self.held = {held.asset: held for held in contents.held}
        self.version = UNSETTLED
        self.totals = total([])
        self.value = self.gain = ZERO
        # Whether shares have moved of which nothing has been told: those of holdings that did not move themselves.
        self.late = False
        self.rows = dict.fromkeys(self.held, row((), ()))
        if self.page.view is not View.DASHBOARD:
            self.rows |= dict.fromkeys(contents.listed, row(ALL_MARKET, ()))
            if self.page.asset in self.held:
                self.rows[self.page.asset] = row(ALL_MARKET, ALL_OWN)

    @property
    def currency(self) -> str:
        return self.contents.currency

    @property
    def shape(self) -> tuple[tuple[str, ...], bool]:
        """What decides more of a dashboard than its cells: when it changes, the sections are sent anew."""
        return self.totals.unpriced, self.totals.stale

    def show(self, html: str) -> None:
        """A dashboard has these sections now."""
        shown: dict[str, list[str]] = {}
        for kind, id, field in CELL.findall(html):
            shown.setdefault(id.removesuffix(f"-{field}"), []).append(f"{kind}{field}")
        for asset in self.held:
            fields = shown.get(fragments.dom_id(asset), ())
            market = tuple(field[1:] for field in fields if field[0] == "p" and field[1:] in fragments.MARKET)
            self.rows[asset] = row(market, tuple(field[1:] for field in fields if field[0] == "h"))
        self.own_totals = totals_shown(tuple(TOTAL.findall(html)))

    # The market moves ------------------------------------------------------------------------------------------------

    def settle(self, lines: Lines) -> News | None:
        """Follow the market up to its version; None where nothing has changed that this page shows.

        To be called in a decimal context that is wide enough for exact products (dashboard.money.WIDE).
        """
        behind, self.version = lines.version - self.version, lines.version
        if not behind:
            return None
        if behind == 1:
            changed = lines.changed & self.rows.keys()
        else:
            since = lines.version - behind
            changed = {asset for asset in self.rows if lines.changed_at.get(asset, 0) > since or since < 0}
        if not changed:
            return None
        moved = changed & self.held.keys()
        step = behind == 1
        parts = [self.market_news(asset, lines) if step else self.market_cells(asset, lines) for asset in changed]
        if moved:
            before = self.value
            own = self.follow(moved, lines) if step else None
            if own is None:
                self.revalue(lines)
                own = [self.own_cells(asset, self.rows[asset].moving, lines) for asset in moved]
                own.append(self.totals_text())
            parts += own
            self.late = self.late or (self.value != before and len(moved) < len(self.held))
        text = "".join(parts)
        return News(frozenset(changed), text) if text else None

    def market_news(self, asset: str, lines: Lines) -> str:
        line, fields = lines.line(asset, self.contents.currency), self.rows[asset].market
        if fields == ALL_MARKET:
            return line.news_text
        return "".join([cell for field, cell in line.news.items() if field in fields])

    def market_cells(self, asset: str, lines: Lines) -> str:
        line, fields = lines.line(asset, self.contents.currency), self.rows[asset].market
        return line.whole if fields == ALL_MARKET else "".join([line.cells[field] for field in fields])

    def revalue(self, lines: Lines) -> None:
        """Everything from scratch, as the page does it."""
        holdings = [value_holding(held, lines.line(held.asset, self.currency).market) for held in self.held.values()]
        self.totals = total(holdings)
        self.value = self.totals.value
        self.gain = sum((one.gain_24h or ZERO for one in holdings if one.held.quantity), ZERO)

    def follow(self, moved: Iterable[str], lines: Lines) -> list[str] | None:
        """The same by differences, where prices have only moved; None where there is more to it.

        Gives the cells of these holdings and of the totals.
        """
        context = getcontext()
        context.clear_flags()
        known, held_here = lines.lines_in(self.contents.currency), self.held
        value, gain = self.value, self.gain
        priced: list[tuple[Held, Decimal]] = []
        for asset in moved:
            held = held_here[asset]
            quantity = held.quantity
            if not quantity or not held.is_known:
                continue
            line = known.get(asset) or lines.line(asset, self.contents.currency)
            before = line.before
            if not line.only_moved or before is None:
                return None
            gain += quantity * (line.gain - before.gain)
            if line.price != before.price:
                value += quantity * (line.price - before.price)
                priced.append((held, line.price))
        if not value or context.flags[Inexact]:
            return None
        if not priced and gain == self.gain:
            return []
        self.value, self.gain = value, gain
        parts = [self.moved_cells(held, price, value) for held, price in priced]
        parts.append(self.totals_text())
        return parts

    def moved_cells(self, held: Held, price: Decimal, total_value: Decimal) -> str:
        """The cells of a holding that move with its price."""
        fields = self.rows[held.asset].moving
        if not fields:
            return ""
        money, gained = writing.money(self.contents.currency), writing.gain(self.contents.currency)
        value = held.quantity * price
        unrealised = value - held.cost
        profit = held.realised + unrealised + held.income - held.fees
        written: list[str] = []
        for field in fields:
            if field == "value":
                written += (exact(value), money(value))
            elif field == "profit":
                written += (exact(profit), gained(profit))
            elif field == "profit_pct":
                part = percent(profit, held.ever_invested)
                written += (exact(part), writing.percent(part))
            elif field == "share":
                part = percent(value, total_value)
                written += (exact(part), writing.share(part))
            else:
                written += (exact(unrealised), gained(unrealised))
        return fragments.holding_form(held.asset, fields) % tuple(written)

    def totals_text(self) -> str:
        """The totals that move with prices."""
        if not self.own_totals:
            return ""
        money, gained = writing.money(self.contents.currency), writing.gain(self.contents.currency)
        totals, value = self.totals, self.value
        change = None if totals.change_24h is None else self.gain.quantize(QUANTUM)
        unrealised = value - totals.cost
        profit = totals.realised + unrealised + totals.income - totals.fees
        written: list[str] = []
        for field in self.own_totals:
            if field == "value":
                written += (exact(value), money(value))
            elif field == "profit":
                written += (exact(profit), gained(profit))
            elif field == "profit_pct":
                part = percent(profit, totals.ever_invested)
                written += (exact(part), writing.percent(part))
            elif field == "unrealised":
                written += (exact(unrealised), gained(unrealised))
            elif field == "change_24h":
                written += (exact(change), gained(change))
            else:
                part = None if change is None else percent(change, value - change)
                written += (exact(part), writing.percent(part))
        return fragments.totals_form(self.own_totals) % tuple(written)

    # For those who have fallen behind --------------------------------------------------------------------------------

    def text(self, assets: Iterable[str], shares: bool, lines: Lines) -> str:
        """The settled cells of these assets as they are now, whatever was sent before; with `shares`, those of all."""
        parts = [self.market_cells(asset, lines) for asset in assets]
        parts += [self.own_cells(asset, self.rows[asset].own, lines) for asset in assets]
        if shares:
            parts.append(self.shares(lines))
        if parts:
            parts.append(self.totals_text())
        return "".join(parts)

    def own_cells(self, asset: str, fields: tuple[str, ...], lines: Lines) -> str:
        if not fields:
            return ""
        valued = self.valued(asset, lines)
        return "".join([fragments.moving_holding(valued, field, self.currency) for field in fields])

    def shares(self, lines: Lines) -> str:
        """Everybody's share: each moves when anything does."""
        return "".join(
            [
                fragments.moving_holding(self.valued(asset, lines), "share", self.currency)
                for asset, shown in self.rows.items()
                if "share" in shown.moving
            ]
        )

    def valued(self, asset: str, lines: Lines) -> Holding:
        holding = value_holding(self.held[asset], lines.line(asset, self.currency).market)
        whole = None if holding.value is None else percent(holding.value, self.value)
        return replace(holding, share=whole)

    def overview(self, lines: Lines) -> Overview:
        markets = {asset: lines.line(asset, self.currency).market for asset in self.held}
        return assemble(self.currency, (value_holding(held, markets[held.asset]) for held in self.held.values()))


UNSETTLED: Final = -(10**9)


def percent(part: Decimal, whole: Decimal) -> Decimal | None:
    """What dashboard.ledger.returns.percent says, in the context at hand."""
    if not whole:
        return None
    number = part * HUNDRED / whole
    return number.quantize(QUANTUM) if number.adjusted() < 42 else number


@cache
def totals_shown(fields: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(field for field in fields if field in MOVING_TOTALS)
