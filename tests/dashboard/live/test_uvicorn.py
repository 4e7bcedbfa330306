"""Frames that the web process on uvicorn makes itself are what any browser reads."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import uvicorn
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

# Around the places where the length of a frame takes more bytes.
SIZES = (1, 125, 126, 65_535, 65_536, 200_000)


async def speak(
    scope: Any, receive: Callable[[], Awaitable[Any]], send: Callable[[dict[str, Any]], Awaitable[None]]
) -> None:
    await receive()
    await send({"type": "websocket.accept"})
    for size in SIZES:
        await send({"type": "websocket.send", "text": "é" * (size // 2) + "x" * (size % 2)})
    await send({"type": "websocket.send", "bytes": b"raw"})
    heard = await receive()
    await send({"type": "websocket.send", "text": heard["text"]})
    await send({"type": "websocket.close", "code": 4401})


@contextlib.asynccontextmanager
async def serving() -> AsyncIterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(
            uvicorn.Config(
                speak,
                ws="project.runner.sockets:Sockets",
                ws_per_message_deflate=False,
                lifespan="off",
                log_config=None,
            )
        )
        running = asyncio.create_task(server.serve([listener]))
        yield listener.getsockname()[1]
        server.should_exit = True
        await running


async def test_frames_of_all_sizes_arrive_whole_and_in_order() -> None:
    async with serving() as port, connect(f"ws://127.0.0.1:{port}/", max_size=None, open_timeout=30) as client:
        texts = [await client.recv() for _ in SIZES]
        assert [len(str(text).encode()) for text in texts] == list(SIZES)
        assert await client.recv() == b"raw"
        await client.send("back")
        assert await client.recv() == "back"
        with pytest.raises(ConnectionClosed) as closed:
            await client.recv()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 4401
