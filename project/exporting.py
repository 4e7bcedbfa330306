"""Everything that an account holds as one JSON document, piece by piece: what its owner can take along.

Numbers are strings in plain notation, times ISO-8601 in UTC. Secrets (the password, tokens, codes) are left out, and so
is what follows from the rest (positions). Reading it back is nobody's work yet.
"""

import json
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from typing import Any

from allauth.account.models import EmailAddress
from asgiref.sync import sync_to_async
from django.db.models import Model, QuerySet
from phonenumber_field.phonenumber import PhoneNumber

from accounts.models import ApiToken, User
from dashboard import clock
from dashboard.models import (
    AssetNote,
    Import,
    ImportMapping,
    Portfolio,
    Snapshot,
    TargetShare,
    Transaction,
    WatchedCoin,
)
from dashboard.money import plain
from dashboard.representation import write_moment
from notifications.models import Alert, PushSubscription, Reminder, TransportOff

VERSION = 1
PROFILE = (
    *("username", "email", "first_name", "last_name", "date_joined", "last_login", "currency", "time_zone", "theme"),
    *("colours", "compact", "quiet_hours", "whatsapp_number", "whatsapp_verified_at"),
)
SECRET = frozenset({"password", "digest", "lease_token", "lease_until", "endpoint", "p256dh", "auth"})
DERIVED = frozenset({"rise_to", "fall_to", "holdings", "weighed", "revision"})
OWNER = frozenset({"user_id", "portfolio_id"})
"""Said by where a row stands."""
CHUNK = 500

Pieces = Iterator[str]


def account_json(user: User) -> Pieces:
    """The document, in pieces of no particular size."""
    portfolios = Portfolio.objects.of(user)
    yield from mapping(
        {
            "format": one("tickfolio-account"),
            "version": one(VERSION),
            "exported_at": one(clock.now()),
            "profile": one({name: getattr(user, name) for name in PROFILE}),
            "email_addresses": rows(EmailAddress.objects.filter(user=user).order_by("pk")),
            "api_tokens": rows(ApiToken.objects.filter(user=user).order_by("pk")),
            "portfolios": several(portfolio_json(portfolio) for portfolio in portfolios),
            "watched_coins": rows(WatchedCoin.objects.filter(user=user).order_by("pk")),
            "asset_notes": rows(AssetNote.objects.filter(user=user).order_by("pk")),
            "import_mappings": rows(ImportMapping.objects.filter(user=user).order_by("pk")),
            "reminders": rows(Reminder.objects.of(user).order_by("pk"), keep={"portfolio_id"}),
            "alerts": several(alert_json(alert) for alert in alerts_of(user)),
            "push_subscriptions": rows(PushSubscription.objects.of(user).order_by("pk")),
            "transports_off": rows(TransportOff.objects.filter(user=user).order_by("pk")),
        }
    )
    yield "\n"


async def stream(pieces: Pieces) -> AsyncIterator[str]:
    """The pieces, some at a time, made where the database may be asked."""
    while taken := await sync_to_async(lambda: "".join(islice(pieces, CHUNK)))():
        yield taken


def portfolio_json(portfolio: Portfolio) -> Pieces:
    facts = {name: one(value) for name, value in fields(portfolio).items()}
    transactions = Transaction.objects.filter(portfolio=portfolio).order_by("timestamp", "pk")
    imports = Import.objects.filter(portfolio=portfolio).order_by("pk")
    history = Snapshot.objects.filter(portfolio=portfolio).order_by("at")
    targets = TargetShare.objects.filter(portfolio=portfolio).order_by("pk")
    parts = {"targets": rows(targets), "imports": rows(imports), "transactions": rows(transactions)}
    return mapping({**facts, **parts, "history": rows(history)})


def alerts_of(user: User) -> Iterable[Alert]:
    found = Alert.objects.of(user).order_by("pk").prefetch_related("deliveries")
    return found.iterator(chunk_size=CHUNK)


def alert_json(alert: Alert) -> Pieces:
    deliveries = [fields(delivery, without={"alert_id"}) for delivery in alert.deliveries.all()]
    return one({**fields(alert, keep={"portfolio_id"}), "deliveries": deliveries})


def rows(found: QuerySet[Any], keep: Iterable[str] = ()) -> Pieces:
    return several(one(fields(row, keep=keep)) for row in found.iterator(chunk_size=CHUNK))


def fields(row: Model, keep: Iterable[str] = (), without: Iterable[str] = ()) -> dict[str, Any]:
    """The stored facts of a row, those that other rows are named by without their `_id`."""
    left_out = (SECRET | DERIVED | OWNER | set(without)) - set(keep)
    names = [field.attname for field in row._meta.concrete_fields if field.attname not in left_out]
    return {name.removesuffix("_id") if name != "external_id" else name: getattr(row, name) for name in names}


# JSON in pieces


def one(value: object) -> Pieces:
    yield json.dumps(value, default=written, ensure_ascii=False)


def several(items: Iterable[Pieces]) -> Pieces:
    yield "["
    for place, item in enumerate(items):
        yield ",\n" if place else "\n"
        yield from item
    yield "]"


def mapping(values: Mapping[str, Pieces]) -> Pieces:
    yield "{"
    for place, (name, pieces) in enumerate(values.items()):
        yield f"{',' if place else ''}\n{json.dumps(name)}: "
        yield from pieces
    yield "}"


def written(value: object) -> str:
    """How JSON says what it has no word for."""
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, datetime):
        return write_moment(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, PhoneNumber):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no place in an export")
