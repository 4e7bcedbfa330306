"""One tick at a time, across all workers and machines: a lease in Redis that a killed worker cannot keep for long."""

import contextlib
from collections.abc import Iterator
from typing import Final

from redis.lock import Lock

from project.redis import AWAY, shared

NAME: Final = "tickfolio:tick"
LEASE: Final = 10.0
"""Seconds; each stage of a tick is shorter, the wait for the source included."""


class Taken(Exception):
    """Another tick is at work."""


class Turn:
    """The right to tick, where Redis could say whose it is."""

    def __init__(self, lock: Lock | None) -> None:
        self.lock = lock

    def renew(self) -> None:
        """A whole lease from now on."""
        if self.lock is not None:
            with contextlib.suppress(*AWAY):
                self.lock.reacquire()


@contextlib.contextmanager
def turn() -> Iterator[Turn]:
    """Raises Taken where another has it. Without Redis everybody has it: two ticks at once are only a waste."""
    lock: Lock | None = shared().lock(NAME, timeout=LEASE, blocking=False, thread_local=False)
    try:
        if lock is not None and not lock.acquire():
            raise Taken
    except AWAY:
        lock = None
    try:
        yield Turn(lock)
    finally:
        if lock is not None:
            with contextlib.suppress(*AWAY):
                lock.release()
