"""Doing one thing at a time across all processes and machines, for as long as a transaction lasts."""

from django.db import connection


def one_at_a_time(name: str) -> None:
    """Wait until no other transaction holds `name`; must be called inside `atomic()`.

    On SQLite every transaction begins IMMEDIATE and so is alone anyway.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("one_at_a_time() holds for a transaction: call it inside atomic()")
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])
