"""The sentences that say what happened. Pure but for reading attributes of loaded rows."""

from datetime import timedelta
from decimal import Decimal

from django.utils.translation import gettext

from notifications.conditions import Firing, Watches
from notifications.figures import Observation
from notifications.models import Reminder
from notifications.wording import (
    RISING,
    WINDOWS,
    Kind,
    coin,
    duration,
    limit_of,
    minutes,
    moment,
    money,
    now_at,
    observed,
    rounded_percent,
    scope,
    subject,
)

ZERO = Decimal(0)


def headline(reminder: Reminder, firing: Firing) -> str:
    """`Bitcoin (BTC) is above 70,000 USD`."""
    seen, limit = firing.observed or ZERO, firing.limit or ZERO
    figure = rounded_percent(abs(seen), abs(limit))
    match reminder.kind:
        case Kind.PRICE_LEAVES_RANGE:
            side = gettext("above") if seen > limit else gettext("below")
            return gettext("%(coin)s left its range: %(side)s %(money)s") % {
                "coin": coin(reminder),
                "side": side,
                "money": money(limit, reminder.currency),
            }
        case Kind.PRICE_ENTERS_RANGE:
            return gettext("%(coin)s is in its range from %(limit_of)s") % {
                "coin": coin(reminder),
                "limit_of": limit_of(reminder),
            }
        case Kind.CHANGE:
            return gettext("%(coin)s is %(seen)s %(figure)s %(window_words)s") % {
                "coin": coin(reminder),
                "seen": gettext("up") if seen > 0 else gettext("down"),
                "figure": figure,
                "window_words": window_words(reminder),
            }
        case Kind.TRAILING:
            rises = reminder.direction == "up"
            return gettext("%(coin)s %(rises)s %(figure)s from its %(rises_2)s") % {
                "coin": coin(reminder),
                "rises": gettext("rose") if rises else gettext("fell"),
                "figure": figure,
                "rises_2": gettext("low") if rises else gettext("high"),
            }
        case Kind.BREAK_EVEN:
            side = gettext("above") if seen > limit else gettext("below")
            cost = observed(limit, seen, reminder.currency, of_price=True)
            return gettext("%(coin)s is %(side)s your average cost of %(cost)s") % {
                "coin": coin(reminder),
                "side": side,
                "cost": cost,
            }
        case Kind.ALLOCATION_ABOVE | Kind.ALLOCATION_BELOW:
            side = gettext("more") if reminder.kind in RISING else gettext("less")
            return gettext("%(coin)s makes up %(side)s than %(limit_of)s of %(scope)s") % {
                "coin": coin(reminder),
                "side": side,
                "limit_of": limit_of(reminder),
                "scope": scope(reminder),
            }
        case Kind.DRAWDOWN:
            return gettext("%(subject)s is %(figure)s below its peak") % {
                "subject": subject(reminder),
                "figure": figure,
            }
        case Kind.DEPEG:
            return gettext("%(coin)s is %(figure)s off 1.00 %(currency)s") % {
                "coin": coin(reminder),
                "figure": figure,
                "currency": reminder.currency.upper(),
            }
        case Kind.STALE:
            return gettext("%(subject)s: no price for %(minutes)s") % {
                "subject": subject(reminder),
                "minutes": minutes(seen),
            }
    return gettext("%(subject)s is %(rising)s %(limit_of)s") % {
        "subject": subject(reminder),
        "rising": gettext("above") if reminder.kind in RISING else gettext("below"),
        "limit_of": limit_of(reminder),
    }


def alert_text(reminder: Reminder, seen: Observation, firing: Firing, unseen: timedelta | None) -> str:
    """The whole story in a few sentences; `unseen` is how long nothing was judged, where that makes the alert late."""
    text = story(reminder, seen, firing)
    if unseen is not None:
        text += gettext(" This comes late: no price was judged for %(duration)s before.") % {
            "duration": duration(unseen)
        }
    if reminder.paused_because:
        text += gettext(" %(paused_because)s It is paused now; switch it on again when you want it back.") % {
            "paused_because": reminder.paused_because
        }
    return text


def story(reminder: Reminder, seen: Observation, firing: Firing) -> str:
    if reminder.kind == Kind.STALE:
        return stale_story(reminder, seen, firing)
    end = ending(reminder, seen)
    happened = past(reminder, firing)
    was_between = (
        reminder.condition.watches is Watches.PRICE
        and reminder.kind in (Kind.PRICE_ABOVE, Kind.PRICE_BELOW, Kind.PRICE_LEAVES_RANGE, Kind.BREAK_EVEN)
        and firing.observed != seen.value
    )
    if was_between and firing.observed is not None and seen.value is not None:
        reached = observed(firing.observed, firing.limit or ZERO, reminder.currency, of_price=True)
        return gettext("%(happened)s while nobody looked: it was at %(reached)s, and is at %(now_at)s%(end)s") % {
            "happened": happened,
            "reached": reached,
            "now_at": now_at(reminder, seen.value),
            "end": end,
        }
    return f"{happened}: {value_words(reminder, seen, firing)}{end}"


def past(reminder: Reminder, firing: Firing) -> str:
    """What happened, in the past tense."""
    limit = limit_of(reminder)
    figure = rounded_percent(abs(firing.observed or ZERO), abs(firing.limit or ZERO))
    match reminder.kind:
        case Kind.PRICE_LEAVES_RANGE:
            return gettext("%(coin)s left the range from %(limit)s") % {"coin": coin(reminder), "limit": limit}
        case Kind.PRICE_ENTERS_RANGE:
            return gettext("%(coin)s entered the range from %(limit)s") % {"coin": coin(reminder), "limit": limit}
        case Kind.CHANGE:
            verb = gettext("rose") if (firing.observed or ZERO) > 0 else gettext("fell")
            return gettext("%(coin)s %(verb)s by %(figure)s %(window_words)s, more than %(limit)s") % {
                "coin": coin(reminder),
                "verb": verb,
                "figure": figure,
                "window_words": window_words(reminder),
                "limit": limit,
            }
        case Kind.TRAILING if reminder.direction == "up":
            return gettext("%(coin)s rose by %(figure)s from its low, more than %(limit)s") % {
                "coin": coin(reminder),
                "figure": figure,
                "limit": limit,
            }
        case Kind.TRAILING:
            return gettext("%(coin)s fell by %(figure)s from its high, more than %(limit)s") % {
                "coin": coin(reminder),
                "figure": figure,
                "limit": limit,
            }
        case Kind.BREAK_EVEN:
            verb = (
                gettext("rose above") if (firing.observed or ZERO) > (firing.limit or ZERO) else gettext("fell below")
            )
            cost = observed(firing.limit or ZERO, firing.observed or ZERO, reminder.currency, of_price=True)
            return gettext("%(coin)s %(verb)s your average cost of %(cost)s in %(scope)s") % {
                "coin": coin(reminder),
                "verb": verb,
                "cost": cost,
                "scope": scope(reminder),
            }
        case Kind.ALLOCATION_ABOVE | Kind.ALLOCATION_BELOW:
            side = gettext("more") if reminder.kind in RISING else gettext("less")
            return gettext("%(coin)s now makes up %(side)s than %(limit)s of %(scope)s") % {
                "coin": coin(reminder),
                "side": side,
                "limit": limit,
                "scope": scope(reminder),
            }
        case Kind.DRAWDOWN:
            return gettext("%(subject)s fell by %(figure)s from its peak, more than %(limit)s") % {
                "subject": subject(reminder),
                "figure": figure,
                "limit": limit,
            }
        case Kind.DEPEG:
            unit = reminder.currency.upper()
            return gettext("%(coin)s was more than %(limit)s off 1.00 %(unit)s for %(minutes)s") % {
                "coin": coin(reminder),
                "limit": limit,
                "unit": unit,
                "minutes": minutes(reminder.minutes),
            }
    return f"{subject(reminder)} {gettext('rose above') if reminder.kind in RISING else gettext('fell below')} {limit}"


def value_words(reminder: Reminder, seen: Observation, firing: Firing) -> str:
    """The value that was observed; of a price, or a balance, as money, though its change was what fired."""
    if seen.value is None:
        return "–"
    if reminder.kind in (Kind.PRICE_ABOVE, Kind.PRICE_BELOW, Kind.PRICE_LEAVES_RANGE, Kind.BREAK_EVEN):
        return observed(firing.observed or seen.value, firing.limit or ZERO, reminder.currency, of_price=True)
    return now_at(reminder, seen.value)


def ending(reminder: Reminder, seen: Observation) -> str:
    """When that was, and whose prices it rests on."""
    text = (
        gettext(" at %(moment)s") % {"moment": moment(seen.as_of, reminder.user.zone)} if seen.as_of is not None else ""
    )
    if not seen.source:
        return f"{text}."
    if reminder.condition.watches is Watches.PRICE:
        return gettext("%(text)s, price from %(source)s.") % {"text": text, "source": seen.source}
    return gettext("%(text)s. Prices from %(source)s.") % {"text": text, "source": seen.source}


def stale_story(reminder: Reminder, seen: Observation, firing: Firing) -> str:
    away = minutes(firing.observed or ZERO)
    since = (
        gettext(" The last is of %(moment)s.") % {"moment": moment(seen.as_of, reminder.user.zone)}
        if seen.as_of is not None
        else ""
    )
    if reminder.asset is not None:
        return gettext("No price of %(coin)s has come for %(away)s.%(since)s") % {
            "coin": coin(reminder),
            "away": away,
            "since": since,
        }
    which = f" ({', '.join(seen.named[:5])})" if seen.named else ""
    return gettext("No price of a coin that you hold in %(scope)s%(which)s has come for %(away)s.%(since)s") % {
        "scope": scope(reminder),
        "which": which,
        "away": away,
        "since": since,
    }


def window_words(reminder: Reminder) -> str:
    return gettext(WINDOWS[reminder.window]) if reminder.window in WINDOWS else gettext("since the reminder was set")


def late_report(unseen: timedelta) -> str:
    return gettext("This comes late, by %(duration)s.") % {"duration": duration(unseen)}
