"""Parts of a history, gone on to from kept states, are those of the whole history; and no more is read for them of a
long history than of a short one.
"""

# ruff: noqa: F811 - fixtures are imported

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from dashboard import stretches
from dashboard.books import quick_fault, replayed, wallets, wallets_of
from dashboard.checkpoints import Spacing, standings_of
from dashboard.drafts import Draft
from dashboard.examining import check, fault_found
from dashboard.gains import gains_report
from dashboard.inserting import insert_transactions
from dashboard.ledger.book import Book
from dashboard.ledger.methods import Method, Scope
from dashboard.ledger.returns import gap
from dashboard.ledger.working import Disposal
from dashboard.models import Asset, LotState, Portfolio
from dashboard.recording import assets_of, recompute_portfolio
from dashboard.working import working_of
from tests.dashboard.test_checkpoints import START, Diary, portfolio  # noqa: F401

pytestmark = pytest.mark.django_db
D = Decimal
CLOSE = Spacing(every=5, newest=2)


def written(portfolio: Portfolio, method: Method, scope: Scope) -> Book:
    """A random history with states kept close to each other; its whole replay."""
    portfolio.method, portfolio.lot_scope = method.value, scope.value
    portfolio.save()
    diary = Diary(portfolio, random.Random(f"{method} {scope} stretches"))
    rows = [diary.write() for _ in range(70)]
    for days, row in enumerate(rows):
        row.timestamp = START + timedelta(days=11 * (days // 2))  # two a moment, over some years
        row.save()
    recompute_portfolio(portfolio)
    LotState.objects.all().delete()
    standings_of(portfolio, assets_of(rows), None, CLOSE)
    assert LotState.objects.count() > 10
    return replayed(portfolio)


@pytest.mark.parametrize("scope", Scope)
@pytest.mark.parametrize("method", Method)
def test_every_stretch_is_that_of_the_whole_history(portfolio: Portfolio, method: Method, scope: Scope) -> None:
    book = written(portfolio, method, scope)
    gone_on = 0
    for asset, standing in book.standings.items():
        steps = standing.steps()
        assert stretches.steps_until(portfolio, asset) == len(steps)
        for start in range(0, len(steps), 3):
            found = stretches.stretch(portfolio, asset, start, start + 7)
            assert found.steps == steps[start : start + 7]
            assert found.disposals == left_by(standing.disposals(), {step.entry.id for step in found.steps})
            if start:
                assert found.before == steps[start - 1].after
            gone_on += len(found.standing.steps()) < min(start + 7, len(steps))
            moment = steps[start].entry.at
            assert stretches.steps_until(portfolio, asset, moment) == sum(s.entry.at <= moment for s in steps)
        now = stretches.standing_now(portfolio, asset)
        assert now.lots() == standing.lots()
        assert now.balances == standing.balances
    assert gone_on > 10


def left_by(disposals: Sequence[Disposal], ids: set[int]) -> tuple[Disposal, ...]:
    return tuple(disposal for disposal in disposals if disposal.entry.id in ids)


@pytest.mark.parametrize("scope", Scope)
@pytest.mark.parametrize("method", Method)
def test_the_pages_of_a_working_make_its_figures(portfolio: Portfolio, method: Method, scope: Scope) -> None:
    book = written(portfolio, method, scope)
    for asset in Asset.objects.filter(pk__in=book.standings):
        standing = book.standings[asset.pk]
        pages = [working_of(portfolio, asset, offset=offset, limit=6) for offset in range(0, 60, 6)]
        pages = [page for page in pages if page.steps]
        assert [step.step for page in reversed(pages) for step in page.steps] == list(standing.steps())
        assert pages[0].after == pages[0].figures
        assert all(older.after == newer.before for newer, older in pairwise(pages))
        lots = [working_of(portfolio, asset, first_lot=start, lot_limit=3).lots for start in range(0, 60, 3)]
        assert sum((lot.cost for page in lots for lot in page), D(0)) == pages[0].figures.cost
        assert all(page.fault is None for page in pages)
        assert all(not gap(step.after) for page in pages for step in page.steps)


@pytest.mark.parametrize("scope", Scope)
@pytest.mark.parametrize("method", Method)
def test_a_year_of_gains_is_the_same_with_and_without_kept_states(
    portfolio: Portfolio, method: Method, scope: Scope
) -> None:
    written(portfolio, method, scope)
    zone = ZoneInfo("America/New_York")
    by_states = [gains_report(portfolio, year, zone) for year in (2023, 2024, 2025, 2026)]
    LotState.objects.all().delete()
    assert by_states == [gains_report(portfolio, year, zone) for year in (2023, 2024, 2025, 2026)]
    assert any(report.sales for report in by_states)


@pytest.mark.parametrize("scope", Scope)
@pytest.mark.parametrize("method", Method)
def test_what_is_kept_passes_every_check(portfolio: Portfolio, method: Method, scope: Scope) -> None:
    book = written(portfolio, method, scope)
    assert quick_fault(portfolio) is None
    assert fault_found(check(portfolio)) is None
    assert wallets_of(portfolio) == wallets({asset: standing.balances for asset, standing in book.standings.items()})


def test_no_more_is_read_of_a_long_history_than_of_a_short_one(portfolio: Portfolio) -> None:
    """Entries posted and queries asked, not seconds: for the newest page, one in the middle, and the last year."""
    read: list[list[int]] = []
    bitcoin = Asset.objects.get(pk="bitcoin")
    for size in (1_000, 10_000, 100_000):
        portfolio.transactions.all().delete()
        insert_transactions(portfolio, history(size))
        recompute_portfolio(portfolio)
        counts = []
        for stop in (size, size // 2):
            found = stretches.stretch(portfolio, "bitcoin", stop - 50, stop)
            assert len(found.steps) == 50
            counts.append(len(found.standing.steps()))
        start = datetime(2024, 1, 1, tzinfo=UTC)
        standings = stretches.standings_during(portfolio, {"bitcoin"}, start, start + timedelta(days=366))
        counts.append(len(standings["bitcoin"].steps()))
        looks = partial(working_of, portfolio, bitcoin), partial(gains_report, portfolio, 2024, ZoneInfo("UTC"))
        for look in looks:
            with CaptureQueriesContext(connection) as asked:
                look()
            counts.append(len(asked))
        read.append(counts)
    short, longer, longest = read
    assert max(longer[:3] + longest[:3]) <= 1_200
    assert short[3:] == longer[3:] == longest[3:]


def history(size: int) -> list[Draft]:
    """Purchases and sales by turns, a minute apart, the last 20 of them in 2024."""
    end = datetime(2024, 1, 1, 0, 20, tzinfo=UTC)
    return [
        Draft(
            end - timedelta(minutes=size - number),
            "sell" if number % 2 else "buy",
            "bitcoin",
            D(1),
            price=D(number % 97 + 1),
            price_currency="usd",
        )
        for number in range(size)
    ]
