"""Many rows into a table whether they are new or known, by one statement and without an object for each."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
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
    """The rows as the database's driver takes them, which is also how it gives them when nobody converts them."""
    columns = zip(*rows, strict=True)
    return list(zip(*map(adapted_column, fields_of(model, names), columns), strict=True))


def adapted_column(field: "models.Field[Any, Any]", values: Sequence[Any]) -> Sequence[Any]:
    adapter: Callable[[Any], Any]
    if connection.vendor == "postgresql":
        return values
    if isinstance(field, MoneyField):
        adapter = plain
    elif isinstance(field, models.DateTimeField):
        adapter = without_zone
    else:
        return values
    return [None if value is None else adapter(value) for value in values]


def without_zone(moment: datetime) -> datetime:
    """Times are kept in UTC."""
    return moment.astimezone(UTC).replace(tzinfo=None)


def fields_of(model: type[models.Model], names: Sequence[str]) -> list["models.Field[Any, Any]"]:
    return [field for name in names if isinstance(field := model._meta.get_field(name), models.Field)]


def raw_rows(query: "models.QuerySet[Any, Any]") -> list[tuple[Any, ...]]:
    """The rows of a `values_list` as the driver gives them: nothing is converted, which costs more than reading."""
    sql, parameters = query.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall()


def converter(model: type[models.Model], name: str) -> Callable[[Any], Any]:
    """What makes a raw value of the field into what a model would hold."""
    (field,) = fields_of(model, [name])
    column = field.get_col(model._meta.db_table)
    steps = [*connection.ops.get_db_converters(column), *field.get_db_converters(connection)]

    def convert(value: Any) -> Any:
        for step in steps:
            value = step(value, column, connection)
        return value

    return convert
