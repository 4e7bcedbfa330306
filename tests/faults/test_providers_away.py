"""Providers that are away for minutes: each pending delivery is sent once afterwards (promise 8)."""

import time
from datetime import timedelta

import pytest

from notifications.delivery import JITTER, RETRIES
from notifications.models import Delivery
from tests.faults.proxy import Fault
from tests.faults.rig import Rig, copies, scaled
from tests.running import until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.long]
FIRINGS = 10
OF_PROVIDERS = ("email", "whatsapp")


def next_try(down: float) -> float:
    """Seconds after the first try at which all are tried again that were tried in vain while it was down."""
    at = 0.0
    for pause in RETRIES:
        at += pause / timedelta(seconds=1) * (1 + JITTER)
        if at > down + 5:
            return at
    raise AssertionError(f"nobody tries for {down} s")


def test_providers_that_come_back_get_each_pending_delivery_once(rig: Rig) -> None:
    """For half of the time nobody is there; for the other half they answer that they can't."""
    down = scaled(600, least=30)
    rig.remind(rig.person(), times=FIRINGS)
    pending = Delivery.objects.filter(transport__in=OF_PROVIDERS)
    with rig.running() as site:
        rig.until_armed(site)
        rig.to_smtp.spoil(Fault.REFUSE)
        rig.to_twilio.spoil(Fault.REFUSE)
        rig.coingecko.set_price("bitcoin", "53000")
        until(lambda: pending.filter(attempts__gte=1).count() == 2 * FIRINGS, 60, lambda: site.output[-5000:])
        began = time.monotonic()
        toasts = Delivery.objects.filter(transport="toast", state=Delivery.State.SENT)
        assert toasts.count() == FIRINGS
        time.sleep(down / 2)  # the providers' absence is the scenario
        rig.smtp.fail("data 451 Try later")
        rig.twilio.fail("500")
        rig.to_smtp.heal()
        rig.to_twilio.heal()
        time.sleep(down / 2)
        assert set(pending.values_list("state", flat=True)) <= {Delivery.State.QUEUED, Delivery.State.SENDING}
        assert not rig.smtp.mails
        assert not rig.twilio.messages
        rig.smtp.heal()
        rig.twilio.heal()
        rig.until_settled(FIRINGS, next_try(down) - (time.monotonic() - began) + 60, site)
    for delivery in pending:
        assert delivery.state in {"sent", "delivered", "read"}, delivery.error
        assert copies(rig, delivery) == 1
