"""Selector: prices and rates as reminders need them: the newest of each coin, and what they were a while ago."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal, localcontext
from typing import Final, NamedTuple, Protocol

from dashboard.market import currencies
from dashboard.market.quota import stale_after
from dashboard.market.samples import prices_at
from dashboard.models import MarketQuote
from dashboard.money import WIDE, quantize_price

WINDOWS: Final = {
    "5m": timedelta(minutes=5),
    "1h": timedelta(hours=1),
    "24h": timedelta(hours=24),
    "7d": timedelta(days=7),
}
LONGEST_SLACK: Final = timedelta(hours=2)
"""How much older than the window a sample may be, to stand for the price at its start."""


class Price(NamedTuple):
    """The newest quote; `changes` are the source's own percentages, by window, where they were asked for."""

    usd: Decimal | None
    as_of: datetime | None
    source: str
    changes: Mapping[str, Decimal | None]


class HasRates(Protocol):
    @property
    def rates(self) -> currencies.Rates: ...


def prices_of(assets: Iterable[str], *, moves_of: Collection[str] = ()) -> dict[str, Price]:
    """The prices of these assets; with the source's percentages of those in `moves_of`, which may be few of many."""
    rows = MarketQuote.objects.filter(asset_id__in=list(assets)).values_list("asset_id", "price", "as_of", "source")
    moves: dict[str, dict[str, Decimal | None]] = {}
    if moves_of:
        names = ("asset_id", "change_1h", "change_24h", "change_7d")
        stated = MarketQuote.objects.filter(asset_id__in=list(moves_of)).values_list(*names)
        moves = {asset: {"1h": hour, "24h": day, "7d": week} for asset, hour, day, week in stated}
    return {asset: Price(usd, as_of, source, moves.get(asset, {})) for asset, usd, as_of, source in rows}


def bases_of(
    wanted: Collection[tuple[str, str]], prices: Mapping[str, Price], now: datetime
) -> dict[tuple[str, str], Decimal]:
    """The price in USD of each (asset, window) when the window began, where a sample of about then is kept."""
    found: dict[tuple[str, str], Decimal] = {}
    newest = [price.as_of for asset, _ in wanted if (price := prices.get(asset)) and price.as_of is not None]
    at = min(max(newest, default=now), now)
    for name, window in WINDOWS.items():
        assets = [asset for asset, each in wanted if each == name]
        if assets:
            slack = max(stale_after(0), min(window / 4, LONGEST_SLACK))
            known = prices_at(assets, at - window, since=at - window - slack)
            found |= {(asset, name): usd for asset, usd in known.items()}
    return found


def rates_in(source: HasRates, code: str) -> Decimal | None:
    """Units of the currency for one US dollar; None where none is known. Dollars need no look at the rates."""
    return Decimal(1) if code == "usd" else source.rates.rate("usd", code)


def rates_to(codes: Iterable[str]) -> dict[str, Decimal | None]:
    """Units of each currency for one US dollar; None where none is known."""
    wanted = set(codes)
    if wanted <= {"usd"}:
        return {"usd": Decimal(1)}
    rates = currencies.todays_rates()
    return {code: rates.rate("usd", code) for code in wanted}


def converted(usd: Decimal | None, rate: Decimal | None) -> Decimal | None:
    """As dashboard.portfolios converts prices, so that a balance here equals the total on the page."""
    if usd is None or rate is None:
        return None
    if rate == 1:
        return usd
    with localcontext(WIDE):
        return quantize_price(usd * rate)
