"""Kraken's WebSocket API v2. Messages as in docs.kraken.com/api/docs/websocket-v2 (ticker, heartbeat, status)."""

import json
from typing import Any

from tests.fakes.exchanges.feed import Client, FakeFeed, Stated

SAMPLE = {
    "symbol": "ALGO/USD",
    "bid": 0.10025,
    "bid_qty": 740.0,
    "ask": 0.10036,
    "ask_qty": 1361.44813783,
    "last": 0.10035,
    "volume": 997038.98383185,
    "vwap": 0.10148,
    "low": 0.09979,
    "high": 0.10285,
    "change": -0.00017,
    "change_pct": -0.17,
    "timestamp": "2023-09-25T09:04:31.742648Z",
}
TIMES = {"time_in": "2022-12-25T09:30:59.123456Z", "time_out": "2022-12-25T09:30:59.123456Z"}


class FakeKraken(FakeFeed):
    name = "kraken"
    messages_a_second = 20

    def greeting(self) -> list[str]:
        state = {"api_version": "v2", "connection_id": 13834774380200032777, "system": "online", "version": "2.0.4"}
        return [json.dumps({"channel": "status", "type": "update", "data": [state]})]

    def answer(self, client: Client, said: dict[str, Any]) -> list[str]:
        texts = []
        for pair in said["params"]["symbol"]:
            if said["method"] == "unsubscribe":
                client.pairs.discard(pair)
                texts.append(acknowledged("unsubscribe", pair))
            elif pair not in self.prices:
                refusal = {"error": f"Currency pair not supported {pair}", "success": False, "symbol": pair}
                texts.append(json.dumps({"method": "subscribe", **refusal, **TIMES}))
            else:
                client.pairs.add(pair)
                texts += [acknowledged("subscribe", pair), self.ticker(pair, self.prices[pair], is_first=True)]
        return texts

    def ticker(self, pair: str, stated: Stated, *, is_first: bool = False) -> str:
        said = {
            "symbol": pair,
            "last": "LAST",
            "volume": "VOLUME",
            "timestamp": stated.at.isoformat(timespec="microseconds").replace("+00:00", "Z"),
        }
        text = json.dumps(
            {"channel": "ticker", "type": "snapshot" if is_first else "update", "data": [{**SAMPLE, **said}]}
        )
        # Numbers in Kraken's JSON are numbers, to the last digit.
        return text.replace('"LAST"', f"{stated.price:f}").replace('"VOLUME"', f"{stated.volume:f}")

    def beats(self, client: Client) -> list[str]:
        return [json.dumps({"channel": "heartbeat"})] if client.pairs else []


def acknowledged(method: str, pair: str) -> str:
    result = {"channel": "ticker", "snapshot": True, "symbol": pair}
    return json.dumps({"method": method, "result": result, "success": True, **TIMES})
