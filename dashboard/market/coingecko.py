"""CoinGecko's API v3: its addresses, its key, its rows made into quotes. The only module that knows its JSON."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from time import perf_counter
from typing import Final
from urllib.parse import quote as percent_encode

import httpx
from django.conf import settings

from dashboard.market.quote import Quote
from dashboard.market.source import Coin, DayPrice, Listing, Rate, SourceGarbled, Week
from dashboard.market.wire import Get, fetch, parse_json, read_time
from dashboard.money import LIMIT, quantize

NAME: Final = "CoinGecko"
BATCH: Final = 250
LONGEST_IDS: Final = 6000
TOP: Final = 250
HIGHEST_PRICE: Final = Decimal("1e15")
LATEST: Final = Decimal(4_000_000_000_000)
"""Milliseconds since 1970; some time in the year 2096."""
LARGEST_CHANGE: Final = Decimal("1e9")
LARGEST_AMOUNT: Final = LIMIT - 1
KEY_HEADERS: Final = {"demo": "x-cg-demo-api-key", "pro": "x-cg-pro-api-key"}
MARKETS: Final = "/coins/markets?vs_currency=usd&per_page=250&price_change_percentage=1h,24h,7d&precision=full"
WEEKS: Final = "/coins/markets?vs_currency=usd&per_page=250&sparkline=true&precision=full"
CHART: Final = "?vs_currency=usd&interval=daily&precision=full"
TICKERS: Final = 100
"""Rows on a page of an exchange's pairs."""
MOST_PAGES: Final = 40
FIRST_DAY: Final = date(2009, 1, 3)

ID = re.compile(r"[^\s,\x00-\x1f\x7f]{1,200}")
CURRENCY = re.compile(r"[a-z]{2,10}")


class CoinGecko:
    """A PriceSource. `plan` is keyless, demo or pro and decides the header that bears the key."""

    name = NAME

    def __init__(
        self,
        base_url: str,
        api_key: str = "",
        plan: str = "keyless",
        *,
        timeout: float = 5.0,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self.headers = {"User-Agent": "Tickfolio"}
        if api_key and plan in KEY_HEADERS:
            self.headers[KEY_HEADERS[plan]] = api_key
        self.reach = "max" if plan == "pro" else "365"
        self.timeout = timeout
        self.transport = transport
        self.calls = 0
        self.waited = 0.0

    def quotes(self, assets: Collection[str], *, top: bool) -> tuple[Quote, ...]:
        async def work(get: Get) -> tuple[Quote, ...]:
            found: dict[str, Quote] = {}
            if top:
                collect(found, await self._ask(get, MARKETS))
            for batch in batches(asset for asset in assets if asset not in found):
                collect(found, await self._ask(get, f"{MARKETS}&ids={batch}"))
            return tuple(found.values())

        return fetch(work, headers=self.headers, seconds=self.timeout, transport=self.transport)

    def coins(self) -> tuple[Coin, ...]:
        answer = self._get("/coins/list", seconds=4 * self.timeout)
        if not isinstance(answer, list):
            raise SourceGarbled("the list of coins is no list")
        return tuple(coin for row in answer if (coin := read_coin(row)) is not None)

    def search(self, query: str) -> tuple[Coin, ...]:
        answer = self._get(f"/search?query={percent_encode(query[:100], safe='')}", seconds=self.timeout / 2)
        rows = answer.get("coins") if isinstance(answer, dict) else None
        if not isinstance(rows, list):
            raise SourceGarbled("the search gave no list of coins")
        return tuple(coin for row in rows if (coin := read_coin(row)) is not None)

    def exchange_rates(self) -> tuple[Rate, ...]:
        answer = self._get("/exchange_rates", seconds=self.timeout)
        rows = answer.get("rates") if isinstance(answer, dict) else None
        if not isinstance(rows, dict):
            raise SourceGarbled("the exchange rates are no table")
        return read_rates(rows)

    def history(self, asset: str) -> tuple[DayPrice, ...]:
        if ID.fullmatch(asset) is None:
            return ()
        path = f"/coins/{percent_encode(asset, safe='')}/market_chart{CHART}&days={self.reach}"
        answer = self._get(path, seconds=4 * self.timeout)
        points = answer.get("prices") if isinstance(answer, dict) else None
        if not isinstance(points, list):
            raise SourceGarbled("the chart has no list of prices")
        return read_days(points)

    def listings(self, exchange: str, assets: Collection[str], page: int) -> tuple[tuple[Listing, ...], bool]:
        """A page, from 1 on, of the pairs in which the exchange trades these assets, and whether more follow.

        Without assets it is all of its pairs.
        """
        only = "".join(f"&coin_ids={batch}" for batch in batches(assets))
        path = f"/exchanges/{percent_encode(exchange, safe='')}/tickers?order=base_target&page={page}{only}"
        answer = self._get(path, seconds=2 * self.timeout)
        rows = answer.get("tickers") if isinstance(answer, dict) else None
        if not isinstance(rows, list):
            raise SourceGarbled("the pairs of the exchange are no list")
        found = tuple(listing for row in rows if (listing := read_listing(row)) is not None)
        return found, len(rows) >= TICKERS and page < MOST_PAGES

    def weeks(self, assets: Collection[str]) -> tuple[Week, ...]:
        found: list[Week] = []
        for batch in batches(assets):
            answer = self._get(f"{WEEKS}&ids={batch}", seconds=2 * self.timeout)
            if not isinstance(answer, list):
                raise SourceGarbled("the prices are no list")
            found += [week for row in answer if (week := read_week(row)) is not None]
        return tuple(found)

    def _get(self, path: str, *, seconds: float) -> object:
        return fetch(lambda get: self._ask(get, path), headers=self.headers, seconds=seconds, transport=self.transport)

    async def _ask(self, get: Get, path: str) -> object:
        self.calls += 1
        start = perf_counter()
        try:
            body = await get(self.base_url + path)
        finally:
            self.waited += perf_counter() - start
        return parse_json(body)


def from_settings() -> CoinGecko:
    return CoinGecko(settings.COINGECKO_URL, settings.COINGECKO_API_KEY, settings.COINGECKO_PLAN)


def batches(assets: Iterable[str]) -> Iterator[str]:
    """Values for `ids`: at most 250 each and short enough for an address.

    Never a blank after a comma: the API then drops that coin without a word.
    """
    batch: list[str] = []
    length = 0
    for asset in assets:
        if (part := part_of_address(asset)) is None:
            continue
        if batch and (len(batch) == BATCH or length + len(part) >= LONGEST_IDS):
            yield ",".join(batch)
            batch, length = [], 0
        batch.append(part)
        length += len(part) + 1
    if batch:
        yield ",".join(batch)


@lru_cache(maxsize=5000)
def part_of_address(asset: str) -> str | None:
    """The id as it stands in an address; None where it can't be one."""
    return percent_encode(asset, safe="") if ID.fullmatch(asset) else None


def collect(found: dict[str, Quote], answer: object) -> None:
    """Add the answer's usable rows; one that cannot be used spoils no other."""
    if not isinstance(answer, list):
        raise SourceGarbled("the prices are no list")
    for row in answer:
        quote = read_quote(row)
        if quote is not None:
            found.setdefault(quote.asset, quote)


def read_quote(row: object) -> Quote | None:
    """The row as a quote; None where its id, its price or its price's time is not what the API gives.

    A price of null or 0 is unknown, not wrong.
    """
    if not isinstance(row, dict) or not isinstance(asset := row.get("id"), str) or ID.fullmatch(asset) is None:
        return None
    price, as_of = row.get("current_price"), read_time(row.get("last_updated"))
    if price is not None:
        if not isinstance(price, Decimal) or not 0 <= price < HIGHEST_PRICE:
            return None
        price = quantize(price) or None
    if price is not None and as_of is None:
        return None
    return Quote(
        asset=asset,
        symbol=read_text(row.get("symbol"), 60) or asset[:60],
        name=read_text(row.get("name"), 200) or asset,
        price=price,
        as_of=as_of,
        rank=read_rank(row.get("market_cap_rank")),
        market_cap=read_amount(row.get("market_cap")),
        volume_24h=read_amount(row.get("total_volume")),
        high_24h=read_amount(row.get("high_24h")),
        low_24h=read_amount(row.get("low_24h")),
        change_1h=read_change(row.get("price_change_percentage_1h_in_currency")),
        change_24h=read_change(
            row.get("price_change_percentage_24h_in_currency") or row.get("price_change_percentage_24h")
        ),
        change_7d=read_change(row.get("price_change_percentage_7d_in_currency")),
        circulating_supply=read_amount(row.get("circulating_supply")),
        total_supply=read_amount(row.get("total_supply")),
        max_supply=read_amount(row.get("max_supply")),
        ath=read_amount(row.get("ath")),
        ath_at=read_time(row.get("ath_date")),
        source=NAME,
    )


def read_coin(row: object) -> Coin | None:
    if not isinstance(row, dict) or not isinstance(coin := row.get("id"), str) or ID.fullmatch(coin) is None:
        return None
    return Coin(
        id=coin,
        symbol=read_text(row.get("symbol"), 60).lower() or coin[:60],
        name=read_text(row.get("name"), 200) or coin,
        rank=read_rank(row.get("market_cap_rank")),
    )


def read_listing(row: object) -> Listing | None:
    if not isinstance(row, dict) or not isinstance(asset := row.get("coin_id"), str) or ID.fullmatch(asset) is None:
        return None
    base, target, other = read_text(row.get("base"), 40), read_text(row.get("target"), 40), row.get("target_coin_id")
    if not base or not target:
        return None
    volume = row.get("converted_volume")
    return Listing(
        asset=asset,
        base=base,
        target=target,
        target_asset=other if isinstance(other, str) and ID.fullmatch(other) else None,
        volume_usd=(read_amount(volume.get("usd")) if isinstance(volume, dict) else None) or Decimal(0),
        doubtful=row.get("is_stale") is True or row.get("is_anomaly") is True,
    )


def read_rates(rows: Mapping[object, object]) -> tuple[Rate, ...]:
    """The table states units per bitcoin; divided by its own dollars per bitcoin they are units per dollar."""
    per_bitcoin: dict[str, Decimal] = {}
    for code, row in rows.items():
        value = row.get("value") if isinstance(row, dict) else None
        if isinstance(code, str) and CURRENCY.fullmatch(code) and isinstance(value, Decimal) and 0 < value < LIMIT:
            per_bitcoin[code] = value
    if "usd" not in per_bitcoin:
        raise SourceGarbled("the exchange rates lack the dollar")
    rates = []
    for code, value in per_bitcoin.items():
        row = rows[code]
        per_usd = quantize(read_amount(value / per_bitcoin["usd"]) or Decimal(0))
        if per_usd and isinstance(row, dict):
            rates.append(Rate(code, read_text(row.get("name"), 60) or code.upper(), per_usd, row.get("type") == "fiat"))
    return tuple(rates)


def read_days(points: list[object]) -> tuple[DayPrice, ...]:
    """The last price of each day; a point that cannot be used spoils no other."""
    days: dict[date, Decimal] = {}
    for point in points:
        match point:
            case [Decimal() as milliseconds, Decimal() as price] if 0 < price < HIGHEST_PRICE:
                day = read_day(milliseconds)
                if day and (usd := quantize(price)):
                    days[day] = usd
    return tuple(DayPrice(day, days[day]) for day in sorted(days))


def read_day(milliseconds: Decimal) -> date | None:
    if not 0 <= milliseconds < LATEST:
        return None
    day = datetime.fromtimestamp(int(milliseconds) // 1000, UTC).date()
    return day if day >= FIRST_DAY else None


def read_week(row: object) -> Week | None:
    """The row's small chart; a price that cannot be used is left out, and with less than two there is none."""
    if not isinstance(row, dict) or not isinstance(asset := row.get("id"), str) or ID.fullmatch(asset) is None:
        return None
    chart = row.get("sparkline_in_7d")
    prices = chart.get("price") if isinstance(chart, dict) else None
    if not isinstance(prices, list):
        return None
    usable = tuple(
        usd for price in prices if isinstance(price, Decimal) and 0 < price < HIGHEST_PRICE and (usd := quantize(price))
    )
    return Week(asset, usable) if len(usable) > 1 else None


def read_amount(value: object) -> Decimal | None:
    return value if isinstance(value, Decimal) and 0 <= value < LARGEST_AMOUNT else None


def read_change(value: object) -> Decimal | None:
    return value if isinstance(value, Decimal) and -100 <= value < LARGEST_CHANGE else None


def read_rank(value: object) -> int | None:
    return int(value) if isinstance(value, Decimal) and 0 < value < 10**9 and value % 1 == 0 else None


def read_text(value: object, length: int) -> str:
    """One printable line: what the source calls a coin is data wherever it is shown."""
    if not isinstance(value, str):
        return ""
    if not value.isprintable():
        value = "".join(letter if letter.isprintable() else " " for letter in value)
    return " ".join(value.split())[:length]
