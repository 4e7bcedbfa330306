"""The sentences that reminders are put into: what they watch, and what will happen. Pure but for reading attributes of
loaded rows; what did happen is notifications.alert_wording's.
"""

from datetime import datetime, timedelta
from decimal import Decimal, localcontext
from typing import Final
from zoneinfo import ZoneInfo

from django.utils.translation import gettext, gettext_noop

from accounts import locales
from dashboard.formats import MINUS, format_exact, format_money, format_price, format_share
from dashboard.money import WIDE
from notifications.conditions import Figure, Watches
from notifications.models import Reminder
from notifications.timetable import schedule_of

WAYS: Final = {
    "toast": gettext_noop("here"),
    "email": gettext_noop("by e-mail"),
    "whatsapp": gettext_noop("by WhatsApp"),
    "webpush": gettext_noop("by push message"),
}
WINDOWS: Final = {
    "5m": gettext_noop("within 5 minutes"),
    "1h": gettext_noop("within an hour"),
    "24h": gettext_noop("within 24 hours"),
    "7d": gettext_noop("within 7 days"),
}
SINCE: Final = gettext_noop("from its price when this was set")
ZERO: Final = Decimal(0)
Kind = Reminder.Kind
RISING: Final = {Kind.PRICE_ABOVE, Kind.BALANCE_ABOVE, Kind.PROFIT_ABOVE, Kind.ALLOCATION_ABOVE}


def exact(value: Decimal) -> str:
    """Every digit, with thousands: what somebody typed is shown as it was typed."""
    whole, point, decimals = format_exact(value).replace("-", MINUS).partition(".")
    sign, digits = (MINUS, whole[1:]) if whole.startswith(MINUS) else ("", whole)
    return locales.localised(f"{sign}{int(digits or 0):,}{point}{decimals}")


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
    return gettext("%(time)s on %(day)s") % {"time": locales.clock_to_second(local), "day": locales.long_day(local)}


def duration(span: timedelta) -> str:
    seconds = int(span.total_seconds())
    if seconds < 120:
        return gettext("%(seconds)s seconds") % {"seconds": seconds}
    if seconds < 2 * 3600:
        return gettext("%(number)s minutes") % {"number": seconds // 60}
    return (
        gettext("%(number)s hours") % {"number": seconds // 3600}
        if seconds < 48 * 3600
        else gettext("%(number)s days") % {"number": seconds // 86400}
    )


def minutes(number: Decimal | int) -> str:
    return gettext("1 minute") if number == 1 else gettext("%(number)s minutes") % {"number": exact(Decimal(number))}


def enumerated(words: list[str]) -> str:
    return (
        words[0]
        if len(words) == 1
        else gettext("%(words)s and %(last)s") % {"words": ", ".join(words[:-1]), "last": words[-1]}
        if words
        else ""
    )


def coin(reminder: Reminder) -> str:
    return f"{reminder.asset.name} ({reminder.asset.symbol.upper()})" if reminder.asset else gettext("a coin")


def scope(reminder: Reminder) -> str:
    """Where the holdings are that count."""
    return reminder.portfolio.name if reminder.portfolio else gettext("all portfolios")


def subject(reminder: Reminder) -> str:
    """What is watched: a coin, or something of what is held."""
    kind = reminder.kind
    if kind in (Kind.PROFIT_ABOVE, Kind.PROFIT_BELOW):
        measure = {"realised": gettext("realised "), "unrealised": gettext("unrealised ")}.get(reminder.measure, "")
        of = gettext(" on %(coin)s") % {"coin": coin(reminder)} if reminder.asset else ""
        return gettext("Your %(measure)sprofit%(of)s in %(scope)s") % {
            "measure": measure,
            "of": of,
            "scope": scope(reminder),
        }
    if kind == Kind.SCHEDULE:
        return gettext("Report on %(scope)s") % {"scope": scope(reminder)}
    if kind == Kind.STALE:
        return coin(reminder) if reminder.asset else gettext("What you hold in %(scope)s") % {"scope": scope(reminder)}
    if kind in (Kind.ALLOCATION_ABOVE, Kind.ALLOCATION_BELOW):
        return gettext("%(coin)s in %(scope)s") % {"coin": coin(reminder), "scope": scope(reminder)}
    if reminder.condition.watches is Watches.HOLDINGS:
        return gettext("Your balance in %(scope)s") % {"scope": scope(reminder)}
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
        return gettext("%(limit)s to %(money)s") % {
            "limit": exact(limit),
            "money": money(reminder.limit_high, reminder.currency),
        }
    return money(limit, reminder.currency)


def gist(reminder: Reminder, value: Decimal | None) -> str:
    """What it waits for: `Bitcoin (BTC) rises above 70,000 USD (now 67,000.00 USD)`."""
    if reminder.kind == Kind.SCHEDULE:
        schedule = schedule_of(reminder)
        return f"{subject(reminder)} {schedule.sentence() if schedule else gettext('at no time')}"
    return event(reminder) + present(reminder, value)


def event(reminder: Reminder) -> str:
    """What has to happen, in the present tense."""
    return f"{who(reminder)} {deed(reminder)}"


def who(reminder: Reminder) -> str:
    """What has to do it: the coin, or something of what is held."""
    if reminder.kind in (Kind.ALLOCATION_ABOVE, Kind.ALLOCATION_BELOW):
        return coin(reminder)
    if reminder.kind == Kind.STALE and reminder.asset is None:
        return gettext("a coin that you hold in %(scope)s") % {"scope": scope(reminder)}
    return subject(reminder)


def deed(reminder: Reminder) -> str:
    """`rises above 70,000 USD`: what has to happen to it."""
    limit = limit_of(reminder)
    match reminder.kind:
        case Kind.PRICE_LEAVES_RANGE:
            return gettext("leaves the range from %(limit)s") % {"limit": limit}
        case Kind.PRICE_ENTERS_RANGE:
            return gettext("enters the range from %(limit)s") % {"limit": limit}
        case Kind.CHANGE:
            verb = {"up": gettext("rises by more than"), "down": gettext("falls by more than")}.get(
                reminder.direction, gettext("rises or falls by more than")
            )
            return f"{verb} {limit} {gettext(WINDOWS.get(reminder.window, gettext(SINCE)))}"
        case Kind.TRAILING if reminder.direction == "up":
            return gettext("rises by more than %(limit)s from its low since this was set") % {"limit": limit}
        case Kind.TRAILING:
            return gettext("falls by more than %(limit)s from its high since this was set") % {"limit": limit}
        case Kind.BREAK_EVEN:
            verb = {"up": gettext("rises above"), "down": gettext("falls below")}.get(
                reminder.direction, gettext("crosses")
            )
            return gettext("%(verb)s your average cost in %(scope)s") % {"verb": verb, "scope": scope(reminder)}
        case Kind.ALLOCATION_ABOVE:
            return gettext("makes up more than %(limit)s of %(scope)s") % {"limit": limit, "scope": scope(reminder)}
        case Kind.ALLOCATION_BELOW:
            return gettext("makes up less than %(limit)s of %(scope)s") % {"limit": limit, "scope": scope(reminder)}
        case Kind.DRAWDOWN:
            return gettext("falls by more than %(limit)s from its peak since this was set") % {"limit": limit}
        case Kind.DEPEG:
            return gettext("is more than %(limit)s off 1.00 %(currency)s for %(minutes)s") % {
                "limit": limit,
                "currency": reminder.currency.upper(),
                "minutes": minutes(reminder.minutes),
            }
        case Kind.STALE:
            return gettext("has had no price for %(limit)s") % {"limit": limit}
    return f"{gettext('rises above') if reminder.kind in RISING else gettext('falls below')} {limit}"


def present(reminder: Reminder, value: Decimal | None) -> str:
    if value is None or reminder.condition.watches is Watches.CLOCK:
        return ""
    return gettext(" (now %(now_at)s)") % {"now_at": now_at(reminder, value)}


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
    ways = enumerated([gettext(WAYS[name]) for name in reminder.transports if name in WAYS])
    if reminder.kind == Kind.SCHEDULE:
        what = gist(reminder, None)
        once = gettext("; once") if is_once(reminder) else ""
        return gettext("Send me %(ways)s the %(what)s%(once)s%(ends)s.") % {
            "ways": ways or gettext("nowhere"),
            "what": what[0].lower() + what[1:],
            "once": once,
            "ends": ends(reminder),
        }
    what = gist(reminder, value)
    if not what.startswith(coin(reminder)):
        what = what[0].lower() + what[1:]
    return gettext("Tell me %(ways)s when %(what)s; %(how_often)s%(ends)s.") % {
        "ways": ways or gettext("nothing"),
        "what": what,
        "how_often": how_often(reminder),
        "ends": ends(reminder),
    }


def is_once(reminder: Reminder) -> bool:
    return reminder.repeat == Reminder.Repeat.ONCE


def how_often(reminder: Reminder) -> str:
    if is_once(reminder):
        return gettext("once")
    often = "" if reminder.repeat == Reminder.Repeat.ALWAYS else gettext("at most once a day, ")
    pause = (
        gettext(", and not within %(duration)s") % {"duration": duration(timedelta(seconds=reminder.cooldown))}
        if reminder.cooldown
        else ""
    )
    return gettext("%(often)sagain only after %(way_back)s%(pause)s") % {
        "often": often,
        "way_back": way_back(reminder),
        "pause": pause,
    }


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
                return gettext("it was within %(percent)s") % {"percent": percent(limit - points)}
            case Kind.TRAILING:
                return (
                    gettext("it turned by %(percent)s") % {"percent": percent(band)} if band else gettext("it turned")
                )
            case Kind.BREAK_EVEN:
                return (
                    gettext("it was %(percent)s away from it") % {"percent": percent(band)}
                    if band
                    else gettext("it was away from it")
                )
            case Kind.DRAWDOWN:
                return gettext("it was less than %(percent)s below the peak") % {"percent": percent(limit - points)}
            case Kind.DEPEG:
                return gettext("it was within %(percent)s") % {"percent": percent(limit - points)}
            case Kind.STALE:
                return gettext("prices were back")
            case Kind.PROFIT_ABOVE | Kind.PROFIT_BELOW if not reminder.is_in_percent:
                verb = gettext("fell") if rose else gettext("rose")
                return (
                    gettext("it %(verb)s back by %(percent)s of its cost") % {"verb": verb, "percent": percent(band)}
                    if band
                    else gettext("it %(verb)s back to the limit") % {"verb": verb}
                )
    if reminder.figure is Figure.PERCENT:
        back = percent(limit - points if rose else limit + points)
    else:
        back = money(limit - part if rose else limit + part, currency)
    if not band:
        return (gettext("it fell back to %(limit)s") if rose else gettext("it rose back to %(limit)s")) % {
            "limit": back
        }
    return (gettext("it fell below %(limit)s") if rose else gettext("it rose above %(limit)s")) % {"limit": back}


def range_back(reminder: Reminder) -> str:
    low, high = sorted((reminder.limit or ZERO, reminder.limit_high or ZERO))
    with localcontext(WIDE):
        below, above = (edge * reminder.rearm_band / 100 for edge in (low, high))
        if reminder.kind == Kind.PRICE_ENTERS_RANGE:
            left = gettext("%(low)s or above %(high)s") % {
                "low": money(low - below, reminder.currency),
                "high": money(high + above, reminder.currency),
            }
            return gettext("it was below %(left)s") % {"left": left}
        most = (high - low) / 4
        inner = low + min(below, most), high - min(above, most)
    return gettext("it was between %(inner)s and %(money)s") % {
        "inner": exact(inner[0]),
        "money": money(inner[1], reminder.currency),
    }


def ends(reminder: Reminder) -> str:
    """Quiet hours and expiry."""
    quiet = reminder.quiet_hours
    text = (
        gettext("; messages wait from %(begin)s to %(end)s") % {"begin": quiet["from"], "end": quiet["to"]}
        if quiet
        else ""
    )
    if reminder.expires_at is not None:
        text += gettext("; until %(moment)s") % {"moment": moment(reminder.expires_at, reminder.user.zone)}
    return text
