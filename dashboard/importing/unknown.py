"""Services: a file that no format knows waits until its owner has said what its columns mean, then it is previewed.

Only the import page offers this; what was said there holds for the API and the command too.
"""

from dashboard.importing.guessing import find_unknown
from dashboard.importing.mapping import OWN, ColumnMap, remember_map
from dashboard.importing.service import counts, forget_old_files, receive
from dashboard.importing.table import Table, decode
from dashboard.models import Import, Portfolio


def keep_unknown(portfolio: Portfolio, filename: str, content: bytes, zone: str = "") -> Import:
    """Keep the file until its columns are named. Raises UnreadableFile where it has none; then nothing is written."""
    text = decode(content)
    find_unknown(text)
    forget_old_files(portfolio.user)
    return Import.objects.create(
        portfolio=portfolio,
        filename="".join(c for c in filename if c.isprintable())[:255],
        time_zone=zone,
        content=text,
        state=Import.State.COLUMNS,
    )


def is_of_own_columns(waiting: Import) -> bool:
    """Whether its owner may say what its columns mean, or say it anew."""
    waits = waiting.state in (Import.State.COLUMNS, Import.State.PREVIEW)
    return waits and (not waiting.format or waiting.format.startswith(OWN))


def name_columns(waiting: Import, table: Table, known: ColumnMap) -> None:
    """Remember what the columns mean, and count what the import would do with that. May raise UnreadableFile."""
    portfolio = waiting.portfolio
    remember_map(portfolio.user, table.header, known)
    received = receive(portfolio, waiting.content.encode(), waiting.time_zone, waiting.decisions)
    preview = received.preview(portfolio)
    Import.objects.filter(pk=waiting.pk, state__in=(Import.State.COLUMNS, Import.State.PREVIEW)).update(
        state=Import.State.PREVIEW, format=received.format, decisions=received.decisions, **counts(preview)
    )
