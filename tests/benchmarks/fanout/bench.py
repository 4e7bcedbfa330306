"""What all scenarios of the benchmark share: the people, Redis, the crowd, the market; and what one tick gave."""

import contextlib
import os
import time
from dataclasses import dataclass, replace
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from typing import Any

from django.conf import settings
from django.core.management import call_command

from dashboard.models import MarketState
from tests.benchmarks.fanout import world
from tests.benchmarks.fanout.processes import Server, module
from tests.fakes.coingecko import FakeCoinGecko
from tests.valkey import Valkey

REST = 0.6
"""Seconds after each tick, in which pages report what they have read, and shares follow."""
POLL_EVERY = 1.2
WITHIN = 30
WHOLE = 'id="t-value"'
"""What a page's first state has, be it sections or cells."""


@dataclass(frozen=True, slots=True)
class Fanout:
    """One tick to everyone: `times` in seconds from its announcement, sorted, one for each client that got it; `spent`
    of the web process's processor; `size` in bytes of all that came until the last had got it.
    """

    times: list[float]
    missed: int
    size: int
    spent: float = 0.0

    @property
    def last(self) -> float:
        return self.times[-1]


@dataclass(frozen=True, slots=True)
class Measured:
    """Several ticks to so many clients; `memory` in KiB a page, `opening` in seconds for each."""

    who: str
    clients: int
    fanouts: list[Fanout]
    memory: float = 0.0
    opening: float = 0.0

    def __str__(self) -> str:
        each = f"{self.frame:.0f} bytes, {self.spent * 1e3:.0f} µs and {self.memory:.0f} KiB each"
        return f"{self.who}, {self.clients:,}: last {self.last * 1e3:.1f} ms, {each}"

    @property
    def last(self) -> float:
        """Seconds to the last client."""
        return median(fanout.last for fanout in self.fanouts)

    @property
    def frame(self) -> float:
        """Bytes to each client."""
        return median(fanout.size for fanout in self.fanouts) / self.clients

    @property
    def spent(self) -> float:
        """Processor seconds of the web process for a thousand deliveries."""
        return sum(fanout.spent for fanout in self.fanouts) / len(self.fanouts) / self.clients * 1000

    @property
    def missed(self) -> int:
        return sum(fanout.missed for fanout in self.fanouts)

    def part(self, part: float) -> float:
        """The time within which this part (0 to 1) of all frames came."""
        return part_of([time for fanout in self.fanouts for time in fanout.times], part)


def part_of(times: list[float], part: float) -> float:
    return sorted(times)[min(len(times) - 1, int(part * len(times)))]


class Bench:
    """The database, Redis, the crowd and the market, which all that is measured shares."""

    def __init__(self, folder: Path, people: int, stack: contextlib.ExitStack) -> None:
        call_command("migrate", verbosity=0)
        self.people = world.populate(people)
        self.source = stack.enter_context(FakeCoinGecko())
        valkey = Valkey(folder)
        valkey.start()
        stack.callback(valkey.kill)
        self.environment = {
            **os.environ,
            "DATA_DIR": str(settings.DATA_DIR),
            "REDIS_URL": valkey.url,
            "TICKFOLIO_EMBEDDED": "on",
            "COINGECKO_URL": self.source.url,
            "PRICE_REFRESH_SECONDS": "1",
        }
        self.crowd = stack.enter_context(module("tests.benchmarks.fanout.crowd", self.environment))
        self.market = stack.enter_context(module("tests.benchmarks.fanout.announcer", self.environment))
        self.sequence = 1

    # Pages -----------------------------------------------------------------------------------------------------------

    def open(self, port: int, clients: int, already: int = 0, first: str = WHOLE) -> float:
        """Have so many pages open, each with its first state, of which some are `already`; returns the seconds it took.

        `first` is what that state has.
        """
        some = [[person.cookie, person.path] for person in self.people[already:clients]]
        began = time.monotonic()
        self.crowd.ask({"open": some, "port": port, "mark": first})
        spent = time.monotonic() - began
        self.rest()
        return spent

    def close(self) -> None:
        self.crowd.ask({"close": True})

    def rest(self, seconds: float = REST) -> None:
        self.crowd.ask({"rest": seconds})

    # Ticks -----------------------------------------------------------------------------------------------------------

    def watch(self) -> str:
        """Have the crowd look out for the next tick; returns what its frames hold."""
        self.sequence += 1
        token = f'data-sequence="{self.sequence}"'
        self.crowd.ask({"watch": token, "seconds": WITHIN})
        return token

    def fanout(self, server: Server, facts: bool = False) -> Fanout:
        """Announce a tick and wait until everyone has got it."""
        self.watch()
        spent = server.spent()
        began = self.market.ask({"sequence": self.sequence, "facts": facts})["at"]
        return replace(self.heard(began), spent=server.spent() - spent)

    def fanouts(self, server: Server, ticks: int, facts: bool = False) -> list[Fanout]:
        found = []
        for _ in range(ticks):
            found.append(self.fanout(server, facts))
            self.rest()
        return found

    def heard(self, began: float) -> Fanout:
        heard: dict[str, Any] = self.crowd.hear()
        return Fanout([at - began for at in heard["seen"]], heard["missed"], heard["bytes"])

    def accepted(self) -> list[float]:
        """Have a worker's task fetch new prices; the seconds from their acceptance to each frame."""
        for name in (*world.MOVING, *world.STILL):
            one = world.quote(name)
            price = world.price_of(one, self.sequence + 1) if name in world.MOVING else one.price
            self.source.set_price(name, price, symbol=one.symbol, name=one.name)
        self.rest(POLL_EVERY)
        self.watch()
        self.market.ask({"ring": True})
        seen = self.crowd.hear()["seen"]
        at = MarketState.objects.get().last_success_at
        assert seen, "the worker's tick never came"
        assert at is not None
        return [time.time() - time.monotonic() + moment - at.timestamp() for moment in seen]

    def page_during_fanout(self, server: Server) -> float:
        """Seconds until a dashboard is answered that is asked for while a tick goes out."""
        self.watch()
        connection = HTTPConnection("127.0.0.1", server.port, timeout=WITHIN)
        connection.connect()
        self.market.ask({"sequence": self.sequence, "facts": False})
        began = time.monotonic()
        connection.request("GET", "/", headers={"Cookie": self.people[self.sequence].cookie})
        answer = connection.getresponse()
        page = answer.read()
        spent = time.monotonic() - began
        connection.close()
        assert answer.status == 200
        assert b'id="holdings"' in page
        assert not self.crowd.hear()["missed"]
        return spent
