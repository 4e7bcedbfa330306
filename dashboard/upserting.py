"""Many rows into a table whether they are new or known, by one statement and without an object for each.

`adapted` values are as they lie in the database: what is the same can be told without converting what is read.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.db import connection, models

from dashboard.fields import MoneyField
from dashboard.money import plain


def upsert(model: type[models.Model], names: Sequence[str], rows: Sequence[Sequence[Any]], *, key: int = 1) -> None:
    """Each row has a value for each of the fields `names`, the first `key` of which say which row of the table it is.

    Values are stored as they are: amounts are Decimals that can be kept, times are aware. No key occurs twice.
    """
    if rows:
        upsert_adapted(model, names, adapted(model, names, rows), key=key)


def upsert_adapted(
    model: type[models.Model], names: Sequence[str], rows: Sequence[Sequence[Any]], *, key: int = 1
) -> None:
    """The same for rows that are `adapted` already, as raw rows of the database are."""
    if not rows:
        return
    fields = fields_of(model, names)
    columns = [connection.ops.quote_name(str(field.column)) for field in fields]
    update = ", ".join(f"{column} = EXCLUDED.{column}" for column in columns[key:])
    # The only names in here are those of our own table.
    head = f"INSERT INTO {connection.ops.quote_name(model._meta.db_table)} ({', '.join(columns)})"
    tail = f"ON CONFLICT ({', '.join(columns[:key])}) DO UPDATE SET {update}"
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            arrays = ", ".join(f"%s::{field.db_type(connection)}[]" for field in fields)
            cursor.execute(f"{head} SELECT * FROM unnest({arrays}) {tail}", [*map(list, zip(*rows, strict=True))])  # noqa: S608
        else:
            places = ", ".join(["%s"] * len(fields))
            cursor.executemany(f"{head} VALUES ({places}) {tail}", rows)


def adapted(model: type[models.Model], names: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[tuple[Any, ...]]:
    """The rows as the database keeps them."""
    columns = zip(*rows, strict=True)
    return list(zip(*map(adapted_column, fields_of(model, names), columns), strict=True))


def adapted_column(field: "models.Field[Any, Any]", values: Sequence[Any]) -> Sequence[Any]:
    adapter: Callable[[Any], Any]
    if connection.vendor == "postgresql":
        return values
    if isinstance(field, MoneyField):
        adapter = plain
    elif isinstance(field, models.DateTimeField):
        adapter = text_of_time
    else:
        return values
    return [None if value is None else adapter(value) for value in values]


def known_column(model: type[models.Model], name: str, values: Sequence[Any]) -> list[Any]:
    """Adapted values of an amount or of a time as the model would hold them, but for zeros at the end of an amount."""
    (field,) = fields_of(model, [name])
    if connection.vendor == "postgresql":
        return list(values)
    known: Callable[[Any], Any] = Decimal if isinstance(field, MoneyField) else time_of_text
    return [None if value is None else known(value) for value in values]


def select_adapted(model: type[models.Model], names: Sequence[str], alias: str) -> str:
    """The fields for a SELECT from a table of this alias, so that the driver, too, leaves their values as they are."""
    return ", ".join(
        as_kept(field, f"{alias}.{connection.ops.quote_name(str(field.column))}") for field in fields_of(model, names)
    )


def as_kept(field: "models.Field[Any, Any]", column: str) -> str:
    if connection.vendor == "postgresql":
        return column
    if isinstance(field, models.DateTimeField):
        return f"CAST({column} AS text)"
    return f"CAST({column} AS integer)" if isinstance(field, models.BooleanField) else column


def text_of_time(moment: datetime) -> str:
    """Times are kept in UTC, which is not written down."""
    return str(moment if moment.tzinfo is UTC else moment.astimezone(UTC)).removesuffix("+00:00")


def time_of_text(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+00:00")


def fields_of(model: type[models.Model], names: Sequence[str]) -> list["models.Field[Any, Any]"]:
    return [field for name in names if isinstance(field := model._meta.get_field(name), models.Field)]
