"""What this process has counted and not yet handed over: plain additions, safe from any thread."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Mapping
from threading import Lock
from typing import Final

from project.metrics.families import Family

SEPARATOR: Final = "|"
SUM: Final = "sum"


class Counting:
    """Increments by field; a field is a family's name, its labels' values and, of a histogram, the bound or `sum`."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._counted: dict[str, float] = defaultdict(float)

    def count(self, family: Family, *labels: str, by: float = 1) -> None:
        with self._lock:
            self._counted[field(family, labels)] += by

    def observe(self, family: Family, seconds: float, *labels: str) -> None:
        place = bisect_left(family.bounds, seconds)
        bound = str(family.bounds[place]) if place < len(family.bounds) else "+Inf"
        with self._lock:
            self._counted[field(family, (*labels, bound))] += 1
            self._counted[field(family, (*labels, SUM))] += seconds

    def take(self) -> Mapping[str, float]:
        """All that has been counted since it was last taken."""
        with self._lock:
            taken, self._counted = self._counted, defaultdict(float)
        return taken

    def give_back(self, taken: Mapping[str, float]) -> None:
        """What could not be handed over is counted as before."""
        with self._lock:
            for name, number in taken.items():
                self._counted[name] += number


def field(family: Family, labels: tuple[str, ...]) -> str:
    return SEPARATOR.join((family.name, *labels))


counting: Final = Counting()
