"""What this process has done for open pages, as plain numbers for the operator; nothing is decided by them.

The numbers grow from the start of the process on, but for `connected`, which is as it is now.
"""

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

# Seconds. From the acceptance of a tick's prices to its frame at the socket.
BOUNDS: Final = (0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5, 5.0)


@dataclass(frozen=True, slots=True)
class Durations:
    """Durations by size, in seconds: `counts` has one number for each of `bounds`, and a last for what took longer."""

    bounds: tuple[float, ...]
    counts: tuple[int, ...]
    total: float

    @property
    def count(self) -> int:
        return sum(self.counts)

    def quantile(self, part: float) -> float | None:
        """The bound under which `part` (0 to 1) of them lie: infinity beyond the last, None where there are none."""
        wanted, seen = part * self.count, 0
        for bound, count in zip((*self.bounds, float("inf")), self.counts, strict=True):
            seen += count
            if count and seen >= wanted:
                return bound
        return None


@dataclass(slots=True)
class Counts:
    """Counted where it happens, by plain additions on the event loop."""

    connected: int = 0
    opened: int = 0
    frames: int = 0
    bytes: int = 0
    dropped: int = 0
    conflated: int = 0
    ticks: int = 0
    durations: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS) + 1))
    duration: float = 0.0

    def sent(self, frames: int, size: int) -> None:
        """So many frames of together `size` bytes were handed to sockets."""
        self.frames += frames
        self.bytes += size

    def took(self, seconds: float, frames: int) -> None:
        """So many frames carried a tick that was accepted `seconds` ago."""
        self.durations[bisect_left(BOUNDS, seconds)] += frames
        self.duration += seconds * frames


counts: Final = Counts()


def figures() -> Mapping[str, int | Durations]:
    """`connected` pages now; `opened`, `frames`, `bytes` sent, `ticks` heard, readers `dropped` because they stood
    still, frames `conflated` into a later one, and `tick_to_frame` as Durations, all since the process started.
    """
    return {
        "connected": counts.connected,
        "opened": counts.opened,
        "frames": counts.frames,
        "bytes": counts.bytes,
        "dropped": counts.dropped,
        "conflated": counts.conflated,
        "ticks": counts.ticks,
        "tick_to_frame": Durations(BOUNDS, tuple(counts.durations), counts.duration),
    }
