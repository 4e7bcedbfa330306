"""What moment a local time is, where clocks skip hours or go through them twice. Pure."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

SECOND: Final = timedelta(seconds=1)
DAY: Final = timedelta(days=1)


def first_moment(naive: datetime, zone: ZoneInfo) -> datetime:
    """The first moment (UTC) at which clocks in `zone` show `naive`; where they skip it, the first after the gap."""
    moment = naive.replace(tzinfo=zone).astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) == naive:
        return moment
    # In a gap the earlier offset gives a moment after the change, and the later offset one before it.
    early = naive.replace(tzinfo=zone, fold=1).astimezone(UTC)
    old = early.astimezone(zone).utcoffset()
    while moment - early > SECOND:
        middle = early + (moment - early) // SECOND // 2 * SECOND
        if middle.astimezone(zone).utcoffset() == old:
            early = middle
        else:
            moment = middle
    return moment


def is_missing(day: date, zone: ZoneInfo) -> bool:
    """Whether clocks in `zone` never showed that day."""
    midnight = datetime.combine(day, time())
    return first_moment(midnight, zone) == first_moment(midnight + DAY, zone)
