"""Quiet hours: whether a moment lies in them, and when they end. Pure; what they say was checked when they were set."""

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from notifications.local_time import first_moment

DAY = timedelta(days=1)


def quiet_until(hours: Mapping[str, str] | None, moment: datetime, zone: ZoneInfo) -> datetime | None:
    """When the quiet hours end that `moment` lies in; None where it lies in none.

    `hours` is {"from": "22:00", "to": "07:00"} in `zone`. They begin when clocks first show `from` and end when clocks
    show `to` for the last time, so that a clock that is set back neither ends them early nor begins them twice.
    """
    if not hours:
        return None
    begin, end = time.fromisoformat(hours["from"]), time.fromisoformat(hours["to"])
    today = moment.astimezone(zone).date()
    for day in (today - DAY, today):
        start = first_moment(datetime.combine(day, begin), zone)
        until = last_moment(datetime.combine(day + DAY if end <= begin else day, end), zone)
        if start <= moment < until and begin != end:
            return until
    return None


def last_moment(naive: datetime, zone: ZoneInfo) -> datetime:
    """The last moment (UTC) at which clocks in `zone` show `naive`; where they skip it, the first after the gap."""
    again = naive.replace(tzinfo=zone, fold=1).astimezone(UTC)
    return max(again, first_moment(naive, zone))
