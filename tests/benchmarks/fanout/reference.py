"""What the hub is measured beside: `websockets.broadcast()`, the fastest plain Python, sending one frame to everyone.

`python -m tests.benchmarks.fanout.reference FD` serves on the open socket; each line of standard input is the number of
bytes and the token of a frame to be sent to all, and is answered by the time at which sending began.
"""

import asyncio
import gc
import json
import logging
import socket
import sys
import threading
import time

from websockets.asyncio.server import ServerConnection, broadcast, serve

logging.getLogger("websockets").addHandler(logging.NullHandler())
everyone: set[ServerConnection] = set()


async def welcome(connection: ServerConnection) -> None:
    everyone.add(connection)
    await connection.send("<section>")
    try:
        await connection.wait_closed()
    finally:
        everyone.discard(connection)


def send(size: int, token: str) -> None:
    frame = (token + '<span class="num">▲ 1.00</span>' * size)[: size - 2 * (size // 32)]
    began = time.monotonic()
    broadcast(everyone, frame)
    print(json.dumps({"at": began}), flush=True)


def listen(loop: asyncio.AbstractEventLoop) -> None:
    for line in sys.stdin:
        size, token = json.loads(line)
        loop.call_soon_threadsafe(send, size, token)


async def main() -> None:
    listener = socket.socket(fileno=int(sys.argv[1]))
    async with serve(welcome, sock=listener, compression=None, ping_interval=None):
        gc.collect()
        gc.freeze()
        threading.Thread(target=listen, args=[asyncio.get_running_loop()], daemon=True).start()
        await asyncio.get_running_loop().create_future()


if __name__ == "__main__":
    asyncio.run(main())
