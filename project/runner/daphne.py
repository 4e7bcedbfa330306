"""The web process on daphne, with daphne's own options, and with text that goes out in few steps:
`python -m project.runner.daphne`.

A frame is handed to the kernel as soon as it is made, where nothing that was sent before still waits. All else is
daphne's.
"""

from daphne.cli import CommandLineInterface
from daphne.ws_protocol import WebSocketFactory, WebSocketProtocol
from twisted.internet.tcp import Connection

from project.runner.frames import whole_text


class Sockets(WebSocketProtocol):
    """daphne's own, without its general way of making and sending a frame for each of the messages of a tick."""

    def serverSend(self, content: str, binary: bool = False) -> None:
        if binary or not self.takes_text():
            super().serverSend(content, binary)
            return
        frame = whole_text(content)
        sent = self.transport.writeSomeData(frame)
        if not isinstance(sent, int):  # it is lost, which the event loop finds out by itself
            sent = 0
        if sent < len(frame):
            self.transport.write(frame[sent:])

    def takes_text(self) -> bool:
        """Whether it is open, no extension changes what is sent, and what was sent before has gone out."""
        to = self.transport
        is_open = self.state == self.STATE_OPEN and self._perMessageCompress is None and not self.send_queue
        is_ours = isinstance(to, Connection) and to.connected and not to.disconnecting
        return bool(is_open and is_ours and not to.dataBuffer and not to._tempDataBuffer)


def main() -> None:
    WebSocketFactory.protocol = Sockets
    CommandLineInterface.entrypoint()


if __name__ == "__main__":
    main()
