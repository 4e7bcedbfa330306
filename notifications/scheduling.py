"""When reports are due, on the clock of the person who reads them. Pure: no database, no clock of its own.

A schedule names local times. Where clocks change, none is left out and none comes twice: a local time that doesn't
exist is due at the first moment after the gap, one that exists twice at the first of the two. A day that doesn't exist
at all (a zone that moved across the date line) has no times. Every n hours counts hours of the local clock, so that
"every 6 hours from 08:00" stays at 08:00, 14:00, 20:00 and 02:00 all the year; the stretch with the change is an hour
shorter or longer.
"""

import calendar
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import count
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.utils.dates import MONTHS as MONTH_NAMES
from django.utils.dates import WEEKDAYS as DAY_NAMES
from django.utils.translation import gettext, gettext_noop

from accounts import locales
from notifications.local_time import first_moment, is_missing

LAST: Final = 32
"""The last day of a month, among its days."""
WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
FULL_WEEKDAYS: Final = tuple(calendar.day_name)
MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
EVERY_DAY: Final = frozenset(range(7))
EVERY_MONTH: Final = frozenset(range(1, 13))
MOST_HOURS: Final = 168
MOST_AN_HOUR: Final = 4
MOST_LISTED: Final = 6
BEGINNING: Final = date(2000, 1, 1)
"""From whose start the hours are counted where no day is named."""
HOUR_NEEDED: Final = gettext_noop("Enter the hour.")
DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Schedule:
    """Local times without end. `parse` makes one; what it is made of is in its kinds below."""

    def local_times(self, after: datetime) -> Iterator[datetime]:
        """The local times (naive) later than `after` (naive), in order, without regard to changes of the clock."""
        raise NotImplementedError

    def sentence(self) -> str:
        """`every day at 08:00`: to be put after "Sent"."""
        raise NotImplementedError

    def as_json(self) -> dict[str, Any]:
        """What `parse` would read again; the same for all ways of writing the same fields."""
        raise NotImplementedError

    def next_after(self, moment: datetime, zone: ZoneInfo) -> datetime:
        """The first moment (UTC) later than `moment` (aware) at which it is due in `zone`."""
        # Local times and their moments never change order, so that what is not later here is not later there either.
        local = moment.astimezone(zone).replace(tzinfo=None)
        for naive in self.local_times(local):
            due = first_moment(naive, zone)
            if due > moment and not (due.astimezone(zone).date() > naive.date() and is_missing(naive.date(), zone)):
                return due
        raise AssertionError("a schedule has no end")

    def upcoming(self, moment: datetime, zone: ZoneInfo, number: int = 3) -> list[datetime]:
        """The next moments after `moment`, soonest first."""
        due = [self.next_after(moment, zone)]
        while len(due) < number:
            due.append(self.next_after(due[-1], zone))
        return due


@dataclass(frozen=True, slots=True)
class EveryHours(Schedule):
    """Every `hours` of the local clock: counted from `start`, not before it where it names a day."""

    hours: int
    start: datetime
    is_dated: bool = False

    def local_times(self, after: datetime) -> Iterator[datetime]:
        step = timedelta(hours=self.hours)
        first = (after - self.start) // step + 1
        for number in count(max(first, 0) if self.is_dated else first):
            yield self.start + number * step

    def sentence(self) -> str:
        often = gettext("every hour") if self.hours == 1 else gettext("every %(hours)s hours") % {"hours": self.hours}
        if self == EveryHours(1, datetime.combine(BEGINNING, time())):
            return often
        if self.is_dated:
            return gettext("%(often)s, counted from %(clock_time)s on %(day_words)s") % {
                "often": often,
                "clock_time": clock_time(self.start.time()),
                "day_words": day_words(self.start.date()),
            }
        return gettext("%(often)s from %(clock_time)s") % {"often": often, "clock_time": clock_time(self.start.time())}

    def as_json(self) -> dict[str, Any]:
        start = self.start.isoformat(timespec="minutes") if self.is_dated else clock_time(self.start.time())
        return {"every_hours": self.hours, "from": start}


@dataclass(frozen=True, slots=True)
class Calendar(Schedule):
    """At each of `times` on the days that fit. `days` are of the month (LAST: its last); None: all of them."""

    minutes: frozenset[int]
    hours: frozenset[int]
    weekdays: frozenset[int] = EVERY_DAY
    days: frozenset[int] | None = None
    months: frozenset[int] = EVERY_MONTH

    def local_times(self, after: datetime) -> Iterator[datetime]:
        for number in count():
            day = after.date() + number * DAY
            if self.fits(day):
                yield from (naive for each in self.times if (naive := datetime.combine(day, each)) > after)

    @property
    def times(self) -> list[time]:
        return [time(hour, minute) for hour in sorted(self.hours) for minute in sorted(self.minutes)]

    def fits(self, day: date) -> bool:
        if day.month not in self.months or day.weekday() not in self.weekdays:
            return False
        if self.days is None:
            return True
        last = calendar.monthrange(day.year, day.month)[1]
        return day.day in self.days or (day.day == last and max(self.days) > last)

    def sentence(self) -> str:
        return f"{self.day_sentence()}{self.time_sentence()}"

    def day_sentence(self) -> str:
        months = (
            "" if self.months == EVERY_MONTH else listed([str(MONTH_NAMES[month]) for month in sorted(self.months)])
        )
        if self.days is not None:
            words = listed([gettext("last day") if day == LAST else ordinal(day) for day in sorted(self.days)])
            shorter = gettext(" (or the last there is)") if any(28 < day < LAST for day in self.days) else ""
            return gettext("on the %(words)s%(shorter)s of %(months)s") % {
                "words": words,
                "shorter": shorter,
                "months": months or gettext("each month"),
            }
        inside = gettext(" in %(months)s") % {"months": months} if months else ""
        if self.weekdays == EVERY_DAY:
            return gettext("every day%(inside)s") % {"inside": inside}
        if self.weekdays == frozenset(range(5)):
            return gettext("Monday to Friday%(inside)s") % {"inside": inside}
        return gettext("every %(listed)s%(inside)s") % {
            "listed": listed([str(DAY_NAMES[day]) for day in sorted(self.weekdays)]),
            "inside": inside,
        }

    def time_sentence(self) -> str:
        times = self.times
        if len(times) <= MOST_LISTED:
            return gettext(" at %(listed)s") % {"listed": listed([clock_time(each) for each in times])}
        if len(self.hours) == 24:
            return gettext(", at %(listed)s minutes past every hour") % {
                "listed": listed([f"{minute:02}" for minute in sorted(self.minutes)])
            }
        return gettext(", %(times)s times from %(clock_time)s to %(clock_time_2)s") % {
            "times": len(times),
            "clock_time": clock_time(times[0]),
            "clock_time_2": clock_time(times[-1]),
        }

    def as_json(self) -> dict[str, Any]:
        fields: dict[str, Any] = {"minute": numbers(self.minutes)}
        fields["hour"] = "*" if len(self.hours) == 24 else numbers(self.hours)
        fields["day_of_week"] = (
            "*" if self.weekdays == EVERY_DAY else ",".join(WEEKDAYS[day] for day in sorted(self.weekdays))
        )
        fields["day_of_month"] = "*" if self.days is None else numbers(self.days)
        if self.months != EVERY_MONTH:
            fields["month"] = numbers(self.months)
        return fields


def parse(value: Any) -> Schedule:
    """The schedule that `value` describes; ValueError says in a sentence for people what is wrong with it.

    `{"every_hours": 6, "from": "08:00"}`, or fields as of cron, each a number or a text such as `8`, `8,20`, `9-17`,
    `*/2` or `*`: `hour` (needed), `minute` (0), `day_of_week` (`mon-fri`), `day_of_month` (`1,15,last`), `month`.
    """
    if not isinstance(value, Mapping):
        raise ValueError(gettext('Give the times as fields, such as {"hour": 8, "minute": 0}.'))
    known = {"every_hours", "from"} if "every_hours" in value else set(FIELDS)
    if unknown := [str(name)[:20] for name in value if name not in known]:
        raise ValueError(
            gettext("%(name)s is not a field of a schedule; there are %(known)s.")
            % {"name": repr(unknown[0]), "known": listed(sorted(known))}
        )
    return every_hours(value) if "every_hours" in value else by_calendar(value)


def every_hours(value: Mapping[str, Any]) -> EveryHours:
    hours = value["every_hours"]
    if isinstance(hours, str) and hours.strip().isascii() and hours.strip().isdigit():
        hours = int(hours)
    if not isinstance(hours, int) or isinstance(hours, bool) or not 1 <= hours <= MOST_HOURS:
        raise ValueError(gettext("Enter a whole number of hours from 1 to %(most)s.") % {"most": MOST_HOURS})
    start = value.get("from") or "00:00"
    try:
        if re.fullmatch(r"\d\d?:\d\d", str(start)):
            return EveryHours(hours, datetime.combine(BEGINNING, time.fromisoformat(str(start).zfill(5))))
        dated = datetime.fromisoformat(start)
        if dated.tzinfo is not None or dated.second or dated.microsecond or not 1970 <= dated.year <= 9000:
            raise ValueError(start)
    except (TypeError, ValueError):
        raise ValueError(gettext("Enter when to begin as a time such as 08:00, or as 2026-05-03T08:00.")) from None
    return EveryHours(hours, dated, is_dated=True)


def by_calendar(value: Mapping[str, Any]) -> Calendar:
    value = {name: text for name, text in value.items() if text not in (None, "")}
    if "hour" not in value:
        raise ValueError(gettext(HOUR_NEEDED))
    given = {name: field.read(value.get(name, "*")) for name, field in FIELDS.items()}
    if given["day_of_week"] and given["day_of_month"]:
        raise ValueError(gettext("Choose days of the week or days of the month, not both."))
    minutes = given["minute"] or frozenset(range(60) if "minute" in value else {0})
    if len(minutes) > MOST_AN_HOUR:
        raise ValueError(too_often())
    return Calendar(
        minutes=minutes,
        hours=given["hour"] or frozenset(range(24)),
        weekdays=given["day_of_week"] or EVERY_DAY,
        days=given["day_of_month"],
        months=given["month"] or EVERY_MONTH,
    )


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a calendar: its bounds, and the names that stand for numbers in it."""

    words: str
    low: int
    high: int
    names: Mapping[str, int]
    turns: bool = False
    """Whether a range may run over the end, as from Friday to Monday."""

    def read(self, value: Any) -> frozenset[int] | None:
        """The numbers that are meant; None for all of them."""
        text = "".join(str(value).lower().split()) if isinstance(value, int | str) else ""
        if isinstance(value, bool) or not text or len(text) > 200:
            raise self.fault(value)
        if text == "*":
            return None
        found = frozenset(number for part in text.split(",") for number in self.part(part, value))
        everything = self.high - self.low + 1
        return None if len(found) == everything and LAST not in found else found

    def part(self, part: str, value: Any) -> Collection[int]:
        span, _, step_text = part.partition("/")
        if "/" in part and not (step_text.isascii() and step_text.isdigit() and 1 <= int(step_text[:4]) <= 60):
            raise self.fault(value)
        step = int(step_text or 1)
        if span == "*":
            return range(self.low, self.high + 1, step)
        first, dash, last = span.partition("-")
        begin = self.number(first, value)
        end = self.number(last, value) if dash else self.high if step_text else begin
        if LAST in (begin, end) and (dash or step_text):
            raise self.fault(value)
        if begin <= end:
            return range(begin, end + 1, step)
        if not self.turns:
            raise self.fault(value)
        size = self.high - self.low + 1
        return [(number - self.low) % size + self.low for number in range(begin, end + size + 1, step)]

    def number(self, text: str, value: Any) -> int:
        if text in self.names:
            return self.names[text]
        if not (text.isascii() and text.isdigit() and len(text) < 4 and self.low <= int(text) <= self.high):
            raise self.fault(value)
        return int(text)

    def fault(self, value: Any) -> ValueError:
        return ValueError(
            gettext("%(value)s is not %(words)s.") % {"value": repr(str(value)[:40]), "words": gettext(self.words)}
        )


def too_often() -> str:
    return gettext("Choose at most %(most)s times an hour.") % {"most": MOST_AN_HOUR}


FIELDS: Final = {
    "minute": Field(gettext_noop("a minute from 0 to 59"), 0, 59, {}),
    "hour": Field(gettext_noop("an hour from 0 to 23"), 0, 23, {}),
    "day_of_week": Field(
        gettext_noop("a day of the week such as mon, or mon-fri"),
        0,
        6,
        # As in cron, Sunday is 0 and 7 to those who count days.
        {str(number): (number - 1) % 7 for number in range(8)}
        | {name: day for day, name in enumerate(WEEKDAYS)}
        | {name.lower(): day for day, name in enumerate(FULL_WEEKDAYS)},
        turns=True,
    ),
    "day_of_month": Field(gettext_noop("a day from 1 to 31, or last"), 1, 31, {"last": LAST}),
    "month": Field(
        gettext_noop("a month from 1 to 12"),
        1,
        12,
        {name: month for month, name in enumerate(MONTHS, 1)}
        | {calendar.month_name[month].lower(): month for month in EVERY_MONTH},
        turns=True,
    ),
}


def clock_time(at: time) -> str:
    return f"{at:%H:%M}"


def day_words(day: date) -> str:
    return locales.long_day(day)


def numbers(chosen: Collection[int]) -> int | str:
    if len(chosen) == 1 and LAST not in chosen:
        return next(iter(chosen))
    return ",".join("last" if number == LAST else str(number) for number in sorted(chosen))


def ordinal(number: int) -> str:
    ending = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def listed(words: Collection[str]) -> str:
    *most, last = words
    return gettext("%(most)s and %(last)s") % {"most": ", ".join(most), "last": last} if most else last
