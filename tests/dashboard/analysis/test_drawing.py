"""Pictures of lines: everything inside the frame, round numbers at the axes, breaks where days lack."""

import re
from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from dashboard.analysis.drawing import nearest_before, picture, round_dates, round_step

D = Decimal
FIRST = date(2024, 1, 1)


def line(*values: object) -> list[tuple[date, Decimal]]:
    return [(FIRST + timedelta(days=n), D(str(value))) for n, value in enumerate(values) if value is not None]


@given(st.lists(st.decimals(min_value="0", max_value="1e12", places=4), min_size=2, max_size=900))
def test_every_point_lies_inside_and_the_axis_is_round(values: list[Decimal]) -> None:
    found = picture([line(*values)])
    assert found is not None
    points = re.findall(r"[ML](-?[\d.]+) (-?[\d.]+)", found.paths[0])
    assert len(points) <= 401
    assert all(0 <= float(x) <= 1000 and -0.1 <= float(y) <= 300.1 for x, y in points)
    assert float(points[-1][0]) == 1000
    assert 2 <= len(found.heights) <= 12
    assert all(0 <= tick.at <= 1000 for tick in found.dates)


def test_a_line_is_broken_where_days_lack() -> None:
    gap = [None] * 20
    found = picture([line(1, 2, 3, *gap, 4, 5)])
    assert found is not None
    assert found.paths[0].count("M") == 2
    whole = picture([line(*range(60)), []])
    assert whole is not None
    assert whole.paths[0].count("M") == 1
    assert whole.paths[1] == ""


def test_what_is_thinned_is_not_broken() -> None:
    found = picture([line(*range(5000))])
    assert found is not None
    assert found.paths[0].count("M") == 1


def test_nothing_is_drawn_of_less_than_two_days() -> None:
    assert picture([[], []]) is None
    assert picture([line(5)]) is None


def test_steps_and_dates_are_round() -> None:
    assert [round_step(span) for span in (9, 10, 35, 0.7, 0)] == [2, 2, 10, 0.2, 1]
    assert round_dates(date(2024, 1, 15), date(2024, 4, 2)) == [date(2024, m, 1) for m in (2, 3, 4)]
    assert round_dates(date(2019, 5, 5), date(2024, 2, 2)) == [date(y, 1, 1) for y in range(2020, 2025)]
    assert len(round_dates(date(1990, 1, 2), date(2300, 1, 1))) <= 8


def test_a_day_without_a_value_has_that_of_the_last_before() -> None:
    values = line(1, None, 3)
    days = [FIRST + timedelta(days=n) for n in range(-1, 5)]
    assert [nearest_before(values, day) for day in days] == [None, 1, 1, 3, 3, 3]
