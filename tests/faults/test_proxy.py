"""The wire that the scenarios spoil does what it says, for a server on a port and for one on a Unix socket."""

import socket
import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.faults.proxy import Fault, Proxy


class Echo(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        while data := self.request.recv(1024):
            self.request.sendall(data)


@pytest.fixture(params=["port", "unix socket"])
def wire(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Proxy]:
    server: socketserver.BaseServer
    upstream: tuple[str, int] | Path
    if request.param == "port":
        server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Echo)
        upstream = ("127.0.0.1", server.server_address[1])
    else:
        upstream = tmp_path / "echo.sock"
        server = socketserver.ThreadingUnixStreamServer(str(upstream), Echo)
    server.daemon_threads = True
    server.handle_error = lambda *args: None  # type: ignore[method-assign]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    with Proxy(upstream) as wire:
        yield wire
    server.shutdown()
    thread.join()
    server.server_close()


@contextmanager
def client(wire: Proxy) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", wire.port), timeout=5) as opened:
        yield opened


def said(opened: socket.socket, words: bytes) -> bytes:
    opened.sendall(words)
    return opened.recv(1024)


def test_a_sound_wire_passes_everything_on(wire: Proxy) -> None:
    with client(wire) as opened:
        assert said(opened, b"one") == b"one"
        assert said(opened, b"two") == b"two"
    assert wire.accepted == 1


def test_a_refusing_wire_resets_what_is_open_and_listens_again_when_it_is_healed(wire: Proxy) -> None:
    with client(wire) as opened:
        assert said(opened, b"one") == b"one"
        wire.spoil(Fault.REFUSE)
        with pytest.raises(ConnectionResetError):
            opened.recv(1)
    with pytest.raises(ConnectionRefusedError), client(wire):
        pass
    wire.heal()
    with client(wire) as opened:
        assert said(opened, b"two") == b"two"


def test_a_black_hole_swallows_what_is_sent_and_never_gives_it_back(wire: Proxy) -> None:
    with client(wire) as opened:
        assert said(opened, b"one") == b"one"
        wire.spoil(Fault.BLACK_HOLE)
        opened.settimeout(0.2)
        with pytest.raises(TimeoutError):
            said(opened, b"two")
        wire.heal()
        with pytest.raises(ConnectionResetError):
            opened.recv(1)


def test_a_resetting_wire_takes_a_connection_and_drops_it(wire: Proxy) -> None:
    wire.spoil(Fault.RESET)
    with pytest.raises(ConnectionResetError), client(wire) as opened:
        opened.recv(1)


def test_a_slow_wire_passes_on_late(wire: Proxy) -> None:
    wire.spoil(Fault.DELAY, seconds=0.2)
    with client(wire) as opened:
        began = time.monotonic()
        assert said(opened, b"one") == b"one"
        assert time.monotonic() - began >= 0.4


def test_a_cut_answer_ends_early(wire: Proxy) -> None:
    wire.spoil(Fault.CUT, octets=2)
    with client(wire) as opened:
        assert said(opened, b"one") == b"on"
        assert opened.recv(1) == b""
