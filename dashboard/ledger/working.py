"""What the ledger tells of how a figure came about: steps, disposals, and issues that the owner should know of. Nothing
is decided here.
"""

from dataclasses import dataclass
from decimal import Decimal, localcontext
from enum import StrEnum

from dashboard.ledger.entry import EXACT, Entry
from dashboard.ledger.lots import Lot, quantity_of


class Issue(StrEnum):
    """What the owner should know about an asset's figures."""

    OVERSOLD = "oversold"  # more left than was there: the missing units were taken to have cost nothing
    ASSUMED_BASIS = "assumed_basis"  # a deposit without a known cost came in at its value at the time
    NO_VALUE = "no_value"  # nobody knows what this was worth at the time: it counts as zero
    WALLET_SHORT = "wallet_short"  # a wallet went below zero though the portfolio did not: a missing transfer
    ADJUSTED = "adjusted"  # a count was corrected


@dataclass(frozen=True, slots=True)
class Flag:
    """An issue, the entry that caused it, and how many units it is about."""

    issue: Issue
    entry: int
    wallet: str = ""
    quantity: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Amounts:
    """The figures of an asset, or a change of them: Q, C, R, I, E, N."""

    quantity: Decimal
    cost: Decimal
    realised: Decimal
    income: Decimal
    fees: Decimal
    invested: Decimal


@dataclass(frozen=True, slots=True)
class Step:
    """What one entry did to the figures of an asset, and the figures after it."""

    entry: Entry
    change: Amounts
    after: Amounts


@dataclass(frozen=True, slots=True)
class Disposal:
    """Units that left for good, and the lots that they came from."""

    entry: Entry
    proceeds: Decimal
    cost: Decimal
    lots: tuple[Lot, ...]

    @property
    def gain(self) -> Decimal:
        return EXACT.subtract(self.proceeds, self.cost)

    @property
    def quantity(self) -> Decimal:
        with localcontext(EXACT):
            return quantity_of(self.lots)
