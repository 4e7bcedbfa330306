"""WebSockets of the web process on uvicorn, where thousands of dashboards are open: text goes out in few steps.

Only what is usual is done here: whole text messages to an open socket that takes them. All else is uvicorn's.
"""

from typing import TYPE_CHECKING

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.protocol import State

if TYPE_CHECKING:
    from uvicorn._types import ASGISendEvent

WHOLE_TEXT = b"\x81"
"""The first byte of a frame that is a whole message of text (RFC 6455, section 5.2)."""


class Sockets(WebSocketsSansIOProtocol):
    """uvicorn's own, without its general way of making a frame for each of the messages of a tick."""

    async def send(self, message: "ASGISendEvent") -> None:
        text = message.get("text")
        if text is None or not self.takes_text():
            await super().send(message)
        else:
            data = str(text).encode()
            self.transport.write(head(len(data)) + data)

    def takes_text(self) -> bool:
        """Whether it is open, no extension changes what is sent, and what was sent before has gone out."""
        is_open = self.handshake_complete and not self.close_sent and self.conn.state is State.OPEN
        return is_open and self.writable.is_set() and not self.conn.extensions and not self.transport.is_closing()


def head(size: int) -> bytes:
    """What comes before so many bytes of a whole text; a server's are not masked."""
    if size < 126:
        return WHOLE_TEXT + size.to_bytes(1)
    if size < 1 << 16:
        return WHOLE_TEXT + b"\x7e" + size.to_bytes(2)
    return WHOLE_TEXT + b"\x7f" + size.to_bytes(8)
