"""Open pages when what they live by is taken away: Redis, the web process, readers beside them (promises 10 to 14)."""

import contextlib
import os
import re
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from notifications.models import Alert
from tests.dashboard.live.test_slow_readers import stand_still
from tests.faults.crowd import Crowd
from tests.faults.proxy import Fault, Proxy
from tests.faults.rig import Rig, scaled, status_of
from tests.running import Running, until
from tests.serving import Server, cookie_of
from tests.valkey import Valkey

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.long]
PAGES, OF_ONE = 200, 20
STALLED = 20
COINS = 40
AWAY = 20
PATHS = ("/", "/market/", "/reminders/", "/alerts/", "/transactions/", "/healthz")


@pytest.fixture
def redis() -> Iterator[Valkey]:
    """A Redis of the site's own, which forgets everything when it is killed."""
    folder = tempfile.mkdtemp(prefix="tickfolio-")
    server = Valkey(Path(folder))
    server.start()
    yield server
    server.kill()
    shutil.rmtree(folder)


@pytest.fixture
def cookies(rig: Rig) -> list[str]:
    """Those of ten people's browsers, each for twenty pages."""
    return [cookie_of(rig.person()) for _ in range(PAGES // OF_ONE)] * OF_ONE


@contextlib.contextmanager
def everybody(rig: Rig, site: Running, cookies: list[str]) -> Iterator[Crowd]:
    """Everybody's pages, once all of them show the price."""
    with Crowd(site.address, cookies) as crowd:
        until_all_show(rig, site, crowd, "50500", 60)
        yield crowd


def until_all_show(rig: Rig, site: Running, crowd: Crowd, price: str, within: float) -> float:
    """The seconds that it took from when the source said the price until all pages show it."""
    rig.coingecko.set_price("bitcoin", price)
    began = time.monotonic()
    until(
        partial(everybody_shows, crowd, price),
        within,
        lambda: f"{crowd.connected()} are connected, {crowd.showing(price)} show {price}\n{site.output[-6000:]}",
    )
    return time.monotonic() - began


@pytest.mark.parametrize("fault", ["killed", Fault.BLACK_HOLE])
def test_pages_are_live_again_after_redis_was_away(rig: Rig, redis: Valkey, cookies: list[str], fault: str) -> None:
    """Killed and wiped, or there but neither answering nor refusing."""
    rig.remind(rig.person(), "52000")
    with Proxy(redis.socket) as wire, rig.running(REDIS_URL=f"redis://127.0.0.1:{wire.port}") as site:
        rig.until_armed(site)
        with everybody(rig, site, cookies) as crowd:
            openings = sum(page.openings for page in crowd.pages)
            if fault == "killed":
                redis.kill()
                wire.spoil(Fault.REFUSE)
            else:
                wire.spoil(Fault.BLACK_HOLE)
            deadline, slowest = time.monotonic() + AWAY, 0.0
            while time.monotonic() < deadline:
                for path in PATHS:
                    began = time.monotonic()
                    assert status_of(site, path, cookies[0]) == 200, f"{path}\n{site.output[-5000:]}"
                    slowest = max(slowest, time.monotonic() - began)
            redis.start()
            wire.heal()
            took = until_all_show(rig, site, crowd, "50900", 15)
            rig.coingecko.set_price("bitcoin", "53000")
            rig.until_settled(1, 60, site)
            assert Alert.objects.count() == 1
            assert sum(page.openings for page in crowd.pages) == openings, "sockets were closed"
    print(f"all {PAGES} live {took:.1f} s after Redis was back; slowest page meanwhile {slowest:.1f} s")


def test_sockets_are_back_after_the_web_process_was_killed(rig: Rig, cookies: list[str]) -> None:
    with rig.running() as site, everybody(rig, site, cookies) as crowd:
        for price in ("50600", "50700"):
            os.kill(site.pid("daphne"), signal.SIGKILL)
            until(lambda: crowd.connected() < PAGES, 5)
            killed = time.monotonic()
            until(
                lambda: crowd.connected() == PAGES, 10, lambda: f"{crowd.connected()} are back\n{site.output[-3000:]}"
            )
            back = time.monotonic() - killed
            until_all_show(rig, site, crowd, price, 20)
            print(f"{PAGES} sockets back {back:.1f} s and live {time.monotonic() - killed:.1f} s after the kill")


def test_readers_that_stand_still_are_dropped_and_hold_up_nobody(rig: Rig, cookies: list[str]) -> None:
    for number in range(COINS):
        rig.coingecko.set_price(f"coin-{number}", "100")
    with rig.running() as site, everybody(rig, site, cookies) as crowd, contextlib.ExitStack() as stack:
        web, server = site.pid("daphne"), Server(site.process, urlsplit(site.address).port or 80)
        memory, sockets = memory_of(web), sockets_of(web)
        for number in range(STALLED):
            stack.enter_context(stand_still(server, cookies[number], "/ws/live/?view=market"))
        assert sockets_of(web) >= sockets + STALLED
        began, dropped, most, slowest = time.monotonic(), 0.0, 0.0, 0.0
        while time.monotonic() - began < scaled(600, least=70):
            price = str(50_000 + int(time.monotonic() - began) + 1000)
            for number in range(COINS):
                rig.coingecko.set_price(f"coin-{number}", f"100.{price}")
            slowest = max(slowest, until_all_show(rig, site, crowd, price, 10))
            most = max(most, memory_of(web) - memory)
            if not dropped and sockets_of(web) <= sockets:
                dropped = time.monotonic() - began
        assert 0 < dropped <= 60
        assert most <= 50
    print(f"dropped after {dropped:.0f} s, at most {most:.0f} MB more, slowest tick to all {slowest:.1f} s")


def test_pages_that_come_and_go_leave_nothing_behind(rig: Rig, cookies: list[str]) -> None:
    cycles = scaled(10_000, least=500)
    with rig.running() as site:
        rig.until_priced(site, "50000")
        web = site.pid("daphne")
        come_and_go(site, cookies, 100)
        files, memory = files_of(web), memory_of(web)
        come_and_go(site, cookies, cycles)
        until(lambda: files_of(web) <= files, 30, lambda: f"{files_of(web)} files, {files} before")
        more = memory_of(web) - memory
        assert more <= 30
    print(f"{cycles} cycles left {more:.0f} MB and no file")


def come_and_go(site: Running, cookies: list[str], cycles: int) -> None:
    """So many pages are opened and, once they show a price, closed; twenty at a time."""
    for start in range(0, cycles, OF_ONE):
        some = [cookies[(start + number) % len(cookies)] for number in range(min(OF_ONE, cycles - start))]
        with Crowd(site.address, some) as crowd:
            until(partial(everybody_shows, crowd, "50000"), 20, lambda: site.output[-3000:])


def everybody_shows(crowd: Crowd, price: str) -> bool:
    return crowd.showing(price) == len(crowd.pages)


def memory_of(pid: int) -> float:
    """Resident megabytes."""
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found is not None
    return int(found[1]) / 1024


def files_of(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def sockets_of(pid: int) -> int:
    links = []
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            links.append(str(descriptor.readlink()))
    return sum("socket" in link for link in links)
