"""Many open pages in one process, as lean as Python allows: plain sockets, one poll, no library between.

`python -m tests.benchmarks.fanout.crowd` reads commands as lines of JSON and answers each with one. Times are those of
the machine's monotonic clock, which is the same in all processes.
"""

import gc
import json
import resource
import select
import socket
import sys
import time
from dataclasses import dataclass, field
from typing import Any

REPORT_EVERY = 4
OPENING_AT_ONCE = 40
# A reader that stands still takes little before it does: its packets are those of a phone, not of the loopback's size.
SMALL_BUFFER, PACKET = 4096, 1400


@dataclass(slots=True, eq=False)
class Page:
    opened: socket.socket
    rest: bytes = b""
    open: bool = False
    ready: bool = False
    frames: int = 0
    reported: int = 0
    seen: float = 0.0


@dataclass(slots=True)
class Crowd:
    """`mark` is what the first frame of a page holds, `token` what the awaited one does."""

    port: int = 0
    mark: bytes = b""
    token: bytes = b""
    pages: dict[int, Page] = field(default_factory=dict)
    waiting: int = 0
    volume: int = 0
    frames: int = 0
    closed: int = 0
    poll: Any = field(default_factory=select.epoll)

    def connect(self, cookie: str, path: str, stalled: bool) -> Page:
        client = socket.socket()
        if stalled:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_BUFFER)
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, PACKET)
        client.connect(("127.0.0.1", self.port))
        host = f"127.0.0.1:{self.port}"
        client.sendall(
            f"GET {path} HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\nCookie: {cookie}\r\n"
            "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
        )
        return Page(client)

    def open(self, people: list[tuple[str, str]]) -> None:
        """Each page has got its first state when this returns."""
        left = list(people)
        pending: set[Page] = set()
        deadline = time.monotonic() + 300
        while left or pending:
            assert time.monotonic() < deadline, f"{len(left)} + {len(pending)} pages don't open"
            while left and len(pending) < OPENING_AT_ONCE:
                cookie, path = left.pop()
                page = self.connect(cookie, path, stalled=False)
                pending.add(page)
                self.pages[page.opened.fileno()] = page
                self.poll.register(page.opened, select.EPOLLIN)
            self.turn(0.2)
            pending = {page for page in pending if not page.ready}

    def stall(self, people: list[tuple[str, str]]) -> list[Page]:
        """Pages that are opened and never read."""
        stalled = [self.connect(cookie, path, stalled=True) for cookie, path in people]
        for page in stalled:
            assert page.opened.recv(12) == b"HTTP/1.1 101"
        return stalled

    def turn(self, seconds: float) -> None:
        """Read what has come."""
        for fd, _ in self.poll.poll(seconds, 512):
            page = self.pages[fd]
            try:
                data = page.opened.recv(1 << 18)
            except OSError:
                data = b""
            if not data:
                self.drop(fd, page)
                continue
            now = time.monotonic()
            self.volume += len(data)
            if page.rest:
                data = page.rest + data
            if not page.open:
                head, end, data = data.partition(b"\r\n\r\n")
                if not end:
                    page.rest = head
                    continue
                assert head.startswith(b"HTTP/1.1 101"), head[:200]
                page.open = True
            page.rest = self.read(page, data, now)

    def drop(self, fd: int, page: Page) -> None:
        self.poll.unregister(fd)
        page.opened.close()
        del self.pages[fd]
        self.closed += 1

    def read(self, page: Page, data: bytes, now: float) -> bytes:
        """The whole frames in `data`; returns what is left."""
        start, end = 0, len(data)
        while end - start >= 2:
            size, head = data[start + 1], 2
            if size == 126:
                size, head = int.from_bytes(data[start + 2 : start + 4], "big"), 4
            elif size == 127:
                size, head = int.from_bytes(data[start + 2 : start + 10], "big"), 10
            after = start + head + size
            if after > end:
                break
            kind = data[start] & 15
            if kind == 1:
                page.frames += 1
                self.frames += 1
                if self.token and not page.seen and data.find(self.token, start, after) >= 0:
                    page.seen = now
                    self.waiting -= 1
                if not page.ready and data.find(self.mark, start, after) >= 0:
                    page.ready = True
            elif kind == 9:
                self.say(page, 10, data[start + head : after])
            start = after
        return data[start:]

    @staticmethod
    def say(page: Page, kind: int, text: bytes) -> None:
        """A frame as browsers send them, masked, with zeros."""
        page.opened.sendall(bytes([128 | kind, 128 | len(text), 0, 0, 0, 0]) + text)

    def watch(self, token: str, seconds: float) -> None:
        self.token = token.encode()
        for page in self.pages.values():
            page.seen = 0.0
        self.waiting = len(self.pages)
        self.volume = self.frames = 0
        answer({"watching": self.waiting})
        deadline = time.monotonic() + seconds
        while self.waiting > 0 and time.monotonic() < deadline:
            self.turn(0.05)
        self.token = b""
        seen = sorted(page.seen for page in self.pages.values() if page.seen)
        answer({"seen": seen, "missed": len(self.pages) - len(seen), "bytes": self.volume, "frames": self.frames})

    def rest(self, seconds: float) -> None:
        """Read and report as pages do (static/live.js), for so long."""
        self.volume = self.frames = 0
        reporting = [
            page for page in self.pages.values() if page.frames - page.reported >= (page.reported and REPORT_EVERY)
        ]
        began = time.monotonic()
        while (spent := time.monotonic() - began) < seconds:
            while reporting and len(reporting) > len(self.pages) * (1 - 2 * spent / seconds):
                page = reporting.pop()
                page.reported = page.frames
                self.say(page, 1, b'{"seen": %d}' % page.frames)
            self.turn(0.01)
        answer({"bytes": self.volume, "frames": self.frames, "closed": self.closed})

    def close(self) -> None:
        for fd, page in list(self.pages.items()):
            self.drop(fd, page)


def answer(what: dict[str, Any]) -> None:
    print(json.dumps(what), flush=True)


def main() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    gc.disable()
    crowd, stalled = Crowd(), list[Page]()
    for line in sys.stdin:
        match json.loads(line):
            case {"open": people, "port": port, "mark": mark}:
                crowd.port, crowd.mark = port, mark.encode()
                crowd.open(people)
                answer({"open": len(crowd.pages)})
            case {"stall": people}:
                stalled += crowd.stall(people)
                answer({"stalled": len(stalled)})
            case {"watch": token, "seconds": seconds}:
                crowd.watch(token, seconds)
            case {"rest": seconds}:
                crowd.rest(seconds)
            case {"release": True}:
                for page in stalled:
                    page.opened.close()
                stalled = []
                answer({"released": True})
            case {"close": True}:
                crowd.close()
                crowd = Crowd()
                answer({"closed": True})


if __name__ == "__main__":
    main()
