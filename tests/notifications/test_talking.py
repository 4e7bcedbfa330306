"""What messages on WhatsApp mean: a table of how people write, and what nobody can know."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.talking import (
    Ask,
    Command,
    Price,
    Remind,
    Snooze,
    Switch,
    Unclear,
    Unknown,
    Word,
    understand,
)
from notifications.written_amounts import Amount, Unreadable, read_amount


def reminder(coin: str | None, side: str, number: str, currency: str = "chf") -> Remind:
    return Remind(coin, side == "above", Amount(Decimal(number), currency))


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("BALANCE", Ask(Word.BALANCE)),
        ("  *balance!* ", Ask(Word.BALANCE)),
        ("What is my balance, please?", Ask(Word.BALANCE)),
        ("Profit", Ask(Word.PROFIT)),
        ("P&L", Ask(Word.PROFIT)),
        ("status.", Ask(Word.STATUS)),
        ("LIST", Ask(Word.LIST)),
        ("my reminders", Ask(Word.LIST)),
        ("HELP", Ask(Word.HELP)),
        ("“help”?", Ask(Word.HELP)),
        ("stop", Ask(Word.STOP)),
        ("STOP.", Ask(Word.STOP)),
        ("stop all", Ask(Word.STOP)),
        ("Stop writing to me", Ask(Word.STOP)),
        ("unsubscribe", Ask(Word.STOP)),
        ("CANCEL", Ask(Word.STOP)),
        ("start", Ask(Word.START)),
        ("UNSTOP", Ask(Word.START)),
        ("PRICE BTC", Price("btc")),
        ("price of Bitcoin?", Price("bitcoin")),
        ("Bitcoin price", Price("bitcoin")),
        ("price\u00a0'usd coin'", Price("usd coin")),
        ("ＰＲＩＣＥ ｂｔｃ", Price("btc")),
        ("price me", Price("me")),
        ("/price btc", Price("btc")),
        ("REMIND BTC ABOVE 70000", reminder("btc", "above", "70000")),
        ("remind btc below 70000.", reminder("btc", "below", "70000")),
        ("Remind me when Bitcoin rises above $70,000!", reminder("bitcoin", "above", "70000", "usd")),
        ("remind btc>70k", reminder("btc", "above", "70000")),
        ("remind eth < 1.234,56 €", reminder("eth", "below", "1234.56", "eur")),
        ("alert me if usd coin falls under 0.99 please", reminder("usd coin", "below", "0.99")),
        ("REMIND BALANCE BELOW 10000", reminder(None, "below", "10000")),
        ("remind me if my balance falls below 10k usd", reminder(None, "below", "10000", "usd")),
        ("remind shib above .00001", reminder("shib", "above", "0.00001")),
        ("remind me above 5", reminder("me", "above", "5")),
        ("snooze", Snooze(timedelta(hours=8))),
        ("SNOOZE 2", Snooze(timedelta(hours=2))),
        ("snooze 2h", Snooze(timedelta(hours=2))),
        ("snooze for 1,5 hours", Snooze(timedelta(minutes=90))),
        ("mute 30 minutes", Snooze(timedelta(minutes=30))),
        ("snooze 7 days", Snooze(timedelta(days=7))),
        ("snooze off", Snooze(timedelta(0))),
        ("snooze 0", Snooze(timedelta(0))),
        ("pause 3", Switch(3, on=False)),
        ("RESUME #12", Switch(12, on=True)),
        ("", Unknown()),
        ("   ", Unknown()),
        ("🙂", Unknown()),
        ("?!", Unknown()),
        ("hello there", Unknown()),
        ("end of story", Unknown()),
        ("balance the books", Unknown()),
        ("1234", Unknown()),
    ],
)
def test_a_command_is_understood_as_people_write_it(text: str, command: Command) -> None:
    assert understand(text, "chf") == command


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("price", "Which coin? Write its ticker or name, like PRICE BTC."),
        ("remind", "Write it like REMIND BTC ABOVE 70000, or REMIND BALANCE BELOW 10000."),
        ("remind btc 70000", "Write it like REMIND BTC ABOVE 70000, or REMIND BALANCE BELOW 10000."),
        ("remind btc above", "Write it like REMIND BTC ABOVE 70000, or REMIND BALANCE BELOW 10000."),
        ("remind above 5", "Write it like REMIND BTC ABOVE 70000, or REMIND BALANCE BELOW 10000."),
        ("remind btc above 70,000", "I can read “70,000” in two ways. Please write 70000 or 70."),
        ("remind btc above 1.234", "I can read “1.234” in two ways. Please write 1234 or 1.2340."),
        ("remind btc above 5%", "I can't read “5%” as an amount. Please write it like 70000, 1.5 or 70k."),
        ("remind btc above -5", "The limit must be above zero; I read “-5”."),
        ("snooze 169", "Write for how many hours, up to 168 (a week), like SNOOZE 8; SNOOZE OFF ends it."),
        ("snooze tomorrow", "Write for how many hours, up to 168 (a week), like SNOOZE 8; SNOOZE OFF ends it."),
        ("pause", "Write the reminder's number, like PAUSE 2. LIST shows the numbers."),
        ("resume btc", "Write the reminder's number, like RESUME 2. LIST shows the numbers."),
    ],
)
def test_what_lacks_something_is_asked_back(text: str, question: str) -> None:
    command = understand(text, "chf")
    assert isinstance(command, Unclear)
    assert command.question == question


@pytest.mark.parametrize(
    ("text", "number", "currency"),
    [
        ("70000", "70000", "chf"),
        ("70 000", "70000", "chf"),
        ("70'000.50", "70000.5", "chf"),
        ("70’000", "70000", "chf"),
        ("1 234 567,89", "1234567.89", "chf"),
        ("70,000.5", "70000.5", "chf"),
        ("70.000,5", "70000.5", "chf"),
        ("1,234,567", "1234567", "chf"),
        ("1.234.567", "1234567", "chf"),
        ("0.500", "0.5", "chf"),
        ("0,5", "0.5", "chf"),
        ("70,5", "70.5", "chf"),
        ("1234.567", "1234.567", "chf"),
        ("$70,000", "70000", "usd"),
        ("£1,500", "1500", "gbp"),
        ("US$ 70,000", "70000", "usd"),
        ("70k", "70000", "chf"),
        ("70K USD", "70000", "usd"),
        ("1.5m", "1500000", "chf"),
        ("2 million eur", "2000000", "eur"),
        ("3bn", "3000000000", "chf"),
        ("5 mxn", "5", "mxn"),
        ("5mmmk", "5000000", "mmk"),
        ("USD 70000", "70000", "usd"),
        ("70000€", "70000", "eur"),
        ("¥70000", "70000", "jpy"),
        ("+5", "5", "chf"),
    ],
)
def test_an_amount_is_read_where_it_says_one_thing(text: str, number: str, currency: str) -> None:
    assert read_amount(text, "chf") == Amount(Decimal(number), currency)


@pytest.mark.parametrize(
    "text",
    ["70,000", "70.000", "€70,000", "$70.000", "1,500k", "70,000 usd", "12,345"],
)
def test_an_amount_that_says_two_things_is_asked_back(text: str) -> None:
    with pytest.raises(Unreadable, match="two ways") as error:
        read_amount(text, "chf")
    first, second = str(error.value).removesuffix(".").split("Please write ")[1].split(" or ")
    assert read_amount(first, "chf").number == 1000 * read_amount(second, "chf").number


@pytest.mark.parametrize(
    "text",
    ["", "x", "1,2,3", "1..2", "1,23,456", "70 00", "70 000 0", "1e5", "5 usd eur", "usd 5 eur", "k5", "5 kg", "٧٠",
     "--5", "5-", "0", "-1", "1" * 61, "1" * 21, "0." + "1" * 19, "999999999999999999999k", ".", ",", "$"],
)  # fmt: skip
def test_what_is_no_amount_is_refused_in_words(text: str) -> None:
    with pytest.raises(Unreadable, match=r"[.]$"):
        read_amount(text, "chf")


def test_a_dollar_is_the_readers_own_where_they_count_in_one() -> None:
    assert read_amount("$5", "cad").currency == "cad"
    assert read_amount("¥5", "cny").currency == "cny"
    assert read_amount("$5", "eur").currency == "usd"


@given(st.text(max_size=600))
def test_any_text_is_understood_somehow(text: str) -> None:
    understand(text, "usd")


@given(st.text("0123456789.,' kmKM$€-+usdeur", max_size=20), st.sampled_from(["usd", "eur"]))
def test_any_amount_is_exact_or_refused(text: str, currency: str) -> None:
    try:
        amount = read_amount(text, currency)
    except Unreadable:
        return
    assert amount.number > 0
    assert amount.number.is_finite()
