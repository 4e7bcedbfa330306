"""The sentences that reminders are put into: what they watch, and what will happen. Pure but for reading attributes of
loaded rows; what did happen is notifications.alert_wording's.
"""

from datetime import datetime, timedelta
from decimal import Decimal, localcontext
from typing import Final
from zoneinfo import ZoneInfo

from dashboard.formats import MINUS, format_exact, format_money, format_price, format_share
from dashboard.money import WIDE
from notifications.conditions import Figure, Watches
from notifications.models import Reminder
from notifications.timetable import schedule_of

WAYS: Final = {"toast": "here", "email": "by e-mail", "whatsapp": "by WhatsApp", "webpush": "by push message"}
WINDOWS: Final = {"5m": "within 5 minutes", "1h": "within an hour", "24h": "within 24 hours", "7d": "within 7 days"}
SINCE: Final = "from its price when this was set"
ZERO: Final = Decimal(0)
Kind = Reminder.Kind
RISING: Final = {Kind.PRICE_ABOVE, Kind.BALANCE_ABOVE, Kind.PROFIT_ABOVE, Kind.ALLOCATION_ABOVE}


def exact(value: Decimal) -> str:
    """Every digit, with thousands: what somebody typed is shown as it was typed."""
    whole, point, decimals = format_exact(value).replace("-", MINUS).partition(".")
    sign, digits = (MINUS, whole[1:]) if whole.startswith(MINUS) else ("", whole)
    return f"{sign}{int(digits or 0):,}{point}{decimals}"


def money(value: Decimal, currency: str) -> str:
    return f"{exact(value)} {currency.upper()}"


def percent(value: Decimal) -> str:
    return f"{exact(value)} %"


def observed(value: Decimal, limit: Decimal, currency: str, *, of_price: bool) -> str:
    """The value rounded for reading, but never so that it reads as the limit that it passed."""
    show = format_price if of_price else format_money
    text = show(value, currency)
    return f"{exact(value) if text == show(limit, currency) and value != limit else text} {currency.upper()}"


def rounded_percent(value: Decimal, limit: Decimal | None = None) -> str:
    """`5.30 %`, but never so that it reads as the limit that it passed."""
    text = format_share(value)
    return percent(value) if limit is not None and text == format_share(limit) and value != limit else text


def figure_words(value: Decimal, figure: Figure, currency: str, limit: Decimal | None = None) -> str:
    """Every digit; but a percentage beside its limit is rounded, never so that it reads as the limit that it passed."""
    if figure is Figure.PERCENT:
        return percent(value) if limit is None else rounded_percent(value, limit)
    return minutes(value) if figure is Figure.MINUTES else money(value, currency)


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


def minutes(number: Decimal | int) -> str:
    return "1 minute" if number == 1 else f"{exact(Decimal(number))} minutes"


def enumerated(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else ""


def coin(reminder: Reminder) -> str:
    return f"{reminder.asset.name} ({reminder.asset.symbol.upper()})" if reminder.asset else "a coin"


def scope(reminder: Reminder) -> str:
    """Where the holdings are that count."""
    return reminder.portfolio.name if reminder.portfolio else "all portfolios"


def subject(reminder: Reminder) -> str:
    """What is watched: a coin, or something of what is held."""
    kind = reminder.kind
    if kind in (Kind.PROFIT_ABOVE, Kind.PROFIT_BELOW):
        measure = "" if reminder.measure == Reminder.Measure.TOTAL else f"{reminder.measure} "
        of = f" on {coin(reminder)}" if reminder.asset else ""
        return f"Your {measure}profit{of} in {scope(reminder)}"
    if kind == Kind.SCHEDULE:
        return f"Report on {scope(reminder)}"
    if kind == Kind.STALE:
        return coin(reminder) if reminder.asset else f"What you hold in {scope(reminder)}"
    if kind in (Kind.ALLOCATION_ABOVE, Kind.ALLOCATION_BELOW):
        return f"{coin(reminder)} in {scope(reminder)}"
    if reminder.condition.watches is Watches.HOLDINGS:
        return f"Your balance in {scope(reminder)}"
    return coin(reminder)


def limit_of(reminder: Reminder) -> str:
    """The limit in its unit; an en dash where the kind has none."""
    limit = reminder.limit
    if limit is None:
        return "–"
    if reminder.figure is Figure.PERCENT:
        return percent(limit)
    if reminder.figure is Figure.MINUTES:
        return minutes(limit)
    if reminder.limit_high is not None:
        return f"{exact(limit)} to {money(reminder.limit_high, reminder.currency)}"
    return money(limit, reminder.currency)


def gist(reminder: Reminder, value: Decimal | None) -> str:
    """What it waits for: `Bitcoin (BTC) rises above 70,000 USD (now 67,000.00 USD)`."""
    if reminder.kind == Kind.SCHEDULE:
        schedule = schedule_of(reminder)
        return f"{subject(reminder)} {schedule.sentence() if schedule else 'at no time'}"
    return event(reminder) + present(reminder, value)


def event(reminder: Reminder) -> str:
    """What has to happen, in the present tense."""
    return f"{who(reminder)} {deed(reminder)}"


def who(reminder: Reminder) -> str:
    """What has to do it: the coin, or something of what is held."""
    if reminder.kind in (Kind.ALLOCATION_ABOVE, Kind.ALLOCATION_BELOW):
        return coin(reminder)
    if reminder.kind == Kind.STALE and reminder.asset is None:
        return f"a coin that you hold in {scope(reminder)}"
    return subject(reminder)


def deed(reminder: Reminder) -> str:
    """`rises above 70,000 USD`: what has to happen to it."""
    limit = limit_of(reminder)
    match reminder.kind:
        case Kind.PRICE_LEAVES_RANGE:
            return f"leaves the range from {limit}"
        case Kind.PRICE_ENTERS_RANGE:
            return f"enters the range from {limit}"
        case Kind.CHANGE:
            verb = {"up": "rises by more than", "down": "falls by more than"}.get(
                reminder.direction, "rises or falls by more than"
            )
            return f"{verb} {limit} {WINDOWS.get(reminder.window, SINCE)}"
        case Kind.TRAILING if reminder.direction == "up":
            return f"rises by more than {limit} from its low since this was set"
        case Kind.TRAILING:
            return f"falls by more than {limit} from its high since this was set"
        case Kind.BREAK_EVEN:
            verb = {"up": "rises above", "down": "falls below"}.get(reminder.direction, "crosses")
            return f"{verb} your average cost in {scope(reminder)}"
        case Kind.ALLOCATION_ABOVE:
            return f"makes up more than {limit} of {scope(reminder)}"
        case Kind.ALLOCATION_BELOW:
            return f"makes up less than {limit} of {scope(reminder)}"
        case Kind.DRAWDOWN:
            return f"falls by more than {limit} from its peak since this was set"
        case Kind.DEPEG:
            return f"is more than {limit} off 1.00 {reminder.currency.upper()} for {minutes(reminder.minutes)}"
        case Kind.STALE:
            return f"has had no price for {limit}"
    return f"{'rises above' if reminder.kind in RISING else 'falls below'} {limit}"


def present(reminder: Reminder, value: Decimal | None) -> str:
    if value is None or reminder.condition.watches is Watches.CLOCK:
        return ""
    return f" (now {now_at(reminder, value)})"


def now_at(reminder: Reminder, value: Decimal) -> str:
    """The present value as it is observed: percent where that is what is observed, else money."""
    is_share = reminder.kind in (Kind.ALLOCATION_ABOVE, Kind.ALLOCATION_BELOW)
    if is_share or reminder.is_in_percent:
        return rounded_percent(value, reminder.limit)
    if reminder.condition.watches is Watches.CLOCK:
        return minutes(value)
    of_price = reminder.condition.watches is Watches.PRICE
    limit = reminder.limit if reminder.limit is not None and reminder.figure is Figure.MONEY else value
    return observed(value, limit, reminder.currency, of_price=of_price)


def standing(reminder: Reminder, value: Decimal | None, gauge: Decimal | None) -> str:
    """How it stands now: the value, or how far that is from where it was, where this is what counts."""
    if reminder.kind in (Kind.CHANGE, Kind.DRAWDOWN):
        return "–" if gauge is None else rounded_percent(gauge, reminder.limit)
    return "–" if value is None else now_at(reminder, value)


def promise(reminder: Reminder, value: Decimal | None) -> str:
    """What will happen, in one sentence, for the form and the list."""
    ways = enumerated([WAYS[name] for name in reminder.transports if name in WAYS])
    if reminder.kind == Kind.SCHEDULE:
        what = gist(reminder, None)
        once = "; once" if is_once(reminder) else ""
        return f"Send me {ways or 'nowhere'} the {what[0].lower()}{what[1:]}{once}{ends(reminder)}."
    what = gist(reminder, value)
    if what.startswith("Your"):
        what = f"y{what[1:]}"
    return f"Tell me {ways or 'nothing'} when {what}; {how_often(reminder)}{ends(reminder)}."


def is_once(reminder: Reminder) -> bool:
    return reminder.repeat == Reminder.Repeat.ONCE


def how_often(reminder: Reminder) -> str:
    if is_once(reminder):
        return "once"
    often = "" if reminder.repeat == Reminder.Repeat.ALWAYS else "at most once a day, "
    pause = f", and not within {duration(timedelta(seconds=reminder.cooldown))}" if reminder.cooldown else ""
    return f"{often}again only after {way_back(reminder)}{pause}"


def way_back(reminder: Reminder) -> str:
    """What must happen after a firing before the next one counts, in the past tense."""
    limit, band, currency = reminder.limit or ZERO, reminder.rearm_band, reminder.currency
    rose = reminder.kind in RISING
    with localcontext(WIDE):
        points = min(band, abs(limit) / 2) if limit else band
        part = abs(limit) * band / 100
        match reminder.kind:
            case Kind.PRICE_LEAVES_RANGE | Kind.PRICE_ENTERS_RANGE:
                return range_back(reminder)
            case Kind.CHANGE:
                return f"it was within {percent(limit - points)}"
            case Kind.TRAILING:
                return f"it turned by {percent(band)}" if band else "it turned"
            case Kind.BREAK_EVEN:
                return f"it was {percent(band)} away from it" if band else "it was away from it"
            case Kind.DRAWDOWN:
                return f"it was less than {percent(limit - points)} below the peak"
            case Kind.DEPEG:
                return f"it was within {percent(limit - points)}"
            case Kind.STALE:
                return "prices were back"
            case Kind.PROFIT_ABOVE | Kind.PROFIT_BELOW if not reminder.is_in_percent:
                verb = "fell" if rose else "rose"
                return f"it {verb} back by {percent(band)} of its cost" if band else f"it {verb} back to the limit"
    if reminder.figure is Figure.PERCENT:
        back = percent(limit - points if rose else limit + points)
    else:
        back = money(limit - part if rose else limit + part, currency)
    if not band:
        return f"it {'fell' if rose else 'rose'} back to {back}"
    return f"it {'fell below' if rose else 'rose above'} {back}"


def range_back(reminder: Reminder) -> str:
    low, high = sorted((reminder.limit or ZERO, reminder.limit_high or ZERO))
    with localcontext(WIDE):
        below, above = (edge * reminder.rearm_band / 100 for edge in (low, high))
        if reminder.kind == Kind.PRICE_ENTERS_RANGE:
            left = f"{money(low - below, reminder.currency)} or above {money(high + above, reminder.currency)}"
            return f"it was below {left}"
        most = (high - low) / 4
        inner = low + min(below, most), high - min(above, most)
    return f"it was between {exact(inner[0])} and {money(inner[1], reminder.currency)}"


def ends(reminder: Reminder) -> str:
    """Quiet hours and expiry."""
    quiet = reminder.quiet_hours
    text = f"; messages wait from {quiet['from']} to {quiet['to']}" if quiet else ""
    if reminder.expires_at is not None:
        text += f"; until {moment(reminder.expires_at, reminder.user.zone)}"
    return text
