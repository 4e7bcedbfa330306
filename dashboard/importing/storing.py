"""What a preview says becomes transactions: all of them or none, by one transaction of the database that is short,

because on SQLite nobody else writes meanwhile. Whatever can be done before it begins is done before.
"""

from dataclasses import dataclass

from dashboard.importing.preview import Preview, preview_of
from dashboard.importing.reading import Reading
from dashboard.models import Import, Portfolio
from dashboard.recording import record_checked


@dataclass(frozen=True, slots=True)
class Prepared:
    """A preview, and the state of the portfolio that it was made for."""

    reading: Reading
    revision: int
    preview: Preview

    def valid_for(self, portfolio: Portfolio) -> Preview:
        """The preview, made anew if the portfolio has changed since. The caller holds the portfolio's lock."""
        return self.preview if revision_of(portfolio) == self.revision else preview_of(self.reading, portfolio)


def prepare(reading: Reading, portfolio: Portfolio) -> Prepared:
    revision = revision_of(portfolio)
    return Prepared(reading, revision, preview_of(reading, portfolio))


def store(source_import: Import, preview: Preview) -> None:
    """Inside the caller's transaction, with the portfolio locked. Raises TooMany."""
    record_checked(source_import.portfolio, preview.drafts, source_import)


def revision_of(portfolio: Portfolio) -> int:
    return Portfolio.objects.values_list("revision", flat=True).get(pk=portfolio.pk)
