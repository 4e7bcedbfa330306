"""What one transaction brought into a portfolio from outside, or took out of it, at what it was worth then. Pure.

The ledger counts what leaves by a withdrawal at its cost, and what comes in at the cost its owner states. A return
needs to know what it was worth instead: else every withdrawal of something that has risen would be a loss.
"""

from collections.abc import Callable
from decimal import Decimal, localcontext
from typing import Final

from dashboard.ledger.entry import EXACT, ZERO, Entry, Kind
from dashboard.ledger.working import Amounts

AT_MARKET: Final = frozenset({Kind.DEPOSIT, Kind.WITHDRAWAL, Kind.GIFT_IN, Kind.GIFT_OUT, Kind.ADJUST})
PRICED: Final = frozenset({Kind.BUY, Kind.SELL, Kind.SPEND})
"""Kinds that the ledger counts as nothing where nobody knows what they were worth."""

PriceOf = Callable[[Entry], Decimal | None]
"""What a unit of an entry's main coin was worth then, in the portfolio's currency."""


def flow(entry: Entry, asset: str, change: Amounts, price_of: PriceOf) -> Decimal | None:
    """What the entry, which changed the asset's figures so, put into it (above zero) or took out; None: nobody knows.

    Both legs of a swap have a flow: together nothing but the fee in money came from outside.
    """
    at_market = entry.kind in AT_MARKET or (entry.kind in PRICED and entry.value is None)
    if not at_market or asset != entry.asset:
        return change.invested
    with localcontext(EXACT):
        moved = change.quantity + (entry.fee_amount if entry.fee_asset == asset else ZERO)
        paid = entry.fee_amount if entry.fee_asset is None else ZERO
        if not moved:
            return paid
        if entry.value is not None and entry.kind is not Kind.ADJUST:
            unit: Decimal | None = entry.value / entry.amount
        else:
            unit = price_of(entry)
        return None if unit is None else moved * unit + paid
