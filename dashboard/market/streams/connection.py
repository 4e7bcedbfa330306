"""One exchange's feed kept alive: as many connections as its pairs need, each subscribed to what is wanted of it now.

A connection that is silent is given up, one that ended is opened anew after a pause that grows, with jitter; what an
exchange allows in messages and pairs is never exceeded. Knows no exchange's words, and nothing of prices.
"""

import asyncio
import random
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, WebSocketException

from dashboard import clock
from dashboard.market.source import SourceGarbled
from dashboard.market.streams.exchange import (
    Behind,
    Exchange,
    Farewell,
    Price,
    Refused,
    Subscribed,
    Talk,
    Trouble,
)
from dashboard.market.wire import read_retry_after

LONGEST_MESSAGE: Final = 1024 * 1024
REFUSED_FOR_GOOD: Final = frozenset({401, 403, 404, 451})
GARBLED_AT_MOST: Final = 20
"""Messages in a row that make no sense, after which this is no feed."""


@dataclass(frozen=True, slots=True)
class Care:
    """Times in seconds."""

    silent_after: float = 7.0
    """Every feed says something at least once a second."""
    open_within: float = 10.0
    first_pause: float = 1.0
    longest_pause: float = 60.0
    pause_where_refused: float = 600.0
    well_after: float = 30.0
    """A connection that lived this long was well: its end is a new story, with a short pause again."""
    answer_within: float = 10.0
    look_every: float = 0.2
    again_after: float = 60.0
    """How soon a pair that fell behind may be subscribed to anew once more."""


class Silent(Exception):
    """Nothing was said for too long."""


class Left(Exception):
    """The connection is to be opened anew at once: the exchange said that it would end it."""


Hear = Callable[[Price, datetime], None]
Lose = Callable[[Iterable[str]], None]


class Feed:
    """What is wanted of an exchange, spread over connections. `hear` is called with each price and the present moment.

    `lose` is called with the pairs of which no price can be relied on until the next one comes.
    """

    def __init__(self, exchange: Exchange, url: str, hear: Hear, lose: Lose, care: Care | None = None) -> None:
        self.exchange = exchange
        self.url = url
        self.hear = hear
        self.lose = lose
        self.care = care or Care()
        self.refused: dict[str, str] = {}
        self.connections: dict[Connection, asyncio.Task[None]] = {}
        self.messages = 0
        self.reconnects = 0
        self.gaps = 0
        self.last_message_at: datetime | None = None
        self.pace: deque[tuple[float, int]] = deque(maxlen=10)

    def want(self, pairs: Collection[str]) -> None:
        """These pairs from now on: what is new is subscribed to, what is no longer wanted is unsubscribed from."""
        wanted = set(pairs)
        for connection in list(self.connections):
            connection.wanted &= wanted
            wanted -= connection.wanted
        for pair in sorted(wanted):
            self.with_room().wanted.add(pair)
        for connection, task in list(self.connections.items()):
            if not connection.wanted:
                task.cancel()
                del self.connections[connection]

    def with_room(self) -> "Connection":
        for connection in self.connections:
            if len(connection.wanted) < self.exchange.limits.pairs_a_connection:
                return connection
        connection = Connection(self)
        self.connections[connection] = asyncio.create_task(connection.run(), name=self.exchange.name)
        return connection

    async def end(self) -> None:
        tasks = list(self.connections.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self.connections.clear()

    @property
    def is_connected(self) -> bool:
        """Whether every connection that is needed is open and not silent."""
        return bool(self.connections) and all(connection.is_open for connection in self.connections)

    @property
    def subscribed(self) -> int:
        return sum(len(connection.acknowledged & connection.wanted) for connection in self.connections)

    @property
    def wanted(self) -> int:
        return sum(len(connection.wanted) for connection in self.connections)

    @property
    def since(self) -> datetime | None:
        """Since when it is connected."""
        times = [connection.open_since for connection in self.connections]
        return max((at for at in times if at is not None), default=None) if self.is_connected else None

    @property
    def reason(self) -> str:
        """Why it is away, or what it complained of last."""
        return next((connection.reason for connection in self.connections if connection.reason), "")

    def messages_a_second(self, now: float) -> float:
        """Over the last seconds in which this was asked; `now` is a clock that only goes forward."""
        self.pace.append((now, self.messages))
        (since, before), (until, after) = self.pace[0], self.pace[-1]
        return (after - before) / (until - since) if until > since else 0.0


class Connection:
    """One connection, opened anew again and again. `acknowledged` are the pairs that the exchange said it tells of."""

    def __init__(self, feed: Feed) -> None:
        self.feed = feed
        self.wanted: set[str] = set()
        self.asked: dict[str, float] = {}
        self.tries: dict[str, int] = {}
        self.acknowledged: set[str] = set()
        self.behind: dict[str, float] = {}
        self.is_open = False
        self.open_since: datetime | None = None
        self.reason = ""
        self.heard_at = 0.0
        self.slower = 1.0

    async def run(self) -> None:
        care, failures = self.feed.care, 0
        loop = asyncio.get_running_loop()
        while True:
            begun, least = loop.time(), 0.0
            try:
                await self.connect_and_talk()
            except Left as error:
                self.reason, failures = str(error), 0
            except InvalidStatus as error:
                self.reason, least = refusal(error, care)
            except (Silent, SourceGarbled) as error:
                self.reason = str(error)
            except ConnectionClosed as error:
                self.reason = closing(error)
            except TimeoutError:
                self.reason = f"no connection within {care.open_within:g} seconds"
            except (InvalidHandshake, WebSocketException) as error:
                self.reason = f"no feed answers: {error}"
            except OSError as error:
                self.reason = f"could not be reached ({error.strerror or type(error).__name__})"
            finally:
                self.forget()
            if (task := asyncio.current_task()) is not None and task.cancelling():
                raise asyncio.CancelledError  # a farewell that failed must not hide that this is the end
            failures = 0 if loop.time() - begun >= care.well_after else failures + 1
            pause = min(care.first_pause * 2 ** min(failures, 20), care.longest_pause)
            # Jitter, so that not all who were cut off come back in the same moment.
            await asyncio.sleep(max(least, pause) * random.uniform(0.5, 1.0))  # noqa: S311
            self.feed.reconnects += 1

    async def connect_and_talk(self) -> None:
        care = self.feed.care
        # Unpacking each message would take more time than its few hundred bytes are worth.
        async with connect(
            self.feed.url,
            open_timeout=care.open_within,
            close_timeout=0.5,  # whoever ends the process waits for it
            ping_interval=20,
            ping_timeout=20,
            max_size=LONGEST_MESSAGE,
            compression=None,
            user_agent_header="Tickfolio",
        ) as socket:
            self.heard_at = asyncio.get_running_loop().time()
            talk = self.feed.exchange.talk()
            tasks = [
                asyncio.create_task(work)
                for work in (self.listen(socket, talk), self.speak(socket, talk), self.watch())
            ]
            try:
                done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
            finally:
                self.is_open = False
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
                # No farewell: one that nobody reads would hold up the end, or a new beginning.
                socket.transport.abort()

    def forget(self) -> None:
        """What was said on a connection that is gone holds no longer."""
        self.is_open, self.open_since = False, None
        self.asked.clear()
        self.tries.clear()
        self.acknowledged.clear()
        self.behind.clear()
        self.feed.lose(set(self.wanted))

    # Hearing

    async def listen(self, socket: ClientConnection, talk: Talk) -> None:
        loop, feed, garbled = asyncio.get_running_loop(), self.feed, 0
        while True:
            text = await socket.recv()
            self.heard_at = loop.time()
            now = clock.now()
            if not self.is_open:  # an open connection on which nothing is said is none
                self.is_open, self.open_since = True, now
            feed.messages += 1
            feed.last_message_at = now
            try:
                events = talk.read(text, now)
            except SourceGarbled:
                garbled += 1
                if garbled > GARBLED_AT_MOST:
                    raise
                continue
            garbled = 0
            for event in events:
                match event:
                    case Price():
                        self.acknowledged.add(event.pair)
                        feed.hear(event, now)
                    case Subscribed():
                        self.acknowledged.update(event.pairs)
                        self.reason = ""
                    case Refused():
                        feed.refused.update(dict.fromkeys(event.pairs, event.reason))
                        self.wanted.difference_update(event.pairs)
                        # Where one name spoils a whole subscription, all that is unanswered is asked for anew.
                        self.asked = {pair: at for pair, at in self.asked.items() if pair in self.acknowledged}
                    case Behind():
                        self.fall_behind(event.pair, loop.time())
                    case Trouble():
                        self.reason = event.reason
                        self.slower = min(2 * self.slower, 20.0)
                    case Farewell():
                        raise Left("the exchange announced that it would end the connection")

    def fall_behind(self, pair: str, now: float) -> None:
        """Subscribing anew brings the last price, whatever was lost."""
        self.feed.gaps += 1
        if now - self.behind.get(pair, -self.feed.care.again_after) >= self.feed.care.again_after:
            self.behind[pair] = now
            self.acknowledged.discard(pair)
            self.feed.lose([pair])

    async def watch(self) -> None:
        loop, patience = asyncio.get_running_loop(), self.feed.care.silent_after
        while (silent := loop.time() - self.heard_at) < patience:
            await asyncio.sleep(max(patience - silent, 0.05))
        raise Silent(f"silent for {patience:g} seconds")

    # Speaking

    async def speak(self, socket: ClientConnection, talk: Talk) -> None:
        limits = self.feed.exchange.limits
        while True:
            for text in self.to_say(talk, asyncio.get_running_loop().time()):
                await socket.send(text)
                await asyncio.sleep(self.slower / limits.messages_a_second)
            await asyncio.sleep(self.feed.care.look_every)

    def to_say(self, talk: Talk, now: float) -> Iterator[str]:
        """Messages that make what is subscribed what is wanted; each is noted as it is taken."""
        size = self.feed.exchange.limits.pairs_a_message
        again = {pair for pair in self.asked if pair in self.behind and self.behind[pair] > self.asked[pair]}
        for part in parts(sorted(again | (self.asked.keys() - self.wanted)), size):
            for pair in part:
                self.asked.pop(pair, None)
                self.acknowledged.discard(pair)
            yield talk.unsubscribe(part)
        patience = self.feed.care.answer_within * self.slower
        for pair in [
            pair
            for pair, at in self.asked.items()
            if pair not in self.acknowledged and now - at > patience and self.tries.get(pair, 0) < 3
        ]:
            del self.asked[pair]
        for part in parts(sorted(self.wanted - self.asked.keys()), size):
            for pair in part:
                self.asked[pair] = now
                self.tries[pair] = self.tries.get(pair, 0) + 1
            yield talk.subscribe(part)


def parts(pairs: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    for start in range(0, len(pairs), size):
        yield pairs[start : start + size]


def refusal(error: InvalidStatus, care: Care) -> tuple[str, float]:
    """Why the exchange took no connection, and for how many seconds it is left alone at least."""
    status = error.response.status_code
    wait = 0.0
    with suppress(ValueError):
        wait = read_retry_after(error.response.headers.get("Retry-After", "") or "0", clock.now()) or 0.0
    if status in REFUSED_FOR_GOOD:
        wait = max(wait, care.pause_where_refused)
    if status == 429:
        wait = max(wait, care.longest_pause / 2)
    return f"refused the connection with status {status}", wait


def closing(error: ConnectionClosed) -> str:
    said = error.rcvd
    if said is None:
        return "the connection broke off"
    return f"the exchange closed the connection ({said.code}{f' {said.reason[:80]}' if said.reason else ''})"
