"""`manage.py up` on PostgreSQL: the same start, with the database that DATABASE_URL names."""

import json
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from tests.postgres import postgres
from tests.running import PATIENCE, tickfolio, until


def readiness(address: str) -> dict[str, Any]:
    """What /readyz says once every part works; empty before."""
    try:
        with urllib.request.urlopen(f"{address}/readyz", timeout=30) as answer:
            return dict(json.load(answer))
    except urllib.error.HTTPError as error:
        error.close()
        return {}


def test_everything_runs_on_postgresql(tmp_path: Path) -> None:
    with postgres() as url, tickfolio(tmp_path, DATABASE_URL=url) as running:
        ready = until(lambda: readiness(running.address), PATIENCE, lambda: running.output)
        assert {part: ready[part] for part in ("database", "redis", "worker")} == dict.fromkeys(
            ("database", "redis", "worker"), "ok"
        )
        with urllib.request.urlopen(f"{running.address}/accounts/login/", timeout=30) as page:
            assert page.status == 200
    assert not (tmp_path / "tickfolio.sqlite3").exists()
