"""Many open pages at once: sockets that come back as a page's do (static/live.js), and what each of them shows."""

import asyncio
import random
import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from tests.serving import PageSocket

PRICE = re.compile(r'<span id="p-bitcoin-price"[^>]* data-value="([^"]*)"')
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 5.0


@dataclass(slots=True)
class Page:
    """One open page. `price` is what it shows of bitcoin, empty while it is not connected."""

    cookie: str
    price: str = ""
    connected: bool = False
    openings: int = 0
    refused: int = 0


class Crowd:
    """A page for each cookie at `address`, in a thread of its own; `with` opens them all and closes them."""

    def __init__(self, address: str, cookies: Sequence[str]) -> None:
        self.address = address
        self.pages = [Page(cookie) for cookie in cookies]

    def __enter__(self) -> Self:
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.keeping = [asyncio.run_coroutine_threadsafe(self.keep(page), self.loop) for page in self.pages]
        return self

    def __exit__(self, *args: object) -> None:
        asyncio.run_coroutine_threadsafe(self.end(), self.loop).result(30)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()

    async def end(self) -> None:
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def showing(self, price: str) -> int:
        """How many pages show this price of bitcoin."""
        return sum(page.price == price for page in self.pages)

    def connected(self) -> int:
        return sum(page.connected for page in self.pages)

    async def keep(self, page: Page) -> None:
        """Stay connected, as long as the site lets the page."""
        attempts = 0
        while not page.refused:
            try:
                async with connect(
                    self.address.replace("http", "ws", 1) + "/ws/live/",
                    additional_headers={"Cookie": page.cookie, "Origin": self.address},
                    open_timeout=20,
                    close_timeout=1,
                    ping_interval=None,
                    compression=None,
                    max_size=None,
                    create_connection=PageSocket,
                ) as socket:
                    attempts = 0
                    page.openings += 1
                    page.connected = True
                    async for frame in socket:
                        if found := PRICE.findall(str(frame)):
                            page.price = found[-1]  # sections come first, then what has overtaken them
                    page.refused = refusal(socket.close_code)
            except ConnectionClosed as closed:
                page.refused = refusal(closed.rcvd.code if closed.rcvd else None)
            except (OSError, WebSocketException):
                pass
            page.price, page.connected = "", False
            pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2**attempts)
            await asyncio.sleep(pause * random.uniform(0.25, 1))
            attempts += 1


def refusal(code: int | None) -> int:
    """The code of a close after which a page stays away, else 0."""
    return code if code is not None and 4400 <= code < 4500 else 0
