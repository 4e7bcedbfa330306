"""What a socket waits by, small: thousands are open at once."""

import asyncio
from typing import Any


class Gate:
    """asyncio's Event for one who waits. That and its Queue keep a deque of 0.6 KB for each thing that might be waited
    for, five on each socket.
    """

    __slots__ = ("opens",)

    def __init__(self) -> None:
        self.opens: asyncio.Future[None] | None = None

    def is_set(self) -> bool:
        return self.opens is None

    def clear(self) -> None:
        if self.opens is None:
            self.opens = asyncio.get_running_loop().create_future()

    def set(self) -> None:
        opens, self.opens = self.opens, None
        if opens is not None and not opens.done():
            opens.set_result(None)

    async def wait(self) -> None:
        while self.opens is not None:
            await asyncio.shield(self.opens)


class Inbox:
    """asyncio's Queue for one who takes."""

    __slots__ = ("gate", "messages")

    def __init__(self) -> None:
        self.messages: list[Any] = []
        self.gate = Gate()

    def empty(self) -> bool:
        return not self.messages

    def put_nowait(self, message: Any) -> None:
        self.messages.append(message)
        self.gate.set()

    async def get(self) -> Any:
        while not self.messages:
            self.gate.clear()
            await self.gate.wait()
        return self.messages.pop(0)
