"""The same tests of ticks and of what they keep on PostgreSQL, in a process of their own."""

import os
import subprocess
import sys
from pathlib import Path

from tests.postgres import postgres

HERE = Path(__file__).parent
TESTS = HERE / "test_samples.py", HERE / "test_refresh.py", HERE.parent / "test_upserting.py"


def test_prices_are_taken_kept_and_thinned_alike_on_postgresql() -> None:
    with postgres() as address:
        run = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:xdist", "-k", "not given_up", *TESTS],
            env={**os.environ, "DATABASE_URL": address},
            cwd=HERE.parents[2],
            capture_output=True,
            text=True,
            check=False,
        )
    assert run.returncode == 0, run.stdout[-5000:]
