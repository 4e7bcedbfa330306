"""Kraken's WebSocket API v2, from docs.kraken.com/api/docs/websocket-v2 (ticker, heartbeat, status).

`ticker` tells of each trade, and of the last one at once when it is subscribed to; a heartbeat comes about every second
in which nothing else did. There are no sequence numbers. Pairs are acknowledged, or refused, one by one.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final

from dashboard.market.streams.exchange import (
    Event,
    Limits,
    Price,
    Refused,
    Subscribed,
    Trouble,
    read_number,
    read_object,
    read_price,
    read_text,
    read_time,
)

READABLE: Final = {"XBT": "BTC", "XDG": "DOGE"}
"""Kraken's old tickers, which version 2 no longer takes."""


class Talk:
    def subscribe(self, pairs: Sequence[str]) -> str:
        return message("subscribe", pairs)

    def unsubscribe(self, pairs: Sequence[str]) -> str:
        return message("unsubscribe", pairs)

    def read(self, text: str | bytes, now: datetime) -> list[Event]:
        said = read_object(text)
        if said.get("method") == "subscribe":
            return answered(said)
        data = said.get("data")
        rows = [row for row in data if isinstance(row, dict)] if isinstance(data, list) else []
        match said.get("channel"):
            case "ticker":
                return [price for row in rows if (price := read_row(row, now)) is not None]
            case "status":
                states = [read_text(row.get("system")) for row in rows]
                return [Trouble(f"the exchange is in the state {state}") for state in states if state != "online"]
        return []


def message(method: str, pairs: Sequence[str]) -> str:
    return json.dumps({"method": method, "params": {"channel": "ticker", "symbol": list(pairs)}})


def answered(said: dict[str, object]) -> list[Event]:
    if said.get("success") is True:
        result = said.get("result")
        pair = result.get("symbol") if isinstance(result, dict) else None
        return [Subscribed((pair,))] if isinstance(pair, str) else []
    pair, reason = said.get("symbol"), read_text(said.get("error"))
    if isinstance(pair, str) and "not supported" in reason:
        return [Refused((pair,), reason)]
    return [] if "already" in reason.lower() else [Trouble(reason)]


def read_row(row: dict[str, object], now: datetime) -> Price | None:
    """A row without a time was made the moment it was sent."""
    pair, price = row.get("symbol"), read_price(row.get("last"))
    if not isinstance(pair, str) or price is None:
        return None
    at = read_time(row["timestamp"]) if "timestamp" in row else now
    return None if at is None else Price(pair, price, at, read_number(row.get("volume")) or Decimal(0))


class Kraken:
    name = "kraken"
    title = "Kraken"
    gecko_id = "kraken"
    url = "wss://ws.kraken.com/v2"
    limits = Limits(pairs_a_connection=250, pairs_a_message=50, messages_a_second=4)

    def pair(self, base: str, target: str) -> str:
        base, target = base.upper(), target.upper()
        return f"{READABLE.get(base, base)}/{READABLE.get(target, target)}"

    def talk(self) -> Talk:
        return Talk()
