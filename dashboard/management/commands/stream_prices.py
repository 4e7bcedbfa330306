"""Keeps the feeds of the exchanges that PRICE_STREAMS names, and hands their prices to the ticks, until a signal."""

import asyncio
import contextlib
import gc
import os
import signal
import threading
from typing import Any, Final

from django.conf import settings
from django.core.management.base import BaseCommand

from dashboard.market.streams.process import Process

GRACE: Final = 1.5
"""Seconds from a signal to the end by force; whoever runs it all waits a little longer."""


class Command(BaseCommand):
    help = "Takes prices from the exchanges that PRICE_STREAMS names, until Ctrl-C."
    requires_system_checks = ()
    requires_migrations_checks = False

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.PRICE_STREAMS:
            self.stdout.write("PRICE_STREAMS names no exchange: there is nothing to do.")
            return
        asyncio.run(run())


async def run() -> None:
    # What is loaded by now stays: looking through all of it for garbage would hold up prices for 0.2 s at a time.
    gc.freeze()
    work = asyncio.create_task(Process(settings.PRICE_STREAMS).run())
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, end, work)
    with contextlib.suppress(asyncio.CancelledError):
        await work


def end(work: "asyncio.Task[None]") -> None:
    """Politely, and by force soon after: nothing is lost by it."""
    work.cancel()
    last = threading.Timer(GRACE, os._exit, [0])
    last.daemon = True
    last.start()
