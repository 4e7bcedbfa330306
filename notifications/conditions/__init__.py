"""When a reminder fires: one small class per kind, looked up by name in CONDITIONS.

Pure: what was known before and what is observed now come in, a judgement comes out; no database, no clock.
"""

from typing import Final

from notifications.conditions import holdings, prices, times
from notifications.conditions.condition import Condition
from notifications.conditions.facts import (
    Arming,
    Before,
    Bound,
    Edges,
    Figure,
    Firing,
    Judgement,
    Memory,
    Now,
    Span,
    Watches,
)

__all__ = [
    "CONDITIONS",
    "Arming",
    "Before",
    "Bound",
    "Condition",
    "Edges",
    "Figure",
    "Firing",
    "Judgement",
    "Memory",
    "Now",
    "Span",
    "Watches",
]

CONDITIONS: Final[dict[str, Condition]] = {
    condition.kind: condition
    for condition in (
        prices.PriceAbove(),
        prices.PriceBelow(),
        prices.PriceLeavesRange(),
        prices.PriceEntersRange(),
        prices.Change(),
        prices.Trailing(),
        holdings.BalanceAbove(),
        holdings.BalanceBelow(),
        holdings.ProfitAbove(),
        holdings.ProfitBelow(),
        prices.BreakEven(),
        holdings.AllocationAbove(),
        holdings.AllocationBelow(),
        holdings.Drawdown(),
        prices.Depeg(),
        times.Stale(),
        times.Schedule(),
    )
}
