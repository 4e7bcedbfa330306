"""The heartbeat of the market: fetch, tell the open pages, judge the reminders."""

from dashboard.live.announce import announce_tick
from dashboard.live.presence import someone_watches
from dashboard.market.refresh import Tick, Urgency, refresh
from dashboard.portfolios import held_assets
from notifications import selectors
from notifications.checking import check


def tick() -> Tick | None:
    """One market tick; None when no poll was due or nothing new came. Two at once are harmless."""
    news = refresh(held_assets() | selectors.watched_assets(), urgency())
    if news is not None:
        announce_tick(news)
    check(news)
    return news


def urgency() -> Urgency:
    """How soon the next sample is wanted."""
    if selectors.is_close():
        return Urgency.CLOSE
    return Urgency.WATCHED if someone_watches() else Urgency.IDLE
