"""The own work of ticks, from the source's answer to judged reminders, with a real source, Redis and database.

The reference does the least that a tick must do: read the same answer's JSON, write its rows with the database's own
driver, and publish them. The wait for the source is nobody's work and counted by neither. SQLite's log is emptied
beside the ticks, about every fifth, as another worker does where they come each second.

A shared machine is half as fast for parts of a second, which decides the slowest ticks. So the same work is timed
before and after each of them, and the aim is about what a tick would have taken had the machine been as fast as it
mostly was; what it did take is shown beside it.
"""

import gc
import json
import sqlite3
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter

import redis
import structlog
from channels.layers import channel_layers
from channels_redis.pubsub import RedisPubSubChannelLayer
from django.conf import settings
from django.core.management import call_command
from django.db import connections

from accounts.models import User
from dashboard import clock
from dashboard.live.announce import keep_connection
from dashboard.market.course import STAGES, Course
from dashboard.models import Asset, MarketQuote, MarketState, Position, PriceSample
from dashboard.recording import create_portfolio
from notifications.reminding import create_reminder
from project.tasks import checkpoint
from project.tick import beat
from project.turn import turn
from tests.benchmarks.report import Aim, Report, growth
from tests.fakes.coingecko import FakeCoinGecko
from tests.valkey import Valkey

SIZES = (50, 250, 1_000)
TICKS = 220
WARM_UP = 20
OWNERS, REMINDERS = 10, 50
EMPTIED_EVERY = 0.7
SAME_WORK = json.dumps([{f"field {number}": rank * 1.5 for number in range(20)} for rank in range(1000)])
LONGEST = 150.0
"""Milliseconds of own work that 99 of 100 ticks may take."""


@dataclass(frozen=True, slots=True)
class Measured:
    """Seconds of each tick's own work, of the same work around it, of its bare reference; the middle of each stage."""

    own: list[float]
    pace: list[float]
    bare: list[float]
    stages: dict[str, float]

    @property
    def steady(self) -> list[float]:
        """The ticks' own work had the machine been as fast as it mostly was."""
        usual = median(self.pace)
        return [own * usual / pace for own, pace in zip(self.own, self.pace, strict=True)]


def run() -> Report:
    call_command("migrate", verbosity=0)
    rows: list[dict[str, object]] = []
    middles = []
    with world() as server:
        for size in SIZES:
            measured = ticks_of(size, server)
            middles.append(median(measured.own))
            stages = {stage: measured.stages.get(stage, 0.0) * 1e3 for stage in STAGES if stage != "received"}
            rows.append(
                {
                    "assets": size,
                    "ticks": len(measured.own),
                    "p50 ms": median(measured.own) * 1e3,
                    "p99 ms": p99(measured.own) * 1e3,
                    "steady p99 ms": p99(measured.steady) * 1e3,
                    **stages,
                    "bare p50 ms": median(measured.bare) * 1e3,
                    "bare p99 ms": p99(measured.bare) * 1e3,
                    "ratio": median(measured.own) / median(measured.bare),
                }
            )
    aims = [
        *(
            Aim(f"p99 of a tick's own work at {row['assets']} assets, ms", number(row["steady p99 ms"]), LONGEST)
            for row in rows
        ),
        Aim("1,000 assets, times the bare work", number(rows[-1]["ratio"]), 8),
        Aim("growth exponent", growth(SIZES, middles), 1.1),
    ]
    return Report("tick", rows, aims)


def number(value: object) -> float:
    assert isinstance(value, float)
    return value


def p99(spent: list[float]) -> float:
    return quantiles(spent, n=100)[98]


@contextmanager
def world() -> Iterator[Valkey]:
    """A Redis of its own, that ticks are announced through, and owners who hold and watch what is polled."""
    structlog.configure(processors=[drop])
    server = Valkey(Path(settings.DATA_DIR))
    server.start()
    before = channel_layers.set("default", RedisPubSubChannelLayer(hosts=[{"address": server.url}]))
    settings.PRICE_REFRESH_SECONDS = 0.001
    keep_connection()  # as a worker does when it begins
    try:
        yield server
    finally:
        channel_layers.set("default", before)
        server.kill()


def drop(*event: object) -> dict[str, object]:
    raise structlog.DropEvent


def ticks_of(size: int, server: Valkey) -> Measured:
    empty()
    with FakeCoinGecko() as fake, bare_database() as database, emptied_log():
        settings.COINGECKO_URL = fake.url
        for rank in range(size):
            fake.set_price(f"coin-{rank}", Decimal(rank + 1))
        own_something(size)
        publisher = redis.Redis.from_url(server.url)
        gc.collect()
        gc.freeze()  # as a worker does when it begins
        own, paces, bare, stages = [], [], [], dict[str, list[float]]()
        for step in range(TICKS):
            factor = Decimal(1) + Decimal(step % 7).scaleb(-4)
            for rank in range(size):
                fake.set_price(f"coin-{rank}", (rank + 1) * factor)
            MarketState.objects.update(top_fetched_at=clock.now())
            before, course, after = pace(), one_tick(size), pace()
            reference = bare_work(fake, database, publisher)
            if step >= WARM_UP:
                own.append(course.own)
                paces.append((before + after) / 2)
                bare.append(reference)
                for stage, spent in course.stages.items():
                    stages.setdefault(stage, []).append(spent)
    return Measured(own, paces, bare, {stage: median(spent) for stage, spent in stages.items()})


def pace() -> float:
    """Seconds of some milliseconds' work, always the same."""
    start = perf_counter()
    json.loads(SAME_WORK, parse_float=Decimal)
    return perf_counter() - start


def one_tick(size: int) -> Course:
    course = Course()
    with turn() as mine:
        news = beat(mine, course)
    assert news is not None
    assert len(news.quotes) == size
    return course


def empty() -> None:
    for model in (PriceSample, Position, MarketQuote):
        model.objects.all().delete()
    User.objects.all().delete()
    Asset.objects.coins().delete()


def own_something(size: int) -> None:
    """Everything is held by somebody, and watched by reminders that do not fire."""
    Asset.objects.bulk_create(Asset(id=f"coin-{rank}", symbol=f"c{rank}", name=f"Coin {rank}") for rank in range(size))
    for owner in range(OWNERS):
        user = User.objects.create_user(f"owner-{owner}", f"owner-{owner}@example.org")
        portfolio = create_portfolio(user, "Main")
        zero = Decimal(0)
        Position.objects.bulk_create(
            Position(
                portfolio=portfolio,
                asset_id=f"coin-{rank}",
                quantity=Decimal(2),
                **dict.fromkeys(["cost", "realised", "income", "fees", "invested", "ever_invested", "fees_paid"], zero),
            )
            for rank in range(owner, size, OWNERS)
        )
        for watched in range(REMINDERS):
            asset = f"coin-{(owner * REMINDERS + watched) % size}"
            create_reminder(user, {"kind": "price_above", "asset": asset, "limit": Decimal(10**6), "repeat": "always"})


@contextmanager
def emptied_log() -> Iterator[None]:
    over = threading.Event()

    def work() -> None:
        while not over.wait(EMPTIED_EVERY):
            checkpoint()
        connections.close_all()

    worker = threading.Thread(target=work)
    worker.start()
    try:
        yield
    finally:
        over.set()
        worker.join()


@contextmanager
def bare_database() -> Iterator[sqlite3.Connection]:
    with tempfile.TemporaryDirectory() as folder:
        database = sqlite3.connect(Path(folder) / "bare.sqlite3")
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=NORMAL")
        yield database
        database.close()


def bare_work(fake: FakeCoinGecko, database: sqlite3.Connection, publisher: redis.Redis) -> float:
    """Read, write, publish: no judgement, no names, no reminders."""
    body = json.dumps(fake.prices.rows(clock.now()), default=str)
    start = perf_counter()
    rows = json.loads(body, parse_float=Decimal)
    columns = list(rows[0])
    table = f"CREATE TABLE IF NOT EXISTS quote ({', '.join(columns)}, PRIMARY KEY (id))"
    with database:
        database.execute(table)
        database.executemany(
            f"INSERT OR REPLACE INTO quote VALUES ({', '.join('?' * len(columns))})",
            [tuple(row.values()) for row in rows],
        )
    publisher.publish("bare", json.dumps(rows))
    return perf_counter() - start
