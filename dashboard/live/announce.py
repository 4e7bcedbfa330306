"""What open pages are told, as facts over the channel layer: the only place that sends, called on commit."""

import asyncio
import threading
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import structlog
from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from redis.exceptions import ConnectionError as CutOff
from redis.exceptions import RedisError

from dashboard.market.quote import columns_of

if TYPE_CHECKING:
    from dashboard.market.refresh import Tick

logger = structlog.get_logger(__name__)
MARKET = "market"
GROUPS = 64
# Nobody's request waits longer than this for a Redis that neither answers nor refuses.
PATIENCE = 3


class Kept(threading.local):
    """The event loop of a thread that announces again and again: what it is connected to stays connected."""

    runner: asyncio.Runner | None = None


kept = Kept()


def keep_connection() -> None:
    """From now on this thread, which answers no requests, announces over a connection that it keeps."""
    kept.runner = asyncio.Runner()


def user_group(user_id: int) -> str:
    """Shared by many: a web process that hears a message for people who aren't there takes no notice of it, and needs
    no subscription of its own for each of thousands.
    """
    return f"users.{user_id % GROUPS}"


def announce_tick(tick: "Tick") -> None:
    """One message for the whole tick: its sequence number and the changed quotes, by field (market/quote.py)."""
    send(
        MARKET,
        {
            "type": "market.tick",
            "sequence": tick.sequence,
            "at": tick.at.isoformat(),
            "quotes": columns_of(tick.quotes),
        },
    )


def announce_health() -> None:
    """Prices have gone stale, or come back: pages read the market's state anew."""
    send(MARKET, {"type": "market.health"})


def announce_positions(user_id: int) -> None:
    """Something the user owns changed: their pages load positions anew."""
    send(user_group(user_id), {"type": "user.positions", "user": user_id})


def announce_alert(user_id: int, html: str) -> None:
    """A toast for all open pages of the user."""
    announce_alerts({user_id: html})


def announce_alerts(html: Mapping[int, str]) -> None:
    """Toasts for the open pages of each of these users, in one go: many may be told of the same tick."""
    send_all(
        (user_group(user_id), {"type": "user.alert", "user": user_id, "html": toasts})
        for user_id, toasts in html.items()
    )


def announce_logout(user_id: int, session_key: str | None) -> None:
    """Closes the sockets of one session as soon as it has ended, or all of the user's where `session_key` is None."""
    send(user_group(user_id), {"type": "user.logout", "user": user_id, "session": session_key})


def send(group: str, message: Mapping[str, Any]) -> None:
    send_all([(group, message)])


def send_all(messages: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
    """Redis may be away: pages look into the database as well, so nothing is lost but a few seconds."""
    wanted = list(messages)
    if not wanted:
        return
    try:
        if kept.runner is not None:
            kept.runner.run(publish(wanted))
        else:
            async_to_sync(publish)(wanted)
    except (RedisError, OSError) as error:  # TimeoutError is an OSError
        group, message = wanted[0]
        logger.warning("announce.lost", group=group, kind=message["type"], of=len(wanted), error=str(error))


async def publish(messages: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
    """One after the other over the connections of one loop; where one is lost the rest are not tried."""
    layer = get_channel_layer()
    for group, message in messages:
        async with asyncio.timeout(PATIENCE):
            try:
                await layer.group_send(group, dict(message))
            except CutOff:  # it may have been cut since the last time
                await layer.group_send(group, dict(message))
