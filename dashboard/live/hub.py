"""What every open page of this process is owed: a state machine, events in, frames out.

It knows neither network nor database nor clock: `dashboard.live.broadcast` feeds it. A client is owed state, never
history: what it has not been sent yet is the set of its cells that changed, however often they did.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from dashboard.live.boards import NOTHING, Board, Contents, Page, View
from dashboard.live.ticker import Picture, Ticker
from dashboard.market.quote import Quote
from dashboard.market.refresh import MarketHealth
from dashboard.portfolios import Overview

# A page that reports what it has read is sent this many frames ahead of its reports, then the newest state only.
WINDOW: Final = 16
# Toasts wait for a slow page up to this many; beyond, it is dropped and greeted anew when it is back.
MOST_TOASTS: Final = 50
# The page of an asset fetches what it shows of the user's own when this comes (static/live.js).
POSITIONS_CHANGED: Final = "<div data-positions-changed></div>"
# A page without sections can't be told another currency; it loads itself anew when this comes.
CURRENCY_CHANGED: Final = "<div data-currency-changed></div>"

greetings: list[Callable[[int], str]] = []


def register_greeting(provider: Callable[[int], str]) -> None:
    """What another app adds for a user when a page connects, as HTML that htmx swaps out of band."""
    if provider not in greetings:
        greetings.append(provider)


def greeting(user_id: int) -> str:
    return "".join(provider(user_id) for provider in greetings)


@dataclass(eq=False, slots=True)
class Client:
    """One connection. `due` are cells that it shows and has not been sent as they are now."""

    board: Board
    due: frozenset[str] = NOTHING
    sections: str = ""
    wants_sections: bool = False
    toasts: list[str] = field(default_factory=list)
    badge: str = ""
    sent: int = 0
    seen: int | None = None
    held_since: float | None = None

    @property
    def user(self) -> int:
        return self.board.page.user

    @property
    def waits(self) -> bool:
        """Whether it is so far behind that it gets nothing until it has read."""
        return self.seen is not None and self.sent - self.seen >= WINDOW


@dataclass(frozen=True, slots=True)
class Order:
    """Sections to be rendered: of which board, as it is now."""

    board: Board
    contents: Contents
    shape: tuple[frozenset[str], bool]
    overview: Overview


class Hub:
    """The market in memory, the boards that are open, and the clients before them."""

    def __init__(self) -> None:
        self.ticker = Ticker()
        self.boards: dict[Page, Board] = {}
        self.clients: dict[Page, list[Client]] = {}
        self.unrendered: dict[Page, None] = {}
        self.joined: dict[Page, tuple[frozenset[str], str]] = {}

    # The market ------------------------------------------------------------------------------------------------------

    def load(self, picture: Picture, now: datetime) -> None:
        """The market as the database has it."""
        self.mark(self.ticker.load(picture, now))

    def tick(self, sequence: int, quotes: Iterable[Quote], now: datetime) -> None:
        """What one tick changed."""
        self.mark(self.ticker.tick(sequence, quotes, now))

    def watch_clock(self, health: MarketHealth, now: datetime) -> None:
        """Time has passed."""
        self.mark(self.ticker.watch_clock(health, now))

    def mark(self, changed: set[str]) -> None:
        """Put the changed assets before every board that shows them."""
        for board in self.boards.values():
            board.due |= changed & board.assets

    # Pages -----------------------------------------------------------------------------------------------------------

    def connect(self, page: Page, contents: Contents, toasts: str = "") -> Client:
        """A page has opened: it is owed everything it shows."""
        board = self.boards.get(page)
        if board is None:
            board = self.boards[page] = Board(page, contents)
        elif contents != board.contents:
            self.fill(page, contents)
        client = Client(board)
        if toasts:
            client.toasts.append(toasts)
        self.clients.setdefault(page, []).append(client)
        self.owe_everything(client)
        return client

    def leave(self, client: Client) -> None:
        page = client.board.page
        remaining = self.clients[page]
        remaining.remove(client)
        if not remaining:
            del self.clients[page], self.boards[page]
            self.unrendered.pop(page, None)
            self.joined.pop(page, None)

    def fill(self, page: Page, contents: Contents) -> None:
        """Positions have changed: everyone before this page is owed all of it."""
        if (board := self.boards.get(page)) is not None:
            other_currency = contents.currency != board.currency
            board.fill(contents)
            for client in self.clients[page]:
                self.owe_everything(client)
                if page.view is View.DASHBOARD:
                    continue
                if other_currency:
                    client.sections, client.due = CURRENCY_CHANGED, NOTHING
                elif page.view is View.ASSET:
                    client.sections = POSITIONS_CHANGED

    def refresh(self) -> None:
        """Everyone is owed everything: something may have been missed."""
        for client in self.everyone():
            self.owe_everything(client)

    def owe_everything(self, client: Client) -> None:
        board = client.board
        client.badge = ""
        if board.page.view is View.DASHBOARD:
            client.wants_sections = True
            self.unrendered[board.page] = None
        else:
            self.settle(board)
            client.due = frozenset(board.cells)

    def settle(self, board: Board) -> None:
        """Bring the board in line with the market and its clients in line with the board."""
        shape = board.shape
        clients = self.clients.get(board.page, ())
        if changed := board.settle(self.ticker):
            self.joined.pop(board.page, None)
            for client in clients:
                client.due = client.due | changed if client.due else changed
        if board.page.view is View.DASHBOARD and board.shape != shape:
            self.unrendered[board.page] = None
            for client in clients:
                client.wants_sections = True

    def next_order(self) -> Order | None:
        """A dashboard whose sections are to be rendered and handed to `show`."""
        while self.unrendered:
            page = next(iter(self.unrendered))
            board = self.boards[page]
            self.settle(board)
            del self.unrendered[page]
            if any(client.wants_sections for client in self.clients[page]):
                return Order(board, board.contents, board.shape, board.overview())
        return None

    def show(self, order: Order, html: str) -> None:
        """The sections as they were ordered. If more than prices has changed since, they are on order again."""
        board = order.board
        if self.boards.get(board.page) is not board:
            return
        self.settle(board)
        if board.contents is not order.contents or board.shape != order.shape:
            return
        overtaken = board.show(html, self.ticker)
        self.joined.pop(board.page, None)
        for client in self.clients[board.page]:
            if client.wants_sections:
                client.wants_sections = False
                client.sections, client.due = html, overtaken

    def alert(self, user: int, html: str) -> None:
        for client in self.of_user(user):
            client.toasts.append(html)

    # Frames ----------------------------------------------------------------------------------------------------------

    def take(self, client: Client, clock: float) -> str | None:
        """The next frame for a client that can take one: all that it is owed now. `clock` only measures waiting."""
        if client.waits:
            client.held_since = client.held_since or clock
            return None
        client.held_since = None
        if client.wants_sections and not client.sent:
            return None  # the first frame is the whole state
        board = client.board
        self.settle(board)
        parts = [client.sections]
        if not client.wants_sections:  # they bring the cells with them
            parts.append(self.join(board, client.due))
            client.due = NOTHING
        parts += client.toasts
        if client.badge is not self.ticker.badge:
            parts.append(self.ticker.badge)
        client.sections, client.badge = "", self.ticker.badge
        client.toasts.clear()
        frame = "".join(parts)
        if not frame:
            return None
        client.sent += 1
        return frame

    def join(self, board: Board, due: frozenset[str]) -> str:
        """The cells as one text, made once for all clients that are owed the same."""
        if not due:
            return ""
        known = self.joined.get(board.page)
        if known is None or known[0] is not due:
            text = "".join(board.cells[id] for id in due if id in board.cells)
            known = self.joined[board.page] = (due, text)
        return known[1]

    def acknowledge(self, client: Client, seen: int) -> None:
        """The page says how many frames it has worked through; from then on it is held to saying so."""
        client.seen = min(max(seen, client.seen or 0), client.sent)

    def is_lost(self, client: Client, clock: float, patience: float) -> bool:
        """Whether the client has stood still for longer than `patience`, or lets toasts pile up."""
        stalled = client.held_since is not None and clock - client.held_since > patience
        return stalled or len(client.toasts) > MOST_TOASTS

    def everyone(self) -> Iterator[Client]:
        for clients in list(self.clients.values()):
            yield from clients

    def of_user(self, user: int) -> Collection[Client]:
        return [client for client in self.everyone() if client.user == user]
