"""Service: the answers to what somebody asks on WhatsApp, in their currency and zone, and what their commands do."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.conf import settings
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext, gettext_noop, ngettext

from accounts import locales
from accounts.models import User
from dashboard.formats import format_age, format_percent, format_price, format_share
from dashboard.models import Asset
from dashboard.naming import WELL_KNOWN, NoSuchCoin, SeveralCoins, coin_named
from dashboard.portfolios import markets_of, overview
from notifications import conversation
from notifications.models import Delivery, Reminder
from notifications.reminding import (
    ReminderErrors,
    TooManyReminders,
    create_reminder,
    draft_reminder,
    is_true_already,
    pause_reminder,
    resume_reminder,
)
from notifications.reports import balance_line, price_lines, profit_lines
from notifications.selectors import ReminderLine, reminder_lines
from notifications.talking import Ask, Command, Price, Remind, Snooze, Switch, Unclear, Word
from notifications.wording import gist, how_often, observed

LONGEST: Final = 1500
MOST_CANDIDATES: Final = 8
SCOPE: Final = gettext_noop("All portfolios")
LABELS: Final = dict(Delivery.Transport.choices)

NO_SUCH_NUMBER: Final = gettext_noop("You have no reminder with the number {}. LIST shows the numbers.")
UNPOLLED: Final = gettext_noop("Prices are fetched of the largest coins and of what is held or watched here.")
HELP: Final = gettext_noop("""\
You can write:
BALANCE: what everything is worth
PROFIT: what it brought
STATUS: both, and your reminders
PRICE BTC: what a coin costs
REMIND BTC ABOVE 70000 or REMIND BALANCE BELOW 10000: be told once it happens
LIST: your reminders, with numbers; PAUSE 2 and RESUME 2 for one of them
SNOOZE 8: no alerts here for 8 hours; SNOOZE OFF: at once again
STOP: no more messages here; START: messages again""")


@dataclass(frozen=True, slots=True)
class Found:
    """The coin that was meant, with a note where others bear the name; or what to say in its place."""

    coin: Asset | None = None
    note: str = ""
    problem: str = ""


def answer(user: User, command: Command, found: Found, now: datetime) -> str:
    """Do what the command says, and the answer to it. `found` is the coin that it names."""
    if isinstance(command, Ask):
        return ANSWERS[command.word](user, now)
    if isinstance(command, Price):
        return price(user, found, now)
    if isinstance(command, Remind):
        return remind(user, command, found)
    if isinstance(command, Snooze):
        return snooze(user, command, now)
    if isinstance(command, Switch):
        return switch(user, command)
    return command.question if isinstance(command, Unclear) else gettext(HELP)


def balance(user: User, now: datetime) -> str:
    view = overview(user)
    return "\n".join([balance_line(view, gettext(SCOPE)), *price_lines(view, now)])


def profit(user: User, now: datetime) -> str:
    view = overview(user)
    return "\n".join([*(profit_lines(view) or [balance_line(view, gettext(SCOPE))]), *price_lines(view, now)])


def status(user: User, now: datetime) -> str:
    view = overview(user)
    lines = [balance_line(view, gettext(SCOPE)), *profit_lines(view), *price_lines(view, now), *reminder_status(user)]
    until = conversation.snoozed_until(user)
    if until is not None and until > now:
        lines.append(gettext("No alerts here until %(moment)s.") % {"moment": moment(until, user)})
    return "\n".join(lines)


def reminder_status(user: User) -> list[str]:
    """How many reminders are armed, and which has the shortest way to go."""
    armed = [line for _, line in numbered(user) if is_armed(line)]
    if not armed:
        return [gettext("No reminder is armed.")]
    text = ngettext("%(number)s reminder is armed.", "%(number)s reminders are armed.", len(armed)) % {
        "number": len(armed)
    }
    near = [(abs(line.distance_pct), line) for line in armed if line.distance_pct is not None and not line.waits]
    if near:
        way, line = min(near, key=lambda pair: pair[0])
        text += gettext(" The closest: %(gist)s, %(way)s to go.") % {"gist": line.gist, "way": format_share(way)}
    return [text]


def listing(user: User, now: datetime) -> str:
    lines = [f"{number}. {line.gist}" for number, line in numbered(user) if is_armed(line)]
    if not lines:
        return gettext("No reminder is armed. Write REMIND BTC ABOVE 70000 to make one.")
    text = "\n".join(lines)
    if len(text) <= LONGEST:
        return text
    page = f"{settings.PUBLIC_URL}{reverse('reminders')}"
    shown = 0
    while sum(len(line) + 1 for line in lines[: shown + 1]) < LONGEST - len(page) - 40:
        shown += 1
    return "\n".join(
        [*lines[:shown], gettext("and %(shown)s more: %(page)s") % {"shown": len(lines) - shown, "page": page}]
    )


def numbered(user: User) -> list[tuple[int, ReminderLine]]:
    """The user's reminders by numbers that new ones don't move: counted from the oldest."""
    return list(enumerate(sorted(reminder_lines(user), key=lambda line: line.reminder.pk), 1))


def is_armed(line: ReminderLine) -> bool:
    return line.state in {Reminder.State.ARMED, Reminder.State.COOLING}


def price(user: User, found: Found, now: datetime) -> str:
    if found.coin is None:
        return found.problem
    market = markets_of([found.coin.pk], user.currency, now)[found.coin.pk]
    if market.price is None:
        lines = [
            gettext("No price of %(coin)s is known. %(unpolled)s") % {"coin": found.coin, "unpolled": gettext(UNPOLLED)}
        ]
    else:
        line = f"{found.coin}: {format_price(market.price, user.currency)} {user.currency.upper()}"
        lines = [
            gettext("%(line)s, %(change_24h)s in 24 h.")
            % {"line": line, "change_24h": format_percent(market.change_24h)}
            if market.change_24h is not None
            else f"{line}."
        ]
        if market.as_of is not None:
            old = gettext(" It is old: no newer one has come.") if market.stale else ""
            lines.append(
                gettext("Price from %(source)s, %(format_age)s.%(old)s")
                % {"source": market.source, "format_age": format_age(now - market.as_of), "old": old}
            )
    return "\n".join([*lines, *([found.note] if found.note else [])])


def find(text: str) -> Found:
    """The coin with that ticker, name or id; of several the highest ranked. May ask the price source."""
    text = " ".join(text.split())[:100]
    candidates = bearing(text)
    if not candidates:
        try:
            return Found(coin_named(text))
        except SeveralCoins as several:
            names = ", ".join(str(coin) for coin in several.choices[:3])
            return Found(
                problem=gettext("I know no coin called “%(text)s”. Perhaps you mean %(names)s?")
                % {"text": text, "names": names}
            )
        except NoSuchCoin:
            return Found(problem=gettext("I know no coin called “%(text)s”.") % {"text": text})
    known = [coin for coin in candidates if coin.rank is not None and coin.rank <= WELL_KNOWN]
    if len(candidates) == 1 or len(known) == 1:
        return Found(candidates[0])
    return Found(
        candidates[0], gettext("Several coins are called “%(text)s”; this is the largest of them.") % {"text": text}
    )


def bearing(text: str) -> list[Asset]:
    called = Q(symbol__iexact=text) | Q(name__iexact=text) | Q(pk=text.lower())
    return list(Asset.objects.coins().filter(called).best_ranked()[:MOST_CANDIDATES])


def remind(user: User, command: Remind, found: Found) -> str:
    """Make the reminder, as the form would, and say what it will do."""
    if command.coin is not None and found.coin is None:
        return found.problem
    values = {
        "kind": f"{'balance' if command.coin is None else 'price'}_{'above' if command.above else 'below'}",
        "asset": found.coin,
        "limit": command.limit.number,
        "currency": command.limit.currency,
    }
    try:
        seen = is_true_already(draft_reminder(user, values))
        reminder = create_reminder(user, values)
    except ReminderErrors as faults:
        return " ".join(text for texts in faults.errors.values() for text in texts)
    except TooManyReminders as limit:
        return str(limit)
    ways = ", ".join(str(LABELS[name]) for name in reminder.transports)
    lines = [
        gettext("Reminder set: %(gist)s; %(how_often)s. You are told by %(ways)s.")
        % {"gist": gist(reminder, None), "how_often": how_often(reminder), "ways": ways}
    ]
    if seen is not None and seen.value is not None:
        now_at = observed(seen.value, command.limit.number, reminder.currency, of_price=command.coin is not None)
        lines.append(
            gettext("It is %(now_at)s already: it waits until the limit is crossed anew.") % {"now_at": now_at}
        )
    return "\n".join([*lines, *([found.note] if found.note else [])])


def snooze(user: User, command: Snooze, now: datetime) -> str:
    until = now + command.span if command.span else None
    conversation.snooze(str(user.whatsapp_number), until)
    if until is None:
        return gettext("Alerts come here at once again.")
    return gettext("No alerts here until %(moment)s; then you are told what happened. SNOOZE OFF ends it.") % {
        "moment": moment(until, user)
    }


def switch(user: User, command: Switch) -> str:
    line = dict(numbered(user)).get(command.number)
    if line is None:
        return gettext(NO_SUCH_NUMBER).format(command.number)
    if command.on:
        try:
            resume_reminder(line.reminder)
        except ReminderErrors as faults:
            return " ".join(text for texts in faults.errors.values() for text in texts)
        return gettext("Armed again: %(gist)s.") % {"gist": line.gist}
    pause_reminder(line.reminder)
    return gettext("Paused: %(gist)s. RESUME %(number)s arms it again.") % {"gist": line.gist, "number": command.number}


def moment(at: datetime, user: User) -> str:
    local = at.astimezone(user.zone)
    return gettext("%(time)s on %(day)s") % {"time": locales.clock(local), "day": locales.long_day(local)}


ANSWERS: Final[dict[Word, Callable[[User, datetime], str]]] = {
    Word.BALANCE: balance,
    Word.PROFIT: profit,
    Word.STATUS: status,
    Word.LIST: listing,
    Word.HELP: lambda user, now: gettext(HELP),
}
