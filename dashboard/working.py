"""Selector: how the figures of one position came about, from the ledger itself: steps, lots, sales, fees, rates.

Nothing is computed here that the ledger has not computed; formulas are put beside its numbers.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

from accounts.currencies import CURRENCIES
from dashboard import clock
from dashboard.books import Fault, books_of, break_at, strayed
from dashboard.ledger.entry import ZERO, Entry, Kind
from dashboard.ledger.lots import Lot
from dashboard.ledger.returns import gap
from dashboard.ledger.working import Amounts, Disposal, Step
from dashboard.market import currencies
from dashboard.models import Asset, Portfolio, Position, Transaction

FORMULAS = {
    Kind.BUY: "cost and invested + (quantity × price + fee)",
    Kind.SELL: "realised + (quantity × price − fee) − cost of the lots that left",
    Kind.SWAP: "what is given: realised + value − cost of the lots that left; what is got: cost + value + fee",
    Kind.TRANSFER: "quantity and cost stay; a fee in coins leaves at its cost, and its value counts as a fee",
    Kind.DEPOSIT: "cost and invested + the cost you stated, else the value of that day",
    Kind.WITHDRAWAL: "cost and invested − cost of the lots that left: no sale, no gain",
    Kind.REWARD: "income and cost + value of that day",
    Kind.STAKE: "nothing changes: the coins are still yours",
    Kind.UNSTAKE: "nothing changes: the coins were yours all along",
    Kind.GIFT_IN: "cost and invested + the cost you stated, else the value of that day",
    Kind.GIFT_OUT: "cost and invested − cost of the lots that left: no sale, no gain",
    Kind.SPEND: "realised + value of that day − cost of the lots that left",
    Kind.LOST: "realised − cost of the lots that are lost",
    Kind.FEE: "realised + value of the fee − its cost; fees + value of the fee",
    Kind.FORK: "new coins at no cost",
    Kind.SPLIT: "quantity × ratio; cost stays",
    Kind.MIGRATE: "the lots become lots of the other coin, with their cost and dates",
    Kind.DIVIDEND: "income + amount, invested − amount",
    Kind.ADJUST: "quantity set; cost and invested change by what enters or leaves",
}
"""What a transaction of each kind does, in words; the ledger's effects do it."""


@dataclass(frozen=True, slots=True)
class RateUsed:
    """Units of `to_code` for one of `from_code`; None where none is known. `source` says in words whose rate it is."""

    transaction: int
    day: date
    from_code: str
    to_code: str
    rate: Decimal | None
    source: str


@dataclass(frozen=True, slots=True)
class StepShown:
    """A step with the transaction behind it. `value_source` says where the value comes from."""

    step: Step
    row: Transaction
    value_source: str
    rates: tuple[RateUsed, ...]

    @property
    def entry(self) -> Entry:
        return self.step.entry

    @property
    def change(self) -> Amounts:
        return self.step.change

    @property
    def after(self) -> Amounts:
        return self.step.after

    @property
    def formula(self) -> str:
        return FORMULAS[self.step.entry.kind]


@dataclass(frozen=True, slots=True)
class DisposalShown:
    """What left for good, the lots it came from, and the transaction that did it."""

    disposal: Disposal
    row: Transaction


@dataclass(frozen=True, slots=True)
class Working:
    """Everything behind the figures of `asset` in `portfolio`, in its currency. Steps and disposals oldest first."""

    portfolio: Portfolio
    asset: Asset
    figures: Amounts
    fees_paid: Decimal
    ever_invested: Decimal
    average_cost: Decimal | None
    steps: tuple[StepShown, ...]
    lots: tuple[Lot, ...]
    disposals: tuple[DisposalShown, ...]
    fault: Fault | None

    @property
    def rates(self) -> tuple[RateUsed, ...]:
        return tuple(rate for step in self.steps for rate in step.rates)

    @property
    def income_steps(self) -> tuple[StepShown, ...]:
        return tuple(step for step in self.steps if step.change.income)

    @property
    def fee_steps(self) -> tuple[StepShown, ...]:
        """Those with any fee: one that counts as a fee, or one inside a cost or proceeds."""
        return tuple(step for step in self.steps if step.change.fees or step.entry.fee_amount)

    @property
    def invested_steps(self) -> tuple[StepShown, ...]:
        return tuple(step for step in self.steps if step.change.invested)

    @property
    def formulas(self) -> tuple[tuple[str, str], ...]:
        """What each kind of transaction that occurs here does, in words."""
        return tuple({step.row.get_type_display(): step.formula for step in self.steps}.items())

    @property
    def rounding(self) -> Decimal:
        """The part of the realised gain that is in no disposal: what a split rounded away."""
        return self.figures.realised - sum((shown.disposal.gain for shown in self.disposals), ZERO)


class NothingToShow(Exception):
    """No transaction of the portfolio moves the asset."""


def working_of(portfolio: Portfolio, asset: Asset) -> Working:
    """The working of one position; raises NothingToShow where there never was one."""
    books = books_of(portfolio, {asset.pk})
    standing = books.book.standings.get(asset.pk)
    steps = standing.steps() if standing else ()
    if standing is None or not steps:
        raise NothingToShow(asset.pk)
    shown = tuple(shown_step(step, books.rows[step.entry.id], portfolio.currency) for step in steps)
    broken = next((step for step in shown if gap(step.after)), None)
    if broken:
        fault: Fault | None = break_at(broken.row, asset.pk, asset.symbol, gap(broken.after))
    else:
        position = Position.objects.filter(portfolio=portfolio, asset=asset).first()
        fault = strayed(asset.pk, asset.symbol, standing, position)
    return Working(
        portfolio=portfolio,
        asset=asset,
        figures=steps[-1].after,
        fees_paid=standing.fees_paid,
        ever_invested=standing.ever_invested,
        average_cost=standing.average_cost,
        steps=shown,
        lots=standing.lots(),
        disposals=tuple(DisposalShown(each, books.rows[each.entry.id]) for each in standing.disposals()),
        fault=fault,
    )


def shown_step(step: Step, row: Transaction, currency: str) -> StepShown:
    return StepShown(step, row, value_source(step.entry, row), tuple(rates_used(step.entry, row, currency)))


def value_source(entry: Entry, row: Transaction) -> str:
    """`stated`, `price`, `daily price` (stored, of that day), `unknown`, or nothing where no value is needed."""
    if entry.basis is not None or (entry.value is not None and row.value_override is not None):
        return "stated"
    if entry.value is not None:
        return "daily price" if row.price is None else "price"
    return "unknown" if entry.kind in NEEDING_VALUE else ""


NEEDING_VALUE = frozenset(
    {Kind.BUY, Kind.SELL, Kind.SWAP, Kind.DEPOSIT, Kind.REWARD, Kind.GIFT_IN, Kind.SPEND, Kind.FEE, Kind.DIVIDEND}
)


def rates_used(entry: Entry, row: Transaction, currency: str) -> Iterable[RateUsed]:
    """The exchange rates by which the row's money became the portfolio's, each once."""
    codes = []
    if row.price is not None or row.value_override is not None:
        codes.append(row.price_currency)
    elif entry.value is not None:
        codes.append("usd")  # stored daily prices are in US dollars
    if row.fee_amount and (row.fee_asset_id is None or row.fee_asset_id in CURRENCIES):
        codes.append(row.fee_asset_id or row.price_currency)
    for code in dict.fromkeys(codes):
        if code != currency:
            rate = currencies.rate(code, currency, row.timestamp)
            day = row.timestamp.astimezone(UTC).date()
            yield RateUsed(row.pk, day, code, currency, rate, source_of_rate(row.timestamp, rate))


def source_of_rate(at: datetime, rate: Decimal | None) -> str:
    day = at.astimezone(UTC).date()
    if rate is None:
        return "no rate is known"
    if day >= clock.now().date() or currencies.ecb_rates(day) is None:
        return "the rate of today"
    return "the European Central Bank's reference rate of that day, or of the last business day before it"
