"""Posting a history, with every record kept, beside the least that any FIFO must do: a bare loop over a deque."""

import random
from collections import deque
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial

from dashboard.ledger.book import post
from dashboard.ledger.entry import Entry, Kind
from dashboard.ledger.methods import Method
from tests.benchmarks.report import Aim, Report, growth, seconds

SIZES = (1_000, 10_000, 100_000)
ASSETS = 5
START = datetime(2020, 1, 1, tzinfo=UTC)


def history(count: int) -> list[Entry]:
    """Buys and sells of five assets, minutes apart; the same for every run."""
    return list(entries(count, random.Random(7)))


def entries(count: int, dice: random.Random) -> Iterator[Entry]:
    held = dict.fromkeys([f"asset-{n}" for n in range(ASSETS)], Decimal(0))
    for number in range(count):
        asset = f"asset-{number % ASSETS}"
        amount = Decimal(dice.randrange(1, 10**8)).scaleb(-8)
        selling = held[asset] > amount and dice.random() < 0.5
        held[asset] += -amount if selling else amount
        yield Entry(
            id=number,
            at=START + timedelta(minutes=number),
            kind=Kind.SELL if selling else Kind.BUY,
            asset=asset,
            amount=amount,
            value=amount * Decimal(dice.randrange(1, 10**6)).scaleb(-2),
            fee_amount=Decimal("0.01"),
        )


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
    rows, aims = [], []
    histories = {size: history(size) for size in SIZES}
    reference = {size: seconds(partial(bare_loop, rows_of)) for size, rows_of in histories.items()}
    for method in Method:
        times = {size: seconds(partial(post, h, method=method)) for size, h in histories.items()}
        for size in SIZES:
            rows.append(
                {
                    "method": method.value,
                    "transactions": size,
                    "ms per 1,000": times[size] * 1e6 / size,
                    "bare loop": reference[size] * 1e6 / size,
                    "ratio": times[size] / reference[size],
                }
            )
        exponent = growth(SIZES, list(times.values()))
        aims.append(Aim(f"{method.value}: growth exponent", exponent, 1.3 if method is Method.HIFO else 1.15))
        if method is Method.FIFO:
            aims.append(Aim("fifo with all records, times the bare loop", times[10_000] / reference[10_000], 4))
    return Report("ledger", rows, aims)
