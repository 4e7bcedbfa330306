"""How SQLite finds which coins a tick asks for; what it finds is shown in test_checking, on PostgreSQL too."""

import re
from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from dashboard.models import Portfolio
from dashboard.portfolios import held_assets
from notifications.models import Reminder
from notifications.selectors import watched_assets
from tests.notifications.conftest import Market, hold

pytestmark = pytest.mark.django_db
Remind = Callable[..., Reminder]


def test_the_poll_leaps_from_coin_to_coin_whatever_the_number_of_reminders(
    market: Market, remind: Remind, portfolio: Portfolio
) -> None:
    for number in range(30):
        remind("price_above", 100, asset=f"coin-{number % 3}")
        hold(portfolio, f"coin-{number % 3}", number)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    for look, index in (
        (watched_assets, "reminder_awaited"),
        (held_assets, "dashboard_position_asset_id|position_asset"),
    ):
        with CaptureQueriesContext(connection) as captured:
            assert look() == {"coin-0", "coin-1", "coin-2"}
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN QUERY PLAN {captured[0]['sql']}")
            plan = [row[3] for row in cursor.fetchall()]
        assert any(re.search(f"USING .*INDEX ({index})", step) for step in plan), plan
        assert not any(re.match("SCAN (notifications|dashboard)", step) for step in plan), plan
