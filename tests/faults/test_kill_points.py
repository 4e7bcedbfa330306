"""The process that sends is killed at each named point between its claim and the stored answer (promises 1 and 3)."""

import itertools
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import pytest

from notifications.models import Alert, Delivery
from tests.fakes.moments import MOMENTS
from tests.fakes.smtp import FakeSmtp
from tests.fakes.twilio import FakeTwilio
from tests.faults.proxy import Fault
from tests.faults.rig import SETTLED_WITHIN, Rig, copies, kill, kill_client, scaled
from tests.running import Running, descendants, until

pytestmark = pytest.mark.django_db(transaction=True)


class Killer:
    """Kills whoever has just come to a named point of a send.

    One that is sending again what was in doubt is let live: twice in doubt is not sent a third time, by rule.
    """

    def __init__(self, rig: Rig, site: Running) -> None:
        self.rig, self.site = rig, site
        self.killed: Counter[str] = Counter()
        self.spared = 0
        self.last = time.monotonic()
        self.lock = threading.Lock()

    def plan(self, times: int, of: int) -> None:
        """So many kills in each of the two servers, at one point after the other, spread over so many sends."""
        for name, server in self.servers():
            for number, moment in enumerate(itertools.islice(itertools.cycle(MOMENTS), times)):
                for _ in range(of // times - 1 if number else 0):
                    server.moments.at("", lambda port: False)
                server.moments.at(moment, partial(self.strike, f"{name} {moment}"))

    def servers(self) -> tuple[tuple[str, FakeTwilio | FakeSmtp], ...]:
        return ("WhatsApp", self.rig.twilio), ("e-mail", self.rig.smtp)

    def strike(self, at: str, port: int) -> bool:
        with self.lock:
            if self.rig.is_repeating():
                self.spared += 1
                return False
            kill_client(port, descendants(self.site.process.pid))
            self.killed[at] += 1
            self.last = time.monotonic()
            return True

    def strike_before_connected(self) -> None:
        """Let them claim and call into nothing, and end all of them there."""
        claimed = Delivery.objects.filter(state=Delivery.State.SENDING)
        for wire in (self.rig.to_twilio, self.rig.to_smtp):
            wire.spoil(Fault.BLACK_HOLE)
        until(claimed.exists, 60, lambda: self.site.output[-3000:])
        if self.rig.is_repeating():
            self.spared += 1
        else:
            for pid in descendants(self.site.pid("celery", "deliveries")):
                kill(pid)
            self.killed["claimed"] += 1
            self.last = time.monotonic()
        for wire in (self.rig.to_twilio, self.rig.to_smtp):
            wire.heal()

    def left(self) -> int:
        return sum(len(server.moments.plans) for _, server in self.servers())


def test_a_sender_killed_at_any_point_loses_nothing_and_doubles_only_mail_in_doubt(rig: Rig) -> None:
    print(kill_at_every_point(rig, firings=16, times=len(MOMENTS)))


@pytest.mark.long
def test_senders_killed_at_every_point_of_a_thousand_firings_lose_none(rig: Rig) -> None:
    firings = scaled(1000, least=40)
    print(kill_at_every_point(rig, firings=firings, times=max(firings // 10, len(MOMENTS))))


@pytest.mark.long
def test_senders_killed_before_anybody_hears_them_lose_none_of_a_thousand_firings(rig: Rig) -> None:
    firings = scaled(1000, least=40)
    with armed(rig, firings) as site:
        killer = Killer(rig, site)
        rig.coingecko.set_price("bitcoin", "53000")
        for _ in range(scaled(30, least=2)):
            killer.strike_before_connected()
        assert killer.killed["claimed"]
        print(settle(rig, site, killer, firings))


def kill_at_every_point(rig: Rig, *, firings: int, times: int) -> str:
    """What came of it, for people; AssertionError where something was lost or doubled against the rule."""
    # Straight to the servers, so that they see which process speaks to them.
    with armed(rig, firings, TWILIO_API_URL=rig.twilio.url, **rig.smtp.env()) as site:
        killer = Killer(rig, site)
        killer.plan(times, of=firings)
        rig.coingecko.set_price("bitcoin", "53000")
        told = settle(rig, site, killer, firings)
    assert killer.killed.keys() == {f"{name} {moment}" for name, _ in killer.servers() for moment in MOMENTS}
    return told


@contextmanager
def armed(rig: Rig, firings: int, **environment: str) -> Iterator[Running]:
    """The running site with so many people, each with a reminder that waits for the price to rise."""
    for _ in range(firings):
        rig.remind(rig.person())
    with rig.running(**environment) as site:
        rig.until_armed(site)
        yield site


def settle(rig: Rig, site: Running, killer: Killer, firings: int) -> str:
    def told() -> str:
        return f"{Alert.objects.count()} alerts, {killer.left()} plans left\n{site.output[-3000:]}"

    # A killed process is replaced within a second or two; the others send meanwhile.
    until(lambda: Alert.objects.count() == firings and not killer.left(), 240 + firings, told)
    rig.until_settled(firings, SETTLED_WITHIN, site)
    took = time.monotonic() - killer.last
    assert took <= SETTLED_WITHIN
    return (
        f"{firings} firings x 3, kills {dict(killer.killed)} ({killer.spared} repetitions let live); "
        f"settled {took:.0f} s after the last; {tally(rig)}"
    )


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
