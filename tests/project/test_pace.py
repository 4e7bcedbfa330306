"""How soon CoinGecko is asked next, beside exchanges whose prices come by themselves."""

import pytest
from django.core.cache import cache

from dashboard.live import presence
from dashboard.market.refresh import Urgency
from dashboard.market.streams.intake import Intake
from project.tick import pace

pytestmark = pytest.mark.django_db


def test_coingecko_is_asked_seldom_while_exchanges_tell_of_everything() -> None:
    presence.renew()
    assert pace(Intake()) is Urgency.WATCHED
    assert pace(Intake(covers=True)) is Urgency.IDLE


def test_coingecko_is_asked_soon_once_an_exchange_fell_silent_though_nobody_looks() -> None:
    cache.delete(presence.KEY)
    assert pace(Intake()) is Urgency.IDLE
    assert pace(Intake(lost=True)) is Urgency.WATCHED
