"""The thread by which a process hands over what it has counted and says that it lives, every two seconds."""

import threading
import time
from collections import deque
from collections.abc import Mapping
from typing import Any, Final

from dashboard import clock
from dashboard.live import counting as live
from project.metrics import families, shared
from project.metrics.counting import SUM, field
from project.redis import AWAY

EVERY: Final = 2.0
RECENT: Final = 60.0
"""Seconds over which frames a second and quantiles are told."""
GROWING: Final = {
    "frames": families.FRAMES,
    "bytes": families.BYTES,
    "opened": families.OPENED,
    "dropped": families.DROPPED,
    "conflated": families.CONFLATED,
    "ticks": families.HEARD,
}

_started = threading.Event()


def start(kind: str) -> None:
    """Report from now on as a process of this kind: web, market, deliveries, beat. Once a process."""
    if not _started.is_set():
        _started.set()
        threading.Thread(target=Reporter(kind).run, name="metrics", daemon=True).start()


class Reporter:
    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.started = clock.now().timestamp()
        self.told: Mapping[str, float] = {}
        self.seen: deque[tuple[float, int, live.Durations]] = deque()

    def run(self) -> None:
        while True:
            time.sleep(EVERY)
            self.report()

    def report(self) -> None:
        """Away is no matter: the next report makes up for it."""
        growing = live_sums()
        if shared.hand_over({name: by for name, number in growing.items() if (by := number - self.told.get(name, 0))}):
            self.told = growing
        try:
            shared.tell(shared.this_process(self.kind, self.started, self.live()))
        except AWAY:
            return

    def live(self) -> Mapping[str, Any]:
        """What a web process says of its open pages, of the last minute where that is how it is told."""
        if self.kind != "web":
            return {}
        figures = live.figures()
        now, frames, durations = time.monotonic(), figures["frames"], figures["tick_to_frame"]
        assert isinstance(frames, int)  # noqa: S101
        assert isinstance(durations, live.Durations)  # noqa: S101
        self.seen.append((now, frames, durations))
        while now - self.seen[0][0] > RECENT:
            self.seen.popleft()
        since, frames_before, before = self.seen[0]
        recent = live.Durations(
            durations.bounds,
            tuple(new - old for new, old in zip(durations.counts, before.counts, strict=True)),
            durations.total - before.total,
        )
        return {
            "connected": figures["connected"],
            "dropped": figures["dropped"],
            "conflated": figures["conflated"],
            "frames_per_second": (frames - frames_before) / (now - since) if now > since else 0.0,
            "p50": finite(recent.quantile(0.5)),
            "p99": finite(recent.quantile(0.99)),
        }


def finite(seconds: float | None) -> float | None:
    """JSON has no infinity; what took longer than the last bound is told as twice that."""
    return 2 * live.BOUNDS[-1] if seconds == float("inf") else seconds


def live_sums() -> Mapping[str, float]:
    """What this process has done for open pages since it started, under the names of the shared sums."""
    figures = live.figures()
    sums: dict[str, float] = {}
    for name, family in GROWING.items():
        number = figures[name]
        assert isinstance(number, int)  # noqa: S101
        sums[field(family, ())] = number
    durations = figures["tick_to_frame"]
    assert isinstance(durations, live.Durations)  # noqa: S101
    bounds = [*map(str, durations.bounds), "+Inf"]
    for bound, number in zip(bounds, durations.counts, strict=True):
        sums[field(families.TICK_TO_FRAME, (bound,))] = number
    sums[field(families.TICK_TO_FRAME, (SUM,))] = durations.total
    return sums
