"""Each figure of what is held, as a sum of amounts times prices or as the quotient of two such sums. No database.

Money counts like a coin whose price is its rate. The numbers are floats: they say who must be judged, no more.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final, NamedTuple

from notifications.models import Reminder

MONEY: Final = ":"
"""Before the code of a currency, where coins have their names."""
OWED: Final = "!"
"""Before what is subtracted: kept apart, so that two large amounts do not leave the rounding of their difference."""


class Sum(Enum):
    VALUE = auto()
    PROFIT = auto()
    UNREALISED = auto()
    REALISED = auto()
    COST = auto()
    INVESTED = auto()


class Held(NamedTuple):
    """A position; all but `quantity` in the currency of its portfolio, whose revision comes with it."""

    portfolio: int
    revision: int
    currency: str
    asset: str
    quantity: float
    cost: float
    realised: float
    income: float
    fees: float
    ever_invested: float
    exchanged: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Part:
    """One sum, over a portfolio or all of them (None), and over one coin or all."""

    sum: Sum
    portfolio: int | None
    asset: str | None


WITH_COINS: Final = {Sum.VALUE, Sum.PROFIT, Sum.UNREALISED}
MONEY_OF: Final[Mapping[Sum, Callable[[Held], Sequence[float]]]] = {
    Sum.VALUE: lambda held: (),
    Sum.PROFIT: lambda held: (held.realised, held.income, -held.fees, -held.cost),
    Sum.UNREALISED: lambda held: (-held.cost,),
    Sum.REALISED: lambda held: (held.realised,),
    Sum.COST: lambda held: (held.cost,),
    Sum.INVESTED: lambda held: (held.ever_invested,),
}
PROFITS: Final = {
    Reminder.Measure.TOTAL: (Sum.PROFIT, Sum.INVESTED),
    Reminder.Measure.REALISED: (Sum.REALISED, Sum.INVESTED),
    Reminder.Measure.UNREALISED: (Sum.UNREALISED, Sum.COST),
}
"""Which profit, and what it is a part of where it is counted in percent."""


def parts_of(kind: str, measure: str, unit: str, portfolio: int | None, asset: str | None) -> tuple[Part, Part | None]:
    """What a reminder's figure is made of: a sum, and for percent the sum that it is a part of."""
    match kind:
        case Reminder.Kind.ALLOCATION_ABOVE | Reminder.Kind.ALLOCATION_BELOW:
            return Part(Sum.VALUE, portfolio, asset), Part(Sum.VALUE, portfolio, None)
        case Reminder.Kind.PROFIT_ABOVE | Reminder.Kind.PROFIT_BELOW:
            profit, whole = PROFITS[Reminder.Measure(measure)]
            is_percent = unit == Reminder.Unit.PERCENT
            return Part(profit, portfolio, asset), Part(whole, portfolio, asset) if is_percent else None
    return Part(Sum.VALUE, portfolio, None), None


def amounts_of(part: Part, everything: Sequence[Held]) -> dict[str, float]:
    """The amounts by what they are amounts of."""
    lines = [
        held
        for held in everything
        if (part.portfolio is None or held.portfolio == part.portfolio)
        and (part.asset is None or held.asset == part.asset)
    ]
    found: dict[str, float] = {}

    def add(name: str, amount: float) -> None:
        if amount:
            name = name if amount > 0 else OWED + name
            found[name] = found.get(name, 0.0) + amount

    inside = {held.asset for held in lines}
    for held in lines:
        if part.sum in WITH_COINS:
            add(held.asset, held.quantity)
        for amount in MONEY_OF[part.sum](held):
            add(MONEY + held.currency, amount)
        if part.sum is Sum.INVESTED:  # money that went from one of them into another was invested once
            for asset, amount in held.exchanged.items():
                if asset in inside:
                    add(MONEY + held.currency, -amount)
    return found
