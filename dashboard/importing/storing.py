"""What a preview says becomes transactions: all of them or none, by one transaction of the database that is short,
because on SQLite nobody else writes meanwhile. Whatever can be done before it begins is done before.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import transaction as database

from dashboard.importing.preview import Preview, preview_of
from dashboard.importing.reading import Reading
from dashboard.ledger.entry import InvalidEntry
from dashboard.models import Import, Portfolio
from dashboard.recording import lock, record_checked, record_staged, too_large
from dashboard.staging import MANY, Staged, staged
from dashboard.stretches import revision_of

ATTEMPTS = 3
"""How often many rows are brought near, since the portfolio may change meanwhile; at last they are just written."""


class Changed(Exception):
    """The portfolio is no longer as it was when the preview was made."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A preview, the revision of the portfolio that it was made for, and its rows near at hand where they are many."""

    reading: Reading
    revision: int
    preview: Preview
    staged: Staged | None = None

    def valid_for(self, portfolio: Portfolio) -> Preview:
        """The preview, made anew if the portfolio has changed since. The caller holds the portfolio's lock."""
        return self.preview if revision_of(portfolio) == self.revision else preview_of(self.reading, portfolio)


def prepare(reading: Reading, portfolio: Portfolio) -> Prepared:
    portfolio.refresh_from_db(fields=["currency", "method", "lot_scope", "revision"])
    return Prepared(reading, portfolio.revision, preview_of(reading, portfolio))


def record(
    reading: Reading,
    portfolio: Portfolio,
    finish: Callable[[Preview], Import],
    begin: Callable[[], None] = lambda: None,
) -> Import:
    """Record what was read, in one transaction of the database: `begin` is the first thing in it, then the portfolio is
    locked, and `finish` is told what is recorded and gives the import.

    Raises TooMany and DraftErrors; then nothing is recorded.
    """
    for left in reversed(range(ATTEMPTS)):
        with near(reading, portfolio, wanted=left > 0) as prepared:
            try:
                with database.atomic():
                    begin()
                    lock(portfolio)
                    return write(prepared, portfolio, finish)
            except Changed:
                continue
    raise AssertionError("the last attempt writes whatever has changed")


@contextmanager
def near(reading: Reading, portfolio: Portfolio, *, wanted: bool) -> Iterator[Prepared]:
    """The preview, its rows staged where they are many and that is `wanted`."""
    prepared = prepare(reading, portfolio)
    drafts = prepared.preview.drafts
    if not wanted or len(drafts) <= MANY:
        yield prepared
        return
    try:
        with staged(portfolio, drafts) as found:
            yield Prepared(reading, prepared.revision, prepared.preview, found)
    except InvalidEntry as error:
        raise too_large() from error


def write(prepared: Prepared, portfolio: Portfolio, finish: Callable[[Preview], Import]) -> Import:
    if prepared.staged is None:
        preview = prepared.valid_for(portfolio)
        portfolio.refresh_from_db(fields=["currency", "method", "lot_scope"])
        done = finish(preview)
        record_checked(portfolio, preview.drafts, done)
    else:
        if revision_of(portfolio) != prepared.revision:
            raise Changed
        done = finish(prepared.preview)
        record_staged(portfolio, prepared.staged, done)
    return done


def store(source_import: Import, preview: Preview) -> None:
    """Inside the caller's transaction, with the portfolio locked. Raises TooMany."""
    record_checked(source_import.portfolio, preview.drafts, source_import)
