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

from accounts.locales import DEFAULT, in_locale
from dashboard.formats import format_gain
from dashboard.live import fragments, writing
from dashboard.live.ticker import Line
from dashboard.live.writing import Pen, percent_of
from dashboard.money import QUANTUM
from dashboard.portfolios import Overview, assemble
from dashboard.structure import mark_of
from dashboard.valuation import ZERO, Held, Holding, total, value_holding

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
    """What a page is made of besides prices: its currency, the assets whose market it shows besides what is held, what
    is held, and how its owner reads figures.
    """

    currency: str
    listed: frozenset[str] = NOTHING
    held: tuple[Held, ...] = ()
    locale: str = DEFAULT


class Lines(Protocol):
    """The market as the hub knows it, by version: each change of it has a number."""

    version: int
    changed: set[str]
    """The assets of the last change."""
    changed_at: dict[str, int]

    def line(self, asset: str, pen: Pen) -> Line: ...

    def lines_in(self, pen: Pen) -> Mapping[str, Line]:
        """Those that are made already."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """Which cells of an asset a page shows: of its market, and of what is held. There are few kinds of rows."""

    market: tuple[str, ...] = ()
    own: tuple[str, ...] = ()
    moving: tuple[str, ...] = ()
    """Those of `own` that move with the price. Shares move with every price, and follow later."""


@cache
def row(market: tuple[str, ...], own: tuple[str, ...]) -> Row:
    return Row(market, own, tuple(field for field in own if field in MOVING))


MOVING: Final = frozenset({"value", "unrealised", "profit", "profit_pct"})
MOVING_TOTALS: Final = frozenset({"value", "unrealised", "profit", "profit_pct", "change_24h", "change_24h_pct"})
USUAL: Final = ("value", "profit", "profit_pct")
ALL_MARKET: Final = tuple(fragments.MARKET)
ALL_OWN: Final = tuple(fragments.HOLDING)
SHARE: Final = ("share",)


@dataclass(frozen=True, slots=True)
class Layout:
    """Which cells the sections of every dashboard have: of what is held, of what is closed, and of the totals."""

    open: Row
    closed: Row
    totals: tuple[str, ...]
    moving_totals: tuple[str, ...]


def layout_of(html: str, held: str, closed: str) -> Layout:
    """As sections show it that have one asset of either kind."""
    shown: dict[str, list[tuple[str, str]]] = {}
    for kind, id, field in CELL.findall(html):
        shown.setdefault(id.removesuffix(f"-{field}"), []).append((kind, field))

    def row_of(asset: str) -> Row:
        cells = shown.get(fragments.dom_id(asset), ())
        market = tuple(field for kind, field in cells if kind == "p" and field in fragments.MARKET)
        return row(market, tuple(field for kind, field in cells if kind == "h"))

    totals = tuple(TOTAL.findall(html))
    return Layout(row_of(held), row_of(closed), totals, tuple(field for field in totals if field in MOVING_TOTALS))


@dataclass(slots=True)
class News:
    """What a change of the market is for a page: the assets whose cells it concerns, and these cells as text."""

    assets: frozenset[str]
    text: str


class Mover:
    """What of a holding moves with its price: its value is `quantity` times the price, its profit `base` more."""

    __slots__ = ("base", "fields", "form", "held", "quantity")

    def __init__(self, held: Held, fields: tuple[str, ...]) -> None:
        self.held = held
        self.quantity = held.quantity
        self.fields = fields
        self.form = fragments.holding_form(held.asset, fields)
        self.base = held.realised + held.income - held.fees - held.cost

    def cells(self, price: Decimal, pen: Pen) -> str:
        """Its cells that move with the price."""
        value = self.quantity * price
        profit = value + self.base
        fields = self.fields
        if fields == USUAL:
            part = percent_of(profit, self.held.ever_invested)
            return self.form % (*pen.money(value), *pen.gain(profit), *pen.percent(part))
        written: list[str] = []
        for field in fields:
            if field == "value":
                written += pen.money(value)
            elif field == "profit":
                written += pen.gain(profit)
            elif field == "profit_pct":
                written += pen.percent(percent_of(profit, self.held.ever_invested))
            else:
                written += pen.gain(value - self.held.cost)
        return self.form % tuple(written)


class Board:
    """The figures of one page. `settle` brings them in line with the market and says what is news.

    A dashboard shows the cells of the layout; other pages show all that are made here.
    Nothing is kept of a holding but what is held: its figures follow from its line of the market.
    """

    __slots__ = (
        "contents", "gain", "held", "late", "layout", "mark", "movers", "page", "pen", "rows", "totals", "value",
        "version",
    )  # fmt: skip

    def __init__(self, page: Page, contents: Contents, layout: Layout) -> None:
        self.page = page
        self.layout = layout if page.view is View.DASHBOARD else NO_LAYOUT
        self.fill(contents)

    def fill(self, contents: Contents) -> None:
        """Take up other contents: positions have changed, or the currency. The next `settle` values everything anew."""
        self.contents = contents
        self.pen = writing.pen(contents.currency, contents.locale)
        self.held = {held.asset: held for held in contents.held}
        self.version = UNSETTLED
        self.totals = total([])
        self.value = self.gain = ZERO
        # Tells how the sections are built; known once settled.
        self.mark = ""
        # Whether shares have moved of which nothing has been told.
        self.late = False
        self.movers: dict[str, Mover] = {}
        open_row, closed = self.layout.open, self.layout.closed
        self.rows = {asset: open_row if held.quantity else closed for asset, held in self.held.items()}
        if self.page.view is not View.DASHBOARD:
            self.rows |= dict.fromkeys(contents.listed, row(ALL_MARKET, ()))
            if self.page.asset in self.held:
                self.rows[self.page.asset] = row(ALL_MARKET, ALL_OWN)

    def mover(self, asset: str) -> Mover | None:
        """Made when it moves first. None where no figure moves with the price: it is closed, or not known."""
        held = self.held[asset]
        if not held.quantity or not held.is_known:
            return None
        mover = self.movers[asset] = Mover(held, self.rows[asset].moving)
        return mover

    @property
    def currency(self) -> str:
        return self.contents.currency

    # The market moves ------------------------------------------------------------------------------------------------

    def settle(self, lines: Lines) -> News | None:
        """Follow the market up to its version; None where nothing has changed that this page shows.

        To be called in a decimal context that is wide enough for exact products (dashboard.money.WIDE). Where `mark`
        is another one afterwards, sections are built otherwise.
        """
        behind, self.version = lines.version - self.version, lines.version
        if not behind:
            return None
        if self.version - behind == UNSETTLED:
            self.revalue(lines)
            return None  # whoever looks is owed everything
        rows, pen = self.rows, self.pen
        if behind == 1:
            changed = [asset for asset in rows if asset in lines.changed]
            known = lines.lines_in(pen)
            parts = [(known.get(asset) or lines.line(asset, pen)).news_of(rows[asset].market) for asset in changed]
        else:
            since = lines.version - behind
            changed = [asset for asset in rows if lines.changed_at.get(asset, 0) > since]
            parts = [self.market_cells(asset, lines) for asset in changed]
        if not changed:
            return None
        moved = changed if self.page.view is View.DASHBOARD else [asset for asset in changed if asset in self.held]
        if moved:
            own = self.follow(moved, lines) if behind == 1 else None
            if own is None:
                self.revalue(lines)
                own = [self.own_cells(asset, rows[asset].moving, lines) for asset in moved]
                own.append(self.totals_text(self.layout.moving_totals))
                self.late = True
            parts += own
        text = "".join(parts)
        return News(frozenset(changed), text) if text else None

    def market_cells(self, asset: str, lines: Lines) -> str:
        line = lines.line(asset, self.pen)
        return "".join([line.cells[field] for field in self.rows[asset].market])

    def revalue(self, lines: Lines) -> None:
        """Everything from scratch, as the page does it."""
        holdings = [value_holding(held, lines.line(held.asset, self.pen).market) for held in self.held.values()]
        before, self.totals = self.totals, total(holdings)
        self.value = self.totals.value
        self.gain = sum((one.gain_24h or ZERO for one in holdings if one.held.quantity), ZERO)
        unpriced, stale = self.totals.unpriced, self.totals.stale
        if not self.mark or (unpriced, stale) != (before.unpriced, before.stale):
            self.mark = mark_of(self.pen.locale, self.pen.currency, self.held.values(), unpriced, stale)

    def follow(self, moved: Iterable[str], lines: Lines) -> list[str] | None:
        """The same by differences, where prices have only moved; None where there is more to it.

        Gives the cells of these holdings and of the totals.
        """
        context = getcontext()
        context.clear_flags()
        pen = self.pen
        known, movers = lines.lines_in(pen), self.movers
        value, gain = self.value, self.gain
        priced: list[tuple[Mover, Decimal]] = []
        for asset in moved:
            mover = movers.get(asset) or self.mover(asset)
            if mover is None:
                continue
            line = known.get(asset) or lines.line(asset, pen)
            if not line.only_moved:
                return None
            gain += mover.quantity * line.gain_step
            if line.step:
                value += mover.quantity * line.step
                priced.append((mover, line.price))
        if not value or context.flags[Inexact]:
            return None
        if not priced and gain == self.gain:
            return []
        self.late = self.late or bool(priced)
        self.value, self.gain = value, gain
        parts = [mover.cells(price, pen) for mover, price in priced]
        parts.append(self.totals_text(self.layout.moving_totals))
        return parts

    def totals_text(self, fields: tuple[str, ...]) -> str:
        """These totals, as far as the page shows them."""
        if not fields:
            return ""
        pen, totals, value = self.pen, self.totals, self.value
        change = None if totals.change_24h is None else self.gain.quantize(QUANTUM)
        unrealised = value - totals.cost
        profit = totals.realised + unrealised + totals.income - totals.fees
        written: list[str] = []
        for field in fields:
            if field == "value":
                written += pen.money(value)
            elif field == "profit":
                written += pen.gain(profit)
            elif field == "profit_pct":
                written += pen.percent(percent_of(profit, totals.ever_invested))
            elif field == "unrealised":
                written += pen.gain(unrealised)
            elif field == "change_24h":
                written += pen.gain(change)
            elif field == "change_24h_pct":
                written += pen.percent(None if change is None else percent_of(change, value - change))
            else:  # no price moves it
                figure = fragments.TOTALS[field]
                write = pen.gain if figure.write is format_gain else pen.money
                written += write(Decimal(figure.of(totals) or 0))
        return fragments.totals_form(fields) % tuple(written)

    # For those who have fallen behind --------------------------------------------------------------------------------

    def text(self, assets: Iterable[str], shares: bool, lines: Lines) -> str:
        """The settled cells of these assets as they are now, whatever was sent before; with `shares`, those of all."""
        parts = [self.market_cells(asset, lines) for asset in assets]
        parts += [self.own_cells(asset, self.rows[asset].own, lines) for asset in assets]
        if shares:
            parts.append(self.shares(lines))
        if parts:
            parts.append(self.totals_text(self.layout.moving_totals))
        return "".join(parts)

    def everything(self, lines: Lines) -> str:
        """All settled cells that the page has."""
        parts = [self.market_cells(asset, lines) for asset in self.rows]
        parts += [self.own_cells(asset, self.rows[asset].own, lines) for asset in self.held]
        parts.append(self.totals_text(self.layout.totals))
        return "".join(parts)

    def own_cells(self, asset: str, fields: tuple[str, ...], lines: Lines) -> str:
        if not fields:
            return ""
        valued = self.valued(asset, lines)
        with in_locale(self.pen.locale):
            return "".join([fragments.moving_holding(valued, field, self.currency) for field in fields])

    def shares(self, lines: Lines) -> str:
        """Everybody's share: each moves when anything does."""
        parts = []
        write = self.pen.share
        for asset, shown in self.rows.items():
            if "share" in shown.own:
                held, line = self.held[asset], lines.line(asset, self.pen)
                has_value = held.is_known and line.market.price is not None
                part = percent_of(held.quantity * line.price, self.value) if has_value else None
                parts.append(fragments.holding_form(asset, SHARE) % write(part))
        return "".join(parts)

    def valued(self, asset: str, lines: Lines) -> Holding:
        holding = value_holding(self.held[asset], lines.line(asset, self.pen).market)
        whole = None if holding.value is None else percent_of(holding.value, self.value)
        return replace(holding, share=whole)

    def overview(self, lines: Lines) -> Overview:
        markets = {asset: lines.line(asset, self.pen).market for asset in self.held}
        return assemble(self.currency, (value_holding(held, markets[held.asset]) for held in self.held.values()))


UNSETTLED: Final = -(10**9)
NO_LAYOUT: Final = Layout(row((), ()), row((), ()), (), ())
