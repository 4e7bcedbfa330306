"""Keeps the feeds of the exchanges that PRICE_STREAMS names, and hands their prices to the ticks, until a signal."""

import asyncio
import contextlib
import signal
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from dashboard.market.streams.process import Process


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
    work = asyncio.create_task(Process(settings.PRICE_STREAMS).run())
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, work.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await work
