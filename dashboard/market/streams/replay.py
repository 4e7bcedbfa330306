"""The recorded market by Coinbase's feed, for the demo: whoever subscribes is told of each second's prices.

Speaks of that protocol what a client of ours says and hears (docs.cdp.coinbase.com/exchange/websocket-feed).
"""

import asyncio
import contextlib
import json
import threading
from collections.abc import Collection
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from dashboard import clock
from dashboard.market.recording import Recording

EVERY: Final = 1.0


def start(recording: Recording, host: str, port: int) -> None:
    """Serve it in a thread of its own for as long as the process lives."""
    threading.Thread(target=lambda: asyncio.run(run(Feed(recording), host, port)), name="feed", daemon=True).start()


async def run(feed: "Feed", host: str, port: int) -> None:
    async with serve(feed.handle, host, port, compression=None) as server:
        await server.serve_forever()


class Feed:
    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        self.products = {f"{coin.symbol}-USD".upper(): coin for coin in recording.coins.values()}

    async def handle(self, socket: ServerConnection) -> None:
        wanted: set[str] = set()
        telling = asyncio.create_task(self.tell(socket, wanted))
        try:
            async for message in socket:
                for answer in self.answer(json.loads(message), wanted):
                    await socket.send(answer)
        except (ConnectionClosed, ValueError, KeyError, TypeError):
            return
        finally:
            telling.cancel()

    def answer(self, said: dict[str, Any], wanted: set[str]) -> list[str]:
        products = [product for channel in said["channels"] for product in channel["product_ids"]]
        if said["type"] == "unsubscribe":
            wanted.difference_update(products)
        elif unknown := [product for product in products if product not in self.products]:
            reason = f"{unknown[0]} is not a valid product"
            return [json.dumps({"type": "error", "message": "Failed to subscribe", "reason": reason})]
        else:
            wanted.update(products)
        channels = [{"name": "ticker", "product_ids": sorted(wanted)}]
        return [json.dumps({"type": "subscriptions", "channels": channels}), *self.tickers(wanted, clock.now())]

    async def tell(self, socket: ServerConnection, wanted: Collection[str]) -> None:
        with contextlib.suppress(ConnectionClosed):
            while True:
                await asyncio.sleep(EVERY)
                for text in self.tickers(wanted, clock.now()):
                    await socket.send(text)

    def tickers(self, wanted: Collection[str], now: datetime) -> list[str]:
        prices = self.recording.timeline[self.recording.step_at(now)]
        number = int(now.timestamp())
        return [self.ticker(product, prices[self.products[product].id], number, now) for product in sorted(wanted)]

    @staticmethod
    def ticker(product: str, price: Decimal, number: int, now: datetime) -> str:
        return json.dumps(
            {
                "type": "ticker",
                "sequence": number,
                "product_id": product,
                "price": f"{price:f}",
                "volume_24h": "1",
                "time": now.isoformat(timespec="microseconds").replace("+00:00", "Z"),
                "trade_id": number,
            }
        )
