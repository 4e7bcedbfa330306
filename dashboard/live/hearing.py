"""The ear of this process on the channel layer: one channel, the groups it follows, and proof that it still hears.

The layer doesn't say when it has lost its connection, so this sends itself a numbered pulse each second. One that
doesn't come back means that messages may have been missed; several mean that the connection must be made anew.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import structlog
from channels import DEFAULT_CHANNEL_LAYER
from channels.layers import channel_layers
from redis.exceptions import RedisError

from dashboard.live.announce import MARKET

logger = structlog.get_logger(__name__)

PULSE_EVERY: Final = 1.0
DEAF_AFTER: Final = 3
PATIENCE: Final = 5.0
PULSE: Final = "hub.pulse"
UNREACHABLE: Final = (RedisError, OSError)  # TimeoutError is an OSError


class Hearing:
    """Calls `hear` with each message, and `heal` when some may have been missed and hearing works again."""

    def __init__(
        self, hear: Callable[[Mapping[str, Any]], Awaitable[None]], heal: Callable[[], Awaitable[None]]
    ) -> None:
        self.hear = hear
        self.heal = heal
        self.layer: Any = None
        self.channel = ""
        self.wanted: set[str] = {MARKET}
        self.followed: set[str] = set()
        self.listening: asyncio.Task[None] | None = None
        self.sent = self.heard = 0
        self.missed = False

    def want(self, group: str) -> None:
        """A group to be heard, besides the market: at once after `follow`, else within a second."""
        self.wanted.add(group)

    async def keep(self) -> None:
        """Stay connected and prove it, until cancelled."""
        while True:
            if self.is_deaf():
                self.missed = True
                await self.connect()
            elif self.missed and self.sent == self.heard and self.followed == self.wanted:
                self.missed = False
                await self.heal()
            await self.pulse()
            await self.follow()
            await asyncio.sleep(PULSE_EVERY)

    def is_deaf(self) -> bool:
        listens = self.layer is not None and self.listening is not None and not self.listening.done()
        return not listens or self.sent - self.heard >= DEAF_AFTER

    async def connect(self) -> None:
        """A new connection in place of the old one, if Redis is there."""
        await self.hang_up()
        layer = channel_layers.make_backend(DEFAULT_CHANNEL_LAYER)
        try:
            async with asyncio.timeout(PATIENCE):
                channel = await layer.new_channel()
        except UNREACHABLE as error:
            self.missed = True
            logger.warning("live.deaf", error=str(error))
            await flush(layer)
            return
        self.layer, self.channel, self.followed = layer, channel, set()
        self.heard = self.sent
        self.listening = asyncio.create_task(self.listen(layer, channel))
        self.listening.add_done_callback(report)
        await self.follow()

    async def hang_up(self) -> None:
        layer, listening = self.layer, self.listening
        self.layer = self.listening = None
        if layer is not None:
            await flush(layer)
        if listening is not None:
            listening.cancel()
            await asyncio.wait({listening})

    async def listen(self, layer: Any, channel: str) -> None:
        while True:
            message = await layer.receive(channel)
            if message["type"] == PULSE:
                self.missed |= message["number"] != self.heard + 1
                self.heard = max(self.heard, message["number"])
            else:
                await self.hear(message)

    async def follow(self) -> None:
        """Bring the groups in line with what is wanted. What Redis doesn't take now is tried again in a second."""
        layer, channel = self.layer, self.channel
        if layer is None or self.followed == self.wanted:
            return
        try:
            async with asyncio.timeout(PATIENCE):
                for group in self.wanted - self.followed:
                    await layer.group_add(group, channel)
                    self.followed.add(group)
        except UNREACHABLE as error:
            self.missed = True
            logger.warning("live.follow_failed", error=str(error))

    async def pulse(self) -> None:
        if self.layer is None:
            return
        self.sent += 1
        try:
            async with asyncio.timeout(PATIENCE):
                await self.layer.send(self.channel, {"type": PULSE, "number": self.sent})
        except UNREACHABLE as error:
            self.missed = True
            logger.warning("live.pulse_failed", error=str(error))


def report(listening: asyncio.Task[None]) -> None:
    """Listening has ended by a fault: it is begun anew with the next pulse."""
    if not listening.cancelled() and (error := listening.exception()) is not None:
        logger.error("live.listening_failed", exc_info=error)


async def flush(layer: Any) -> None:
    """Let go of a connection, which may be dead."""
    try:
        async with asyncio.timeout(PATIENCE):
            await layer.flush()
    except UNREACHABLE as error:
        logger.info("live.flush_failed", error=str(error))
