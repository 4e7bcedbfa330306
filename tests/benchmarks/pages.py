"""What a person waits for, by the length of the history: dashboard, list of transactions, working of a coin, gains of
a year, self-check, and their like by the API."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from gzip import compress

from django.core.management import call_command
from django.test import Client

from accounts.models import User, issue_token
from dashboard import clock, recording
from dashboard.market.sparklines import draw
from dashboard.models import MarketQuote, Portfolio, Sparkline, Transaction
from tests.benchmarks.history import SIZES
from tests.benchmarks.recompute import stored
from tests.benchmarks.report import Aim, Report, seconds

WIDE = (10_000, 200)
"""Transactions and coins of a portfolio that is as broad as they come."""


def run() -> Report:
    call_command("migrate", verbosity=0)
    rows: list[dict[str, object]] = []
    by_size: dict[int, dict[str, float]] = {}
    for size in SIZES:
        portfolio = stored(size, 5)
        record_a_few_later(portfolio)
        recording.recompute_portfolio(portfolio)
        quoted(portfolio)
        recording.create_portfolio(portfolio.user, "Another")
        by_size[size] = {}
        for what, work in visits(portfolio, size):
            work()
            by_size[size][what] = seconds(work, 7) * 1e3
        rows.append({"transactions": size} | {f"{what}, ms": spent for what, spent in by_size[size].items()})
        portfolio.user.delete()
    first, last = by_size[SIZES[0]], by_size[SIZES[-1]]
    aims = [Aim("dashboard: 100,000 transactions beside 1,000", last["dashboard"] / first["dashboard"], 1.5)]
    aims += [Aim(f"{what}: ms that 100,000 transactions add to 1,000", last[what] - first[what], 150) for what in last]
    wide, weight = wide_dashboard()
    rows.append({"transactions": WIDE[0]} | dict.fromkeys(list(rows[0])[1:], "") | {"dashboard, ms": wide})
    aims.append(Aim("dashboard of 200 coins and 10,000 transactions: ms to the first byte", wide, 150))
    aims.append(Aim("the same: KB of its HTML, compressed", weight, 100))
    return Report("pages", rows, aims)


def wide_dashboard() -> tuple[float, float]:
    """Milliseconds and compressed kilobytes of a dashboard of many coins, each with the week behind its price."""
    portfolio = stored(*WIDE)
    recording.recompute_portfolio(portfolio)
    quoted(portfolio)
    week = draw([Decimal(100 + number * 7 % 31) for number in range(168)])
    Sparkline.objects.bulk_create(
        [Sparkline(asset_id=position.asset_id, path=week) for position in portfolio.positions.all()],
        ignore_conflicts=True,
    )
    [(_, work)] = [visit for visit in visits(portfolio, WIDE[0]) if visit[0] == "dashboard"]
    work()
    spent = seconds(work, 9) * 1e3
    client = Client(headers={"host": "localhost"})
    client.force_login(portfolio.user)
    page = client.get("/").content
    assert page.count(b"data-asset=") >= WIDE[1], page.count(b"data-asset=")
    return spent, len(compress(page)) / 1e3


def record_a_few_later(portfolio: Portfolio) -> None:
    """A few sales of the next year, whose report goes on from the states of this one."""
    rows = [
        Transaction(
            portfolio=portfolio,
            timestamp=datetime(2021, 2, 1 + number, tzinfo=UTC),
            type="sell",
            asset_id=f"asset-{number % 5}",
            amount=Decimal("0.01"),
            price=Decimal(100),
            price_currency="usd",
        )
        for number in range(20)
    ]
    Transaction.objects.bulk_create(rows)


def quoted(portfolio: Portfolio) -> None:
    for position in portfolio.positions.all():
        MarketQuote.objects.get_or_create(
            asset_id=position.asset_id, defaults={"price": 100, "as_of": clock.now() - timedelta(seconds=5)}
        )


def visits(portfolio: Portfolio, size: int) -> list[tuple[str, Callable[[], None]]]:
    user = User.objects.get(pk=portfolio.user_id)
    client = Client(headers={"host": "localhost", "authorization": f"Bearer {issue_token(user)}"})
    client.force_login(user)
    last = size // 50
    api = f"/api/v1/portfolios/{portfolio.pk}/transactions"
    working = f"/api/v1/portfolios/{portfolio.pk}/positions/asset-3/working"
    addresses = {
        "dashboard": "/",
        "first page": "/transactions/",
        "last page": f"/transactions/?page={last}",
        "one portfolio's last page": f"/transactions/?portfolio={portfolio.pk}&page={last}",
        "a coin's page": "/assets/asset-3/",
        "search for a coin": "/transactions/?q=asset-3",
        "search in vain": "/transactions/?q=no-such-word",
        "one kind": "/transactions/?type=sell",
        "API, first items": f"{api}?limit=100",
        "working, newest steps": "/assets/asset-3/working/",
        "working, steps in the middle": f"/assets/asset-3/working/?offset={size // 10}",
        "API, newest 100 steps": f"{working}?limit=100",
        "portfolio with self-check": f"/portfolios/{portfolio.pk}/",
        "gains of the year after": "/reports/gains/?year=2021",
        "API, last items": f"{api}?limit=100&offset={size - 100}",
    }
    return [(what, partial(visit, client, address)) for what, address in addresses.items()]


def visit(client: Client, address: str) -> None:
    answer = client.get(address)
    assert answer.status_code == 200, (address, answer.status_code)
