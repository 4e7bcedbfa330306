"""The heartbeat of the market: fetch, tell the open pages, judge the reminders."""

from dashboard.live.announce import announce_tick
from dashboard.live.presence import someone_watches
from dashboard.market.course import NEWS, NOTHING_NEW, Course
from dashboard.market.currencies import refresh_rates
from dashboard.market.refresh import Tick, Urgency, refresh
from dashboard.portfolios import held_assets
from notifications import selectors
from notifications.checking import check


def tick(course: Course | None = None) -> Tick | None:
    """One market tick; None when no poll was due or nothing new came. Two at once are harmless.

    `course` notes how it went.
    """
    course = course or Course()
    news = refresh(held_assets() | selectors.watched_assets(), urgency(), course)
    if news is not None:
        announce_tick(news)
        course.lap("announced")
    check(news)
    course.lap("checked")
    if course.outcome in {NEWS, NOTHING_NEW}:
        refresh_rates()  # last, because it asks the network
    return news


def urgency() -> Urgency:
    """How soon the next sample is wanted."""
    if selectors.is_close():
        return Urgency.CLOSE
    return Urgency.WATCHED if someone_watches() else Urgency.IDLE
