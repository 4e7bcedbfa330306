"""People of the benchmark, in the database as real ones are: each holds five assets that move and fifteen that don't,
in amounts of their own, and has logged in.
"""

import random
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from functools import cache

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session

from accounts.models import User
from dashboard import clock
from dashboard.live.boards import Page
from dashboard.live.loading import contents_of
from dashboard.market.quote import Quote
from dashboard.market.storing import as_asset, as_row
from dashboard.models import Asset, MarketQuote, MarketState, Portfolio, Position
from dashboard.structure import mark_of

MOVING = tuple(f"moving-{number}" for number in range(5))
STILL = tuple(f"still-{number}" for number in range(200))
HOLDINGS = 20
PRICES = [Decimal(text) for text in ("67412.37", "3518.93", "148.25", "0.523114", "612.48")]
ZERO = Decimal(0)


@cache
def quote(asset: str) -> Quote:
    """What the source says at first."""
    number = (*MOVING, *STILL).index(asset)
    price = PRICES[number % 5] if asset in MOVING else PRICES[number % 5] * (1 + Decimal(number) / 1000)
    return Quote(
        asset,
        asset[:2] + asset[-3:],
        asset.replace("-", " ").title(),
        price,
        clock.now() - timedelta(seconds=2),
        rank=number + 1,
        market_cap=(price * 19_000_000).quantize(Decimal(1)),
        change_1h=Decimal("0.12345"),
        change_24h=Decimal("-1.23456"),
        change_7d=Decimal("5.43217"),
        source="CoinGecko",
    )


def price_of(one: Quote, sequence: int) -> Decimal:
    """What the asset costs by the tick of this number."""
    assert one.price is not None
    return (one.price * (1 + Decimal(sequence % 97 - 48) / 10_000)).quantize(one.price)


@dataclass(frozen=True, slots=True)
class Person:
    """Whoever opens a page: the Cookie header, and what the page asks the socket for once it is loaded."""

    cookie: str
    path: str


def populate(people: int) -> list[Person]:
    """Makes the market and so many people."""
    chance = random.Random(5)
    quotes = [quote(name) for name in (*MOVING, *STILL)]
    Asset.objects.bulk_create(as_asset(one) for one in quotes)
    MarketQuote.objects.bulk_create(as_row(one, 1) for one in quotes)
    now = clock.now()
    MarketState.objects.update_or_create(
        pk=1, defaults={"sequence": 1, "last_success_at": now, "last_attempt_at": now, "interval_seconds": 3600}
    )
    users = User.objects.bulk_create(
        User(username=f"user{number}", email=f"user{number}@example.org", password="!") for number in range(people)
    )
    portfolios = Portfolio.objects.bulk_create(Portfolio(user=user, name="Main") for user in users)
    Position.objects.bulk_create(
        (position(portfolio, asset, chance) for portfolio in portfolios for asset in assets(chance)), batch_size=2000
    )
    sessions = [session(user) for user in users]
    Session.objects.bulk_create(sessions)
    marks = [
        mark_of(contents.locale, contents.currency, contents.held, (), stale=False)
        for contents in contents_of([Page(user.pk) for user in users]).values()
    ]
    return [
        Person(f"{settings.SESSION_COOKIE_NAME}={one.session_key}", f"/ws/live/?has={mark}")
        for one, mark in zip(sessions, marks, strict=True)
    ]


def assets(chance: random.Random) -> list[str]:
    return [*MOVING, *chance.sample(STILL, HOLDINGS - len(MOVING))]


def position(portfolio: Portfolio, asset: str, chance: random.Random) -> Position:
    price = quote(asset).price or ZERO
    value = Decimal(chance.randint(100_00, 9_999_99)).scaleb(-2)
    quantity = (value / price).quantize(Decimal("1e-8"))
    cost = (value * Decimal(chance.randint(50, 150)) / 100).quantize(Decimal("0.01"))
    none = dict.fromkeys(["realised", "income", "fees", "fees_paid"], ZERO)
    return Position(
        portfolio=portfolio, asset_id=asset, quantity=quantity, cost=cost, invested=cost, ever_invested=cost, **none
    )


def session(user: User) -> Session:
    """As logging in makes it."""
    store = SessionStore()
    data = {
        SESSION_KEY: str(user.pk),
        BACKEND_SESSION_KEY: settings.AUTHENTICATION_BACKENDS[0],
        HASH_SESSION_KEY: user.get_session_auth_hash(),
    }
    key = "".join(random.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=32))
    return Session(session_key=key, session_data=store.encode(data), expire_date=clock.now() + timedelta(days=1))
