"""What the fake exchanges share: a WebSocket server in a thread of its own whose prices and failures a test decides."""

import asyncio
import json
import threading
import time
from collections import deque
from collections.abc import Coroutine, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from http import HTTPStatus
from typing import Any, ClassVar, Self

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response


@dataclass
class Stated:
    """What the exchange last said of a pair."""

    price: Decimal
    volume: Decimal
    at: datetime
    trade: int


@dataclass(eq=False)
class Client:
    """A connection, the pairs it asked for, those whose heartbeat it asked for, and when its messages came."""

    socket: ServerConnection
    pairs: set[str] = field(default_factory=set)
    hearts: set[str] = field(default_factory=set)
    times: deque[float] = field(default_factory=lambda: deque(maxlen=200))
    has_asked: bool = False


class FakeFeed:
    """A server that other modules give a protocol to."""

    name: ClassVar[str]
    messages_a_second: ClassVar[int]

    def __init__(self, port: int = 0, heartbeat: float = 1.0) -> None:
        self.port = port
        self.heartbeat = heartbeat
        self.prices: dict[str, Stated] = {}
        self.clients: set[Client] = set()
        self.opened = 0
        self.received: list[dict[str, Any]] = []
        self.violations: list[str] = []
        self.is_stalled = False
        self.is_deaf = False
        self.refuses_with: HTTPStatus | None = None
        self.losing: set[str] = set()
        self.loop = asyncio.new_event_loop()
        self.server: Server | None = None

    # What a protocol decides

    def greeting(self) -> list[str]:
        return []

    def answer(self, client: Client, said: dict[str, Any]) -> list[str]:
        raise NotImplementedError

    def ticker(self, pair: str, stated: Stated, *, is_first: bool = False) -> str:
        raise NotImplementedError

    def beats(self, client: Client) -> list[str]:
        return []

    # What a test decides

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    @property
    def subscribed(self) -> set[str]:
        return {pair for client in list(self.clients) for pair in client.pairs}

    def set_price(self, pair: str, price: Any, volume: Any = "1000", at: datetime | None = None) -> None:
        """A trade: everybody who asked for the pair is told."""
        self.set_prices({pair: price}, volume, at)

    def set_prices(self, prices: dict[str, Any], volume: Any = "1000", at: datetime | None = None) -> None:
        self.call(self.trade(prices, Decimal(volume), at))

    def lose_next(self, pair: str) -> None:
        """The next trade of the pair is told to nobody, as if the message got lost on the way."""
        self.losing.add(pair)

    def say(self, text: str) -> None:
        """Something of the test's own to everybody, garbage for example."""
        self.call(self.send([(client, text) for client in self.clients]))

    def stall(self) -> None:
        """Connections stay open, and nothing is said any more."""
        self.is_stalled = True

    def ignore(self) -> None:
        """What is asked for is neither answered nor done."""
        self.is_deaf = True

    def close(self, code: int = 1000, reason: str = "") -> None:
        self.call(self.close_all(code, reason))

    def refuse(self, status: HTTPStatus) -> None:
        """New connections are answered with this status."""
        self.refuses_with = status

    def heal(self) -> None:
        self.is_stalled, self.is_deaf, self.refuses_with = False, False, None

    # How it is served

    def call(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self.loop).result(10)

    async def trade(self, prices: dict[str, Any], volume: Decimal, at: datetime | None) -> None:
        news: list[tuple[Client, str]] = []
        for pair, price in prices.items():
            before = self.prices.get(pair)
            stated = Stated(Decimal(price), volume, at or datetime.now(UTC), before.trade + 1 if before else 100)
            self.prices[pair] = stated
            if pair in self.losing:
                self.losing.discard(pair)
                continue
            text = self.ticker(pair, stated)
            news += [(client, text) for client in self.clients if pair in client.pairs]
        await self.send(news)

    async def send(self, messages: Iterable[tuple[Client, str]]) -> None:
        for client, text in messages:
            if self.is_stalled:
                return
            try:
                await client.socket.send(text)
            except ConnectionClosed:
                self.clients.discard(client)

    async def close_all(self, code: int, reason: str) -> None:
        for client in list(self.clients):
            await client.socket.close(code, reason)

    async def handle(self, socket: ServerConnection) -> None:
        client = Client(socket)
        self.clients.add(client)
        self.opened += 1
        beating = asyncio.create_task(self.beat(client))
        try:
            await self.send((client, text) for text in self.greeting())
            async for message in socket:
                said = json.loads(message)
                self.received.append(said)
                if not await self.is_in_time(client):
                    return
                client.has_asked = True
                if self.is_deaf:
                    continue
                await self.send((client, text) for text in self.answer(client, said))
        except ConnectionClosed:
            pass
        finally:
            beating.cancel()
            self.clients.discard(client)

    async def is_in_time(self, client: Client) -> bool:
        """Whether the client keeps to the exchange's pace; else it is cut off, as the real ones do."""
        now = time.monotonic()
        client.times.append(now)
        if sum(1 for at in client.times if now - at < 1) <= self.messages_a_second:
            return True
        self.violations.append(f"more than {self.messages_a_second} messages in a second")
        await client.socket.close(1008, "Too many requests")
        return False

    async def beat(self, client: Client) -> None:
        while True:
            await asyncio.sleep(self.heartbeat)
            await self.send((client, text) for text in self.beats(client))

    def check(self, socket: ServerConnection, request: Request) -> Response | None:
        if self.refuses_with is not None:
            return socket.respond(self.refuses_with, self.refuses_with.phrase)
        return None

    async def run(self, ready: threading.Event) -> None:
        async with serve(
            self.handle, "127.0.0.1", self.port, process_request=self.check, ping_interval=20, compression=None
        ) as server:
            self.server = server
            self.port = server.sockets[0].getsockname()[1]
            self.ended = asyncio.Event()
            ready.set()
            await self.ended.wait()
            server.close(close_connections=True)

    def __enter__(self) -> Self:
        ready = threading.Event()
        self.thread = threading.Thread(target=lambda: self.loop.run_until_complete(self.run(ready)), daemon=True)
        self.thread.start()
        assert ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self.loop.call_soon_threadsafe(self.ended.set)
        self.thread.join(10)
        self.loop.close()
