"""The market in memory: the newest quote of each asset, and the cells made of it for everyone.

Pure but for the models it keeps: the database's picture and the ticks come in, what changed goes out.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal, Inexact, localcontext
from typing import Any, Final

from accounts.currencies import COINS
from accounts.locales import as_read_in, in_locale
from dashboard.live import fragments
from dashboard.live.writing import Pen, ascii_html
from dashboard.market.currencies import Rates, with_coins
from dashboard.market.quota import stale_after
from dashboard.market.quote import Quote
from dashboard.market.refresh import MarketHealth
from dashboard.market.storing import as_asset, as_row
from dashboard.models import MarketQuote
from dashboard.money import WIDE
from dashboard.portfolios import as_market
from dashboard.valuation import ZERO, Market, unit_gain


@dataclass(slots=True, eq=False)
class Line:
    """An asset's market in one currency, and its cells for everyone who counts in it and reads alike: all, and those
    that changed last (all of them where nobody had asked before).
    """

    market: Market
    price: Decimal
    gain: Decimal
    cells: Mapping[str, str]
    news: Mapping[str, str]
    gains: bool
    """Whether the gain of a day is known; it is zero where it isn't."""
    only_moved: bool
    """Whether it has a price as before, and of all else as much: then sums follow by adding differences."""
    step: Decimal
    gain_step: Decimal
    """These differences, of price and gain."""
    picked: dict[tuple[str, ...], str] = field(default_factory=dict)

    def news_of(self, fields: tuple[str, ...]) -> str:
        """The cells of these fields that changed last."""
        text = self.picked.get(fields)
        if text is None:
            text = self.picked[fields] = "".join([cell for field, cell in self.news.items() if field in fields])
        return text


@dataclass(frozen=True, slots=True)
class Picture:
    """The market as the database has it: quotes at least as new as the health's sequence number."""

    health: MarketHealth
    rates: Rates
    quotes: tuple[MarketQuote, ...]


class Ticker:
    """Quotes that never go backwards. `complete` is False while ticks are known to be missing."""

    def __init__(self) -> None:
        self.sequence = 0
        self.complete = False
        self.rates = Rates({})
        # The same with those of coins, at their prices: another object whenever one of them has changed in any way.
        self.money = self.rates
        self.money_at = 0
        self.stale_after = timedelta(0)
        self.now = datetime.min.replace(tzinfo=UTC)
        self.health: MarketHealth | None = None
        # The badge of the present state in each locale that was asked for, and what it says.
        self.badges: dict[str, str] = {}
        self.said: tuple[object, ...] = ()
        self.quotes: dict[str, MarketQuote] = {}
        self.stale: set[str] = set()
        # Each change has a number; the assets of the last one, and the last change of each.
        self.version = 0
        self.changed: frozenset[str] = frozenset()
        self.changed_at: dict[str, int] = {}
        self.lines: dict[Pen, dict[str, Line]] = {}
        self.past: dict[Pen, dict[str, Line]] = {}
        # What dashboard.live.following makes of the last change, and of a line of it.
        self.courses: dict[Any, Any] = {}
        self.packed: dict[Any, bytes | None] = {}

    def load(self, picture: Picture, now: datetime) -> set[str]:
        """Take up what the database knows; what came by a newer tick stays. Returns the assets that changed."""
        at = picture.health.sequence
        changed = set()
        for row in picture.quotes:
            row.sequence = max(row.sequence, at)
            if self.learn(row):
                changed.add(row.asset_id)
        if picture.rates != self.rates:
            self.rates = picture.rates
            changed |= {*self.quotes, *COINS.values()}
        self.sequence = max(self.sequence, at)
        self.complete = self.complete or at == self.sequence
        self.accept_health(picture.health)
        return self.move(changed, now)

    def tick(self, sequence: int, quotes: Iterable[Quote], now: datetime) -> set[str]:
        """Take up what a tick says has changed. Returns the assets that did."""
        self.complete = self.complete and sequence <= self.sequence + 1
        changed = set()
        for quote in quotes:
            if self.take(quote, sequence):
                changed.add(quote.asset)
        if self.health is not None and sequence > self.sequence:
            self.health = replace(self.health, sequence=sequence, failing_since=None, reason="", last_success_at=now)
        self.sequence = max(self.sequence, sequence)
        return self.move(changed, now)

    def watch_clock(self, health: MarketHealth, now: datetime) -> set[str]:
        """Time has passed: prices may have grown old, polling may have failed. Returns the assets that aged."""
        self.accept_health(health)
        return self.move(set(), now)

    def learn(self, row: MarketQuote) -> bool:
        """Whether the quote is news. The sequence number decides, asset by asset."""
        known = self.quotes.get(row.asset_id)
        if known is not None and (row.sequence < known.sequence or alike(row, known)):
            known.sequence = max(known.sequence, row.sequence)
            return False
        self.quotes[row.asset_id] = row
        return True

    def take(self, quote: Quote, sequence: int) -> bool:
        """The same of a quote as a tick brings it; what is known is written over, because many come each second."""
        known = self.quotes.get(quote.asset)
        if known is None:
            row = self.quotes[quote.asset] = as_row(quote, sequence)
            row.asset = as_asset(quote)
            return True
        if sequence < known.sequence:
            return False
        known.sequence = sequence
        if known.asset.rank == quote.rank and all(getattr(known, name) == getattr(quote, name) for name in FACTS):
            return False
        known.asset.rank = quote.rank
        for name in FACTS:
            setattr(known, name, getattr(quote, name))
        return True

    def accept_health(self, health: MarketHealth) -> None:
        self.stale_after = stale_after(health.interval)
        if self.health is None or health.sequence >= self.sequence:
            self.health = health

    def move(self, changed: set[str], now: datetime) -> set[str]:
        """Forget what was made of the assets that changed or crossed the age at which prices are stale."""
        self.now = now
        before = now - self.stale_after
        stale = {asset for asset, row in self.quotes.items() if row.as_of is not None and row.as_of < before}
        changed = changed | (stale ^ self.stale)
        self.stale = stale
        if changed:
            self.forget(changed)
        if self.health is not None:
            as_of = max((row.as_of for row in self.quotes.values() if row.as_of is not None), default=None)
            self.health = replace(self.health, as_of=as_of, stale=as_of is None or as_of < before)
            said = (self.health.as_of, self.health.stale, bool(self.health.failing_since), self.sequence)
            if said != self.said:  # what differs in its age only is no news: the page counts seconds itself
                self.said, self.badges = said, {}
        return changed

    def badge(self, locale: str) -> str:
        """How the market is, for everyone who reads in this locale; the very same text until there is news."""
        badge = self.badges.get(locale)
        if badge is None:
            with as_read_in(locale):
                health = self.health
                state = fragments.live_state(health, self.sequence, self.now) if health else fragments.live_state_off()
            badge = self.badges[locale] = ascii_html(state)
        return badge

    def forget(self, changed: set[str]) -> None:
        """A new version, in which the lines of these assets are to be made anew."""
        self.version += 1
        self.changed = frozenset(changed)
        self.changed_at.update(dict.fromkeys(changed, self.version))
        self.past, self.courses, self.packed = {}, {}, {}
        moved = {code for code, coin in COINS.items() if coin in changed}
        if moved:
            self.count_money()
        for pen, lines in self.lines.items():
            past = self.past[pen] = {}
            for asset in list(lines) if pen.currency in moved else changed & lines.keys():
                past[asset] = lines.pop(asset)

    def count_money(self) -> None:
        """What money is worth has changed: by a rate, or by the price of a coin that one may count in."""
        usd = {code: row.price for code, coin in COINS.items() if (row := self.quotes.get(coin)) is not None}
        self.money, self.money_at = with_coins(self.rates, usd), self.version

    def line(self, asset: str, pen: Pen) -> Line:
        """Made once for everyone who reads what this pen writes."""
        lines = self.lines_in(pen)
        line = lines.get(asset)
        if line is None:
            line = lines[asset] = self.make(asset, pen, self.past.get(pen, {}).get(asset))
        return line

    def lines_in(self, pen: Pen) -> dict[str, Line]:
        """Those that are made already."""
        lines = self.lines.get(pen)
        if lines is None:
            lines = self.lines[pen] = {}
        return lines

    def make(self, asset: str, pen: Pen, before: Line | None) -> Line:
        row = self.quotes.get(asset)
        rate = self.money.rate("usd", pen.currency)
        coin = self.quotes.get(COINS[pen.currency]) if pen.currency in COINS else None
        market = Market() if row is None else as_market(row, rate, self.now - self.stale_after, coin)
        known_gain = unit_gain(market)
        price, gain = market.price or ZERO, known_gain or ZERO
        known = before.cells if before is not None else {}
        with in_locale(pen.locale):
            cells = {
                field: known[field]
                if before is not None and field != "price" and figure.of(market) == figure.of(before.market)
                else fragments.moving_market(asset, market, field, pen.currency)
                for field, figure in fragments.MARKET.items()
            }
        step = gain_step = ZERO
        only_moved = False
        if before is not None:
            with localcontext(WIDE) as context:
                context.clear_flags()
                step, gain_step = price - before.price, gain - before.gain
                exact = not context.flags[Inexact]
            has_price = None not in (market.price, before.market.price)
            alike = before.gains == (known_gain is not None) and market.stale == before.market.stale
            only_moved = exact and has_price and alike
        return Line(
            market=market,
            price=price,
            gain=gain,
            gains=known_gain is not None,
            cells=cells,
            news={field: cell for field, cell in cells.items() if known.get(field) != cell},
            only_moved=only_moved,
            step=step,
            gain_step=gain_step,
        )


FACTS: Final = ("price", "as_of", "market_cap", "change_1h", "change_24h", "change_7d", "source", "silent")


def alike(one: MarketQuote, other: MarketQuote) -> bool:
    """Whether the two say the same wherever a page looks."""
    return one.asset.rank == other.asset.rank and all(getattr(one, name) == getattr(other, name) for name in FACTS)
