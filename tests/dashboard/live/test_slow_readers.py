"""Readers that stand still beside readers that don't: these never notice, those cost little and are let go."""

import asyncio
import contextlib
import re
import socket
import time
from decimal import Decimal
from pathlib import Path

import pytest

from accounts.models import User
from dashboard import clock
from dashboard.live.announce import announce_tick
from dashboard.market.quote import Quote
from dashboard.market.refresh import Tick
from dashboard.market.storing import as_asset, as_row
from dashboard.models import MarketState, Portfolio, Position
from tests.dashboard.live.test_sockets import Reader, do
from tests.serving import Server, cookie_of, page_socket, serving

pytestmark = pytest.mark.django_db(transaction=True)
COINS = [f"coin-{number}" for number in range(40)]
OWNERS, READING, STANDING = 5, 60, 10
ZERO = Decimal(0)


def tick(sequence: int) -> None:
    quotes = tuple(
        Quote(coin, coin, coin, Decimal(100 + sequence), clock.now(), rank=number + 1, change_24h=Decimal(sequence))
        for number, coin in enumerate(COINS)
    )
    for quote in quotes if sequence == 1 else ():
        as_asset(quote).save()
    for quote in quotes:
        as_row(quote, sequence).save()
    MarketState.objects.update_or_create(pk=1, defaults={"sequence": sequence})
    announce_tick(Tick(sequence, clock.now(), quotes))


def owner(name: str) -> User:
    user = User.objects.create_user(name, f"{name}@example.org", "correct horse battery")
    portfolio = Portfolio.objects.create(user=user, name="Main")
    for coin in COINS:
        figures = dict.fromkeys(["realised", "income", "fees", "fees_paid"], ZERO)
        money = dict.fromkeys(["cost", "invested", "ever_invested"], Decimal(10))
        Position.objects.create(portfolio=portfolio, asset_id=coin, quantity=Decimal(2), **figures, **money)
    return user


def stand_still(server: Server, cookie: str, address: str = "/ws/live/") -> socket.socket:
    """A socket that is opened like a page's and then never read; its buffer and packets are small, like a phone's."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 1400)
    client.connect(("127.0.0.1", server.port))
    client.sendall(
        f"GET {address} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nOrigin: {server.origin}\r\nCookie: {cookie}\r\n"
        "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
    )
    client.settimeout(10)
    assert client.recv(12) == b"HTTP/1.1 101"
    return client


def memory_of(server: Server) -> float:
    """Resident megabytes."""
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{server.process.pid}/status").read_text())
    assert found is not None
    return int(found[1]) / 1024


def open_sockets(server: Server) -> int:
    found = 0
    for fd in Path(f"/proc/{server.process.pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # it was closed meanwhile
            found += "socket" in str(fd.readlink())
    return found


@pytest.mark.parametrize("name", ["daphne", "uvicorn"])
async def test_readers_that_stand_still_hold_up_nobody_and_are_let_go(transactional_db: None, name: str) -> None:
    await do(tick)(1)
    cookies = [await do(cookie_of)(await do(owner)(f"user{number}")) for number in range(OWNERS)]
    with serving("--ping-interval", "3", "--ping-timeout", "5", server=name) as server:
        async with contextlib.AsyncExitStack() as stack:
            readers = [
                Reader(await stack.enter_async_context(page_socket(server, cookies[number % OWNERS])))
                for number in range(READING)
            ]
            for reader in readers:
                await reader.until(lambda frame: "<section" in frame)
            await asyncio.sleep(1.5)  # by now the process has opened its own to Redis
            memory, sockets = memory_of(server), open_sockets(server)
            for number in range(STANDING):
                stack.enter_context(await do(stand_still)(server, cookies[number % OWNERS]))
            assert open_sockets(server) >= sockets + STANDING
            sequence, deadline = 1, time.monotonic() + 30
            while open_sockets(server) > sockets:
                assert time.monotonic() < deadline, "those who stand still are still there"
                sequence += 1
                began = time.monotonic()
                await do(tick)(sequence)
                price = str(100 + sequence)
                await asyncio.gather(*(reader.until_value("p-coin-0-price", price, seconds=2) for reader in readers))
                assert time.monotonic() - began < 2
                assert memory_of(server) - memory < 50
            assert sequence > 10


@pytest.mark.parametrize("name", ["daphne", "uvicorn"])
async def test_a_page_that_reports_is_held_to_its_reports(transactional_db: None, name: str) -> None:
    """It stops reporting and gets no more than the window; then it reports, and gets the newest state."""
    await do(tick)(1)
    cookie = await do(cookie_of)(await do(owner)("ann"))
    with serving(server=name) as server:
        async with page_socket(server, cookie, reports=False) as silent, page_socket(server, cookie) as other:
            pages = Reader(silent), Reader(other)
            for page in pages:
                await page.until(lambda frame: "<section" in frame)
            await silent.send('{"seen": 1}')
            for sequence in range(2, 40):
                await do(tick)(sequence)
                await pages[1].until_value("p-coin-0-price", str(100 + sequence))
            await silent.send('{"seen": 17}')
            await pages[0].until_value("p-coin-0-price", "139")
            assert len(pages[0].frames) <= 20
