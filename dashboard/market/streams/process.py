"""The process of the streams: follows what is wanted, keeps the feeds, makes prices of what they say, hands them over.

It needs Redis and the exchanges, and CoinGecko to know which pair is which asset. Whatever of that is away is tried
again, ever more seldom; one line of the log says when the whole stands differently.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

import structlog
from asgiref.sync import sync_to_async
from django.db import DatabaseError
from django.db.models import F
from redis.asyncio import Redis

from dashboard import clock
from dashboard.market import coingecko
from dashboard.market.quota import month_of
from dashboard.market.source import Listing, SourceError, SourceRefused
from dashboard.market.streams import handover
from dashboard.market.streams.board import Board, Leg, Streamed
from dashboard.market.streams.catalogue import EXCHANGES
from dashboard.market.streams.connection import Care, Feed, Hear
from dashboard.market.streams.identity import DOLLARS, Identity, read_known, write_known
from dashboard.models import MarketState
from dashboard.money import plain

logger = structlog.get_logger(__name__)

FLUSH_EVERY: Final = 0.05
LOOK_EVERY: Final = 1.0
WHOLE_EVERY: Final = 5
"""Looks between two hand-overs of everything, which make up for a Redis that was emptied."""
IDENTIFY_EVERY: Final = 2.0
"""Seconds between two questions to CoinGecko at least, whose calls are few."""
ASKED_AT_ONCE: Final = 100
FIRST_PAUSE: Final = 30.0
LONGEST_PAUSE: Final = 3600.0
REFUSED_FOR: Final = timedelta(hours=1)
SETTLED_AFTER: Final = 3
"""Looks for which a state must last to be told in the log."""
LISTED: Final = 50
"""Pairs that are named one by one to operators."""


class Process:
    """All feeds of one process. `addresses` are those of the exchanges by their names; "" is the exchange's own."""

    def __init__(self, addresses: Mapping[str, str], care: Care | None = None) -> None:
        self.board = Board()
        self.redis: Redis = handover.asynchronous()
        self.feeds: dict[str, Feed] = {}
        self.identities: dict[str, Identity] = {}
        for name, url in addresses.items():
            exchange = EXCHANGES[name]
            self.identities[name] = Identity(exchange)
            self.feeds[name] = Feed(
                exchange, url or exchange.url, self.hearer(exchange.title), self.loser(exchange.title), care
            )
        self.wanted: frozenset[str] = frozenset()
        self.refused_at: dict[str, datetime] = {}
        self.looks = 0
        self.said: tuple[tuple[str, str], ...] | None = None
        self.seen: tuple[tuple[tuple[str, str], ...], int] = ((), 0)
        self.redis_is_away = False
        self.is_waiting = False
        """Whether it has been told that CoinGecko does not say which pair is which asset."""

    def hearer(self, title: str) -> Hear:
        return lambda price, now: self.board.hear(title, price, now)

    def loser(self, title: str) -> Callable[[Iterable[str]], None]:
        return lambda pairs: self.board.lose(title, pairs)

    async def run(self) -> None:
        """Until it is cancelled."""
        await self.with_redis(self.recall)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self.flush())
                group.create_task(self.look())
                for name in self.feeds:
                    group.create_task(self.identify(name))
        finally:
            await asyncio.gather(*(feed.end() for feed in self.feeds.values()))
            await self.redis.aclose()

    async def with_redis(self, work: Callable[[], Awaitable[None]]) -> None:
        """Redis may be away: that is told once, and what was to be done is left to the next time."""
        try:
            await work()
        except handover.AWAY as error:
            if not self.redis_is_away:
                logger.warning("streams.redis_away", error=str(error))
            self.redis_is_away = True
        else:
            self.redis_is_away = False

    async def hash(self, key: str) -> dict[str, str]:
        return {str(name): str(text) for name, text in (await self.redis.hgetall(key)).items()}

    # Prices to the ticks

    async def flush(self) -> None:
        told: list[bool] = []
        while not is_ending():
            await asyncio.sleep(FLUSH_EVERY)
            connected = [feed.is_connected for feed in self.feeds.values()]
            if connected != told:  # operators see that a feed lives no later than the page its prices
                told = connected
                await self.with_redis(self.tell_feeds)
            news, gone = self.board.take(clock.now())
            if news or gone:
                await self.with_redis(lambda: self.hand_over(news, gone))  # noqa: B023 - awaited at once

    async def hand_over(self, news: Sequence[Streamed], gone: Collection[str] = ()) -> None:
        async with self.redis.pipeline(transaction=False) as pipe:
            if gone:
                pipe.hdel(handover.PRICES, *gone)
            if news:
                pipe.hset(handover.PRICES, mapping={each.asset: handover.write_streamed(each) for each in news})
            pipe.set(handover.ALIVE, clock.now().timestamp())
            await pipe.execute()

    # What is wanted, and how it stands

    async def look(self) -> None:
        while not is_ending():
            await self.with_redis(self.follow)
            self.spread()
            await self.with_redis(self.tell)
            self.log()
            await asyncio.sleep(LOOK_EVERY)

    async def follow(self) -> None:
        wanted = await self.redis.get(handover.WANTED)
        if wanted is not None:
            self.wanted = frozenset(json.loads(wanted))
        anchors = await self.hash(handover.ANCHORS)
        watched = self.wanted | DOLLARS.keys()
        self.board.anchor(
            {asset: handover.read_anchor(text) for asset, text in anchors.items() if asset in watched}, clock.now()
        )

    def spread(self) -> None:
        """Each exchange is asked for one pair of each wanted asset, and of what those pairs are counted in."""
        now = clock.now()
        pairs = []
        for name, feed in self.feeds.items():
            for pair in feed.refused.keys() - self.refused_at.keys():
                self.refused_at[pair] = now
            for pair in [pair for pair in feed.refused if now - self.refused_at[pair] >= REFUSED_FOR]:
                del feed.refused[pair], self.refused_at[pair]
            assets = self.wanted | DOLLARS.keys() if self.wanted else self.wanted
            chosen = self.identities[name].pairs(assets, feed.refused)
            feed.want({pair.name for pair in chosen})
            pairs += chosen
        self.board.watch(pairs)

    async def tell(self) -> None:
        self.looks += 1
        everything = self.board.everything(clock.now())
        if self.looks % WHOLE_EVERY == 1:
            kept = {each.asset for each in everything}
            gone = (await self.hash(handover.PRICES)).keys() - kept
            await self.hand_over(everything, gone)
        await self.tell_feeds()

    async def tell_feeds(self) -> None:
        async with self.redis.pipeline(transaction=False) as pipe:
            pipe.set(handover.ALIVE, clock.now().timestamp())
            for name in self.feeds:
                pipe.hset(handover.FEEDS, name, handover.write_feed(self.state(name)))
            await pipe.execute()

    def state(self, name: str) -> handover.FeedState:
        feed, now = self.feeds[name], clock.now()
        distrusted = self.board.distrusted(feed.exchange.title)
        return handover.FeedState(
            name=name,
            title=feed.exchange.title,
            url=feed.url,
            at=now.timestamp(),
            connected=feed.is_connected,
            since=feed.since.timestamp() if feed.since else None,
            subscribed=feed.subscribed,
            wanted=feed.wanted,
            messages_a_second=feed.messages_a_second(asyncio.get_running_loop().time()),
            messages=feed.messages,
            last_message_at=feed.last_message_at.timestamp() if feed.last_message_at else None,
            reconnects=feed.reconnects,
            gaps=feed.gaps,
            reason=feed.reason,
            refused=dict(list(feed.refused.items())[:LISTED]),
            distrusted={leg.pair.name: self.why(leg) for leg in distrusted[:LISTED]},
        )

    def why(self, leg: Leg) -> str:
        anchor = self.board.anchors.get(leg.pair.asset)
        if anchor is None or leg.judged is None:
            return ""
        return f"{plain(leg.judged)} USD where CoinGecko stated {plain(anchor.price)} of {leg.pair.asset}"

    def log(self) -> None:
        """One line where exchanges came or went, once it has lasted a few seconds."""
        if not any(feed.connections for feed in self.feeds.values()):
            return
        standing = tuple(
            (name, "connected" if feed.is_connected else feed.reason or "connecting")
            for name, feed in self.feeds.items()
            if feed.connections
        )
        state, lasted = self.seen
        # Which reason it is away for may change with every attempt: only coming and going counts.
        is_same = [(name, how == "connected") for name, how in state] == [
            (name, how == "connected") for name, how in standing
        ]
        self.seen = (standing, lasted + 1 if is_same else 0)
        if self.seen[1] < SETTLED_AFTER or any(how == "connecting" for _, how in standing):
            return
        told = [(name, how == "connected") for name, how in self.said or ()]
        if told != [(name, how == "connected") for name, how in standing]:
            self.said = standing
            away = any(how != "connected" for _, how in standing)
            (logger.warning if away else logger.info)("streams.state", **dict(standing))

    # Which pair is which asset

    async def identify(self, name: str) -> None:
        """Ask CoinGecko for what is not known of an exchange, and anew after a day."""
        pause = 0.0
        while not is_ending():
            await asyncio.sleep(max(pause, LOOK_EVERY / 2))
            identity = self.identities[name]
            unknown = identity.unknown(self.wanted | DOLLARS.keys(), clock.now()) if self.wanted else []
            if not unknown:
                pause = 0.0
                continue
            try:
                await self.ask(identity, unknown)
                pause, self.is_waiting = IDENTIFY_EVERY, False
            except SourceError as error:
                asked_for = error.retry_after if isinstance(error, SourceRefused) else None
                if not self.is_waiting:
                    logger.warning("streams.pairs_unknown", exchange=name, reason=str(error))
                self.is_waiting = True
                pause = asked_for or min(max(2 * pause, FIRST_PAUSE), LONGEST_PAUSE)

    async def ask(self, identity: Identity, unknown: Sequence[str]) -> None:
        """A few assets by their names, many by all that the exchange trades."""
        source = coingecko.from_settings()
        assets = [] if len(unknown) > ASKED_AT_ONCE else list(unknown)
        found: list[Listing] = []
        page, more = 1, True
        try:
            while more:
                if page > 1:
                    await asyncio.sleep(IDENTIFY_EVERY)
                listings, more = await asyncio.to_thread(source.listings, identity.exchange.gecko_id, assets, page)
                found += listings
                page += 1
        finally:
            await count_calls(source.calls)
        identity.learn(unknown, found, clock.now())
        await self.with_redis(lambda: self.remember(identity, unknown))

    async def remember(self, identity: Identity, assets: Collection[str]) -> None:
        key = f"{handover.PAIRS}:{identity.exchange.name}"
        await self.redis.hset(key, mapping={asset: write_known(identity.known[asset]) for asset in assets})

    async def recall(self) -> None:
        """What a process before this one has learnt."""
        for name, identity in self.identities.items():
            known = await self.hash(f"{handover.PAIRS}:{name}")
            identity.known = {asset: read_known(text) for asset, text in known.items()}


def is_ending() -> bool:
    """Whether this task was told to end, though a library in between may have swallowed that."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


@sync_to_async
def count_calls(calls: int) -> None:
    """Calls belong to the month's budget, whoever makes them."""
    try:
        state = MarketState.objects.filter(pk=1, month=month_of(clock.now()))
        state.update(calls=F("calls") + calls)
    except DatabaseError as error:
        logger.warning("streams.calls_not_counted", error=str(error))
