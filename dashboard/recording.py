"""Services: recording, changing and deleting transactions, each in one step with the positions they make.

Pages are told on commit. Exchange rates of the past come from `dashboard.market.currencies`, which is local.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from django.db import transaction as database
from django.db.models import Count, Exists, F, Manager, Min, OuterRef, Q, QuerySet
from django.utils.translation import gettext

from accounts.currencies import COINS, MONEY
from accounts.models import User
from dashboard import clock
from dashboard.backfill.working import mark
from dashboard.checkpoints import Outlook, outlook_without, standings_of
from dashboard.drafts import Draft, DraftErrors, assets_named, check_draft
from dashboard.entries import Posted, connected, with_issues
from dashboard.inserting import insert_transactions
from dashboard.ledger.entry import InvalidEntry
from dashboard.ledger.methods import Method, Scope
from dashboard.ledger.standing import Standing
from dashboard.ledger.working import Issue
from dashboard.live.announce import announce_positions
from dashboard.market import history
from dashboard.market.currencies import Exchange
from dashboard.models import Import, Portfolio, Position, Transaction
from dashboard.money import plain, quantize
from dashboard.staging import Staged, copy
from dashboard.stretches import revision_of

MOST_PORTFOLIOS = 50
MOST_TRANSACTIONS = 100_000
ATTEMPTS = 3
"""How often figures are worked out before the database is held, less one: at last it is held meanwhile."""


def too_large() -> DraftErrors:
    return DraftErrors({"amount": [gettext("With this the coin's figures grow beyond what can be kept.")]})


def too_large_without() -> DraftErrors:
    return DraftErrors({"amount": [gettext("Without this the coin's figures grow beyond what can be kept.")]})


class TooMany(Exception):
    """The account has reached a limit; the message says which."""


def create_portfolio(
    user: User,
    name: str,
    currency: str | None = None,
    method: str = Method.AVERAGE.value,
    lot_scope: str = Scope.PORTFOLIO.value,
) -> Portfolio:
    """A new portfolio of the user's. Raises TooMany at the limit; IntegrityError where the name is taken."""
    with database.atomic():
        User.objects.select_for_update().get(pk=user.pk)
        if Portfolio.objects.of(user).count() >= MOST_PORTFOLIOS:
            raise TooMany(
                gettext("You have %(most_portfolios)s portfolios; delete one to make room.")
                % {"most_portfolios": MOST_PORTFOLIOS}
            )
        return Portfolio.objects.create(
            user=user, name=name, currency=currency or user.currency, method=method, lot_scope=lot_scope
        )


def change_portfolio(portfolio: Portfolio, **changes: str) -> Portfolio:
    """Another name, currency, method or lot scope; positions follow.

    IntegrityError where the name is taken, DraftErrors where figures grow too large in the new currency.
    """
    try:
        with database.atomic():
            lock(portfolio)
            for field, value in changes.items():
                setattr(portfolio, field, value)
            portfolio.save(update_fields=list(changes))
            recompute(portfolio, moved_by(portfolio.transactions))
    except DraftErrors as error:
        raise DraftErrors({"currency": [gettext("Counted so, figures grow beyond what can be kept.")]}) from error
    return portfolio


def delete_portfolio(portfolio: Portfolio) -> None:
    """Forget the portfolio with all its transactions; pages are told on commit."""
    user_id = portfolio.user_id
    with database.atomic():
        portfolio.delete()
        database.on_commit(lambda: announce_positions(user_id))


def record_transactions(
    portfolio: Portfolio, drafts: Sequence[Draft], source_import: Import | None = None
) -> list[Transaction]:
    """Store all drafts or none, and bring the positions they touch up to date.

    Raises DraftErrors with the index of the first draft that can't be recorded, TooMany at the account's limit.
    """
    now, assets, exchange = clock.now(), assets_named(list(drafts)), Exchange(portfolio.currency)
    checked = []
    for index, draft in enumerate(drafts):
        try:
            checked.append(check_draft(draft, portfolio, now, assets, exchange))
        except DraftErrors as error:
            raise DraftErrors(error.errors, index) from error
    with database.atomic():
        lock(portfolio)
        check_room(portfolio.user, len(checked))
        rows = [Transaction(portfolio=portfolio, source_import=source_import, **facts(draft)) for draft in checked]
        rows = Transaction.objects.bulk_create(rows, batch_size=500)
        recompute(portfolio, assets_of(rows), since=min((row.timestamp for row in rows), default=None))
    return rows


def record_checked(portfolio: Portfolio, drafts: Sequence[Draft], source_import: Import | None = None) -> None:
    """Store drafts that `check_draft` has passed, however many, and bring the positions they touch up to date.

    Inside the caller's transaction of the database, with the portfolio locked. Raises TooMany at the account's limit.
    """
    check_room(portfolio.user, len(drafts))
    insert_transactions(portfolio, drafts, source_import)
    recompute(portfolio, assets_of(drafts), since=min((draft.timestamp for draft in drafts), default=None))


def record_staged(portfolio: Portfolio, found: Staged, source_import: Import | None = None) -> None:
    """Record what was staged for the portfolio as it is, with the positions that it makes.

    Inside the caller's transaction of the database, with the portfolio locked. Raises TooMany at the account's limit.
    """
    check_room(portfolio.user, len(found.drafts))
    copy(found, portfolio, source_import)
    found.outlook.store()
    keep_positions(portfolio, set(found.outlook.assets), found.outlook.standings)
    mark(portfolio, found.outlook.since)


def check_room(user: User, wanted: int) -> None:
    held = Transaction.objects.of(user).count()
    if held + wanted > MOST_TRANSACTIONS:
        raise TooMany(
            gettext("An account keeps at most %(most_transactions)s transactions; you have %(held)s.")
            % {"most_transactions": f"{MOST_TRANSACTIONS:,}", "held": f"{held:,}"}
        )


def edit_transaction(row: Transaction, draft: Draft) -> Transaction:
    """Replace the transaction's facts. Raises DraftErrors, and then nothing has changed."""
    checked = check_draft(draft, row.portfolio, clock.now())
    with database.atomic():
        lock(row.portfolio)
        before = Transaction.objects.get(pk=row.pk)
        for field, value in facts(checked).items():
            setattr(row, field, value)
        row.save()
        recompute(row.portfolio, assets_of([before, row]), since=min(before.timestamp, row.timestamp))
    return row


def delete_transaction(row: Transaction) -> None:
    """Forget the transaction, as if it had never been entered.

    Raises DraftErrors where a figure would grow too large without it, and then nothing has changed.
    """
    try:
        with database.atomic():
            lock(row.portfolio)
            for before in Transaction.objects.filter(pk=row.pk):
                Transaction.objects.filter(pk=row.pk).delete()
                recompute(row.portfolio, assets_of([before]), since=before.timestamp)
    except DraftErrors as error:
        raise too_large_without() from error


def undo_import(done: Import) -> int:
    """Take back all that the import added; returns how many transactions that were.

    What figures will be is worked out before the database is held, and once more where the portfolio changes meanwhile.
    Raises DraftErrors where a figure would grow too large without them, and then nothing has changed.
    """
    try:
        return undone(done)
    except DraftErrors as error:
        raise too_large_without() from error


def undone(done: Import) -> int:
    portfolio = done.portfolio
    for left in reversed(range(ATTEMPTS)):
        portfolio.refresh_from_db(fields=["currency", "method", "lot_scope", "revision"])
        ahead = outlook_after_undo(done) if left else None
        with database.atomic():
            lock(portfolio)
            if ahead and revision_of(portfolio) != portfolio.revision:
                continue
            rows = Transaction.objects.filter(source_import=done)
            moved, facts = moved_by(rows), rows.aggregate(count=Count("pk"), first=Min("timestamp"))
            Import.objects.filter(pk=done.pk).delete()
            if ahead:
                ahead.store()
                keep_positions(portfolio, set(ahead.assets), ahead.standings)
            else:
                recompute(portfolio, moved, since=facts["first"])
            return int(facts["count"])
    raise AssertionError("the last attempt takes it back whatever has changed")


def outlook_after_undo(done: Import) -> Outlook | None:
    rows = Transaction.objects.filter(source_import=done)
    first = rows.aggregate(first=Min("timestamp"))["first"]
    try:
        return outlook_without(done.portfolio, done, moved_by(rows), first) if first else None
    except InvalidEntry as error:
        raise too_large() from error


def recompute_portfolio(portfolio: Portfolio) -> None:
    """Every position anew: after the method, the currency or the lot scope has changed."""
    with database.atomic():
        lock(portfolio)
        recompute(portfolio, moved_by(portfolio.transactions))


def revalue(asset_id: str) -> None:
    """Figures anew wherever one of this asset's transactions lacked a value: its prices of the past have come.

    So wherever something lacked a value that is counted in this coin.
    """
    held = Position.objects.filter(asset=asset_id).exclude(issues=[]).select_related("portfolio").order_by("portfolio")
    for portfolio in [position.portfolio for position in held if lacks_value(position.issues)]:
        with database.atomic():
            lock(portfolio)
            recompute(portfolio, moved_by(portfolio.transactions.touching(asset_id)))
    for code in [code for code, coin in COINS.items() if coin == asset_id]:
        stated_in = Transaction.objects.filter(portfolio=OuterRef("pk"), price_currency=code)
        for portfolio in Portfolio.objects.filter(Q(currency=code) | Exists(stated_in)):
            lacking = portfolio.positions.exclude(issues=[]).values_list("asset_id", "issues")
            if wanted := {asset for asset, issues in lacking if lacks_value(issues)}:
                with database.atomic():
                    lock(portfolio)
                    recompute(portfolio, wanted)


def lacks_value(issues: Iterable[Mapping[str, object]]) -> bool:
    return any(issue["code"] == Issue.NO_VALUE.value for issue in issues)


def recompute(portfolio: Portfolio, assets: Iterable[str], since: datetime | None = None) -> None:
    """Bring the positions of `assets` in line with the transactions; pages are told on commit.

    `since` is the time of the first change where all that changed are transactions; without it nothing that was
    computed before is relied on. Raises DraftErrors where a figure grows too large to be kept.
    """
    wanted = connected(portfolio, set(assets))
    try:
        standings = standings_of(portfolio, wanted, since)
    except InvalidEntry as error:
        raise too_large() from error
    keep_positions(portfolio, wanted, standings)
    mark(portfolio, since)


def keep_positions(portfolio: Portfolio, wanted: set[str], standings: Mapping[str, Standing]) -> None:
    """The positions of the `wanted` assets as these standings say; pages are told on commit."""
    posted = with_issues(portfolio, standings)
    Position.objects.filter(portfolio=portfolio, asset_id__in=wanted - posted.keys()).delete()
    Position.objects.bulk_create(
        [position(portfolio, asset, figures) for asset, figures in posted.items()],
        update_conflicts=True,
        unique_fields=["portfolio", "asset"],
        update_fields=[
            "quantity",
            "cost",
            "realised",
            "income",
            "fees",
            "invested",
            "ever_invested",
            "fees_paid",
            "exchanged",
            "issues",
            "balances",
        ],
    )
    lacking = {asset for asset, figures in posted.items() if lacks_value(figures.issues)}
    history.want(lacking | (coins_counted_in(portfolio) if lacking else set()))
    Portfolio.objects.filter(pk=portfolio.pk).update(revision=F("revision") + 1)
    user_id = portfolio.user_id
    database.on_commit(lambda: announce_positions(user_id))


def coins_counted_in(portfolio: Portfolio) -> set[str]:
    """The coins whose prices are rates for the portfolio: those that it, or one of its transactions, counts in."""
    stated = portfolio.transactions.filter(price_currency__in=COINS).order_by().values_list("price_currency", flat=True)
    return {COINS[code] for code in {portfolio.currency, *stated.distinct()} & COINS.keys()}


def position(portfolio: Portfolio, asset: str, posted: Posted) -> Position:
    standing = posted.standing
    return Position(
        portfolio=portfolio,
        asset_id=asset,
        quantity=standing.quantity,
        cost=quantize(standing.cost),
        realised=quantize(standing.realised),
        income=quantize(standing.income),
        fees=quantize(standing.fees),
        invested=quantize(standing.invested),
        ever_invested=quantize(standing.ever_invested),
        fees_paid=quantize(standing.fees_paid),
        exchanged={other: plain(quantize(amount)) for other, amount in standing.exchanged.items()},
        issues=list(posted.issues),
        balances={wallet: plain(balance) for wallet, balance in standing.balances.items() if balance},
    )


def lock(portfolio: Portfolio) -> None:
    """One writer a portfolio at a time; SQLite has one anyway."""
    Portfolio.objects.select_for_update().get(pk=portfolio.pk)


def facts(draft: Draft) -> dict[str, object]:
    return {name: getattr(draft, name) for name in Draft.__slots__}


def assets_of(rows: Iterable[Transaction | Draft]) -> set[str]:
    """The assets whose positions depend on these transactions; money is never a position."""
    named = {asset for row in rows for asset in (row.asset_id, row.counter_asset_id, row.fee_asset_id) if asset}
    return named - MONEY.keys()


def moved_by(rows: "Manager[Transaction] | QuerySet[Transaction]") -> set[str]:
    """As assets_of, asked of the database."""
    named = rows.order_by().values_list("asset_id", "counter_asset_id", "fee_asset_id").distinct()
    return {asset for assets in named for asset in assets if asset} - MONEY.keys()
