"""Service: how many messages somebody may get by a transport, in three minutes and in a day; counted in the database.

All who would send to the same person by the same transport queue for one row, so that no count is ever too high.
"""

from datetime import datetime, time, timedelta
from typing import Final

from django.conf import settings
from django.db import connection, transaction

from accounts.models import User
from notifications.local_time import first_moment
from notifications.models import Allowance

STORM: Final = 15
STORM_SPAN: Final = timedelta(minutes=3)
"""Beyond so many messages in such a time, the rest waits and becomes one."""
DAY: Final = timedelta(days=1)


def daily_limit(transport: str) -> int | None:
    """Messages to one person in one day of theirs; None: as many as there are."""
    limits: dict[str, int] = {"whatsapp": settings.WHATSAPP_DAILY_LIMIT, "email": settings.EMAIL_DAILY_LIMIT}
    return limits.get(transport)


def locked(user: User, transport: str) -> Allowance:
    """The row, held until the caller's transaction ends."""
    if not connection.in_atomic_block:
        raise RuntimeError("an allowance is locked for a transaction: call it inside atomic()")
    rows = Allowance.objects.select_for_update().filter(user=user, transport=transport)
    if (found := rows.first()) is None:
        Allowance.objects.bulk_create([Allowance(user=user, transport=transport)], ignore_conflicts=True)
        found = rows.get()
    return found


def storm_until(allowance: Allowance, now: datetime) -> datetime | None:
    """When the next message may begin; None where it may now."""
    times = [datetime.fromisoformat(text) for text in allowance.recent]
    within = sorted(at for at in times if now - STORM_SPAN < at)
    return within[-STORM] + STORM_SPAN if len(within) >= STORM else None


def is_used_up(allowance: Allowance, user: User, now: datetime) -> bool:
    limit = daily_limit(allowance.transport)
    today = now.astimezone(user.zone).date()
    return limit is not None and allowance.day == today and allowance.used >= limit


def spend(allowance: Allowance, user: User, now: datetime) -> None:
    """Count a message that begins now."""
    today = now.astimezone(user.zone).date()
    allowance.used = allowance.used + 1 if allowance.day == today else 1
    allowance.day = today
    allowance.recent = [*allowance.recent, now.isoformat()][-STORM:]
    allowance.save(update_fields=["used", "day", "recent"])


def spend_one(user: User, transport: str, now: datetime) -> bool:
    """Count a message that begins now, if one more is allowed today."""
    with transaction.atomic():
        allowance = locked(user, transport)
        if is_used_up(allowance, user, now):
            return False
        spend(allowance, user, now)
        return True


def next_day(user: User, now: datetime) -> datetime:
    """When the day ends where the user lives."""
    return first_moment(datetime.combine(now.astimezone(user.zone).date() + DAY, time()), user.zone)
