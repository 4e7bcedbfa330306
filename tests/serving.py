"""The web process as it runs in earnest, on the test's own database and Redis, and sockets to it as pages open them."""

import contextlib
import os
import re
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.test import Client
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Data

from accounts.models import User
from project.runner.commands import web

ROOT = Path(__file__).resolve().parent.parent


@dataclass
class Server:
    """A started web process."""

    process: subprocess.Popen[bytes] | subprocess.Popen[str]
    port: int

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextlib.contextmanager
def serving(*options: str, server: str = "daphne") -> Iterator[Server]:
    """Starts the server (daphne or uvicorn) on a free port and ends it; `options` are further ones of its command."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        process = subprocess.Popen(
            web([*options, "--fd", str(listener.fileno())], server),
            cwd=ROOT,
            env={
                **os.environ,
                "PORT": str(port),
                "DATABASE_URL": f"sqlite:///{connection.settings_dict['NAME']}",
                "PYTHONWARNINGS": "default",
            },
            pass_fds=[listener.fileno()],
            stderr=subprocess.STDOUT,
            stdout=sys.stderr,
        )
        try:
            yield Server(process, port)
        finally:
            process.kill()
            process.wait()


def cookie_of(user: User) -> str:
    """The Cookie header of a browser in which the user has just logged in."""
    client = Client()
    client.force_login(user)
    return f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"


class PageSocket(ClientConnection):
    """Says what it has read, as pages do (static/live.js)."""

    frames = 0

    async def recv(self, decode: bool | None = None) -> Data:  # type: ignore[override]
        frame = await super().recv(decode)
        self.frames += 1
        if self.frames % 4 == 1:
            with contextlib.suppress(ConnectionClosed):
                await self.send(f'{{"seen": {self.frames}}}')
        return frame


@contextlib.asynccontextmanager
async def page_socket(
    server: Server, cookie: str = "", address: str = "/ws/live/", origin: str | None = None, reports: bool = True
) -> AsyncIterator[ClientConnection]:
    """The socket that a page at `address` opens; one that doesn't report is read as well."""
    headers = {"Cookie": cookie, "Origin": origin or server.origin}
    url = f"ws://127.0.0.1:{server.port}{address}"
    kind = PageSocket if reports else ClientConnection
    async with connect(
        url, additional_headers=headers, open_timeout=30, max_size=None, create_connection=kind
    ) as opened:
        yield opened


def values_in(frame: str) -> dict[str, str]:
    """The exact numbers of the cells in a frame, by their ids."""
    return dict(re.findall(r'<span id="([pht]-[A-Za-z0-9_-]+)"[^>]* data-value="([^"]*)"', frame))
