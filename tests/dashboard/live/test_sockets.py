"""Sockets of real pages: web process (both servers) and Valkey as processes, messages over the real channel layer."""

import asyncio
import contextlib
import json
import time
from collections.abc import Callable, Iterator
from decimal import Decimal

import pytest
from asgiref.sync import sync_to_async
from django.contrib.sessions.models import Session
from django.test import Client
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed, InvalidStatus

from accounts.models import User
from dashboard import clock
from dashboard.live.announce import announce_alert, announce_logout, announce_positions, announce_tick
from dashboard.live.presence import someone_watches
from dashboard.market.quote import Quote
from dashboard.market.refresh import Tick
from dashboard.market.storing import as_asset, as_row
from dashboard.models import Asset, MarketState, Portfolio, Position
from tests.serving import Server, cookie_of, page_socket, serving, values_in
from tests.valkey import Valkey

pytestmark = pytest.mark.django_db(transaction=True)
ZERO = Decimal(0)


@pytest.fixture(params=["daphne", "uvicorn"])
def server(transactional_db: None, valkey: Valkey, request: pytest.FixtureRequest) -> Iterator[Server]:
    with serving(server=request.param) as server:
        yield server


@pytest.fixture
def ann(transactional_db: None) -> User:
    return person("ann", "0.5")


def person(name: str, bitcoin: str) -> User:
    """Somebody who holds that much bitcoin; there is a first price."""
    user = User.objects.create_user(name, f"{name}@example.org", "correct horse battery")
    portfolio = Portfolio.objects.create(user=user, name="Main")
    if not MarketState.objects.filter(sequence__gt=0).exists():
        tick("100")
    hold(portfolio, bitcoin)
    return user


def hold(portfolio: Portfolio, bitcoin: str) -> None:
    figures = dict.fromkeys(["realised", "income", "fees", "fees_paid"], ZERO)
    money = dict.fromkeys(["cost", "invested", "ever_invested"], Decimal(10))
    Position.objects.update_or_create(
        portfolio=portfolio, asset_id="bitcoin", defaults={"quantity": Decimal(bitcoin), **figures, **money}
    )
    portfolio.revision += 1
    portfolio.save(update_fields=["revision"])


def tick(price: str, announced: bool = True) -> Tick:
    """A price that was accepted: in the database, and told to the pages unless the message is lost."""
    state = MarketState.objects.get_or_create(pk=1)[0]
    state.sequence += 1
    state.last_success_at = clock.now()
    quote = Quote("bitcoin", "btc", "Bitcoin", Decimal(price), clock.now(), rank=1, source="Test")
    as_asset(quote).save()
    as_row(quote, state.sequence).save()
    state.save()
    news = Tick(state.sequence, clock.now(), (quote,))
    if announced:
        announce_tick(news)
    return news


class Reader:
    """What a page has been sent so far, read as it comes."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.frames: list[str] = []

    async def until(self, seen: Callable[[str], bool], seconds: float = 10) -> str:
        """The first frame of which `seen` is true."""
        async with asyncio.timeout(seconds):
            while True:
                self.frames.append(str(await self.socket.recv()))
                if seen(self.frames[-1]):
                    return self.frames[-1]

    async def until_value(self, id: str, number: str, seconds: float = 10) -> str:
        return await self.until(lambda frame: values_in(frame).get(id) == number, seconds)

    async def closed(self, seconds: float = 10) -> int:
        """The code with which the server closes; frames before it are read."""
        with pytest.raises(ConnectionClosed) as closed:
            await self.until(lambda frame: False, seconds)
        return closed.value.rcvd.code if closed.value.rcvd else 1006


do = sync_to_async


async def test_a_page_gets_everything_then_what_changed(server: Server, ann: User) -> None:
    async with page_socket(server, await do(cookie_of)(ann)) as socket:
        page = Reader(socket)
        first = await page.until(lambda frame: True)
        assert '<section id="holdings"' in first
        assert '<section id="totals"' in first
        assert 'data-live="on"' in first
        assert values_in(first)["h-bitcoin-value"] == "50"
        await do(tick)("123.456789012345678")
        frame = await page.until_value("p-bitcoin-price", "123.456789012345678")
        assert "<section" not in frame
        assert values_in(frame)["h-bitcoin-value"] == "61.728394506172839"
        assert values_in(frame)["t-value"] == "61.728394506172839"
        assert "h-bitcoin-cost" not in values_in(frame)
        assert await do(someone_watches)()


async def test_two_pages_of_one_person_move_together_and_a_stranger_sees_only_their_own(
    server: Server, ann: User
) -> None:
    bob = await do(person)("bob", "2")
    cookie = await do(cookie_of)(ann)
    async with (
        page_socket(server, cookie) as one,
        page_socket(server, await do(cookie_of)(ann)) as other,
        page_socket(server, await do(cookie_of)(bob)) as strange,
    ):
        pages = [Reader(socket) for socket in (one, other, strange)]
        for page in pages:
            await page.until(lambda frame: True)
        await do(hold)(await Portfolio.objects.aget(user=ann), "3")
        await do(announce_positions)(ann.pk)
        for page in pages[:2]:
            assert '<section id="holdings"' in await page.until_value("h-bitcoin-holdings", "3")
        await do(tick)("200")
        for page, value in zip(pages, ["600", "600", "400"], strict=True):
            await page.until_value("h-bitcoin-value", value)
        assert not any("600" in values_in(frame).values() for frame in pages[2].frames)


async def test_an_idle_socket_stays_open_and_then_still_hears(server: Server, ann: User) -> None:
    async with page_socket(server, await do(cookie_of)(ann)) as socket:
        page = Reader(socket)
        await page.until(lambda frame: True)
        await asyncio.sleep(10)
        await do(tick)("300")
        await page.until_value("p-bitcoin-price", "300", seconds=2)


async def test_lost_messages_are_made_up_for_within_five_seconds(server: Server, ann: User) -> None:
    async with page_socket(server, await do(cookie_of)(ann)) as socket:
        page = Reader(socket)
        await page.until(lambda frame: True)
        await do(tick)("150", announced=False)
        await page.until_value("p-bitcoin-price", "150", seconds=5)
        await do(hold)(await Portfolio.objects.aget(user=ann), "4")
        await page.until_value("h-bitcoin-holdings", "4", seconds=5)


async def test_a_toast_comes_as_it_is(server: Server, ann: User) -> None:
    toast = '<div hx-swap-oob="beforeend:#toasts"><div class="toast show" data-alert="7">Now</div></div>'
    async with page_socket(server, await do(cookie_of)(ann), "/ws/live/?view=none") as socket:
        page = Reader(socket)
        await page.until(lambda frame: True)
        await do(announce_alert)(ann.pk, toast)
        assert toast in await page.until(lambda frame: "toast" in frame)


async def test_the_market_and_a_coins_page_get_their_cells(server: Server, ann: User) -> None:
    cookie = await do(cookie_of)(ann)
    async with (
        page_socket(server, cookie, "/ws/live/?view=market") as market,
        page_socket(server, cookie, "/ws/live/?view=asset&asset=bitcoin") as coin,
    ):
        first = values_in(await Reader(market).until(lambda frame: True))
        assert first.keys() == {
            f"p-bitcoin-{name}" for name in ("rank", "price", "market_cap", "change_1h", "change_24h", "change_7d")
        }
        first = values_in(await Reader(coin).until(lambda frame: True))
        assert first["p-bitcoin-price"] == "100"
        assert first["h-bitcoin-value"] == "50"


async def test_a_market_says_which_coins_it_shows(server: Server, ann: User) -> None:
    """Of those that are no longer shown nothing comes; nonsense shows what is there without a word."""
    await do(tick)("100")
    await do(Asset.objects.create)(id="tiny", symbol="tny", name="Tiny")
    cookie = await do(cookie_of)(ann)
    async with page_socket(server, cookie, "/ws/live/?view=market&shows=tiny") as socket:
        page = Reader(socket)
        assert {id.split("-")[1] for id in values_in(await page.until(lambda frame: True))} == {"tiny"}
        await do(tick)("101")
        await socket.send('{"state": true, "shows": ["tiny", "bitcoin"]}')
        await page.until_value("p-bitcoin-price", "101")
        assert not any("p-bitcoin" in frame for frame in page.frames[:-1])
        await do(tick)("102")
        await page.until_value("p-bitcoin-price", "102")
        for nonsense in ("7", '[{"a": 1}]', '["' + "x" * 300 + '"]', json.dumps([str(n) for n in range(200)])):
            await socket.send(f'{{"state": true, "shows": {nonsense}}}')
            frame = await page.until(lambda frame: "p-bitcoin-rank" in frame)
            assert ("p-tiny-rank" in frame) == (nonsense == "7")


async def test_strangers_are_told_to_log_in(server: Server) -> None:
    async with page_socket(server) as socket:
        assert await Reader(socket).closed() == 4401


async def test_a_page_of_another_site_is_refused(server: Server, ann: User) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with page_socket(server, await do(cookie_of)(ann), origin="http://evil.example"):
            pass
    assert refused.value.response.status_code == 403


async def test_what_is_not_the_users_is_not_there(server: Server, ann: User) -> None:
    cookie = await do(cookie_of)(ann)
    theirs = await Portfolio.objects.aget(user=await do(person)("bob", "2"))
    for query in (f"portfolio={theirs.pk}", "portfolio=999999", "portfolio=x", "view=nothing", "view=asset"):
        async with page_socket(server, cookie, f"/ws/live/?{query}") as socket:
            assert await Reader(socket).closed() == 4404


async def test_logging_out_closes_the_sockets_of_that_browser_only(server: Server, ann: User) -> None:
    browser = Client()
    await do(browser.force_login)(ann)
    cookie = f"sessionid={browser.cookies['sessionid'].value}"
    async with page_socket(server, cookie) as here, page_socket(server, await do(cookie_of)(ann)) as elsewhere:
        pages = Reader(here), Reader(elsewhere)
        for page in pages:
            await page.until(lambda frame: True)
        began = time.monotonic()
        await do(browser.logout)()
        assert await pages[0].closed(2) == 4401
        assert time.monotonic() - began < 2
        await do(tick)("175")
        await pages[1].until_value("p-bitcoin-price", "175")


async def test_a_page_stays_until_its_session_has_ended(server: Server, ann: User) -> None:
    """A page that is closed before would load itself anew, still signed in."""
    browser = Client()
    await do(browser.force_login)(ann)
    key = browser.cookies["sessionid"].value
    async with page_socket(server, f"sessionid={key}") as socket:
        page = Reader(socket)
        await page.until(lambda frame: True)
        await do(announce_logout)(ann.pk, key)
        await do(tick)("175")
        await page.until_value("p-bitcoin-price", "175")
        await Session.objects.filter(session_key=key).adelete()
        assert await page.closed(2) == 4401


async def test_a_message_closes_every_socket_of_a_person(server: Server, ann: User) -> None:
    async with page_socket(server, await do(cookie_of)(ann)) as socket:
        page = Reader(socket)
        await page.until(lambda frame: True)
        await do(announce_logout)(ann.pk, None)
        assert await page.closed(1) == 4401


async def test_a_changed_password_or_a_disabled_account_closes_all_sockets(server: Server, ann: User) -> None:
    people = [ann, await do(person)("bob", "1"), await do(person)("cid", "1")]
    async with contextlib.AsyncExitStack() as stack:
        pages = []
        for one in people:
            pages.append(Reader(await stack.enter_async_context(page_socket(server, await do(cookie_of)(one)))))
            await pages[-1].until(lambda frame: True)
        ann.set_password("another horse battery")
        await ann.asave(update_fields=["password"])
        await User.objects.filter(pk=people[1].pk).aupdate(is_active=False)
        await people[2].adelete()
        began = time.monotonic()
        for page in pages:
            assert await page.closed(2) == 4401
        assert time.monotonic() - began < 2


async def test_too_many_sockets_of_one_person_and_too_many_messages_are_refused(server: Server, ann: User) -> None:
    cookie = await do(cookie_of)(ann)
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(30):
            page = Reader(await stack.enter_async_context(page_socket(server, cookie, "/ws/live/?view=none")))
            await page.until(lambda frame: True)
        async with page_socket(server, cookie) as socket:
            assert await Reader(socket).closed() == 4429
    async with page_socket(server, cookie) as socket:
        for number in range(61):
            await socket.send(f'{{"seen": {number}}}')
        assert await Reader(socket).closed() == 4429
    async with page_socket(server, cookie) as socket:
        page = Reader(socket)
        await page.until(lambda frame: True)
        for nonsense in ("", "[]", "null", '{"seen": NaN}', '{"seen": "1"}', "[" * 9999, '{"seen": -1e999}'):
            await socket.send(nonsense)
        await socket.send('{"state": true}')
        await page.until(lambda frame: '<section id="holdings"' in frame)
        await socket.send("x" * 70_000)
        assert await page.closed() in {1006, 1009}  # refused before it was read


async def test_pages_are_live_again_after_redis_was_killed_and_wiped(server: Server, ann: User, valkey: Valkey) -> None:
    async with page_socket(server, await do(cookie_of)(ann)) as socket:
        page = Reader(socket)
        await page.until(lambda frame: True)
        await do(valkey.kill)()
        await do(tick)("110")
        await page.until_value("p-bitcoin-price", "110", seconds=6)
        await asyncio.sleep(5)
        await do(valkey.start)()
        await page.until(lambda frame: 'id="t-realised"' in frame, seconds=15)  # no price moves it: all is told anew
        await do(tick)("120")
        await page.until_value("p-bitcoin-price", "120", seconds=2)
        toast = '<div hx-swap-oob="beforeend:#toasts"><div class="toast show" data-alert="7">Now</div></div>'
        await do(announce_alert)(ann.pk, toast)
        await page.until(lambda frame: toast in frame, seconds=2)


async def test_a_page_that_opens_while_redis_is_away_is_served(server: Server, ann: User, valkey: Valkey) -> None:
    await do(valkey.kill)()
    try:
        async with page_socket(server, await do(cookie_of)(ann)) as socket:
            page = Reader(socket)
            await page.until_value("h-bitcoin-value", "50", seconds=15)
            await do(tick)("110")
            await page.until_value("p-bitcoin-price", "110", seconds=6)
    finally:
        await do(valkey.start)()
