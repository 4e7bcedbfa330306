"""What a price source may answer wrongly, and prices that wobble, give nobody a false alert (promises 4 and 7)."""

import time
from decimal import Decimal

import pytest

from dashboard.models import MarketState
from notifications.models import Alert
from tests.fakes.coingecko import ANSWER_MODES, BODY_MODES, ROW_MODES, WIRE_MODES
from tests.faults.rig import Rig, price_of_bitcoin, scaled, status_of
from tests.running import Running, until
from tests.serving import cookie_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.long]
HEALED_WITHIN = 60 + 15
"""An interval and the longest pause of the breaker, and what a busy machine takes."""
PAGES = ("/", "/market/", "/assets/bitcoin/", "/reminders/", "/readyz")


def test_no_bad_answer_changes_a_price_or_raises_an_alert(rig: Rig) -> None:
    user = rig.person()
    cookie = cookie_of(user)
    rig.remind(user, "65000", times=2)
    rig.remind(user, "35000", kind="price_below", times=2)
    modes = [*ROW_MODES, *BODY_MODES, *ANSWER_MODES, *WIRE_MODES]
    with rig.running() as site:
        rig.until_armed(site)
        for number, mode in enumerate([*modes, "429 after a while"]):
            price = price_of_bitcoin()
            if mode in modes:
                rig.coingecko.fail(mode)
            else:
                rig.coingecko.fail("429", retry_after="3")
            until_asked(rig, site, 2)
            assert price_of_bitcoin() == price, mode
            for path in PAGES:
                assert status_of(site, path, cookie) == 200, f"{path} while {mode}\n{site.output[-3000:]}"
            assert price_of_bitcoin() == price, mode
            rig.coingecko.heal()
            fresh = str(50_001 + number)
            rig.coingecko.set_price("bitcoin", fresh)
            rig.until_priced(site, fresh, HEALED_WITHIN)
            state = MarketState.objects.get()
            assert state.failing_since is None
        assert not Alert.objects.exists()
        assert "Traceback" not in site.output, site.output[site.output.index("Traceback") :][:5000]


def test_flapping_round_the_limit_gives_one_alert(rig: Rig) -> None:
    """Above and below from one tick to the next, by less than the re-arm band."""
    ticks = scaled(1000, least=30)
    rig.remind(rig.person(), "52000", repeat="always")
    with rig.running() as site:
        rig.until_armed(site)
        for number in range(ticks):
            price = Decimal(52_000) + (1 if number % 2 == 0 else -1) * (10 + number % 200)
            rig.coingecko.set_price("bitcoin", price)
            rig.until_priced(site, str(price))
        rig.until_settled(1, 60, site)
    assert Alert.objects.count() == 1
    assert len(rig.smtp.mails) == len(rig.twilio.messages) == 1


def until_asked(rig: Rig, site: Running, times: int) -> None:
    """Until the site has had so many spoiled answers, as far as they come to an end."""
    asked = rig.coingecko.requests["/coins/markets"] + times
    until(lambda: rig.coingecko.requests["/coins/markets"] >= asked, HEALED_WITHIN, lambda: site.output[-3000:])
    time.sleep(0.3)  # the last of them is still being judged
