"""The exchanges as a source of quotes: their newest prices, with all else as CoinGecko last stated it.

Percentages and market caps follow the price: they are what CoinGecko stated, moved by as much as the price has moved.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from decimal import Decimal, localcontext
from typing import Final

from dashboard.market import coingecko
from dashboard.market.quote import Quote
from dashboard.market.source import SourceUnavailable
from dashboard.market.storing import FACTS
from dashboard.market.streams import handover
from dashboard.market.streams.board import Anchor, Streamed
from dashboard.models import MarketQuote
from dashboard.money import LIMIT, WIDE, quantize

HUNDRED: Final = Decimal(100)


class StreamSource:
    """A QuoteSource. `told` are the prices of its last call, also those that were not newer than what is stored."""

    name = "Exchanges"

    def __init__(self) -> None:
        self.calls = 0
        self.waited = 0.0
        self.told: Mapping[str, Streamed] = {}

    def quotes(self, assets: Collection[str], *, top: bool = False) -> tuple[Quote, ...]:
        """News of assets that CoinGecko has stated already; `top` means nothing here."""
        try:
            self.told = handover.streamed(assets)
        except handover.AWAY as error:
            raise SourceUnavailable("Redis is away") from error
        rows = MarketQuote.objects.filter(asset_id__in=self.told).select_related("asset")
        return tuple(as_quote(row, self.told[row.asset_id]) for row in rows if is_news(row, self.told[row.asset_id]))


def is_news(row: MarketQuote, said: Streamed) -> bool:
    """Whether it is newer than what is stored, or the same from exchanges that are heard again."""
    return row.as_of is None or said.at > row.as_of or (row.silent and said.at == row.as_of)


def as_quote(row: MarketQuote, said: Streamed) -> Quote:
    """The stored quote at the new price."""
    stored = stored_quote(row)
    low, high = extremes(said, row.as_of)
    source = ", ".join(said.sources)[:40]
    return moved(stored, said.price)._replace(as_of=said.at, source=source, silent=False, low=low, high=high)


def stored_quote(row: MarketQuote) -> Quote:
    """The quote as it is stored."""
    asset = row.asset
    facts = {name: getattr(row, name) for name in FACTS}
    return Quote(asset=asset.pk, symbol=asset.symbol, name=asset.name, rank=asset.rank, **facts)


def extremes(said: Streamed, since: datetime | None) -> tuple[Decimal | None, Decimal | None]:
    """Low and high of what was seen since the price of that time was taken."""
    held = [each for each in said.spans if since is None or each.at > since]
    if not held:
        return None, None
    return min(said.price, *(each.low for each in held)), max(said.price, *(each.high for each in held))


def moved(quote: Quote, price: Decimal) -> Quote:
    """The quote at another price; its changes and its market cap move along."""
    if quote.price is None or not quote.price:
        return quote._replace(price=price)
    with localcontext(WIDE):
        ratio = price / quote.price
        cap = quote.market_cap if quote.market_cap is None else quantize(quote.market_cap * ratio)
        return quote._replace(
            price=price,
            market_cap=cap if cap is None or cap < LIMIT else None,
            change_1h=changed(quote.change_1h, ratio),
            change_24h=changed(quote.change_24h, ratio),
            change_7d=changed(quote.change_7d, ratio),
        )


def changed(percent: Decimal | None, ratio: Decimal) -> Decimal | None:
    return None if percent is None else quantize((HUNDRED + percent) * ratio - HUNDRED)


def beside(samples: Iterable[Quote], told: Mapping[str, Streamed]) -> list[Quote]:
    """CoinGecko's samples, at the exchanges' prices where those are newer or known this very second."""
    samples = list(samples)
    by_exchanges = {
        row.asset_id: row
        for row in MarketQuote.objects.filter(asset_id__in=[sample.asset for sample in samples]).exclude(
            source=coingecko.NAME
        )
        if row.price is not None and row.as_of is not None
    }
    found = []
    for sample in samples:
        row, said = by_exchanges.get(sample.asset), told.get(sample.asset)
        if said is not None and (row is None or is_news(row, said)):
            sample = moved(sample, said.price)._replace(as_of=said.at, source=", ".join(said.sources)[:40])
        elif row is not None and row.price is not None and (said is not None or not is_later(sample, row)):
            sample = moved(sample, row.price)._replace(as_of=row.as_of, source=row.source, silent=row.silent)
        found.append(sample)
    return found


def is_later(sample: Quote, row: MarketQuote) -> bool:
    return sample.as_of is not None and (row.as_of is None or sample.as_of > row.as_of)


def with_streams(samples: tuple[Quote, ...], assets: Collection[str]) -> tuple[Quote, ...]:
    """What CoinGecko stated, beside what exchanges did; it is passed on to the process that holds them to it.

    Of all coins, because one that is bought tomorrow is to be known by then.
    """
    anchors = {
        sample.asset: Anchor(sample.price, sample.as_of)
        for sample in samples
        if sample.price is not None and sample.as_of is not None
    }
    try:
        handover.state_anchors(anchors)
        told = handover.streamed(assets)
    except handover.AWAY:
        told = {}
    return tuple(beside(samples, told))
