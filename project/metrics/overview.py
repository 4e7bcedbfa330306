"""The figures as people read them: one answer for the operator's page."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Final

from django.conf import settings

from dashboard import clock
from dashboard.live.counting import Durations
from dashboard.market.course import STAGES
from dashboard.market.streams.handover import FeedState
from project.metrics import families, gathering, shared
from project.metrics.counting import SEPARATOR, SUM
from project.metrics.families import Family

LINES: Final = 12
VIEWS: Final = 12


@dataclass(frozen=True, slots=True)
class TickRow:
    """One polling tick; `stages` in milliseconds in the order of STAGES, None where it did not come that far."""

    at: datetime
    outcome: str
    sequence: int | None
    received: int
    news: int
    own: float
    stages: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class ViewRow:
    """Requests to one view since counting began; durations in seconds, as the bound that they lie under."""

    view: str
    requests: int
    errors: int
    p50: float | None
    p95: float | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """Deliveries through one transport: those that need attention, and how the recent ones stand."""

    transport: str
    waiting: int
    recent: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class ProcessRow:
    process: shared.Process
    since: datetime
    silent_for: timedelta
    megabytes: float | None


@dataclass(frozen=True, slots=True)
class FeedRow:
    """An exchange's feed; `silent_for` in seconds."""

    feed: FeedState
    silent_for: float | None
    since: datetime | None


@dataclass(frozen=True, slots=True)
class Operation:
    now: datetime
    market: gathering.Market
    feeds: tuple[FeedRow, ...]
    streams: tuple[str, ...]
    """The exchanges that the settings name."""
    polls: tuple[tuple[str, int], ...]
    ticks: tuple[TickRow, ...]
    own_p50: float | None
    own_p99: float | None
    own_of: int
    processes: tuple[ProcessRow, ...]
    queues: Mapping[str, int | None]
    deliveries: gathering.Deliveries
    transports: tuple[Waiting, ...]
    overdue: timedelta | None
    views: tuple[ViewRow, ...]
    reminders_armed: int
    imports_at_work: int

    @property
    def pages(self) -> tuple[ProcessRow, ...]:
        """The web processes, which open pages are connected to."""
        return tuple(row for row in self.processes if row.process.kind == "web")

    @property
    def connected(self) -> int:
        return sum(row.process.live.get("connected", 0) for row in self.pages)


def operation() -> Operation:
    now = clock.now()
    sums, lines = shared.sums(), shared.last_ticks()
    own = sorted(line.own for line in lines)
    deliveries = gathering.deliveries()
    due = deliveries.oldest_due
    return Operation(
        now=now,
        market=gathering.market(),
        feeds=tuple(feed_row(feed, now) for feed in gathering.feeds()),
        streams=tuple(settings.PRICE_STREAMS),
        polls=tuple(sorted(((name, int(times)) for (name,), times in numbers(sums, families.POLLS).items()))),
        ticks=tuple(map(tick_row, lines[:LINES])),
        own_p50=rank(own, 0.5),
        own_p99=rank(own, 0.99),
        own_of=len(own),
        processes=tuple(process_row(process, now) for process in shared.processes()),
        queues=gathering.queues(),
        deliveries=deliveries,
        transports=by_transport(deliveries),
        overdue=now - due if due else None,
        views=view_rows(sums),
        reminders_armed=gathering.reminders_armed(),
        imports_at_work=gathering.imports_at_work(),
    )


def rank(values: Sequence[float], part: float) -> float | None:
    """The smallest of the sorted values that at least this part of them do not exceed."""
    return values[ceil(part * len(values)) - 1] if values else None


def tick_row(line: shared.TickLine) -> TickRow:
    return TickRow(
        at=datetime.fromtimestamp(line.at, UTC),
        outcome=line.outcome,
        sequence=line.sequence,
        received=line.received,
        news=line.news,
        own=line.own,
        stages=tuple(line.stages.get(stage) for stage in STAGES),
    )


def feed_row(feed: FeedState, now: datetime) -> FeedRow:
    last = feed.last_message_at
    return FeedRow(
        feed=feed,
        silent_for=None if last is None else max(now.timestamp() - last, 0.0),
        since=None if feed.since is None else datetime.fromtimestamp(feed.since, UTC),
    )


def process_row(process: shared.Process, now: datetime) -> ProcessRow:
    return ProcessRow(
        process=process,
        since=datetime.fromtimestamp(process.started, UTC),
        silent_for=max(now - datetime.fromtimestamp(process.at, UTC), timedelta()),
        megabytes=None if process.memory is None else process.memory / 2**20,
    )


def by_transport(deliveries: gathering.Deliveries) -> tuple[Waiting, ...]:
    names = sorted({transport for transport, _ in (*deliveries.waiting, *deliveries.recent)})
    return tuple(
        Waiting(
            transport=name,
            waiting=sum(times for (transport, _), times in deliveries.waiting.items() if transport == name),
            recent=tuple(
                sorted((state, times) for (transport, state), times in deliveries.recent.items() if transport == name)
            ),
        )
        for name in names
    )


def numbers(sums: Mapping[str, float], family: Family) -> dict[tuple[str, ...], float]:
    """The sums of one family by its labels' values."""
    found = {}
    for field, number in sums.items():
        name, *labels = field.split(SEPARATOR)
        if name == family.name:
            found[tuple(labels)] = number
    return found


def view_rows(sums: Mapping[str, float]) -> tuple[ViewRow, ...]:
    """The views that took most time, first."""
    requests: dict[str, int] = defaultdict(int)
    errors: dict[str, int] = defaultdict(int)
    for (view, status), times in numbers(sums, families.REQUESTS).items():
        requests[view] += int(times)
        errors[view] += int(times) if status == "5xx" else 0
    seconds = numbers(sums, families.REQUEST_SECONDS)
    bounds = families.REQUEST_SECONDS.bounds
    rows: list[tuple[float, ViewRow]] = []
    for view, times in requests.items():
        counts = tuple(int(seconds.get((view, bound), 0)) for bound in (*map(str, bounds), "+Inf"))
        durations = Durations(bounds, counts, seconds.get((view, SUM), 0.0))
        row = ViewRow(view, times, errors[view], durations.quantile(0.5), durations.quantile(0.95))
        rows.append((durations.total, row))
    return tuple(row for _, row in sorted(rows, key=lambda each: -each[0])[:VIEWS])
