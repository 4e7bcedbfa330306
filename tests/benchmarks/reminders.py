"""What it costs a tick to find, of many reminders, the hundred that fire: on SQLite and on PostgreSQL.

Price reminders: the product's look-up beside the same SQL bare, and beside a loop over the models of those whose coin
moved. Balances: the pass over all portfolios beside the bare product of numpy, and beside the database's own sum over
all positions by the ORM. `tick` is all that reminders cost one: asking which coins are wanted, judging, and writing a
hundred alerts and three hundred deliveries, of a hundred owners where balances are watched.
Each size runs in a process of its own, with a fresh database.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.benchmarks.report import ROOT, Aim, Report, growth
from tests.postgres import postgres
from tests.valkey import Valkey

PRICES = (10_000, 100_000, 1_000_000)
PORTFOLIOS = (1_000, 10_000, 100_000)
DATABASES = ("sqlite", "postgresql")
MILLION = 1_000_000
Told = dict[str, float]


def run() -> Report:
    rows: list[dict[str, object]] = []
    aims: list[Aim] = []
    for database in DATABASES:
        prices = [measured("prices", size, database) for size in PRICES]
        balances = [measured("balances", size, database) for size in PORTFOLIOS]
        rows += [row("prices", size, database, told) for size, told in zip(PRICES, prices, strict=True)]
        rows += [row("balances", size, database, told) for size, told in zip(PORTFOLIOS, balances, strict=True)]
        aims += [*price_aims(database, prices), *balance_aims(database, balances)]
    return Report("reminders", rows, aims)


def price_aims(database: str, prices: list[Told]) -> list[Aim]:
    few, most = prices[0], prices[-1]
    return [
        Aim(f"{database}: finding prices at 1M, thousandths of the ORM loop", part(most, "pass") * 1e3, 1),
        Aim(f"{database}: finding prices at 1M, times that at 10k", most["pass"] / few["pass"], 2),
        Aim(f"{database}: a price tick at 1M with all it writes, fiftieths of the loop", part(most, "tick") * 50, 1),
    ]


def balance_aims(database: str, balances: list[Told]) -> list[Aim]:
    most = balances[-1]
    return [
        Aim(f"{database}: balances of 100k exactly, twentieths of the aggregate", part(most, "exact") * 20, 1),
        Aim(f"{database}: MB kept per million portfolios", most["kept MB"] * MILLION / PORTFOLIOS[-1], 200),
        Aim(f"{database}: balances, growth exponent", growth(PORTFOLIOS, [told["exact"] for told in balances]), 1),
    ]


def part(told: Told, name: str) -> float:
    return told[name] / told["reference"]


def row(what: str, size: int, database: str, told: Told) -> dict[str, object]:
    def ms(name: str) -> object:
        return told[name] * 1e3 if name in told else "–"

    return {
        "what": what,
        "size": size,
        "database": database,
        "find ms": ms("pass"),
        "bare ms": ms("bare"),
        "ratio": told["pass"] / told["bare"],
        "exact ms": ms("exact"),
        "tick ms": ms("tick"),
        "ORM ms": ms("reference"),
        "times ORM": part(told, "tick"),
        "loop ms": ms("loop"),
        "first s": told.get("build", "–"),
        "kept MB": told.get("kept MB", "–"),
        "RSS MB": told.get("rss MB", "–"),
    }


def measured(what: str, size: int, database: str) -> Told:
    """Seconds by what was measured, of a process that has nothing else to do."""
    with fresh(database) as environment:
        child = subprocess.run(
            [sys.executable, "-m", "tests.benchmarks.watching", what, str(size)],
            cwd=ROOT,
            env={**os.environ, **environment},
            stdout=subprocess.PIPE,
            check=True,
        )
    told: Told = json.loads(child.stdout)
    return told


@contextmanager
def fresh(database: str) -> Iterator[dict[str, str]]:
    """A data folder, a Redis and a database that nobody else has: what a process is told of them."""
    with tempfile.TemporaryDirectory(prefix="tickfolio-") as folder:
        server = Valkey(Path(folder))
        server.start()
        environment = {
            "DJANGO_SETTINGS_MODULE": "project.settings",
            "DATA_DIR": folder,
            "REDIS_URL": server.url,
            "TICKFOLIO_EMBEDDED": "on",
            "DATABASE_URL": f"sqlite:///{folder}/bench.sqlite3",
        }
        try:
            if database == "sqlite":
                yield environment
            else:
                with postgres() as address:
                    yield {**environment, "DATABASE_URL": address}
        finally:
            server.kill()
