"""What positions are worth at a price: the one arithmetic behind the page, the API, the socket and the reminders.

Pure: exact decimals in, exact decimals out; no database and no clock.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, localcontext

from dashboard.money import WIDE, quantize

ZERO = Decimal(0)
HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True)
class Issue:
    """Something about a position that its owner should know: a code, the transaction that caused it, a sentence."""

    code: str
    transaction: int | None
    text: str


@dataclass(frozen=True, slots=True)
class Held:
    """What the ledger says of one asset, in the currency of the view; all but `quantity` are money."""

    asset: str
    symbol: str
    name: str
    quantity: Decimal
    cost: Decimal
    realised: Decimal
    income: Decimal
    fees: Decimal
    invested: Decimal
    ever_invested: Decimal
    fees_paid: Decimal = ZERO
    issues: tuple[Issue, ...] = ()


@dataclass(frozen=True, slots=True)
class Market:
    """An asset's market in the currency of the view; `change_*` are percent. Unknown is None."""

    price: Decimal | None = None
    as_of: datetime | None = None
    stale: bool = False
    source: str = ""
    rank: int | None = None
    market_cap: Decimal | None = None
    change_1h: Decimal | None = None
    change_24h: Decimal | None = None
    change_7d: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Holding:
    """One line of the dashboard: what is held, its market, and what it brought. `share` is percent of the total."""

    held: Held
    market: Market
    value: Decimal | None
    unrealised: Decimal | None
    profit: Decimal | None
    profit_pct: Decimal | None
    average_cost: Decimal | None
    gain_24h: Decimal | None
    share: Decimal | None = None

    @property
    def asset(self) -> str:
        return self.held.asset


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over all holdings that have a price; those without leave every figure together and are named."""

    value: Decimal
    cost: Decimal
    unrealised: Decimal
    realised: Decimal
    income: Decimal
    fees: Decimal
    invested: Decimal
    profit: Decimal
    profit_pct: Decimal | None
    change_24h: Decimal | None
    change_24h_pct: Decimal | None
    unpriced: tuple[str, ...]
    as_of: datetime | None
    stale: bool


def percent(part: Decimal, whole: Decimal) -> Decimal | None:
    """`part` in percent of `whole`; None where there is no whole."""
    with localcontext(WIDE):
        return quantize(part * HUNDRED / whole) if whole else None


def value_holding(held: Held, market: Market) -> Holding:
    """The figures of one position. A closed one (quantity 0) needs no price."""
    price = market.price
    with localcontext(WIDE):
        value = held.quantity * price if price is not None else (None if held.quantity else ZERO)
        unrealised = None if value is None else value - held.cost
        profit = None if unrealised is None else held.realised + unrealised + held.income - held.fees
        return Holding(
            held=held,
            market=market,
            value=value,
            unrealised=unrealised,
            profit=profit,
            profit_pct=None if profit is None else percent(profit, held.ever_invested),
            average_cost=quantize(held.cost / held.quantity) if held.quantity else None,
            gain_24h=None if value is None else gained(value, market.change_24h),
        )


def gained(value: Decimal, change_pct: Decimal | None) -> Decimal | None:
    """How much of `value` came with a change of `change_pct` percent; None where the change is unknown."""
    if not value:
        return ZERO
    if change_pct is None or change_pct <= -HUNDRED:
        return None
    with localcontext(WIDE):
        return quantize(value - value * HUNDRED / (HUNDRED + change_pct))


def total(holdings: Iterable[Holding]) -> Totals:
    """The totals of the priced holdings. `profit` = realised + unrealised + income - fees = value - invested."""
    priced, unpriced = [], []
    for holding in holdings:
        (priced if holding.value is not None else unpriced).append(holding)
    with localcontext(WIDE):
        value = sum((h.value for h in priced if h.value is not None), ZERO)
        cost = sum((h.held.cost for h in priced), ZERO)
        realised = sum((h.held.realised for h in priced), ZERO)
        income = sum((h.held.income for h in priced), ZERO)
        fees = sum((h.held.fees for h in priced), ZERO)
        profit = realised + value - cost + income - fees
        gains = [h.gain_24h for h in priced if h.gain_24h is not None]
        change = sum(gains, ZERO) if gains else None
        times = [h.market.as_of for h in priced if h.market.as_of is not None and h.held.quantity]
        return Totals(
            value=value,
            cost=cost,
            unrealised=value - cost,
            realised=realised,
            income=income,
            fees=fees,
            invested=sum((h.held.invested for h in priced), ZERO),
            profit=profit,
            profit_pct=percent(profit, sum((h.held.ever_invested for h in priced), ZERO)),
            change_24h=change,
            change_24h_pct=None if change is None else percent(change, value - change),
            unpriced=tuple(h.asset for h in unpriced),
            as_of=min(times, default=None),
            stale=any(h.market.stale for h in priced if h.held.quantity),
        )


def share(holding: Holding, totals: Totals) -> Decimal | None:
    """The holding's part of the total value in percent."""
    return None if holding.value is None else percent(holding.value, totals.value)


def merge(held: Sequence[Held]) -> Held:
    """Positions of one asset in several portfolios as one; all in the same currency."""
    first = held[0]
    with localcontext(WIDE):
        return Held(
            asset=first.asset,
            symbol=first.symbol,
            name=first.name,
            quantity=sum((h.quantity for h in held), ZERO),
            cost=sum((h.cost for h in held), ZERO),
            realised=sum((h.realised for h in held), ZERO),
            income=sum((h.income for h in held), ZERO),
            fees=sum((h.fees for h in held), ZERO),
            invested=sum((h.invested for h in held), ZERO),
            ever_invested=sum((h.ever_invested for h in held), ZERO),
            fees_paid=sum((h.fees_paid for h in held), ZERO),
            issues=tuple(issue for h in held for issue in h.issues),
        )
