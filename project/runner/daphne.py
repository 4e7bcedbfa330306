"""The web process on daphne, with daphne's own options, text that goes out in few steps, and smaller sockets:
`python -m project.runner.daphne`.

A frame is handed to the kernel as soon as it is made, where nothing that was sent before still waits. All else is
daphne's.
"""

import asyncio
from functools import partial
from typing import Any

from daphne.cli import CommandLineInterface
from daphne.server import Server
from daphne.ws_protocol import WebSocketFactory, WebSocketProtocol
from twisted.internet.tcp import Connection
from twisted.web.http import HTTPChannel

from project.runner.frames import whole_text
from project.runner.inbox import Inbox


class Sockets(WebSocketProtocol):
    """daphne's own, without its general way of making and sending a frame for each of the messages of a tick."""

    def onOpen(self) -> None:
        """Let go of the request, which several objects keep hold of as long as the socket is open: 4 KB."""
        super().onOpen()
        self.request.headers.clear()
        channel = getattr(self.transport, "producer", None)
        if isinstance(channel, HTTPChannel):
            channel.requests.clear()

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


class Site(Server):
    """daphne's own, with smaller queues for sockets."""

    def create_application(self, protocol: Any, scope: dict[str, Any]) -> Any:
        if not isinstance(protocol, Sockets):
            return super().create_application(protocol, scope)
        inbox = Inbox()
        scope["asgi"] = {"version": "3.0"}
        running = self.application(scope=scope, receive=inbox.get, send=partial(self.handle_reply, protocol))
        self.connections[protocol]["application_instance"] = asyncio.ensure_future(running)
        return inbox


def main() -> None:
    CommandLineInterface.server_class = Site
    WebSocketFactory.protocol = Sockets
    CommandLineInterface.entrypoint()


if __name__ == "__main__":
    main()
