"""Selector: the different values of an indexed column, found by leaping along the index from each to the next.

`SELECT DISTINCT` reads every row, so it takes longer the more people there are; this takes as long as there are values.
"""

from typing import Any, Final

from django.db import connection

VALUES: Final = """
    WITH RECURSIVE found(value) AS (
      SELECT MIN({column}) FROM {rows} WHERE {where}
      UNION ALL
      SELECT (SELECT MIN({column}) FROM {rows} WHERE {where} AND {column} > found.value)
        FROM found WHERE found.value IS NOT NULL
    )
    SELECT value FROM found WHERE value IS NOT NULL AND {only}"""


def values(
    table: str,
    column: str,
    *,
    where: str = "1 = 1",
    index: str = "",
    only: str = "1 = 1",
    parameters: tuple[Any, ...] = (),
) -> list[str]:
    """What the column holds in the rows `where`, in order; NULL is no value. All of it is SQL, never from outside.

    `index` is the one to leap along, which SQLite must be told where it has a condition. `only` is what else must be
    true of a `value`, with the parameters that it needs.
    """
    rows = table + (f" INDEXED BY {index}" if index and connection.vendor == "sqlite" else "")
    with connection.cursor() as cursor:
        cursor.execute(VALUES.format(column=column, rows=rows, where=where, only=only), parameters or None)
        return [value for (value,) in cursor.fetchall()]
