"""A long file from the upload to stored positions, by a worker and by the command, beside the least that keeping its
rows must do: `csv` and the database's own driver. Meanwhile pages are asked for and small changes are written.
"""

import csv
import io
import os
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from statistics import quantiles
from time import perf_counter, sleep

from django.core.management import call_command
from django.test import Client

from accounts.models import User
from dashboard.importing.service import import_file
from dashboard.models import Asset, Import, Portfolio, Transaction
from dashboard.recording import create_portfolio, undo_import
from tests.benchmarks.import_rows import csv_text
from tests.benchmarks.report import ROOT, Aim, Report, growth

SIZES = (1_000, 10_000, 100_000)
COINS = [f"coin-{number}" for number in range(20)]
WORK = "import project.celery, django; django.setup(); from dashboard.importing.working import work_on; work_on({})"
names = count(1)


@dataclass(slots=True)
class Watch:
    """What others notice of a child process: how long pages and small writes take, in seconds."""

    pages: list[float] = field(default_factory=list)
    writes: list[float] = field(default_factory=list)
    took: float = 0.0
    megabytes: float = 0.0


def run() -> Report:
    call_command("migrate", verbosity=0)
    Asset.objects.bulk_create([Asset(id=coin, symbol=coin, name=coin) for coin in COINS])
    rows: list[dict[str, object]] = []
    by_worker: dict[int, Watch] = {}
    by_command: dict[int, Watch] = {}
    ratio = 0.0
    for size in SIZES:
        text = csv_text(size, COINS)
        reference = bare(text)
        by_worker[size], by_command[size] = worker(text, size), command(text, size)
        for way, watch in (("worker", by_worker[size]), ("command", by_command[size])):
            ratio = watch.took / reference
            rows.append(
                {"way": way, "rows": size, "s": watch.took, "bare s": reference, "ratio": ratio, "MB": watch.megabytes}
                | {"page p95 ms": p95(watch.pages) * 1e3, "longest write ms": max(watch.writes) * 1e3}
            )
    last = SIZES[-1]
    both = (by_worker[last], by_command[last])
    aims = [
        Aim("100,000 rows end to end, s", max(watch.took for watch in both), 60),
        Aim("100,000 rows, MB of the process that does it", max(watch.megabytes for watch in both), 300),
        Aim("100,000 rows, times csv and executemany of them, by the command", ratio, 40),
        Aim(
            "longest that another writer waits, ms", max(write for watch in both for write in watch.writes) * 1e3, 1000
        ),
        Aim("pages meanwhile, p95 ms", p95([page for watch in both for page in watch.pages]) * 1e3, 500),
        Aim("growth exponent from 10,000 rows", growth(SIZES[1:], [by_worker[size].took for size in SIZES[1:]]), 1.15),
    ]
    return Report("import", rows, aims)


def worker(text: str, size: int) -> Watch:
    """The upload, and a worker's process from its start; the same file again adds nothing; then it is taken back."""
    portfolio = new_portfolio()
    begun = perf_counter()
    kept = import_file(portfolio, "bench.csv", text.encode())
    uploading = perf_counter() - begun
    watch = watched([sys.executable, "-c", WORK.format(kept.pk)], portfolio)
    watch.took += uploading
    expect(portfolio, size)
    again = import_file(portfolio, "bench.csv", text.encode())
    watched([sys.executable, "-c", WORK.format(again.pk)], portfolio)
    expect(portfolio, size)
    undo_import(Import.objects.get(pk=kept.pk))
    expect(portfolio, 0)
    portfolio.user.delete()
    return watch


def command(text: str, size: int) -> Watch:
    portfolio = new_portfolio()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "bench.csv"
        file.write_text(text)
        of = ("--user", portfolio.user.username, "--portfolio", "Main")
        watch = watched([sys.executable, "manage.py", "import_transactions", *of, str(file)], portfolio)
    expect(portfolio, size)
    portfolio.user.delete()
    return watch


def new_portfolio() -> Portfolio:
    name = f"bench-{next(names)}"
    return create_portfolio(User.objects.create_user(name, f"{name}@example.org"), "Main", currency="usd")


def expect(portfolio: Portfolio, transactions: int) -> None:
    held = Transaction.objects.filter(portfolio=portfolio).count()
    if held != transactions:
        raise AssertionError(f"{held} transactions, expected {transactions}")


def watched(command: Sequence[str], portfolio: Portfolio) -> Watch:
    """Runs the child process, asking for pages and writing a little until it ends."""
    watch, client = Watch(), Client(SERVER_NAME="localhost")
    client.force_login(portfolio.user)
    begun = perf_counter()
    child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    while True:
        ended, status, usage = os.wait4(child.pid, os.WNOHANG)
        if ended:
            break
        watch.pages.append(timed(lambda: client.get("/")))
        watch.writes.append(timed(lambda: User.objects.filter(pk=portfolio.user_id).update(compact=False)))
        sleep(0.02)
    watch.took = perf_counter() - begun
    watch.megabytes = usage.ru_maxrss / 1024
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise AssertionError(f"{command} ended with {child.returncode}")
    return watch


def timed(work: Callable[[], object]) -> float:
    begun = perf_counter()
    work()
    return perf_counter() - begun


def p95(times: Sequence[float]) -> float:
    return quantiles(times, n=20)[-1] if len(times) > 1 else max(times)


def bare(text: str) -> float:
    """The rows as text in a table with the same two orders kept."""
    begun = perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        database = sqlite3.connect(Path(folder) / "bare.sqlite3")
        rows = csv.reader(io.StringIO(text))
        header = next(rows)
        database.execute(f"CREATE TABLE t (id INTEGER PRIMARY KEY, {', '.join(header)})")
        database.execute("CREATE INDEX newest ON t (timestamp DESC, id DESC)")
        database.execute("CREATE INDEX history ON t (asset_id, timestamp, id)")
        places = ", ".join("?" * len(header))
        database.executemany(f"INSERT INTO t ({', '.join(header)}) VALUES ({places})", rows)
        database.commit()
        database.close()
    return perf_counter() - begun
