"""How the hub asks the database: on one thread, by a connection that stays open, many questions of a kind together."""

import asyncio
from collections.abc import Callable, Collection, Mapping
from typing import Any, Final, Generic, TypeVar

from asgiref.sync import SyncToAsync
from django.db import DatabaseError, connections

Key = TypeVar("Key")
Answer = TypeVar("Answer")
AT_ONCE: Final = 25
"""Questions that are asked together: few enough to leave room for others between."""


class InDatabase(SyncToAsync[Any, Any]):
    """A function of the database as a coroutine. Unlike channels' own it keeps the connection, unless that fails."""

    def thread_handler(self, loop: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().thread_handler(loop, *args, **kwargs)
        except DatabaseError:
            hang_up()
            raise


in_database = InDatabase


def hang_up() -> None:
    """Let go of this thread's connections; the next question makes a new one."""
    for connection in connections.all(initialized_only=True):
        if not connection.in_atomic_block:
            connection.close()


class Together(Generic[Key, Answer]):
    """Asks one question about many keys: those that come up while the database answers wait for the next time."""

    def __init__(self, question: Callable[[Collection[Key]], Mapping[Key, Answer]]) -> None:
        self.question = question
        self.waiting: dict[Key, list[asyncio.Future[Answer | None]]] = {}
        self.asking: asyncio.Task[None] | None = None

    async def ask(self, key: Key) -> Answer | None:
        """The answer for this key; None where there is none. Raises what the question raises."""
        answer: asyncio.Future[Answer | None] = asyncio.get_running_loop().create_future()
        self.waiting.setdefault(key, []).append(answer)
        if self.asking is None:
            self.asking = asyncio.create_task(self.ask_all())
        return await answer

    async def ask_all(self) -> None:
        try:
            while self.waiting:
                some = {key: self.waiting.pop(key) for key in list(self.waiting)[:AT_ONCE]}
                try:
                    answers = await in_database(self.question)(list(some))
                except Exception as error:  # noqa: BLE001 - it belongs to those who asked
                    settle(some, lambda answer, key, error=error: answer.set_exception(error))
                else:
                    settle(some, lambda answer, key, answers=answers: answer.set_result(answers.get(key)))
        finally:
            self.asking = None


def settle(some: Mapping[Key, list[asyncio.Future[Any]]], say: Callable[..., None]) -> None:
    for key, waiting in some.items():
        for answer in waiting:
            if not answer.done():
                say(answer, key)
