"""Posting a history, with every record kept, beside a bare loop over a deque, the least that any FIFO must do; and
loading and posting one beside other programs, rp2 and beancount.
"""

import csv
import json
import os
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from time import process_time

from dashboard.ledger.book import Book, post, uncollected
from dashboard.ledger.entry import Entry, Kind, stored_entry
from dashboard.ledger.methods import Method
from tests.benchmarks.history import SIZES, history
from tests.benchmarks.report import ROOT, Aim, Report, growth, together


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


HEADER = ("number", "at", "kind", "asset", "amount", "value")
KINDS = {kind.value: kind for kind in Kind}
LAST = Decimal("1e-13")
TURNS = 2
"""How often each has its turn, the least counts: a machine that others share is now quick, now slow."""


def written(folder: Path, size: int) -> Path:
    """A history without fees, which the others understand in other ways, as a file that all can load."""
    file = folder / f"history-{size}.csv"
    with file.open("w", newline="") as lines:
        rows = csv.writer(lines)
        rows.writerow(HEADER)
        for entry in history(size):
            value = max(entry.value or Decimal(0), Decimal("0.01"))
            rows.writerow(
                [entry.id, entry.at.isoformat(), entry.kind.value, entry.asset, f"{entry.amount:f}", f"{value:f}"]
            )
    return file


def load_and_post(file: Path) -> Book:
    with file.open(newline="\n") as lines, uncollected():
        rows = csv.reader(lines)
        next(rows)
        entries = [
            stored_entry(
                int(number), datetime.fromisoformat(at), KINDS[kind], asset, Decimal(amount), "", Decimal(value)
            )
            for number, at, kind, asset, amount, value in rows
        ]
    return post(entries, method=Method.FIFO)


def rival(name: str, file: Path) -> tuple[float, dict[str, Decimal]]:
    """How long another program takes for the file, and its gain for every sale."""
    command = [sys.executable, "-m", "tests.benchmarks.rivals", name, str(file)]
    done = subprocess.run(
        command, cwd=file.parent, env=os.environ | {"PYTHONPATH": str(ROOT)}, check=True, capture_output=True
    )
    told = json.loads(done.stdout)
    return told["seconds"], {number: Decimal(gain) for number, gain in told["gains"].items()}


def beside(name: str, file: Path) -> tuple[float, float, dict[str, Decimal]]:
    """What both take for the file at about the same time, and the gains of the other."""
    spent = together(partial(load_and_post, file), repeats=3, clock=process_time)[0]
    return spent, *rival(name, file)


def beside_rivals() -> tuple[list[dict[str, object]], list[Aim]]:
    rows: list[dict[str, object]] = []
    aims: list[Aim] = []
    with tempfile.TemporaryDirectory() as folder:
        for size in SIZES:
            file = written(Path(folder), size)
            book = load_and_post(file)
            own = {str(sale.entry.id): sale.gain for held in book.standings.values() for sale in held.disposals()}
            for name in ("rp2", "beancount"):
                turns = [beside(name, file) for _ in range(TURNS)]
                spent, time = min(spent for spent, _, _ in turns), min(time for _, time, _ in turns)
                gains = turns[0][2]
                row: dict[str, object] = {"method": f"load + compute, {name}", "assets": 5, "transactions": size}
                rows.append(
                    row | {"ms per 1,000": spent * 1e6 / size, "reference": time * 1e6 / size, "ratio": spent / time}
                )
                if size == SIZES[-1]:
                    aims.append(Aim(f"load and compute, as a share of what {name} takes", spent / time, 1 / 40))
                if gains:
                    off = sum(
                        gains.get(number, Decimal(0)).quantize(LAST) != gain.quantize(LAST)
                        for number, gain in own.items()
                    )
                    aims.append(
                        Aim(f"gains of {len(own):,} sales that differ from {name}'s in its 13 decimals", off, 0)
                    )
    return rows, aims


def run() -> Report:
    rows: list[dict[str, object]] = []
    aims: list[Aim] = []
    worst = 0.0
    for assets in (1, 5):
        histories = {size: history(size, assets) for size in SIZES}
        for method in Method:
            times = []
            for size, entries in histories.items():
                bare, own = together(
                    partial(bare_loop, entries), partial(post, entries, method=method), repeats=5, clock=process_time
                )
                times.append(own)
                worst = max(worst, own / bare)
                row: dict[str, object] = {"method": method.value, "assets": assets, "transactions": size}
                rows.append(
                    row | {"ms per 1,000": own * 1e6 / size, "reference": bare * 1e6 / size, "ratio": own / bare}
                )
            aim = 1.3 if method is Method.HIFO else 1.15
            aims.append(Aim(f"{method.value}, assets {assets}: growth exponent", growth(SIZES, times), aim))
    aims.append(Aim("with all records, times the bare loop, worst method and size", worst, 4))
    others, more = beside_rivals()
    return Report("ledger", [*rows, *others], [*aims, *more])
