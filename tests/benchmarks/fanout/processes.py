"""The processes of the benchmark and what the machine says of them: web process, crowd, market and worker."""

import contextlib
import json
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.benchmarks.report import ROOT


@dataclass
class Process:
    """One that is told what to do by lines of JSON and answers with one."""

    popen: subprocess.Popen[str]

    def tell(self, what: object) -> None:
        assert self.popen.stdin is not None
        self.popen.stdin.write(json.dumps(what) + "\n")
        self.popen.stdin.flush()

    def hear(self) -> dict[str, Any]:
        assert self.popen.stdout is not None
        line = self.popen.stdout.readline()
        assert line, f"{self.popen.args!r} has ended"
        return dict(json.loads(line))

    def ask(self, what: object) -> dict[str, Any]:
        self.tell(what)
        return self.hear()


@dataclass(frozen=True, slots=True)
class Server:
    """A web process and the port on which it answers."""

    pid: int
    port: int

    def memory(self) -> int:
        """Resident KiB."""
        found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{self.pid}/status").read_text())
        assert found is not None
        return int(found[1])

    def spent(self) -> float:
        """Seconds of processor time so far, of all threads that are there."""
        tasks = Path(f"/proc/{self.pid}/task").glob("*/schedstat")
        return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9


@contextlib.contextmanager
def module(name: str, environment: Mapping[str, str]) -> Iterator[Process]:
    """`python -m NAME`, spoken to over its standard streams."""
    command = [sys.executable, "-m", name]
    with ended(subprocess.Popen(command, cwd=ROOT, env=environment, text=True, stdin=-1, stdout=-1)) as popen:
        yield Process(popen)


@contextlib.contextmanager
def running(command: Sequence[str], environment: Mapping[str, str]) -> Iterator[None]:
    """A worker, which is asked to end, with its own children."""
    popen = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=sys.stderr)
    try:
        yield
    finally:
        popen.terminate()
        popen.wait(30)


@contextlib.contextmanager
def listening(command: Sequence[str], environment: Mapping[str, str], path: str = "/healthz") -> Iterator[Server]:
    """A command whose word FD is the number of the open socket that it is to serve on; it answers on `path`."""
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as opened:
        fd, port = opened.fileno(), int(opened.getsockname()[1])
        words = [str(fd) if word == "FD" else word for word in command]
        started = subprocess.Popen(
            words, cwd=ROOT, env={**environment, "PORT": str(port)}, pass_fds=[fd], stdout=sys.stderr
        )
        with ended(started) as popen:
            until_it_answers(port, path)
            yield Server(popen.pid, port)


@contextlib.contextmanager
def talking(command: Sequence[str], environment: Mapping[str, str]) -> Iterator[tuple[Process, int]]:
    """The same, spoken to over its standard streams as well."""
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as opened:
        fd = opened.fileno()
        words = [str(fd) if word == "FD" else word for word in command]
        started = subprocess.Popen(
            words, cwd=ROOT, env=environment, pass_fds=[fd], text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        with ended(started) as popen:
            yield Process(popen), int(opened.getsockname()[1])


@contextlib.contextmanager
def ended(popen: "subprocess.Popen[Any]") -> Iterator["subprocess.Popen[Any]"]:
    try:
        yield popen
    finally:
        popen.kill()
        popen.wait()
        for stream in (popen.stdin, popen.stdout):
            if stream is not None:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()


def until_it_answers(port: int, path: str) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=30) as client:
            client.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
            if client.recv(5) == b"HTTP/":
                return
        time.sleep(0.1)
    raise TimeoutError(f"nothing answers on port {port}")
