"""The history that benchmarks are run on: purchases and sales at random prices, the same in every run."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from dashboard.ledger.entry import Entry, Kind

SIZES = (1_000, 10_000, 100_000)
START = datetime(2020, 1, 1, tzinfo=UTC)


def history(count: int, assets: int = 5, *, sales: bool = True) -> list[Entry]:
    """Buys and sells of that many assets by turns, minutes apart; the same for every run. Without `sales` every lot
    stays."""
    return list(entries(count, assets, random.Random(7), sales=sales))


def entries(count: int, assets: int, dice: random.Random, *, sales: bool = True) -> Iterator[Entry]:
    held = dict.fromkeys([f"asset-{n}" for n in range(assets)], Decimal(0))
    for number in range(count):
        asset = f"asset-{number % assets}"
        amount = Decimal(dice.randrange(1, 10**8)).scaleb(-8)
        selling = sales and held[asset] > amount and dice.random() < 0.5
        held[asset] += -amount if selling else amount
        yield Entry(
            id=number,
            at=START + timedelta(minutes=number),
            kind=Kind.SELL if selling else Kind.BUY,
            asset=asset,
            amount=amount,
            value=amount * Decimal(dice.randrange(1, 10**6)).scaleb(-2),
            fee_amount=Decimal("0.01"),
        )
