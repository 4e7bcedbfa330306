"""CoinGecko as a local server whose prices and failures a test decides.

In the test's own process: `with FakeCoinGecko() as fake: fake.set_price("bitcoin", "100"); fake.fail("429")`.
Across processes: `python -m tests.fakes.coingecko --port P`, then POST {"prices": …, "fail": …, "heal": true} to
/_control; GET /_control tells how often each path was asked.
"""

import argparse
import json
import socket
import sys
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Self
from urllib.parse import urlsplit

from dashboard.market.replay import PREFIX, Answer, Handler, Server, encode

BITCOIN_IN_DOLLARS = Decimal(50_000)
RATES = {"usd": Decimal(1), "eur": Decimal("0.8"), "gbp": Decimal("0.7"), "jpy": Decimal(150), "chf": Decimal("0.9")}
KNOWN = {
    "bitcoin": ("btc", "Bitcoin"),
    "ethereum": ("eth", "Ethereum"),
    "tether": ("usdt", "Tether"),
    "cardano": ("ada", "Cardano"),
}


@dataclass
class Failure:
    """How answers are spoiled: all, those of one path, or the rows of one coin; for ever or so many times."""

    mode: str
    path: str | None = None
    asset: str | None = None
    times: int | None = None
    retry_after: str | None = None


@dataclass
class FakeMarket:
    """Coins at the prices that a test set; their time is that of the request, or `frozen_at`."""

    coins: dict[str, dict[str, Any]] = field(default_factory=dict)
    frozen_at: datetime | None = None
    pairs: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def set_price(self, asset: str, price: Any, **facts: Any) -> None:
        """`facts` are further fields of the row, as the API names them."""
        symbol, name = KNOWN.get(asset, (asset[:5], asset.title()))
        supply = 19_000_000
        row = self.coins.setdefault(
            asset,
            {
                "id": asset,
                "symbol": symbol,
                "name": name,
                "image": None,
                "market_cap_rank": len(self.coins) + 1,
                "circulating_supply": supply,
                "total_supply": supply,
                "max_supply": None,
                "total_volume": 1_000_000,
                "high_24h": None,
                "low_24h": None,
                "ath": None,
                "ath_date": None,
                "price_change_percentage_24h": Decimal("1.5"),
                "price_change_percentage_1h_in_currency": Decimal("0.5"),
                "price_change_percentage_24h_in_currency": Decimal("1.5"),
                "price_change_percentage_7d_in_currency": Decimal("-2.5"),
            },
        )
        row["current_price"] = None if price is None else Decimal(price)
        row["market_cap"] = None if price is None else int(Decimal(price) * supply)
        row.update(facts)

    def rows(self, now: datetime) -> list[dict[str, Any]]:
        time = (self.frozen_at or now).isoformat(timespec="milliseconds")
        return [{"last_updated": time, **row} for row in self.coins.values()]

    def rates(self, now: datetime) -> dict[str, Any]:
        return {
            code: {"name": code.upper(), "unit": code, "value": BITCOIN_IN_DOLLARS * per_usd, "type": "fiat"}
            for code, per_usd in RATES.items()
        }

    def list_pair(self, exchange: str, base: str, target: str, coin: str, target_coin: str | None = None) -> None:
        """From now on the exchange trades this pair; without `target_coin` it is counted in a currency."""
        row = {"base": base, "target": target, "coin_id": coin, "converted_volume": {"usd": 1000}}
        other = {} if target_coin is None else {"target_coin_id": target_coin}
        self.pairs.setdefault(exchange, []).append({**row, "is_anomaly": False, "is_stale": False, **other})

    def tickers(self, exchange: str, now: datetime) -> list[dict[str, Any]] | None:
        return self.pairs.get(exchange)

    def chart(self, coin: str, days: float, daily: bool, now: datetime) -> dict[str, Any] | None:
        if coin not in self.coins:
            return None
        price, end = self.coins[coin]["current_price"], int(now.timestamp() * 1000)
        times = [end - 3_600_000 * hour for hour in range(int(days * 24), -1, -1)]
        return {"prices": [[time, price] for time in times], "market_caps": [], "total_volumes": []}


def shifted(row: dict[str, Any], by: timedelta) -> dict[str, Any]:
    return {**row, "last_updated": (datetime.fromisoformat(row["last_updated"]) + by).isoformat()}


def in_ringgit(row: dict[str, Any]) -> dict[str, Any]:
    money = ("current_price", "market_cap", "total_volume", "high_24h", "low_24h", "ath")
    return {**row, **{key: row[key] * Decimal("4.1255") for key in money if row[key] is not None}}


def priced(price: Any) -> Callable[[dict[str, Any]], dict[str, Any] | None]:
    return lambda row: {**row, "current_price": price}


# Each spoils one row of /coins/markets; None takes it away.
ROW_MODES: dict[str, Callable[[dict[str, Any]], dict[str, Any] | None]] = {
    "missing_coin": lambda row: None,
    "null_price": priced(None),
    "string_price": priced("49053"),
    "nan": priced(Decimal("NaN")),
    "infinity": priced(Decimal("Infinity")),
    "1e400": priced(Decimal("1e400")),
    "huge_exponent": priced(Decimal("1e99999999")),
    "zero": priced(0),
    "negative": priced(Decimal(-5)),
    "1e30": priced(Decimal("1e30")),
    "true_price": priced(True),
    "no_id": lambda row: {key: value for key, value in row.items() if key != "id"},
    "no_time": lambda row: {**row, "last_updated": None},
    "older": lambda row: shifted(row, -timedelta(hours=1)),
    "future": lambda row: shifted(row, timedelta(hours=1)),
    "wrong_currency": in_ringgit,
}
BODY_MODES: dict[str, bytes] = {
    "empty_object": b"{}",
    "empty_list": b"[]",
    "null": b"null",
    "html": b"<!DOCTYPE html><title>Just a moment...</title>",
    "not_utf8": b"\xff\xfe\x00",
    "deep": b"[" * 100_000,
    "long_integer": b"[" + b"9" * 10_000 + b"]",
}
ANSWER_MODES: dict[str, Answer] = {
    "429": Answer(429, {"status": {"error_code": 429, "error_message": "You've exceeded the Rate Limit."}}),
    "500": Answer(500, {"status": 500, "error": "Internal Server Error"}),
    "503": Answer(503, {"error": "Service Unavailable"}),
    "401": Answer(401, {"status": {"error_code": 10002, "error_message": "API Key Missing."}}),
    "400": Answer(400, {"error_code": 10010, "status": {"error_message": "host"}}),
}
WIRE_MODES = ("timeout", "drip", "drip_headers", "reset", "cut_json", "large", "redirect", "html_403")


class FakeHandler(Handler):
    server: "FakeCoinGecko"

    def do_GET(self) -> None:
        path = urlsplit(self.path).path.removeprefix(PREFIX)
        if path == "/_control":
            self.reply(Answer(200, {"requests": dict(self.server.requests)}))
            return
        self.server.requests[path] += 1
        self.server.seen.append((self.path, dict(self.headers.items())))
        super().do_GET()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        if urlsplit(self.path).path != "/_control":
            self.reply(Answer(404, {"error": "Not Found"}))
            return
        self.server.control(json.loads(body))
        self.reply(Answer(200, {"requests": dict(self.server.requests)}))

    def reply(self, found: Answer) -> None:
        path = urlsplit(self.path).path.removeprefix(PREFIX)
        failure = self.server.failure_for(path)
        if failure is None:
            super().reply(found)
        elif failure.mode in ROW_MODES:
            super().reply(spoil_rows(found, failure))
        elif failure.mode in BODY_MODES:
            self.send(200, BODY_MODES[failure.mode])
        elif failure.mode in ANSWER_MODES:
            given = ANSWER_MODES[failure.mode]
            headers = {"Retry-After": failure.retry_after} if failure.retry_after is not None else {}
            self.send(given.status, encode(given.body), headers)
        else:
            with suppress(ConnectionError):
                self.break_the_wire(failure.mode, encode(found.body))
            self.close_connection = True

    def send(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def break_the_wire(self, mode: str, body: bytes) -> None:
        if mode == "timeout":
            self.server.healed.wait(60)
        elif mode == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            self.connection.close()
        elif mode == "cut_json":
            self.send(200, body[: len(body) // 2])
        elif mode == "html_403":
            self.send(403, BODY_MODES["html"])
        elif mode == "redirect":
            self.send(302, b"", {"Location": f"http://localhost:{self.server.server_port}/elsewhere"})
        elif mode == "large":
            self.send_response(200)
            self.send_header("Content-Length", str(50 * 1024 * 1024))
            self.end_headers()
            for _ in range(50):
                self.wfile.write(b" " * 1024 * 1024)
        elif mode == "drip":
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.drip(body)
        elif mode == "drip_headers":
            self.drip(b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 1000)
        else:
            raise AssertionError(f"no such failure: {mode}")

    def drip(self, content: bytes) -> None:
        """One byte a second."""
        for position in range(len(content)):
            self.wfile.write(content[position : position + 1])
            self.wfile.flush()
            if self.server.healed.wait(1):
                return


def spoil_rows(found: Answer, failure: Failure) -> Answer:
    if not isinstance(found.body, list):
        return found
    rows = [
        ROW_MODES[failure.mode](row) if "current_price" in row and failure.asset in (None, row["id"]) else row
        for row in found.body
    ]
    return Answer(found.status, [row for row in rows if row is not None])


class FakeCoinGecko(Server):
    """The server; `requests` counts by path, `seen` holds every address and its headers."""

    def __init__(self, port: int = 0) -> None:
        self.prices = FakeMarket()
        super().__init__(self.prices, port=port, handler=FakeHandler)
        self.requests: Counter[str] = Counter()
        self.seen: list[tuple[str, dict[str, str]]] = []
        self.failure: Failure | None = None
        self.healed = threading.Event()

    def set_price(self, asset: str, price: Any, **facts: Any) -> None:
        self.prices.set_price(asset, price, **facts)

    def fail(self, mode: str, **details: Any) -> None:
        if mode not in (*ROW_MODES, *BODY_MODES, *ANSWER_MODES, *WIRE_MODES):
            raise ValueError(f"no such failure: {mode}")
        self.healed.clear()
        self.failure = Failure(mode, **details)

    def heal(self) -> None:
        self.failure = None
        self.healed.set()

    def failure_for(self, path: str) -> Failure | None:
        failure = self.failure
        if failure is None or path == "/_control" or failure.path not in (None, path):
            return None
        if failure.times is not None:
            if failure.times <= 0:
                return None
            failure.times -= 1
        return failure

    def control(self, order: dict[str, Any]) -> None:
        for asset, price in order.get("prices", {}).items():
            self.set_price(asset, price)
        for pair in order.get("pairs", []):
            self.prices.list_pair(*pair)
        for asset, facts in order.get("facts", {}).items():
            self.set_price(asset, facts.pop("price"), **facts)
        if order.get("heal"):
            self.heal()
        if "fail" in order:
            self.fail(**order["fail"])

    def __enter__(self) -> Self:
        self.thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.heal()
        self.shutdown()
        self.thread.join()
        self.server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up on a broken answer is what the test is about."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    with FakeCoinGecko(parser.parse_args().port) as fake:
        for asset, price in {"bitcoin": 50_000, "ethereum": 2_000, "tether": 1}.items():
            fake.set_price(asset, price)
        sys.stdout.write(f"{fake.url}\n")
        sys.stdout.flush()
        with suppress(KeyboardInterrupt):
            fake.thread.join()


if __name__ == "__main__":
    main()
