"""Many transactions into the database at once: the rows as the driver takes them, without an object for each."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from operator import attrgetter
from typing import Any

from django.db import connection
from django.db.models import DateTimeField, Field, Model

from dashboard.drafts import Draft
from dashboard.fields import MoneyField
from dashboard.models import Import, Portfolio, Transaction
from dashboard.money import plain

BATCH = 1000
Adapter = Callable[[Any], Any]
facts_of = attrgetter(*Draft.__slots__)


def insert_transactions(portfolio: Portfolio, drafts: Sequence[Draft], source_import: Import | None = None) -> None:
    """Drafts that `check_draft` has passed; whoever calls brings the positions up to date."""
    columns = ["portfolio_id", "source_import_id", *columns_of(Draft.__slots__, Transaction)]
    for batch in batches(rows_of([portfolio.pk, source_import.pk if source_import else None], drafts)):
        insert_rows(Transaction, columns, batch)


def insert_rows(model: type[Model], columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    names = ", ".join(map(connection.ops.quote_name, columns))
    places = ", ".join(["%s"] * len(columns))
    table = connection.ops.quote_name(model._meta.db_table)
    with connection.cursor() as cursor:
        cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({places})", rows)  # noqa: S608 - our own names


def columns_of(names: Iterable[str], model: type[Model]) -> list[str]:
    by_name = {field.attname: str(field.column) for field in model._meta.concrete_fields}
    return [by_name[name] for name in names]


def rows_of(owner: Sequence[Any], drafts: Iterable[Draft]) -> Iterator[list[Any]]:
    """Each draft's facts, after those of `owner`, as the database's driver takes them."""
    by_name = {field.attname: field for field in Transaction._meta.concrete_fields}
    fields = [by_name[name] for name in Draft.__slots__]
    adapters = [(place, adapter) for place, field in enumerate(fields, len(owner)) if (adapter := adapter_of(field))]
    return (row_of(owner, draft, adapters) for draft in drafts)


def row_of(owner: Sequence[Any], draft: Draft, adapters: Iterable[tuple[int, Adapter]]) -> list[Any]:
    row = [*owner, *facts_of(draft)]
    for place, adapter in adapters:
        if row[place] is not None:
            row[place] = adapter(row[place])
    return row


def batches(rows: Iterator[list[Any]]) -> Iterator[list[list[Any]]]:
    while batch := list(islice(rows, BATCH)):
        yield batch


def adapter_of(field: "Field[Any, Any]") -> Adapter | None:
    """What makes a fact of a draft into what the database's driver takes for the field, where that is not the same."""
    if isinstance(field, DateTimeField):
        return connection.ops.adapt_datetimefield_value
    return plain if isinstance(field, MoneyField) and connection.vendor == "sqlite" else None
