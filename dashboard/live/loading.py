"""What the hub reads from the database: selectors that run off the event loop, few and of a fixed number of queries.

Thousands of pages come at once when a process has begun anew, so everything is asked for many of them together.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Final, TypeVar

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.template.loader import render_to_string
from django.utils.crypto import constant_time_compare

from accounts.currencies import COINS
from accounts.locales import DEFAULT, LOCALES, as_read_in
from accounts.models import User
from dashboard import clock
from dashboard.live.boards import Contents, Layout, Page, View, layout_of
from dashboard.live.hub import greeted
from dashboard.live.ticker import Picture
from dashboard.market.currencies import ONE, rates_of_money
from dashboard.market.refresh import market_state
from dashboard.market.sparklines import sparklines
from dashboard.models import MarketQuote, MarketState, Portfolio, Position
from dashboard.portfolios import Overview, as_held, assemble, held_in, market_table
from dashboard.valuation import ZERO, Held, Market, value_holding
from dashboard.watching import watched_by

Item = TypeVar("Item")
SECTIONS: Final = ("dashboard/_totals.html", "dashboard/_spread.html", "dashboard/_holdings.html")
AT_ONCE: Final = 500


class NoSuchPage(Exception):
    """The page names a portfolio that is not the user's."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who is behind a session, and by which password it was made."""

    user: int
    session: str
    credentials: int


@dataclass(frozen=True, slots=True)
class Standing:
    """What decides whether a user's sockets may stay and whether their pages are up to date."""

    active: bool
    credentials: int
    """Another number where the password is another one."""
    revisions: frozenset[tuple[int, str, int]]
    currency: str
    locale: str


@dataclass(frozen=True, slots=True)
class Opening:
    """What a page that has just connected needs. The first two were read first: the rest is at least as new."""

    sequence: int
    standing: Standing
    contents: Contents
    toasts: str


def visitors(sessions: Collection[str]) -> dict[str, Visitor]:
    """Who is signed in by each of these session keys; strangers, and those who may not come any more, are not in it."""
    rows = Session.objects.filter(session_key__in=sessions, expire_date__gt=clock.now())
    store = SessionStore()
    stored = {row.session_key: store.decode(row.session_data) for row in rows}
    known = settings.AUTHENTICATION_BACKENDS
    named = {
        key: data for key, data in stored.items() if data.get(BACKEND_SESSION_KEY) in known and SESSION_KEY in data
    }
    people = User.objects.only("password", "is_active").in_bulk([data[SESSION_KEY] for data in named.values()])
    found = {}
    for key, data in named.items():
        user = people.get(int(data[SESSION_KEY]))
        if user is None or not user.is_active:
            continue
        if constant_time_compare(data.get(HASH_SESSION_KEY, ""), user.get_session_auth_hash()):
            found[key] = Visitor(user.pk, key, hash(user.password))
    return found


def open_pages(pages: Collection[Page]) -> dict[Page, Opening]:
    """Everything at once for pages that connect; those that name what isn't theirs are not in it."""
    sequence = MarketState.objects.values_list("sequence", flat=True).first() or 0
    people = standings({page.user for page in pages})
    contents = contents_of(pages, people)
    toasts = greeted({page.user for page in contents})
    return {page: Opening(sequence, people[page.user], found, toasts[page.user]) for page, found in contents.items()}


def contents_of(pages: Collection[Page], people: Mapping[int, Standing] | None = None) -> dict[Page, Contents]:
    """What pages are made of; those that name what isn't theirs are not in it. `people` says how their users stand."""
    if people is None:
        people = standings({page.user for page in pages})
    known = [page for page in pages if page.user in people]
    showing = {page.user for page in known if page.view in (View.DASHBOARD, View.ASSET)}
    positions: dict[int, list[Position]] = {user: [] for user in showing}
    for some in chunks(sorted(showing)):
        for position in Position.objects.filter(portfolio__user__in=some).select_related("asset", "portfolio"):
            positions[position.portfolio.user_id].append(position)
    found: dict[Page, Contents] = {}
    for page in known:
        person = people[page.user]
        with as_read_in(person.locale):
            contents = contents_for(page, person, positions.get(page.user, ()))
        if contents is not None:
            found[page] = contents
    return found


def contents_for(page: Page, person: Standing, positions: Iterable[Position]) -> Contents | None:
    """What one page is made of, in the words of who reads it; `positions` are all of the person's."""
    currency, listed = person.currency, frozenset[str]()
    match page.view:
        case View.NONE:
            positions = ()
        case View.MARKET:
            listed = page.shown or watched_by(page.user) | {row.asset.pk for row in market_table(currency)}
            positions = ()
        case View.ASSET:
            listed = frozenset({page.asset})
    if page.portfolio is not None:
        currencies = {pk: code for pk, code, _ in person.revisions}
        if page.portfolio not in currencies:
            return None
        currency = currencies[page.portfolio]
        positions = [position for position in positions if position.portfolio_id == page.portfolio]
    positions = list(positions)
    codes = {position.portfolio.currency for position in positions} | {currency}
    if len(codes) > 1 and codes & COINS.keys():
        own = tuple((position.portfolio.currency, as_held(position, ONE)) for position in positions)
        return Contents(currency, listed, (), person.locale, own)
    return Contents(currency, listed, tuple(held_in(positions, currency)), person.locale)


def render_sections(overview: Overview, locale: str = DEFAULT) -> str:
    """The sections of a dashboard, as its page includes them."""
    drawings = sparklines([holding.asset for holding in overview.holdings], overview.currency)
    context = {"overview": overview, "currency": overview.currency, "sparklines": drawings}
    with as_read_in(locale):
        return "".join(render_to_string(name, context) for name in SECTIONS)


@cache
def layout() -> Layout:
    """Which cells sections have, read off a dashboard with one asset that is held and one that isn't any more."""

    def sample(asset: str, quantity: Decimal) -> Held:
        return Held(asset, asset, asset, quantity, ZERO, ZERO, ZERO, ZERO, ZERO, ZERO)

    both = (sample("held", Decimal(1)), sample("closed", ZERO))
    overview = assemble("usd", [value_holding(one, Market(price=Decimal(1))) for one in both])
    return layout_of(render_sections(overview), "held", "closed")


def picture_market() -> Picture:
    """The market as it stands; the sequence number is read first, so the quotes are at least as new."""
    health = market_state()
    return Picture(health, rates_of_money(), tuple(MarketQuote.objects.select_related("asset")))


def standings(users: Collection[int]) -> dict[int, Standing]:
    """How each of the users stands; one who is gone is not in it."""
    wanted = sorted(users)
    revisions: dict[int, list[tuple[int, str, int]]] = {user: [] for user in wanted}
    found: dict[int, Standing] = {}
    for some in chunks(wanted):
        rows = Portfolio.objects.filter(user__in=some).values_list("user_id", "pk", "currency", "revision")
        for user_id, pk, currency, revision in rows:
            revisions[user_id].append((pk, currency, revision))
    for some in chunks(wanted):
        people = User.objects.filter(pk__in=some).values_list("pk", "is_active", "password", "currency", "locale")
        for pk, active, password, currency, locale in people:
            known = locale if locale in LOCALES else DEFAULT
            found[pk] = Standing(active, hash(password), frozenset(revisions[pk]), currency, known)
    return found


def living_sessions(keys: Collection[str]) -> set[str]:
    """Those of the session keys that are still good."""
    living: set[str] = set()
    for some in chunks(sorted(keys)):
        rows = Session.objects.filter(session_key__in=some, expire_date__gt=clock.now())
        living |= set(rows.values_list("session_key", flat=True))
    return living


def chunks(items: list[Item]) -> Iterator[list[Item]]:
    return (items[start : start + AT_ONCE] for start in range(0, len(items), AT_ONCE))
