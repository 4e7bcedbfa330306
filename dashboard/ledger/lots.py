"""Lots and the pool that holds them: units acquired together, with what they cost. Matching what leaves with what is
held is written here and nowhere else; which lot leaves first is the business of a method.

Cost removed = C * q / Q in a 60-digit context, rounded once to 18 decimals; a lot that leaves whole takes all its cost.
Callers run inside `localcontext(EXACT)`.
"""

from bisect import bisect
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from heapq import heappop, heappush
from typing import Any, Self

from dashboard.ledger.entry import EXACT, LAST_PLACE, ZERO


@dataclass(slots=True, init=False)
class Lot:
    """Units acquired together, by the entry `entry`. `assumed`: nobody recorded where they came from.

    Only the pool that holds a lot changes it, when a part of it leaves. Made by `new_lot`: a history makes very many,
    and a function writes one in half the time of an `__init__`.
    """

    acquired_at: datetime
    quantity: Decimal
    cost: Decimal
    entry: int
    wallet: str
    assumed: bool

    @property
    def unit_cost(self) -> Decimal:
        return EXACT.divide(self.cost, self.quantity)


def new_lot(acquired_at: datetime, quantity: Decimal, cost: Decimal, entry: int, wallet: str, assumed: bool) -> Lot:
    lot = Lot()
    lot.acquired_at = acquired_at
    lot.quantity = quantity
    lot.cost = cost
    lot.entry = entry
    lot.wallet = wallet
    lot.assumed = assumed
    return lot


LOTS_A_LINE = 256
"""How many lots a kept line holds, which are made again at once."""

ROW_END = ";"
"""Stands between the rows of a kept line."""


def copy_of(lot: Lot) -> Lot:
    return new_lot(lot.acquired_at, lot.quantity, lot.cost, lot.entry, lot.wallet, lot.assumed)


Row = tuple[Any, ...]
"""A lot with its sort key before it; the part before the lot is its number of arrival, or minus that."""

Order = Callable[[Lot, int], Row]
"""A method: the row of a lot that arrived as number n. The lowest row leaves first."""

Read = Callable[[str], list[Row]]
"""Makes rows again of a text they were kept as, lowest first."""


def read_nothing(text: str) -> list[Row]:
    raise ValueError("this pool was never kept")


class Pool:
    """The lots that one matching sees. Without an order all lots run together into one: average cost.

    Lots that arrive in order wait in a queue, the others in a heap; the first of both leaves first. Of a pool that was
    kept, the rows behind the first ones stay text (`_sealed`) until their turn comes; the last rows, and what arrives
    after them, wait in `_tail`. So going on from a pool of many lots costs no more than the lots it moves. What a row
    was written as when the pool was last kept is remembered by that number (`_written`) while it stays true.
    """

    __slots__ = ("_arrivals", "_end", "_heap", "_order", "_queue", "_read", "_sealed", "_tail", "_written")

    def __init__(self, order: Order | None) -> None:
        self._order = order
        self._queue: deque[Row] = deque()
        self._heap: list[Row] = []
        self._sealed: deque[str] = deque()
        self._tail: deque[Row] = deque()
        self._end = self._queue
        self._read: Read = read_nothing
        self._written: dict[int, str] = {}
        self._arrivals = 0

    def put(self, lot: Lot) -> None:
        """Takes a lot in; it belongs to the pool from now on."""
        queue = self._queue
        if self._order is None:
            if queue:
                merge(queue[0][-1], lot)
            else:
                queue.append((1, lot))
            return
        self._arrivals += 1
        row = self._order(lot, self._arrivals)
        if not queue or row > self._end[-1]:
            self._end.append(row)
        elif row < queue[0]:
            queue.appendleft(row)
        else:
            heappush(self._heap, row)

    def take(self, quantity: Decimal) -> list[Lot]:
        """Removes `quantity`, or all there is if that is less: whole lots, and a part of the last one."""
        taken: list[Lot] = []
        queue, heap = self._queue, self._heap
        wanted = quantity
        while wanted and (queue or heap):
            late = bool(heap) and (not queue or heap[0] < queue[0])
            first = heap[0] if late else queue[0]
            lot: Lot = first[-1]
            held = lot.quantity
            if held > wanted:
                taken.append(part(lot, wanted))
                if self._written:
                    self._written.pop(first[-2], None)
                return taken
            if late:
                heappop(heap)
            else:
                queue.popleft()
                if self._sealed and not queue:
                    self._unseal()
            taken.append(lot)
            wanted -= held
        return taken

    def empty(self) -> list[Lot]:
        """Removes all there is."""
        lots = self.lots()
        self._queue.clear()
        self._heap.clear()
        return lots

    def __len__(self) -> int:
        """How many lots are held; those that are still text are not counted one by one."""
        return len(self._queue) + len(self._heap) + len(self._tail) + LOTS_A_LINE * len(self._sealed)

    def lots(self) -> list[Lot]:
        """The lots held, in order of arrival. Live: read them only."""
        while self._sealed:
            self._unseal()
        rows = [*self._queue, *self._heap]
        rows.sort(key=lambda row: abs(row[-2]))
        return [row[-1] for row in rows]

    def count(self) -> int:
        """Exactly how many lots are held."""
        sealed = sum(text.count(ROW_END) + 1 for text in self._sealed)
        return len(self._queue) + len(self._heap) + len(self._tail) + sealed

    def some(self, start: int, stop: int) -> list[Lot]:
        """The lots from place `start` to before `stop`, in the order in which they leave. Live: read them only.

        What is kept as text and is not among them stays text.
        """
        parts: list[tuple[int, Sequence[Row] | str]] = [(len(self._queue), self._queue)] if self._queue else []
        parts += [(text.count(ROW_END) + 1, text) for text in self._sealed]
        parts += [(len(self._tail), self._tail)] if self._tail else []
        late = self._late_among([rows for _, rows in parts])
        found: list[Lot] = []
        begin = 0
        for (size, rows), more in zip(parts or [(0, ())], late, strict=True):
            end = begin + size + len(more)
            if begin < stop and start < end:
                whole = sorted([*(self._read(rows) if isinstance(rows, str) else rows), *more])
                found += [row[-1] for row in whole[max(start - begin, 0) : stop - begin]]
            begin = end
        return found

    def _late_among(self, parts: Sequence[Sequence[Row] | str]) -> list[list[Row]]:
        """The rows of the heap that belong to each of these parts of all other rows; to none: one part of their own."""
        firsts = [self._read(rows.split(ROW_END, 1)[0])[0] if isinstance(rows, str) else rows[0] for rows in parts]
        late: list[list[Row]] = [[] for _ in parts or [()]]
        for row in self._heap:
            late[max(bisect(firsts, row) - 1, 0)].append(row)
        return late

    def recount(self, quantity: Decimal) -> None:
        """The same lots, now `quantity` in all."""
        for lot in recount(self.empty(), quantity):
            self.put(lot)

    def copy(self) -> Self:
        """A pool that goes its own way from here."""
        twin = type(self)(self._order)
        twin._queue.extend((*row[:-1], copy_of(row[-1])) for row in self._queue)
        twin._heap.extend((*row[:-1], copy_of(row[-1])) for row in self._heap)
        twin._tail.extend((*row[:-1], copy_of(row[-1])) for row in self._tail)
        twin._sealed.extend(self._sealed)
        twin._end = twin._tail if self._sealed else twin._queue
        twin._read = self._read
        twin._arrivals = self._arrivals
        return twin

    # Keeping a pool as text, and making it again

    def kept(self, write: Callable[[Row], str], size: int) -> tuple[int, list[str]]:
        """The number of arrivals, and the rows as texts of up to `size` rows each, lowest first."""
        if self._heap:
            while self._sealed:
                self._unseal()
            self._heap.extend(self._queue)
            self._queue.clear()
            self._queue.extend(sorted(self._heap))
            self._heap.clear()
        front, tail = list(self._queue), list(self._tail)
        if self._order is None or len(self._written) > 2 * (len(front) + len(tail)):
            self._written.clear()
        return self._arrivals, [*self._lines(front, write, size), *self._sealed, *self._lines(tail, write, size)]

    def _lines(self, rows: Sequence[Row], write: Callable[[Row], str], size: int) -> list[str]:
        written, texts = self._written, []
        for row in rows:
            text = written.get(row[-2])
            if text is None:
                text = written[row[-2]] = write(row)
            texts.append(text)
        return [ROW_END.join(texts[start : start + size]) for start in range(0, len(texts), size)]

    def refill(self, arrivals: int, texts: Sequence[str], read: Read) -> None:
        """Makes an empty pool the one that was kept."""
        self._arrivals, self._read = arrivals, read
        for text in texts[:1]:
            self._queue.extend(read(text))
        if len(texts) > 2:
            self._sealed.extend(texts[1:-1])
            self._end = self._tail
        for text in texts[1:][-1:]:
            self._end.extend(read(text))

    def _unseal(self) -> None:
        """Makes rows of the next text, and of the last ones when that was the last."""
        self._queue.extend(self._read(self._sealed.popleft()))
        if not self._sealed:
            self._queue.extend(self._tail)
            self._tail.clear()
            self._end = self._queue


class CountedPool(Pool):
    """A pool of several, which knows what it holds: `quantity`. A single pool holds what its standing counts."""

    __slots__ = ("quantity",)

    def __init__(self, order: Order | None) -> None:
        super().__init__(order)
        self.quantity = ZERO

    def put(self, lot: Lot) -> None:
        self.quantity += lot.quantity
        super().put(lot)

    def take(self, quantity: Decimal) -> list[Lot]:
        lots = super().take(quantity)
        self.quantity -= quantity_of(lots)
        return lots

    def empty(self) -> list[Lot]:
        self.quantity = ZERO
        return super().empty()

    def copy(self) -> Self:
        twin = super().copy()
        twin.quantity = self.quantity
        return twin


def part(lot: Lot, quantity: Decimal) -> Lot:
    """Splits `quantity` off the lot, with its share of the cost."""
    cost = (lot.cost * quantity / lot.quantity).quantize(LAST_PLACE)
    lot.quantity -= quantity
    lot.cost -= cost
    return new_lot(lot.acquired_at, quantity, cost, lot.entry, lot.wallet, lot.assumed)


def merge(pooled: Lot, lot: Lot) -> None:
    """Lets `lot` run into the one lot of an average-cost pool, whose date stays its earliest."""
    pooled.quantity += lot.quantity
    pooled.cost += lot.cost
    pooled.assumed = pooled.assumed or lot.assumed
    if lot.acquired_at < pooled.acquired_at:
        pooled.acquired_at, pooled.entry = lot.acquired_at, lot.entry


def recount(lots: Sequence[Lot], quantity: Decimal) -> list[Lot]:
    """The same lots in other units, together exactly `quantity`; dates and costs stay, no cost is lost to rounding."""
    whole = sum((lot.quantity for lot in lots), ZERO)
    counted: list[Lot] = []
    before = passed = waiting = ZERO
    for lot in lots:
        passed += lot.quantity
        upto = (quantity * passed / whole).quantize(LAST_PLACE)
        if upto > before:
            cost = lot.cost + waiting
            counted.append(new_lot(lot.acquired_at, upto - before, cost, lot.entry, lot.wallet, lot.assumed))
            waiting = ZERO
        elif counted:
            counted[-1].cost += lot.cost
        else:
            waiting += lot.cost
        before = upto
    return counted


def cost_of(lots: Iterable[Lot]) -> Decimal:
    return sum((lot.cost for lot in lots), ZERO)


def quantity_of(lots: Iterable[Lot]) -> Decimal:
    return sum((lot.quantity for lot in lots), ZERO)
