"""The own work of one tick, from the source's answer to committed quotes, beside reading the same answer's JSON and
writing its rows with the database's own driver: the least that keeping quotes must do.
"""

import json
import sqlite3
import tempfile
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

from django.core.management import call_command
from django.db import transaction

from dashboard import clock
from dashboard.market.coingecko import CoinGecko
from dashboard.market.quote import Quote
from dashboard.market.storing import FACTS, store
from tests.benchmarks.report import Aim, Report, growth, seconds
from tests.fakes.coingecko import FakeCoinGecko

SIZES = (10, 100, 1_000)


def run() -> Report:
    call_command("migrate", verbosity=0)
    rows, times = [], []
    for size in SIZES:
        samples = fetched(size)
        own, reference = timed(samples), bare(samples)
        times.append(own)
        rows.append({"assets": size, "ms": own * 1e3, "bare ms": reference * 1e3, "ratio": own / reference})
    aims = [
        Aim("store 1,000 changed quotes, times the bare rows", float(rows[-1]["ratio"]), 25),
        Aim("growth exponent", growth(SIZES, times), 1.1),
    ]
    return Report("tick", rows, aims)


def fetched(size: int) -> tuple[Quote, ...]:
    """Quotes as the real client reads them from a real server."""
    with FakeCoinGecko() as fake:
        for number in range(size):
            fake.set_price(f"coin-{number}", Decimal(number + 1))
        source = CoinGecko(fake.url)
        return source.quotes([f"coin-{number}" for number in range(size)], top=False)


def moved(samples: tuple[Quote, ...], step: int, now: datetime) -> tuple[Quote, ...]:
    factor = Decimal(1) + Decimal(step).scaleb(-3)
    return tuple(
        replace(s, price=s.price * factor if s.price else None, as_of=now + timedelta(milliseconds=step))
        for s in samples
    )


def timed(samples: tuple[Quote, ...]) -> float:
    steps = iter(range(1, 1000))

    def one_tick() -> None:
        step = next(steps)
        news = moved(samples, step, clock.now())
        with transaction.atomic():
            assert len(store(news, clock.now(), step).news) == len(samples)

    one_tick()  # the first one makes the assets
    return seconds(one_tick, 5)


def bare(samples: tuple[Quote, ...]) -> float:
    body = json.dumps([{"id": s.asset, **{fact: str(getattr(s, fact)) for fact in FACTS}} for s in samples])
    with tempfile.TemporaryDirectory() as folder:
        database = sqlite3.connect(Path(folder) / "bare.sqlite3")
        database.execute("PRAGMA journal_mode=WAL")
        database.execute(f"CREATE TABLE quote (id TEXT PRIMARY KEY, {', '.join(f'{fact} TEXT' for fact in FACTS)})")
        places = ", ".join("?" * (1 + len(FACTS)))

        def one_write() -> None:
            values = [tuple(row.values()) for row in json.loads(body, parse_float=Decimal)]
            with database:
                database.executemany(f"INSERT OR REPLACE INTO quote VALUES ({places})", values)

        one_write()
        spent = seconds(one_write, 5)
        database.close()
    return spent
