"""Selectors: the book of a portfolio, posted anew from its transactions for whoever wants to look behind its figures.

Pages that only show figures read positions, which are kept; what is here replays history and is asked for by name.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from dashboard.entries import connected, entry_of, rows_touching
from dashboard.ledger.book import Book, post
from dashboard.ledger.entry import ZERO
from dashboard.ledger.methods import Method, Scope
from dashboard.ledger.returns import first_break
from dashboard.ledger.standing import Standing
from dashboard.market.history import Past
from dashboard.models import Asset, Portfolio, Position, Transaction
from dashboard.money import quantize

MANY = 5000
"""With more transactions than this an examination would keep a page waiting."""
FIGURES = ("quantity", "cost", "realised", "income", "fees", "invested")


@dataclass(frozen=True, slots=True)
class Books:
    """A portfolio's book and the transactions that it was posted from, by id."""

    portfolio: Portfolio
    book: Book
    rows: dict[int, Transaction]


@dataclass(frozen=True, slots=True)
class Fault:
    """Where R + U + I - E = V - N fails first, or which asset's kept figures are not those of its transactions (then
    no transaction is named)."""

    asset: str
    symbol: str
    gap: Decimal
    transaction: int | None = None
    at: datetime | None = None
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Balance:
    """How much of an asset lies in a wallet; below zero where a transfer is missing."""

    asset: str
    symbol: str
    name: str
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class Wallet:
    """A wallet, "" for where none was named, and what lies in it."""

    name: str
    balances: tuple[Balance, ...]


@dataclass(frozen=True, slots=True)
class Examination:
    """What one pass over all transactions finds: do the figures add up, and where does everything lie?"""

    fault: Fault | None
    wallets: tuple[Wallet, ...]


def books_of(portfolio: Portfolio, assets: Collection[str] | None = None) -> Books:
    """The book of all assets, or of some and those whose cost hangs together with theirs; what else is in it is
    incomplete."""
    found: Iterable[Transaction]
    if assets is None:
        found = portfolio.transactions.order_by("timestamp", "id").iterator(chunk_size=5000)
    else:
        found = rows_touching(portfolio, connected(portfolio, assets))
    rows, past = {row.pk: row for row in found}, Past(portfolio.currency)
    entries = [entry_of(row, past) for row in rows.values()]
    book = post(entries, method=Method(portfolio.method), scope=Scope(portfolio.lot_scope))
    return Books(portfolio, book, rows)


def examine(portfolio: Portfolio) -> Examination:
    """The self-check and the wallets, by one pass over all transactions."""
    books = books_of(portfolio)
    return Examination(fault_in(books), wallets_in(books))


def is_quick(portfolio: Portfolio) -> bool:
    """Is an examination soon made?"""
    return portfolio.transactions.count() <= MANY


def fault_in(books: Books) -> Fault | None:
    """The first fault of a whole book; None where every figure adds up, and is what the positions say."""
    names = names_of(books.book.standings)
    if broken := first_break(books.book):
        symbol = names.get(broken.asset, (broken.asset, ""))[0]
        return break_at(books.rows[broken.entry.id], broken.asset, symbol, broken.gap)
    kept = {position.asset_id: position for position in Position.objects.filter(portfolio=books.portfolio)}
    for asset in sorted(books.book.standings.keys() | kept.keys()):
        symbol = names.get(asset, (asset, ""))[0]
        if stray := strayed(asset, symbol, books.book.standings.get(asset), kept.get(asset)):
            return stray
    return None


def break_at(row: Transaction, asset: str, symbol: str, gap: Decimal) -> Fault:
    return Fault(asset, symbol, gap, row.pk, row.timestamp, row.get_type_display())


def strayed(asset: str, symbol: str, standing: Standing | None, position: Position | None) -> Fault | None:
    """A fault where a figure that is kept is not what the transactions make it."""
    for figure in FIGURES:
        gap = quantize(getattr(standing, figure, ZERO)) - getattr(position, figure, ZERO)
        if gap:
            return Fault(asset, symbol, gap)
    return None


def wallets_in(books: Books) -> tuple[Wallet, ...]:
    names = names_of(books.book.standings)
    by_wallet: dict[str, list[Balance]] = {}
    for asset, standing in books.book.standings.items():
        symbol, name = names.get(asset, (asset, asset))
        for wallet, quantity in standing.balances.items():
            if quantity:
                by_wallet.setdefault(wallet, []).append(Balance(asset, symbol, name, quantity))
    ordered = sorted(by_wallet.items(), key=lambda item: (not item[0], item[0].lower()))
    return tuple(Wallet(name, tuple(sorted(held, key=lambda b: b.name.lower()))) for name, held in ordered)


def names_of(assets: Collection[str]) -> dict[str, tuple[str, str]]:
    """Ticker and name of each asset."""
    found = Asset.objects.in_bulk(list(assets))
    return {pk: (asset.symbol, asset.name) for pk, asset in found.items()}
