"""The heartbeat of the market: fetch, tell the open pages, judge the reminders."""

from collections.abc import Collection

from django.conf import settings

from dashboard.live.announce import announce_tick
from dashboard.live.presence import someone_watches
from dashboard.market.course import NEWS, NOTHING_NEW, Course
from dashboard.market.currencies import refresh_rates
from dashboard.market.refresh import Tick, Urgency, refresh
from dashboard.market.streams.intake import Intake, intake
from dashboard.portfolios import held_assets
from dashboard.watching import watched_assets
from notifications import selectors
from notifications.checking import check
from project.metrics import ticks
from project.turn import Taken, Turn, turn


def tick() -> Tick | None:
    """One market tick; None when another is at work, no poll was due or nothing new came."""
    course = Course()
    try:
        with turn() as mine:
            return beat(mine, course)
    except Taken:
        ticks.note_skipped()
        return None
    except BaseException:
        ticks.note_failed()
        raise


def beat(mine: Turn, course: Course) -> Tick | None:
    wanted = held_assets() | watched_assets() | selectors.watched_assets()
    came = take_streams(wanted) if settings.PRICE_STREAMS else Intake()
    mine.renew()
    news = refresh(wanted, pace(came), course)
    mine.renew()
    if news is not None:
        announce_tick(news)
        course.lap("announced")
    check(news)
    course.lap("checked")
    ticks.note(course)
    if course.outcome in {NEWS, NOTHING_NEW}:
        mine.renew()
        refresh_rates()  # last, because it asks the network
    return news


def take_streams(wanted: Collection[str]) -> Intake:
    """What exchanges' feeds brought is told and judged before CoinGecko is asked."""
    course = Course()
    came = intake(wanted, course)
    if came.tick is not None:
        announce_tick(came.tick)
        course.lap("announced")
        check(came.tick)
        course.lap("checked")
        ticks.note_streamed(course)
    if came.marked is not None:
        announce_tick(came.marked)
    return came


def pace(came: Intake) -> Urgency:
    """CoinGecko is asked seldom where exchanges tell of everything, and soon where one fell silent."""
    if came.covers:
        return Urgency.IDLE
    return max(urgency(), Urgency.WATCHED) if came.lost else urgency()


def urgency() -> Urgency:
    """How soon the next sample is wanted."""
    if selectors.is_close():
        return Urgency.CLOSE
    return Urgency.WATCHED if someone_watches() else Urgency.IDLE
