"""The sentences that reminders and alerts are put into. Pure but for reading attributes of loaded rows."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from dashboard.formats import MINUS, format_exact, format_money, format_price
from notifications.models import Reminder

TRANSPORT_WORDS: Final = {
    "toast": "a toast in the open page",
    "email": "an e-mail",
    "whatsapp": "a WhatsApp message",
    "webpush": "a push message",
}


def exact(value: Decimal) -> str:
    """Every digit, with thousands: what somebody typed is shown as it was typed."""
    whole, point, decimals = format_exact(value).replace("-", MINUS).partition(".")
    sign, digits = (MINUS, whole[1:]) if whole.startswith(MINUS) else ("", whole)
    return f"{sign}{int(digits or 0):,}{point}{decimals}"


def money(value: Decimal, currency: str) -> str:
    return f"{exact(value)} {currency.upper()}"


def observed(value: Decimal, limit: Decimal, currency: str, *, of_price: bool) -> str:
    """The value rounded for reading, but never so that it reads as the limit that it passed."""
    show = format_price if of_price else format_money
    text = show(value, currency)
    return f"{exact(value) if text == show(limit, currency) and value != limit else text} {currency.upper()}"


def moment(at: datetime, zone: ZoneInfo) -> str:
    """`14:05:10 on 3 May 2026` where the reader lives."""
    local = at.astimezone(zone)
    return f"{local:%H:%M:%S} on {local.day} {local:%B %Y}"


def duration(span: timedelta) -> str:
    seconds = int(span.total_seconds())
    if seconds < 120:
        return f"{seconds} seconds"
    if seconds < 2 * 3600:
        return f"{seconds // 60} minutes"
    return f"{seconds // 3600} hours" if seconds < 48 * 3600 else f"{seconds // 86400} days"


def subject(reminder: Reminder) -> str:
    """What is watched: a coin or a balance."""
    if reminder.asset is not None:
        return f"{reminder.asset.name} ({reminder.asset.symbol.upper()})"
    return f"Your balance in {reminder.portfolio.name}" if reminder.portfolio else "Your balance in all portfolios"


def headline(reminder: Reminder) -> str:
    """`Bitcoin (BTC) is above 70,000 USD`."""
    side = "above" if reminder.condition.above else "below"
    return f"{subject(reminder)} is {side} {money(reminder.limit or Decimal(0), reminder.currency)}"


def alert_text(
    reminder: Reminder, value: Decimal, as_of: datetime | None, source: str, *, unseen: timedelta | None
) -> str:
    """The whole story in a few sentences; `unseen` is how long nothing was judged, where that makes the alert late."""
    verb, side = ("rose", "above") if reminder.condition.above else ("fell", "below")
    limit = reminder.limit or Decimal(0)
    text = (
        f"{subject(reminder)} {verb} {side} {money(limit, reminder.currency)}: "
        f"{observed(value, limit, reminder.currency, of_price=reminder.condition.of_price)}"
    )
    if as_of is not None:
        text += f" at {moment(as_of, reminder.user.zone)}"
    text += f", price from {source}." if source and reminder.condition.of_price else "."
    if source and not reminder.condition.of_price:
        text += f" Prices from {source}."
    if unseen is not None:
        text += f" This comes late: no price was judged for {duration(unseen)} before."
    return text


def promise(reminder: Reminder, value: Decimal | None) -> str:
    """What will happen, in one sentence, for the form and the list."""
    verb, side = ("rises", "above") if reminder.condition.above else ("falls", "below")
    name = subject(reminder)
    if name.startswith("Your"):
        name = name[0].lower() + name[1:]
    when = f"When {name} {verb} {side} {money(reminder.limit or Decimal(0), reminder.currency)}"
    if value is not None:
        shown = observed(value, reminder.limit or value, reminder.currency, of_price=reminder.condition.of_price)
        when += f" (now {shown})"
    ways = [TRANSPORT_WORDS[transport] for transport in reminder.transports if transport in TRANSPORT_WORDS]
    return f"{when}, you get {enumerated(ways) or 'nothing'}, {how_often(reminder)}."


def how_often(reminder: Reminder) -> str:
    if reminder.repeat == Reminder.Repeat.ONCE:
        return "once"
    back = "back" if not reminder.rearm_band else f"back by {exact(reminder.rearm_band)} %"
    often = "every time" if reminder.repeat == Reminder.Repeat.ALWAYS else "at most once a day"
    return f"{often} it crosses the limit after having been {back}"


def enumerated(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else ""
