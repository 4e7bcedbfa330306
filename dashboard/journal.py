"""Selectors: transactions as their owner looks through them, newest first. Not the ledger: nothing is computed but
what one line was worth."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, localcontext

from django.core.paginator import Page, Paginator
from django.db.models import Q, QuerySet
from django.utils.translation import gettext

from accounts.models import User
from dashboard.formats import format_quantity
from dashboard.kinds import wording_of
from dashboard.ledger.entry import Kind
from dashboard.models import Asset, Portfolio, Transaction
from dashboard.money import WIDE

PAGE_SIZE = 50
SHOWN = ("asset", "counter_asset", "fee_asset", "portfolio")
"""What a line shows besides the transaction itself."""


@dataclass(frozen=True, slots=True)
class Line:
    """A transaction and what it was worth without its fee, in its own currency; None where nobody knows."""

    transaction: Transaction
    worth: Decimal | None

    @property
    def label(self) -> str:
        """The kind in plain words."""
        return gettext(wording_of(self.transaction.type).label)

    @property
    def sign(self) -> str:
        return wording_of(self.transaction.type).sign

    @property
    def is_counted(self) -> bool:
        """Whether the amount counts coins; that of a dividend is money."""
        return self.transaction.type != Kind.DIVIDEND


def transactions_of(
    user: User, *, words: str = "", kind: str = "", portfolio: Portfolio | None = None, asset_id: str = ""
) -> QuerySet[Transaction]:
    """The user's transactions whose coin, wallet or note holds every one of `words`, newest first."""
    own = [portfolio.pk] if portfolio else list(Portfolio.objects.of(user).values_list("pk", flat=True))
    found = Transaction.objects.filter(portfolio__in=own).newest_first()
    for word in words.split()[:8]:
        coins = Asset.objects.filter(Q(name__icontains=word) | Q(symbol__iexact=word)).values("pk")
        found = found.filter(
            Q(asset__in=coins)
            | Q(counter_asset__in=coins)
            | Q(wallet__icontains=word)
            | Q(to_wallet__icontains=word)
            | Q(note__icontains=word)
        )
    if kind:
        found = found.filter(type=kind)
    return found.touching(asset_id) if asset_id else found


def page_of(found: QuerySet[Transaction], number: str | None) -> Page[int]:
    """One page of their numbers; a page number that makes no sense means the nearest page that does."""
    return Paginator(numbers_of(found), PAGE_SIZE).get_page(number)


def numbers_of(found: QuerySet[Transaction]) -> QuerySet[Transaction, int]:
    """Their numbers alone, which are counted off along an index, as whole rows are not."""
    return found.values_list("pk", flat=True)


def rows_numbered(numbers: Iterable[int]) -> list[Transaction]:
    """The transactions of these numbers, in their order, with all that a line of the list shows."""
    wanted = list(numbers)
    rows = Transaction.objects.select_related(*SHOWN).in_bulk(wanted)
    return [rows[number] for number in wanted if number in rows]


def lines_of(rows: Iterable[Transaction]) -> list[Line]:
    with localcontext(WIDE):
        return [Line(row, worth_of(row)) for row in rows]


def worth_of(row: Transaction) -> Decimal | None:
    if row.value_override is not None:
        return row.value_override
    return None if row.price is None else row.price * row.amount


def in_words(row: Transaction) -> str:
    """What somebody did, as part of a sentence: `swapped 1 ETH for 0.05 BTC`."""
    coin, amount = row.asset.symbol.upper(), format_quantity(row.amount)
    got = f"{format_quantity(row.counter_amount)} {row.counter_asset.symbol.upper()}" if row.counter_asset else ""
    return gettext(wording_of(row.type).past).format(
        main=f"{amount} {coin}",
        other=got,
        coin=coin,
        amount=amount,
        currency=row.price_currency.upper(),
        to_wallet=row.to_wallet,
    )


def wallets_of(user: User) -> list[str]:
    """The names of wallets the user has written before, to choose from."""
    rows = Transaction.objects.of(user).order_by()
    names = {name for field in ("wallet", "to_wallet") for name in rows.values_list(field, flat=True).distinct()[:200]}
    return sorted(names - {""})
