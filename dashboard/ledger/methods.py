"""Cost-basis methods: a method says which lot leaves first, and nothing else. What a pool spans is the scope."""

from datetime import UTC, datetime
from enum import StrEnum

from dashboard.ledger.lots import CountedPool, Lot, Order, Pool, Row

FAR = datetime(9999, 12, 31, tzinfo=UTC)


class Method(StrEnum):
    FIFO = "fifo"
    LIFO = "lifo"
    HIFO = "hifo"
    AVERAGE = "average"


class Scope(StrEnum):
    """One pool per asset over the whole portfolio, or one for each wallet; then lots travel with a transfer."""

    PORTFOLIO = "portfolio"
    WALLET = "wallet"


def oldest_first(lot: Lot, number: int) -> Row:
    return lot.acquired_at, number, lot


def newest_first(lot: Lot, number: int) -> Row:
    return FAR - lot.acquired_at, -number, lot


def dearest_first(lot: Lot, number: int) -> Row:
    """By unit cost, fees included; the older of two equally dear ones."""
    return -lot.cost / lot.quantity, lot.acquired_at, number, lot


ORDERS: dict[Method, Order | None] = {
    Method.FIFO: oldest_first,
    Method.LIFO: newest_first,
    Method.HIFO: dearest_first,
    Method.AVERAGE: None,
}


def new_pool(method: Method, scope: Scope) -> Pool:
    """An empty pool whose lots leave in the order of `method`; one of several where each wallet has its own."""
    return CountedPool(ORDERS[method]) if scope is Scope.WALLET else Pool(ORDERS[method])
