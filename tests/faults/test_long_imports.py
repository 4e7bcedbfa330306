"""A long import survives its worker: killed at any moment it leaves nothing or all, and goes on by itself."""

import contextlib
import os
import signal
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection

from accounts.models import User
from dashboard import clock
from dashboard.importing import working
from dashboard.importing.service import import_file
from dashboard.models import Asset, Import, ImportFile, Portfolio, Position, Transaction
from dashboard.recording import create_portfolio
from project.runner.commands import worker
from tests.benchmarks.import_rows import csv_text
from tests.running import ROOT, processes, until

ROWS = 10_000
State = Import.State


@pytest.fixture
def portfolio(transactional_db: None) -> Portfolio:
    user = User.objects.create_user("ada", "ada@example.org")
    Asset.objects.create(id="bitcoin", symbol="btc", name="Bitcoin", rank=1)
    return create_portfolio(user, "Main")


@pytest.fixture
def celery(portfolio: Portfolio, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The delivery workers as they run in earnest, one process of them."""
    with (tmp_path / "worker.log").open("wb") as log:
        process = subprocess.Popen(
            worker("deliveries", 1),
            cwd=ROOT,
            env={**os.environ, "DATABASE_URL": f"sqlite:///{connection.settings_dict['NAME']}"},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    yield process
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(10)
    kill_children(process)
    process.kill()
    process.wait()


def kill_children(process: subprocess.Popen[bytes]) -> None:
    """The process that does the work: Celery puts another in its place."""
    for pid, parent, _ in processes():
        if parent == process.pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def found(kept: Import) -> Import:
    return Import.objects.get(pk=kept.pk)


def let_the_lease_end() -> None:
    """Time passes, and the sweep finds what a dead worker left."""
    past = clock.now() - timedelta(seconds=1)
    Import.objects.filter(state__in=working.AT_WORK).update(lease_until=past)
    working.sweep(clock.now())


def test_killed_at_any_moment_an_import_is_recorded_once_and_whole(
    portfolio: Portfolio, celery: subprocess.Popen[bytes]
) -> None:
    kept = import_file(portfolio, "long.csv", csv_text(ROWS, ["bitcoin"]).encode())
    assert kept.state == State.RUNNING
    for lines in (1, ROWS // 2, ROWS + 1, ROWS + 1):  # at the last two it is about to write, or is writing

        def is_so_far(lines: int = lines) -> bool:
            now = found(kept)
            return now.state == State.DONE or (now.worker != "" and now.lines_done >= lines)

        until(is_so_far, 60)
        kill_children(celery)
        held = Transaction.objects.count()
        state = found(kept).state
        assert (held, state) in {(0, State.RUNNING), (ROWS, State.DONE)}, (held, state)
        assert Position.objects.exists() == (state == State.DONE)
        let_the_lease_end()
    until(lambda: found(kept).state == State.DONE, 60)
    assert found(kept).added == Transaction.objects.count() == ROWS
    assert not ImportFile.objects.exists()
    again = import_file(portfolio, "long.csv", csv_text(ROWS, ["bitcoin"]).encode())
    until(lambda: found(again).state == State.DONE, 60)
    assert (found(again).added, found(again).duplicates) == (0, ROWS)
