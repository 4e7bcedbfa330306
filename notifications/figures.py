"""What is held, put into the one figure that a reminder watches: value, profit, share, cost. No database, no clock."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal, localcontext
from functools import cached_property
from typing import Any, Final, Protocol

from django.utils.translation import gettext, gettext_noop

from dashboard.market import currencies
from dashboard.models import Position
from dashboard.money import WIDE, quantize
from dashboard.portfolios import as_held
from dashboard.valuation import Held, Holding, Market, merge, total, value_holding
from notifications.models import Reminder
from notifications.prices import Price, converted

ZERO: Final = Decimal(0)
HUNDRED: Final = Decimal(100)
DUST: Final = Decimal("0.01")
"""The part of a balance that may be stale without the balance being so."""
LEDGER: Final = ("quantity", "cost", "realised", "income", "fees", "invested")
NO_PRICE: Final = gettext_noop("A coin that is held has no price; the reminder waits.")
OLD_PRICES: Final = gettext_noop("Prices of what is held are old; the reminder waits.")


@dataclass(frozen=True, slots=True)
class Observation:
    """A value in the reminder's currency, or percent. `hindrance` says why it must not be judged; empty: it may.

    `base` is what the value is held against where that is not the limit, `scale` the money that makes a profit.
    `price` is the coin's, where one is watched. `holdings` is a digest of what is held, so that the owner's own
    transactions can be told from the market's moves; `weighed` the stamp of the portfolios that were looked at.
    `named` are coins without a fresh price.
    """

    value: Decimal | None = None
    as_of: datetime | None = None
    source: str = ""
    hindrance: str = ""
    holdings: str = ""
    base: Decimal | None = None
    scale: Decimal | None = None
    price: Decimal | None = None
    is_sure: bool = True
    named: tuple[str, ...] = ()
    weighed: str = ""

    def but(self, **changes: Any) -> "Observation":
        return replace(self, **changes)


@dataclass(frozen=True, slots=True)
class Line:
    """One position; the whole row only where costs are asked for."""

    portfolio: int
    asset: str
    quantity: Decimal
    position: Position | None = None


@dataclass(frozen=True)
class Lines:
    """What somebody holds, or a part of it."""

    lines: tuple[Line, ...] = ()
    revisions: Mapping[int, int] = field(default_factory=dict)
    """Of the portfolios that it lies in."""

    def of(self, portfolio: int) -> "Lines":
        return Lines(
            tuple(line for line in self.lines if line.portfolio == portfolio),
            {pk: revision for pk, revision in self.revisions.items() if pk == portfolio},
        )

    def of_coin(self, asset: str | None) -> "Lines":
        if not asset:
            return self
        return Lines(tuple(line for line in self.lines if line.asset == asset), self.revisions)

    @property
    def held(self) -> set[str]:
        return {line.asset for line in self.lines if line.quantity}

    @cached_property
    def stamp(self) -> str:
        return stamp(self.revisions)

    @cached_property
    def quantities(self) -> str:
        """A digest of what is held."""
        return digest(sorted((line.asset, line.quantity) for line in self.lines if line.quantity))

    @cached_property
    def ledger(self) -> str:
        """A digest of what is held and what it cost and brought."""
        rows = [(line.asset, *(getattr(line.position, name) for name in LEDGER)) for line in self.lines]
        return digest(sorted(rows))


class Prospect(Protocol):
    """Prices and rates, as notifications.observing gathers them."""

    @property
    def prices(self) -> Any: ...
    @property
    def rates(self) -> currencies.Rates: ...
    def rate(self, code: str) -> Decimal | None: ...
    def is_old(self, price: Price, code: str) -> bool: ...
    def as_of(self, price: Price, code: str) -> datetime | None: ...


@dataclass(frozen=True, slots=True)
class Worth:
    """What lines are worth together, and how far that can be relied on."""

    value: Decimal
    of: dict[str, Decimal]
    as_of: datetime | None
    source: str
    hindrance: str


def worth(lines: Lines, prospect: Prospect, currency: str) -> Worth:
    """The exact sum. Not to be judged while a coin has no price, or more than a hundredth has an old one."""
    rate = prospect.rate(currency)
    of: dict[str, Decimal] = {}
    stale = ZERO
    unpriced = False
    times: list[datetime] = []
    sources: set[str] = set()
    with localcontext(WIDE):
        for line in lines.lines:
            if not line.quantity:
                continue
            price = prospect.prices.get(line.asset)
            each = None if price is None else converted(price.usd, rate)
            if each is None:
                unpriced = True
                continue
            value = line.quantity * each
            of[line.asset] = of.get(line.asset, ZERO) + value
            sources.add(price.source)
            as_of = prospect.as_of(price, currency)
            if as_of is None or prospect.is_old(price, currency):
                stale += abs(value)
            else:
                times.append(as_of)
        value = sum(of.values(), ZERO)
        old = stale > abs(value) * DUST
    hindrance = gettext(NO_PRICE) if unpriced or rate is None else gettext(OLD_PRICES) if old else ""
    return Worth(value, of, min(times, default=None), ", ".join(sorted(sources)), hindrance)


def balance(lines: Lines, prospect: Prospect, currency: str) -> Observation:
    found = worth(lines, prospect, currency)
    return Observation(found.value, found.as_of, found.source, found.hindrance, lines.quantities, weighed=lines.stamp)


def allocation(lines: Lines, prospect: Prospect, reminder: Reminder) -> Observation:
    """The coin's part of the value in percent; one that is not held has no part."""
    found = worth(lines, prospect, reminder.currency)
    part = found.of.get(reminder.asset_id or "", ZERO)
    seen = Observation(None, found.as_of, found.source, found.hindrance, lines.quantities, weighed=lines.stamp)
    if found.value <= 0:
        return seen.but(hindrance=found.hindrance or gettext("Nothing is held."))
    with localcontext(WIDE):
        return seen.but(value=quantize(part * HUNDRED / found.value))


def profit(lines: Lines, prospect: Prospect, reminder: Reminder) -> Observation:
    """Profit of a coin or of everything: realised, unrealised or both, in money or percent. Realised needs no price."""
    lines = lines.of_coin(reminder.asset_id)
    found = worth(lines, prospect, reminder.currency)
    holdings = valued(lines, prospect, reminder.currency)
    is_realised = reminder.measure == Reminder.Measure.REALISED
    hindrance = "" if is_realised else found.hindrance
    seen = Observation(None, found.as_of, found.source, hindrance, lines.ledger, weighed=lines.stamp)
    if not lines.lines:
        return seen.but(
            hindrance=gettext("Nothing of it was ever held.")
            if reminder.asset_id
            else gettext("Nothing was ever held.")
        )
    if not all(holding.held.is_known for holding in holdings):
        return seen.but(hindrance=gettext("No exchange rate is known; the reminder waits."))
    totals = total(holdings)
    with localcontext(WIDE):
        realised = sum((holding.held.realised for holding in holdings), ZERO)
        cost = sum((holding.held.cost for holding in holdings), ZERO)
    if reminder.measure == Reminder.Measure.UNREALISED:
        money, percent = totals.unrealised, ratio(totals.unrealised, cost)
    elif is_realised:
        money, percent = realised, ratio(realised, ever_invested(holdings))
    else:
        money, percent = totals.profit, totals.profit_pct
    if not reminder.is_in_percent:
        return seen.but(value=quantize(money), scale=cost)
    return seen.but(
        value=percent, hindrance=seen.hindrance or ("" if percent is not None else gettext("Nothing was invested."))
    )


def against_cost(seen: Observation, lines: Lines, prospect: Prospect, currency: str) -> Observation:
    """The price of a coin, and the average cost of what is held of it."""
    seen = seen.but(holdings=lines.ledger)
    held = [holding.held for holding in valued(lines, prospect, currency)]
    if not lines.held:
        return seen.but(hindrance=seen.hindrance or gettext("Nothing of it is held."))
    if not held[0].is_known:
        return seen.but(hindrance=seen.hindrance or gettext("No exchange rate is known; the reminder waits."))
    with localcontext(WIDE):
        cost = quantize(held[0].cost / held[0].quantity)
    return seen.but(base=cost) if cost > 0 else seen.but(hindrance=seen.hindrance or gettext("It cost nothing."))


def valued(lines: Lines, prospect: Prospect, currency: str) -> list[Holding]:
    """The holdings as the dashboard counts them, one an asset, in the currency."""
    by_asset: dict[str, list[Held]] = {}
    for line in lines.lines:
        if line.position is not None:
            code = line.position.portfolio.currency
            rate = Decimal(1) if code == currency else prospect.rates.rate(code, currency)
            by_asset.setdefault(line.asset, []).append(as_held(line.position, rate))
    return [
        value_holding(merge(held) if len(held) > 1 else held[0], market_of(asset, prospect, currency))
        for asset, held in by_asset.items()
    ]


def market_of(asset: str, prospect: Prospect, currency: str) -> Market:
    price = prospect.prices.get(asset)
    return Market() if price is None else Market(price=converted(price.usd, prospect.rate(currency)))


def ever_invested(holdings: list[Holding]) -> Decimal:
    """As in the totals: money that went from one of them into another was invested once."""
    inside = {holding.asset for holding in holdings}
    with localcontext(WIDE):
        moved = (amount for h in holdings for asset, amount in h.held.exchanged.items() if asset in inside)
        return sum((h.held.ever_invested for h in holdings), ZERO) - sum(moved, ZERO)


def ratio(part: Decimal, whole: Decimal) -> Decimal | None:
    """`part` in percent of `whole`; None where there is no whole."""
    if not whole:
        return None
    with localcontext(WIDE):
        return quantize(part * HUNDRED / whole)


def stamp(revisions: Mapping[int, int]) -> str:
    """A short digest: the same as long as no position in these portfolios was computed anew."""
    return digest(sorted(revisions.items()))[:16]


def digest(rows: list[tuple[Any, ...]]) -> str:
    return hashlib.sha256(repr(rows).encode()).hexdigest()
