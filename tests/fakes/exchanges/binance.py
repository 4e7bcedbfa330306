"""Binance's market streams. Messages as in binance/binance-spot-api-docs, web-socket-streams.md.

A mini ticker is sent once a second for pairs that changed; the pair that is always traded is told of at each beat.
"""

import json
from typing import Any

from tests.fakes.exchanges.feed import Client, FakeFeed, Stated

SAMPLE = {
    "e": "24hrMiniTicker",
    "E": 1672515782136,
    "s": "BNBBTC",
    "c": "0.0025",
    "o": "0.0010",
    "h": "0.0025",
    "l": "0.0010",
    "v": "10000",
    "q": "18",
}
BUSY = "BTCUSDT"
MOST_STREAMS = 1024


class FakeBinance(FakeFeed):
    name = "binance"
    messages_a_second = 5

    def answer(self, client: Client, said: dict[str, Any]) -> list[str]:
        pairs = [stream.removesuffix("@miniTicker").upper() for stream in said["params"]]
        if said["method"] == "UNSUBSCRIBE":
            client.pairs.difference_update(pairs)
        else:
            if len(client.pairs | set(pairs)) > MOST_STREAMS:
                self.violations.append("more than 1024 streams on a connection")
                return [json.dumps({"code": 2, "msg": "Invalid request: too many parameters", "id": said["id"]})]
            client.pairs.update(pairs)
        return [json.dumps({"result": None, "id": said["id"]})]

    def ticker(self, pair: str, stated: Stated, *, is_first: bool = False) -> str:
        said = {
            "E": int(stated.at.timestamp() * 1000),
            "s": pair,
            "c": f"{stated.price:f}",
            "v": f"{stated.volume:f}",
        }
        return json.dumps({**SAMPLE, **said})

    def beats(self, client: Client) -> list[str]:
        if BUSY not in client.pairs:
            return []
        return [self.ticker(BUSY, self.prices[BUSY])] if BUSY in self.prices else []
