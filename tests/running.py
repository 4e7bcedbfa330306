"""Tickfolio as its users start it: `manage.py up` in a process of its own, with its own data folder and a free port."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from project.runner.supervisor import LAUNCH

Answer = TypeVar("Answer")
PATIENCE = 180
"""Seconds for a first start with an empty database on a busy machine; whether it is quick is not tested here."""
ROOT = Path(__file__).resolve().parent.parent
ADDRESS = re.compile(r"Tickfolio is at (http://\S+?)/?$", re.MULTILINE)
# What the machine or a .env file has set must not leak into a test; empty means the default.
UNSET = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "PUBLIC_URL", "DEBUG", "EMAIL_URL", "COINGECKO_PLAN")


@dataclass
class Running:
    """A started runner; what it and its children print gathers in `lines`."""

    process: subprocess.Popen[str]
    data_dir: Path
    lines: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        with contextlib.suppress(ValueError):  # the stream was closed meanwhile
            self.lines.extend(iter(self.process.stdout.readline, ""))

    @property
    def output(self) -> str:
        return "".join(self.lines)

    @property
    def address(self) -> str:
        """Without a slash at the end. Waits for the first page."""

        def said() -> re.Match[str] | None:
            assert self.process.poll() is None, f"it ended with status {self.process.returncode}\n{self.output}"
            return ADDRESS.search(self.output)

        return until(said, PATIENCE, lambda: self.output).group(1)

    def pids(self, *words: str) -> set[int]:
        """The runner's own children whose command line holds all the words."""
        return {
            pid
            for pid, parent, command in processes()
            if parent == self.process.pid and all(word in command for word in words)
        }

    def pid(self, *words: str) -> int:
        """The one child whose command line holds all the words; waits until it runs."""
        (found,) = until(lambda: self.pids(*words), 30, lambda: self.output)
        return found

    def stop(self, within: float = 20) -> int:
        """Ctrl-C; the exit status."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGINT)
        return self.process.wait(within)


@contextlib.contextmanager
def tickfolio(data_dir: Path, command: str = "up", **environment: str) -> Iterator[Running]:
    """Starts `manage.py COMMAND` and stops it at the end; its environment is the machine's, cleaned, plus the given."""
    with start(data_dir, command, environment) as process:
        running = Running(process, data_dir)
        try:
            yield running
        finally:
            with contextlib.suppress(subprocess.TimeoutExpired):
                running.stop()
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


def start(data_dir: Path, command: str, environment: Mapping[str, str]) -> subprocess.Popen[str]:
    """The bare process, in a group of its own like a job of a shell; it ends with who starts it, however that ends."""
    return subprocess.Popen(
        [sys.executable, "-I", "-S", str(LAUNCH), str(os.getpid()), sys.executable, "manage.py", command],
        cwd=ROOT,
        env={
            **{name: value for name, value in os.environ.items() if not name.startswith("TICKFOLIO_")},
            **dict.fromkeys(UNSET, ""),
            "DJANGO_SETTINGS_MODULE": "project.settings",
            "DATA_DIR": str(data_dir),
            "HOST": "127.0.0.1",
            "PORT": "0",
            "PRICE_STREAMS": "none",  # tests ask no exchange but their own
            **environment,
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def processes() -> Iterator[tuple[int, int, str]]:
    """Every living process: its number, its parent's, its command line."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            state, parent = (folder / "stat").read_text().rpartition(")")[2].split()[:2]
            command = (folder / "cmdline").read_text().replace("\0", " ").strip()
        except OSError:
            continue  # it has ended meanwhile
        if state != "Z":
            yield int(folder.name), int(parent), command


def descendants(ancestor: int) -> set[int]:
    """Everything that the process started, directly or not."""
    tree = [(pid, parent) for pid, parent, _ in processes()]
    found = {ancestor}
    while more := {pid for pid, parent in tree if parent in found} - found:
        found |= more
    return found - {ancestor}


def until(question: Callable[[], Answer | None], seconds: float, otherwise: Callable[[], str] = lambda: "") -> Answer:
    """The first answer that is true; AssertionError with what `otherwise` tells when the time is over."""
    deadline = time.monotonic() + seconds
    while not (answer := question()):
        assert time.monotonic() < deadline, f"not within {seconds} s\n{otherwise()}"
        time.sleep(0.05)
    return answer
