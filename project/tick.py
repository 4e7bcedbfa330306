"""The heartbeat of the market: fetch, tell the open pages, judge the reminders."""

from dashboard import clock
from dashboard.live.announce import announce_tick
from dashboard.market.refresh import Tick, refresh
from notifications.checking import check
from project.watching import watched_assets


def tick() -> Tick | None:
    """One market tick; None when no poll was due or nothing new came. Two at once are harmless."""
    assets, urgency = watched_assets(clock.now())
    if (news := refresh(assets, urgency)) is not None:
        announce_tick(news)
    check(news)
    return news
