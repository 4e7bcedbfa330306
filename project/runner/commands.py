"""The command line of each process: the same on one machine (`manage.py up`) and in containers (docker-compose.yml)."""

import sys
from collections.abc import Sequence
from pathlib import Path

# A page never sends much: larger frames are refused before they are read. Daphne holds what it sends to the limit on
# messages too, and the whole state of a large portfolio is a megabyte or two.
LARGEST_FRAME = 64 * 1024
LARGEST_MESSAGE = 8 * 1024 * 1024


def web(options: Sequence[str], server: str = "daphne") -> list[str]:
    """`options` say where to listen: ["--fd", N] for a socket that is open already, or ["-b", HOST, "-p", PORT].

    `server` is "daphne" or "uvicorn".
    """
    if server == "uvicorn":
        return [*_python("project.runner.uvicorn"), *options, "project.asgi:application"]
    return [
        *_python("project.runner.daphne"),
        *("-v", "0"),
        *("--websocket-max-message-size", str(LARGEST_MESSAGE)),
        *("--websocket-max-frame-size", str(LARGEST_FRAME)),
        *options,
        "project.asgi:application",
    ]


def worker(queue: str, concurrency: int) -> list[str]:
    """Processes, not threads: only a process can be ended when a task is over its time limit."""
    return [
        *_celery(),
        *("worker", "-Q", queue),
        *("-c", str(concurrency)),
        *("-n", f"{queue}@%h"),
        *("--without-gossip", "--without-mingle"),
    ]


def beat(schedule: Path) -> list[str]:
    """`schedule` is the file in which beat keeps when each task ran last."""
    return [*_celery(), "beat", *("-s", str(schedule))]


def streams() -> list[str]:
    """What keeps the feeds of exchanges; started in the project's folder."""
    return [sys.executable, "manage.py", "stream_prices"]


def replay(port: int, feed_port: int | None = None) -> list[str]:
    """The recorded market, served as CoinGecko's API would, and as Coinbase's feed."""
    feed = () if feed_port is None else ("--feed-port", str(feed_port))
    return [*_python("dashboard.market.replay"), *("--port", str(port)), *feed]


def _python(module: str) -> list[str]:
    return [sys.executable, "-m", module]


def _celery() -> list[str]:
    """Quietly, and without Django's checks at each start: `make check` runs them."""
    return [*_python("celery"), "-q", "--skip-checks", *("-A", "project")]
