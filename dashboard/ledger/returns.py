"""What a standing is worth at a price and what it brought; totals over several; and the check that nothing got lost:
R + U + I - E = V - N at any price, which is C = N + R + I - E.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, localcontext
from typing import Protocol

from dashboard.ledger.book import Book
from dashboard.ledger.entry import EXACT, LAST_PLACE, ZERO, Entry, order

HUNDRED = Decimal(100)


class Figures(Protocol):
    """The figures that the identity is about: a Standing has them, and so have the amounts of a step."""

    @property
    def cost(self) -> Decimal: ...
    @property
    def realised(self) -> Decimal: ...
    @property
    def income(self) -> Decimal: ...
    @property
    def fees(self) -> Decimal: ...
    @property
    def invested(self) -> Decimal: ...


class Held(Figures, Protocol):
    """What can be valued: a Standing, or what was kept of one."""

    @property
    def asset(self) -> str: ...
    @property
    def quantity(self) -> Decimal: ...
    @property
    def ever_invested(self) -> Decimal: ...
    @property
    def exchanged(self) -> Mapping[str, Decimal]: ...


class Valued(Protocol):
    """Something at a price: a Valuation, or what was made of one. Its value is None where the price is not known."""

    @property
    def value(self) -> Decimal | None: ...


@dataclass(frozen=True, slots=True)
class Valuation:
    """An asset at a price, in the portfolio's currency. None: not known without a price, or nothing to divide by."""

    value: Decimal | None
    unrealised: Decimal | None
    profit: Decimal | None
    return_pct: Decimal | None
    unrealised_pct: Decimal | None


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over the assets that can be valued; those in `unpriced` are in none of them."""

    value: Decimal
    cost: Decimal
    unrealised: Decimal
    realised: Decimal
    income: Decimal
    fees: Decimal
    invested: Decimal
    ever_invested: Decimal
    profit: Decimal
    return_pct: Decimal | None
    unrealised_pct: Decimal | None
    unpriced: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Break:
    """Where the identity first fails: the asset, the entry after which it does, and by how much."""

    asset: str
    entry: Entry
    gap: Decimal


def value(held: Held, price: Decimal | None) -> Valuation:
    """`held` at `price`, not rounded. What is closed (quantity 0) is worth nothing at any price, known or not."""
    with localcontext(EXACT):
        worth = ZERO if not held.quantity else None if price is None else held.quantity * price
        if worth is None:
            return Valuation(None, None, None, None, None)
        unrealised = worth - held.cost
        profit = held.realised + unrealised + held.income - held.fees
        return Valuation(
            value=worth,
            unrealised=unrealised,
            profit=profit,
            return_pct=percent(profit, held.ever_invested),
            unrealised_pct=percent(unrealised, held.cost),
        )


def total(holdings: Iterable[tuple[Held, Valued]]) -> Totals:
    """The sums over all that could be valued. Money that went from one of them into another was invested once."""
    with localcontext(EXACT):
        valued = list(holdings)
        known = [(held, valuation) for held, valuation in valued if valuation.value is not None]
        inside = {held.asset for held, _ in known}
        amounts = {name: sum((getattr(held, name) for held, _ in known), ZERO) for name in SUMMED}
        worth = sum((valuation.value or ZERO for _, valuation in known), ZERO)
        exchanged = (moved for held, _ in known for asset, moved in held.exchanged.items() if asset in inside)
        ever_invested = sum((held.ever_invested for held, _ in known), ZERO) - sum(exchanged, ZERO)
        unrealised = worth - amounts["cost"]
        profit = amounts["realised"] + unrealised + amounts["income"] - amounts["fees"]
        return Totals(
            value=worth,
            **amounts,
            unrealised=unrealised,
            ever_invested=ever_invested,
            profit=profit,
            return_pct=percent(profit, ever_invested),
            unrealised_pct=percent(unrealised, amounts["cost"]),
            unpriced=tuple(held.asset for held, valuation in valued if valuation.value is None),
        )


SUMMED = ("cost", "realised", "income", "fees", "invested")


def percent(part: Decimal, whole: Decimal) -> Decimal | None:
    """`part` in percent of `whole`, to 18 decimals; None where there is no whole."""
    return rounded(EXACT.divide(EXACT.multiply(part, HUNDRED), whole)) if whole else None


def rounded(number: Decimal) -> Decimal:
    """`number` to 18 decimals, or as it is where it is too large to have so many."""
    return number if number.adjusted() >= EXACT.prec - 18 else number.quantize(LAST_PLACE, context=EXACT)


def gap(figures: Figures) -> Decimal:
    """By how much R + U + I - E misses V - N, the same at every price: zero, or something was lost on the way."""
    with localcontext(EXACT):
        return figures.realised - figures.cost + figures.income - figures.fees + figures.invested


def first_break(book: Book) -> Break | None:
    """The self-check of a book: the first entry, over all assets, after which the identity does not hold."""
    breaks = [
        next((Break(asset, step.entry, missed) for step in standing.steps() if (missed := gap(step.after))), None)
        for asset, standing in book.standings.items()
    ]
    return min((broken for broken in breaks if broken), key=lambda broken: order(broken.entry), default=None)
