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
from dashboard.live.writing import Write, exact
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
ALL_MARKET: Final = tuple(fragments.MARKET)
ALL_OWN: Final = tuple(fragments.HOLDING)
SHARE: Final = ("share",)


@dataclass(frozen=True, slots=True)
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

    def cells(self, price: Decimal, money: Write, gain: Write) -> str:
        """Its cells that move with the price."""
        value = self.quantity * price
        profit = value + self.base
        written: list[str] = []
        for field in self.fields:
            if field == "value":
                written += (exact(value), money(value))
            elif field == "profit":
                written += (exact(profit), gain(profit))
            elif field == "profit_pct":
                part = percent(profit, self.held.ever_invested)
                written += (exact(part), writing.percent(part))
            else:
                unrealised = value - self.held.cost
                written += (exact(unrealised), gain(unrealised))
        return self.form % tuple(written)


class Board:
    """The figures of one page. `settle` brings them in line with the market and says what is news.

    A dashboard shows the cells that its sections were rendered with (`show`); other pages show all that are made here.
    Nothing is kept of a holding but what is held: its figures follow from its line of the market.
    """

    __slots__ = (
        "contents", "gain", "held", "late", "movers", "own_totals", "page", "rows", "totals", "value", "version",
    )  # fmt: skip

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
        # Whether shares have moved of which nothing has been told.
        self.late = False
        self.movers: dict[str, Mover] = {}
        self.rows = dict.fromkeys(self.held, row((), ()))
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
        self.movers = {}

    # The market moves ------------------------------------------------------------------------------------------------

    def settle(self, lines: Lines) -> News | None:
        """Follow the market up to its version; None where nothing has changed that this page shows.

        To be called in a decimal context that is wide enough for exact products (dashboard.money.WIDE).
        """
        was_settled = self.version != UNSETTLED
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
        if behind == 1:
            known, currency, rows = lines.lines_in(self.contents.currency), self.contents.currency, self.rows
            parts = [(known.get(asset) or lines.line(asset, currency)).news_of(rows[asset].market) for asset in changed]
        else:
            parts = [self.market_cells(asset, lines) for asset in changed]
        if moved:
            own = self.follow(moved, lines) if behind == 1 else None
            if own is None:
                self.revalue(lines)
                own = [self.own_cells(asset, self.rows[asset].moving, lines) for asset in moved]
                own.append(self.totals_text())
                self.late = self.late or was_settled
            parts += own
        text = "".join(parts)
        return News(frozenset(changed), text) if text else None

    def market_cells(self, asset: str, lines: Lines) -> str:
        line = lines.line(asset, self.contents.currency)
        return "".join([line.cells[field] for field in self.rows[asset].market])

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
        currency = self.contents.currency
        known, movers = lines.lines_in(currency), self.movers
        money, gained = writing.money(currency), writing.gain(currency)
        value, gain = self.value, self.gain
        priced: list[tuple[Mover, Decimal]] = []
        for asset in moved:
            mover = movers.get(asset) or self.mover(asset)
            if mover is None:
                continue
            line = known.get(asset) or lines.line(asset, currency)
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
        parts = [mover.cells(price, money, gained) for mover, price in priced]
        parts.append(self.totals_text())
        return parts

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
        parts = []
        for asset, shown in self.rows.items():
            if "share" in shown.own:
                held, line = self.held[asset], lines.line(asset, self.contents.currency)
                has_value = held.is_known and line.market.price is not None
                part = percent(held.quantity * line.price, self.value) if has_value else None
                parts.append(fragments.holding_form(asset, SHARE) % (exact(part), writing.share(part)))
        return "".join(parts)

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
