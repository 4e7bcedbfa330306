"""Going on from what was computed before: the ledger of an asset is posted from the last state kept before a change,
and states are kept on the way. A state that may no longer be true is forgotten first, so one that is found is true.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from heapq import merge

from django.db.models import Count, Q

from dashboard.entries import entries_after, groups_of
from dashboard.ledger.book import Book, uncollected
from dashboard.ledger.entry import Entry, Kind, in_order, time_of
from dashboard.ledger.keeping import VERSION, keep, restore
from dashboard.ledger.methods import Method, Scope
from dashboard.ledger.standing import Standing
from dashboard.market.history import Past
from dashboard.models import Import, LotState, Portfolio


@dataclass(frozen=True, slots=True)
class Spacing:
    """How far apart states are kept.

    One after `every` entries of an asset, or after half as many as it has lots where those are more: all states of a
    history together are then no larger than a few times the history. Another one `newest` entries before the end, where
    most changes happen.
    """

    every: int = 1_000
    newest: int = 100


USUAL = Spacing()


def standings_of(
    portfolio: Portfolio, assets: Collection[str], since: datetime | None, spacing: Spacing = USUAL
) -> Mapping[str, Standing]:
    """The standing of each of `assets`, and of those connected with them, that any transaction moves.

    Of all transactions that touch them, only such at `since` or later have changed; None: everything may have. The
    standings have no record of steps and disposals.
    """
    groups = groups_of(portfolio, assets)
    forget(portfolio, set().union(*groups), since)
    standings: dict[str, Standing] = {}
    beginning: list[frozenset[str]] = []
    for group in groups:
        run = Run.from_kept(portfolio, group, spacing) if since is not None else None
        if run is None:
            beginning.append(group)
        else:
            standings |= run.go_on()
    return standings | Run(portfolio, beginning, spacing).go_on() if beginning else standings


@dataclass(frozen=True, slots=True)
class Outlook:
    """What standings and states will be once entries are recorded, or taken back, that come at `since` or later."""

    portfolio: Portfolio
    assets: frozenset[str]
    since: datetime
    standings: Mapping[str, Standing]
    runs: "tuple[Run, ...]"

    def store(self) -> None:
        """Keep the states, when that has happened and nothing else has changed."""
        forget(self.portfolio, self.assets, self.since)
        for run in self.runs:
            run.store()


def outlook(portfolio: Portfolio, coming: Sequence[Entry], spacing: Spacing = USUAL) -> Outlook:
    """The standings that `standings_of` will give when the entries `coming`, which are by time, are recorded.

    Writes nothing. Raises InvalidEntry where figures grow beyond what can be kept.
    """
    ties = {(entry.asset, entry.counter_asset) for entry in coming if entry.kind is Kind.MIGRATE}
    groups = groups_of(portfolio, {asset for entry in coming for asset in entry.assets}, ties)
    return looked_out(portfolio, groups, coming[0].at, coming, None, spacing)


def outlook_without(
    portfolio: Portfolio, taken_back: Import, assets: Collection[str], since: datetime, spacing: Spacing = USUAL
) -> Outlook:
    """The standings that `standings_of` will give when all is taken back that this import added, to `assets` and from
    `since` on. Writes nothing. Raises InvalidEntry as `outlook` does.
    """
    return looked_out(portfolio, groups_of(portfolio, assets), since, (), taken_back, spacing)


def looked_out(
    portfolio: Portfolio,
    groups: Collection[frozenset[str]],
    since: datetime,
    coming: Sequence[Entry],
    without: Import | None,
    spacing: Spacing,
) -> Outlook:
    runs: list[Run] = []
    beginning: list[frozenset[str]] = []
    for group in groups:
        run = Run.from_kept(portfolio, group, spacing, before=since)
        if run is None:
            beginning.append(group)
        else:
            runs.append(run)
    if beginning:
        runs.append(Run(portfolio, beginning, spacing))
    standings: dict[str, Standing] = {}
    for run in runs:
        standings |= run.post(coming, without)
    return Outlook(portfolio, frozenset().union(*groups), since, standings, tuple(runs))


def forget(portfolio: Portfolio, assets: Iterable[str], since: datetime | None) -> None:
    """Of what was kept of `assets`, all that knows transactions at `since` or later, or was computed by other rules."""
    states = LotState.objects.filter(portfolio=portfolio, asset__in=assets)
    if since is not None:
        states = states.filter(Q(upto__gte=since) | ~Q(rules=rules_of(portfolio)))
    states.delete()


def rules_of(portfolio: Portfolio) -> str:
    return f"{VERSION} {portfolio.currency} {portfolio.method} {portfolio.lot_scope}"


@dataclass(slots=True)
class Run:
    """One posting of groups of assets, from the beginning or from what was kept of them up to `after`."""

    portfolio: Portfolio
    groups: list[frozenset[str]]
    spacing: Spacing
    after: datetime | None = None
    standings: dict[str, Standing] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    """How many entries moved each asset so far."""
    kept: Counter[str] = field(default_factory=Counter)
    """How many it were when its state was last kept."""
    states: list[LotState] = field(default_factory=list)

    @classmethod
    def from_kept(
        cls, portfolio: Portfolio, group: frozenset[str], spacing: Spacing, before: datetime | None = None
    ) -> "Run | None":
        """A run from the newest moment, earlier than `before`, of which the states of all the group are kept."""
        states = LotState.objects.filter(portfolio=portfolio, asset__in=group, rules=rules_of(portfolio))
        if before is not None:
            states = states.filter(upto__lt=before)
        moments = states.values("upto").annotate(count=Count("pk")).filter(count=len(group))
        newest = moments.order_by("-upto").values_list("upto", flat=True).first()
        if newest is None:
            return None
        run = cls(portfolio, [group], spacing, newest)
        for state in states.filter(upto=newest):
            run.standings[state.asset_id] = restore(state.state)
            run.counts[state.asset_id] = run.kept[state.asset_id] = state.entries
        return run

    def go_on(self) -> dict[str, Standing]:
        """Posts what comes later, keeping states on the way; returns the standings of assets that any entry moved."""
        standings = self.post()
        self.store()
        return standings

    def post(self, coming: Sequence[Entry] = (), without: Import | None = None) -> dict[str, Standing]:
        """As go_on, with entries that are not recorded yet, `without` those of an import; the states are not stored."""
        book = Book(Method(self.portfolio.method), Scope(self.portfolio.lot_scope))
        book.standings = self.standings
        assets = set().union(*self.groups)
        past = Past(self.portfolio.currency)
        entries = entries_after(self.portfolio, assets, self.after, past, without=without)
        if coming:
            entries = merge(entries, (e for e in coming if not assets.isdisjoint(e.assets)), key=time_of)
        with uncollected():
            for batch, left in batches(entries, self.spacing):
                book.extend(batch)
                for asset, standing in book.standings.items():
                    self.counts[asset] += standing.forget_record()
                if left != 0 and past.exchange.settled(batch[-1].at):
                    self.keep_due(batch[-1].at, soon=left is not None)
        book.check()
        return {asset: self.standings[asset] for asset in assets if self.counts[asset]}

    def keep_due(self, upto: datetime, *, soon: bool) -> None:
        """Keeps the states of each group that has come far enough since; `soon`, near the end, half as far will do."""
        for group in self.groups:
            moved = sum(self.counts[asset] - self.kept[asset] for asset in group)
            if moved < (self.spacing.every // 2 if soon else self.spacing.every):
                continue
            standings = [self.standings.get(asset) or self.empty(asset) for asset in group]
            if soon or moved * 2 >= sum(standing.lots_held for standing in standings):
                self.states += [self.state(standing, upto) for standing in standings]

    def empty(self, asset: str) -> Standing:
        return Standing(asset, Method(self.portfolio.method), Scope(self.portfolio.lot_scope))

    def state(self, standing: Standing, upto: datetime) -> LotState:
        asset = standing.asset
        self.kept[asset] = self.counts[asset]
        return LotState(
            portfolio=self.portfolio,
            asset_id=asset,
            upto=upto,
            rules=rules_of(self.portfolio),
            entries=self.counts[asset],
            lots=standing.lots_held,
            state=keep(standing),
        )

    def store(self) -> None:
        """Stores the states, and drops older ones that stand too close to be worth their room.

        Of an asset there may be one already where of another of its group there was none; it says the same.
        """
        LotState.objects.bulk_create(self.states, batch_size=20, ignore_conflicts=True)
        if self.after is None:
            return
        kept = LotState.objects.filter(portfolio=self.portfolio, asset__in={state.asset_id for state in self.states})
        entries, lots = Counter[datetime](), Counter[datetime]()
        for state in kept.order_by("upto").only("upto", "entries", "lots"):
            entries[state.upto] += state.entries
            lots[state.upto] += state.lots
        moments = [(upto, entries[upto], lots[upto]) for upto in entries]
        kept.filter(upto__in=list(superfluous(moments, self.spacing.every))).delete()


def superfluous(moments: Sequence[tuple[datetime, int, int]], every: int) -> Iterator[datetime]:
    """Which moments to forget, of those at which some entries had been posted and some lots were held, oldest first.

    The two newest stay.
    """
    before = 0
    for upto, entries, lots in moments[:-2]:
        if entries - before < max(every, lots // 2):
            yield upto
        else:
            before = entries


def batches(entries: Iterable[Entry], spacing: Spacing) -> Iterator[tuple[list[Entry], int | None]]:
    """The entries, which come by time, in their order and in batches, no two of which share a moment; and how many are
    left after each, once that is known.
    """
    waiting: list[Entry] = []
    for number, entry in enumerate(entries, 1):
        waiting.append(entry)
        if number % spacing.every:
            continue
        end = end_of_moment(waiting, len(waiting) - spacing.every)
        if end < len(waiting):
            yield in_order(waiting[:end]), None
            del waiting[:end]
    end = end_of_moment(waiting, len(waiting) - spacing.newest)
    yield in_order(waiting[:end]), len(waiting) - end
    yield in_order(waiting[end:]), 0


def end_of_moment(entries: Sequence[Entry], start: int) -> int:
    """The first place at `start` or after it where another moment begins, else the end."""
    if start <= 0:
        return len(entries)
    while start < len(entries) and entries[start].at == entries[start - 1].at:
        start += 1
    return start
