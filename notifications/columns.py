"""Arrays of one length beside each other, as a table that grows at its end. No names of the trade in here."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

ROOM = 16
"""A full table grows by this part of itself."""


class Columns:
    """`columns["name"]` is a column as far as it is filled; it may be written to in place."""

    def __init__(self, **kinds: DTypeLike) -> None:
        self.size = 0
        self._rooms: dict[str, NDArray[Any]] = {name: np.empty(0, kind) for name, kind in kinds.items()}

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self._rooms[name][: self.size]

    def add(self, **more: Iterable[Any]) -> None:
        """Rows at the end: as many values for each column."""
        columns = {name: np.asarray(values) for name, values in more.items()}
        need = self.size + len(next(iter(columns.values())))
        for name, values in columns.items():
            room = self._rooms[name]
            if need > len(room):
                grown = np.empty(need + need // ROOM, room.dtype)
                grown[: self.size] = room[: self.size]
                self._rooms[name] = room = grown
            room[self.size : need] = values
        self.size = need

    def keep(self, which: NDArray[Any]) -> None:
        """Only these rows, by a mask or by their numbers."""
        self._rooms = {name: self[name][which] for name in self._rooms}
        self.size = len(next(iter(self._rooms.values())))

    def widen(self, name: str, kind: DTypeLike) -> None:
        self._rooms[name] = self._rooms[name].astype(kind)

    @property
    def nbytes(self) -> int:
        return sum(room.nbytes for room in self._rooms.values())
