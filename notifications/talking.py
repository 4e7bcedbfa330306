"""What a message on WhatsApp asks for. Pure: it knows words, not accounts; answering is notifications.answering's."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

from django.utils.translation import gettext, gettext_noop

from notifications.written_amounts import Amount, Unreadable, read_amount


class Word(StrEnum):
    """The first word of a command; the ones that take nothing more are asked for by it alone."""

    BALANCE = "balance"
    PROFIT = "profit"
    STATUS = "status"
    LIST = "list"
    HELP = "help"
    STOP = "stop"
    START = "start"
    PRICE = "price"
    REMIND = "remind"
    SNOOZE = "snooze"
    PAUSE = "pause"
    RESUME = "resume"


@dataclass(frozen=True, slots=True)
class Ask:
    """A word that says everything."""

    word: Word


@dataclass(frozen=True, slots=True)
class Price:
    """What a coin costs, named by what people call it."""

    coin: str


@dataclass(frozen=True, slots=True)
class Remind:
    """A reminder of a coin's price or, with no coin, of the balance."""

    coin: str | None
    above: bool
    limit: Amount


@dataclass(frozen=True, slots=True)
class Snooze:
    """Hold alerts back for so long; zero: no longer."""

    span: timedelta


@dataclass(frozen=True, slots=True)
class Switch:
    """Pause the reminder with that number in the list, or arm it again."""

    number: int
    on: bool


@dataclass(frozen=True, slots=True)
class Unclear:
    """What was meant is known, but not enough: `question` asks back."""

    word: Word
    question: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """No command at all."""


Command = Ask | Price | Remind | Snooze | Switch | Unclear | Unknown

ALONE: Final = {
    "balance": Word.BALANCE, "total": Word.BALANCE, "value": Word.BALANCE,
    "profit": Word.PROFIT, "profits": Word.PROFIT, "pnl": Word.PROFIT, "p&l": Word.PROFIT, "profit/loss": Word.PROFIT,
    "status": Word.STATUS,
    "list": Word.LIST, "reminders": Word.LIST,
    "help": Word.HELP, "info": Word.HELP, "menu": Word.HELP, "commands": Word.HELP,
    # Twilio takes these as opting out and in by itself, where it is left to do so; they must mean the same here.
    "stop": Word.STOP, "stopall": Word.STOP, "unsubscribe": Word.STOP, "end": Word.STOP, "quit": Word.STOP,
    "cancel": Word.STOP, "revoke": Word.STOP, "optout": Word.STOP,
    "start": Word.START, "unstop": Word.START, "yes": Word.START,
}  # fmt: skip
LEADING: Final = {
    "price": Word.PRICE, "remind": Word.REMIND, "alert": Word.REMIND, "reminder": Word.REMIND, "snooze": Word.SNOOZE,
    "mute": Word.SNOOZE, "pause": Word.PAUSE, "resume": Word.RESUME,
}  # fmt: skip
FILLING: Final = {"please", "my", "the", "of", "for", "show", "me", "a", "what", "what's", "whats", "is", "all"}
BEFORE_A_COIN: Final = {"of", "for", "the"}
COURTEOUS: Final = {"please", "thanks", "thank", "you"}
CONNECTING: Final = FILLING | {"when", "if", "goes", "rises", "falls", "drops", "gets", "to"}
ABOVE: Final = {"above", "over", ">"}
BELOW: Final = {"below", "under", "<"}
BALANCES: Final = {"balance", "total", "portfolio", "portfolios"}
EDGES: Final = "\"'“”‘’„«»()[]{}<>*_~`!?.,;:…¡¿/\\#|-–—"
LONGEST: Final = 500
SNOOZE: Final = timedelta(hours=8)
LONGEST_SNOOZE: Final = timedelta(days=7)
SPAN: Final = re.compile(r"(\d{1,4}(?:[.,]\d{1,3})?)(?:([hdm])|(?:hours?|hrs?)|(days?)|(min(?:ute)?s?))?", re.ASCII)

WHICH_COIN: Final = gettext_noop("Which coin? Write its ticker or name, like PRICE BTC.")
HOW_TO_REMIND: Final = gettext_noop("Write it like REMIND BTC ABOVE 70000, or REMIND BALANCE BELOW 10000.")
HOW_TO_SNOOZE: Final = gettext_noop("Write for how many hours, up to 168 (a week), like SNOOZE 8; SNOOZE OFF ends it.")
WHICH_NUMBER: Final = gettext_noop("Write the reminder's number, like {} 2. LIST shows the numbers.")


def understand(text: str, currency: str) -> Command:
    """The command that `text` gives; amounts without a currency are in `currency`."""
    text = "".join(c if c.isprintable() else " " for c in unicodedata.normalize("NFKC", text[:LONGEST]))
    raw = re.sub(r"([<>])", r" \1 ", text).split()
    words = [word if word in ABOVE | BELOW else word.strip(EDGES).lower() for word in raw]
    said = [word for word in words if word]
    if not said:
        return Unknown()
    if ALONE.get(said[0]) is Word.STOP and (said[0] == "stop" or len(said) == 1):
        return Ask(Word.STOP)
    plain = [word for word in said if word not in FILLING] or said
    if len(plain) == 1 and plain[0] in ALONE:
        return Ask(ALONE[plain[0]])
    leading = LEADING.get(plain[0])
    rest = plain[1:]
    if leading is Word.PRICE:
        return price(said[said.index(plain[0]) + 1 :])
    if leading is Word.REMIND:
        return remind(raw, words, currency)
    if leading is Word.SNOOZE:
        return snooze(rest)
    if leading in {Word.PAUSE, Word.RESUME}:
        return switch(leading, rest)
    return Price(" ".join(plain[:-1])) if plain[-1] == "price" else Unknown()


def price(rest: list[str]) -> Price | Unclear:
    """A coin may bear the name of a word that usually says nothing."""
    named = [word for word in rest if word not in BEFORE_A_COIN | COURTEOUS] or rest
    return Price(" ".join(named)) if named else Unclear(Word.PRICE, gettext(WHICH_COIN))


def remind(raw: list[str], words: list[str], currency: str) -> Remind | Unclear:
    """The amount is read from the words as they were written: their edges may belong to it."""
    at = next((place for place, word in enumerate(words) if word in ABOVE | BELOW), None)
    if at is None:
        return Unclear(Word.REMIND, gettext(HOW_TO_REMIND))
    said = [word for word in words[:at] if word]
    named = [word for word in said if word not in CONNECTING][1:] or said[1:]
    last = next((at + 1 + n for n, word in enumerate(words[at + 1 :]) if word in COURTEOUS), None)
    amount = " ".join(raw[at + 1 : last]).strip("\"'“”!?;:*_~` ")
    if not named or not amount:
        return Unclear(Word.REMIND, gettext(HOW_TO_REMIND))
    try:
        limit = read_amount(amount.removesuffix("."), currency)
    except Unreadable as error:
        return Unclear(Word.REMIND, str(error))
    coin = None if len(named) == 1 and named[0] in BALANCES else " ".join(named)
    return Remind(coin, words[at] in ABOVE, limit)


def snooze(rest: list[str]) -> Snooze | Unclear:
    if not rest:
        return Snooze(SNOOZE)
    if rest in (["off"], ["0"], ["end"], ["over"], ["stop"]):
        return Snooze(timedelta(0))
    match = SPAN.fullmatch("".join(rest))
    if match is None:
        return Unclear(Word.SNOOZE, gettext(HOW_TO_SNOOZE))
    number = float(match[1].replace(",", "."))  # hours, not money
    letter = match[2] or ("d" if match[3] else "m" if match[4] else "h")
    span = {"h": timedelta(hours=1), "d": timedelta(days=1), "m": timedelta(minutes=1)}[letter] * number
    return (
        Snooze(span) if timedelta(minutes=1) <= span <= LONGEST_SNOOZE else Unclear(Word.SNOOZE, gettext(HOW_TO_SNOOZE))
    )


def switch(word: Word, rest: list[str]) -> Switch | Unclear:
    if len(rest) == 1 and rest[0].isascii() and rest[0].isdigit() and len(rest[0]) < 6:
        return Switch(int(rest[0]), word is Word.RESUME)
    return Unclear(word, gettext(WHICH_NUMBER).format(word.upper()))
