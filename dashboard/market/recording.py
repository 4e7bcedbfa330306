"""A real market of January 2018 played again, one recorded five-minute step each second, for ever.

The figures and where they come from are in recording.json. This is what a source would state, not how it is served.
"""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Context, Decimal
from functools import cached_property
from pathlib import Path
from typing import Any, Final

FIGURES: Final = Path(__file__).with_name("recording.json")
STEP: Final = timedelta(minutes=5)
HOUR: Final = 12
DAY: Final = 288
WEEK: Final = timedelta(days=7)
LARGEST_BRIDGE_STEP: Final = 0.02
BITCOIN: Final = "bitcoin"
TEN_DIGITS: Final = Context(prec=10)

Prices = Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class Coin:
    id: str
    symbol: str
    name: str
    circulating_supply: int
    max_supply: int | None


class Recording:
    """The market as it stands at a moment, counted from `started`; the same start gives the same prices.

    Play begins one day into the recording, so that changes over a day are recorded ones. At its end a bridge of small
    steps leads back to where play began.
    """

    def __init__(self, started: datetime, first_step: int = 0) -> None:
        self.started = started - timedelta(seconds=first_step)
        figures = json.loads(FIGURES.read_text(encoding="utf-8"))
        self.coins = {coin["id"]: Coin(**coin) for coin in figures["coins"]}
        self.per_euro = {code: Decimal(rate) for code, rate in figures["per_euro"].items()}
        self.hourly_start = datetime.fromisoformat(figures["bitcoin_usd"]["start"])
        self.hourly = [Decimal(text) for text in words(figures["bitcoin_usd"]["opens"])]
        self.start = datetime.fromisoformat(figures["satoshi"]["start"])
        self.closes = {coin: bridged(words(lines)) for coin, lines in figures["satoshi"]["closes"].items()}

    @cached_property
    def timeline(self) -> Sequence[Prices]:
        """Every step's prices in USD: the recorded ones, then the bridge back to the step where play begins."""
        recorded = [self.recorded(step) for step in range(len(self.closes["ethereum"]))]
        return [*recorded, *bridge(recorded[-1], recorded[DAY])]

    def recorded(self, step: int) -> Prices:
        bitcoin = self.bitcoin_at(self.time_of(step))
        prices = {coin: TEN_DIGITS.multiply(closes[step], bitcoin) for coin, closes in self.closes.items()}
        return {BITCOIN: TEN_DIGITS.plus(bitcoin), **prices}

    def time_of(self, step: int) -> datetime:
        """When the candle of that step closed."""
        return self.start + (step + 1) * STEP

    def bitcoin_at(self, time: datetime) -> Decimal:
        """USD per bitcoin, on a straight line between the hours."""
        hours, rest = divmod((time - self.hourly_start).total_seconds(), 3600)
        before, after = self.hourly[int(hours)], self.hourly[int(hours) + 1]
        return before + (after - before) * Decimal(int(rest)) / 3600

    def step_at(self, now: datetime) -> int:
        played = max(int((now - self.started).total_seconds()), 0)
        return DAY + played % (len(self.timeline) - DAY)

    def rows(self, now: datetime) -> list[dict[str, Any]]:
        """One row a coin in the shape of /coins/markets, the largest first."""
        step = self.step_at(now)
        prices = self.timeline[step]
        by_size = sorted(self.coins.values(), key=lambda coin: prices[coin.id] * coin.circulating_supply, reverse=True)
        return [self.row(coin, rank, step, now) for rank, coin in enumerate(by_size, start=1)]

    def row(self, coin: Coin, rank: int, step: int, now: datetime) -> dict[str, Any]:
        price = self.timeline[step][coin.id]
        day = [prices[coin.id] for prices in self.timeline[step - DAY : step + 1]]
        week_ago = self.bitcoin_at(self.time_of(step) - WEEK) if coin.id == BITCOIN else None
        return {
            "id": coin.id,
            "symbol": coin.symbol,
            "name": coin.name,
            "image": None,
            "current_price": price,
            "market_cap": int(price * coin.circulating_supply),
            "market_cap_rank": rank,
            "fully_diluted_valuation": int(price * coin.max_supply) if coin.max_supply else None,
            "total_volume": None,
            "high_24h": max(day),
            "low_24h": min(day),
            "price_change_24h": price - day[0],
            "price_change_percentage_24h": percent(day[0], price),
            "circulating_supply": coin.circulating_supply,
            "total_supply": coin.circulating_supply,
            "max_supply": coin.max_supply,
            "ath": None,
            "ath_date": None,
            "roi": None,
            "last_updated": now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
            "price_change_percentage_1h_in_currency": percent(self.timeline[step - HOUR][coin.id], price),
            "price_change_percentage_24h_in_currency": percent(day[0], price),
            "price_change_percentage_7d_in_currency": percent(week_ago, price) if week_ago else None,
        }

    def rates(self, now: datetime) -> dict[str, Any]:
        """Units per bitcoin, as /exchange_rates states them; between currencies, the rates of one recorded day."""
        dollars = self.timeline[self.step_at(now)][BITCOIN]
        rates: dict[str, Any] = {"btc": {"name": "Bitcoin", "unit": "BTC", "value": 1, "type": "crypto"}}
        for code, units in self.per_euro.items():
            value = TEN_DIGITS.divide(dollars * units, self.per_euro["usd"])
            rates[code] = {"name": code.upper(), "unit": code.upper(), "value": value, "type": "fiat"}
        return rates

    def tickers(self, exchange: str, now: datetime) -> list[dict[str, Any]] | None:
        """The pairs of /exchanges/{id}/tickers: Coinbase's, in dollars; None for an exchange that it lacks."""
        if exchange != "gdax":
            return None
        return [
            {
                "base": coin.symbol.upper(),
                "target": "USD",
                "converted_volume": {"usd": 1},
                "is_anomaly": False,
                "is_stale": False,
                "coin_id": coin.id,
            }
            for coin in self.coins.values()
        ]

    def chart(self, coin: str, days: float, daily: bool, now: datetime) -> dict[str, Any] | None:
        """The last steps that were played, as far back as the recording goes; None for a coin that it lacks."""
        if coin not in self.coins:
            return None
        last = self.step_at(now)
        first = max(last - math.ceil(days * DAY), 0)
        steps = range(last, first - 1, -DAY if daily else -1)[::-1]
        times = [int((now - (last - step) * STEP).timestamp() * 1000) for step in steps]
        prices = [self.timeline[step][coin] for step in steps]
        supply = self.coins[coin].circulating_supply
        return {
            "prices": [[time, price] for time, price in zip(times, prices, strict=True)],
            "market_caps": [[time, int(price * supply)] for time, price in zip(times, prices, strict=True)],
            "total_volumes": [],
        }


def words(lines: Sequence[str]) -> list[str]:
    return [word for line in lines for word in line.split()]


def bridged(satoshi: Sequence[str]) -> list[Decimal]:
    """Prices in bitcoin; a candle without a trade has the price of the one before."""
    prices: list[Decimal] = []
    for text in satoshi:
        prices.append(prices[-1] if text == "-" else Decimal(text).scaleb(-8))
    return prices


def bridge(last: Prices, first: Prices) -> Iterator[Prices]:
    """Steps in equal proportions from `last` to `first`, both left out, so many that no coin moves over 2 % in one."""
    widest = max(abs(math.log(first[coin] / last[coin])) for coin in last)
    count = math.ceil(widest / LARGEST_BRIDGE_STEP)
    for step in range(1, count):
        part = Decimal(step) / count
        yield {coin: TEN_DIGITS.multiply(last[coin], (first[coin] / last[coin]) ** part) for coin in last}


def percent(before: Decimal, after: Decimal) -> Decimal:
    return TEN_DIGITS.divide(100 * (after - before), before).quantize(Decimal("0.00001"))
