"""Selector: how the figures of one position came about, from the ledger itself: steps, lots, sales, fees, rates.

Nothing is computed here that the ledger has not computed; formulas are put beside its numbers.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, localcontext

from django.db.models import Q
from django.utils.translation import gettext, gettext_noop

from accounts.currencies import MONEY
from dashboard import clock
from dashboard.books import Fault, break_at, kept_fault, strayed
from dashboard.entries import KINDS, told_by_itself
from dashboard.ledger.effects import fee_worth
from dashboard.ledger.entry import EXACT, ZERO, Entry, Kind
from dashboard.ledger.lots import Lot
from dashboard.ledger.returns import gap
from dashboard.ledger.standing import Standing
from dashboard.ledger.working import Amounts, Disposal, Step
from dashboard.market import currencies
from dashboard.market.currencies import Exchange, is_of_coin, ratio
from dashboard.models import Asset, Portfolio, Position, Transaction
from dashboard.stretches import Stretch, settled, steps_until, stretch

FORMULAS = {
    Kind.BUY: gettext_noop("cost and invested + (quantity × price + fee)"),
    Kind.SELL: gettext_noop("realised + (quantity × price − fee) − cost of the lots that left"),
    Kind.SWAP: gettext_noop(
        "what is given: realised + value − cost of the lots that left; what is got: cost + value + fee"
    ),
    Kind.TRANSFER: gettext_noop(
        "quantity and cost stay; a fee in coins leaves at its cost, and its value counts as a fee"
    ),
    Kind.DEPOSIT: gettext_noop("cost and invested + the cost you stated, else the value of that day"),
    Kind.WITHDRAWAL: gettext_noop("cost and invested − cost of the lots that left: no sale, no gain"),
    Kind.REWARD: gettext_noop("income and cost + value of that day"),
    Kind.STAKE: gettext_noop("nothing changes: the coins are still yours"),
    Kind.UNSTAKE: gettext_noop("nothing changes: the coins were yours all along"),
    Kind.GIFT_IN: gettext_noop("cost and invested + the cost you stated, else the value of that day"),
    Kind.GIFT_OUT: gettext_noop("cost and invested − cost of the lots that left: no sale, no gain"),
    Kind.SPEND: gettext_noop("realised + value of that day − cost of the lots that left"),
    Kind.LOST: gettext_noop("realised − cost of the lots that are lost"),
    Kind.FEE: gettext_noop("realised + value of the fee − its cost; fees + value of the fee"),
    Kind.FORK: gettext_noop("new coins at no cost"),
    Kind.SPLIT: gettext_noop("quantity × ratio; cost stays"),
    Kind.MIGRATE: gettext_noop("the lots become lots of the other coin, with their cost and dates"),
    Kind.DIVIDEND: gettext_noop("income + amount, invested − amount"),
    Kind.ADJUST: gettext_noop("quantity set; cost and invested change by what enters or leaves"),
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
    def fee_value(self) -> Decimal | None:
        """What a fee in coins was worth; None for one in money, and where nobody knows."""
        if not self.entry.fee_asset:
            return None
        with localcontext(EXACT):
            return fee_worth(self.entry)

    @property
    def fee_value_source(self) -> str:
        """`stated`, `price` (the transaction's own), `daily price` or `unknown`; nothing where no coins were paid."""
        if not self.entry.fee_asset:
            return ""
        if self.fee_value is None:
            return "unknown"
        if self.row.fee_value is not None:
            return "stated"
        return "price" if self.entry.fee_value is None else "daily price"

    @property
    def formula(self) -> str:
        return gettext(FORMULAS[self.step.entry.kind])


@dataclass(frozen=True, slots=True)
class DisposalShown:
    """What left for good, the lots it came from, and the transaction that did it."""

    disposal: Disposal
    row: Transaction


@dataclass(frozen=True, slots=True)
class Working:
    """What is behind the figures of `asset` in `portfolio`, in its currency: some of its steps, with the figures before
    the first of them, so that these and the changes make the figures after the last; and some of its lots.

    Steps and disposals are the oldest first. `first` counts the steps before those shown, of `count` in all. Lots are
    told in the order in which they leave, from place `first_lot` on, of `lot_count`.
    """

    portfolio: Portfolio
    asset: Asset
    figures: Amounts
    fees_paid: Decimal
    ever_invested: Decimal
    average_cost: Decimal | None
    first: int
    count: int
    before: Amounts
    steps: tuple[StepShown, ...]
    disposals: tuple[DisposalShown, ...]
    lots: tuple[Lot, ...]
    first_lot: int
    lot_count: int
    fault: Fault | None

    @property
    def after(self) -> Amounts:
        """The figures after the last of the steps."""
        return self.steps[-1].after if self.steps else self.before

    @property
    def last(self) -> int:
        """How many steps there are up to the last one shown."""
        return self.first + len(self.steps)

    @property
    def is_newest(self) -> bool:
        return self.last == self.count

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
        """The part of the realised gain of these steps that is in no disposal: what a split rounded away."""
        with localcontext(EXACT):
            gains = sum((shown.disposal.gain for shown in self.disposals), ZERO)
            return self.after.realised - self.before.realised - gains


class NothingToShow(Exception):
    """No transaction of the portfolio moves the asset."""


STEPS, LOTS = 50, 50
"""How many are shown unless somebody asks for more."""


def working_of(
    portfolio: Portfolio,
    asset: Asset,
    *,
    offset: int = 0,
    limit: int = STEPS,
    first_lot: int = 0,
    lot_limit: int = LOTS,
) -> Working:
    """The working of one position: the newest `limit` steps but for `offset` newer ones.

    What is read does not grow with the history, only with what is shown. Raises NothingToShow where there never was a
    position.
    """

    def look() -> Working:
        position = portfolio.positions.select_related("asset").filter(asset=asset).first()
        count = steps_until(portfolio, asset.pk)
        if position is None or not count:
            raise NothingToShow(asset.pk)
        stop = max(count - offset, 0)
        shown = stretch(portfolio, asset.pk, max(stop - limit, 0), stop)
        end = shown.standing if stop == count else stretch(portfolio, asset.pk, count, count).standing
        return put_together(position, shown, end, count, first_lot, lot_limit)

    return settled(portfolio, look)


def newer_than(portfolio: Portfolio, asset: Asset, moment: datetime) -> int:
    """How many steps are later than `moment`."""
    return steps_until(portfolio, asset.pk) - steps_until(portfolio, asset.pk, moment)


SECTIONS: Mapping[str, Q] = {
    "realised": Q(type__in=[Kind.SELL, Kind.SWAP, Kind.SPEND, Kind.LOST, Kind.FEE, Kind.WITHDRAWAL, Kind.GIFT_OUT]),
    "income": Q(type__in=[Kind.REWARD, Kind.DIVIDEND]),
    "fees": Q(type=Kind.FEE) | Q(fee_amount__isnull=False),
}
"""The sections whose steps may lie far apart, and which transactions may be in them."""


def earlier(portfolio: Portfolio, asset: Asset, section: str, moment: datetime) -> datetime | None:
    """When something happened last, before `moment`, that may belong in the section."""
    rows = portfolio.transactions.touching(asset.pk).filter(SECTIONS[section], timestamp__lt=moment)
    return rows.order_by("-timestamp").values_list("timestamp", flat=True).first()


def put_together(
    position: Position, shown: Stretch, end: Standing, count: int, first_lot: int, lot_limit: int
) -> Working:
    portfolio, asset = position.portfolio, position.asset
    rows = Transaction.objects.in_bulk([step.entry.id for step in shown.steps])
    exchange = Exchange(portfolio.currency)
    steps = tuple(shown_step(step, rows[step.entry.id], exchange) for step in shown.steps if step.entry.id in rows)
    return Working(
        portfolio=portfolio,
        asset=asset,
        figures=Amounts(*[getattr(position, name) for name in Amounts.__slots__]),
        fees_paid=position.fees_paid,
        ever_invested=position.ever_invested,
        average_cost=end.average_cost,
        first=shown.first,
        count=count,
        before=shown.before,
        steps=steps,
        disposals=tuple(DisposalShown(each, rows[each.entry.id]) for each in shown.disposals if each.entry.id in rows),
        lots=end.some_lots(first_lot, first_lot + lot_limit),
        first_lot=first_lot,
        lot_count=end.lots_counted(),
        fault=fault_of(position, steps, end),
    )


def fault_of(position: Position, steps: Iterable[StepShown], end: Standing) -> Fault | None:
    """Where a step shown, or the kept figures, don't add up, or are not what the transactions make them."""
    asset = position.asset
    if broken := next((step for step in steps if gap(step.after)), None):
        return break_at(broken.entry, asset.pk, asset.symbol, gap(broken.after))
    return strayed(asset.pk, asset.symbol, end, position) or kept_fault(position)


def shown_step(step: Step, row: Transaction, exchange: Exchange) -> StepShown:
    return StepShown(step, row, value_source(step.entry, row), tuple(rates_used(step.entry, row, exchange)))


def value_source(entry: Entry, row: Transaction) -> str:
    """`stated`, `price`, `daily price` (stored, of that day), `unknown`, or nothing where no value is needed."""
    if entry.basis is not None or (entry.value is not None and row.value_override is not None):
        return "stated"
    if entry.value is not None:
        return "daily price" if row.price is None else "price"
    return "unknown" if entry.kind in NEEDING_VALUE else ""


SOURCES = (gettext_noop("stated"), gettext_noop("price"), gettext_noop("daily price"), gettext_noop("unknown"))
"""What `value_source` answers, which pages translate and the API does not."""
NEEDING_VALUE = frozenset(
    {Kind.BUY, Kind.SELL, Kind.SWAP, Kind.DEPOSIT, Kind.REWARD, Kind.GIFT_IN, Kind.SPEND, Kind.FEE, Kind.DIVIDEND}
)


def rates_used(entry: Entry, row: Transaction, exchange: Exchange) -> Iterable[RateUsed]:
    """The exchange rates by which the row's money became the portfolio's, each once."""
    codes = []
    if any(money is not None for money in (row.price, row.value_override, row.fee_value)):
        codes.append(row.price_currency)
    elif entry.value is not None and not (exchange.coin and told_by_itself(row, entry.kind, exchange.coin)):
        codes.append("usd")  # stored daily prices are in US dollars
    if row.fee_amount and (row.fee_asset_id is None or row.fee_asset_id in MONEY):
        codes.append(row.fee_asset_id or row.price_currency)
    own = trade_rate(row, exchange)
    for code in dict.fromkeys(codes):
        if code != exchange.code:
            is_own = own is not None and code == row.price_currency
            rate = own if is_own else exchange.rate(code, row.timestamp)
            source = gettext("the trade itself") if is_own else source_of_rate(code, exchange.code, row.timestamp, rate)
            day = row.timestamp.astimezone(UTC).date()
            yield RateUsed(row.pk, day, code, exchange.code, rate, source)


def trade_rate(row: Transaction, exchange: Exchange) -> Decimal | None:
    """The rate that a trade of the very coin that is counted in says itself; None for any other."""
    stated = row.value_override
    if stated is None and row.price is not None:
        stated = EXACT.multiply(row.price, row.amount)
    return ratio(told_by_itself(row, KINDS[row.type], exchange.coin), stated) if exchange.coin else None


def source_of_rate(code: str, own: str, at: datetime, rate: Decimal | None) -> str:
    day = at.astimezone(UTC).date()
    if rate is None:
        return gettext("no rate is known")
    is_today = day >= clock.now().date()
    if is_of_coin(code, own) and not is_today:
        return gettext("the coin’s stored price of that day")
    if is_today or currencies.ecb_rates(day) is None:
        return gettext("the rate of today")
    return gettext("the European Central Bank's reference rate of that day, or of the last business day before it")
