"""Which price reminders a set of new prices may concern: one indexed statement, driven by the prices.

The answer may hold too many, never too few; the exact limit decides later.
"""

import json
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from django.db import connection

from dashboard import leaps

MARGIN: Final = 1e-9
"""Relative; far above the rounding of a float, far below any move of a price."""

# The prices drive the join, each by a look into the index that is named. SQLite is made to by an outer join: with
# statistics it would else read a whole index, or make a Bloom filter of all rows; what matches no price is then a row
# of NULL. PostgreSQL is made to by OFFSET 0, which keeps a subquery as it stands: it would else read the whole table.
PRICES: Final = {
    "sqlite": """
        SELECT json_extract(value, '$[0]') AS asset, json_extract(value, '$[1]') AS currency,
               json_extract(value, '$[2]') AS low, json_extract(value, '$[3]') AS high
        FROM json_each(%s)""",
    "postgresql": """
        SELECT value->>0 AS asset, value->>1 AS currency,
               (value->>2)::float8 AS low, (value->>3)::float8 AS high
        FROM jsonb_array_elements(%s::jsonb)""",
}
# The same of every stored price, in each currency that is given with its rate to the dollar.
STORED: Final = {
    "sqlite": """
        SELECT q.asset_id AS asset, json_extract(rates.value, '$[0]') AS currency,
               CAST(q.price AS REAL) * json_extract(rates.value, '$[1]') AS low,
               CAST(q.price AS REAL) * json_extract(rates.value, '$[2]') AS high
        FROM json_each(%s) rates, dashboard_marketquote q WHERE q.price IS NOT NULL""",
    "postgresql": """
        SELECT q.asset_id AS asset, rates.value->>0 AS currency,
               q.price::float8 * (rates.value->>1)::float8 AS low, q.price::float8 * (rates.value->>2)::float8 AS high
        FROM jsonb_array_elements(%s::jsonb) rates, dashboard_marketquote q WHERE q.price IS NOT NULL""",
}
REACHED: Final = {
    "sqlite": """
    SELECT r.id FROM prices LEFT JOIN notifications_reminder r INDEXED BY {index}
        ON r.asset_id = prices.asset AND r.currency = prices.currency AND {reached} {only}""",
    "postgresql": """
    SELECT found.id FROM prices CROSS JOIN LATERAL (
        SELECT r.id FROM notifications_reminder r
         WHERE r.asset_id = prices.asset AND r.currency = prices.currency AND {reached} {only} OFFSET 0
    ) found""",
}
RISE: Final = "r.rise_to <= prices.high AND r.active AND r.rise_to IS NOT NULL"
FALL: Final = "r.fall_to >= prices.low AND r.active AND r.fall_to IS NOT NULL"
# Without parameters, so that SQLite sees that the indexes hold for these.
UNJUDGED: Final = "SELECT id, kind, asset_id FROM notifications_reminder WHERE active AND arming = 'unknown'"
MOVING: Final = """
    SELECT id, kind, asset_id FROM notifications_reminder {index}
     WHERE active AND kind IN ({kinds}) AND NOT (arming = 'fired' AND repeat = 'once')"""
ALIVE: Final = "active AND NOT (arming = 'fired' AND repeat = 'once') AND asset_id IS NOT NULL"
"""As the condition of the index reminder_awaited."""
UNEXPIRED: Final = """EXISTS (
    SELECT 1 FROM notifications_reminder {index}
     WHERE {alive} AND asset_id = found.value AND (expires_at IS NULL OR expires_at > %s))"""
TABLE: Final = "notifications_reminder"


@dataclass(frozen=True, slots=True)
class Quoted:
    """A new price. `low` and `high` are the extremes on the way to it, where it came by a way that nobody judged."""

    asset: str
    currency: str
    price: Decimal
    low: Decimal | None = None
    high: Decimal | None = None


def statement(prices: Mapping[str, str] = PRICES, only: str = "") -> str:
    each = REACHED[connection.vendor]
    rise = each.format(index="reminder_rise", reached=RISE, only=only)
    fall = each.format(index="reminder_fall", reached=FALL, only=only)
    return f"WITH prices AS MATERIALIZED ({prices[connection.vendor]}) {rise} UNION ALL {fall}"


def facts(prices: Iterable[Quoted], margin: float) -> str:
    return json.dumps(
        [
            [
                p.asset,
                p.currency,
                float(p.price if p.low is None else p.low) * (1 - margin),
                float(p.price if p.high is None else p.high) * (1 + margin),
            ]
            for p in prices
        ]
    )


def concerned(prices: Iterable[Quoted], margin: float = MARGIN) -> list[int]:
    """Ids of the active reminders whose edge one of these prices has reached, or missed by `margin` of itself."""
    with connection.cursor() as cursor:
        cursor.execute(statement(), [facts(prices, margin)])
        return [pk for (pk,) in cursor.fetchall() if pk is not None]


def is_any_within(margin: float, kinds: Iterable[str], per_usd: Mapping[str, Decimal | None], now: datetime) -> bool:
    """Is the edge of an armed reminder of these kinds within `margin` of a stored price? In these currencies."""
    rates = [(code, float(rate) * (1 - margin), float(rate) * (1 + margin)) for code, rate in per_usd.items() if rate]
    listed = ", ".join(f"'{kind}'" for kind in kinds)
    alive = f"AND r.arming = 'armed' AND r.kind IN ({listed}) AND (r.expires_at IS NULL OR r.expires_at > %s)"
    at = connection.ops.adapt_datetimefield_value(now)
    # SQLite answers row by row; PostgreSQL would first find all of them, which may be most reminders there are.
    limit = "" if connection.vendor == "sqlite" else " LIMIT 1"
    with connection.cursor() as cursor:
        cursor.execute(statement(STORED, alive) + limit, [json.dumps(rates), at, at])
        return any(pk is not None for (pk,) in cursor)


def currencies() -> list[str]:
    """The currencies that active reminders count in."""
    return leaps.values(TABLE, "currency", where="active", index="reminder_currency")


def awaited(now: datetime) -> set[str]:
    """The coins that reminders wait for, of those that can still fire or arm again."""
    index = "INDEXED BY reminder_awaited" if connection.vendor == "sqlite" else ""
    at = connection.ops.adapt_datetimefield_value(now)
    only = UNEXPIRED.format(index=index, alive=ALIVE)
    return set(leaps.values(TABLE, "asset_id", where=ALIVE, index="reminder_awaited", only=only, parameters=(at,)))


def unjudged(assets: Container[str], kinds: Iterable[str]) -> list[int]:
    """Ids of the active reminders of these kinds and coins that never had a value."""
    return of_coins(UNJUDGED, assets, kinds)


def moving(assets: Container[str], kinds: Iterable[str]) -> list[int]:
    """Ids of the active reminders of these kinds and coins: kinds that must be judged at every price."""
    index = "INDEXED BY reminder_active_kind" if connection.vendor == "sqlite" else ""
    return of_coins(MOVING.format(index=index, kinds=", ".join(f"'{kind}'" for kind in kinds)), assets, kinds)


def of_coins(question: str, assets: Container[str], kinds: Iterable[str]) -> list[int]:
    wanted = set(kinds)
    with connection.cursor() as cursor:
        cursor.execute(question)
        return [pk for pk, kind, asset in cursor.fetchall() if kind in wanted and asset in assets]
