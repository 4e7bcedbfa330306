"""Positions beside their market: the one arithmetic behind the page, the API, the socket and the reminders.

What a position is worth and brought is the ledger's business; here it meets names, changes of price and age of prices.
Pure: exact decimals in, exact decimals out; no database and no clock.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Context, Decimal, localcontext

from dashboard.ledger import returns
from dashboard.ledger.returns import percent
from dashboard.money import WIDE, quantize

ZERO = Decimal(0)
HUNDRED = Decimal(100)
UNIT = Context(prec=28)
NOTHING_KNOWN = returns.Valuation(None, None, None, None, None)


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
    exchanged: Mapping[str, Decimal] = field(default_factory=dict)
    """How much of `ever_invested` came out of which other asset, so that totals count it once."""
    is_known: bool = True
    """Whether its money is known in this currency; if not, nothing of it counts."""


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
    ever_invested: Decimal
    profit: Decimal
    profit_pct: Decimal | None
    change_24h: Decimal | None
    change_24h_pct: Decimal | None
    unpriced: tuple[str, ...]
    as_of: datetime | None
    stale: bool


def value_holding(held: Held, market: Market) -> Holding:
    """The figures of one position. A closed one (quantity 0) needs no price."""
    worth = returns.value(held, market.price) if held.is_known else NOTHING_KNOWN
    with localcontext(WIDE):
        average_cost = quantize(held.cost / held.quantity) if held.quantity and held.is_known else None
    return Holding(
        held=held,
        market=market,
        value=worth.value,
        unrealised=worth.unrealised,
        profit=worth.profit,
        profit_pct=worth.return_pct,
        average_cost=average_cost,
        gain_24h=None if worth.value is None else gained(worth.value, held.quantity, market),
    )


def gained(value: Decimal, quantity: Decimal, market: Market) -> Decimal | None:
    """How much of `value` came with the price's change of 24 hours; None where the change is unknown."""
    if not value:
        return ZERO
    each = unit_gain(market)
    with localcontext(WIDE):
        return None if each is None else quantity * each


def unit_gain(market: Market) -> Decimal | None:
    """What one unit has gained in 24 hours, to 28 digits: as many as leave room to sum them up exactly."""
    price, change = market.price, market.change_24h
    if price is None or change is None or change <= -HUNDRED:
        return None
    with localcontext(WIDE):
        gain = price - price * HUNDRED / (HUNDRED + change)
    return UNIT.plus(gain)


def change_in(change: Decimal | None, of_unit: Decimal | None) -> Decimal | None:
    """The change in percent against something that has itself changed by `of_unit` percent meanwhile."""
    if change is None or of_unit is None or of_unit <= -HUNDRED:
        return None
    if change == of_unit:
        return ZERO
    with localcontext(WIDE):
        return quantize((HUNDRED + change) * HUNDRED / (HUNDRED + of_unit) - HUNDRED)


def total(holdings: Iterable[Holding]) -> Totals:
    """The totals of the priced holdings. `profit` = realised + unrealised + income - fees = value - invested."""
    valued = list(holdings)
    sums = returns.total((holding.held, holding) for holding in valued)
    open_ones = [holding for holding in valued if holding.held.quantity and holding.value is not None]
    gains = [holding.gain_24h for holding in open_ones if holding.gain_24h is not None]
    with localcontext(WIDE):
        change = quantize(sum(gains, ZERO)) if gains or not open_ones else None
        return Totals(
            value=sums.value,
            cost=sums.cost,
            unrealised=sums.unrealised,
            realised=sums.realised,
            income=sums.income,
            fees=sums.fees,
            invested=sums.invested,
            ever_invested=sums.ever_invested,
            profit=sums.profit,
            profit_pct=sums.return_pct,
            change_24h=change,
            change_24h_pct=None if change is None else percent(change, sums.value - change),
            unpriced=sums.unpriced,
            as_of=min((h.market.as_of for h in open_ones if h.market.as_of is not None), default=None),
            stale=any(holding.market.stale for holding in open_ones),
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
            exchanged=added(h.exchanged for h in held),
            issues=tuple(issue for h in held for issue in h.issues),
            is_known=all(h.is_known for h in held),
        )


def added(amounts: Iterable[Mapping[str, Decimal]]) -> dict[str, Decimal]:
    """The sums by key."""
    sums: dict[str, Decimal] = {}
    for mapping in amounts:
        for key, amount in mapping.items():
            sums[key] = sums.get(key, ZERO) + amount
    return sums
