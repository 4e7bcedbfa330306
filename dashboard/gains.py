"""Selector: what a year brought in one portfolio: everything that was sold, from which lots, income and fees.

A year begins and ends in its owner's time zone. It is a report of the ledger's figures, not a tax return.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, localcontext
from zoneinfo import ZoneInfo

from django.db.models import Max, Min
from django.utils.translation import gettext

from accounts.currencies import MONEY
from dashboard.books import names_of
from dashboard.kinds import WORDINGS
from dashboard.ledger.entry import EXACT, LAST_PLACE, ZERO, Entry, Kind
from dashboard.ledger.lots import Lot
from dashboard.ledger.standing import Standing
from dashboard.ledger.working import Disposal
from dashboard.models import Portfolio
from dashboard.stretches import settled, standings_during

AT_COST = frozenset({Kind.WITHDRAWAL, Kind.GIFT_OUT})
"""What leaves by these leaves at its cost: no sale, so it is not reported. A fee in coins that comes with it is."""
MAIN = frozenset({Kind.SELL, Kind.SWAP, Kind.SPEND, Kind.LOST, Kind.FEE})


@dataclass(frozen=True, slots=True)
class Coin:
    asset: str
    symbol: str
    name: str


@dataclass(frozen=True, slots=True)
class SoldLot:
    """The part of a sale that came from one lot. Proceeds are shared by quantity, exactly."""

    acquired_at: datetime
    quantity: Decimal
    proceeds: Decimal
    cost: Decimal
    assumed: bool

    @property
    def gain(self) -> Decimal:
        return EXACT.subtract(self.proceeds, self.cost)


@dataclass(frozen=True, slots=True)
class Sale:
    """Coins that left for something; `what` says for what."""

    coin: Coin
    entry: Entry
    what: str
    quantity: Decimal
    proceeds: Decimal
    cost: Decimal
    gain: Decimal
    lots: tuple[SoldLot, ...]


@dataclass(frozen=True, slots=True)
class Receipt:
    """Income, or a fee that is part of no cost and no proceeds: `amount` is money. `known` is False where nobody knows
    what the coins were worth, so that they count as zero. `quantity` is None where no coins moved."""

    coin: Coin
    entry: Entry
    quantity: Decimal | None
    amount: Decimal
    known: bool

    @property
    def kind(self) -> str:
        """The kind in plain words."""
        return gettext(WORDINGS[self.entry.kind].label)


@dataclass(frozen=True, slots=True)
class GainsReport:
    """One year of one portfolio, in its currency, oldest first."""

    portfolio: Portfolio
    year: int
    zone: ZoneInfo
    sales: tuple[Sale, ...]
    income: tuple[Receipt, ...]
    fees: tuple[Receipt, ...]

    @property
    def proceeds(self) -> Decimal:
        return summed(sale.proceeds for sale in self.sales)

    @property
    def cost(self) -> Decimal:
        return summed(sale.cost for sale in self.sales)

    @property
    def gain(self) -> Decimal:
        return summed(sale.gain for sale in self.sales)

    @property
    def income_total(self) -> Decimal:
        return summed(receipt.amount for receipt in self.income)

    @property
    def fees_total(self) -> Decimal:
        return summed(receipt.amount for receipt in self.fees)


def summed(amounts: Iterator[Decimal]) -> Decimal:
    with localcontext(EXACT):
        return sum(amounts, ZERO)


def years_of(portfolio: Portfolio, zone: ZoneInfo) -> list[int]:
    """The years from the first transaction to the last, newest first."""
    ends = portfolio.transactions.aggregate(first=Min("timestamp"), last=Max("timestamp"))
    if ends["first"] is None:
        return []
    first, last = (ends[name].astimezone(zone).year for name in ("first", "last"))
    return list(range(last, first - 1, -1))


def gains_report(portfolio: Portfolio, year: int, zone: ZoneInfo) -> GainsReport:
    """The report of `year`, which begins at midnight in `zone`.

    What is read does not grow with the years before: it goes on from the last states kept before that midnight.
    """
    return settled(portfolio, lambda: report_of(portfolio, year, zone))


def report_of(portfolio: Portfolio, year: int, zone: ZoneInfo) -> GainsReport:
    start, end = datetime(year, 1, 1, tzinfo=zone), datetime(year + 1, 1, 1, tzinfo=zone)
    standings = standings_during(portfolio, moved_by(portfolio, start, end), start, end)
    names = names_of(standings)
    sales: list[Sale] = []
    income: list[Receipt] = []
    fees: list[Receipt] = []
    with localcontext(EXACT):
        for asset, standing in standings.items():
            coin = Coin(asset, *names.get(asset, (asset, asset)))
            sales += sales_of(coin, standing, start)
            for step in standing.steps():
                if step.entry.at < start:
                    continue
                known = step.entry.value is not None
                if step.change.income or (step.entry.kind is Kind.REWARD and step.entry.asset == asset):
                    income.append(Receipt(coin, step.entry, step.entry.amount, step.change.income, known))
                if step.change.fees:
                    fees.append(Receipt(coin, step.entry, coins_paid(step.entry), step.change.fees, known=True))
    return GainsReport(
        portfolio=portfolio,
        year=year,
        zone=zone,
        sales=tuple(sorted(sales, key=when)),
        income=tuple(sorted(income, key=when)),
        fees=tuple(sorted(fees, key=when)),
    )


def when(told: Sale | Receipt) -> tuple[datetime, int, bool, str]:
    """By time; of one transaction the main coin first."""
    return told.entry.at, told.entry.id, told.coin.asset != told.entry.asset, told.coin.asset


def moved_by(portfolio: Portfolio, start: datetime, end: datetime) -> set[str]:
    """The coins that any transaction of that time moves."""
    rows = portfolio.transactions.order_by().filter(timestamp__gte=start, timestamp__lt=end)
    named = rows.values_list("asset_id", "counter_asset_id", "fee_asset_id").distinct()
    return {asset for assets in named for asset in assets if asset} - MONEY.keys()


def sales_of(coin: Coin, standing: Standing, start: datetime) -> Iterator[Sale]:
    """What left since `start` and was no mere withdrawal or gift."""
    for disposal in standing.disposals():
        entry = disposal.entry
        at_cost = entry.kind in AT_COST and disposal.proceeds == disposal.cost
        if at_cost or entry.at < start:
            continue
        yield Sale(
            coin=coin,
            entry=entry,
            what=what_for(entry, coin.asset),
            quantity=disposal.quantity,
            proceeds=disposal.proceeds,
            cost=disposal.cost,
            gain=disposal.gain,
            lots=tuple(shared(disposal)),
        )


def coins_paid(entry: Entry) -> Decimal | None:
    """How many coins a fee took; None where it was money."""
    if entry.kind is Kind.FEE:
        return entry.amount
    return entry.fee_amount if entry.fee_asset else None


def what_for(entry: Entry, asset: str) -> str:
    kind = gettext(WORDINGS[entry.kind].label)
    if entry.kind in MAIN and entry.asset == asset:
        return kind
    return gettext("Fee of a %(kind)s") % {"kind": kind.lower()}


def shared(disposal: Disposal) -> Iterator[SoldLot]:
    """The lots of a disposal with their share of its proceeds; the last takes what rounding leaves."""
    whole, left = disposal.quantity, disposal.proceeds
    for place, lot in enumerate(disposal.lots, start=1):
        last = place == len(disposal.lots)
        part = left if last else (disposal.proceeds * lot.quantity / whole).quantize(LAST_PLACE)
        left -= part
        yield sold(lot, part)


def sold(lot: Lot, proceeds: Decimal) -> SoldLot:
    return SoldLot(lot.acquired_at, lot.quantity, proceeds, lot.cost, lot.assumed)
