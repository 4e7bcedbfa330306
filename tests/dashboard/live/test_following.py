"""Pages that follow prices together show what fresh ones would, whatever is held."""

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.live.boards import Page, View
from dashboard.live.following import LONGEST_QUANTITY
from dashboard.live.printing import press
from dashboard.live.writing import pen
from dashboard.valuation import Held
from tests.dashboard.live.browser import Browser, cells_of
from tests.dashboard.live.world import ASSETS, World, new_hub, pump

money = st.one_of(
    st.sampled_from([Decimal(text) for text in ("0", "100", "0.005", "-0.004", "12345.678901234567890123")]),
    st.decimals(-(10**7), 10**7, places=2),
    st.decimals(-(10**12), 10**12, places=18),
)
quantities = st.one_of(
    st.decimals(0, 10**6, places=8),
    st.decimals(0, 1, places=18),
    st.decimals(10**14, 10**19, places=2),
    st.sampled_from([Decimal(0), Decimal(1).scaleb(-18), Decimal("9" * (LONGEST_QUANTITY + 2)).scaleb(-18)]),
)
holdings = st.builds(
    Held,
    asset=st.sampled_from(ASSETS),
    symbol=st.just("S"),
    name=st.just("Name"),
    quantity=quantities,
    cost=money,
    realised=money,
    income=money,
    fees=money.map(abs),
    invested=money,
    ever_invested=money,
    is_known=st.booleans() | st.just(True),
)
portfolios = st.lists(holdings, min_size=1, max_size=len(ASSETS), unique_by=lambda one: one.asset)
courses = st.lists(st.sets(st.sampled_from(ASSETS), min_size=1), min_size=1, max_size=5)


@settings(deadline=None, max_examples=150)
@given(first=portfolios, second=portfolios, third=portfolios, ticks=courses)
def test_they_come_to_show_what_fresh_ones_would(
    first: list[Held], second: list[Held], third: list[Held], ticks: list[set[str]]
) -> None:
    world, hub = World(), new_hub()
    world.tick(*ASSETS)
    for user, held in enumerate((first, second, third), 1):
        world.positions[user] = {one.asset: one for one in held}
    hub.load(world.picture(), world.now)
    pages = [Page(1), Page(2), Page(3), Page(1, View.ASSET, asset=first[0].asset)]
    seats = []
    for page in pages:
        browser = Browser(lambda page=page: world.html(page))  # type: ignore[misc]
        seats.append((hub.connect(page, world.contents(page)), browser))
    pump(hub, seats)
    for number, assets in enumerate(ticks):
        hub.tick(*world.tick(*sorted(assets)), world.now)
        hub.advance(client.board for client, _ in seats)
        pump(hub, seats, late=number % 2 == 1)
    pump(hub, seats)
    for client, browser in seats:
        assert browser.cells == cells_of(world.html(client.board.page))


def test_what_a_machine_has_no_pieces_for_is_told() -> None:
    assert press(pen("usd", "de")).is_able
    assert not press(pen("clf", "de")).is_able  # four decimals
