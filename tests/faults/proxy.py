"""A wire that a test can spoil: a local TCP port whose connections are passed on to a server, or are not.

with Proxy(("127.0.0.1", port)) as wire:   # or Proxy(Path("valkey.sock"))
    wire.spoil(Fault.BLACK_HOLE)
    wire.heal()
"""

import asyncio
import socket
import struct
import threading
from collections.abc import Coroutine
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

CHUNK = 64 * 1024
AT_ONCE = struct.pack("ii", 1, 0)


class Fault(StrEnum):
    REFUSE = "refuse"
    """Nobody listens; what was open is reset."""
    BLACK_HOLE = "black hole"
    """Connections open, and stay open; nothing that is sent ever arrives."""
    RESET = "reset"
    """Every connection is reset as soon as it is made; what was open too."""
    DELAY = "delay"
    """Everything arrives late by `seconds`."""
    CUT = "cut"
    """An answer breaks off after so many `octets`."""


class Proxy:
    """The wire to `upstream`, a host and port or a Unix socket; it passes everything on until it is spoiled."""

    def __init__(self, upstream: tuple[str, int] | Path) -> None:
        self.upstream = upstream
        self.fault: Fault | None = None
        self.seconds = 0.0
        self.octets = 0
        self.accepted = 0
        self.writers: set[asyncio.StreamWriter] = set()
        self.server: asyncio.Server | None = None
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.port = int(listener.getsockname()[1])

    def __enter__(self) -> Self:
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.run(self.listen())
        return self

    def __exit__(self, *args: object) -> None:
        self.run(self.end())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()

    def spoil(self, fault: Fault, *, seconds: float = 0, octets: int = 0) -> None:
        self.run(self.change(fault, seconds, octets))

    def heal(self) -> None:
        self.run(self.change(None, 0, 0))

    def run(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self.loop).result(10)

    async def change(self, fault: Fault | None, seconds: float, octets: int) -> None:
        before, self.fault, self.seconds, self.octets = self.fault, fault, seconds, octets
        if fault is Fault.REFUSE:
            await self.deafen()
        elif self.server is None:
            await self.listen()
        if fault in {Fault.REFUSE, Fault.RESET} or before is Fault.BLACK_HOLE:  # what it swallowed never arrives
            self.reset_all()

    async def listen(self) -> None:
        self.server = await asyncio.start_server(self.serve, "127.0.0.1", self.port, backlog=1024)

    async def deafen(self) -> None:
        if self.server is not None:
            self.server.close()
            self.server = None

    async def end(self) -> None:
        await self.deafen()
        self.reset_all()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def reset_all(self) -> None:
        for writer in list(self.writers):
            reset(writer)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        self.writers.add(writer)
        try:
            if self.fault is Fault.RESET:
                reset(writer)
            else:
                await self.connect(reader, writer)
        except OSError:
            reset(writer)
        finally:
            self.writers.discard(writer)

    async def connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if isinstance(self.upstream, Path):
            far_reader, far_writer = await asyncio.open_unix_connection(str(self.upstream))
        else:
            far_reader, far_writer = await asyncio.open_connection(*self.upstream)
        self.writers.add(far_writer)
        try:
            await asyncio.gather(
                self.carry(reader, far_writer, answers=False), self.carry(far_reader, writer, answers=True)
            )
        finally:
            self.writers.discard(far_writer)
            reset(far_writer)

    async def carry(self, source: asyncio.StreamReader, target: asyncio.StreamWriter, *, answers: bool) -> None:
        """One direction, until its source ends."""
        carried = 0
        while data := await source.read(CHUNK):
            if self.fault is Fault.BLACK_HOLE:
                continue
            if self.fault is Fault.DELAY:
                await asyncio.sleep(self.seconds)
            if self.fault is Fault.CUT and answers:
                data = data[: max(0, self.octets - carried)]
            carried += len(data)
            target.write(data)
            await target.drain()
            if self.fault is Fault.CUT and answers and carried >= self.octets:
                break
        target.close()


def reset(writer: asyncio.StreamWriter) -> None:
    """End the connection at once; a TCP peer is told so by a reset."""
    connection = writer.get_extra_info("socket")
    if connection is not None and connection.family == socket.AF_INET and connection.fileno() >= 0:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
    writer.transport.abort()
