"""Something that is to happen while a fake serves: at a named moment of the next connection that comes to it.

fake.moments.at("kept", kill)   # kill(port): the port that the client speaks from; has it struck?
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

Act = Callable[[int], bool]

MOMENTS = ("accepted", "read", "kept", "half answered", "answered")
"""A connection is there; the whole message has been read; it counts as sent; a part of the answer, all of it is out."""


@dataclass
class Plan:
    """What is to happen in one connection."""

    moment: str = ""
    act: Act = lambda port: False

    def reach(self, moment: str, port: int) -> bool:
        """The moment has come; True where something was planned for it and has struck."""
        if moment != self.moment:
            return False
        self.moment = ""
        return self.act(port)


@dataclass
class Moments:
    """Plans for the connections to come, first come first served."""

    plans: list[Plan] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def at(self, moment: str, act: Act) -> None:
        with self.lock:
            self.plans.append(Plan(moment, act))

    def next(self) -> Plan:
        with self.lock:
            return self.plans.pop(0) if self.plans else Plan()
