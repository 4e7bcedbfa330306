"""The book of a portfolio: entries posted in their order, one standing for each asset. All a book knows is explicit
state, so it can be copied, kept, and gone on from with later entries; the result is that of posting all at once.
"""

import gc
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal, localcontext

from dashboard.ledger.effects import EFFECTS, TRADES, pay_fee
from dashboard.ledger.entry import EXACT, ZERO, Entry, in_order, order
from dashboard.ledger.methods import Method, Scope
from dashboard.ledger.standing import Standing
from dashboard.ledger.working import Issue

MUCH = 20_000
"""So many new objects that looking through them takes milliseconds."""


class OutOfOrder(ValueError):
    """A book goes on with later entries only; an earlier one needs a book from before it."""


class Book:
    """Standings by asset. `last` is where the last entry stood."""

    __slots__ = ("last", "method", "scope", "standings")

    def __init__(self, method: Method, scope: Scope = Scope.PORTFOLIO) -> None:
        self.method = method
        self.scope = scope
        self.standings: dict[str, Standing] = {}
        self.last: tuple[datetime, int, int] | None = None

    def standing(self, asset: str) -> Standing:
        """The standing of an asset, which begins here if this is its first entry."""
        standing = self.standings.get(asset)
        if standing is None:
            standing = self.standings[asset] = Standing(asset, self.method, self.scope)
        return standing

    def extend(self, ordered: Sequence[Entry]) -> None:
        """Posts later entries, which are in their order. Raises OutOfOrder when the first is not later.

        Makes no garbage to collect, so nothing is looked for meanwhile.
        """
        if not ordered:
            return
        if self.last is not None and order(ordered[0]) <= self.last:
            raise OutOfOrder(f"entry {ordered[0].id} belongs before what is posted already")
        standings, find = self.standings, self.standing
        with uncollected(), localcontext(EXACT):
            for entry in ordered:
                main = standings.get(entry.asset) or find(entry.asset)
                kind = entry.kind
                EFFECTS[kind](entry, main, find)
                if entry.fee_amount:
                    if kind not in TRADES:
                        pay_fee(entry, main, find)
                elif entry.fee_value is not None:
                    main.flag(Issue.NO_VALUE, entry)
                if entry.counter_asset is None and entry.fee_asset is None:
                    main.record(entry)
                else:
                    record(entry, [find(asset) for asset in entry.assets])
        self.last = order(ordered[-1])

    def check(self) -> None:
        """InvalidEntry when the figures of an asset have outgrown what can be kept."""
        for standing in self.standings.values():
            standing.check()

    def copy(self) -> "Book":
        twin = Book(self.method, self.scope)
        twin.standings = {asset: standing.copy() for asset, standing in self.standings.items()}
        twin.last = self.last
        return twin


@contextmanager
def uncollected() -> Iterator[None]:
    """No search for garbage that refers to itself: a long history would be searched again and again in vain.

    Much that was made meanwhile counts as old at once; else the first thing made afterwards has all of it searched.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            if gc.get_count()[0] > MUCH:
                gc.freeze()
                gc.unfreeze()
            gc.enable()


def post(entries: Iterable[Entry], *, method: Method, scope: Scope = Scope.PORTFOLIO) -> Book:
    """The book of these entries, given in any order."""
    return resume(Book(method, scope), entries)


def resume(book: Book, entries: Iterable[Entry]) -> Book:
    """A book that goes on from `book` (which stays as it is) with later entries.

    Raises OutOfOrder when one of them belongs before or at the last entry of `book`, and InvalidEntry when the figures
    of an asset outgrow what can be kept.
    """
    book = book.copy()
    book.extend(in_order(entries))
    book.check()
    return book


def record(entry: Entry, touched: list[Standing]) -> None:
    """Closes the entry for all assets it touched, and notes what was invested in one out of another."""
    gave: list[tuple[str, Decimal]] = []
    got: list[tuple[Standing, Decimal]] = []
    for standing in touched:
        change = standing.record(entry)
        if change > ZERO:
            got.append((standing, change))
        elif change < ZERO:
            gave.append((standing.asset, -change))
    for standing, change in got:
        for asset, amount in gave:
            moved = min(change, amount)
            standing.exchanged[asset] = standing.exchanged.get(asset, ZERO) + moved
            change -= moved
