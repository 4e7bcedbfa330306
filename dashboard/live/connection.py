"""One open socket as the hub's surroundings see it: which page it is, by which session it came, what writes to it."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import structlog

from dashboard.live.boards import Page
from dashboard.live.hub import Client, Hub

logger = structlog.get_logger(__name__)

# A socket that doesn't take a frame within this time stands still.
PATIENCE: Final = 30.0


class Connection:
    """One socket of a logged-in page. Its task writes what the hub owes it, one frame at a time."""

    def __init__(
        self,
        page: Page,
        session: str,
        session_hash: str,
        send: Callable[[Mapping[str, Any]], Awaitable[None]],
    ) -> None:
        self.page = page
        self.session = session
        self.session_hash = session_hash
        self.send = send
        self.client: Client | None = None
        self.owed = asyncio.Event()
        self.early: list[str] = []
        self.writing: asyncio.Task[None] | None = None

    async def write(self, hub: Hub, render: Callable[[], None]) -> None:
        """Write whatever is owed, for ever; what can't be written as cells is ordered by `render`."""
        assert self.client is not None  # noqa: S101
        clock = asyncio.get_running_loop().time
        while True:
            await self.owed.wait()
            self.owed.clear()
            while (frame := hub.take(self.client, clock())) is not None:
                async with asyncio.timeout(PATIENCE):
                    await self.send({"type": "websocket.send", "text": frame})
            render()

    async def say_close(self, code: int) -> None:
        """Tell the other end to go, if it still listens."""
        try:
            async with asyncio.timeout(PATIENCE):
                await self.send({"type": "websocket.close", "code": code})
        except OSError as error:
            logger.info("live.gone", page=str(self.page), error=str(error))
