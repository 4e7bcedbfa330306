"""Selector: the daily values that are kept, of one portfolio or of several together."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, localcontext
from itertools import groupby

from django.db.models import Min, QuerySet

from dashboard.analysis.course import Day
from dashboard.backfill.valuing import midnight
from dashboard.ledger.entry import ZERO
from dashboard.market.currencies import Exchange
from dashboard.models import DailyValue, Portfolio
from dashboard.money import WIDE, quantize

COLUMNS = ("portfolio_id", "day", "currency", "value", "cost", "profit", "inflow", "outflow", "income")


@dataclass(frozen=True, slots=True)
class DayWorth:
    """The beginning of a day: what there was and had cost, and what the day before brought; None: nobody knows."""

    at: datetime
    value: Decimal | None
    cost: Decimal | None
    profit: Decimal | None
    inflow: Decimal | None
    outflow: Decimal | None
    income: Decimal

    @property
    def as_day(self) -> Day:
        return Day(self.at.date(), self.value, self.inflow, self.outflow, self.income)


def daily_worth(
    portfolios: QuerySet[Portfolio], currency: str, start: date | None = None, end: date | None = None
) -> Iterator[DayWorth]:
    """The days from `start` to `end`, in `currency` at each day's rate; what lacks of one portfolio lacks of all."""
    found = DailyValue.objects.filter(portfolio__in=portfolios)
    firsts = dict(found.order_by().values_list("portfolio").annotate(first=Min("day")))
    if start is not None:
        found = found.filter(day__gte=start)
    if end is not None:
        found = found.filter(day__lte=end)
    exchange = Exchange(currency)
    rows = found.order_by("day").values_list(*COLUMNS).iterator(chunk_size=5000)
    for day, several in groupby(rows, key=lambda row: row[1]):
        told = [converted(row, exchange) for row in several]
        if len(told) < sum(first <= day for first in firsts.values()):
            continue  # some of them aren't valued that far
        yield told[0] if len(told) == 1 else together(told)


def converted(row: tuple, exchange: Exchange) -> DayWorth:  # type: ignore[type-arg]
    _, day, currency, *amounts = row
    at = midnight(day)
    rate = exchange.rate(currency, at)
    if rate == 1:
        return DayWorth(at, *amounts)
    if rate is None:
        return DayWorth(at, None, None, None, None, None, ZERO)
    with localcontext(WIDE):
        return DayWorth(at, *(None if amount is None else quantize(amount * rate) for amount in amounts))


def together(told: list[DayWorth]) -> DayWorth:
    def summed(name: str) -> Decimal | None:
        amounts = [getattr(one, name) for one in told]
        return None if None in amounts else sum(amounts, ZERO)

    with localcontext(WIDE):
        return DayWorth(
            told[0].at, *(summed(name) for name in COLUMNS[3:-1]), sum((one.income for one in told), ZERO)
        )  # fmt: skip
