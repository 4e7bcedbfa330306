"""What the hub reads from the database: selectors that run off the event loop, few and of a fixed number of queries."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeVar

from django.contrib.sessions.models import Session
from django.template.loader import render_to_string

from accounts.models import User
from dashboard import clock
from dashboard.live.boards import Contents, Page, View
from dashboard.live.hub import greeting
from dashboard.live.ticker import Picture
from dashboard.market.currencies import todays_rates
from dashboard.market.refresh import market_state
from dashboard.market.sparklines import sparklines
from dashboard.models import MarketQuote, MarketState, Portfolio, Position
from dashboard.portfolios import Overview, held_in, market_table
from dashboard.watching import watched_by

Item = TypeVar("Item")
SECTIONS: Final = ("dashboard/_totals.html", "dashboard/_spread.html", "dashboard/_holdings.html")
AT_ONCE: Final = 500


class NoSuchPage(Exception):
    """The page names a portfolio that is not the user's."""


@dataclass(frozen=True, slots=True)
class Opening:
    """What a page that has just connected needs. The first two were read first: the rest is at least as new."""

    sequence: int
    standing: "Standing"
    contents: Contents
    toasts: str


@dataclass(frozen=True, slots=True)
class Standing:
    """What decides whether a user's sockets may stay and whether their pages are up to date."""

    active: bool
    session_hash: str
    revisions: frozenset[tuple[int, str, int]]
    currency: str


def open_page(page: Page) -> Opening:
    """Everything at once for a page that connects. Raises NoSuchPage."""
    sequence = MarketState.objects.values_list("sequence", flat=True).first() or 0
    standing = standings([page.user]).get(page.user)
    if standing is None:
        raise NoSuchPage
    return Opening(sequence, standing, contents_of(page), greeting(page.user))


def contents_of(page: Page) -> Contents:
    """What the page is made of. Raises NoSuchPage."""
    user = User.objects.filter(pk=page.user).only("currency").first()
    if user is None:
        raise NoSuchPage
    if page.view is View.NONE:
        return Contents(user.currency)
    if page.view is View.MARKET:
        largest = {row.asset.pk for row in market_table(user.currency)}
        return Contents(user.currency, listed=watched_by(page.user) | largest)
    positions = Position.objects.of(user)
    currency = user.currency
    if page.portfolio is not None:
        portfolio = Portfolio.objects.of(user).filter(pk=page.portfolio).first()
        if portfolio is None:
            raise NoSuchPage
        positions, currency = positions.filter(portfolio=portfolio), portfolio.currency
    held = tuple(held_in(positions.select_related("asset", "portfolio"), currency))
    listed = {page.asset} if page.view is View.ASSET else {position.asset for position in held}
    return Contents(currency, frozenset(listed), held)


def render_sections(overview: Overview) -> str:
    """The sections of a dashboard, as its page includes them."""
    drawings = sparklines([holding.asset for holding in overview.holdings])
    context = {"overview": overview, "currency": overview.currency, "sparklines": drawings}
    return "".join(render_to_string(name, context) for name in SECTIONS)


def picture_market() -> Picture:
    """The market as it stands; the sequence number is read first, so the quotes are at least as new."""
    health = market_state()
    return Picture(health, todays_rates(), tuple(MarketQuote.objects.select_related("asset")))


def standings(users: Collection[int]) -> Mapping[int, Standing]:
    """How each of the users stands; one who is gone is not in it."""
    wanted = sorted(users)
    revisions: dict[int, set[tuple[int, str, int]]] = {}
    found: dict[int, Standing] = {}
    for some in chunks(wanted):
        rows = Portfolio.objects.filter(user__in=some).values_list("user_id", "pk", "currency", "revision")
        for user_id, pk, currency, revision in rows:
            revisions.setdefault(user_id, set()).add((pk, currency, revision))
    for some in chunks(wanted):
        for user in User.objects.filter(pk__in=some).only("is_active", "password", "currency"):
            found[user.pk] = Standing(
                active=user.is_active,
                session_hash=user.get_session_auth_hash(),
                revisions=frozenset(revisions.get(user.pk, ())),
                currency=user.currency,
            )
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
