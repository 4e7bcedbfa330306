"""One open socket as the hub's surroundings see it: which page it is, by which session it came, what writes to it."""

import asyncio
from collections.abc import Callable, Coroutine, Generator, Mapping
from types import coroutine
from typing import Any, Final

import structlog

from dashboard.live.boards import Page
from dashboard.live.counting import counts
from dashboard.live.hub import Client, Hub

logger = structlog.get_logger(__name__)

# A socket that doesn't take a frame within this time stands still.
PATIENCE: Final = 30.0


class Connection:
    """One socket of a logged-in page. A frame is written at once; only where the socket would block, a task waits.

    Meanwhile the page is owed no more than its newest state, and nobody else waits for it.
    """

    __slots__ = ("client", "credentials", "early", "lost", "page", "send", "session", "waiting", "wanted")

    def __init__(
        self,
        page: Page,
        session: str,
        credentials: int,
        send: Callable[[Mapping[str, Any]], Coroutine[Any, Any, None]],
        lost: Callable[["Connection"], None],
    ) -> None:
        self.page = self.wanted = page
        self.session = session
        self.credentials = credentials
        self.send = send
        self.lost = lost
        self.client: Client | None = None
        self.early: list[str] = []
        self.waiting: asyncio.Task[None] | None = None

    def write(self, hub: Hub, now: float) -> bool:
        """Write what the hub owes it, all in one frame, unless the last one is still on its way; whether it did."""
        if self.client is None or self.waiting is not None or (frame := hub.take(self.client, now)) is None:
            return False
        counts.sent(1, len(frame))
        sending = self.send({"type": "websocket.send", "text": frame})
        try:
            blocked_by = sending.send(None)
        except StopIteration:
            pass
        except Exception as error:  # noqa: BLE001 - whatever a server raises, this socket is gone
            self.fail(error)
        else:
            self.waiting = asyncio.create_task(self.finish(hub, sending, blocked_by))
        return True

    async def finish(self, hub: Hub, sending: Coroutine[Any, Any, None], blocked_by: Any) -> None:
        """Wait until the socket takes the frame, then write what has come up meanwhile."""
        try:
            async with asyncio.timeout(PATIENCE):
                await resume(sending, blocked_by)
        except Exception as error:  # noqa: BLE001 - see above
            self.waiting = None
            self.fail(error)
        else:
            self.waiting = None
            self.write(hub, asyncio.get_running_loop().time())

    def fail(self, error: Exception) -> None:
        if not isinstance(error, OSError):  # TimeoutError is one: a reader that stands still
            logger.error("live.write_failed", page=str(self.page), exc_info=error)
        counts.dropped += isinstance(error, TimeoutError)
        self.lost(self)

    def stop(self) -> None:
        """Write no more."""
        self.client = None
        if self.waiting is not None and self.waiting is not asyncio.current_task():
            self.waiting.cancel()
        self.waiting = None

    async def say_close(self, code: int) -> None:
        """Tell the other end to go, if it still listens."""
        try:
            async with asyncio.timeout(PATIENCE):
                await self.send({"type": "websocket.close", "code": code})
        except OSError as error:
            logger.info("live.gone", page=str(self.page), error=str(error))


@coroutine
def resume(sending: Coroutine[Any, Any, None], blocked_by: Any) -> Generator[Any, None, None]:
    """Go on with a coroutine that was begun by hand and waits for `blocked_by`."""
    while True:
        try:
            try:
                yield blocked_by
            except BaseException as error:  # noqa: BLE001 - it belongs to the coroutine
                blocked_by = sending.throw(error)
            else:
                blocked_by = sending.send(None)
        except StopIteration:
            return
