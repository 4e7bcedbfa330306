"""The sentences that say what happened. Pure but for reading attributes of loaded rows."""

from datetime import timedelta
from decimal import Decimal

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
            side = "above" if seen > limit else "below"
            return f"{coin(reminder)} left its range: {side} {money(limit, reminder.currency)}"
        case Kind.PRICE_ENTERS_RANGE:
            return f"{coin(reminder)} is in its range from {limit_of(reminder)}"
        case Kind.CHANGE:
            return f"{coin(reminder)} is {'up' if seen > 0 else 'down'} {figure} {window_words(reminder)}"
        case Kind.TRAILING:
            rises = reminder.direction == "up"
            return f"{coin(reminder)} {'rose' if rises else 'fell'} {figure} from its {'low' if rises else 'high'}"
        case Kind.BREAK_EVEN:
            side = "above" if seen > limit else "below"
            cost = observed(limit, seen, reminder.currency, of_price=True)
            return f"{coin(reminder)} is {side} your average cost of {cost}"
        case Kind.ALLOCATION_ABOVE | Kind.ALLOCATION_BELOW:
            side = "more" if reminder.kind in RISING else "less"
            return f"{coin(reminder)} makes up {side} than {limit_of(reminder)} of {scope(reminder)}"
        case Kind.DRAWDOWN:
            return f"{subject(reminder)} is {figure} below its peak"
        case Kind.DEPEG:
            return f"{coin(reminder)} is {figure} off 1.00 {reminder.currency.upper()}"
        case Kind.STALE:
            return f"{subject(reminder)}: no price for {minutes(seen)}"
    return f"{subject(reminder)} is {'above' if reminder.kind in RISING else 'below'} {limit_of(reminder)}"


def alert_text(reminder: Reminder, seen: Observation, firing: Firing, unseen: timedelta | None) -> str:
    """The whole story in a few sentences; `unseen` is how long nothing was judged, where that makes the alert late."""
    text = story(reminder, seen, firing)
    if unseen is not None:
        text += f" This comes late: no price was judged for {duration(unseen)} before."
    if reminder.paused_because:
        text += f" {reminder.paused_because} It is paused now; switch it on again when you want it back."
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
        return f"{happened} while nobody looked: it was at {reached}, and is at {now_at(reminder, seen.value)}{end}"
    return f"{happened}: {value_words(reminder, seen, firing)}{end}"


def past(reminder: Reminder, firing: Firing) -> str:
    """What happened, in the past tense."""
    limit = limit_of(reminder)
    figure = rounded_percent(abs(firing.observed or ZERO), abs(firing.limit or ZERO))
    match reminder.kind:
        case Kind.PRICE_LEAVES_RANGE:
            return f"{coin(reminder)} left the range from {limit}"
        case Kind.PRICE_ENTERS_RANGE:
            return f"{coin(reminder)} entered the range from {limit}"
        case Kind.CHANGE:
            verb = "rose" if (firing.observed or ZERO) > 0 else "fell"
            return f"{coin(reminder)} {verb} by {figure} {window_words(reminder)}, more than {limit}"
        case Kind.TRAILING if reminder.direction == "up":
            return f"{coin(reminder)} rose by {figure} from its low, more than {limit}"
        case Kind.TRAILING:
            return f"{coin(reminder)} fell by {figure} from its high, more than {limit}"
        case Kind.BREAK_EVEN:
            verb = "rose above" if (firing.observed or ZERO) > (firing.limit or ZERO) else "fell below"
            cost = observed(firing.limit or ZERO, firing.observed or ZERO, reminder.currency, of_price=True)
            return f"{coin(reminder)} {verb} your average cost of {cost} in {scope(reminder)}"
        case Kind.ALLOCATION_ABOVE | Kind.ALLOCATION_BELOW:
            side = "more" if reminder.kind in RISING else "less"
            return f"{coin(reminder)} now makes up {side} than {limit} of {scope(reminder)}"
        case Kind.DRAWDOWN:
            return f"{subject(reminder)} fell by {figure} from its peak, more than {limit}"
        case Kind.DEPEG:
            unit = reminder.currency.upper()
            return f"{coin(reminder)} was more than {limit} off 1.00 {unit} for {minutes(reminder.minutes)}"
    return f"{subject(reminder)} {'rose above' if reminder.kind in RISING else 'fell below'} {limit}"


def value_words(reminder: Reminder, seen: Observation, firing: Firing) -> str:
    """The value that was observed; of a price, or a balance, as money, though its change was what fired."""
    if seen.value is None:
        return "–"
    if reminder.kind in (Kind.PRICE_ABOVE, Kind.PRICE_BELOW, Kind.PRICE_LEAVES_RANGE, Kind.BREAK_EVEN):
        return observed(firing.observed or seen.value, firing.limit or ZERO, reminder.currency, of_price=True)
    return now_at(reminder, seen.value)


def ending(reminder: Reminder, seen: Observation) -> str:
    """When that was, and whose prices it rests on."""
    text = f" at {moment(seen.as_of, reminder.user.zone)}" if seen.as_of is not None else ""
    if not seen.source:
        return f"{text}."
    if reminder.condition.watches is Watches.PRICE:
        return f"{text}, price from {seen.source}."
    return f"{text}. Prices from {seen.source}."


def stale_story(reminder: Reminder, seen: Observation, firing: Firing) -> str:
    away = minutes(firing.observed or ZERO)
    since = f" The last is of {moment(seen.as_of, reminder.user.zone)}." if seen.as_of is not None else ""
    if reminder.asset is not None:
        return f"No price of {coin(reminder)} has come for {away}.{since}"
    which = f" ({', '.join(seen.named[:5])})" if seen.named else ""
    return f"No price of a coin that you hold in {scope(reminder)}{which} has come for {away}.{since}"


def window_words(reminder: Reminder) -> str:
    return WINDOWS.get(reminder.window, "since the reminder was set")


def late_report(unseen: timedelta) -> str:
    return f"This comes late, by {duration(unseen)}."
