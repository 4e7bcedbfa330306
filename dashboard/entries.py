"""From stored transactions to the ledger and back: rows become entries in the portfolio's currency, the ledger's
standings become figures with issues in words.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, localcontext

from django.db.models import Q

from accounts.currencies import CURRENCIES
from dashboard.ledger.book import post
from dashboard.ledger.entry import Entry, Kind
from dashboard.ledger.methods import Method, Scope
from dashboard.ledger.standing import Flag, Issue, Standing
from dashboard.market import currencies
from dashboard.models import Asset, Portfolio, Transaction
from dashboard.money import WIDE, plain


@dataclass(frozen=True, slots=True)
class Posted:
    """What the ledger says of one asset, and what its owner should know about that, as Position.issues holds it."""

    standing: Standing
    issues: tuple[dict[str, object], ...]


def post_assets(portfolio: Portfolio, assets: Collection[str]) -> Mapping[str, Posted]:
    """The standing of each of `assets` that any transaction of the portfolio moves."""
    rows = {row.pk: row for row in rows_touching(portfolio, assets)}
    entries = [entry_of(row, portfolio.currency) for row in rows.values()]
    book = post(entries, method=Method(portfolio.method), scope=Scope(portfolio.lot_scope))
    symbols = dict(Asset.objects.filter(pk__in=assets).values_list("pk", "symbol"))
    return {
        asset: Posted(standing, tuple(issue(flag, rows[flag.entry], symbols[asset]) for flag in standing.flags))
        for asset, standing in book.standings.items()
        if asset in assets
    }


def connected(portfolio: Portfolio, assets: Collection[str]) -> set[str]:
    """`assets` and all whose figures hang together with theirs: a migration carries cost from one to the other.

    Those have to be posted together; between any others only values pass, which every entry states itself.
    """
    pairs = portfolio.transactions.filter(type=Kind.MIGRATE.value).values_list("asset_id", "counter_asset_id")
    neighbours: dict[str, set[str]] = {}
    for one, other in pairs.distinct():
        if other is not None:
            neighbours.setdefault(one, set()).add(other)
            neighbours.setdefault(other, set()).add(one)
    reached, new = set(assets), set(assets)
    while new:
        new = {asset for one in new for asset in neighbours.get(one, ())} - reached
        reached |= new
    return reached


def rows_touching(portfolio: Portfolio, assets: Collection[str]) -> Iterable[Transaction]:
    wanted = Q(asset__in=assets) | Q(counter_asset__in=assets) | Q(fee_asset__in=assets)
    return portfolio.transactions.filter(wanted).order_by("timestamp", "id").iterator(chunk_size=5000)


def entry_of(row: Transaction, currency: str) -> Entry:
    """The row with its money in `currency` at the rate of its own day; a value that nobody knows is None."""
    rate = rate_at(row.price_currency, currency, row)
    fee_is_money = row.fee_asset_id is None or row.fee_asset_id in CURRENCIES
    fee = row.fee_amount or Decimal(0)
    with localcontext(WIDE):
        stated = row.value_override
        if stated is None and row.price is not None:
            stated = row.price * row.amount
        value = None if stated is None or rate is None else stated * rate
        if fee and fee_is_money:
            fee *= rate_at(row.fee_asset_id or row.price_currency, currency, row) or 0
        return Entry(
            id=row.pk,
            at=row.timestamp,
            kind=Kind(row.type),
            asset=row.asset_id,
            amount=row.amount,
            wallet=row.wallet,
            value=value,
            counter_asset=row.counter_asset_id,
            counter_amount=row.counter_amount,
            fee_asset=None if fee_is_money else row.fee_asset_id,
            fee_amount=fee,
            fee_value=None if fee_is_money else coin_fee_value(row, fee, value),
            to_wallet=row.to_wallet,
        )


def rate_at(code: str, currency: str, row: Transaction) -> Decimal | None:
    return Decimal(1) if code == currency else currencies.rate(code, currency, row.timestamp)


def coin_fee_value(row: Transaction, fee: Decimal, value: Decimal | None) -> Decimal | None:
    """What a fee in coins was worth, where the transaction's own price tells."""
    if value is None:
        return None
    if row.fee_asset_id == row.asset_id:
        return value / row.amount * fee
    if row.fee_asset_id == row.counter_asset_id and row.counter_amount:
        return value / row.counter_amount * fee
    return None


SENTENCES = {
    Issue.OVERSOLD: "On {day} {quantity} {symbol} more left than you had; add the missing purchase.",
    Issue.ASSUMED_BASIS: "The cost of what came in on {day} is not known: its value of that day was assumed.",
    Issue.NO_VALUE: "What the transaction of {day} was worth is not known: it counts as zero. Add a value.",
    Issue.WALLET_SHORT: "On {day} {wallet} went {quantity} {symbol} below zero; a transfer is probably missing.",
    Issue.ADJUSTED: "The count was corrected on {day}.",
}


def issue(flag: Flag, row: Transaction, symbol: str) -> dict[str, object]:
    text = SENTENCES[flag.issue].format(
        day=row.timestamp.strftime("%-d %b %Y"),
        quantity=plain(flag.quantity) if flag.quantity is not None else "",
        symbol=symbol.upper(),
        wallet=flag.wallet or "a wallet",
    )
    return {"code": flag.issue.value, "transaction": flag.entry, "text": text}
