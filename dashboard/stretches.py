"""Selectors: a part of an asset's history as the ledger posts it, from the last state kept before it, so that what is
read does not grow with all that lies before. Where no state is kept, everything before is posted too: the same result.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from django.db.models import Count, QuerySet

from dashboard.checkpoints import rules_of
from dashboard.entries import entries_after, groups_of
from dashboard.ledger.book import Book
from dashboard.ledger.entry import Entry, in_order
from dashboard.ledger.keeping import restore
from dashboard.ledger.methods import Method, Scope
from dashboard.ledger.standing import Standing
from dashboard.ledger.working import Amounts, Disposal, Step
from dashboard.market.history import Past
from dashboard.models import LotState, Portfolio

Found = TypeVar("Found")
A_FEW = 250
"""Rows read at a time where it may soon be enough."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some steps of an asset in their order, with what left by them, and the figures before the first of them.

    `standing` is that after the last entry of the last one's moment.
    """

    first: int
    before: Amounts
    steps: tuple[Step, ...]
    disposals: tuple[Disposal, ...]
    standing: Standing


def settled(portfolio: Portfolio, look: Callable[[], Found]) -> Found:
    """What `look` finds while nobody changes the portfolio: it looks again where somebody did meanwhile."""
    before = revision_of(portfolio)
    for _ in range(3):
        found = look()
        after = revision_of(portfolio)
        if before == after:
            break
        before = after
    return found


def revision_of(portfolio: Portfolio) -> int:
    return Portfolio.objects.values_list("revision", flat=True).get(pk=portfolio.pk)


def steps_until(portfolio: Portfolio, asset: str, moment: datetime | None = None) -> int:
    """How many transactions move the asset, at `moment` or earlier where that is given."""
    states = states_of(portfolio, [asset])
    rows = portfolio.transactions.touching(asset)
    if moment is not None:
        states, rows = states.filter(upto__lte=moment), rows.filter(timestamp__lte=moment)
    newest = states.order_by("-upto").values_list("upto", "entries").first()
    if newest is None:
        return rows.count()
    upto, entries = newest
    return entries + rows.filter(timestamp__gt=upto).count()


def stretch(portfolio: Portfolio, asset: str, start: int, stop: int) -> Stretch:
    """The steps of the asset from number `start` to before `stop`, counted from 0 at the oldest."""
    (group,) = groups_of(portfolio, [asset])
    states = states_of(portfolio, group)
    known = states.filter(asset=asset, entries__lte=start, upto__in=complete(states, group))
    upto = known.order_by("-upto").values_list("upto", flat=True).first()
    book, passed = Book(Method(portfolio.method), Scope(portfolio.lot_scope)), 0
    if upto is not None:
        for state in states.filter(upto=upto):
            book.standings[state.asset_id] = restore(state.state)
            passed = state.entries if state.asset_id == asset else passed
    entries = entries_after(portfolio, group, upto, Past(portfolio.currency), chunk_size=A_FEW)
    book.extend(in_order(enough(entries, asset, stop - passed)))
    return part(book.standing(asset), passed, start, stop)


def standing_now(portfolio: Portfolio, asset: str) -> Standing:
    """The standing of the asset after its last transaction, by the last state kept."""
    count = steps_until(portfolio, asset)
    return stretch(portfolio, asset, count, count).standing


def part(standing: Standing, passed: int, start: int, stop: int) -> Stretch:
    """Those of its steps; `passed` is how many there were before its first."""
    steps = standing.steps()
    shown = steps[start - passed : stop - passed]
    before = steps[start - passed - 1].after if steps and start > passed else Amounts(*standing.opening)
    ids = {step.entry.id for step in shown}
    disposals = tuple(disposal for disposal in standing.disposals() if disposal.entry.id in ids)
    return Stretch(start, before, shown, disposals, standing)


def enough(entries: Iterable[Entry], asset: str, wanted: int) -> Iterator[Entry]:
    """Entries until `wanted` of them have moved the asset, and the last one's moment is over."""
    last: datetime | None = None
    for entry in entries:
        if wanted <= 0 and entry.at != last:
            return
        yield entry
        wanted -= asset in entry.assets
        last = entry.at


def standings_during(
    portfolio: Portfolio, assets: Collection[str], start: datetime, end: datetime
) -> Mapping[str, Standing]:
    """The standings of `assets` just before `end`, with the record of all their steps from `start` on, and perhaps of
    some before.

    Assets without a state are posted together, by one query; of the others there are few, for each has a long history.
    """
    standings: dict[str, Standing] = {}
    beginning: set[str] = set()
    for group, found in states_before(portfolio, groups_of(portfolio, assets), start):
        if found is None:
            beginning |= group
        else:
            upto, kept = found
            standings |= posted(portfolio, group, kept, upto, end)
    if beginning:
        standings |= posted(portfolio, beginning, {}, None, end)
    return standings


def posted(
    portfolio: Portfolio, group: Collection[str], kept: dict[str, Standing], upto: datetime | None, end: datetime
) -> Mapping[str, Standing]:
    book = Book(Method(portfolio.method), Scope(portfolio.lot_scope))
    book.standings = kept
    book.extend(in_order(entries_after(portfolio, group, upto, Past(portfolio.currency), before=end)))
    return {asset: standing for asset, standing in book.standings.items() if asset in group}


def states_before(
    portfolio: Portfolio, groups: Collection[frozenset[str]], moment: datetime
) -> Iterator[tuple[frozenset[str], tuple[datetime, dict[str, Standing]] | None]]:
    """Each group with the last moment before this of which the states of all the group are kept, and those states."""
    moments: dict[str, dict[datetime, int]] = {}
    states = states_of(portfolio, set().union(*groups)).filter(upto__lt=moment)
    for asset, upto, pk in states.values_list("asset_id", "upto", "pk"):
        moments.setdefault(asset, {})[upto] = pk
    for group in groups:
        known = [moments.get(asset, {}) for asset in group]
        newest = max(set(known[0]).intersection(*known[1:]), default=None)
        if newest is None:
            yield group, None
        else:
            rows = LotState.objects.filter(pk__in=[of[newest] for of in known])
            yield group, (newest, {row.asset_id: restore(row.state) for row in rows})


def states_of(portfolio: Portfolio, assets: Collection[str]) -> QuerySet[LotState]:
    return LotState.objects.filter(portfolio=portfolio, asset__in=assets, rules=rules_of(portfolio))


def complete(states: QuerySet[LotState], group: Collection[str]) -> QuerySet[LotState, datetime]:
    """The moments of which the states of all the group are kept."""
    counted = states.order_by().values("upto").annotate(count=Count("pk")).filter(count=len(group))
    return counted.values_list("upto", flat=True)
