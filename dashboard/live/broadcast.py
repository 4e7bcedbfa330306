"""The network around the hub, once per event loop: hears the channel layer, asks the database, writes to sockets.

Redis only rings: each second or few the database is asked whether a ring was missed. Nobody waits for a socket.
"""

import asyncio
from collections.abc import Collection, Coroutine, Iterable, Mapping
from datetime import datetime
from typing import Any, Final
from weakref import WeakKeyDictionary

import structlog
from django.db import DatabaseError

from dashboard import clock
from dashboard.live import loading, presence
from dashboard.live.announce import user_group
from dashboard.live.asking import Together, hang_up, in_database
from dashboard.live.boards import Page
from dashboard.live.connection import PATIENCE, Connection
from dashboard.live.counting import counts
from dashboard.live.hearing import Hearing
from dashboard.live.hub import Hub, Order, greeted
from dashboard.live.loading import NoSuchPage, Standing, Visitor
from dashboard.live.setting_aside import SetAside
from dashboard.market.quote import quotes_in
from dashboard.market.refresh import market_state

logger = structlog.get_logger(__name__)

# Codes of a close. Daphne sends none of the standard ones but 1000, so these are our own; pages stay away after 44xx.
SIGNED_OUT: Final = 4401
NO_SUCH_PAGE: Final = 4404
TRY_AGAIN: Final = 4013
FAILED: Final = 4011
LINGER: Final = 30.0
MOST_LOOKED_AT: Final = 1000
"""People who are looked at in one round; where more are there, in turns."""
LOOKED_AT_ONCE: Final = 200
AT_ONCE: Final = 50
TOGETHER: Final = 500
"""Pages that follow a tick together."""
LOOK_EVERY: Final = 1.0
LOOK_AT_MARKET_EVERY: Final = 3
PICTURE_EVERY: Final = 60
SHARES_EVERY: Final = 2
RENEW_PRESENCE_EVERY: Final = 10
# Seconds before each look at whether a session that is about to end has ended.
ENDING: Final = (0.0, 0.02, 0.1, 0.3)


class Broadcast:
    """All sockets of this process, its hub, and the tasks that feed it; they end when nobody has looked for a while."""

    def __init__(self) -> None:
        self.hub = Hub()
        # In the order in which they came, which is how they lie in memory: thousands are gone through in each tick.
        self.connections: dict[Connection, None] = {}
        self.people: dict[int, set[Connection]] = {}
        self.hearing = Hearing(self.hear, self.heal)
        self.standing: dict[int, Standing] = {}
        self.unseen: list[int] = []
        self.aside = SetAside()
        self.visitors = Together(loading.visitors)
        self.openings = Together(loading.open_pages)
        self.running: asyncio.Task[None] | None = None
        self.loaded: asyncio.Event = asyncio.Event()
        self.catching_up = asyncio.Lock()
        # Cleared while a tick goes out: what can wait does.
        self.calm = asyncio.Event()
        self.calm.set()
        self.rendering: asyncio.Task[None] | None = None
        self.errands: set[asyncio.Task[None]] = set()

    # Sockets ---------------------------------------------------------------------------------------------------------

    async def visitor(self, session: str) -> Visitor | None:
        """Who has sent this session key; None where nobody is signed in by it."""
        return await self.visitors.ask(session) if session else None

    async def join(self, connection: Connection, mark: str = "") -> None:
        """Let a page in: subscribed first, then told the whole state. Raises NoSuchPage.

        `mark` is that of the sections which the page has (dashboard.structure).
        """
        self.connections[connection] = None
        self.people.setdefault(connection.page.user, set()).add(connection)
        counts.connected += 1
        counts.opened += 1
        if len(self.connections) == 1:
            self.run_errand(asyncio.to_thread(presence.renew))
        try:
            await self.begin()
            self.hearing.want(user_group(connection.page.user))
            await self.hearing.follow()
            opening = await self.openings.ask(connection.page)
            if opening is None:
                raise NoSuchPage
            await self.catch_up(opening.sequence)  # the page may have shown it already, and nothing goes backwards
        except BaseException:
            self.forget(connection)
            raise
        if connection not in self.connections:
            return  # it was closed meanwhile
        self.standing.setdefault(connection.page.user, opening.standing)
        connection.client = self.hub.connect(connection.page, opening.contents, opening.toasts, mark)
        connection.client.toasts.extend(connection.early)
        self.write(connection)
        self.render()

    def leave(self, connection: Connection) -> None:
        """Forget a socket, whether it has gone or is to be closed."""
        self.forget(connection)
        if connection.client is not None:
            self.hub.leave(connection.client)
        connection.stop()
        if connection.page.user not in self.people:
            self.standing.pop(connection.page.user, None)

    def forget(self, connection: Connection) -> None:
        counts.connected -= connection in self.connections
        self.connections.pop(connection, None)
        of_user = self.people.get(connection.page.user, set())
        of_user.discard(connection)
        if not of_user:
            self.people.pop(connection.page.user, None)

    def close(self, connection: Connection, code: int) -> None:
        if connection in self.connections:
            self.leave(connection)
            self.run_errand(connection.say_close(code))

    def acknowledge(self, connection: Connection, seen: int) -> int:
        """The page has worked through so many frames; returns how many of them are news."""
        if connection.client is None:
            return 0
        news = self.hub.acknowledge(connection.client, seen)
        self.write(connection)
        return news

    def send_state(self, connection: Connection, mark: str) -> None:
        """The page has fetched a part of itself anew, perhaps overtaken on its way: it gets the whole state."""
        if connection.client is not None:
            connection.client.mark = mark
            self.hub.owe_everything(connection.client)
            self.write(connection)
            self.render()

    def turn(self, connection: Connection, page: Page) -> None:
        """The page has other rows now: it gets all of theirs."""
        connection.wanted = page
        self.run_errand(self.turn_to(connection, page), [connection], forgiving=False)

    async def turn_to(self, connection: Connection, page: Page) -> None:
        opening = await self.openings.ask(page)
        if opening is None:
            return
        await self.catch_up(opening.sequence)
        if connection.client is None or connection.wanted is not page:
            return  # it was closed meanwhile, or has other rows again
        connection.page = page
        self.hub.turn(connection.client, page, opening.contents)
        self.write(connection)
        if self.standing.get(page.user) != opening.standing:
            await self.reload([page.user])

    def lose(self, connection: Connection) -> None:
        """It can't be written to: if its page is still there, it comes back."""
        self.close(connection, TRY_AGAIN)

    def write(self, connection: Connection) -> None:
        connection.write(self.hub, self.now())

    async def wake(self, connections: Iterable[Connection] | None = None, since: float | None = None) -> None:
        """Have the frames written, some at a time, so that the process stays answerable.

        `since` is when the tick that they carry was accepted, in seconds since the epoch.
        """
        everyone = list(self.connections if connections is None else connections)
        for start in range(0, len(everyone), AT_ONCE):
            some = everyone[start : start + AT_ONCE]
            if start % TOGETHER == 0:
                together = everyone[start : start + TOGETHER]
                self.hub.advance(dict.fromkeys(one.client.board for one in together if one.client is not None))
            now, frames = self.now(), 0
            for connection in some:
                frames += connection.write(self.hub, now)
            if since is not None and frames:
                counts.took(clock.now().timestamp() - since, frames)
            await asyncio.sleep(0)

    def of_user(self, user: int) -> list[Connection]:
        return list(self.people.get(user, ()))

    def now(self) -> float:
        """Seconds of the event loop, for measuring only."""
        return asyncio.get_running_loop().time()

    # What is heard ---------------------------------------------------------------------------------------------------

    async def hear(self, message: Mapping[str, Any]) -> None:
        """One message of the channel layer."""
        if "user" in message and message["user"] not in self.people:
            return  # groups are shared
        match message["type"]:
            case "market.tick":
                quotes = quotes_in(message["quotes"])
                counts.ticks += 1
                self.hub.tick(message["sequence"], quotes, clock.now())
                if not self.hub.ticker.complete:
                    self.run_errand(self.catch_up(message["sequence"]))
                self.calm.clear()
                try:
                    await self.wake(since=datetime.fromisoformat(message["at"]).timestamp())
                finally:
                    self.calm.set()
                self.render()
            case "market.health":
                self.run_errand(self.look_at_market())
            case "user.positions":
                self.run_errand(self.reload([message["user"]]), self.of_user(message["user"]))
            case "user.alert":
                self.hub.alert(message["user"], message["html"])
                for connection in self.of_user(message["user"]):
                    if connection.client is None:
                        connection.early.append(message["html"])
                await self.wake(self.of_user(message["user"]))
            case "user.logout" if message["session"] is None:
                self.close_all(SIGNED_OUT, self.of_user(message["user"]))
            case "user.logout":
                self.run_errand(self.end(message["user"], message["session"]), self.of_user(message["user"]))

    async def heal(self) -> None:
        """Messages may have been missed: everything anew, for everyone."""
        await self.load_market()
        await self.reload(list(self.people))
        for some in loading.chunks(list(self.people)):
            for user, missed in (await in_database(greeted)(some)).items():
                if missed:
                    self.hub.alert(user, missed)
        self.hub.refresh()
        await self.wake()
        self.render()

    # What is looked up -----------------------------------------------------------------------------------------------

    async def catch_up(self, sequence: int) -> None:
        """Have the market at least as new as this number; many ask at once, one of them loads it."""
        async with self.catching_up:
            if sequence > self.hub.ticker.sequence or not self.hub.ticker.complete:
                await self.load_market()

    async def load_market(self) -> None:
        picture = await in_database(loading.picture_market)()
        rates_changed = picture.rates != self.hub.ticker.rates
        self.hub.load(picture, clock.now())
        if rates_changed:
            await self.reload(list(self.people))
        self.loaded.set()
        await self.wake()
        self.render()

    async def look_at_market(self) -> None:
        """Prices grow old by themselves, and a tick may have been missed."""
        health = await in_database(market_state)()
        if health.sequence > self.hub.ticker.sequence or not self.hub.ticker.complete:
            await self.catch_up(health.sequence)
        else:
            self.hub.watch_clock(health, clock.now())
            await self.wake()
            self.render()

    async def reload(self, users: Collection[int]) -> None:
        """Positions anew for every page of these users."""
        pages = {one.page for user in users for one in self.of_user(user) if one.client is not None}
        waiting = sorted(pages, key=hash)
        for start in range(0, len(waiting), AT_ONCE):
            some = waiting[start : start + AT_ONCE]
            found = await in_database(loading.contents_of)(some)
            for page in some:
                contents, board = found.get(page), self.hub.boards.get(page)
                if contents is None:
                    self.close_all(NO_SUCH_PAGE, self.before(page))
                elif board is not None and board.contents != contents:
                    self.hub.fill(page, contents)
            await self.wake([one for page in some for one in self.before(page)])
        self.render()

    async def look_at_people(self) -> None:
        """Close what is no longer allowed, and catch up with positions of which no message told.

        Thousands are looked at in turns, so that a look costs the same however many there are.
        """
        if not self.unseen:
            self.unseen = list(self.people)
        some, self.unseen = self.unseen[:MOST_LOOKED_AT], self.unseen[MOST_LOOKED_AT:]
        for start in range(0, len(some), LOOKED_AT_ONCE):
            await self.calm.wait()
            await self.look_at(some[start : start + LOOKED_AT_ONCE])

    async def look_at(self, some: list[int]) -> None:
        connections = [one for user in some for one in self.of_user(user)]
        sessions = {one.session for one in connections}
        standings = await in_database(loading.standings)(some)
        living = await in_database(loading.living_sessions)(sessions)
        for connection in connections:
            standing = standings.get(connection.page.user)
            stays = standing is not None and standing.active and standing.credentials == connection.credentials
            if not stays or connection.session not in living:
                self.close(connection, SIGNED_OUT)
        changed = [user for user, now in standings.items() if self.standing.get(user, now) != now]
        if changed:
            await self.reload(changed)
            self.standing.update((user, standings[user]) for user in changed if user in self.people)

    async def end(self, user: int, session: str) -> None:
        """Close the sockets of a session that is ending, as soon as it has ended.

        A page that is closed before loads itself anew while it is still signed in. Whatever takes longer is found by
        the next look at people.
        """
        for pause in ENDING:
            await asyncio.sleep(pause)
            if not await in_database(loading.living_sessions)([session]):
                self.close_all(SIGNED_OUT, [one for one in self.of_user(user) if one.session == session])
                break

    def drop_the_lost(self) -> None:
        for connection in list(self.connections):
            if connection.client is not None and self.hub.is_lost(connection.client, self.now(), PATIENCE):
                counts.dropped += 1
                self.close(connection, TRY_AGAIN)

    async def send_shares(self) -> None:
        """What follows some ticks at once."""
        late = self.hub.with_late_shares()
        for start in range(0, len(late), AT_ONCE):
            some = late[start : start + AT_ONCE]
            await self.calm.wait()
            self.hub.settle_shares(some)
            await self.wake([connection for page in some for connection in self.before(page)])
        self.render()

    # Tasks -----------------------------------------------------------------------------------------------------------

    async def begin(self) -> None:
        """Start watching, unless that has been done; returns when the market is known."""
        if self.running is None or self.running.done():
            self.loaded.clear()
            self.running = asyncio.create_task(self.run())
            self.running.add_done_callback(self.ended)
        loaded = asyncio.create_task(self.loaded.wait())
        await asyncio.wait({loaded, self.running}, return_when=asyncio.FIRST_COMPLETED)
        loaded.cancel()
        if self.running.done():
            await self.running

    async def run(self) -> None:
        """Hear and look until nobody has been there for a while."""
        try:
            async with asyncio.TaskGroup() as group:
                await self.hearing.connect()
                self.hub.layout = await in_database(loading.layout)()
                keeping = group.create_task(self.hearing.keep())
                await self.load_market()
                idle, turn = 0.0, 0
                while self.connections or idle < LINGER:
                    idle = 0.0 if self.connections else idle + LOOK_EVERY
                    await self.look(turn)
                    await asyncio.sleep(LOOK_EVERY)
                    turn += 1
                keeping.cancel()
        finally:
            await self.hearing.hang_up()
            await in_database(hang_up)()

    async def look(self, turn: int) -> None:
        """One round of watching. A database that fails is asked again in the next."""
        if not self.connections:
            return
        self.drop_the_lost()
        counts.conflated = self.hub.conflated
        if turn % SHARES_EVERY == 0:
            await self.send_shares()
        if turn % RENEW_PRESENCE_EVERY == 0:
            self.run_errand(asyncio.to_thread(presence.renew))
        await self.calm.wait()
        self.aside.tidy(counts.opened, len(self.connections))
        try:
            await self.look_at_people()
            if turn % PICTURE_EVERY == PICTURE_EVERY - 1:
                await in_database(hang_up)()
                await self.load_market()
            elif turn % LOOK_AT_MARKET_EVERY == 0:
                await self.look_at_market()
        except DatabaseError as error:
            logger.warning("live.look_failed", error=str(error))

    def render(self) -> None:
        """Have the sections that are owed rendered, off the event loop, one board after another."""
        if self.hub.unrendered and (self.rendering is None or self.rendering.done()):
            self.rendering = self.run_errand(self.render_all())

    async def render_all(self) -> None:
        while (order := self.hub.next_order()) is not None:
            page = order.board.page
            await asyncio.wait({self.run_errand(self.render_sections(order), self.before(page), forgiving=False)})
            await self.wake(self.before(page))

    async def render_sections(self, order: Order) -> None:
        html = await in_database(loading.render_sections)(order.overview, order.contents.locale)
        self.hub.show(order, html)

    def before(self, page: Page) -> list[Connection]:
        return [connection for connection in self.people.get(page.user, ()) if connection.page == page]

    def run_errand(
        self, errand: Coroutine[Any, Any, None], whose: list[Connection] | None = None, forgiving: bool = True
    ) -> asyncio.Task[None]:
        """Something to be done beside the rest. If it fails, those it was for (None: all) come back and start anew.

        A forgiving errand may fail with the database: the next look finds again what is to be done.
        """

        def ended(task: asyncio.Task[None]) -> None:
            self.errands.discard(task)
            if not task.cancelled() and (error := task.exception()) is not None:
                logger.error("live.errand_failed", exc_info=error)
                if not (forgiving and isinstance(error, DatabaseError)):
                    self.close_all(FAILED, whose)

        task = asyncio.create_task(errand)
        self.errands.add(task)
        task.add_done_callback(ended)
        return task

    def ended(self, task: asyncio.Task[None]) -> None:
        """Watching has ended: pages that are there come back and start it anew."""
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("live.watch_failed", exc_info=error)
        self.close_all(FAILED)

    def close_all(self, code: int, connections: Iterable[Connection] | None = None) -> None:
        for connection in list(self.connections if connections is None else connections):
            self.close(connection, code)


broadcasts: "WeakKeyDictionary[asyncio.AbstractEventLoop, Broadcast]" = WeakKeyDictionary()


def broadcast_here() -> Broadcast:
    """The one of the running event loop."""
    loop = asyncio.get_running_loop()
    if loop not in broadcasts:
        broadcasts[loop] = Broadcast()
    return broadcasts[loop]
