"""A standing as text and back, exactly: every figure, wallet, issue and lot, in exact decimals. The record of steps and
disposals is not kept; a standing made again begins its record anew, from the figures it has.

The first line is JSON; each line after it holds some lots of one pool. Lots are made again when their turn comes.
"""

import json
from datetime import datetime
from decimal import Decimal, localcontext
from typing import Any
from urllib.parse import quote, unquote

from dashboard.ledger.entry import EXACT
from dashboard.ledger.lots import LOTS_A_LINE, ROW_END, CountedPool, Lot, Order, Row, new_lot
from dashboard.ledger.methods import ORDERS, Method, Scope
from dashboard.ledger.standing import Standing
from dashboard.ledger.working import Flag, Issue

VERSION = 1
"""Grows with every change of the text or of what entries do; a standing kept by another version is of no use."""

FIGURES = ("quantity", "cost", "realised", "income", "fees", "invested", "ever_invested", "fees_paid")


def keep(standing: Standing, lots_a_line: int = LOTS_A_LINE) -> str:
    """The standing as text."""
    lines, pools = [], {}
    order = ORDERS[standing.method]
    with localcontext(EXACT):
        for wallet, pool in standing.pools.items():
            arrivals, texts = pool.kept(lambda row: write_row(row, order), lots_a_line)
            pools[wallet] = [str(standing.held_in(pool)), arrivals, len(texts)]
            lines += texts
    head = {
        "version": VERSION,
        "asset": standing.asset,
        "method": standing.method.value,
        "scope": (Scope.WALLET if standing.per_wallet else Scope.PORTFOLIO).value,
        "figures": [str(getattr(standing, name)) for name in FIGURES],
        "exchanged": {asset: str(amount) for asset, amount in standing.exchanged.items()},
        "balances": {wallet: str(balance) for wallet, balance in standing.balances.items()},
        "flags": [flag_fields(flag) for flag in standing.flags],
        "pools": pools,
    }
    return "\n".join([json.dumps(head, separators=(",", ":")), *lines])


def restore(text: str) -> Standing:
    """The standing that was kept. Raises ValueError for a text of another version."""
    first, *lines = text.split("\n")
    head: dict[str, Any] = json.loads(first)
    if head["version"] != VERSION:
        raise ValueError(f"kept by version {head['version']}, this is {VERSION}")
    method = Method(head["method"])
    standing = Standing(head["asset"], method, Scope(head["scope"]))
    for name, figure in zip(FIGURES, head["figures"], strict=True):
        setattr(standing, name, Decimal(figure))
    standing.exchanged = {asset: Decimal(amount) for asset, amount in head["exchanged"].items()}
    standing.balances = {wallet: Decimal(balance) for wallet, balance in head["balances"].items()}
    standing.flags = [flag_of(fields) for fields in head["flags"]]
    begin = 0
    for wallet, (quantity, arrivals, count) in head["pools"].items():
        pool = standing.pool(wallet)
        pool.refill(arrivals, lines[begin : begin + count], lambda rows: read_rows(rows, ORDERS[method]))
        if isinstance(pool, CountedPool):
            pool.quantity = Decimal(quantity)
        begin += count
    standing.forget_record()
    return standing


def flag_fields(flag: Flag) -> list[object]:
    return [flag.issue.value, flag.entry, flag.wallet, None if flag.quantity is None else str(flag.quantity)]


def flag_of(fields: list[Any]) -> Flag:
    issue, entry, wallet, quantity = fields
    return Flag(Issue(issue), entry, wallet, None if quantity is None else Decimal(quantity))


def write_row(row: Row, order: Order | None) -> str:
    """A lot of a pool. What it is sorted by is written where that no longer follows from the lot."""
    lot: Lot = row[-1]
    number = abs(row[-2])
    fields = [
        lot.acquired_at.isoformat(),
        str(lot.quantity),
        str(lot.cost),
        str(lot.entry),
        quote(lot.wallet),
        "1" if lot.assumed else "",
        str(number),
    ]
    if order is not None and isinstance(row[0], Decimal) and row[0] != order(lot, number)[0]:
        fields.append(str(row[0]))
    return ",".join(fields)


def read_rows(text: str, order: Order | None) -> list[Row]:
    """The rows of one line."""
    rows = []
    with localcontext(EXACT):
        for written in text.split(ROW_END):
            at, quantity, cost, entry, wallet, assumed, number, *key = written.split(",")
            acquired = datetime.fromisoformat(at)
            lot = new_lot(acquired, Decimal(quantity), Decimal(cost), int(entry), unquote(wallet), bool(assumed))
            row: Row = (1, lot) if order is None else order(lot, int(number))
            rows.append((Decimal(key[0]), *row[1:]) if key else row)
    return rows
