"""The process that sends is killed at each named point between its claim and the stored answer (promises 1 and 3)."""

import itertools
import threading
import time
from collections import Counter
from functools import partial

import pytest

from notifications.models import Alert, Delivery
from tests.fakes.moments import MOMENTS
from tests.faults.proxy import Fault
from tests.faults.rig import Rig, copies, kill, kill_client, scaled
from tests.running import Running, descendants, until

pytestmark = pytest.mark.django_db(transaction=True)
SETTLED_WITHIN = 75


class Killer:
    """Kills whoever has just come to a named point of a send."""

    def __init__(self, rig: Rig, site: Running) -> None:
        self.rig, self.site = rig, site
        self.killed: Counter[str] = Counter()
        self.last = time.monotonic()
        self.lock = threading.Lock()

    def plan(self, times: int) -> None:
        """So many kills in each of the two servers, at one point after the other."""
        for server, name in ((self.rig.twilio, "WhatsApp"), (self.rig.smtp, "e-mail")):
            for moment in itertools.islice(itertools.cycle(MOMENTS), times):
                server.moments.at(moment, partial(self.strike, f"{name} {moment}"))

    def strike(self, at: str, port: int) -> None:
        kill_client(port, descendants(self.site.process.pid))
        with self.lock:
            self.killed[at] += 1
            self.last = time.monotonic()

    def left(self) -> int:
        return len(self.rig.twilio.moments.plans) + len(self.rig.smtp.moments.plans)


def test_a_sender_killed_at_any_point_loses_nothing_and_doubles_only_mail_in_doubt(rig: Rig) -> None:
    told = kill_at_every_point(rig, firings=16, times=len(MOMENTS))
    print(told)


@pytest.mark.long
def test_senders_killed_at_every_point_of_a_thousand_firings_lose_none(rig: Rig) -> None:
    firings = scaled(1000, least=40)
    told = kill_at_every_point(rig, firings=firings, times=firings // 5, black_holes=scaled(10, least=1))
    print(told)


def kill_at_every_point(rig: Rig, *, firings: int, times: int, black_holes: int = 0) -> str:
    """What came of it, for people; AssertionError where something was lost or doubled against the rule."""
    for _ in range(firings):
        rig.remind(rig.person())
    # Straight to the servers, so that they see which process speaks to them; through the wires for black holes.
    straight = {"TWILIO_API_URL": rig.twilio.url, **rig.smtp.env()}
    with rig.running(**({} if black_holes else straight)) as site:
        killer = Killer(rig, site)
        rig.until_armed(site)
        if not black_holes:
            killer.plan(times)
        rig.coingecko.set_price("bitcoin", "53000")
        for _ in range(black_holes):
            kill_before_connected(rig, site, killer)
        until(lambda: Alert.objects.count() == firings and not killer.left(), 240, lambda: site.output[-3000:])
        rig.until_settled(firings, SETTLED_WITHIN, site)
        took = time.monotonic() - killer.last
    assert took <= SETTLED_WITHIN
    return f"{firings} firings x 3, kills {dict(killer.killed)}; settled {took:.0f} s after the last; {tally(rig)}"


def kill_before_connected(rig: Rig, site: Running, killer: Killer) -> None:
    """Let them claim and call into nothing, and end all of them there."""
    claimed = Delivery.objects.filter(state=Delivery.State.SENDING)
    rig.to_twilio.spoil(Fault.BLACK_HOLE)
    rig.to_smtp.spoil(Fault.BLACK_HOLE)
    until(claimed.exists, 60, lambda: site.output[-3000:])
    for pid in descendants(site.pid("celery", "deliveries")):
        kill(pid)
    killer.killed["claimed"] += 1
    killer.last = time.monotonic()
    rig.to_twilio.heal()
    rig.to_smtp.heal()


def tally(rig: Rig) -> str:
    """0 lost; what was doubled was in doubt, and no WhatsApp message, since Twilio can be asked."""
    doubled: Counter[str] = Counter()
    for delivery in Delivery.objects.exclude(transport="toast").select_related("leader"):
        told = f"{delivery}, {delivery.attempts} attempts, {delivery.doubts} doubts: {delivery.error}"
        times = copies(rig, delivery)
        assert delivery.state in {"sent", "delivered", "read"}, told
        assert times >= 1, f"lost: {told}"
        allowed = min(delivery.doubts, 1) if delivery.transport == "email" else 0
        assert times <= 1 + allowed, f"doubled: {told}; {times} times"
        doubled[delivery.transport] += times - 1
    return f"0 lost, doubled in doubt: {doubled['email']} e-mails, {doubled['whatsapp']} WhatsApp messages"
