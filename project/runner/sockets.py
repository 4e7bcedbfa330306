"""WebSockets of the web process on uvicorn, where thousands of dashboards are open: text goes out in few steps.

Only what is usual is done here: whole text messages to an open socket that takes them. All else is uvicorn's.
"""

import asyncio
from typing import TYPE_CHECKING, Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.protocol import State

from project.runner.frames import whole_text

if TYPE_CHECKING:
    from uvicorn._types import ASGISendEvent


class Gate:
    """asyncio's Event for one who waits. That and its Queue keep a deque of 0.6 KB for each thing that might be waited
    for, five on each socket.
    """

    __slots__ = ("opens",)

    def __init__(self) -> None:
        self.opens: asyncio.Future[None] | None = None

    def is_set(self) -> bool:
        return self.opens is None

    def clear(self) -> None:
        if self.opens is None:
            self.opens = asyncio.get_running_loop().create_future()

    def set(self) -> None:
        opens, self.opens = self.opens, None
        if opens is not None and not opens.done():
            opens.set_result(None)

    async def wait(self) -> None:
        while self.opens is not None:
            await asyncio.shield(self.opens)


class Inbox:
    """asyncio's Queue for one who takes."""

    __slots__ = ("gate", "messages")

    def __init__(self) -> None:
        self.messages: list[Any] = []
        self.gate = Gate()

    def empty(self) -> bool:
        return not self.messages

    def put_nowait(self, message: Any) -> None:
        self.messages.append(message)
        self.gate.set()

    async def get(self) -> Any:
        while not self.messages:
            self.gate.clear()
            await self.gate.wait()
        return self.messages.pop(0)


class Sockets(WebSocketsSansIOProtocol):
    """uvicorn's own, smaller, and without its general way of making a frame for each of the messages of a tick."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.queue: Any = Inbox()
        self.writable: Any = Gate()

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        # What is written goes out at once, not when the event loop comes round: it is still at hand then.
        transport.set_write_buffer_limits(high=0)

    async def send(self, message: "ASGISendEvent") -> None:
        text = message.get("text")
        if text is None or not self.takes_text():
            await super().send(message)
        else:
            self.transport.write(whole_text(str(text)))

    def takes_text(self) -> bool:
        """Whether it is open, no extension changes what is sent, and what was sent before has gone out."""
        is_open = self.handshake_complete and not self.close_sent and self.conn.state is State.OPEN
        return is_open and self.writable.is_set() and not self.conn.extensions and not self.transport.is_closing()
