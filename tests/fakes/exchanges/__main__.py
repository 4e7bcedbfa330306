"""An exchange that trades all the time: `python -m tests.fakes.exchanges kraken --coins 500 --rate 700`.

Prints its address. The coins are C0, C1, … in its own pairs, each told of by turns at a price of its own that walks.
"""

import argparse
import asyncio
import sys
import time
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from random import Random

from dashboard.market.streams.catalogue import EXCHANGES
from tests.fakes.exchanges import FAKES, FakeFeed

TARGETS = {"coinbase": "USD", "kraken": "USD", "binance": "USDT"}
STEP = 0.02


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("exchange", choices=sorted(FAKES))
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--coins", type=int, default=500)
    parser.add_argument("--rate", type=float, default=700, help="messages a second")
    options = parser.parse_args()
    exchange = EXCHANGES[options.exchange]
    pairs = [exchange.pair(f"C{number}", TARGETS[options.exchange]) for number in range(options.coins)]
    with FAKES[options.exchange](options.port) as fake:
        fake.set_prices({pair: 100 + number for number, pair in enumerate(pairs)})
        fake.set_prices({exchange.pair("USDT", "USD"): 1, exchange.pair("USDC", "USD"): 1, "BTCUSDT": 50_000})
        sys.stdout.write(f"{fake.url}\n")
        sys.stdout.flush()
        with suppress(KeyboardInterrupt):
            asyncio.run_coroutine_threadsafe(trade(fake, pairs, options.rate), fake.loop).result()


async def trade(fake: FakeFeed, pairs: list[str], rate: float) -> None:
    """By turns, so many a second; what took too long is made up for."""
    random, begun, told = Random(7), time.monotonic(), 0
    while True:
        due = int((time.monotonic() - begun) * rate) - told
        for _ in range(due):
            pair = pairs[told % len(pairs)]
            before = fake.prices[pair].price
            walked = before + Decimal(random.randrange(-100, 101)).scaleb(-4)
            await fake.trade({pair: max(walked, Decimal(1))}, Decimal(1000), datetime.now(UTC))
            told += 1
        await asyncio.sleep(STEP)


if __name__ == "__main__":
    main()
