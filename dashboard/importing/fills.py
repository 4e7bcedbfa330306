"""One trade out of several rows: what an exchange writes leg by leg, netted by coin.

It decides what left, what arrived and what was the fee; which draft that makes is the business of movement.py.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, localcontext
from typing import TypeVar

from django.utils.translation import gettext

from dashboard.importing.cells import Row, Unreadable
from dashboard.importing.formats import Outcome, Stated, Unclear
from dashboard.importing.movement import Movement, Sum, outcome_of
from dashboard.money import WIDE

Key = TypeVar("Key", bound=tuple[str, ...])
ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Trade:
    """What left, what arrived, and the fee on top of both."""

    sent: Sum
    received: Sum
    fee: Sum | None


def trade_of(changes: Iterable[Sum], fees: Iterable[Sum]) -> Trade:
    """The trade that signed changes and fees (above zero where they were charged) make together.

    Unreadable unless exactly one coin goes up and exactly one goes down.
    """
    with localcontext(WIDE):
        net, charged = by_ticker(changes), by_ticker(fees)
        up = [Sum(number, ticker) for ticker, number in net.items() if number > ZERO]
        down = [Sum(-number, ticker) for ticker, number in net.items() if number < ZERO]
        if len(up) != 1 or len(down) != 1:
            raise Unreadable(
                gettext("No trade: %(names)s came and %(names_2)s went, where one of each makes a trade.")
                % {"names": names(up), "names_2": names(down)}
            )
        return with_fee(down[0], up[0], charged)


def with_fee(sent: Sum, received: Sum, charged: dict[str, Decimal]) -> Trade:
    """The trade with its fee. Of fees in several coins those in a leg's own coin become part of that leg."""
    charged = {ticker: number for ticker, number in charged.items() if number}
    for leg_ticker in (received.ticker, sent.ticker):
        paid = charged.get(leg_ticker, ZERO)
        if paid < ZERO or (paid and len(charged) > 1):
            del charged[leg_ticker]
            if leg_ticker == received.ticker:
                received = Sum(received.amount - paid, leg_ticker)
            else:
                sent = Sum(sent.amount + paid, leg_ticker)
    if len(charged) > 1:
        raise Unreadable(
            gettext("Fees in %(charged)s were charged on one trade.") % {"charged": " and ".join(sorted(charged))}
        )
    fee = next((Sum(number, ticker) for ticker, number in charged.items()), None)
    if fee and fee.amount < ZERO:
        raise Unreadable(gettext("A fee in %(ticker)s was paid back.") % {"ticker": fee.ticker})
    return Trade(sent, received, fee)


def by_ticker(sums: Iterable[Sum]) -> dict[str, Decimal]:
    totals: dict[str, Decimal] = {}
    for each in sums:
        totals[each.ticker] = totals.get(each.ticker, ZERO) + each.amount
    return totals


def names(sums: list[Sum]) -> str:
    return " and ".join(sorted(each.ticker for each in sums)) or "nothing"


def outcomes_of(group: Sequence[Row], moved: Callable[[], Movement]) -> list[Outcome]:
    """The one transaction that the rows make together, or the reason why they don't for each of them."""
    first = group[0].line
    try:
        outcome = outcome_of(first, moved())
    except Unreadable as error:
        outcome = Unclear(first, str(error))
    return [outcome] if isinstance(outcome, Stated) else [replace(outcome, line=row.line) for row in group]


def emptied(groups: dict[Key, list[Row]]) -> Iterator[tuple[Key, list[Row]]]:
    """The groups one by one, each forgotten when the next is asked for: a long file's rows are many."""
    while groups:
        yield groups.popitem()


def in_order(outcomes: Iterable[Outcome]) -> list[Outcome]:
    """As the file has them: groups are read after the rows that stand alone."""
    return sorted(outcomes, key=lambda outcome: outcome.line.number)
