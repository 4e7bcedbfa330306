"""One stream for what several processes say, each line under the name of its process. It keeps no log file."""

import os
import queue
import sys
import threading
from typing import TextIO

COLOURS = (36, 33, 32, 35, 34, 31)
ROOM = 10_000


class Console:
    """Prints from a thread of its own: a terminal that stands still must not hold up who watches the processes.

    What doesn't fit in ROOM lines is dropped, and how much it was is said.
    """

    def __init__(self, stream: TextIO = sys.stdout, width: int = 8) -> None:
        self._stream = stream
        self._width = width
        self._in_colour = "NO_COLOR" not in os.environ and (stream.isatty() or "FORCE_COLOR" in os.environ)
        self._colour_of: dict[str, int] = {}
        self._lines: queue.Queue[str | None] = queue.Queue(ROOM)
        self._dropped = 0
        self._writer = threading.Thread(target=self._write, daemon=True)
        self._writer.start()

    def say(self, text: str, name: str = "runner") -> None:
        """Adds a line; never blocks, never fails."""
        prefix = f"{name:<{self._width}} | "
        if self._in_colour:
            colour = self._colour_of.setdefault(name, COLOURS[len(self._colour_of) % len(COLOURS)])
            prefix = f"\033[{colour}m{prefix}\033[0m"
        try:
            self._lines.put_nowait(f"{prefix}{text}\n")
        except queue.Full:
            self._dropped += 1

    def close(self, within: float = 0.5) -> None:
        """Prints what was said so far, as far as the stream takes it in time."""
        try:
            self._lines.put_nowait(None)
        except queue.Full:
            return
        self._writer.join(within)

    def _write(self) -> None:
        while (line := self._lines.get()) is not None:
            if self._dropped:
                line, self._dropped = f"{line}({self._dropped} lines were dropped here)\n", 0
            try:
                self._stream.write(line)
                self._stream.flush()
            except (OSError, ValueError):
                return  # nobody reads any more; the processes go on
