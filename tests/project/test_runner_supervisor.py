"""Keeping processes: restarts, back-off, stopping in time, and nothing left, with small processes of our own."""

import io
import os
import signal
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from project.runner import supervisor as module
from project.runner.console import ROOM, Console
from project.runner.supervisor import CLEAN_END_WITHIN, KILLED_WITHIN, NEEDED_END_WITHIN, Child, Supervisor
from tests.running import until


@pytest.fixture(autouse=True)
def _signals_as_before() -> Iterator[None]:
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.getsignal(number) for number in numbers}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def said() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def supervisor(said: io.StringIO) -> Iterator[Supervisor]:
    made = Supervisor(Console(said))
    yield made
    made.stop()


def python(tmp_path: Path, program: str, name: str = "child", needed_to_stop: bool = False) -> Child:
    return Child(name, [sys.executable, "-u", "-c", textwrap.dedent(program)], tmp_path, needed_to_stop=needed_to_stop)


def test_a_child_that_ends_is_started_again_after_growing_pauses(
    supervisor: Supervisor, said: io.StringIO, tmp_path: Path
) -> None:
    supervisor.start(python(tmp_path, "raise SystemExit(3)"))
    until(lambda: said.getvalue().count("starts again") >= 3, 20, said.getvalue)
    for pause in ("0.2", "0.4", "0.8"):
        assert f"(status 3); starts again in {pause} s" in said.getvalue()


def test_what_children_say_stands_under_their_names(supervisor: Supervisor, said: io.StringIO, tmp_path: Path) -> None:
    loop = "import time\nprint('here I am: \\xe9', flush=True)\ntime.sleep(60)"
    supervisor.start(python(tmp_path, loop, name="web"))
    supervisor.start(python(tmp_path, loop, name="market"))
    until(lambda: said.getvalue().count("here I am") == 2, 20, said.getvalue)
    assert "web      | here I am: é\n" in said.getvalue()
    assert "market   | here I am: é\n" in said.getvalue()


def test_a_child_that_ignores_the_signal_is_killed_in_time(
    supervisor: Supervisor, said: io.StringIO, tmp_path: Path
) -> None:
    program = """
        import os, signal, time
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        print(os.getpid(), "is deaf", flush=True)
        time.sleep(60)
    """
    supervisor.start(python(tmp_path, program))
    until(lambda: "deaf" in said.getvalue(), 20, said.getvalue)
    pid = int(said.getvalue().split("|")[1].split()[0])
    started = time.monotonic()
    supervisor.stop()
    assert time.monotonic() - started < 5
    assert not alive(pid)


def test_what_a_dead_child_had_started_goes_with_it(supervisor: Supervisor, said: io.StringIO, tmp_path: Path) -> None:
    program = """
        import os, subprocess, sys, time
        print(os.getpid(), subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]).pid, flush=True)
        time.sleep(60)
    """
    supervisor.start(python(tmp_path, program))
    until(lambda: said.getvalue().endswith("\n"), 20, said.getvalue)
    child, grandchild = map(int, said.getvalue().split("|")[1].split())
    os.kill(child, signal.SIGKILL)
    until(lambda: not alive(grandchild), 10, said.getvalue)


def test_a_child_that_others_need_is_stopped_last(supervisor: Supervisor, said: io.StringIO, tmp_path: Path) -> None:
    program = """
        import signal, sys, time
        signal.signal(signal.SIGTERM, lambda *_: (time.sleep(0.3), print("gone", flush=True), sys.exit()))
        print("up", flush=True)
        time.sleep(60)
    """
    supervisor.start(python(tmp_path, program, name="redis", needed_to_stop=True))
    supervisor.start(python(tmp_path, program, name="web"))
    until(lambda: said.getvalue().count("up") == 2, 20, said.getvalue)
    supervisor.stop()
    until(lambda: said.getvalue().count("gone") == 2, 5, said.getvalue)
    assert said.getvalue().index("web      | gone") < said.getvalue().index("redis    | gone")


def test_a_signal_wakes_who_waits_and_a_later_one_kills(
    supervisor: Supervisor, said: io.StringIO, tmp_path: Path
) -> None:
    program = """
        import signal, time
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        print("deaf", flush=True)
        time.sleep(60)
    """
    supervisor.start(python(tmp_path, program))
    until(lambda: "deaf" in said.getvalue(), 20, said.getvalue)
    assert not supervisor.wait(0)
    os.kill(os.getpid(), signal.SIGINT)
    assert supervisor.wait(30)
    threading.Timer(module.SECOND_WISH_AFTER + 0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
    started = time.monotonic()
    supervisor.stop()
    assert time.monotonic() - started < module.CLEAN_END_WITHIN - 0.5


class Stuck(io.StringIO):
    """A terminal that takes a line only once it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.let_go = threading.Event()

    def write(self, text: str) -> int:
        self.let_go.wait(30)
        return super().write(text)


def test_a_terminal_that_stands_still_blocks_nobody_and_what_it_missed_is_counted() -> None:
    terminal = Stuck()
    console = Console(terminal)
    started = time.monotonic()
    for number in range(ROOM + 500):
        console.say(f"line {number}")
    console.close(within=0.1)
    assert time.monotonic() - started < 5
    terminal.let_go.set()
    until(lambda: "lines were dropped here" in terminal.getvalue(), 10)
    dropped = int(terminal.getvalue().split("(")[1].split()[0])
    assert 490 <= dropped <= 500


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()


def test_all_is_ended_within_five_seconds_of_a_signal() -> None:
    """Each wait has its allowance: politely, by force, then the same for those that others needed to stop."""
    assert CLEAN_END_WITHIN + KILLED_WITHIN + NEEDED_END_WITHIN + KILLED_WITHIN < 5
