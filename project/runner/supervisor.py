"""Keeps processes running side by side: starts each, starts it again when it ends, and stops all of them in time.

It knows nothing of Django, nor of what the processes are for.
"""

import contextlib
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from project.runner.console import Console

LAUNCH = Path(__file__).with_name("launch.py")
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 10.0
# A process that lived this long was well: its next end is a new story, with a short pause again.
WELL_AFTER = 5.0
# All are gone within 5 s of a signal: so long for a clean end, then they are killed.
CLEAN_END_WITHIN = 2.8
NEEDED_END_WITHIN = 0.7
KILLED_WITHIN = 0.5
# A signal may arrive twice for one key: only a later one is a second wish.
SECOND_WISH_AFTER = 0.5


@dataclass(frozen=True, slots=True)
class Child:
    """A process to keep running; `command` is started in `folder` with `environment` added to the runner's own."""

    name: str
    command: Sequence[str]
    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    descriptors: Sequence[int] = ()
    # Others need it while they stop: it is stopped after them.
    needed_to_stop: bool = False


class Watch(threading.Thread):
    """Runs one child again and again until it is told to end it."""

    def __init__(self, child: Child, console: Console) -> None:
        super().__init__(name=f"watch {child.name}", daemon=True)
        self.child = child
        self._console = console
        self._ending = threading.Event()
        self._killed = False
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def run(self) -> None:
        pause = FIRST_PAUSE
        while (process := self._start()) is not None:
            started = time.monotonic()
            reader = threading.Thread(target=self._relay, args=(process,), daemon=True)
            reader.start()
            status = process.wait()
            self._kill_group(process)
            reader.join(1)
            if self._ending.is_set() or self._killed:
                return
            lived = time.monotonic() - started
            pause = FIRST_PAUSE if lived >= WELL_AFTER else pause
            self._console.say(
                f"{self.child.name} ended after {lived:.1f} s ({reason(status)}); starts again in {pause:g} s"
            )
            self._ending.wait(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    def end(self) -> None:
        """Asks the process to end; it isn't started again."""
        with self._lock:
            self._ending.set()
            if self._process is not None and self._process.poll() is None:
                self._process.terminate()

    def kill(self) -> None:
        """Ends the process and everything it started, at once. Takes no lock, so a signal handler may call it."""
        self._killed = True
        if (process := self._process) is not None and process.returncode is None:
            self._kill_group(process)

    def _start(self) -> subprocess.Popen[bytes] | None:
        with self._lock:
            if self._ending.is_set() or self._killed:
                return None
            self._process = subprocess.Popen(  # noqa: S603
                [sys.executable, "-I", "-S", str(LAUNCH), str(os.getpid()), *self.child.command],
                cwd=self.child.folder,
                env={**os.environ, **self.child.environment, "PYTHONUNBUFFERED": "1"},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C reaches the runner only, which stops the others in order
                pass_fds=self.child.descriptors,
            )
            return self._process

    def _relay(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None  # noqa: S101
        with process.stdout as output:
            for line in output:
                if text := line.decode(errors="replace").rstrip():
                    self._console.say(text, self.child.name)

    @staticmethod
    def _kill_group(process: subprocess.Popen[bytes]) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):  # macOS says the latter of a group of zombies
            os.killpg(process.pid, signal.SIGKILL)


class Supervisor:
    """Keeps children until a signal (Ctrl-C, SIGTERM, a closed terminal) comes; a second one kills."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._watches: list[Watch] = []
        # A handler may not take the locks of threading.Event: it could interrupt who holds them.
        self._signalled_at: float | None = None
        self._read_end, self._write_end = os.pipe()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            # nohup's wish is respected. SIGINT is heeded even where a script's background has it ignored.
            if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._on_signal)

    def start(self, child: Child) -> None:
        watch = Watch(child, self._console)
        self._watches.append(watch)
        watch.start()

    def wait(self, seconds: float | None = None) -> bool:
        """True once a signal has come."""
        return bool(select.select([self._read_end], [], [], seconds)[0])

    def stop(self) -> None:
        """Ends every child: politely, those needed by others last, and by force when the time is over."""
        self._end([watch for watch in self._watches if not watch.child.needed_to_stop], CLEAN_END_WITHIN)
        self._end([watch for watch in self._watches if watch.child.needed_to_stop], NEEDED_END_WITHIN)

    def _end(self, watches: list[Watch], within: float) -> None:
        for watch in watches:
            watch.end()
        self._join(watches, within)
        if late := [watch for watch in watches if watch.is_alive()]:
            for watch in late:
                self._console.say(f"{watch.child.name} didn't end in time and is killed")
                watch.kill()
            self._join(late, KILLED_WITHIN)

    @staticmethod
    def _join(watches: list[Watch], within: float) -> None:
        deadline = time.monotonic() + within
        for watch in watches:
            watch.join(max(0.0, deadline - time.monotonic()))

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self._signalled_at is None:
            self._signalled_at = time.monotonic()
            os.write(self._write_end, b"!")
        elif time.monotonic() - self._signalled_at > SECOND_WISH_AFTER:
            for watch in self._watches:
                watch.kill()


def reason(status: int) -> str:
    if status >= 0:
        return f"status {status}"
    try:
        return signal.Signals(-status).name
    except ValueError:
        return f"signal {-status}"
