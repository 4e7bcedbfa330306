"""From stored transactions to the ledger and back: rows become entries in the portfolio's currency, the ledger's
standings become figures with issues in words.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import Q
from django.utils.translation import gettext, gettext_noop

from accounts import locales
from accounts.currencies import MONEY
from dashboard.ledger.effects import UNPRICED
from dashboard.ledger.entry import LAST_PLACE, ZERO, Entry, Kind, stored_entry
from dashboard.ledger.standing import Flag, Issue, Standing
from dashboard.market.currencies import ratio
from dashboard.market.history import Past
from dashboard.models import Asset, Import, Portfolio, Transaction
from dashboard.money import LIMIT, WIDE, plain


@dataclass(frozen=True, slots=True)
class Posted:
    """What the ledger says of one asset, and what its owner should know about that, as Position.issues holds it."""

    standing: Standing
    issues: tuple[dict[str, object], ...]


def with_issues(portfolio: Portfolio, standings: Mapping[str, Standing]) -> Mapping[str, Posted]:
    """The standings with their issues in words."""
    alike = {asset: by_issue(standing.flags) for asset, standing in standings.items()}
    told = {flag.entry for found in alike.values() for flags in found.values() for flag in flags[:MOST_ISSUES]}
    times = dict(portfolio.transactions.filter(pk__in=told).values_list("pk", "timestamp")) if told else {}
    symbols = dict(Asset.objects.filter(pk__in=standings).values_list("pk", "symbol"))
    return {
        asset: Posted(standing, tuple(issues_of(alike[asset], times, symbols[asset])))
        for asset, standing in standings.items()
    }


def connected(portfolio: Portfolio, assets: Collection[str]) -> set[str]:
    """`assets` and all whose figures hang together with theirs: a migration carries cost from one to the other.

    Those have to be posted together; between any others only values pass, which every entry states itself.
    """
    return set().union(*groups_of(portfolio, assets))


def groups_of(
    portfolio: Portfolio, assets: Collection[str], more: Iterable[tuple[str, str | None]] = ()
) -> list[frozenset[str]]:
    """What is `connected` with `assets`, in groups between which nothing is; `more` are pairs that will be."""
    pairs = portfolio.transactions.filter(type=Kind.MIGRATE.value).values_list("asset_id", "counter_asset_id")
    neighbours: dict[str, set[str]] = {}
    for one, other in [*pairs.distinct(), *more]:
        if other is not None:
            neighbours.setdefault(one, set()).add(other)
            neighbours.setdefault(other, set()).add(one)
    groups: list[frozenset[str]] = []
    left = set(assets)
    while left:
        reached = new = {left.pop()}
        while new:
            new = {asset for one in new for asset in neighbours.get(one, ())} - reached
            reached = reached | new
        groups.append(frozenset(reached))
        left -= reached
    return groups


class Facts(NamedTuple):
    """What an entry is made of; thousands of these are read faster than rows with all that those can do."""

    pk: int
    timestamp: datetime
    type: str
    wallet: str
    asset_id: str
    amount: Decimal
    counter_asset_id: str | None
    counter_amount: Decimal | None
    fee_asset_id: str | None
    fee_amount: Decimal | None
    price: Decimal | None
    price_currency: str
    to_wallet: str
    value_override: Decimal | None
    fee_value: Decimal | None


def entries_after(
    portfolio: Portfolio,
    assets: Collection[str] | None,
    after: datetime | None,
    past: Past,
    *,
    before: datetime | None = None,
    without: Import | None = None,
    chunk_size: int = 5000,
) -> Iterator[Entry]:
    """The entries that touch `assets` (None: all), by time: those later than `after` and earlier than `before`, where
    these are given, and but for those that came `without`."""
    rows = portfolio.transactions.all()
    if without is not None:
        rows = rows.exclude(source_import=without)
    if assets is not None:
        rows = rows.filter(Q(asset__in=assets) | Q(counter_asset__in=assets) | Q(fee_asset__in=assets))
    if after is not None:
        rows = rows.filter(timestamp__gt=after)
    if before is not None:
        rows = rows.filter(timestamp__lt=before)
    found = rows.order_by("timestamp", "id").values_list(*Facts._fields).iterator(chunk_size=chunk_size)
    return (entry_of(Facts._make(facts), past) for facts in found)


def entry_of(row: Transaction | Facts, past: Past) -> Entry:
    """The row with its money in the currency of `past`, at the rate of its own day; None where nobody knows a value.

    A trade of the very coin that is counted in says its rate itself.
    """
    kind, own, coin = KINDS[row.type], past.exchange.code, past.exchange.coin
    stated, currency, fee_asset = row.value_override, row.price_currency, row.fee_asset_id
    value = basis = None
    if kind in BASED:
        basis = stated
    else:
        value = stated
    if value is None and row.price is not None:
        value = rounded(WIDE.multiply(row.price, row.amount))
    trade_rate = None
    if currency != own:
        told = told_by_itself(row, kind, coin) if coin is not None else None
        trade_rate = ratio(told, value)
        value = converted(value, currency, row, past) if told is None else told
        basis = converted(basis, currency, row, past)
    fee_in_coins = fee_asset if fee_asset not in MONEY else None
    fee, unknown_fee = row.fee_amount or ZERO, None
    if fee and not fee_in_coins and (fee_asset or currency) != own:
        if trade_rate is not None and fee_asset in (None, currency):
            fee = rounded(WIDE.multiply(fee, trade_rate))
        else:
            fee = converted(fee, fee_asset or currency, row, past)
        if fee is None:
            fee, unknown_fee = ZERO, ZERO
    if value is None and (kind in VALUED or (kind in BASED and basis is None)):
        value = looked_up(row, past)
    return stored_entry(
        row.pk,
        row.timestamp,
        kind,
        row.asset_id,
        row.amount,
        row.wallet,
        value,
        basis,
        row.counter_asset_id,
        row.counter_amount,
        fee_in_coins,
        fee,
        fee_value(row, fee_in_coins, fee, value, past) if fee and fee_in_coins else unknown_fee,
        row.to_wallet,
    )


def told_by_itself(row: Transaction | Facts, kind: Kind, coin: str) -> Decimal | None:
    """What the row is worth in the coin that is counted in, where it moves that very coin; None where it does not."""
    if kind not in VALUED and (kind not in BASED or row.value_override is not None):
        return None
    return row.amount if row.asset_id == coin else row.counter_amount if row.counter_asset_id == coin else None


KINDS = {kind.value: kind for kind in Kind}
BASED = frozenset({Kind.DEPOSIT, Kind.GIFT_IN, Kind.ADJUST})
"""Kinds whose stated value of the whole is the cost to their owner."""
VALUED = frozenset({Kind.BUY, Kind.SELL, Kind.SWAP, Kind.REWARD, Kind.SPEND, Kind.FEE})
"""Kinds that need to know what the coins were worth at the time; so do those in BASED without a cost."""


def converted(money: Decimal | None, code: str, row: Transaction | Facts, past: Past) -> Decimal | None:
    """`money` of that currency at the rate of the day; None where none is known, or it makes more than can be kept."""
    rate = None if money is None else past.exchange.rate(code, row.timestamp)
    if money is None or rate is None:
        return None
    value = WIDE.multiply(money, rate)
    return rounded(value) if value < LIMIT else None


def rounded(money: Decimal) -> Decimal:
    return money.quantize(LAST_PLACE, context=WIDE)


def looked_up(row: Transaction | Facts, past: Past) -> Decimal | None:
    """The value of the main leg by the stored prices of the day; of a swap either leg tells it."""
    if row.type == Kind.ADJUST:
        return None
    value = past.worth(row.asset_id, row.amount, row.timestamp)
    if value is None and row.counter_asset_id and row.counter_amount:
        value = past.worth(row.counter_asset_id, row.counter_amount, row.timestamp)
    return value


def fee_value(row: Transaction | Facts, coin: str, fee: Decimal, value: Decimal | None, past: Past) -> Decimal | None:
    """What a fee in coins was worth: as stated, else by the stored prices; None where the entry's own value tells, or
    nothing does."""
    stated = row.fee_value
    if stated is not None and row.price_currency != past.exchange.code:
        stated = converted(stated, row.price_currency, row, past)
    if stated is not None:
        return stated
    if value is not None and coin in {row.asset_id, row.counter_asset_id} and row.type not in UNPRICED:
        return None
    return past.worth(coin, fee, row.timestamp)


SENTENCES = {
    Issue.OVERSOLD: gettext_noop("On {day} {quantity} {symbol} more left than you had; add the missing purchase."),
    Issue.ASSUMED_BASIS: gettext_noop(
        "The cost of what came in on {day} is not known: its value of that day was assumed."
    ),
    Issue.NO_VALUE: gettext_noop(
        "What the transaction of {day} was worth is not known: it counts as zero. Add a value."
    ),
    Issue.WALLET_SHORT: gettext_noop(
        "On {day} {wallet} went {quantity} {symbol} below zero; a transfer is probably missing."
    ),
    Issue.ADJUSTED: gettext_noop("The count was corrected on {day}."),
}


MOST_ISSUES = 20
"""So many of one kind are told of one by one: a long history can hold thousands."""


def by_issue(flags: Iterable[Flag]) -> Mapping[Issue, list[Flag]]:
    alike: dict[Issue, list[Flag]] = {}
    for flag in flags:
        alike.setdefault(flag.issue, []).append(flag)
    return alike


def issues_of(
    alike: Mapping[Issue, list[Flag]], times: Mapping[int, datetime], symbol: str
) -> Iterator[dict[str, Any]]:
    """What the owner should know: the first few of each kind, the last of them saying how many more there are."""
    for flags in alike.values():
        first = [issue(flag, times[flag.entry], symbol) for flag in flags[:MOST_ISSUES]]
        if more := len(flags) - len(first):
            first[-1]["facts"] |= {"more": more}
        yield from first


def issue(flag: Flag, at: datetime, symbol: str) -> dict[str, Any]:
    """What is kept with a position: what it is about, and the facts from which `told` makes a sentence."""
    facts = {
        "at": at.date().isoformat(),
        "quantity": plain(flag.quantity) if flag.quantity is not None else "",
        "symbol": symbol.upper(),
        "wallet": flag.wallet or "",
    }
    return {"code": flag.issue.value, "transaction": flag.entry, "facts": facts}


def told(kept: Mapping[str, Any]) -> str:
    """The sentence for people of an issue as it is kept, in the language and the manner of who reads it."""
    if "facts" not in kept:  # was written before facts were kept
        return str(kept["text"])
    facts = kept["facts"]
    text = gettext(SENTENCES[Issue(kept["code"])]).format(
        day=locales.day(date.fromisoformat(facts["at"])),
        quantity=locales.localised(facts["quantity"]),
        symbol=facts["symbol"],
        wallet=facts["wallet"] or gettext("a wallet"),
    )
    if more := facts.get("more"):
        text += " " + gettext("The same is true of %(more)s more.") % {"more": locales.localised(f"{more:,}")}
    return text
