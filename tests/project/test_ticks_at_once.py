"""Several beats and workers at once: one tick at a time, and none that comes too late to matter."""

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from dashboard import clock
from dashboard.models import MarketState
from project.metrics import shared as figures
from project.redis import shared
from project.runner import commands
from project.tick import tick
from project.turn import NAME, Taken, turn
from tests.beside import beside, emptied_queues
from tests.running import until
from tests.settings import FOLDER
from tests.valkey import Valkey

SLOW = 2.5


class SlowSource(ThreadingHTTPServer):
    """A source that takes its time, and notes how many ask at once."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.lock = threading.Lock()
        self.delay, self.asking, self.most_at_once, self.polls = SLOW, 0, 0, list[float]()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/api/v3"


class Handler(BaseHTTPRequestHandler):
    server: SlowSource

    def do_GET(self) -> None:
        if "/coins/markets" not in self.path:
            self.send_error(404)
            return
        with self.server.lock:
            self.server.asking += 1
            self.server.polls.append(time.monotonic())
            self.server.most_at_once = max(self.server.most_at_once, self.server.asking)
        time.sleep(self.server.delay)
        price = 50_000 + len(self.server.polls)
        row = {"id": "bitcoin", "symbol": "btc", "name": "Bitcoin", "current_price": price}
        body = json.dumps([{**row, "last_updated": clock.now().isoformat()}]).encode()
        with self.server.lock:
            self.server.asking -= 1
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def source() -> Iterator[SlowSource]:
    with SlowSource() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture(autouse=True)
def empty_queues() -> Iterator[None]:
    yield from emptied_queues(figures.COUNTS)


def ticks_run() -> float:
    sums = figures.sums()
    return sums.get("tickfolio_ticks", 0) + sums.get("tickfolio_ticks_skipped", 0)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("workers", [1, 2])
def test_two_beats_make_one_tick_at_a_time_and_late_ones_expire(
    source: SlowSource, tmp_path: Path, workers: int
) -> None:
    MarketState.objects.get_or_create(pk=1)
    beats = [commands.beat(tmp_path / f"beat-{number}") for number in range(2)]
    with (
        beside([*commands.worker("market", 1), "-n", "market-one@%h"], source.url),
        beside(
            [*commands.worker("market", 1), "-n", "market-two@%h"] if workers == 2 else ["sleep", "600"], source.url
        ),
        beside(beats[0], source.url),
        beside(beats[1], source.url),
    ):
        until(lambda: len(source.polls) >= 4, 90)
        assert source.most_at_once == 1
        gaps = [after - before for before, after in zip(source.polls, source.polls[1:], strict=False)]
        assert min(gaps) >= SLOW
        # Some five rings came in while one tick was at work: what is left of them is let go, not made up for.
        source.delay = 0.0
        until(lambda: source.asking == 0, 10)
        polls, ticks, start = len(source.polls), ticks_run(), time.monotonic()
        until(lambda: len(source.polls) >= polls + 4, 30)
        passed = time.monotonic() - start
        assert source.most_at_once == 1
        assert ticks_run() - ticks <= 2 * passed + 4  # two beats ring twice a second
        assert shared().llen("market") <= 4


@pytest.mark.django_db
def test_a_tick_that_finds_another_at_work_does_nothing(source: SlowSource) -> None:
    with turn():
        assert tick() is None
        with pytest.raises(Taken), turn():
            pass
    assert not source.polls
    assert figures.sums()["tickfolio_ticks_skipped"] == 1
    with turn():
        pass


def test_a_turn_that_was_lost_takes_nothing_from_the_next() -> None:
    with turn():
        shared().delete(NAME)  # the lease has run out meanwhile
        with turn():
            pass
        with turn() as mine:
            mine.renew()
            assert shared().pttl(NAME) > 9_000
            with pytest.raises(Taken), turn():
                pass


def test_without_redis_everybody_has_the_turn(valkey: Valkey) -> None:
    valkey.kill()
    try:
        with turn() as mine:
            mine.renew()
    finally:
        valkey.start()
    assert FOLDER in settings.REDIS_URLS[0]
