"""Frames that the web process on daphne makes itself are what any browser reads."""

import contextlib
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from tests.dashboard.live.test_uvicorn import SIZES

LARGEST = "1000000"


@contextlib.contextmanager
def serving() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        command = [sys.executable, "-m", "project.runner.daphne", "--fd", str(listener.fileno())]
        command += ["--websocket-max-message-size", LARGEST, "tests.dashboard.live.test_uvicorn:speak"]
        with subprocess.Popen(command, pass_fds=[listener.fileno()]) as process:
            yield listener.getsockname()[1]
            process.terminate()


async def test_frames_of_all_sizes_arrive_whole_and_in_order() -> None:
    with serving() as port:
        async with connect(f"ws://127.0.0.1:{port}/", max_size=None, open_timeout=60) as client:
            texts = [await client.recv() for _ in SIZES]
            assert [len(str(text).encode()) for text in texts] == list(SIZES)
            assert await client.recv() == b"raw"
            await client.send("back")
            assert await client.recv() == "back"
            with pytest.raises(ConnectionClosed) as closed:
                await client.recv()
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 4401
