"""Which reminders of what is held the present prices concern: one pass of numpy over everything that they watch.

Amounts and edges are kept in memory, read once in each process that ticks, and followed: by the revisions of
portfolios and by the numbers of changed reminders. What must be judged again because holdings changed is told by the
database, and edges are held against the figures of now, not against the last ones: a process that begins anew, or whose
transaction was undone, misses nothing. The answer may hold too many reminders, never too few; exact figures decide.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from typing import Any, Final
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from notifications.columns import Columns
from notifications.conditions import Watches
from notifications.figures import stamp
from notifications.formulas import MONEY, OWED, Held, Part, amounts_of, parts_of
from notifications.models import Reminder, Watch
from notifications.prices import rates_to
from notifications.watched import (
    alive_of,
    owners_changed_since,
    positions_of,
    revisions,
    stamp_of_portfolios,
    stored_prices,
)

Floats = NDArray[np.float64]

MARGIN: Final = 1e-9
"""Of the summands' sizes: far above the rounding of floats, far below any move of a price."""
QUANTUM: Final = 2e-18
"""How far a converted price may be rounded, twice."""
FLOOR: Final = 1e-12
"""The same for everything else that is rounded to 18 decimals."""
NEAR: Final = 0.02
ROWS_AT_ONCE: Final = 20_000
"""Sums made at once: what bounds the memory of a pass."""
OWNERS_AT_ONCE: Final = 500
IDS_AT_ONCE: Final = 1000
BUCKET: Final = 4096
"""Portfolios whose revisions are compared together."""
WATCHED: Final = (
    *("user_id", "kind", "measure", "unit", "portfolio_id", "asset_id", "currency", "weighed"),
    *("limit", "limit_high", "arming", "rearm_band", "repeat", "direction", "window", "minutes", "memory", "due_at"),
    "cooling_until",
)
NEVER: Final = -1
NOTHING: Final = ""
PROFITS: Final = (Reminder.Kind.PROFIT_ABOVE, Reminder.Kind.PROFIT_BELOW)
GONE: Final = 0
"""The owner of an entry that counts no more."""


@dataclass(frozen=True, slots=True)
class Concerned:
    """Ids of the reminders that must be judged, and whether an armed one among the others is close to its limit."""

    reminders: Sequence[int] = ()
    is_close: bool = False


class Scales:
    """What the reminders of one database watch.

    `entries` are the edges of reminders, each in the unit of a figure: sum number `row`, in percent of sum number
    `under` if that is not negative. `rows` are the sums and `lines` the amounts that they are made of, in order.
    """

    def __init__(self) -> None:
        self.forget()

    def forget(self, epoch: UUID | None = None) -> None:
        """Begin anew, for the database of this epoch."""
        self.epoch = epoch
        self.revision = NEVER
        self.stamp_of_all: tuple[int, ...] = (0, 0, 0)
        self.stamps: dict[int, tuple[int, ...]] = {}
        self.portfolios: dict[int, NDArray[np.int64]] = {}
        self.places: dict[str, int] = {NOTHING: 0}
        self.currencies: dict[str, int] = {}
        self.entries = Columns(
            number="i8",
            owner="i4",
            row="i4",
            under="i4",
            code="i2",
            edge="f8",
            rises="?",
            fires="f4",
            near="f4",
            due="?",
        )
        self.rows = Columns(start="i4", bulk="f4")
        self.lines = Columns(place="u2", amount="f8")

    def weigh(self, watch: Watch, now: datetime) -> Concerned:
        """Bring the memory up to date, then look who is concerned at the prices of now. `watch` is as just read, in the
        transaction that holds the lock `notifications.check`.
        """
        try:
            self.follow(watch, now)
        except BaseException:
            self.forget()  # half of it may be there
            raise
        reached, near = self.compare(self.price_list(stored_prices()))
        numbers = self.entries["number"]
        wanted = np.unique(numbers[reached])
        alive = sorted(still_alive(wanted.tolist(), now))
        if len(alive) < len(wanted):
            self.drop(np.isin(numbers, np.setdiff1d(wanted, np.array(alive, np.int64))))
        return Concerned(alive, bool(np.any(near & ~reached)))

    def take_over(self, read: "Scales") -> None:
        """Go on from what another has read."""
        self.__dict__.update(read.__dict__)

    # What changed ---------------------------------------------------------------------------------------------------
    def follow(self, watch: Watch, now: datetime) -> None:
        """Read anew what belongs to owners of changed reminders and changed portfolios."""
        if watch.epoch != self.epoch or watch.revision < self.revision:
            self.forget(watch.epoch)  # another database, or an older state of it
        moved = self.moved_owners()
        if self.revision == NEVER:
            watched = Reminder.objects.alive(now).watching(Watches.HOLDINGS).order_by()
            changed = set(watched.values_list("user_id", flat=True).distinct())
        else:
            changed = owners_changed_since(self.revision)
        known = self.entries["owner"]
        if moved:
            changed.update(np.intersect1d(known, np.array(list(moved))).tolist())
        if changed:
            self.drop(np.isin(known, np.array(list(changed), np.int32)))
        self.compact()
        for owners in chunks(sorted(changed), OWNERS_AT_ONCE):
            self.learn(owners, now)
        self.revision = watch.revision

    def moved_owners(self) -> set[int]:
        """Whose portfolios came, went or were computed anew since the last look."""
        stamp_of_all = stamp_of_portfolios()
        if stamp_of_all == self.stamp_of_all:
            return set()
        owners: set[int] = set()
        for bucket in range(max(stamp_of_all[2], self.stamp_of_all[2]) // BUCKET + 1):
            bounds = bucket * BUCKET, (bucket + 1) * BUCKET
            found = stamp_of_portfolios(*bounds)
            if found != self.stamps.get(bucket):
                now = np.array(revisions(*bounds), np.int64).reshape(-1, 3)
                before = self.portfolios.get(bucket, np.empty((0, 3), np.int64))
                owners |= {owner for _, owner, _ in set_of(now) ^ set_of(before)}
                self.portfolios[bucket], self.stamps[bucket] = now, found
        self.stamp_of_all = stamp_of_all
        return owners

    def drop(self, which: NDArray[np.bool_]) -> None:
        """These entries count no more; what they take up goes when it is much."""
        for name, nothing in (("owner", GONE), ("edge", np.nan), ("fires", np.nan), ("due", False)):
            self.entries[name][which] = nothing

    def compact(self) -> None:
        """Throw away what nobody refers to, once it is a third."""
        gone = self.entries["owner"] == GONE
        if np.count_nonzero(gone) * 3 <= len(gone):
            return
        self.entries.keep(~gone)
        row, under = self.entries["row"], self.entries["under"]
        used = np.unique(np.append(row, under[under >= 0]))
        starts = np.append(self.rows["start"], self.lines.size)
        is_used = np.zeros(self.rows.size, bool)
        is_used[used] = True
        lengths = np.diff(starts)
        self.lines.keep(np.repeat(is_used, lengths))
        self.rows.keep(used)
        self.rows["start"][:] = np.append(0, np.cumsum(lengths[used])[:-1])[: len(used)]
        row[:] = np.searchsorted(used, row)
        under[under >= 0] = np.searchsorted(used, under[under >= 0])

    # What is watched ------------------------------------------------------------------------------------------------
    def learn(self, owners: Sequence[int], now: datetime) -> None:
        """The reminders of these owners, and what these watch, as the database has them."""
        watched = list(
            Reminder.objects.alive(now)
            .watching(Watches.HOLDINGS)
            .filter(user_id__in=owners)
            .only(*WATCHED)
            .order_by("user_id", "id")
        )
        held = positions_of(owners, money=any(reminder.kind in PROFITS for reminder in watched))
        entries: list[tuple[Any, ...]] = []
        starts: list[int] = []
        bulks: list[float] = []
        places: list[int] = []
        amounts: list[float] = []

        def add(part: Part, everything: Sequence[Held]) -> int:
            found = amounts_of(part, everything) or {NOTHING: 0.0}
            starts.append(self.lines.size + len(places))
            bulks.append(sum(map(abs, found.values())))
            places.extend(number_of(name, self.places) for name in found)
            amounts.extend(found.values())
            return self.rows.size + len(starts) - 1

        for owner, reminders in groupby(watched, key=lambda reminder: reminder.user_id):
            everything = held.get(owner, [])
            known: dict[Part, int] = {}
            for reminder in reminders:
                part, whole = parts_of(
                    reminder.kind, reminder.measure, reminder.unit, reminder.portfolio_id, reminder.asset_id
                )
                for each in (part, whole):
                    if each is not None and each not in known:
                        known[each] = add(each, everything)
                common = (
                    reminder.pk, owner, known[part], -1 if whole is None else known[whole],
                    number_of(reminder.currency, self.currencies),
                )  # fmt: skip
                entries += [(*common, *edge) for edge in edges_of(reminder, everything, now)]
        if entries:
            names = ("number", "owner", "row", "under", "code", "edge", "rises", "fires", "near", "due")
            self.entries.add(**dict(zip(names, zip(*entries, strict=True), strict=True)))
            self.rows.add(start=starts, bulk=bulks)
            if len(self.places) > np.iinfo(self.lines["place"].dtype).max:
                self.lines.widen("place", np.uint32)
            self.lines.add(place=places, amount=amounts)

    # What it comes to -----------------------------------------------------------------------------------------------
    def price_list(self, usd: Mapping[str, float]) -> tuple[Floats, Floats]:
        """The price in USD of everything that is held, by its place, and the units of each currency for one USD.

        A currency without a rate counts as dollars: between equals that is right, and nothing else of it is judged.
        """
        wanted = {name.removeprefix(OWED) for name in self.places}
        codes = [name.removeprefix(MONEY) for name in wanted if name.startswith(MONEY)]
        rates = {code: float(rate or 1) for code, rate in rates_to([*codes, *self.currencies]).items()}
        prices = {NOTHING: 0.0, **usd, **{MONEY + code: 1 / rate for code, rate in rates.items()}}
        listed = [prices.get(name.removeprefix(OWED), np.nan) for name in self.places]
        return np.array(listed), np.array([rates[code] for code in self.currencies])

    def compare(self, price_list: tuple[Floats, Floats]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """By entry: whether the figure may have reached its edge or must be judged anyway, and whether it is near."""
        prices, per_usd = price_list
        entries = self.entries
        if not entries.size:
            return np.zeros(0, bool), np.zeros(0, bool)
        sums, sizes = self.sums(prices)
        row, rate, edge = entries["row"], per_usd[entries["code"]], entries["edge"]
        figure, size = sums[row] * rate, sizes[row] * rate
        margin = size * MARGIN + self.rows["bulk"][row] * QUANTUM + FLOOR
        [share] = np.nonzero(entries["under"] >= 0)
        if len(share):
            under = entries["under"][share]
            whole = sums[under] * rate[share]
            doubt = sizes[under] * rate[share] * MARGIN + self.rows["bulk"][under] * QUANTUM + FLOOR
            with np.errstate(divide="ignore", invalid="ignore"):
                part = figure[share] * 100 / whole
                margin[share] = 2 * (margin[share] * 100 + abs(part) * doubt) / abs(whole) + FLOOR
            unsure = abs(whole) <= 2 * doubt
            margin[share[unsure]], part[unsure] = np.inf, 0
            part[sizes[under] == 0] = np.nan  # nothing to divide by
            figure[share], size[share] = part, 0
        with np.errstate(invalid="ignore"):
            reached = np.where(entries["rises"], figure + margin >= edge, figure - margin <= edge)
            reached |= entries["due"] & np.isfinite(figure)
            narrow = np.fmax(entries["near"], NEAR * np.maximum(abs(figure), size / 2) * np.isnan(entries["near"]))
            return reached, abs(figure - entries["fires"]) <= narrow

    def sums(self, prices: Floats) -> tuple[Floats, Floats]:
        """Each row's sum in USD, and that of its summands' sizes; not a number where a price is missing."""
        starts = np.append(self.rows["start"], self.lines.size)
        sums, sizes = np.empty(self.rows.size), np.empty(self.rows.size)
        for first in range(0, self.rows.size, ROWS_AT_ONCE):
            last = min(first + ROWS_AT_ONCE, self.rows.size)
            lines = slice(starts[first], starts[last])
            terms = prices[self.lines["place"][lines]] * self.lines["amount"][lines]
            begin = starts[first:last] - starts[first]
            sums[first:last] = np.add.reduceat(terms, begin)
            if terms.size and terms.min() >= 0:
                sizes[first:last] = sums[first:last]
            else:  # something is owed, or has no price
                sizes[first:last] = np.add.reduceat(np.abs(terms, out=terms), begin)
        return sums, sizes

    @property
    def nbytes(self) -> int:
        tables = (self.entries, self.rows, self.lines)
        return sum(table.nbytes for table in tables) + sum(rows.nbytes for rows in self.portfolios.values())


SCALES: Final = Scales()
"""Of this process; used by one transaction at a time, because of the lock."""


def read_ahead(now: datetime) -> Scales | None:
    """What a process that begins anew must read, to be taken over by SCALES; None where it has read it before.

    Where many hold much that takes seconds, and nobody could write meanwhile if it were read under the lock. What
    changes while it is being read is followed afterwards.
    """
    if SCALES.revision != NEVER:
        return None
    read = Scales()
    read.follow(Watch.objects.get(pk=1), now)
    return read


def edges_of(
    reminder: Reminder, everything: Sequence[Held], now: datetime
) -> list[tuple[float, bool, float, float, bool]]:
    """An entry for each edge: edge, is it reached by rising, where it fires, what is near, must it be judged anyway."""
    scope = {
        held.portfolio: held.revision
        for held in everything
        if reminder.portfolio_id is None or held.portfolio == reminder.portfolio_id
    }
    span = reminder.condition.span(reminder.before(now))
    is_due = span is None or stamp(scope) != reminder.weighed
    if span is None:
        return [(np.nan, False, np.nan, np.nan, is_due)]
    edges = [(edge, rises) for edge, rises in ((span.rise_to, True), (span.fall_to, False)) if edge is not None]
    return [(float(edge), rises, number(span.fires_at), number(span.near), is_due) for edge, rises in edges]


def number(amount: Decimal | None) -> float:
    return np.nan if amount is None else float(amount)


def still_alive(ids: Sequence[int], now: datetime) -> Iterator[int]:
    for some in chunks(ids, IDS_AT_ONCE):
        yield from alive_of(some, now)


def set_of(table: NDArray[np.int64]) -> set[tuple[int, ...]]:
    return set(map(tuple, table.tolist()))


def number_of(thing: str, order: dict[str, int]) -> int:
    return order.setdefault(thing, len(order))


def chunks(numbers: Sequence[int], size: int) -> Iterable[Sequence[int]]:
    return (numbers[start : start + size] for start in range(0, len(numbers), size))
