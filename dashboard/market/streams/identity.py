"""Which pairs of an exchange are the price of which asset, by CoinGecko's own lists; never by a ticker alone. Pure.

What is known of an asset on an exchange, also that there is nothing, holds for a day.
"""

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from dashboard.market.source import Listing
from dashboard.market.streams.board import USD, Pair
from dashboard.market.streams.exchange import Exchange

HOLDS: Final = timedelta(days=1)
DOLLARS: Final = {"tether": "USDT", "usd-coin": "USDC"}
"""What pairs may be counted in beside the dollar, as CoinGecko knows it."""
PREFERRED: Final = (USD, *DOLLARS)


@dataclass(frozen=True, slots=True)
class Known:
    """What CoinGecko stated of an asset on an exchange, and when."""

    at: datetime
    listings: tuple[Listing, ...] = ()


class Identity:
    """What is known of one exchange."""

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        self.known: dict[str, Known] = {}

    def unknown(self, assets: Collection[str], now: datetime) -> list[str]:
        """Assets that CoinGecko should be asked about."""
        return sorted(asset for asset in assets if asset not in self.known or now - self.known[asset].at >= HOLDS)

    def learn(self, assets: Iterable[str], listings: Iterable[Listing], now: datetime) -> None:
        """Take up the answer to a question about these assets."""
        by_asset: dict[str, list[Listing]] = {}
        for listing in listings:
            by_asset.setdefault(listing.asset, []).append(listing)
        for asset in assets:
            self.known[asset] = Known(now, tuple(by_asset.get(asset, ())))

    def pairs(self, assets: Collection[str], without: Collection[str] = ()) -> list[Pair]:
        """One pair for each asset that has one, dollars first; not those `without`, which the exchange refused."""
        found = []
        for asset in sorted(assets):
            known = self.known.get(asset)
            usable = self.usable(known.listings, without) if known else []
            if usable:
                found.append(usable[0])
        return found

    def usable(self, listings: Sequence[Listing], without: Collection[str]) -> list[Pair]:
        """Best first: by what it is counted in, then by what is traded."""
        ranked: list[tuple[int, Decimal, Pair]] = []
        for listing in listings:
            target = counted_in(listing)
            name = self.exchange.pair(listing.base, listing.target)
            if target is not None and target != listing.asset and not listing.doubtful and name not in without:
                pair = Pair(self.exchange.title, name, listing.asset, target)
                ranked.append((PREFERRED.index(target), -listing.volume_usd, pair))
        return [pair for _, _, pair in sorted(ranked, key=lambda each: each[:2])]


def counted_in(listing: Listing) -> str | None:
    """ "usd", or the asset that stands for dollars; None for anything else."""
    if listing.target.upper() == "USD":
        return USD
    asset = listing.target_asset
    return asset if asset in DOLLARS and listing.target.upper() == DOLLARS[asset] else None


def write_known(known: Known) -> str:
    rows = [
        [each.asset, each.base, each.target, each.target_asset, str(each.volume_usd), each.doubtful]
        for each in known.listings
    ]
    return json.dumps([known.at.isoformat(), rows])


def read_known(text: str) -> Known:
    at, rows = json.loads(text)
    return Known(
        datetime.fromisoformat(at),
        tuple(
            Listing(asset, base, target, target_asset, Decimal(volume), doubtful)
            for asset, base, target, target_asset, volume, doubtful in rows
        ),
    )
