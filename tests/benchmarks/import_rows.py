"""Rows of Tickfolio's own CSV, the same for every run: buys and sells of some coins, half an hour apart."""

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

HEADER = "timestamp,type,wallet,asset_id,asset,amount,fee_asset_id,fee_amount,price,price_currency,note,external_id"
START = datetime(2018, 1, 1, tzinfo=UTC)


def csv_text(count: int, coins: Sequence[str]) -> str:
    return "\n".join([HEADER, *csv_rows(count, coins)]) + "\n"


def csv_rows(count: int, coins: Sequence[str]) -> Iterator[str]:
    dice = random.Random(7)
    held = dict.fromkeys(coins, 0)
    for number in range(count):
        coin = coins[number % len(coins)]
        amount = dice.randrange(1, 10**8)
        selling = held[coin] > amount and dice.random() < 0.5
        held[coin] += -amount if selling else amount
        at = START + timedelta(minutes=30 * number + dice.randrange(20), seconds=dice.randrange(60))
        fee, price = dice.randrange(1, 500), dice.randrange(1, 10**7)
        yield (
            f"{at:%Y-%m-%dT%H:%M:%SZ},{'sell' if selling else 'buy'},Kraken,{coin},,{amount // 10**8}."
            f"{amount % 10**8:08d},usd,{fee // 100}.{fee % 100:02d},{price // 100}.{price % 100:02d},usd,,T{number:08d}"
        )
