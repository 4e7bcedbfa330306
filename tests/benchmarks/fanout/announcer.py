"""The market of the benchmark, in a process of its own like the worker's: stores the quotes of a tick and announces it,
or rings for a worker that does.

`python -m tests.benchmarks.fanout.announcer` reads commands as lines of JSON and answers each with one.
"""

import json
import sys
import time
from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal

import django

django.setup()

from django.db import transaction  # noqa: E402

from dashboard import clock  # noqa: E402
from dashboard.live.announce import announce_tick, keep_connection  # noqa: E402
from dashboard.market.quote import Quote  # noqa: E402
from dashboard.market.refresh import Tick  # noqa: E402
from dashboard.market.storing import as_row  # noqa: E402
from dashboard.models import MarketState  # noqa: E402
from project.tasks import tick as ring  # noqa: E402
from tests.benchmarks.fanout.world import MOVING, price_of, quote  # noqa: E402


def tick(sequence: int, facts: bool) -> Tick:
    """The moving assets at new prices; with `facts` all that a source states of them has changed too."""
    now = clock.now()
    quotes = tuple(moved(quote(name), sequence, facts) for name in MOVING)
    with transaction.atomic():
        for one in quotes:
            as_row(one, sequence).save()
        MarketState.objects.filter(pk=1).update(sequence=sequence, last_success_at=now)
    return Tick(sequence, now, quotes)


def moved(one: Quote, sequence: int, facts: bool) -> Quote:
    price = price_of(one, sequence)
    changed = one._replace(price=price, as_of=clock.now() - timedelta(seconds=1))
    if not facts:
        return changed
    step = Decimal(sequence % 97 - 48)
    return changed._replace(
        market_cap=(price * 19_000_000).quantize(Decimal(1)),
        change_1h=Decimal("0.12345") + step / 1000,
        change_24h=Decimal("-1.23456") + step / 1000,
        change_7d=Decimal("5.43217") + step / 1000,
    )


def serve(commands: Iterable[str]) -> None:
    for line in commands:
        asked = json.loads(line)
        if asked.get("ring"):
            began = time.monotonic()
            ring.delay()
        else:
            news = tick(asked["sequence"], asked["facts"])
            began = time.monotonic()
            announce_tick(news)
        print(json.dumps({"at": began}), flush=True)


if __name__ == "__main__":
    keep_connection()  # as a worker does
    serve(sys.stdin)
