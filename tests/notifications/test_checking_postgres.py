"""Checking on PostgreSQL too, in a process of its own: the same tests, and many processes at once."""

import os
import subprocess
import sys
from pathlib import Path

from tests.postgres import postgres

HERE = Path(__file__).parent
FILES = ("test_checking.py", "test_weighing.py", "test_crossings_at_once.py", "test_inserting.py", "test_twice.py")


def test_reminders_are_checked_alike_on_postgresql() -> None:
    with postgres() as address:
        run = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:xdist", *(HERE / name for name in FILES)],
            env={**os.environ, "DATABASE_URL": address},
            cwd=HERE.parents[1],
            capture_output=True,
            text=True,
            check=False,
        )
    assert run.returncode == 0, run.stdout[-5000:]
