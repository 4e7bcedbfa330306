"""Selector: what is held and watched, in plain SQL, since it may be much.

As floats for what notifications.weighing keeps in memory; exactly for what is judged.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import groupby
from operator import itemgetter
from typing import Any, Final, NamedTuple

from django.db import connection

from notifications.formulas import Held

# The index is named, and its condition repeated, because SQLite would else read all reminders.
CHANGED: Final = "SELECT user_id FROM notifications_reminder{index} WHERE revision > 0 AND revision > %s"
INDEX: Final = {"sqlite": " INDEXED BY reminder_changed", "postgresql": ""}
# The greatest number is looked up by itself, so that the rest needs nothing but the index of revisions.
STAMP: Final = """
    SELECT COUNT(*), COALESCE(SUM(revision), 0), COALESCE((SELECT MAX(id) FROM dashboard_portfolio), 0)
      FROM dashboard_portfolio"""
BETWEEN: Final = " WHERE id >= %s AND id < %s"
REVISIONS: Final = "SELECT id, user_id, revision FROM dashboard_portfolio"
POSITIONS: Final = """
    SELECT f.user_id, f.id, f.revision, f.currency, p.asset_id, CAST(p.quantity AS {real}){more}
      FROM dashboard_portfolio f JOIN dashboard_position p ON p.portfolio_id = f.id
     WHERE f.user_id IN ({owners}) ORDER BY f.user_id"""
MONEY_TOO: Final = """,
           CAST(p.cost AS {real}), CAST(p.realised AS {real}), CAST(p.income AS {real}), CAST(p.fees AS {real}),
           CAST(p.ever_invested AS {real}), CAST(p.exchanged AS text)"""
QUANTITIES: Final = """
    SELECT f.user_id, p.portfolio_id, f.revision, p.asset_id, {quantity}
      FROM dashboard_portfolio f JOIN dashboard_position p ON p.portfolio_id = f.id
     WHERE f.user_id IN ({owners})"""
ALIVE: Final = """
    SELECT id FROM notifications_reminder
     WHERE id IN ({ids}) AND active AND (expires_at IS NULL OR expires_at > %s)
       AND NOT (arming = 'fired' AND repeat = 'once')"""
QUOTES: Final = """
    SELECT q.asset_id, a.symbol, q.source, q.sequence, {as_of}, {price}, {low}, {high}, {lowest}, {highest}
      FROM dashboard_marketquote q JOIN dashboard_asset a ON a.id = q.asset_id
      LEFT JOIN dashboard_pricesample s ON s.asset_id = q.asset_id AND s.at = q.as_of AND s.step = 0
     WHERE q.sequence > %s"""
AMOUNT: Final = {"sqlite": "{}", "postgresql": "trim_scale({})"}
TIME: Final = {"sqlite": "CAST({} AS text)", "postgresql": "(EXTRACT(EPOCH FROM {}) * 1000000)::bigint"}
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
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


class StoredQuote(NamedTuple):
    """What the market's state says of an asset, in USD; `low` and `high` of 24 hours are the source's.

    `lowest` and `highest` are what its sample holds beside the price, where it holds more.
    """

    asset: str
    symbol: str
    source: str
    sequence: int
    as_of: datetime | None
    price: Decimal | None
    low: Decimal | None
    high: Decimal | None
    lowest: Decimal | None
    highest: Decimal | None


def quotes_since(sequence: int) -> list[StoredQuote]:
    """Those with a higher number; on a lively day that is every quote at each tick."""
    amount, time = AMOUNT[connection.vendor].format, TIME[connection.vendor].format
    question = QUOTES.format(
        as_of=time("q.as_of"),
        price=amount("q.price"),
        low=amount("q.low_24h"),
        high=amount("q.high_24h"),
        lowest=amount("s.low"),
        highest=amount("s.high"),
    )
    return [
        StoredQuote(
            asset,
            symbol,
            source,
            number,
            moment(as_of),
            decimal(price),
            decimal(low),
            decimal(high),
            decimal(lowest),
            decimal(highest),
        )
        for asset, symbol, source, number, as_of, price, low, high, lowest, highest in rows(question, sequence)
    ]


def moment(at: str | int | None) -> datetime | None:
    """From Django's text on SQLite, from microseconds on PostgreSQL."""
    if isinstance(at, str):
        return datetime.fromisoformat(f"{at}+00:00")
    return None if at is None else EPOCH + timedelta(microseconds=at)


def decimal(amount: Any) -> Decimal | None:
    return None if amount is None else Decimal(amount)


def quantities_of(owners: Iterable[int]) -> Iterator[tuple[int, int, int, str, Decimal]]:
    """Owner, portfolio, its revision, asset, and how much of it is held."""
    question = QUANTITIES.format(quantity=AMOUNT[connection.vendor].format("p.quantity"), owners=listed(owners))
    for owner, portfolio, revision, asset, quantity in rows(question):
        yield owner, portfolio, revision, asset, Decimal(quantity)


def alive_of(reminders: Iterable[int], now: datetime) -> list[int]:
    """Those that can still fire or arm again."""
    at = connection.ops.adapt_datetimefield_value(now)
    return [pk for (pk,) in rows(ALIVE.format(ids=listed(reminders)), at)]


def listed(numbers: Iterable[int]) -> str:
    """Written out: a driver takes longer to fill in many parameters than a database takes to find their rows."""
    return ", ".join(str(int(number)) for number in numbers)


def exchanged(text: str) -> dict[str, float]:
    return {} if text == "{}" else {asset: float(amount) for asset, amount in json.loads(text).items()}


def stored_prices() -> dict[str, float]:
    return dict(rows(PRICES.format(real=REAL[connection.vendor])))


def rows(question: str, *parameters: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(question, parameters or None)
        return cursor.fetchall()
