"""What a format is: the columns it is known by, and how it reads its lines. A new one is a module with a FORMAT."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from dashboard.drafts import Draft
from dashboard.importing.table import Line, Table

OFFSET = re.compile(r"(?<![A-Za-z])UTC[+-]\d{1,2}(:?\d\d)?")


@dataclass(frozen=True, slots=True)
class Stated:
    """A transaction that the line states. `tickers` are the coins that it names by ticker only, by Draft's field."""

    line: Line
    draft: Draft
    tickers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Unclear:
    """A line that can't be understood, and why: its owner decides."""

    line: Line
    reason: str


@dataclass(frozen=True, slots=True)
class Skipped:
    """A line that is understood and left out on purpose; the reason is a sentence, the same for all such lines."""

    line: Line
    reason: str


@dataclass(frozen=True, slots=True)
class Review:
    """A row that waits for its owner: where it stands, its text, what is wrong. `ticker` asks which coin is meant."""

    line: int
    raw: str
    reason: str
    ticker: str = ""


@dataclass(frozen=True, slots=True)
class Skip:
    """All lines that were left out for one reason: how many, and where the first of them stand."""

    reason: str
    rows: int
    lines: tuple[int, ...]


Outcome = Stated | Unclear | Skipped
Read = Callable[[Table, ZoneInfo | None], Iterator[Outcome]]
"""Makes outcomes of a table; times without a zone of their own are in the given one. May raise UnreadableFile."""


def columns(header: str) -> frozenset[str]:
    """The names in a header as a file writes it."""
    return frozenset(header.split(","))


def without_offset(column: str) -> str:
    """The column's name as if its times were in UTC."""
    return OFFSET.sub("UTC", column)


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of file. It is one of these when its columns hold all `required` ones and none but the `optional`.

    A column whose name states an offset, such as `Date(UTC+8)`, is required here as `Date(UTC)`.
    Columns whose whole names are `alike` are optional too.
    """

    key: str
    label: str
    required: frozenset[str]
    optional: frozenset[str]
    read: Read
    alike: re.Pattern[str] | None = None

    def knows(self, header: tuple[str, ...]) -> bool:
        names = frozenset(without_offset(name) for name in header)
        if not self.required <= names:
            return False
        others = names - self.required - self.optional
        return not others or (self.alike is not None and all(map(self.alike.fullmatch, others)))
