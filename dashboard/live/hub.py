"""What every open page of this process is owed: a state machine, events in, frames out.

It knows neither network nor database nor clock: `dashboard.live.broadcast` feeds it. A client is owed state, never
history: what it has not been sent yet is the set of the assets whose cells changed, however often they did.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import localcontext
from typing import Final

from dashboard.live.boards import NO_LAYOUT, NOTHING, Board, Contents, Layout, News, Page, View
from dashboard.live.following import Following, Move
from dashboard.live.ticker import Picture, Ticker
from dashboard.market.quote import Quote
from dashboard.market.refresh import MarketHealth
from dashboard.money import WIDE
from dashboard.portfolios import Overview

# A page is sent this many frames ahead of its reports of what it has read, then the newest state only.
WINDOW: Final = 16
# Toasts wait for a slow page up to this many; beyond, it is dropped and greeted anew when it is back.
MOST_TOASTS: Final = 50
# The page of an asset fetches what it shows of the user's own when this comes (static/live.js).
POSITIONS_CHANGED: Final = "<div data-positions-changed></div>"
# A page without sections can't be told another currency or locale; it loads itself anew when this comes.
CURRENCY_CHANGED: Final = "<div data-currency-changed></div>"

Greeting = Callable[[Collection[int]], Mapping[int, str]]
greetings: list[Greeting] = []


def register_greeting(provider: Greeting) -> None:
    """What another app adds for each of these users when a page connects, as HTML that htmx swaps out of band."""
    if provider not in greetings:
        greetings.append(provider)


def greeted(users: Collection[int]) -> dict[int, str]:
    said = [provider(users) for provider in greetings]
    return {user: "".join(words.get(user, "") for words in said) for user in users}


@dataclass(eq=False, slots=True)
class Client:
    """One connection. `due` are assets of which it has not been sent how they are now; so `shares`, of all holdings.

    `news` is the text that pays all of that; None where it has to be made, because it missed more than one change.
    `mark` tells which sections it has: where they are built as its board's would be, `everything` is owed as cells.
    """

    board: Board
    due: frozenset[str] = NOTHING
    shares: bool = False
    news: str | None = None
    mark: str = ""
    everything: bool = False
    sections: str = ""
    wants_sections: bool = False
    toasts: list[str] = field(default_factory=list)
    badge: str = ""
    sent: int = 0
    seen: int = 0
    held_since: float | None = None

    @property
    def user(self) -> int:
        return self.board.page.user

    @property
    def waits(self) -> bool:
        """Whether it is so far behind that it gets nothing until it has read."""
        return self.sent - self.seen >= WINDOW


@dataclass(frozen=True, slots=True)
class Order:
    """Sections to be rendered: of which board, as it is now."""

    board: Board
    contents: Contents
    mark: str
    version: int
    overview: Overview


class Hub:
    """The market in memory, the boards that are open, and the clients before them."""

    def __init__(self, layout: Layout = NO_LAYOUT) -> None:
        self.layout = layout
        self.ticker = Ticker()
        self.boards: dict[Page, Board] = {}
        self.clients: dict[Page, list[Client]] = {}
        self.users: dict[int, list[Client]] = {}
        self.unrendered: dict[Page, None] = {}
        self.conflated = 0

    # The market ------------------------------------------------------------------------------------------------------

    def load(self, picture: Picture, now: datetime) -> None:
        """The market as the database has it."""
        self.ticker.load(picture, now)

    def tick(self, sequence: int, quotes: Iterable[Quote], now: datetime) -> None:
        """What one tick changed."""
        self.ticker.tick(sequence, quotes, now)

    def watch_clock(self, health: MarketHealth, now: datetime) -> None:
        """Time has passed."""
        self.ticker.watch_clock(health, now)

    # Pages -----------------------------------------------------------------------------------------------------------

    def connect(self, page: Page, contents: Contents, toasts: str = "", mark: str = "") -> Client:
        """A page has opened: it is owed everything it shows. `mark` is that of the sections which it has."""
        client = Client(self.board_of(page, contents), mark=mark)
        if toasts:
            client.toasts.append(toasts)
        self.clients.setdefault(page, []).append(client)
        self.users.setdefault(page.user, []).append(client)
        self.owe_everything(client)
        return client

    def turn(self, client: Client, page: Page, contents: Contents) -> None:
        """It is another page of its user now, and owed everything that this one shows."""
        board = self.board_of(page, contents)
        self.clients.setdefault(page, []).append(client)
        self.go(client)
        client.board = board
        self.owe_everything(client)

    def leave(self, client: Client) -> None:
        of_user = self.users[client.user]
        of_user.remove(client)
        if not of_user:
            del self.users[client.user]
        self.go(client)

    def board_of(self, page: Page, contents: Contents) -> Board:
        board = self.boards.get(page)
        if board is None:
            board = self.boards[page] = Board(page, contents, self.layout)
        elif contents != board.contents:
            self.fill(page, contents)
        return board

    def go(self, client: Client) -> None:
        """The client looks at its board no longer."""
        page = client.board.page
        remaining = self.clients[page]
        remaining.remove(client)
        if not remaining:
            del self.clients[page], self.boards[page]
            self.unrendered.pop(page, None)

    def fill(self, page: Page, contents: Contents) -> None:
        """Positions have changed: everyone before this page is owed all of it."""
        if (board := self.boards.get(page)) is not None:
            pen = board.pen
            board.fill(contents)
            for client in self.clients[page]:
                client.mark = ""  # the order of rows, which is by value, may be another one
                self.owe_everything(client)
                if page.view is View.DASHBOARD:
                    continue
                if board.pen is not pen:
                    client.sections, client.everything = CURRENCY_CHANGED, False
                elif page.view is View.ASSET:
                    client.sections = POSITIONS_CHANGED

    def refresh(self) -> None:
        """Everyone is owed everything: something may have been missed."""
        for client in self.everyone():
            self.owe_everything(client)

    def owe_everything(self, client: Client) -> None:
        board = client.board
        client.badge = ""
        self.advance([board])
        if board.page.view is not View.DASHBOARD or client.mark == board.mark:
            client.everything, client.wants_sections = True, False
        else:
            self.owe_sections(client)

    def owe_sections(self, client: Client) -> None:
        client.wants_sections = True
        self.unrendered[client.board.page] = None

    def advance(self, boards: Iterable[Board]) -> None:
        """Bring these boards in line with the market and tell their clients; those that follow alike do so together."""
        moves: dict[Following, list[tuple[Board, Move]]] = {}
        with localcontext(WIDE):
            for board in boards:
                mark = board.mark
                news = board.settle(self.ticker)
                if isinstance(news, Move):
                    moves.setdefault(news.following, []).append((board, news))
                    continue
                if news is not None:
                    self.spread(board, news)
                if board.mark is not mark and mark and board.page.view is View.DASHBOARD:
                    for client in self.clients.get(board.page, ()):
                        self.owe_sections(client)
            for following, some in moves.items():
                texts = following.follow([move for _, move in some])
                for (board, move), text in zip(some, texts, strict=True):
                    news = News(move.course.changed, move.course.market if text is None else text)
                    self.spread(board, board.by_itself(news, move.course.assets, self.ticker) if text is None else news)

    def spread(self, board: Board, news: News) -> None:
        for client in self.clients.get(board.page, ()):
            self.tell(client, news.assets, news.text)

    def with_late_shares(self) -> list[Page]:
        """Pages whose shares have moved since they were told: shares follow some ticks at once."""
        return [page for page, board in self.boards.items() if board.late]

    def settle_shares(self, pages: Iterable[Page]) -> None:
        """Bring all shares of these pages in line with the market and tell their clients."""
        with localcontext(WIDE):
            boards = [self.boards[page] for page in pages if page in self.boards]
            self.advance(boards)
            for board in boards:
                board.late = False
                if text := board.shares(self.ticker):
                    for client in self.clients[board.page]:
                        self.tell(client, NOTHING, text, shares=True)

    def tell(self, client: Client, assets: frozenset[str], text: str, shares: bool = False) -> None:
        """The client is owed this as well."""
        if not client.due and not client.shares:
            client.due, client.shares, client.news = assets, shares, text
        else:
            client.due, client.shares, client.news = client.due | assets, client.shares or shares, None
            self.conflated += 1

    def next_order(self) -> Order | None:
        """A dashboard whose sections are to be rendered and handed to `show`."""
        while self.unrendered:
            page = next(iter(self.unrendered))
            board = self.boards[page]
            self.advance([board])
            del self.unrendered[page]
            if any(client.wants_sections for client in self.clients[page]):
                return Order(board, board.contents, board.mark, board.version, board.overview(self.ticker))
        return None

    def show(self, order: Order, html: str) -> None:
        """The sections as they were ordered. If more than prices has changed since, they are on order again."""
        board = order.board
        if self.boards.get(board.page) is not board:
            return
        self.advance([board])
        if board.contents is not order.contents or board.mark != order.mark:
            return
        overtaken = board.overtaken(order.version, self.ticker)
        board.late = board.late and not all(client.wants_sections for client in self.clients[board.page])
        for client in self.clients[board.page]:
            if client.wants_sections:
                client.wants_sections, client.everything, client.mark = False, False, board.mark
                client.sections, client.news = html, None
                client.due, client.shares = overtaken, bool(overtaken)

    def alert(self, user: int, html: str) -> None:
        for client in self.users.get(user, ()):
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
        board, badge = client.board, self.ticker.badge(client.board.pen.locale)
        if board.version != self.ticker.version:
            self.advance([board])
        parts = [client.sections] if client.sections else []
        if not client.wants_sections:  # else they bring all of it with them
            if client.everything or client.due or client.shares:
                parts.append(self.make_news(client) if client.news is None or client.everything else client.news)
            client.due, client.shares, client.everything, client.news = NOTHING, False, False, None
        parts += client.toasts
        if client.badge is not badge:
            parts.append(badge)
        client.sections, client.badge = "", badge
        if client.toasts:
            client.toasts.clear()
        frame = "".join(parts)
        if not frame:
            return None
        client.sent += 1
        return frame

    def make_news(self, client: Client) -> str:
        board = client.board
        with localcontext(WIDE):
            return (
                board.everything(self.ticker)
                if client.everything
                else board.text(client.due, client.shares, self.ticker)
            )

    def acknowledge(self, client: Client, seen: int) -> int:
        """The page says how many frames it has worked through; returns how many of them are news."""
        before, client.seen = client.seen, min(max(seen, client.seen), client.sent)
        return client.seen - before

    def is_lost(self, client: Client, clock: float, patience: float) -> bool:
        """Whether the client has stood still for longer than `patience`, or lets toasts pile up."""
        stalled = client.held_since is not None and clock - client.held_since > patience
        return stalled or len(client.toasts) > MOST_TOASTS

    def everyone(self) -> Iterator[Client]:
        for clients in list(self.clients.values()):
            yield from clients
