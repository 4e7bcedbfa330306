"""Processes of the project beside a test, on the test's own database and Redis."""

import os
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.conf import settings
from django.db import connection

from project.redis import shared
from project.turn import NAME
from tests.running import ROOT


@contextmanager
def beside(command: Sequence[str], source_url: str) -> Iterator[None]:
    """The command for as long as the block lasts, asking the source for prices each second."""
    address = f"sqlite:///{connection.settings_dict['NAME']}"
    if connection.vendor == "postgresql":
        address = "postgres://{USER}@/{HOST}/{NAME}".format_map(connection.settings_dict)
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env={
            **os.environ,
            "DATABASE_URL": address,
            "COINGECKO_URL": source_url,
            "PRICE_REFRESH_SECONDS": "1",
            "SECRET_KEY": settings.SECRET_KEY,
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def emptied_queues(*more: str) -> Iterator[None]:
    """The body of a fixture: no task and no turn is left from before, and none is left behind."""
    names = ("market", "deliveries", "unacked", "unacked_index", NAME, *more)
    shared().delete(*names)
    yield
    shared().delete(*names)
