"""Selector: what a year brought in one portfolio: everything that was sold, from which lots, income and fees.

A year begins and ends in its owner's time zone. It is a report of the ledger's figures, not a tax return.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, localcontext
from zoneinfo import ZoneInfo

from django.db.models import Max, Min

from dashboard.books import Books, books_of, names_of
from dashboard.ledger.entry import EXACT, LAST_PLACE, ZERO, Entry, Kind
from dashboard.ledger.lots import Lot
from dashboard.ledger.standing import Standing
from dashboard.ledger.working import Disposal
from dashboard.models import Portfolio, Transaction

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
    row: Transaction
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
    row: Transaction
    quantity: Decimal | None
    amount: Decimal
    known: bool


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
    """The report of `year`, which begins at midnight in `zone`."""
    books = books_of(portfolio)
    names = names_of(books.book.standings)
    sales: list[Sale] = []
    income: list[Receipt] = []
    fees: list[Receipt] = []
    with localcontext(EXACT):
        for asset, standing in books.book.standings.items():
            coin = Coin(asset, *names.get(asset, (asset, asset)))
            sales += sales_of(coin, standing, books, year, zone)
            for step in standing.steps():
                if step.entry.at.astimezone(zone).year != year:
                    continue
                row, known = books.rows[step.entry.id], step.entry.value is not None
                if step.change.income or (step.entry.kind is Kind.REWARD and step.entry.asset == asset):
                    income.append(Receipt(coin, row, step.entry.amount, step.change.income, known))
                if step.change.fees:
                    fees.append(Receipt(coin, row, coins_paid(step.entry), step.change.fees, known=True))
    return GainsReport(
        portfolio=portfolio,
        year=year,
        zone=zone,
        sales=tuple(sorted(sales, key=lambda sale: (sale.row.timestamp, sale.row.pk))),
        income=tuple(sorted(income, key=lambda receipt: (receipt.row.timestamp, receipt.row.pk))),
        fees=tuple(sorted(fees, key=lambda receipt: (receipt.row.timestamp, receipt.row.pk))),
    )


def sales_of(coin: Coin, standing: Standing, books: Books, year: int, zone: ZoneInfo) -> Iterator[Sale]:
    for disposal in standing.disposals():
        entry = disposal.entry
        at_cost = entry.kind in AT_COST and disposal.proceeds == disposal.cost
        if at_cost or entry.at.astimezone(zone).year != year:
            continue
        row = books.rows[entry.id]
        yield Sale(
            coin=coin,
            row=row,
            what=what_for(entry, row, coin.asset),
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


def what_for(entry: Entry, row: Transaction, asset: str) -> str:
    kind: str = row.get_type_display()
    if entry.kind in MAIN and entry.asset == asset:
        return kind
    return f"Fee of a {kind.lower()}"


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
