"""The layouts of dates that exporters write, for `cells.moment`: ISO-8601 first, then days or months first.

Which of the two comes first can't be seen in a date; each format knows that of its own.
"""

TIMES = ("%H:%M:%S", "%H:%M", "%I:%M:%S %p", "%I:%M %p")
ISO = ("", "%Y-%m-%d %H:%M:%S %z")


def with_times(*days: str) -> tuple[str, ...]:
    """Each day alone, and followed by each kind of time."""
    return ISO + days + tuple(f"{day}{gap}{time}" for day in days for gap in (" ", ", ") for time in TIMES)


DAY_FIRST = with_times("%d.%m.%Y", "%d/%m/%Y", "%d-%m-%Y")
MONTH_FIRST = with_times("%m/%d/%Y", "%m-%d-%Y")
