"""What the process of the streams costs: 500 coins at three exchanges, two thousand messages a second in all.

The feeds are local servers in processes of their own that speak the exchanges' protocols. The lag is from a trade's own
time to its price being in Redis for the tick. Beside it, in the same run, a bare reader of the same messages that
keeps the last of each pair and does nothing else.
"""

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from math import ceil
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import connection

from dashboard import clock
from dashboard.market.streams import handover
from dashboard.market.streams.board import Anchor
from dashboard.market.streams.catalogue import EXCHANGES
from dashboard.money import Decimal
from tests.benchmarks.report import Aim, Report
from tests.fakes.coingecko import FakeCoinGecko
from tests.running import until
from tests.valkey import Valkey

COINS = 500
RATES = {"coinbase": 750.0, "kraken": 750.0, "binance": 500.0}
SECONDS = int(os.environ.get("BENCH_SECONDS", "600"))
WARM_UP = 20
"""Seconds until everything is subscribed to and the process has the memory that it needs."""
LOOK_EVERY = 0.01
ROOT = Path(__file__).resolve().parents[2]
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Measured:
    """A process: its share of a core, its memory at the beginning and at the end in bytes, its messages a second."""

    cpu: float
    memory_before: int
    memory_after: int
    rate: float
    lags: list[float] = field(default_factory=list)


def run() -> Report:
    call_command("migrate", verbosity=0)
    with ExitStack() as stack:
        valkey = Valkey(Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tickfolio-"))))
        valkey.start()
        stack.callback(valkey.kill)
        settings.REDIS_URLS = [valkey.url]
        handover.redis.cache_clear()
        gecko = stack.enter_context(FakeCoinGecko())
        list_pairs(gecko)
        urls = {name: stack.enter_context(feed(name, rate)) for name, rate in RATES.items()}
        streams = measure_streams(stack, urls, gecko.url, valkey.url)
        bare = measure_bare(stack, urls)
    rows = [row("bare reader", bare, bare), row("stream process", streams, bare)]
    aims = [
        Aim(f"stream process at {streams.rate:.0f} messages a second, share of a core", streams.cpu, 0.5),
        Aim(f"memory after {SECONDS} s, in parts of that before", streams.memory_after / streams.memory_before, 1.05),
        Aim("trade to price in Redis, p99 s", percentile(streams.lags, 0.99), 0.2),
    ]
    return Report("streams", rows, aims)


def row(what: str, one: Measured, reference: Measured) -> dict[str, object]:
    return {
        "what": what,
        "messages/s": one.rate,
        "cores": one.cpu,
        "ratio": one.cpu / reference.cpu,
        "memory MB": one.memory_after / 2**20,
        "lag p50 s": percentile(one.lags, 0.5) if one.lags else "–",
        "lag p99 s": percentile(one.lags, 0.99) if one.lags else "–",
    }


def percentile(values: list[float], part: float) -> float:
    return sorted(values)[ceil(part * len(values)) - 1]


def coins() -> list[str]:
    return [f"coin-{number}" for number in range(COINS)]


def list_pairs(gecko: FakeCoinGecko) -> None:
    for number, coin in enumerate(coins()):
        gecko.prices.list_pair("gdax", f"C{number}", "USD", coin)
        gecko.prices.list_pair("kraken", f"C{number}", "USD", coin)
        gecko.prices.list_pair("binance", f"C{number}", "USDT", coin, "tether")
    gecko.prices.list_pair("kraken", "USDT", "USD", "tether")
    anchors = {coin: Anchor(Decimal(100 + number), clock.now()) for number, coin in enumerate(coins())}
    handover.state_anchors({**anchors, "tether": Anchor(Decimal(1), clock.now())})
    handover.want(coins())


@contextmanager
def process(*command: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
    started = subprocess.Popen(
        [sys.executable, *command], cwd=ROOT, env={**os.environ, **environment}, stdout=subprocess.PIPE, text=True
    )
    try:
        yield started
    finally:
        started.terminate()
        started.wait(10)


@contextmanager
def feed(name: str, rate: float) -> Iterator[str]:
    with process("-m", "tests.fakes.exchanges", name, "--coins", str(COINS), "--rate", str(rate)) as started:
        assert started.stdout is not None
        yield started.stdout.readline().strip()


def measure_streams(stack: ExitStack, urls: dict[str, str], gecko: str, redis: str) -> Measured:
    started = stack.enter_context(
        process(
            "manage.py",
            "stream_prices",
            PRICE_STREAMS=",".join(f"{name}={url}" for name, url in urls.items()),
            COINGECKO_URL=gecko,
            REDIS_URL=redis,
            SECRET_KEY=settings.SECRET_KEY,
            DATABASE_URL=f"sqlite:///{connection.settings_dict['NAME']}",
        )
    )
    until(lambda: sum(state.subscribed for state in handover.feeds()) >= len(urls) * COINS, 120, describe)
    time.sleep(WARM_UP)
    lags = Lags()
    with lags:
        measured = watch(started.pid, SECONDS, lambda: sum(state.messages for state in handover.feeds()))
    measured.lags = lags.found
    started.terminate()
    started.wait(10)
    return measured


def describe() -> str:
    return "\n".join(map(str, handover.feeds()))


def watch(pid: int, seconds: float, messages: object) -> Measured:
    assert callable(messages)
    before, spent, said, memory = time.monotonic(), cpu_seconds(pid), messages(), resident(pid)
    time.sleep(seconds)
    passed = time.monotonic() - before
    return Measured(
        cpu=(cpu_seconds(pid) - spent) / passed,
        memory_before=memory,
        memory_after=resident(pid),
        rate=(messages() - said) / passed,
    )


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def resident(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


class Lags(threading.Thread):
    """Looks again and again at some coins' prices in Redis: how old each new one is when it is first seen."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.found: list[float] = []
        self.ended = threading.Event()

    def run(self) -> None:
        some, seen = coins()[:: COINS // 20], dict[str, float]()
        while not self.ended.wait(LOOK_EVERY):
            for asset, said in handover.streamed(some).items():
                at = said.at.timestamp()
                if seen.get(asset) != at:
                    if asset in seen:
                        self.found.append(time.time() - at)
                    seen[asset] = at

    def __enter__(self) -> "Lags":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        self.join()


BARE = """
import asyncio, json, sys
from websockets.asyncio.client import connect
async def read(url, asked):
    last = {}
    async with connect(url, compression=None) as socket:
        for text in asked:
            await socket.send(text)
            await asyncio.sleep(0.5)
        async for text in socket:
            said = json.loads(text)
            last[said.get("s") or said.get("product_id") or str(said.get("data"))[:40]] = said
async def main():
    await asyncio.gather(*(read(url, asked) for url, asked in json.loads(sys.argv[1])))
asyncio.run(main())
"""


def measure_bare(stack: ExitStack, urls: dict[str, str]) -> Measured:
    """The least that anybody does who wants to know the last message of each pair."""
    work = []
    for name, url in urls.items():
        exchange = EXCHANGES[name]
        talk, size = exchange.talk(), exchange.limits.pairs_a_message
        pairs = [exchange.pair(f"C{number}", "USDT" if name == "binance" else "USD") for number in range(COINS)]
        work.append((url, [talk.subscribe(pairs[start : start + size]) for start in range(0, COINS, size)]))
    started = stack.enter_context(process("-c", BARE, json.dumps(work)))
    time.sleep(WARM_UP)
    measured = watch(started.pid, min(SECONDS, 30), lambda: 0)
    measured.rate = sum(RATES.values())
    return measured
