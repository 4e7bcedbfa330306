"""Services: the full check of a portfolio. A worker posts all transactions anew and holds what comes of it against
everything that is kept: figures, balances, lot states, and plain sums of coins that know nothing of the ledger.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal, localcontext
from typing import Final

import structlog
from django.db import transaction as database
from django.db.models import Q, QuerySet

from dashboard import bell, clock
from dashboard.books import Fault, fault_in, names_of, strayed
from dashboard.entries import entries_after
from dashboard.ledger.book import Book, post
from dashboard.ledger.entry import EXACT, INCOMING, TWO_LEGGED, ZERO, Entry, Kind
from dashboard.ledger.methods import Method, Scope
from dashboard.ledger.standing import DUST
from dashboard.ledger.working import Flag, Issue
from dashboard.market.history import Past
from dashboard.models import LedgerCheck, LotState, Portfolio
from dashboard.money import plain
from dashboard.stretches import settled, standing_now

logger = structlog.get_logger(__name__)
TASK: Final = "dashboard.tasks.check_ledger"
LEASE: Final = timedelta(minutes=3)
OUTGOING = frozenset({Kind.SELL, Kind.WITHDRAWAL, Kind.GIFT_OUT, Kind.SPEND, Kind.LOST, Kind.FEE})


def ask(portfolio: Portfolio) -> None:
    """Have the portfolio checked by a worker, if nobody waits for that already."""
    with database.atomic():
        LedgerCheck.objects.get_or_create(portfolio=portfolio)
        if LedgerCheck.objects.filter(portfolio=portfolio, asked_at=None).update(asked_at=clock.now()):
            database.on_commit(lambda: bell.ring(TASK, [portfolio.pk]))


def sweep(now: datetime) -> None:
    """Ring for every check that waits for a worker, or whose worker is gone."""
    bell.ring(TASK, *([pk] for pk in waiting(now).values_list("pk", flat=True)[:20]))


def waiting(now: datetime) -> QuerySet[LedgerCheck]:
    nobody = Q(lease_until__isnull=True) | Q(lease_until__lte=now)
    return LedgerCheck.objects.filter(nobody, asked_at__isnull=False)


def work_on(portfolio_id: int) -> None:
    """Check the portfolio, if somebody waits for that and no other worker is at it. Ringing twice does no harm."""
    now = clock.now()
    if waiting(now).filter(pk=portfolio_id).update(lease_until=now + LEASE):
        check(Portfolio.objects.get(pk=portfolio_id))


def check(portfolio: Portfolio) -> LedgerCheck:
    """The full check, now; what came of it is kept. Its time grows with the history."""
    fault, seen = settled(portfolio, lambda: examined(portfolio))
    portfolio.refresh_from_db()
    found, _ = LedgerCheck.objects.update_or_create(
        portfolio=portfolio,
        defaults={
            "asked_at": None,
            "lease_until": None,
            "finished_at": clock.now(),
            "revision": portfolio.revision,
            "transactions": seen,
            "fault": as_json(fault) if fault else None,
        },
    )
    if fault:
        logger.error("ledger.fault", portfolio=portfolio.pk, asset=fault.asset, transaction=fault.transaction)
    return found


def examined(portfolio: Portfolio) -> tuple[Fault | None, int]:
    """The first fault, and how many transactions were looked at."""
    portfolio.refresh_from_db()
    entries = list(entries_after(portfolio, None, None, Past(portfolio.currency)))
    book = post(entries, method=Method(portfolio.method), scope=Scope(portfolio.lot_scope))
    fault = fault_in(portfolio, book) or miscounted(book, entries) or misremembered(portfolio, book)
    return fault, len(entries)


def miscounted(book: Book, entries: Sequence[Entry]) -> Fault | None:
    """An asset of which more or less is held than plainly came in and went out."""
    with localcontext(EXACT):
        came, went = plain_sums(entries)
        names = names_of(book.standings)
        for asset, standing in sorted(book.standings.items()):
            apart = standing.quantity - came.get(asset, ZERO) + went.get(asset, ZERO)
            if abs(apart) > went.get(asset, ZERO) * DUST and is_plain(standing.flags, asset, entries):
                return Fault(asset, names.get(asset, (asset, ""))[0], apart)
    return None


def plain_sums(entries: Iterable[Entry]) -> tuple[dict[str, Decimal], dict[str, Decimal]]:
    """How much of each asset came in, and how much left."""
    came: dict[str, Decimal] = {}
    went: dict[str, Decimal] = {}
    for entry in entries:
        if entry.kind in INCOMING:
            came[entry.asset] = came.get(entry.asset, ZERO) + entry.amount
        elif entry.kind in OUTGOING or entry.kind in TWO_LEGGED:
            went[entry.asset] = went.get(entry.asset, ZERO) + entry.amount
        if entry.counter_asset and entry.counter_amount:
            came[entry.counter_asset] = came.get(entry.counter_asset, ZERO) + entry.counter_amount
        if entry.fee_asset:
            went[entry.fee_asset] = went.get(entry.fee_asset, ZERO) + entry.fee_amount
    return came, went


def is_plain(flags: Iterable[Flag], asset: str, entries: Iterable[Entry]) -> bool:
    """Can what is held be told by adding up? Not after a split or a correction, nor where more left than came."""
    if any(flag.issue is Issue.OVERSOLD for flag in flags):
        return False
    return not any(entry.asset == asset and entry.kind in (Kind.SPLIT, Kind.ADJUST) for entry in entries)


def misremembered(portfolio: Portfolio, book: Book) -> Fault | None:
    """An asset whose kept lot state, gone on from, makes other figures than its whole history."""
    kept = LotState.objects.filter(portfolio=portfolio).order_by("asset").values_list("asset", flat=True).distinct()
    names = names_of(book.standings)
    for asset in kept:
        now, whole = standing_now(portfolio, asset), book.standings.get(asset)
        if fault := strayed(asset, names.get(asset, (asset, ""))[0], whole, now):
            return fault
    return None


def as_json(fault: Fault) -> dict[str, object]:
    return {
        "asset": fault.asset,
        "symbol": fault.symbol,
        "gap": plain(fault.gap),
        "transaction": fault.transaction,
        "at": fault.at.isoformat() if fault.at else None,
        "kind": fault.kind,
    }


def fault_found(found: LedgerCheck) -> Fault | None:
    """The fault that a check has kept."""
    if found.fault is None:
        return None
    kept = dict(found.fault)
    at = datetime.fromisoformat(kept.pop("at")) if kept.get("at") else kept.pop("at")
    return Fault(gap=Decimal(kept.pop("gap")), at=at, **kept)
