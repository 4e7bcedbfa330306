"""Selector: what notifications.weighing keeps in memory, read in plain SQL and as floats, since it may be much."""

import json
from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any, Final

from django.db import connection

from notifications.formulas import Held

# The index is named, and its condition repeated, because SQLite would else read all reminders.
CHANGED: Final = "SELECT user_id FROM notifications_reminder{index} WHERE revision > 0 AND revision > %s"
INDEX: Final = {"sqlite": " INDEXED BY reminder_changed", "postgresql": ""}
STAMP: Final = "SELECT COUNT(*), COALESCE(SUM(revision), 0), COALESCE(MAX(id), 0) FROM dashboard_portfolio"
BETWEEN: Final = " WHERE id >= %s AND id < %s"
REVISIONS: Final = "SELECT id, user_id, revision FROM dashboard_portfolio"
POSITIONS: Final = """
    SELECT f.user_id, f.id, f.revision, f.currency, p.asset_id, CAST(p.quantity AS {real}){more}
      FROM dashboard_portfolio f JOIN dashboard_position p ON p.portfolio_id = f.id
     WHERE f.user_id IN ({owners}) ORDER BY f.user_id"""
MONEY_TOO: Final = """,
           CAST(p.cost AS {real}), CAST(p.realised AS {real}), CAST(p.income AS {real}), CAST(p.fees AS {real}),
           CAST(p.ever_invested AS {real}), CAST(p.exchanged AS text)"""
PRICES: Final = "SELECT asset_id, CAST(price AS {real}) FROM dashboard_marketquote WHERE price IS NOT NULL"
REAL: Final = {"sqlite": "real", "postgresql": "float8"}
NO_MONEY: Final[tuple[Any, ...]] = (0.0, 0.0, 0.0, 0.0, 0.0, {})


def stamp_of_portfolios(*bounds: int) -> tuple[int, ...]:
    """Tells whether a portfolio was made, deleted or computed anew: of all, or of ids from the first bound up to, and
    without, the second.
    """
    [found] = rows(STAMP + BETWEEN if bounds else STAMP, *bounds)
    return tuple(map(int, found))


def revisions(first: int, end: int) -> list[tuple[int, int, int]]:
    """Portfolio, owner and revision."""
    return rows(REVISIONS + BETWEEN, first, end)


def owners_changed_since(revision: int) -> set[int]:
    """Whose reminders have a higher number than this."""
    return {owner for (owner,) in rows(CHANGED.format(index=INDEX[connection.vendor]), revision)}


def positions_of(owners: Sequence[int], *, money: bool) -> dict[int, list[Held]]:
    real = REAL[connection.vendor]
    more, marks = MONEY_TOO.format(real=real) if money else "", ", ".join(["%s"] * len(owners))
    found = rows(POSITIONS.format(real=real, more=more, owners=marks), *owners)
    return {
        owner: [
            Held._make((*row[1:-1], exchanged(row[-1]))) if money else Held._make(row[1:] + NO_MONEY) for row in held
        ]
        for owner, held in groupby(found, key=itemgetter(0))
    }


def exchanged(text: str) -> dict[str, float]:
    return {} if text == "{}" else {asset: float(amount) for asset, amount in json.loads(text).items()}


def stored_prices() -> dict[str, float]:
    return dict(rows(PRICES.format(real=REAL[connection.vendor])))


def rows(question: str, *parameters: int) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(question, parameters or None)
        return cursor.fetchall()
