"""Selectors: transactions as their owner looks through them, newest first. Not the ledger: nothing is computed but
what one line was worth."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, localcontext

from django.core.paginator import Page, Paginator
from django.db.models import Q, QuerySet

from accounts.models import User
from dashboard.models import Portfolio, Transaction
from dashboard.money import WIDE

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class Line:
    """A transaction and what it was worth without its fee, in its own currency; None where nobody knows."""

    transaction: Transaction
    worth: Decimal | None


def transactions_of(
    user: User, *, words: str = "", kind: str = "", portfolio: Portfolio | None = None, asset_id: str = ""
) -> QuerySet[Transaction]:
    """The user's transactions whose coin, wallet or note holds every one of `words`, newest first."""
    found = Transaction.objects.of(user).select_related("asset", "fee_asset", "portfolio").newest_first()
    for word in words.split()[:8]:
        found = found.filter(
            Q(asset__name__icontains=word)
            | Q(asset__symbol__iexact=word)
            | Q(wallet__icontains=word)
            | Q(note__icontains=word)
        )
    if kind:
        found = found.filter(type=kind)
    if portfolio:
        found = found.filter(portfolio=portfolio)
    return found.touching(asset_id) if asset_id else found


def page_of(found: QuerySet[Transaction], number: str | None) -> Page[Transaction]:
    """One page of them; a number that makes no sense means the nearest page that does."""
    return Paginator(found, PAGE_SIZE).get_page(number)


def lines_of(rows: Iterable[Transaction]) -> list[Line]:
    with localcontext(WIDE):
        return [Line(row, worth_of(row)) for row in rows]


def worth_of(row: Transaction) -> Decimal | None:
    if row.value_override is not None:
        return row.value_override
    return None if row.price is None else row.price * row.amount


def wallets_of(user: User) -> list[str]:
    """The names of wallets the user has written before, to choose from."""
    names = Transaction.objects.of(user).exclude(wallet="").order_by("wallet").values_list("wallet", flat=True)
    return list(names.distinct()[:200])
