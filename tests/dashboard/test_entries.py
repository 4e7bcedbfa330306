"""Which assets hang together, and what a stored transaction says to the ledger."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.db import connection

from accounts.models import User
from dashboard import recording
from dashboard.entries import connected
from dashboard.models import Asset, Portfolio, Transaction

pytestmark = pytest.mark.django_db
DAY = datetime(2024, 1, 10, 12, tzinfo=UTC)


@pytest.fixture
def portfolio() -> Portfolio:
    for name in ("bitcoin", "lend", "aave", "aave-v2", "dai", "sai"):
        Asset.objects.create(id=name, symbol=name[:4], name=name.capitalize())
    return recording.create_portfolio(User.objects.create_user("ada", "ada@example.org"), "Main")


def migrate(portfolio: Portfolio, asset: str, into: str) -> None:
    portfolio.transactions.create(
        timestamp=DAY,
        type="migrate",
        asset_id=asset,
        amount=Decimal(1),
        counter_asset_id=into,
        counter_amount=Decimal(2),
    )


def test_assets_hang_together_along_migrations_either_way(portfolio: Portfolio) -> None:
    migrate(portfolio, "lend", "aave")
    migrate(portfolio, "aave", "aave-v2")
    migrate(portfolio, "sai", "dai")
    assert connected(portfolio, {"aave", "bitcoin"}) == {"lend", "aave", "aave-v2", "bitcoin"}
    assert connected(portfolio, {"dai"}) == {"sai", "dai"}


@pytest.mark.skipif(connection.vendor != "sqlite", reason="the plan is that of SQLite")
def test_the_look_for_migrations_reads_none_of_the_other_transactions(portfolio: Portfolio) -> None:
    pairs = Transaction.objects.filter(portfolio=portfolio, type="migrate").values_list("asset_id", "counter_asset_id")
    assert "COVERING INDEX transaction_migrations" in pairs.distinct().explain()
