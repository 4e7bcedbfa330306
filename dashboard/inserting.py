"""Many transactions into the database at once: the rows as the driver takes them, without an object for each."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import islice
from typing import Any

from django.db import connection
from django.db.models import DateTimeField, Field

from dashboard.drafts import Draft
from dashboard.fields import MoneyField
from dashboard.models import Import, Portfolio, Transaction
from dashboard.money import plain

BATCH = 1000


def insert_transactions(portfolio: Portfolio, drafts: Sequence[Draft], source_import: Import | None = None) -> None:
    """Drafts that `check_draft` has passed; whoever calls brings the positions up to date."""
    by_name = {field.attname: field for field in Transaction._meta.concrete_fields}
    fields = [by_name[name] for name in Draft.__slots__]
    columns = [str(field.column) for field in fields]
    names = ", ".join(connection.ops.quote_name(name) for name in ["portfolio_id", "source_import_id", *columns])
    places = ", ".join(["%s"] * (len(columns) + 2))
    table = connection.ops.quote_name(Transaction._meta.db_table)
    statement = f"INSERT INTO {table} ({names}) VALUES ({places})"  # noqa: S608 - names of our own columns
    owner = (portfolio.pk, source_import.pk if source_import else None)
    adapters = [(name, adapter_of(field)) for name, field in zip(Draft.__slots__, fields, strict=True)]
    rows = (owner + tuple([adapt(getattr(draft, name)) for name, adapt in adapters]) for draft in drafts)
    with connection.cursor() as cursor:
        for batch in batches(rows):
            cursor.executemany(statement, batch)


def batches(rows: Iterator[tuple[Any, ...]]) -> Iterator[list[tuple[Any, ...]]]:
    while batch := list(islice(rows, BATCH)):
        yield batch


def adapter_of(field: "Field[Any, Any]") -> Callable[[Any], Any]:
    """What makes a fact of a draft into what the database's driver stores for the field."""
    if isinstance(field, MoneyField):
        return amount_as_text if connection.vendor == "sqlite" else unchanged
    return moment if isinstance(field, DateTimeField) else unchanged


def amount_as_text(number: Decimal | None) -> str | None:
    return None if number is None else plain(number)


def moment(at: datetime) -> Any:
    return connection.ops.adapt_datetimefield_value(at)


def unchanged(fact: Any) -> Any:
    return fact
