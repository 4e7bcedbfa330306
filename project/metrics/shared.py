"""The figures of all processes in Redis: sums that outlive who counted them, and what the living say of themselves.

Whatever is lost when Redis is emptied begins again at zero, as counters do.
"""

import json
import os
import socket
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from dashboard import clock
from dashboard.market.course import Course
from project.metrics.counting import counting
from project.redis import AWAY, shared

COUNTS: Final = "tickfolio:counts"
PROCESSES: Final = "tickfolio:processes"
TICKS: Final = "tickfolio:ticks"
LAST_TICKS: Final = 100
SILENT_AFTER: Final = 15.0
"""Seconds without a word after which a process is no longer counted among the living."""


@dataclass(frozen=True, slots=True)
class Process:
    """What a process says of itself; `at` and `started` are seconds since 1970."""

    kind: str
    host: str
    pid: int
    started: float
    at: float
    memory: int | None
    live: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TickLine:
    """One polling tick of the recent past; stages in milliseconds."""

    at: float
    outcome: str
    sequence: int | None
    received: int
    news: int
    own: float
    stages: Mapping[str, float]


def hand_over(extra: Mapping[str, float] | None = None) -> bool:
    """Add what this process has counted, and `extra`, to the sums; False when Redis is away, and nothing is lost."""
    taken = counting.take()
    try:
        with shared().pipeline(transaction=True) as pipe:
            for counted in (taken, extra or {}):
                for name, number in counted.items():
                    pipe.hincrbyfloat(COUNTS, name, number)
            pipe.execute()
    except AWAY:
        counting.give_back(taken)
        return False
    return True


def sums() -> dict[str, float]:
    """Every sum by its field; empty when Redis is away."""
    try:
        return {str(name): float(number) for name, number in shared().hgetall(COUNTS).items()}
    except AWAY:
        return {}


def tell(process: Process) -> None:
    shared().hset(PROCESSES, f"{process.kind}@{process.host}:{process.pid}", json.dumps(asdict(process)))


def processes() -> list[Process]:
    """The living, by kind; those that have been silent are forgotten."""
    try:
        told = shared().hgetall(PROCESSES)
        found = {name: Process(**json.loads(text)) for name, text in told.items()}
        silent = [name for name, process in found.items() if clock.now().timestamp() - process.at > SILENT_AFTER]
        if silent:
            shared().hdel(PROCESSES, *silent)
    except AWAY:
        return []
    living = (process for name, process in found.items() if name not in silent)
    return sorted(living, key=lambda process: (process.kind, process.host, process.pid))


def keep_tick(course: Course) -> None:
    """Put a polling tick at the head of the last ones; lost when Redis is away."""
    line = TickLine(
        at=clock.now().timestamp(),
        outcome=course.outcome,
        sequence=course.sequence,
        received=course.received,
        news=course.news,
        own=course.own * 1e3,
        stages={stage: spent * 1e3 for stage, spent in course.stages.items()},
    )
    try:
        with shared().pipeline(transaction=False) as pipe:
            pipe.lpush(TICKS, json.dumps(asdict(line)))
            pipe.ltrim(TICKS, 0, LAST_TICKS - 1)
            pipe.execute()
    except AWAY:
        return


def last_ticks(number: int = LAST_TICKS) -> list[TickLine]:
    """Newest first."""
    try:
        return [TickLine(**json.loads(text)) for text in shared().lrange(TICKS, 0, number - 1)]
    except AWAY:
        return []


def this_process(kind: str, started: float, live: Mapping[str, Any]) -> Process:
    return Process(kind, socket.gethostname(), os.getpid(), started, clock.now().timestamp(), resident_memory(), live)


def resident_memory() -> int | None:
    """Bytes of this process in memory; None where the system doesn't tell."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return None
