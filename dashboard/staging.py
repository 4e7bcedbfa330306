"""Services: many transactions brought near before they count. They wait in a table of their own, written in many short
transactions of the database, together with what the ledger will say once they are recorded; then one short transaction
copies them. Until then nothing of it is seen, and on SQLite, which has one writer, nobody waits long.
"""

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Final

from django.db import connection
from django.db import transaction as database
from django.db.models import Q

from dashboard import clock
from dashboard.checkpoints import Outlook, outlook
from dashboard.drafts import Draft
from dashboard.entries import Facts, entry_of
from dashboard.inserting import batches, columns_of, insert_rows, rows_of
from dashboard.ledger.entry import Entry
from dashboard.market.history import Past
from dashboard.models import Import, Portfolio, StagedTransaction, Transaction

AT_ONCE: Final = 10_000
MANY: Final = 2_000
"""Fewer rows are written at once in less time than it takes to stage them."""
LEFT_BEHIND: Final = timedelta(hours=1)
facts_of = attrgetter(*Facts._fields[1:])


@dataclass(frozen=True, slots=True)
class Staged:
    """Rows that wait, and the positions and states as they will be; true of the portfolio as it was then only."""

    batch: str
    drafts: Sequence[Draft]
    outlook: Outlook


@contextmanager
def staged(portfolio: Portfolio, drafts: Sequence[Draft]) -> Iterator[Staged]:
    """Checked drafts, at least one, staged for the portfolio; whatever happens, they are dropped at the end.

    Raises InvalidEntry where figures grow beyond what can be kept.
    """
    batch = uuid.uuid4().hex
    try:
        ids = reserved_ids(len(drafts))
        write(portfolio, drafts, ids, batch)
        yield Staged(batch, drafts, outlook(portfolio, coming(portfolio, drafts, ids)))
    finally:
        drop(batch)


def write(portfolio: Portfolio, drafts: Sequence[Draft], ids: Sequence[int], batch: str) -> None:
    columns = columns_of(Draft.__slots__, StagedTransaction)
    rows = ([number, batch, *row] for number, row in zip(ids, rows_of([portfolio.pk], drafts), strict=True))
    for some in batches(rows):
        with database.atomic():
            insert_rows(StagedTransaction, ["id", "batch", "portfolio_id", *columns], some)


def coming(portfolio: Portfolio, drafts: Sequence[Draft], ids: Sequence[int]) -> list[Entry]:
    """The entries that the drafts will be, by time and then in their order."""
    past = Past(portfolio.currency)
    facts = [Facts(number, *facts_of(draft)) for number, draft in zip(ids, drafts, strict=True)]
    facts.sort(key=lambda fact: (fact.timestamp, fact.pk))
    return [entry_of(fact, past) for fact in facts]


def copy(found: Staged, portfolio: Portfolio, source_import: Import | None) -> None:
    """The waiting rows become transactions. Inside the caller's transaction of the database, the portfolio locked."""
    quote = connection.ops.quote_name
    columns = ", ".join(map(quote, columns_of(Draft.__slots__, Transaction)))
    into, out_of = quote(Transaction._meta.db_table), quote(StagedTransaction._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {into} (id, portfolio_id, source_import_id, {columns}) "  # noqa: S608 - names of our own
            f"SELECT id, portfolio_id, %s, {columns} FROM {out_of} WHERE portfolio_id = %s AND batch = %s ORDER BY id",
            [source_import.pk if source_import else None, portfolio.pk, found.batch],
        )
        if cursor.rowcount != len(found.drafts):
            raise LookupError(f"{cursor.rowcount} of {len(found.drafts)} rows were still there")


def drop(batch: str, now: datetime | None = None) -> None:
    """Drop what waited in this batch, and what killed workers left behind, a part at a time."""
    old = (now or clock.now()) - LEFT_BEHIND
    done_with = StagedTransaction.objects.filter(Q(batch=batch) | Q(staged_at__lt=old)).order_by("pk")
    while some := list(done_with.values_list("pk", flat=True)[:AT_ONCE]):
        done_with.order_by().filter(pk__lte=some[-1]).delete()


def reserved_ids(count: int) -> Sequence[int]:
    """Numbers for transactions, rising, which nobody else gets; those that are not used are lost."""
    table = Transaction._meta.db_table
    with database.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)", [table, count]
            )
            return sorted(number for (number,) in cursor.fetchall())
        cursor.execute("UPDATE sqlite_sequence SET seq = seq + %s WHERE name = %s", [count, table])
        if not cursor.rowcount:  # nothing was ever stored
            cursor.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)", [table, count])
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
        (last,) = cursor.fetchone()
    return range(last - count + 1, last + 1)
