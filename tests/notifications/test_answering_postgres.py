"""Messages that come at once, answered on PostgreSQL too, in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

from tests.postgres import postgres

HERE = Path(__file__).parent


def test_messages_are_answered_once_on_postgresql() -> None:
    with postgres() as address:
        run = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:xdist", HERE / "test_answering.py"],
            env={**os.environ, "DATABASE_URL": address},
            cwd=HERE.parents[1],
            capture_output=True,
            text=True,
            check=False,
        )
    assert run.returncode == 0, run.stdout[-5000:]
