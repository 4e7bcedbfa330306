"""Killing whatever runs loses no alert, and doubles none (promises 1 and 3)."""

import random
import time

import pytest

from notifications.models import Alert, Delivery
from tests.faults.rig import SETTLED_WITHIN, Rig, copies, kill, kill_everything, kill_with_family, scaled
from tests.running import Running, descendants, until

pytestmark = pytest.mark.django_db(transaction=True)

CHILDREN = (("celery", "deliveries"), ("celery", "market"), ("celery", "beat"), ("valkey-server",), ("daphne",))


def test_killing_everything_while_alerts_go_out_loses_none_and_a_crossing_meanwhile_comes_late(rig: Rig) -> None:
    """The worker is killed while it sends, then all the rest; when it is back, what it held is in doubt at once."""
    for _ in range(30):
        rig.remind(rig.person(), "52000")
    (missed,) = rig.remind(rig.person(), "54000")
    with rig.running() as site:
        rig.until_armed(site)
        rig.coingecko.set_price("bitcoin", "53000")
        until(lambda: len(rig.twilio.messages) + len(rig.smtp.mails) >= 10, 60, lambda: site.output)
        kill_with_family(site.pid("celery", "deliveries"))
        kill_everything(site)
    rig.coingecko.set_price("bitcoin", "55000")
    with rig.running(TICKFOLIO_CLOCK_OFFSET="45") as site:
        rig.until_settled(31, 120, site)
        rig.coingecko.set_price("bitcoin", "55100")
        rig.until_priced(site, "55100")
        check_each_was_told_once(rig, 31)
        (late,) = Alert.objects.filter(late=True)
        assert late.reminder == missed
        kill_everything(site)


@pytest.mark.long
def test_killing_one_process_after_another_loses_no_firing_of_a_thousand(rig: Rig) -> None:
    firings = scaled(1000, least=50)
    for _ in range(firings):
        rig.remind(rig.person())
    chance = random.Random()
    with rig.running() as site:
        rig.until_armed(site)
        rig.coingecko.set_price("bitcoin", "53000")
        until(lambda: rig.twilio.messages or rig.smtp.mails, 60, lambda: site.output)
        for _ in range(scaled(60, least=6)):
            kill_one(site, chance)
            time.sleep(chance.uniform(0.2, 4))  # the instant is to be any
        started = time.monotonic()
        for words in CHILDREN:
            site.pid(*words)
        rig.until_settled(firings, SETTLED_WITHIN, site)
        took = time.monotonic() - started
    doubled = check_each_was_told_once(rig, firings)
    given_up = Delivery.objects.filter(state="failed").count()
    print(
        f"{firings} firings x 3, settled {took:.0f} s after the last kill; 0 lost, {doubled} sends in doubt were made "
        f"twice, {given_up} were in doubt twice and not sent a third time"
    )


def kill_one(site: Running, chance: random.Random) -> None:
    """One of the runner's processes, or one of the processes in which a worker works."""
    words = chance.choice(CHILDREN)
    for pid in site.pids(*words):
        pool = sorted(descendants(pid))
        if pool and chance.random() < 0.5:
            kill(chance.choice(pool))
        else:
            kill_with_family(pid)


def check_each_was_told_once(rig: Rig, firings: int) -> int:
    """One alert for each reminder, each by three transports; only a doubt was told again, once. How many were."""
    assert Alert.objects.count() == firings
    assert Alert.objects.values("reminder").distinct().count() == firings
    deliveries = list(Delivery.objects.select_related("leader"))
    assert len(deliveries) == 3 * firings
    doubled = 0
    for delivery in deliveries:
        told = f"{delivery}, {delivery.attempts} attempts, {delivery.doubts} doubts: {delivery.error}"
        if delivery.doubts < 2:  # twice in doubt is not sent a third time
            assert delivery.state in {"sent", "delivered", "read"}, told
        if delivery.transport != Delivery.Transport.TOAST:
            times = copies(rig, delivery)
            least = 1 if delivery.state != "failed" else 0
            assert least <= times <= 1 + min(delivery.doubts, 1), f"{told}; {times} times"
            doubled += times - 1 if times and delivery.leader is None else 0
    return doubled
