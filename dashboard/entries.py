"""From stored transactions to the ledger and back: rows become entries in the portfolio's currency, the ledger's
standings become figures with issues in words.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, localcontext

from django.db.models import Q

from accounts.currencies import CURRENCIES
from dashboard.ledger.book import post
from dashboard.ledger.effects import UNPRICED
from dashboard.ledger.entry import ZERO, Entry, Kind
from dashboard.ledger.methods import Method, Scope
from dashboard.ledger.standing import Flag, Issue, Standing
from dashboard.market.history import Past
from dashboard.models import Asset, Portfolio, Transaction
from dashboard.money import LIMIT, WIDE, plain


@dataclass(frozen=True, slots=True)
class Posted:
    """What the ledger says of one asset, and what its owner should know about that, as Position.issues holds it."""

    standing: Standing
    issues: tuple[dict[str, object], ...]


def post_assets(portfolio: Portfolio, assets: Collection[str]) -> Mapping[str, Posted]:
    """The standing of each of `assets` that any transaction of the portfolio moves."""
    rows = {row.pk: row for row in rows_touching(portfolio, assets)}
    past = Past(portfolio.currency)
    entries = [entry_of(row, past) for row in rows.values()]
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


def entry_of(row: Transaction, past: Past) -> Entry:
    """The row with its money in the currency of `past`, at the rate of its own day; None where nobody knows a value."""
    kind, rate = Kind(row.type), past.exchange.rate
    fee_in_coins = row.fee_asset_id if row.fee_asset_id not in CURRENCIES else None
    fee = row.fee_amount or ZERO
    with localcontext(WIDE):
        per_unit, whole = row.price, row.value_override
        basis = None
        if kind in BASED:
            basis, whole = whole, None
        value = whole if whole is not None or per_unit is None else per_unit * row.amount
        if row.price_currency != past.exchange.code and (value is not None or basis is not None):
            at_rate = rate(row.price_currency, row.timestamp)
            value = None if value is None or at_rate is None else bounded(value * at_rate)
            basis = None if basis is None or at_rate is None else bounded(basis * at_rate)
        if fee and not fee_in_coins:
            fee = bounded(fee * (rate(row.fee_asset_id or row.price_currency, row.timestamp) or ZERO)) or ZERO
        if value is None and (kind in VALUED or (kind in BASED and basis is None)):
            value = looked_up(row, past)
        return Entry(
            id=row.pk,
            at=row.timestamp,
            kind=kind,
            asset=row.asset_id,
            amount=row.amount,
            wallet=row.wallet,
            value=value,
            basis=basis,
            counter_asset=row.counter_asset_id,
            counter_amount=row.counter_amount,
            fee_asset=fee_in_coins,
            fee_amount=fee,
            fee_value=fee_value(row, fee_in_coins, fee, value, past) if fee and fee_in_coins else None,
            to_wallet=row.to_wallet,
        )


BASED = frozenset({Kind.DEPOSIT, Kind.GIFT_IN, Kind.ADJUST})
"""Kinds whose stated value of the whole is the cost to their owner."""
VALUED = frozenset({Kind.BUY, Kind.SELL, Kind.SWAP, Kind.REWARD, Kind.SPEND, Kind.FEE})
"""Kinds that need to know what the coins were worth at the time; so do those in BASED without a cost."""


def bounded(value: Decimal) -> Decimal | None:
    """`value`, unless another currency makes it larger than can be kept: then it counts as unknown."""
    return value if value < LIMIT else None


def looked_up(row: Transaction, past: Past) -> Decimal | None:
    """The value of the main leg by the stored prices of the day; of a swap either leg tells it."""
    if row.type == Kind.ADJUST:
        return None
    value = past.worth(row.asset_id, row.amount, row.timestamp)
    if value is None and row.counter_asset_id and row.counter_amount:
        value = past.worth(row.counter_asset_id, row.counter_amount, row.timestamp)
    return value


def fee_value(row: Transaction, coin: str, fee: Decimal, value: Decimal | None, past: Past) -> Decimal | None:
    """What a fee in coins was worth by the stored prices; None where the entry's own value tells, or nothing does."""
    if value is not None and coin in {row.asset_id, row.counter_asset_id} and row.type not in UNPRICED:
        return None
    return past.worth(coin, fee, row.timestamp)


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
