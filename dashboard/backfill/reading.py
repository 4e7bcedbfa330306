"""Selector: the daily values that are kept, of one portfolio or of several together."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import groupby
from typing import NamedTuple

from django.db.models import Min, QuerySet

from dashboard.analysis.course import Day
from dashboard.ledger.entry import ZERO
from dashboard.market.currencies import Exchange, midnight
from dashboard.models import DailyValue, Portfolio
from dashboard.money import WIDE, quantize


class Amounts(NamedTuple):
    """What is stored of a day."""

    currency: str
    value: Decimal | None
    cost: Decimal | None
    profit: Decimal | None
    inflow: Decimal | None
    outflow: Decimal | None
    income: Decimal


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
    rows = found.order_by("day").values_list("portfolio_id", "day", *Amounts._fields).iterator(chunk_size=5000)
    for day, several in groupby(rows, key=lambda row: row[1]):
        told = [converted(Amounts._make(row[2:]), day, exchange) for row in several]
        if len(told) < sum(first <= day for first in firsts.values()):
            continue  # some of them aren't valued that far
        yield told[0] if len(told) == 1 else together(told)


def converted(row: Amounts, day: date, exchange: Exchange) -> DayWorth:
    at = midnight(day)
    rate = exchange.rate_at(row.currency, at)

    def at_rate(amount: Decimal | None) -> Decimal | None:
        return (
            None if amount is None or rate is None else amount if rate == 1 else quantize(WIDE.multiply(amount, rate))
        )

    return DayWorth(
        at=at,
        value=at_rate(row.value),
        cost=at_rate(row.cost),
        profit=at_rate(row.profit),
        inflow=at_rate(row.inflow),
        outflow=at_rate(row.outflow),
        income=at_rate(row.income) or ZERO,
    )


def together(told: Sequence[DayWorth]) -> DayWorth:
    return DayWorth(
        at=told[0].at,
        value=summed(one.value for one in told),
        cost=summed(one.cost for one in told),
        profit=summed(one.profit for one in told),
        inflow=summed(one.inflow for one in told),
        outflow=summed(one.outflow for one in told),
        income=summed(one.income for one in told) or ZERO,
    )


def summed(amounts: Iterable[Decimal | None]) -> Decimal | None:
    """None where one of them is unknown."""
    whole = ZERO
    for amount in amounts:
        if amount is None:
            return None
        whole = WIDE.add(whole, amount)
    return whole
