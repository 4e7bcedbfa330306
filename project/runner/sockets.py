"""WebSockets of the web process on uvicorn, where thousands of dashboards are open: text goes out in few steps.

Only what is usual is done here: whole text messages to an open socket that takes them. All else is uvicorn's.
"""

from typing import TYPE_CHECKING, Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.protocol import State

from project.runner.frames import whole_text
from project.runner.inbox import Gate, Inbox

if TYPE_CHECKING:
    from uvicorn._types import ASGISendEvent


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
            opens = not self.handshake_complete
            await super().send(message)
            if opens and self.handshake_complete:
                self.forget_handshake()
        else:
            self.transport.write(whole_text(str(text)))

    def forget_handshake(self) -> None:
        """Let go of the headers, of which three objects keep hold as long as the socket is open: 3 KB."""
        self.request.headers.clear()
        self.response.headers.clear()

    def takes_text(self) -> bool:
        """Whether it is open, no extension changes what is sent, and what was sent before has gone out."""
        is_open = self.handshake_complete and not self.close_sent and self.conn.state is State.OPEN
        return is_open and self.writable.is_set() and not self.conn.extensions and not self.transport.is_closing()
