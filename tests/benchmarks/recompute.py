"""Positions from the database: a whole recompute beside the bare read of its rows, and what one change near the end of
a long history costs.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from functools import partial
from itertools import count

from django.core.management import call_command

from accounts.models import User
from dashboard import recording
from dashboard.drafts import draft_of
from dashboard.entries import Facts
from dashboard.ledger.methods import Method
from dashboard.models import Asset, Portfolio, Transaction
from tests.benchmarks.history import SIZES, history
from tests.benchmarks.report import Aim, Report, together

# Where nothing is ever sold, states of ever more lots are kept on the way; that is shown, and has no aim of its own.
HISTORIES = (("1 coin", 1, SIZES, True), ("5 coins", 5, SIZES, True), ("1 coin, no sale", 1, SIZES[-1:], False))
names = count(1)


def run() -> Report:
    call_command("migrate", verbosity=0)
    rows: list[dict[str, object]] = []
    ratios: list[float] = []
    changes: list[float] = []
    for name, coins, sizes, sales in HISTORIES:
        for size in sizes:
            portfolio = stored(size, coins, sales=sales)
            for method in Method:
                portfolio.method = method.value
                portfolio.save(update_fields=["method"])
                recording.recompute_portfolio(portfolio)
                bare, whole = together(partial(bare_read, portfolio), partial(recording.recompute_portfolio, portfolio))
                spent = {way: together(change, repeats=5)[0] for way, change in changes_near_the_end(portfolio)}
                row: dict[str, object] = {"history": name, "method": method.value, "transactions": size}
                row |= {"whole ms": whole * 1e3, "bare read ms": bare * 1e3, "ratio": whole / bare}
                rows.append(row | {f"{way} ms": time * 1e3 for way, time in spent.items()})
                if size == SIZES[-1]:
                    ratios += [whole / bare] if sales else []
                    changes += [time * 1e3 for time in spent.values()]
            portfolio.user.delete()
    aims = [
        Aim("whole recompute of 100,000 rows, times the bare read of them, worst method", max(ratios), 3),
        Aim("a change near the end of 100,000 transactions, ms, worst method and way", max(changes), 50),
    ]
    return Report("recompute", rows, aims)


def stored(size: int, coins: int, *, sales: bool = True) -> Portfolio:
    """A portfolio with the history of that many transactions."""
    user = User.objects.create_user(f"bench-{next(names)}", f"bench-{size}-{coins}@example.org")
    portfolio = recording.create_portfolio(user, "Main", currency="usd")
    entries = history(size, coins, sales=sales)
    for asset in {entry.asset for entry in entries}:
        Asset.objects.get_or_create(id=asset, defaults={"symbol": asset, "name": asset})
    rows = [
        Transaction(
            portfolio=portfolio,
            timestamp=entry.at,
            type=entry.kind.value,
            asset_id=entry.asset,
            amount=entry.amount,
            value_override=entry.value,
            price_currency="usd",
            fee_amount=entry.fee_amount,
        )
        for entry in entries
    ]
    Transaction.objects.bulk_create(rows, batch_size=2_000)
    return portfolio


def bare_read(portfolio: Portfolio) -> int:
    """The rows as Python values, and nothing else."""
    rows = portfolio.transactions.order_by("timestamp", "id").values_list(*Facts._fields)
    return sum(1 for _ in rows.iterator(chunk_size=5_000))


def changes_near_the_end(portfolio: Portfolio) -> Iterator[tuple[str, Callable[[], object]]]:
    rows = portfolio.transactions.order_by("-timestamp", "-id")
    last, middle = rows[0], rows[50]

    def record() -> None:
        draft = replace(draft_of(last), type="buy", timestamp=last.timestamp + timedelta(minutes=1))
        recording.record_transactions(portfolio, [draft])

    def edit() -> None:
        recording.edit_transaction(middle, replace(draft_of(middle), amount=middle.amount + Decimal("0.01")))

    def delete() -> None:
        recording.delete_transaction(rows[0])

    yield "edit", edit
    yield "delete", delete
    yield "record", record
