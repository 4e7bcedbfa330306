"""From the bytes of a file to its lines of cells: encoding, delimiter, quotation, damage.

Knows nothing of any format: which line is the header is told by whoever asks.
"""

import codecs
import csv
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

from django.utils.translation import gettext

DELIMITERS = (",", ";", "\t")
HEADER_WITHIN = 15
"""Some exporters put text above the header; it is looked for in so many lines."""
LONGEST_LINE = 65_536
NOT_TEXT = re.compile(r"[\x00-\x08\x0e-\x1f\ufffe\uffff]")
LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+\Z")
OTHER_FILES = {
    b"PK\x03\x04": "a spreadsheet or an archive",
    b"\xd0\xcf\x11\xe0": "an old spreadsheet",
    b"%PDF": "a PDF",
    b"\x1f\x8b": "a packed file",
}


class UnreadableFile(Exception):
    """The file can't be read at all and nothing was written; the message says where and why, for people."""

    def __init__(self, reason: str, line: int) -> None:
        super().__init__(f"Line {line}: {reason}")
        self.reason = reason
        self.line = line


@dataclass(frozen=True, slots=True)
class Line:
    """One record. `number` is the line of the file that it begins in, `raw` its text as it stands there."""

    number: int
    raw: str
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A file whose header was found. `lines` below it are read when they are asked for."""

    text: str
    delimiter: str
    header: tuple[str, ...]
    header_line: int

    def lines(self) -> Iterator[Line]:
        """The lines below the header, blank ones left out. UnreadableFile where the file is damaged."""
        for line in records(self.text, self.delimiter, after=self.header_line):
            if any(cell.strip() for cell in line.cells):
                yield self.fitted(line)

    def fitted(self, line: Line) -> Line:
        """The line with as many cells as the header has; empty ones beyond it are a spreadsheet's habit."""
        cells, width = line.cells, len(self.header)
        while len(cells) > width and not cells[-1].strip():
            cells = cells[:-1]
        if len(cells) != width:
            raise UnreadableFile(
                gettext(
                    "%(cells)s fields where the header has %(width)s. The file is damaged or was cut off; "
                    "export it again."
                )
                % {"cells": f"{len(cells):,}", "width": f"{width:,}"},
                line.number,
            )
        return line if cells is line.cells else Line(line.number, line.raw, cells)


def decode(content: bytes) -> str:
    """The text of the file: UTF-8 or UTF-16, with or without a byte order mark. Raises UnreadableFile."""
    for mark, name in OTHER_FILES.items():
        if content.startswith(mark):
            raise UnreadableFile(
                gettext("this is %(name)s, not a text file. Save or export it as CSV.") % {"name": name}, 1
            )
    encoding, name = encoding_of(content)
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content[: error.start].decode(encoding, "replace").count("\n") + 1
        raise UnreadableFile(
            gettext("not readable as %(name)s text. Save the file as CSV in UTF-8.") % {"name": name}, line
        ) from error
    if found := NOT_TEXT.search(text):
        line = text.count("\n", 0, found.start()) + 1
        raise UnreadableFile(gettext("holds characters that no text has. This is not a CSV file."), line)
    return text.removeprefix("\ufeff")


def encoding_of(content: bytes) -> tuple[str, str]:
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16", "UTF-16"
    start = content[:1000]
    # A header is nearly all ASCII, so without a mark every other byte of UTF-16 is zero.
    for offset, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        zeros = start[offset::2]
        if len(zeros) > 8 and zeros.count(0) > 0.8 * len(zeros) and not start[1 - offset :: 2].count(0):
            return encoding, "UTF-16"
    return "utf-8", "UTF-8"


def records(text: str, delimiter: str, after: int) -> Iterator[Line]:
    """Every record below line `after`, with the line it begins in. UnreadableFile names the line it fails at."""
    taken: list[str] = []
    at = after + 1

    def physical() -> Iterator[str]:
        for line in islice(physical_lines(text), after, None):
            check_length(line, at)
            taken.append(line)
            yield line

    reader = csv.reader(physical(), delimiter=delimiter, strict=True)
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise UnreadableFile(damage(error), at) from error
        yield Line(at, "".join(taken).rstrip("\r\n"), tuple(cells))
        at += len(taken)
        taken.clear()


def physical_lines(text: str) -> Iterator[str]:
    """The lines with their ends, which are a line feed, a carriage return or both, one after the other."""
    return (found.group() for found in LINE.finditer(text))


def check_length(line: str, number: int) -> None:
    if len(line) > LONGEST_LINE:
        raise UnreadableFile(
            gettext("longer than %(longest_line)s characters. This is not a list of transactions.")
            % {"longest_line": f"{LONGEST_LINE:,}"},
            number,
        )


def damage(error: csv.Error) -> str:
    reason = str(error)
    if "end of data" in reason or "field larger" in reason:
        return gettext(
            "a quotation mark is opened and never closed. The file is damaged or was cut off; export it again."
        )
    if "expected after" in reason:
        return gettext("text follows a closing quotation mark. The file is damaged; export it again.")
    return gettext("not readable as CSV (%(reason)s). The file is damaged; export it again.") % {"reason": reason}


def find_table(text: str, known: Callable[[tuple[str, ...]], bool]) -> Table | None:
    """The table below the first line, among the first 15, that is a `known` header in any delimiter."""
    for number, line in enumerate(physical_lines(text), start=1):
        if number > HEADER_WITHIN:
            break
        check_length(line, number)
        for delimiter in DELIMITERS:
            names = tuple(name.strip(' "\t\r\n') for name in next(csv.reader([line], delimiter=delimiter), []))
            if len(names) > 1 and known(names):
                return Table(text, delimiter, names, number)
    return None
