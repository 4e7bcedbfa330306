"""One tick on its way to N dashboards: announced on Redis by another process, until the frame is in the hands of a
client in a third; beside `websockets.broadcast()` of a frame of the same size and beside the usual way of Channels.

Everyone holds twenty assets of which five move, in amounts of their own. Nothing is pinned to a core.
LIVE_SIZES=100,1000 LIVE_TICKS=3 LIVE_SERVERS=uvicorn make a quick trial of it; the whole takes about ten minutes.
"""

import contextlib
import os
import resource
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import perf_counter

from dashboard.models import MarketState
from project.runner.commands import web, worker
from tests.benchmarks.fanout.bench import Bench, Fanout, Measured, part_of
from tests.benchmarks.fanout.own import own_work
from tests.benchmarks.fanout.processes import Process, Server, listening, running, talking
from tests.benchmarks.report import Aim, Report

SIZES = [int(size) for size in os.environ.get("LIVE_SIZES", "100,1000,3000").split(",")]
TICKS = int(os.environ.get("LIVE_TICKS", "7"))
SERVERS = os.environ.get("LIVE_SERVERS", "uvicorn,daphne").split(",")
FEW, MANY = 100, 1000
STANDING = 20
ALONE = 500
"""Pages of the hub alone."""
FIRST = 10
"""Pages that are open, and have had a tick, before memory is looked at: the first ones load what all share."""
TASKS, ASKED = 10, 40
OPENING = 5
"""Milliseconds for each page, when many come at once."""
TIMES_BROADCAST = {"uvicorn": 2.5, "daphne": 4.0}
"""Of broadcast's time to the last client."""


@dataclass(slots=True)
class Found:
    """What one server showed; times in seconds."""

    name: str
    by_size: dict[int, Measured] = field(default_factory=dict)
    alone: Measured | None = None
    beside: Measured | None = None
    kept: float = 0.0
    """KiB that each reader who stands still had cost when ticks went on."""
    accepted: list[float] = field(default_factory=list)
    pages: list[float] = field(default_factory=list)
    reference: dict[int, Measured] = field(default_factory=dict)
    own: float = 0.0
    """Seconds of our own work for each page."""

    def measured(self) -> list[Measured]:
        by_size = (*self.by_size.values(), self.alone, self.beside, *self.reference.values())
        return [one for one in by_size if one is not None]


def run() -> Report:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with tempfile.TemporaryDirectory(prefix="live-") as folder, contextlib.ExitStack() as stack:
        bench = Bench(Path(folder), max(*SIZES, MANY) + STANDING, stack)
        found = []
        before = own(bench)
        for name in SERVERS:
            one = hub(bench, name)
            found.append(one)
            # Right after it, and before and after: the machine may be half as fast some minutes later.
            one.reference = {each.clients: each for each in broadcast(bench, name, int(one.by_size[SIZES[-1]].frame))}
            after = own(bench)
            one.own, before = (before + after) / 2, after
        usual = naive(bench)
    rows = [row(each) for one in found for each in one.measured()]
    aims = [aim for one in found for aim in aims_of(one, usual)]
    return Report("live", [*rows, row(usual)], aims)


def own(bench: Bench) -> float:
    spent = own_work(ALONE, TICKS)
    say(f"own work: {spent * 1e6:.1f} µs a page")
    bench.sequence = MarketState.objects.get().sequence
    return spent


def row(one: Measured) -> dict[str, object]:
    return {
        "what": one.who,
        "clients": one.clients,
        "last ms": one.last * 1e3,
        "p50 ms": one.part(0.5) * 1e3,
        "p99 ms": one.part(0.99) * 1e3,
        "CPU s/1,000": one.spent or "–",
        "bytes": int(one.frame),
        "KiB": one.memory or "–",
        "opening ms": one.opening * 1e3 or "–",
    }


def aims_of(found: Found, usual: Measured) -> Iterator[Aim]:
    name, by_size, reference = found.name, found.by_size, found.reference
    for size, one in by_size.items():
        if size != FEW:
            times = one.last / reference[size].last
            yield Aim(f"{name}: last of {size:,}, times broadcast's", times, TIMES_BROADCAST[name])
            # Not of a hundred: Python takes memory from the system a MiB at a time, 11 KiB for each of those.
            yield Aim(f"{name}: KiB for each of {size:,} dashboards", one.memory, 40)
        yield Aim(f"{name}: frames lost among {size:,}", one.missed, 0)
        yield Aim(f"{name}: to open each of {size:,} dashboards, ms", one.opening * 1e3, OPENING)
    if MANY in by_size:
        yield Aim(f"{name}: last of 1,000, part of the naive way's", by_size[MANY].last / usual.last, 1 / 50)
        yield Aim(f"{name}: own work, part of a tick to 1,000", found.own * MANY / by_size[MANY].last, 0.4)
        if SIZES[-1] == 3 * MANY:
            yield Aim(f"{name}: last of 3,000, times that of 1,000", by_size[SIZES[-1]].last / by_size[MANY].last, 3.3)
    yield Aim(f"{name}: bytes of a frame", by_size[SIZES[-1]].frame, 3000)
    if FEW in by_size:
        yield Aim(f"{name}: announced to frame at 100, p99 ms", by_size[FEW].part(0.99) * 1e3, 15)
    if found.accepted:
        yield Aim(f"{name}: accepted by the task to frame at 100, p99 ms", part_of(found.accepted, 0.99) * 1e3, 60)
    if found.alone and found.beside:
        times = found.beside.last / found.alone.last
        yield Aim(f"{name}: last of 1,000 beside {STANDING} who stand still, times without", times, 1.3)
        yield Aim(f"{name}: frames lost beside them", found.beside.missed, 0)
        yield Aim(f"{name}: KiB that each of them costs as ticks go on", found.kept, 40)
    yield Aim(f"{name}: page during a tick to {SIZES[-1]:,}, p95 ms", part_of(found.pages, 0.95) * 1e3, 200)


# Scenarios -----------------------------------------------------------------------------------------------------------


def hub(bench: Bench, name: str) -> Found:
    """The web process as it runs in earnest, with more and more pages."""
    found = Found(name)
    with listening(web(["--fd", "FD"], name), bench.environment) as server:
        bench.open(server.port, FIRST)
        bench.fanouts(server, 1)
        before, already = server.memory(), FIRST
        for clients in SIZES:
            say(f"{name}, {clients:,} pages")
            opening = bench.open(server.port, clients, already) / (clients - already)
            already = clients
            bench.fanouts(server, 1)
            memory = (server.memory() - before) / (clients - FIRST)
            found.by_size[clients] = Measured(name, clients, bench.fanouts(server, TICKS), memory, opening)
            say(str(found.by_size[clients]))
            if clients == FEW:
                say(f"{name}, ticks of a worker")
                found.accepted = accepted(bench)
            if clients == MANY:
                say(f"{name}, readers who stand still")
                stand_still(bench, server, found)
        say(f"{name}, a page asked for")
        for _ in range(ASKED):
            found.pages.append(bench.page_during_fanout(server))
            bench.rest()
        bench.close()
    return found


def say(what: str) -> None:
    """The whole takes minutes."""
    print(f"{perf_counter():.0f} s: {what}", file=sys.stderr, flush=True)


def accepted(bench: Bench) -> list[float]:
    """From the moment at which a worker's task accepts prices to the frames."""
    with running(worker("market", 1), bench.environment):
        bench.accepted()  # the worker is there now, and knows the source
        times = [time for _ in range(TASKS) for time in bench.accepted()]
    bench.rest()
    MarketState.objects.update(interval_seconds=3600)  # nothing grows stale from here on
    return times


def stand_still(bench: Bench, server: Server, found: Found) -> None:
    """Further readers, who take nothing until their sockets are full, and then still nothing."""
    some = [[person.cookie, person.path] for person in bench.people[MANY : MANY + STANDING]]
    bench.crowd.ask({"stall": some})
    bench.fanouts(server, TICKS, facts=True)
    before = server.memory()
    found.beside = Measured(f"{found.name} beside {STANDING}", MANY, bench.fanouts(server, TICKS))
    found.kept = (server.memory() - before) / STANDING
    bench.crowd.ask({"release": True})
    bench.rest()
    found.alone = Measured(f"{found.name} without", MANY, bench.fanouts(server, TICKS))


def broadcast(bench: Bench, name: str, size: int) -> Iterator[Measured]:
    command = [sys.executable, "-m", "tests.benchmarks.fanout.reference", "FD"]
    with talking(command, bench.environment) as (process, port):
        already, server = 0, Server(process.popen.pid, port)
        for clients in SIZES:
            say(f"broadcast, {clients:,} pages")
            bench.open(port, clients, already, first="<section")
            already = clients
            one = Measured(
                f"broadcast beside {name}", clients, [one_broadcast(bench, process, server, size) for _ in range(TICKS)]
            )
            say(str(one))
            yield one
        bench.close()


def one_broadcast(bench: Bench, process: Process, server: Server, size: int) -> Fanout:
    token = bench.watch()
    before = server.spent()
    fanout = bench.heard(process.ask([size, token])["at"])
    spent = server.spent() - before
    bench.rest(0.2)
    return replace(fanout, spent=spent)


def naive(bench: Bench) -> Measured:
    say("the naive way")
    command = [*web(["--fd", "FD"])[:-1], "tests.benchmarks.fanout.naive:application"]
    with listening(command, bench.environment) as server:
        bench.open(server.port, MANY, first="<section")
        one = Measured("naive", MANY, bench.fanouts(server, 3))
        bench.close()
        return one
