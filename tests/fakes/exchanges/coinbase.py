"""Coinbase Exchange's feed, by docs.cdp.coinbase.com/exchange/websocket-feed (channels, overview, errors)."""

import asyncio
import json
from typing import Any, ClassVar

from websockets.asyncio.server import ServerConnection

from tests.fakes.exchanges.feed import Client, FakeFeed, Stated

SAMPLE = {
    "type": "ticker",
    "sequence": 37475248783,
    "product_id": "ETH-USD",
    "price": "1285.22",
    "open_24h": "1310.79",
    "volume_24h": "245532.79269678",
    "low_24h": "1280.52",
    "high_24h": "1313.8",
    "volume_30d": "9788783.60117027",
    "best_bid": "1285.04",
    "best_bid_size": "0.46688654",
    "best_ask": "1285.27",
    "best_ask_size": "1.56637040",
    "side": "buy",
    "time": "2022-10-19T23:28:22.061769Z",
    "trade_id": 370843401,
    "last_size": "11.4396987",
}
HEARTBEAT_SAMPLE = {
    "type": "heartbeat",
    "sequence": 90,
    "last_trade_id": 20,
    "product_id": "BTC-USD",
    "time": "2014-11-07T08:19:28.464459Z",
}


class FakeCoinbase(FakeFeed):
    name = "coinbase"
    messages_a_second = 100
    subscribe_within: ClassVar[float] = 5.0

    async def handle(self, socket: ServerConnection) -> None:
        async def watch() -> None:
            await asyncio.sleep(self.subscribe_within)
            if not any(client.socket is socket and client.has_asked for client in self.clients):
                self.violations.append("no subscription within five seconds")
                await socket.close(1008, "")

        watching = asyncio.create_task(watch())
        try:
            await super().handle(socket)
        finally:
            watching.cancel()

    def answer(self, client: Client, said: dict[str, Any]) -> list[str]:
        asked = {channel["name"]: channel["product_ids"] for channel in said["channels"]}
        pairs = asked.get("ticker", [])
        if said["type"] == "unsubscribe":
            client.pairs.difference_update(pairs)
            client.hearts.difference_update(asked.get("heartbeat", []))
            return [self.subscriptions(client)]
        for pair in pairs:
            if pair not in self.prices:  # the whole subscription fails
                reason = f"{pair} is not a valid product"
                return [json.dumps({"type": "error", "message": "Failed to subscribe", "reason": reason})]
        client.pairs.update(pairs)
        client.hearts.update(asked.get("heartbeat", []))
        return [self.subscriptions(client), *(self.ticker(pair, self.prices[pair]) for pair in pairs)]

    def subscriptions(self, client: Client) -> str:
        asked = {"ticker": client.pairs, "heartbeat": client.hearts}
        channels = [{"name": name, "product_ids": sorted(asked[name]), "account_ids": None} for name in asked]
        return json.dumps({"type": "subscriptions", "channels": channels})

    def ticker(self, pair: str, stated: Stated, *, is_first: bool = False) -> str:
        said = {
            "sequence": 7 * stated.trade,
            "product_id": pair,
            "price": str(stated.price),
            "volume_24h": str(stated.volume),
            "time": stated.at.isoformat(timespec="microseconds").replace("+00:00", "Z"),
            "trade_id": stated.trade,
        }
        return json.dumps({**SAMPLE, **said})

    def beats(self, client: Client) -> list[str]:
        return [
            json.dumps(
                {
                    **HEARTBEAT_SAMPLE,
                    "sequence": 7 * self.prices[pair].trade,
                    "last_trade_id": self.prices[pair].trade,
                    "product_id": pair,
                }
            )
            for pair in client.hearts
        ]
