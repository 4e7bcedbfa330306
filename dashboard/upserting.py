"""Many rows into a table whether they are new or known, by one statement and without an object for each."""

from collections.abc import Callable, Sequence
from typing import Any

from django.db import connection, models

from dashboard.fields import MoneyField
from dashboard.money import plain


def upsert(model: type[models.Model], names: Sequence[str], rows: Sequence[Sequence[Any]], *, key: int = 1) -> None:
    """Each row has a value for each of the fields `names`, the first `key` of which say which row of the table it is.

    Values are stored as they are: amounts are Decimals that can be kept, times are aware. No key occurs twice.
    """
    if not rows:
        return
    fields = [field for name in names if isinstance(field := model._meta.get_field(name), models.Field)]
    columns = [connection.ops.quote_name(str(field.column)) for field in fields]
    update = ", ".join(f"{column} = EXCLUDED.{column}" for column in columns[key:])
    # The only names in here are those of our own table.
    head = f"INSERT INTO {connection.ops.quote_name(model._meta.db_table)} ({', '.join(columns)})"
    tail = f"ON CONFLICT ({', '.join(columns[:key])}) DO UPDATE SET {update}"
    values = [adapted(field, column) for field, column in zip(fields, zip(*rows, strict=True), strict=True)]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            arrays = ", ".join(f"%s::{field.db_type(connection)}[]" for field in fields)
            cursor.execute(f"{head} SELECT * FROM unnest({arrays}) {tail}", values)  # noqa: S608
        else:
            places = ", ".join(["%s"] * len(fields))
            cursor.executemany(f"{head} VALUES ({places}) {tail}", list(zip(*values, strict=True)))


def adapted(field: "models.Field[Any, Any]", values: Sequence[Any]) -> list[Any]:
    """The values of one column as the database's driver takes them."""
    adapter: Callable[[Any], Any]
    if connection.vendor == "postgresql":
        return list(values)
    if isinstance(field, MoneyField):
        adapter = plain
    elif isinstance(field, models.DateTimeField):
        adapter = connection.ops.adapt_datetimefield_value
    else:
        return list(values)
    return [None if value is None else adapter(value) for value in values]
