"""Posting a history, with every record kept, beside the least that any FIFO must do: a bare loop over a deque."""

from collections import deque
from collections.abc import Sequence
from decimal import Decimal
from functools import partial

from dashboard.ledger.book import post
from dashboard.ledger.entry import Entry, Kind
from dashboard.ledger.methods import Method
from tests.benchmarks.history import SIZES, history
from tests.benchmarks.report import Aim, Report, growth, together


def bare_loop(rows: Sequence[Entry]) -> Decimal:
    """FIFO with nothing kept but the gain."""
    lots: dict[str, deque[list[Decimal]]] = {}
    gain = Decimal(0)
    for row in rows:
        queue = lots.setdefault(row.asset, deque())
        value = row.value or Decimal(0)
        if row.kind is Kind.BUY:
            queue.append([row.amount, value + row.fee_amount])
            continue
        left, cost = row.amount, Decimal(0)
        while left and queue:
            lot = queue[0]
            if lot[0] <= left:
                left -= lot[0]
                cost += lot[1]
                queue.popleft()
            else:
                part = lot[1] * left / lot[0]
                lot[0] -= left
                lot[1] -= part
                cost += part
                left = Decimal(0)
        gain += value - row.fee_amount - cost
    return gain


def run() -> Report:
    rows: list[dict[str, object]] = []
    aims: list[Aim] = []
    worst = 0.0
    for assets in (1, 5):
        histories = {size: history(size, assets) for size in SIZES}
        for method in Method:
            times = []
            for size, entries in histories.items():
                bare, own = together(partial(bare_loop, entries), partial(post, entries, method=method), repeats=5)
                times.append(own)
                worst = max(worst, own / bare)
                row: dict[str, object] = {"method": method.value, "assets": assets, "transactions": size}
                rows.append(
                    row | {"ms per 1,000": own * 1e6 / size, "bare loop": bare * 1e6 / size, "ratio": own / bare}
                )
            aim = 1.3 if method is Method.HIFO else 1.15
            aims.append(Aim(f"{method.value}, assets {assets}: growth exponent", growth(SIZES, times), aim))
    aims.append(Aim("with all records, times the bare loop, worst method and size", worst, 4))
    return Report("ledger", rows, aims)
