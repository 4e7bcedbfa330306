"""Four checkers and two beats at once, processes all: every crossing makes one alert, and every alert one delivery."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from dashboard.models import MarketQuote, Portfolio
from notifications.models import Alert, Delivery, Reminder, Watch
from notifications.reminding import create_reminder
from project.runner import commands
from tests.beside import beside, emptied_queues
from tests.fakes.coingecko import FakeCoinGecko
from tests.notifications.conftest import Market, hold, make_user
from tests.running import until

CHECKERS, CROSSINGS, REMINDERS = 4, 5, 10
CHECK_FOR_EVER = """
import django
django.setup()
from notifications import checking
while True:
    checking.check(None)
"""


@pytest.fixture(autouse=True)
def empty_queues() -> Iterator[None]:
    yield from emptied_queues()


@pytest.mark.django_db(transaction=True)
def test_four_checkers_and_two_beats_make_one_row_for_each_crossing(tmp_path: Path) -> None:
    user = make_user("ada")
    hold(Portfolio.objects.get(user=user), "bitcoin", 1)
    with FakeCoinGecko() as source, ExitStack() as stack:
        source.set_price("bitcoin", 95)
        Market().set("bitcoin", 95)
        for kind in ("price_above", "balance_above"):
            asset = "bitcoin" if kind.startswith("price") else None
            for _ in range(REMINDERS):
                wish = {"kind": kind, "asset": asset, "limit": "100", "repeat": "always", "transports": ["email"]}
                create_reminder(user, wish)
        for _ in range(CHECKERS):
            stack.enter_context(beside([sys.executable, "-c", CHECK_FOR_EVER], source.url))
        for number in range(2):
            stack.enter_context(beside([*commands.worker("market", 1), "-n", f"market-{number}@%h"], source.url))
            stack.enter_context(beside(commands.beat(tmp_path / f"beat-{number}"), source.url))
        for crossing in range(1, CROSSINGS + 1):
            source.set_price("bitcoin", 105)
            until(lambda: judged_at(105), 60)
            assert Alert.objects.count() == 2 * REMINDERS * crossing
            source.set_price("bitcoin", 95)
            until(lambda: judged_at(95), 60)
    assert Delivery.objects.count() == Alert.objects.count() == 2 * REMINDERS * CROSSINGS
    assert set(Reminder.objects.values_list("firings", flat=True)) == {CROSSINGS}
    told = list(Alert.objects.values_list("reminder_id", "firing"))
    assert len(set(told)) == len(told)


def judged_at(price: int) -> bool:
    """Has a sample with this price come and been judged?"""
    quote = MarketQuote.objects.get(asset_id="bitcoin")
    return quote.price == price and Watch.objects.get().sequence >= quote.sequence
