"""Many rows of one table that are mostly alike, inserted by one statement with one parameter for all that differs.

Django's bulk_create prepares each field of each row by itself, which takes longer than the database takes to write it.
"""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from django.db import connection, models

from dashboard.money import plain

INSERT: Final = "INSERT INTO {table} ({columns}) SELECT {values} FROM {rows} RETURNING id, {returned}"
ROWS: Final = {"sqlite": "json_each(%s)", "postgresql": "jsonb_array_elements(%s::jsonb)"}
VALUE: Final = {"sqlite": "json_extract(value, '$[{place}]')", "postgresql": "(value->>{place})::{kind}"}


def insert_like(
    template: models.Model, names: Sequence[str], rows: Iterable[Sequence[Any]], *, returning: Sequence[str]
) -> list[Any]:
    """Rows that differ from the template in these attributes only; the number of each, and its attributes `returning`.

    A row holds texts, whole numbers, booleans, decimals, times, None or, for a field of JSON, a list.
    """
    meta = template._meta
    fields = {field.attname: field for field in meta.concrete_fields if not field.primary_key}
    columns = {name: connection.ops.quote_name(str(field.column)) for name, field in fields.items()}
    alike = [field for name, field in fields.items() if name not in names]
    value = VALUE[connection.vendor]
    differing = [value.format(place=place, kind=fields[name].db_type(connection)) for place, name in enumerate(names)]
    statement = INSERT.format(
        table=connection.ops.quote_name(meta.db_table),
        columns=", ".join([*(columns[name] for name in names), *(columns[field.attname] for field in alike)]),
        values=", ".join([*differing, *["%s"] * len(alike)]),
        rows=ROWS[connection.vendor],
        returned=", ".join(columns[name] for name in returning),
    )
    constants = [field.get_db_prep_save(getattr(template, field.attname), connection) for field in alike]
    with connection.cursor() as cursor:
        cursor.execute(statement, [*constants, json.dumps([*rows], default=as_text)])
        return cursor.fetchall()


def as_text(value: object) -> str:
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, datetime):
        return str(connection.ops.adapt_datetimefield_value(value))
    raise TypeError(f"{value!r} cannot be inserted")
