"""Services: a file that no format knows waits until its owner has said what its columns mean, then it is previewed.

Only the import page offers this; what was said there holds for the API and the command too.
"""

from django.db import transaction as database

from dashboard.importing.files import content_of, receive
from dashboard.importing.guessing import find_unknown
from dashboard.importing.mapping import OWN, ColumnMap, remember_map
from dashboard.importing.service import forget_old_files, look_again
from dashboard.importing.table import Table, decode
from dashboard.models import Import, ImportFile, Portfolio


def keep_unknown(portfolio: Portfolio, filename: str, content: bytes, zone: str = "") -> Import:
    """Keep the file until its columns are named. Raises UnreadableFile where it has none; then nothing is written."""
    text = decode(content)
    find_unknown(text)
    forget_old_files(portfolio.user)
    with database.atomic():
        waiting = Import.objects.create(
            portfolio=portfolio,
            filename="".join(c for c in filename if c.isprintable())[:255],
            time_zone=zone,
            state=Import.State.COLUMNS,
        )
        ImportFile.objects.create(source_import=waiting, content=text)
    return waiting


def is_of_own_columns(waiting: Import) -> bool:
    """Whether its owner may say what its columns mean, or say it anew."""
    waits = waiting.state in (Import.State.COLUMNS, Import.State.PREVIEW)
    return waits and (not waiting.format or waiting.format.startswith(OWN))


def name_columns(waiting: Import, table: Table, known: ColumnMap) -> None:
    """Remember what the columns mean, and look at the file with that. Raises UnreadableFile, AlreadyConfirmed."""
    user = waiting.portfolio.user
    remember_map(user, table.header, known)
    look_again(waiting, receive(user, content_of(waiting).encode(), waiting.time_zone, waiting.decisions))
