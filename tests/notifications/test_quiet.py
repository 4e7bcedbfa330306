"""Quiet hours, over ordinary days and over those on which clocks are set."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from notifications.quiet import quiet_until

BERLIN = ZoneInfo("Europe/Berlin")
NIGHT = {"from": "22:00", "to": "07:00"}
NOON = {"from": "12:00", "to": "13:30"}


def berlin(text: str, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN, fold=fold).astimezone(UTC)


@pytest.mark.parametrize(
    ("hours", "at", "until"),
    [
        (NIGHT, "2026-05-03 21:59:59", None),
        (NIGHT, "2026-05-03 22:00", "2026-05-04 07:00"),
        (NIGHT, "2026-05-04 00:30", "2026-05-04 07:00"),
        (NIGHT, "2026-05-04 06:59:59", "2026-05-04 07:00"),
        (NIGHT, "2026-05-04 07:00", None),
        (NOON, "2026-05-04 11:59", None),
        (NOON, "2026-05-04 12:00", "2026-05-04 13:30"),
        (NOON, "2026-05-04 13:30", None),
        ({"from": "08:00", "to": "08:00"}, "2026-05-04 08:00", None),
        (None, "2026-05-04 12:00", None),
        ({}, "2026-05-04 12:00", None),
    ],
)
def test_they_hold_from_the_first_minute_to_the_last(hours: dict[str, str] | None, at: str, until: str | None) -> None:
    assert quiet_until(hours, berlin(at), BERLIN) == (until and berlin(until))


def test_the_night_on_which_clocks_are_set_ends_at_the_same_local_time() -> None:
    for date, length in (("2026-03-29", 8), ("2026-10-25", 10)):
        start = berlin(f"{date} 07:00") - timedelta(hours=length)
        assert quiet_until(NIGHT, start, BERLIN) == berlin(f"{date} 07:00")
        assert quiet_until(NIGHT, start - timedelta(seconds=1), BERLIN) is None


def test_an_end_that_comes_twice_is_the_second_one() -> None:
    hours = {"from": "22:00", "to": "02:30"}
    end = berlin("2026-10-25 02:30", fold=1)
    assert quiet_until(hours, berlin("2026-10-25 01:00"), BERLIN) == end
    assert quiet_until(hours, berlin("2026-10-25 02:45"), BERLIN) == end
    assert quiet_until(hours, end, BERLIN) is None


def test_an_end_that_is_skipped_is_the_first_moment_after_it() -> None:
    hours = {"from": "22:00", "to": "02:30"}
    assert quiet_until(hours, berlin("2026-03-29 01:00"), BERLIN) == berlin("2026-03-29 03:00")


def test_a_beginning_that_comes_twice_is_the_first_one() -> None:
    hours = {"from": "02:15", "to": "06:00"}
    assert quiet_until(hours, berlin("2026-10-25 02:20"), BERLIN) == berlin("2026-10-25 06:00")
    assert quiet_until(hours, berlin("2026-10-25 02:05", fold=1), BERLIN) == berlin("2026-10-25 06:00")
