"""How one tick goes: how long each stage took and what came of it, noted while it runs; nothing is decided by it."""

from dataclasses import dataclass, field
from time import perf_counter
from typing import Final

STAGES: Final = ("asked", "received", "accepted", "stored", "announced", "checked")
"""Each is named after what ends it. All but `received`, the wait for the source, are our own work."""
NOT_DUE: Final = "not due"
NEWS, NOTHING_NEW = "news", "nothing new"


@dataclass(slots=True)
class Course:
    """`stages` in seconds, in the order in which they came; `outcome` is that of the poll, in a word or two."""

    stages: dict[str, float] = field(default_factory=dict)
    outcome: str = NOT_DUE
    received: int = 0
    news: int = 0
    kept: int = 0
    sequence: int | None = None
    _since: float = field(default_factory=perf_counter)

    def lap(self, stage: str, *, without: float = 0.0) -> None:
        """What passed since the last lap belongs to this stage, but for `without` seconds that belonged to others."""
        now = perf_counter()
        self.add(stage, now - self._since - without)
        self._since = now

    def add(self, stage: str, seconds: float) -> None:
        self.stages[stage] = self.stages.get(stage, 0.0) + seconds

    @property
    def own(self) -> float:
        """Seconds of our own work."""
        return sum(spent for stage, spent in self.stages.items() if stage != "received")
