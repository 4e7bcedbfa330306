"""Binance's spot market streams, from github.com/binance/binance-spot-api-docs, web-socket-streams.md.

`<pair>@miniTicker` tells of a pair once a second in which it changed. The feed has no heartbeat of its own, so the pair
that is traded all the time is always subscribed to. A connection carries 1,024 streams, takes five messages a second
(pongs included), is announced to end by `serverShutdown` and ends after 24 hours anyway. Unknown pairs stay silent.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final

from dashboard.market.streams.exchange import (
    Event,
    Farewell,
    Limits,
    Price,
    Subscribed,
    Trouble,
    read_milliseconds,
    read_number,
    read_object,
    read_price,
    read_text,
)

HEART: Final = "BTCUSDT"
STREAM: Final = "@miniTicker"


class Talk:
    def __init__(self) -> None:
        self.asked: dict[int, tuple[str, ...]] = {}
        self.number = 0
        self.times: dict[str, datetime] = {}

    def subscribe(self, pairs: Sequence[str]) -> str:
        self.number += 1
        self.asked[self.number] = tuple(pairs)
        first = [HEART] if self.number == 1 and HEART not in pairs else []
        return self.message("SUBSCRIBE", [*first, *pairs])

    def unsubscribe(self, pairs: Sequence[str]) -> str:
        self.number += 1
        for pair in pairs:
            self.times.pop(pair, None)
        return self.message("UNSUBSCRIBE", [pair for pair in pairs if pair != HEART])

    def message(self, method: str, pairs: Sequence[str]) -> str:
        streams = [f"{pair.lower()}{STREAM}" for pair in pairs]
        return json.dumps({"method": method, "params": streams, "id": self.number})

    def read(self, text: str | bytes, now: datetime) -> list[Event]:
        said = read_object(text)
        if isinstance(wrapped := said.get("data"), dict):  # as it comes from the addresses of combined streams
            said = wrapped
        match said.get("e"):
            case "24hrMiniTicker":
                return self.mini_ticker(said)
            case "serverShutdown":
                return [Farewell()]
        return self.answered(said)

    def mini_ticker(self, said: dict[str, object]) -> list[Event]:
        pair, price, at = said.get("s"), read_price(said.get("c")), read_milliseconds(said.get("E"))
        if not isinstance(pair, str) or price is None or at is None or at < self.times.get(pair, at):
            return []
        self.times[pair] = at
        return [Price(pair, price, at, read_number(said.get("v")) or Decimal(0))]

    def answered(self, said: dict[str, object]) -> list[Event]:
        error = said.get("error")
        complaint = error if isinstance(error, dict) else said
        if "code" in complaint:
            return [Trouble(read_text(complaint.get("msg")))]
        number = said.get("id")
        pairs = self.asked.pop(int(number), ()) if isinstance(number, Decimal) and "result" in said else ()
        return [Subscribed(pairs)] if pairs else []


class Binance:
    name = "binance"
    title = "Binance"
    gecko_id = "binance"
    # Market data alone, without accounts.
    url = "wss://data-stream.binance.vision/ws"
    limits = Limits(pairs_a_connection=1000, pairs_a_message=100, messages_a_second=2)

    def pair(self, base: str, target: str) -> str:
        return f"{base}{target}".upper()

    def talk(self) -> Talk:
        return Talk()
