"""Selectors: do a portfolio's figures add up, and where does everything lie? What pages show of that is read from what
is kept; `replayed` posts all transactions anew, which takes its time and is asked for by name.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, localcontext

from django.utils.translation import gettext

from dashboard.entries import entries_after
from dashboard.kinds import WORDINGS
from dashboard.ledger.book import Book, post
from dashboard.ledger.entry import EXACT, ZERO, Entry
from dashboard.ledger.keeping import FIGURES
from dashboard.ledger.methods import Method, Scope
from dashboard.ledger.returns import first_break, gap
from dashboard.ledger.standing import Standing
from dashboard.market.history import Past
from dashboard.models import Asset, Portfolio, Position
from dashboard.money import quantize


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


def quick_fault(portfolio: Portfolio) -> Fault | None:
    """The first of the kept figures that don't add up, or whose quantity isn't that of the wallets together."""
    for position in portfolio.positions.select_related("asset").order_by("asset"):
        if fault := kept_fault(position):
            return fault
    return None


def kept_fault(position: Position) -> Fault | None:
    asset = position.asset
    if missed := gap(position):
        return Fault(asset.pk, asset.symbol, missed)
    with localcontext(EXACT):
        apart = position.quantity - sum(map(Decimal, (position.balances or {}).values()), ZERO)
    return Fault(asset.pk, asset.symbol, apart) if apart and position.balances is not None else None


def wallets_of(portfolio: Portfolio) -> tuple[Wallet, ...]:
    """Where everything lies, as it was written down when the figures were made; else by a replay."""
    kept: dict[str, dict[str, str] | None] = dict(portfolio.positions.values_list("asset_id", "balances"))
    if None in kept.values():
        return wallets({asset: standing.balances for asset, standing in replayed(portfolio).standings.items()})
    return wallets({asset: {w: Decimal(q) for w, q in found.items()} for asset, found in kept.items() if found})


def wallets(balances: Mapping[str, Mapping[str, Decimal]]) -> tuple[Wallet, ...]:
    names = names_of(balances)
    by_wallet: dict[str, list[Balance]] = {}
    for asset, found in balances.items():
        symbol, name = names.get(asset, (asset, asset))
        for wallet, quantity in found.items():
            if quantity:
                by_wallet.setdefault(wallet, []).append(Balance(asset, symbol, name, quantity))
    ordered = sorted(by_wallet.items(), key=lambda item: (not item[0], item[0].lower()))
    return tuple(Wallet(name, tuple(sorted(held, key=lambda b: b.name.lower()))) for name, held in ordered)


def replayed(portfolio: Portfolio) -> Book:
    """The book of all transactions of the portfolio."""
    entries = entries_after(portfolio, None, None, Past(portfolio.currency))
    return post(entries, method=Method(portfolio.method), scope=Scope(portfolio.lot_scope))


def fault_in(portfolio: Portfolio, book: Book) -> Fault | None:
    """The first fault of a whole book; None where every figure adds up, and is what the positions say."""
    names = names_of(book.standings)
    if broken := first_break(book):
        symbol = names.get(broken.asset, (broken.asset, ""))[0]
        return break_at(broken.entry, broken.asset, symbol, broken.gap)
    kept = {position.asset_id: position for position in Position.objects.filter(portfolio=portfolio)}
    for asset in sorted(book.standings.keys() | kept.keys()):
        symbol = names.get(asset, (asset, ""))[0]
        if stray := strayed(asset, symbol, book.standings.get(asset), kept.get(asset)):
            return stray
    return None


def break_at(entry: Entry, asset: str, symbol: str, gap: Decimal) -> Fault:
    return Fault(asset, symbol, gap, entry.id, entry.at, gettext(WORDINGS[entry.kind].label))


def strayed(asset: str, symbol: str, standing: Standing | None, kept: Position | Standing | None) -> Fault | None:
    """A fault where a figure or a balance that is kept is not what the transactions make it."""
    for figure in FIGURES:
        apart = quantize(getattr(standing, figure, ZERO)) - quantize(getattr(kept, figure, ZERO))
        if apart:
            return Fault(asset, symbol, apart)
    if kept is None or kept.balances is None:
        return None
    lying = standing.balances if standing else {}
    for wallet in sorted(lying.keys() | kept.balances.keys()):
        if apart := lying.get(wallet, ZERO) - Decimal(kept.balances.get(wallet, ZERO)):
            return Fault(asset, symbol, apart)
    return None


def names_of(assets: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Ticker and name of each asset."""
    found = Asset.objects.in_bulk(list(assets))
    return {pk: (asset.symbol, asset.name) for pk, asset in found.items()}
