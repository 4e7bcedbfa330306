"""What open pages show: the figures of one page, and the HTML cells in which they move.

A board is shared by all who look at the same page of the same person. Pure: no database, no network, no clock.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import Final, Protocol

from accounts.currencies import COINS
from accounts.locales import DEFAULT, as_read_in, in_locale
from dashboard.formats import format_gain
from dashboard.live import fragments, writing
from dashboard.live.following import Course, Following, Move, following, pack_held, pack_sums, pack_totals, unpack_sums
from dashboard.live.ticker import Line
from dashboard.live.writing import Pen, percent_of
from dashboard.market.currencies import ONE, Rates
from dashboard.money import QUANTUM
from dashboard.portfolios import Overview, assemble, in_currency, merged
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
    """A page of one person. Without a portfolio: all of them together. Of the market it is the assets that are `shown`,
    or without any the largest and those that are watched.
    """

    user: int
    view: View = View.DASHBOARD
    portfolio: int | None = None
    asset: str = ""
    shown: frozenset[str] = NOTHING


@dataclass(frozen=True, slots=True)
class Contents:
    """What a page is made of besides prices: its currency, the assets whose market it shows besides what is held, what
    is held, and how its owner reads figures.

    `floating` is what is held where its money moves with the price of a coin: each position in the currency beside it,
    in place of `held`.
    """

    currency: str
    listed: frozenset[str] = NOTHING
    held: tuple[Held, ...] = ()
    locale: str = DEFAULT
    floating: tuple[tuple[str, Held], ...] = ()


class Lines(Protocol):
    """The market as the hub knows it, by version: each change of it has a number."""

    version: int
    changed: frozenset[str]
    """The assets of the last change."""
    changed_at: dict[str, int]
    courses: dict[tuple[Following, frozenset[str]], Course]
    """What each set of assets means for pages that are alike, until the next change."""
    packed: dict[tuple[Following, str], bytes | None]
    """What is followed of each line."""
    money: Rates
    """Rates, those of coins among them: another object whenever one has changed."""
    money_at: int
    """The version that changed them last."""

    def line(self, asset: str, pen: Pen) -> Line: ...


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


class Board:
    """The figures of one page. `settle` brings them in line with the market and says what is news.

    A dashboard shows the cells of the layout; other pages show all that are made here.
    Nothing is kept of a holding but what is held: its figures follow from its line of the market.
    """

    __slots__ = (
        "contents", "fixed", "floats", "following", "held", "is_plain", "late", "layout", "mark", "money", "packed",
        "page", "pen", "rows", "sums", "totals", "version", "worth",
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
        # Whether its money moves with the price of a coin, and the rates by which that was counted last.
        self.floats = bool(contents.floating) or contents.currency in COINS
        self.money = NO_RATES
        if contents.floating:
            self.convert(NO_RATES)
        self.version = UNSETTLED
        self.totals = total([])
        # Value and gain of a day, and the same as they are followed: one of them is known, or neither.
        self.worth: tuple[Decimal, Decimal] | None = ZERO, ZERO
        self.sums = self.fixed = b""
        # Tells how the sections are built; known once settled.
        self.mark = ""
        # Whether shares have moved of which nothing has been told.
        self.late = False
        # What is followed of each holding, once it has moved; None of what doesn't move with its price.
        self.packed: dict[str, bytes | None] = {}
        open_row, closed = self.layout.open, self.layout.closed
        self.rows = {asset: open_row if held.quantity else closed for asset, held in self.held.items()}
        if self.page.view is not View.DASHBOARD:
            self.rows |= dict.fromkeys(contents.listed, row(ALL_MARKET, ()))
            if self.page.asset in self.held:
                self.rows[self.page.asset] = row(ALL_MARKET, ALL_OWN)

        shown, totals = open_row, self.layout.moving_totals
        if self.page.asset:
            shown, totals = row(ALL_MARKET, ALL_OWN), ()
        self.following = following(self.pen, shown.market, shown.moving, totals) if shown.moving else None
        # Whether its rows are all alike.
        self.is_plain = self.page.view is View.DASHBOARD and all(one is open_row for one in self.rows.values())

    def pack(self, asset: str) -> bytes | None:
        held = self.held[asset]
        moves = held.quantity and held.is_known and self.rows[asset].moving
        packed = self.packed[asset] = pack_held(held) if moves else None
        return packed

    @property
    def value(self) -> Decimal:
        return self.known_worth()[0]

    @property
    def gain(self) -> Decimal:
        return self.known_worth()[1]

    def known_worth(self) -> tuple[Decimal, Decimal]:
        if self.worth is None:
            self.worth = unpack_sums(self.sums)
        return self.worth

    def know_worth(self, lines: Lines) -> None:
        """Where no sums are followed all is valued anew when somebody asks."""
        if self.worth is None and not self.sums:
            self.revalue(lines)

    def take_sums(self, sums: bytes) -> None:
        self.sums, self.worth = sums, None

    @property
    def currency(self) -> str:
        return self.contents.currency

    # The market moves ------------------------------------------------------------------------------------------------

    def settle(self, lines: Lines) -> News | Move | None:
        """Follow the market up to its version; None where nothing has changed that this page shows.

        To be called in a decimal context that is wide enough for exact products (dashboard.money.WIDE). A move is to
        be followed together with those of other pages. Where `mark` is another one afterwards, sections are built
        otherwise.
        """
        behind, self.version = lines.version - self.version, lines.version
        if not behind:
            return None
        if self.version - behind == UNSETTLED:
            if self.floats:
                self.convert(lines.money)
            self.revalue(lines)
            return None  # whoever looks is owed everything
        if self.floats and self.money is not lines.money:
            return self.float(lines, behind)
        rows, following = self.rows, self.following
        if behind == 1:
            changed = lines.changed.intersection(rows)
            if changed and following is not None and self.is_plain:
                course = lines.courses.get((following, changed)) or following.course(changed, lines)
                if (move := self.move(following, course)) is not None:
                    return move
        else:
            since = lines.version - behind
            changed = frozenset([asset for asset in rows if lines.changed_at.get(asset, 0) > since])
        if not changed:
            return None
        news = News(changed, "".join([self.news_of(asset, lines, behind) for asset in changed]))
        moved = changed if self.page.view is View.DASHBOARD else changed & self.held.keys()
        if not moved:
            return news if news.text else None
        if behind > 1 or following is None:
            return self.by_itself(news, moved, lines)
        course = following.course(changed, lines, news.text, self.moving(moved))
        if not following.totals:
            self.worth, self.late = None, self.late or any(lines.line(asset, self.pen).step for asset in moved)
        if course.fits and not course.assets:
            return news if news.text else None
        return self.move(following, course) or self.by_itself(news, moved, lines)

    def news_of(self, asset: str, lines: Lines, behind: int) -> str:
        """The cells of an asset's market that have changed, as far as that is known."""
        if behind > 1:
            return self.market_cells(asset, lines)
        return lines.line(asset, self.pen).news_of(self.rows[asset].market)

    def moving(self, assets: Iterable[str]) -> list[str]:
        """Those of which something moves with the price."""
        return [
            asset for asset in assets if (self.packed[asset] if asset in self.packed else self.pack(asset)) is not None
        ]

    def move(self, following: Following, course: Course) -> Move | None:
        """What is to be followed, where prices have only moved."""
        packed = self.packed
        try:
            held = [packed[asset] for asset in course.assets]
        except KeyError:
            held = [packed[asset] if asset in packed else self.pack(asset) for asset in course.assets]
        if not held or not course.fits or not all(held):
            return None
        if following.totals and not self.sums:
            self.sums, self.fixed = pack_sums(*self.known_worth()), pack_totals(self.totals)
            if not self.sums or not self.fixed:
                return None
        self.late = True
        return Move(following, self, course, held)

    def by_itself(self, news: News, moved: Iterable[str], lines: Lines) -> News:
        """The same from scratch."""
        self.late = True
        self.revalue(lines)
        own = [self.own_cells(asset, self.rows[asset].moving, lines) for asset in moved]
        own.append(self.totals_text(self.layout.moving_totals))
        return News(news.assets, "".join([news.text, *own]))

    def convert(self, money: Rates) -> None:
        """Count what is held in other currencies at these rates."""
        self.money = money
        if self.contents.floating:
            with as_read_in(self.pen.locale):
                own = self.currency
                held = merged(
                    in_currency(each, code, ONE if code == own else money.rate(code, own))
                    for code, each in self.contents.floating
                )
            self.held = {each.asset: each for each in held}
            self.packed = {}

    def float(self, lines: Lines, behind: int) -> News | None:
        """What is news where the rates of coins have moved: all of what one owns, and in a coin every price."""
        self.convert(lines.money)
        before, self.mark, self.late = self.mark, "", False
        self.revalue(lines)
        self.mark = before if self.mark == before else self.mark
        since = lines.version - behind
        if self.currency in COINS:
            changed = list(self.rows)
        else:
            changed = [asset for asset in self.rows if lines.changed_at.get(asset, 0) > since]
        parts = [self.market_cells(asset, lines) for asset in changed]
        parts += [self.own_cells(asset, self.rows[asset].own, lines) for asset in self.held]
        parts.append(self.totals_text(self.layout.totals))
        text = "".join(parts)
        return News(frozenset(self.rows), text) if text else None

    def overtaken(self, version: int, lines: Lines) -> frozenset[str]:
        """The assets whose cells are not any more as they were at that version of the market."""
        if self.floats and lines.money_at > version:
            return frozenset(self.rows)
        return frozenset(asset for asset in self.rows if lines.changed_at.get(asset, 0) > version)

    def market_cells(self, asset: str, lines: Lines) -> str:
        line = lines.line(asset, self.pen)
        return "".join([line.cells[field] for field in self.rows[asset].market])

    def revalue(self, lines: Lines) -> None:
        """Everything from scratch, as the page does it."""
        holdings = [value_holding(held, lines.line(held.asset, self.pen).market) for held in self.held.values()]
        before, self.totals = self.totals, total(holdings)
        self.worth = (
            self.totals.value,
            sum((one.gain_24h or ZERO for one in holdings if one.held.quantity), ZERO),
        )
        self.sums = b""
        unpriced, stale = self.totals.unpriced, self.totals.stale
        if not self.mark or (unpriced, stale) != (before.unpriced, before.stale):
            self.mark = mark_of(self.pen.locale, self.pen.currency, self.held.values(), unpriced, stale)

    def cells_of(self, asset: str, price: Decimal) -> str:
        """The cells of a holding that move with its price, one by one."""
        held, pen, fields = self.held[asset], self.pen, self.rows[asset].moving
        value = held.quantity * price
        profit = value + held.realised + held.income - held.fees - held.cost
        written: list[str] = []
        for field in fields:
            if field == "value":
                written += pen.money(value)
            elif field == "profit":
                written += pen.gain(profit)
            elif field == "profit_pct":
                written += pen.percent(percent_of(profit, held.ever_invested))
            else:
                written += pen.gain(value - held.cost)
        return fragments.holding_form(asset, fields) % tuple(written)

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
            parts.append(self.totals_text(self.layout.totals if self.floats else self.layout.moving_totals))
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
        self.know_worth(lines)
        write = self.pen.share
        for asset, shown in self.rows.items():
            if "share" in shown.own:
                held, line = self.held[asset], lines.line(asset, self.pen)
                has_value = held.is_known and line.market.price is not None
                part = percent_of(held.quantity * line.price, self.value) if has_value else None
                parts.append(fragments.holding_form(asset, SHARE) % write(part))
        return "".join(parts)

    def valued(self, asset: str, lines: Lines) -> Holding:
        self.know_worth(lines)
        holding = value_holding(self.held[asset], lines.line(asset, self.pen).market)
        whole = None if holding.value is None else percent_of(holding.value, self.value)
        return replace(holding, share=whole)

    def overview(self, lines: Lines) -> Overview:
        markets = {asset: lines.line(asset, self.pen).market for asset in self.held}
        return assemble(self.currency, (value_holding(held, markets[held.asset]) for held in self.held.values()))


UNSETTLED: Final = -(10**9)
NO_RATES: Final = Rates({})
NO_LAYOUT: Final = Layout(row((), ()), row((), ()), (), ())
