"""When reports are due: a written table, and every change of every clock."""

import struct
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from importlib import resources
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import TZPATH, ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notifications.local_time import first_moment, is_missing
from notifications.scheduling import Schedule, parse

BERLIN = ZoneInfo("Europe/Berlin")
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def local(zone: ZoneInfo, text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


@pytest.mark.parametrize(
    ("value", "zone", "after", "expected"),
    [
        # Every day, and that exactly now is not next.
        ({"hour": 8}, "Europe/Berlin", "2026-05-03 07:59", "2026-05-03T08:00+02:00"),
        ({"hour": 8}, "Europe/Berlin", "2026-05-03 08:00", "2026-05-04T08:00+02:00"),
        ({"hour": 8, "minute": "30"}, "Asia/Kolkata", "2026-05-03 09:00", "2026-05-04T08:30+05:30"),
        ({"hour": "8,20", "minute": 5}, "UTC", "2026-05-03 12:00", "2026-05-03T20:05+00:00"),
        # Chosen days of the week: 3 May 2026 is a Sunday.
        ({"hour": 8, "day_of_week": "mon-fri"}, "UTC", "2026-05-01 09:00", "2026-05-04T08:00+00:00"),
        ({"hour": 8, "day_of_week": "sun"}, "UTC", "2026-05-03 07:00", "2026-05-03T08:00+00:00"),
        ({"hour": 8, "day_of_week": 0}, "UTC", "2026-05-01 07:00", "2026-05-03T08:00+00:00"),
        ({"hour": 8, "day_of_week": "7"}, "UTC", "2026-05-01 07:00", "2026-05-03T08:00+00:00"),
        ({"hour": 8, "day_of_week": "fri-mon"}, "UTC", "2026-05-04 09:00", "2026-05-08T08:00+00:00"),
        # Days of the month; one that a month lacks is its last.
        ({"hour": 9, "day_of_month": 1}, "UTC", "2026-05-03 00:00", "2026-06-01T09:00+00:00"),
        ({"hour": 9, "day_of_month": 31}, "UTC", "2026-04-01 00:00", "2026-04-30T09:00+00:00"),
        ({"hour": 9, "day_of_month": 30}, "UTC", "2027-02-01 00:00", "2027-02-28T09:00+00:00"),
        ({"hour": 9, "day_of_month": 30}, "UTC", "2028-02-28 10:00", "2028-02-29T09:00+00:00"),
        ({"hour": 9, "day_of_month": "last"}, "UTC", "2026-02-28 09:00", "2026-03-31T09:00+00:00"),
        ({"hour": 9, "day_of_month": "1,15"}, "UTC", "2026-05-03 00:00", "2026-05-15T09:00+00:00"),
        ({"hour": 9, "day_of_month": "30,31"}, "UTC", "2026-02-28 09:00", "2026-03-30T09:00+00:00"),
        ({"hour": 9, "day_of_month": 1, "month": "jan,jul"}, "UTC", "2026-01-02 00:00", "2026-07-01T09:00+00:00"),
        # Every n hours of the local clock.
        ({"every_hours": 1}, "UTC", "2026-05-03 10:20", "2026-05-03T11:00+00:00"),
        ({"every_hours": 6, "from": "08:00"}, "UTC", "2026-05-03 14:00", "2026-05-03T20:00+00:00"),
        ({"every_hours": 6, "from": "08:00"}, "UTC", "2026-05-03 20:00", "2026-05-04T02:00+00:00"),
        ({"every_hours": 5, "from": "2026-05-03T08:00"}, "UTC", "2026-05-01 00:00", "2026-05-03T08:00+00:00"),
        ({"every_hours": 5, "from": "2026-05-03T08:00"}, "UTC", "2026-05-04 05:00", "2026-05-04T09:00+00:00"),
        ({"every_hours": 48, "from": "2026-05-03T08:00"}, "UTC", "2026-05-03 08:00", "2026-05-05T08:00+00:00"),
        # A local time that is skipped: the first moment after the gap, and 02:30 again the next day.
        ({"hour": 2, "minute": 30}, "Europe/Berlin", "2026-03-28 02:30", "2026-03-29T03:00+02:00"),
        ({"hour": 2, "minute": 30}, "Europe/Berlin", "2026-03-29 03:00", "2026-03-30T02:30+02:00"),
        ({"hour": "2,3"}, "Europe/Berlin", "2026-03-29 03:00", "2026-03-30T02:00+02:00"),
        ({"hour": 2, "minute": 10}, "Australia/Lord_Howe", "2026-10-04 01:59", "2026-10-04T02:30+11:00"),
        # Clocks in Nuuk skip the last hour of a Saturday: what was due in it comes at midnight.
        ({"hour": 23, "minute": 30}, "America/Nuuk", "2026-03-28 00:00", "2026-03-29T00:00-01:00"),
        ({"hour": 23, "minute": 30}, "America/Nuuk", "2026-03-29 00:00", "2026-03-29T23:30-01:00"),
        # A local time that comes twice: the first of the two.
        ({"hour": 2, "minute": 30}, "Europe/Berlin", "2026-10-25 00:00", "2026-10-25T02:30+02:00"),
        ({"hour": 2, "minute": 30}, "Europe/Berlin", "2026-10-25 02:30", "2026-10-26T02:30+01:00"),
        ({"every_hours": 6, "from": "08:00"}, "Europe/Berlin", "2026-10-25 00:00", "2026-10-25T02:00+02:00"),
        ({"every_hours": 6, "from": "08:00"}, "Europe/Berlin", "2026-10-25 02:00", "2026-10-25T08:00+01:00"),
        # Samoa never had 30 December 2011.
        ({"hour": 8}, "Pacific/Apia", "2011-12-29 08:00", "2011-12-31T08:00+14:00"),
        ({"hour": 8, "day_of_month": 30}, "Pacific/Apia", "2011-12-29 08:00", "2012-01-30T08:00+14:00"),
    ],
)
def test_the_next_time_is_as_written(value: Any, zone: str, after: str, expected: str) -> None:
    place = ZoneInfo(zone)
    due = parse(value).next_after(local(place, after), place)
    assert due.tzinfo is UTC
    assert due.astimezone(place).isoformat(timespec="minutes") == expected


def test_a_time_just_past_the_first_of_two_is_not_due_again() -> None:
    """Not even when asked during the second."""
    daily = parse({"hour": 2, "minute": 30})
    again = datetime(2026, 10, 25, 1, 10, tzinfo=UTC)  # 02:10 for the second time
    assert daily.next_after(again, BERLIN) == datetime(2026, 10, 26, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ({"hour": 8}, "every day at 08:00"),
        ({"hour": "20,8", "minute": 5}, "every day at 08:05 and 20:05"),
        ({"hour": 8, "day_of_week": "mon-fri"}, "Monday to Friday at 08:00"),
        ({"hour": 8, "day_of_week": "sat,wed"}, "every Wednesday and Saturday at 08:00"),
        ({"hour": 8, "day_of_month": "1"}, "on the 1st of each month at 08:00"),
        ({"hour": 8, "day_of_month": "2,3,11,22"}, "on the 2nd, 3rd, 11th and 22nd of each month at 08:00"),
        ({"hour": 8, "day_of_month": "last"}, "on the last day of each month at 08:00"),
        ({"hour": 8, "day_of_month": "30"}, "on the 30th (or the last there is) of each month at 08:00"),
        ({"hour": 8, "day_of_month": "1", "month": "1,7"}, "on the 1st of January and July at 08:00"),
        ({"hour": "9-17"}, "every day, 9 times from 09:00 to 17:00"),
        ({"hour": "*", "minute": "0,30"}, "every day, at 00 and 30 minutes past every hour"),
        ({"every_hours": 1}, "every hour"),
        ({"every_hours": 6, "from": "8:00"}, "every 6 hours from 08:00"),
        ({"every_hours": 36, "from": "2026-05-03T08:00"}, "every 36 hours, counted from 08:00 on 3 May 2026"),
    ],
)
def test_a_schedule_says_what_it_is(value: Any, sentence: str) -> None:
    schedule = parse(value)
    assert schedule.sentence() == sentence
    assert parse(schedule.as_json()) == schedule


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        (None, "Give the times as fields"),
        ([], "Give the times as fields"),
        ("0 8 * * *", "Give the times as fields"),
        ({}, "Enter the hour."),
        ({"minute": 5}, "Enter the hour."),
        ({"hour": 24}, "'24' is not an hour from 0 to 23."),
        ({"hour": -1}, "'-1' is not an hour"),
        ({"hour": "20-8"}, "'20-8' is not an hour"),
        ({"hour": "8,"}, "'8,' is not an hour"),
        ({"hour": "*/0"}, "'*/0' is not an hour"),
        ({"hour": "٨"}, "is not an hour"),
        ({"hour": True}, "'True' is not an hour"),
        ({"hour": 8.5}, "'8.5' is not an hour"),
        ({"hour": [8]}, "is not an hour"),
        ({"hour": "1," * 200}, "is not an hour"),
        ({"hour": 8, "minute": 60}, "'60' is not a minute from 0 to 59."),
        ({"hour": 8, "minute": "*"}, "at most 4 times an hour"),
        ({"hour": 8, "minute": "*/10"}, "at most 4 times an hour"),
        ({"hour": 8, "day_of_week": "someday"}, "'someday' is not a day of the week"),
        ({"hour": 8, "day_of_month": 32}, "'32' is not a day from 1 to 31, or last."),
        ({"hour": 8, "day_of_month": "1-last"}, "is not a day from 1 to 31"),
        ({"hour": 8, "month": 13}, "'13' is not a month"),
        ({"hour": 8, "day_of_week": "mon", "day_of_month": 1}, "not both"),
        ({"hour": 8, "day_of_weak": "mon"}, "'day_of_weak' is not a field of a schedule"),
        ({"every_hours": 0}, "whole number of hours from 1 to 168"),
        ({"every_hours": 169}, "whole number of hours"),
        ({"every_hours": True}, "whole number of hours"),
        ({"every_hours": 2.5}, "whole number of hours"),
        ({"every_hours": 2, "hour": 8}, "'hour' is not a field"),
        ({"every_hours": 2, "from": "25:00"}, "as a time such as 08:00"),
        ({"every_hours": 2, "from": 8}, "as a time such as 08:00"),
        ({"every_hours": 2, "from": "2026-05-03T08:00Z"}, "as a time such as 08:00"),
    ],
)
def test_what_is_no_schedule_is_refused_with_a_sentence(value: Any, fault: str) -> None:
    with pytest.raises(ValueError, match=r"is not|Enter|Give|Choose") as refused:
        parse(value)
    assert fault in str(refused.value)
    assert str(refused.value).endswith(".")


@cache
def changes() -> list[tuple[str, int]]:
    """Every change of every zone's clock between 1970 and 2035, as (zone, seconds since 1970)."""
    found = {(zone, at) for zone in sorted(available_timezones()) for at in (*written_changes(zone), *coming(zone))}
    return sorted(found)


def written_changes(zone: str) -> Iterator[int]:
    """The changes that the zone's file lists (RFC 8536); those of a rule without end are not among them."""
    data = next((path.read_bytes() for root in TZPATH if (path := Path(root) / zone).is_file()), None)
    if data is None:
        data = resources.files("tzdata").joinpath("zoneinfo", *zone.split("/")).read_bytes()
    utc, standard, leap, times, types, letters = struct.unpack(">6l", data[20:44])
    second = 44 + times * 5 + types * 6 + letters + leap * 8 + standard + utc
    number = struct.unpack(">l", data[second + 32 : second + 36])[0]
    yield from (at for at in struct.unpack_from(f">{number}q", data, second + 44) if 0 <= at < 2**31 - 10**8)


def coming(zone: str) -> Iterator[int]:
    """The changes of the next years, found by looking."""
    place = ZoneInfo(zone)
    for year in (2026, 2030):
        days = [datetime(year, 1, 1, tzinfo=UTC) + n * DAY for n in range(366)]
        offsets = [day.astimezone(place).utcoffset() for day in days]
        for day, here, there in zip(days, offsets, offsets[1:], strict=False):
            if here != there:
                low, high = 0, 86400
                while high - low > 1:
                    middle = (low + high) // 2
                    if (day + timedelta(seconds=middle)).astimezone(place).utcoffset() == here:
                        low = middle
                    else:
                        high = middle
                yield int(day.timestamp()) + high


def around(change: tuple[str, int]) -> tuple[ZoneInfo, list[date]]:
    """The zone, and the local days round the change that its clocks have shown."""
    zone = ZoneInfo(change[0])
    day = datetime.fromtimestamp(change[1], UTC).date()
    shown = sorted(
        {
            (datetime(day.year, day.month, day.day, tzinfo=UTC) + hour * HOUR).astimezone(zone).date()
            for hour in range(-96, 97)
        }
    )
    return zone, shown[1:-1]


def due_between(schedule: Schedule, zone: ZoneInfo, first: date, last: date) -> list[datetime]:
    """What is due from the first local day's beginning to the last one's, the two days' midnights included."""
    begin = first_moment(datetime.combine(first, time()), zone)
    end = first_moment(datetime.combine(last, time()), zone)
    moments = [schedule.next_after(begin - timedelta(seconds=1), zone)]
    while moments[-1] <= end:
        moments.append(schedule.next_after(moments[-1], zone))
    return moments[:-1]


def test_the_changes_are_those_of_all_zones() -> None:
    assert len(changes()) > 20_000
    assert len({zone for zone, _ in changes()}) > 350


@settings(max_examples=400, deadline=None)
@given(data=st.data())
def test_a_daily_report_comes_exactly_once_for_each_local_day(data: st.DataObject) -> None:
    zone, days = around(data.draw(st.sampled_from(changes())))
    hour, minute = data.draw(st.integers(0, 23)), data.draw(st.integers(0, 59))
    schedule = parse({"hour": hour, "minute": minute})
    expected = []
    for day in days:
        naive = datetime.combine(day, time(hour, minute))
        clocks = [
            moment
            for offset in range(-15 * 60, 15 * 60 + 1, 15)
            if (moment := naive.replace(tzinfo=UTC) + timedelta(minutes=offset)).astimezone(zone).replace(tzinfo=None)
            == naive
        ]
        if clocks:
            expected.append(min(clocks))
        else:  # in a gap, or an offset that is no quarter of an hour
            expected.append(first_moment(naive, zone))
            after, before = expected[-1], expected[-1] - timedelta(seconds=1)
            assert before.astimezone(zone).replace(tzinfo=None) < naive <= after.astimezone(zone).replace(tzinfo=None)
    begin = first_moment(datetime.combine(days[0], time()), zone) - timedelta(seconds=1)
    moments = schedule.upcoming(begin, zone, len(days) + 1)
    # What was due in a gap at the end of the day before may come at the first midnight.
    assert expected in (moments[:-1], moments[1:])
    assert len(set(moments)) == len(moments)


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_hours_of_the_clock_come_in_order_and_once(data: st.DataObject) -> None:
    zone, days = around(data.draw(st.sampled_from(changes())))
    hours = data.draw(st.integers(1, 48))
    schedule = parse({"every_hours": hours, "from": data.draw(st.sampled_from(["00:00", "08:00", "23:45"]))})
    moments = due_between(schedule, zone, days[0], days[-1])
    assert moments == sorted(set(moments))
    shown = [moment.astimezone(zone).replace(tzinfo=None) for moment in moments]
    assert len(set(shown)) == len(shown)
    for before, after in pairwise(moments):
        # One step, and what the clock skipped or repeated in it; after a gap the next one may come sooner.
        assert after - before <= hours * HOUR + 24 * HOUR


@settings(max_examples=200, deadline=None)
@given(
    zone=st.sampled_from(sorted(available_timezones())).map(ZoneInfo),
    seconds=st.integers(0, 2**31 - 1),
    day=st.one_of(st.integers(1, 31), st.just("last")),
)
def test_a_monthly_report_comes_once_a_month(zone: ZoneInfo, seconds: int, day: int | str) -> None:
    due = parse({"hour": 12, "day_of_month": day}).upcoming(datetime.fromtimestamp(seconds, UTC), zone, 13)
    months = [moment.astimezone(zone).date().replace(day=1) for moment in due]
    for before, after in pairwise(months):
        following = (before + 32 * DAY).replace(day=1)
        assert following == after or any(is_missing(following + n * DAY, zone) for n in range(31))


@settings(max_examples=200, deadline=None)
@given(
    change=st.deferred(lambda: st.sampled_from(changes())),
    seconds=st.integers(-(3 * 86400), 3 * 86400),
    value=st.sampled_from(
        [{"hour": 2, "minute": 30}, {"hour": "*"}, {"every_hours": 1}, {"every_hours": 7}, {"hour": "0,23"}]
    ),
)
def test_the_next_time_is_later_and_nothing_lies_between(
    change: tuple[str, int], seconds: int, value: dict[str, Any]
) -> None:
    zone, schedule = ZoneInfo(change[0]), parse(value)
    moment = datetime.fromtimestamp(change[1] + seconds, UTC)
    due = schedule.next_after(moment, zone)
    assert due > moment
    middle = moment + (due - moment) / 2
    assert schedule.next_after(middle, zone) == due
