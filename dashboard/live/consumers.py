"""The socket of a page: who may open it, which page it is, and what it reports. Sending is the hub's."""

import contextlib
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, Final
from urllib.parse import parse_qs

from channels.consumer import AsyncConsumer, get_handler_name
from channels.exceptions import StopConsumer
from django.conf import settings
from django.http import parse_cookie

from dashboard.live.boards import Page, View
from dashboard.live.broadcast import NO_SUCH_PAGE, SIGNED_OUT, Broadcast, broadcast_here
from dashboard.live.connection import Connection
from dashboard.live.loading import NoSuchPage

TOO_MUCH: Final = 4429
TOO_LARGE: Final = 4009
MOST_SOCKETS: Final = 30
LARGEST_MESSAGE: Final = 64 * 1024
MOST_SHOWN: Final = 100
# Incoming messages: at most this many within so many seconds, besides reports of as many frames as pages wait for
# (static/live.js): those follow from what was sent to them.
MOST_MESSAGES, WITHIN = 60, 10.0
REPORT_EVERY: Final = 4


class LiveConsumer(AsyncConsumer):
    """One connection. The channel layer is heard once per process, by the hub's ear, not by each socket."""

    channel_layer_alias = "none: the hub listens for all"

    connection: Connection | None = None
    received: tuple[float, ...] = ()
    """When the last messages came that count."""

    async def __call__(self, scope: Any, receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Any]) -> None:
        # Without the base class's task beside that of the server: nothing is waited for but what the page sends.
        self.scope, self.base_send = scope, send
        with contextlib.suppress(StopConsumer):
            while True:
                await self.dispatch(await receive())

    async def dispatch(self, message: Mapping[str, Any]) -> None:
        # Without the base class's visit to the database thread: nothing here queries.
        await getattr(self, get_handler_name(message))(message)

    async def websocket_connect(self, message: Mapping[str, Any]) -> None:
        """Accept first: a browser can tell the code of a close only after that."""
        await self.send({"type": "websocket.accept"})
        broadcast = self.broadcast
        session, named = session_of(self.scope["headers"]), names_in(self.scope["query_string"])
        if isinstance(self.scope["headers"], list):
            self.scope["headers"].clear()  # some two kilobytes, which nobody needs any more
        visitor = await broadcast.visitor(session)
        if visitor is None:
            return await self.close(SIGNED_OUT)
        page = page_of(visitor.user, named)
        if page is None:
            return await self.close(NO_SUCH_PAGE)
        if len(broadcast.of_user(visitor.user)) >= MOST_SOCKETS:
            return await self.close(TOO_MUCH)
        self.connection = Connection(page, visitor.session, visitor.credentials, self.base_send, broadcast.lose)
        try:
            await broadcast.join(self.connection, named.get("has", ""))
        except NoSuchPage:
            await self.close(NO_SUCH_PAGE)

    async def websocket_receive(self, message: Mapping[str, Any]) -> None:
        """{"seen": 12}: frames that the page has worked through. {"state": true}: it wants the whole state; "has" is
        the mark of the sections that it shows and "shows" are the coins of its rows, as in the address of the socket.

        Anything else means nothing.
        """
        text = message.get("text") or ""
        if len(text) > LARGEST_MESSAGE or len(message.get("bytes") or b"") > LARGEST_MESSAGE:
            return await self.close(TOO_LARGE)
        report = parse_report(text)
        if self.acknowledged(report.get("seen")) >= REPORT_EVERY:
            return None
        now = self.broadcast.now()
        if len(self.received) == MOST_MESSAGES and now - self.received[0] < WITHIN:
            return await self.close(TOO_MUCH)
        self.received = (*self.received[-MOST_MESSAGES + 1 :], now)
        if self.connection is not None and report.get("state") is True:
            page, shows = self.connection.page, report.get("shows")
            if page.view is View.MARKET and isinstance(shows, list):
                self.broadcast.turn(self.connection, replace(page, shown=shown_in(shows)))
            else:
                self.broadcast.send_state(self.connection, str(report.get("has", "")))
        return None

    def acknowledged(self, seen: object) -> int:
        """The number of frames that are newly reported as worked through."""
        if self.connection is None or not isinstance(seen, int) or isinstance(seen, bool):
            return 0
        return self.broadcast.acknowledge(self.connection, seen)

    async def websocket_disconnect(self, message: Mapping[str, Any]) -> None:
        if self.connection is not None:
            self.broadcast.leave(self.connection)
        raise StopConsumer

    async def close(self, code: int) -> None:
        if self.connection is not None:
            self.broadcast.leave(self.connection)
        await self.send({"type": "websocket.close", "code": code})

    @property
    def broadcast(self) -> Broadcast:
        return broadcast_here()


def session_of(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """The key of the session that the browser names; nothing where it names none."""
    cookies = b"; ".join(value for name, value in headers if name == b"cookie")
    return parse_cookie(cookies.decode("latin-1")).get(settings.SESSION_COOKIE_NAME, "")


def names_in(query: bytes) -> dict[str, str]:
    return {name: values[-1] for name, values in parse_qs(query.decode("latin-1")).items()}


def page_of(user: int, named: Mapping[str, str]) -> Page | None:
    """The page that the address names; None where there is no such page. Whose it is comes from the session only."""
    portfolio = named.get("portfolio", "")
    try:
        view = View(named.get("view", "dashboard"))
    except ValueError:
        return None
    if portfolio and not (portfolio.isascii() and portfolio.isdigit() and len(portfolio) <= 18):
        return None
    match view:
        case View.DASHBOARD:
            return Page(user, view, portfolio=int(portfolio) if portfolio else None)
        case View.ASSET:
            asset = named.get("asset", "")
            return Page(user, view, asset=asset) if 0 < len(asset) <= 200 else None
        case View.MARKET:
            return Page(user, view, shown=shown_in(named.get("shows", "").split(",")))
        case _:
            return Page(user, view)


def shown_in(names: list[Any]) -> frozenset[str]:
    """The coins that a page says its rows are of; none where it says what can't be."""
    shown = frozenset(name for name in names if isinstance(name, str) and 0 < len(name) <= 200)
    return shown if len(shown) <= MOST_SHOWN else frozenset()


def parse_report(text: str) -> dict[str, Any]:
    """What a page said; nothing where it can't be read."""
    try:
        report = json.loads(text, parse_float=str, parse_constant=str)
    except (ValueError, RecursionError):
        return {}
    return report if isinstance(report, dict) else {}
