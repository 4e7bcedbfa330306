"""What a benchmark says: a table of ratios against a reference of the same run, and the same as JSON."""

import json
import os
import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from math import log
from pathlib import Path
from statistics import median
from time import perf_counter

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Aim:
    what: str
    measured: float
    aim: float

    @property
    def holds(self) -> bool:
        return self.measured <= self.aim


@dataclass(frozen=True, slots=True)
class Report:
    """`rows` all have the same keys; ratios are to the reference measured in the same run."""

    name: str
    rows: Sequence[Mapping[str, object]]
    aims: Sequence[Aim]

    def show(self) -> None:
        head = list(self.rows[0])
        cells = [head, *[[text(row[key]) for key in head] for row in self.rows]]
        widths = [max(len(row[column]) for row in cells) for column in range(len(head))]
        print(f"\n{self.name}")
        for row in cells:
            print("  " + "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)))
        for aim in self.aims:
            print(f"  {'holds' if aim.holds else 'MISSED'}: {aim.what}: {aim.measured:.2f}, aim {aim.aim:g}")

    def write(self) -> None:
        folder = ROOT / "var/bench"
        folder.mkdir(parents=True, exist_ok=True)
        aims = [{**asdict(aim), "holds": aim.holds} for aim in self.aims]
        body = {"name": self.name, "machine": machine(), "rows": list(self.rows), "aims": aims}
        (folder / f"{self.name}.json").write_text(json.dumps(body, indent=1))


def text(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def machine() -> dict[str, object]:
    return {"python": platform.python_version(), "system": platform.platform(), "cores": os.cpu_count()}


Clock = Callable[[], float]
"""perf_counter, or process_time for what neither reads nor waits, so that a busy machine counts for nothing."""


def seconds(work: Callable[[], object], repeats: int = 3, clock: Clock = perf_counter) -> float:
    """The median time of `work`, in seconds; not that of throwing its result away."""
    times = []
    for _ in range(repeats):
        start = clock()
        result = work()
        times.append(clock() - start)
        del result
    return median(times)


def together(*works: Callable[[], object], repeats: int = 3, clock: Clock = perf_counter) -> list[float]:
    """The least time of each, in seconds, taken by turns so that a busy machine slows down all of them alike."""
    times: list[list[float]] = [[] for _ in works]
    for _ in range(repeats):
        for work, spent in zip(works, times, strict=True):
            spent.append(seconds(work, 1, clock))
    return [min(spent) for spent in times]


def growth(sizes: Sequence[int], times: Sequence[float]) -> float:
    """The exponent of time over size from the first to the last: 1 is linear."""
    return log(times[-1] / times[0]) / log(sizes[-1] / sizes[0])
