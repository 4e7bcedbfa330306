"""A file that was sent: found to be whole, kept with its import until that is done, read again when it is needed."""

from collections.abc import Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from accounts.models import User, validate_time_zone
from dashboard.importing.mapping import own_formats
from dashboard.importing.reading import Progress, Reading, read_rows, unwatched
from dashboard.importing.recognise import recognise
from dashboard.importing.table import decode
from dashboard.importing.tickers import capitals, remembered
from dashboard.models import Import, ImportFile, Portfolio

LONG = 2000
"""A file of more lines is left to a worker."""


@dataclass(frozen=True, slots=True)
class Received:
    """The text, its format, the zone of times that state none, how many lines, what was decided about its tickers."""

    text: str
    format: str
    zone: str
    lines: int
    decisions: Mapping[str, str]

    @property
    def is_long(self) -> bool:
        return self.lines > LONG

    def read(self, portfolio: Portfolio, *, introduce: bool, progress: Progress = unwatched) -> Reading:
        """What the file says, for this portfolio; what its owner has answered in earlier files is known."""
        decisions = remembered(portfolio.user, self.format) | capitals(self.decisions)
        known, table = recognise(self.text, own_formats(portfolio.user))
        zone = ZoneInfo(self.zone) if self.zone else None
        return read_rows(known, table, zone, portfolio, decisions, introduce=introduce, progress=progress)


def receive(user: User, content: bytes, zone: str, decisions: Mapping[str, str]) -> Received:
    """The bytes as text, every line looked at. Raises UnreadableFile, or ValidationError for a zone that isn't one."""
    if zone:
        validate_time_zone(zone)
    text = decode(content)
    known, table = recognise(text, own_formats(user))
    last = table.header_line
    for line in table.lines():
        last = line.number
    return Received(text, known.key, zone, last, decisions)


def received(kept: Import) -> Received:
    """The file that the import keeps."""
    return Received(content_of(kept), kept.format, kept.time_zone, kept.lines, kept.decisions)


def content_of(kept: Import) -> str:
    """Raises ImportFile.DoesNotExist."""
    return ImportFile.objects.values_list("content", flat=True).get(pk=kept.pk)


def is_long(kept: Import) -> bool:
    return kept.lines > LONG
