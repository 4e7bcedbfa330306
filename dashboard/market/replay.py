"""CoinGecko's API served from this machine: `python -m dashboard.market.replay --port 8001` plays the recorded market.

With `--feed-port 8002` the same market is told of by Coinbase's feed too, second by second.

What is served comes from any `Market`; tests put their own behind the same addresses.
"""

import argparse
import json
import re
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final, Protocol
from urllib.parse import parse_qs, urlsplit

from dashboard import clock
from dashboard.market.recording import Recording
from dashboard.market.streams import replay as feed

PREFIX: Final = "/api/v3"
TICKERS = re.compile(r"/exchanges/([^/]+)/tickers")
TICKERS_A_PAGE: Final = 100
CHART = re.compile(r"/coins/([^/]+)/market_chart")
WEEK_POINTS: Final = 168
TIMEFRAMES: Final = ("1h", "24h", "7d")


class Market(Protocol):
    """What there is to serve, in the API's own shapes; numbers may be Decimals."""

    def rows(self, now: datetime) -> list[dict[str, Any]]: ...

    def rates(self, now: datetime) -> dict[str, Any]: ...

    def tickers(self, exchange: str, now: datetime) -> list[dict[str, Any]] | None: ...

    def chart(self, coin: str, days: float, daily: bool, now: datetime) -> dict[str, Any] | None: ...


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: Any


def answer(market: Market, path: str, query: Mapping[str, str], now: datetime) -> Answer:
    """What the API says to a GET; faults have the shapes that the real one gives."""
    path = path.removeprefix(PREFIX)
    if path == "/ping":
        return Answer(200, {"gecko_says": "(V3) To the Moon!"})
    if path == "/coins/list":
        return Answer(200, [{key: row[key] for key in ("id", "symbol", "name")} for row in market.rows(now)])
    if path == "/coins/markets":
        return markets(market, query, now)
    if path == "/search":
        return Answer(200, search(market, query.get("query", ""), now))
    if path == "/exchange_rates":
        return Answer(200, {"rates": market.rates(now)})
    if tickers := TICKERS.fullmatch(path):
        return exchange_tickers(market, tickers[1], query, now)
    if chart := CHART.fullmatch(path):
        return market_chart(market, chart[1], query, now)
    return Answer(404, {"error": "Not Found"})


def markets(market: Market, query: Mapping[str, str], now: datetime) -> Answer:
    """A blank in `ids` belongs to the id, so that such a coin is silently missing, as in the real API."""
    if fault := currency_fault(query):
        return fault
    per_page, page = whole(query.get("per_page", ""), 100), whole(query.get("page", ""), 1)
    rows = market.rows(now)
    if query.get("ids"):
        ids = set(query["ids"].split(","))
        rows = [row for row in rows if row["id"] in ids]
    wanted = set(query.get("price_change_percentage", "").split(","))
    hidden = {f"price_change_percentage_{timeframe}_in_currency" for timeframe in TIMEFRAMES if timeframe not in wanted}
    rows = rows[(page - 1) * per_page : page * per_page]
    if query.get("sparkline") == "true":
        rows = [row | {"sparkline_in_7d": {"price": week(market, row["id"], now)}} for row in rows]
    return Answer(200, [{key: value for key, value in row.items() if key not in hidden} for row in rows])


def exchange_tickers(market: Market, exchange: str, query: Mapping[str, str], now: datetime) -> Answer:
    rows = market.tickers(exchange, now)
    if rows is None:
        return Answer(404, {"error": "exchange not found"})
    if query.get("coin_ids"):
        ids = set(query["coin_ids"].split(","))
        rows = [row for row in rows if row["coin_id"] in ids]
    first = TICKERS_A_PAGE * (whole(query.get("page", ""), 1) - 1)
    return Answer(200, {"name": exchange, "tickers": rows[first : first + TICKERS_A_PAGE]})


def week(market: Market, coin: str, now: datetime) -> list[Any]:
    """A price each hour of the last seven days, as far back as there are any."""
    chart = market.chart(coin, 7, False, now)
    prices = [price for _, price in chart["prices"]] if chart else []
    every = max(1, round(len(prices) / WEEK_POINTS))
    return prices[::-1][::every][::-1]


def market_chart(market: Market, coin: str, query: Mapping[str, str], now: datetime) -> Answer:
    if fault := currency_fault(query):
        return fault
    if not query.get("days"):
        return Answer(422, {"error": "Missing parameter days"})
    days = 3650 if query["days"] == "max" else whole(query["days"], 1)
    chart = market.chart(coin, days, query.get("interval") == "daily", now)
    return Answer(404, {"error": "coin not found"}) if chart is None else Answer(200, chart)


def search(market: Market, text: str, now: datetime) -> dict[str, Any]:
    text = text.strip().lower()
    coins = [
        {
            "id": row["id"],
            "name": row["name"],
            "api_symbol": row["id"],
            "symbol": str(row["symbol"]).upper(),
            "market_cap_rank": row.get("market_cap_rank"),
        }
        for row in market.rows(now)
        if any(text in str(row[key]).lower() for key in ("id", "symbol", "name"))
    ]
    return {"coins": coins, "exchanges": [], "icos": [], "categories": [], "nfts": []}


def currency_fault(query: Mapping[str, str]) -> Answer | None:
    if "vs_currency" not in query:
        return Answer(422, {"error": "Missing parameter vs_currency"})
    return None if query["vs_currency"].lower() == "usd" else Answer(422, {"error": "invalid vs_currency"})


def whole(text: str, otherwise: int) -> int:
    return int(text[:6]) if text.isascii() and text.isdigit() and int(text) > 0 else otherwise


def encode(body: Any) -> bytes:
    """JSON in which a Decimal is a number written just as it is, whatever its digits."""
    marked = json.dumps(body, default=lambda number: f"<number>{number}</number>")
    return re.sub(r'"<number>([^"]*)</number>"', r"\1", marked).encode()


class Handler(BaseHTTPRequestHandler):
    """One connection; the server holds the market."""

    server: "Server"
    protocol_version = "HTTP/1.1"
    timeout = 30

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        query = {key: values[-1] for key, values in parse_qs(address.query, keep_blank_values=True).items()}
        self.reply(answer(self.server.market, address.path, query, clock.now()))

    def reply(self, found: Answer) -> None:
        body = encode(found.body)
        self.send_response(found.status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """A line a second would say nothing."""


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(
        self, market: Market, host: str = "127.0.0.1", port: int = 0, handler: type[Handler] = Handler
    ) -> None:
        super().__init__((host, port), handler)
        self.market = market

    @property
    def url(self) -> str:
        return f"http://{self.server_address[0]!s}:{self.server_address[1]}{PREFIX}"


def main() -> None:
    parser = argparse.ArgumentParser(description="Serve a recorded market by CoinGecko's API.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--feed-port", type=int, help="also tell of it by Coinbase's feed, here")
    parser.add_argument("--first-step", type=int, default=0, help="recorded steps to skip at the start")
    options = parser.parse_args()
    recording = Recording(clock.now(), options.first_step)
    with Server(recording, options.host, options.port) as server:
        sys.stdout.write(f"Recorded market at {server.url}\n")
        sys.stdout.flush()
        if options.feed_port is not None:
            feed.start(recording, options.host, options.feed_port)
        with suppress(KeyboardInterrupt):
            server.serve_forever()


if __name__ == "__main__":
    main()
