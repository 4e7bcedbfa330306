"""What is answered on WhatsApp, to the letter: through the address that Twilio calls, signed as Twilio signs."""

import json
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.test import Client, RequestFactory
from pytest_django import Settings

from accounts.models import User
from dashboard import clock
from dashboard.models import Asset, ExchangeRate, MarketQuote, Portfolio
from notifications import conversation
from notifications.answering import PER_DAY, PER_WINDOW
from notifications.delivery import deliver
from notifications.inbound import is_signed, twiml
from notifications.models import Conversation, Delivery, InboundMessage, Reminder, TransportOff
from notifications.switching import switch_off
from tests.fakes.twilio import FakeTwilio
from tests.notifications.conftest import NUMBER, Market, at_once, coin, hold, make_user

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 5, 3, 6, 0, 30, tzinfo=UTC)
SITE = "https://coins.example.org"
ADDRESS = "/webhooks/twilio/inbound/"
HELP = """\
You can write:
BALANCE: what everything is worth
PROFIT: what it brought
STATUS: both, and your reminders
PRICE BTC: what a coin costs
REMIND BTC ABOVE 70000 or REMIND BALANCE BELOW 10000: be told once it happens
LIST: your reminders, with numbers; PAUSE 2 and RESUME 2 for one of them
SNOOZE 8: no alerts here for 8 hours; SNOOZE OFF: at once again
STOP: no more messages here; START: messages again"""
HOW_TO_LINK = (
    "This number is not linked to an account. Log in at https://coins.example.org/settings/ "
    "and enter it under WhatsApp; you then get a code here."
)


@dataclass
class Phone:
    """Somebody who writes to us on WhatsApp; `write` gives back what they read, nothing where nothing is answered."""

    twilio: FakeTwilio
    number: str = NUMBER

    def write(self, text: str, sid: str = "", number: str = "", **fields: str) -> str:
        form, signature = self.twilio.inbound(SITE + ADDRESS, number or self.number, text, sid, **fields)
        answer = Client(enforce_csrf_checks=True).post(ADDRESS, form, headers={"X-Twilio-Signature": signature})
        assert answer.status_code == 200
        assert answer["Content-Type"] == "text/xml; charset=utf-8"
        response = ET.fromstring(answer.content)
        assert response.tag == "Response"
        return "".join(response.itertext())


@pytest.fixture
def time() -> Any:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def phone(time: Any, twilio: FakeTwilio, settings: Settings) -> Phone:
    settings.PUBLIC_URL = SITE
    return Phone(twilio)


@pytest.fixture
def owner(phone: Phone, linked: User, market: Market) -> User:
    """Linked, counting in euros, with half a Bitcoin and four Ether."""
    User.objects.filter(pk=linked.pk).update(currency="eur")
    ExchangeRate.objects.create(code="eur", per_usd=Decimal("0.5"), fetched_at=NOW)
    portfolio = Portfolio.objects.get(user=linked)
    hold(portfolio, "bitcoin", "0.5")
    hold(portfolio, "ethereum", "4")
    market.set_all({"bitcoin": 120000, "ethereum": 5000}, as_of=NOW - timedelta(seconds=40))
    Asset.objects.filter(pk="bitcoin").update(rank=1)
    MarketQuote.objects.filter(asset_id="bitcoin").update(change_24h=Decimal(2))
    linked.refresh_from_db()
    return linked


PRICES = "Prices from CoinGecko: the oldest 40 s ago."


def test_balance(owner: User, phone: Phone) -> None:
    assert phone.write("Balance!") == f"All portfolios: 40,000.00 EUR, ▲ +588.24 (+1.49 %) in 24 h.\n{PRICES}"


def test_profit(owner: User, phone: Phone) -> None:
    assert phone.write("profit") == (f"Profit ▲ +40,000.00 EUR: unrealised ▲ +40,000.00, realised 0.00.\n{PRICES}")


def test_status(owner: User, phone: Phone, remind: Callable[..., Reminder]) -> None:
    figures = (
        "All portfolios: 40,000.00 EUR, ▲ +588.24 (+1.49 %) in 24 h.\n"
        f"Profit ▲ +40,000.00 EUR: unrealised ▲ +40,000.00, realised 0.00.\n{PRICES}\n"
    )
    assert phone.write("status") == f"{figures}No reminder is armed."
    remind("price_above", 66000, user=owner, currency="eur")
    remind("balance_below", 10000, user=owner, currency="eur")
    phone.write("snooze 2")
    assert phone.write("status") == (
        f"{figures}2 reminders are armed. "
        "The closest: Bitcoin (BTC) rises above 66,000 EUR (now 60,000.00 EUR), 10.00 % to go.\n"
        "No alerts here until 10:00 on 3 May 2026."
    )


def test_price(owner: User, phone: Phone) -> None:
    told = "Bitcoin (BTC): 60,000.00 EUR, ▲ +2.00 % in 24 h.\nPrice from CoinGecko, 40 s ago."
    for text in ("PRICE BTC", "price of Bitcoin?", "bitcoin price", "PRICE bitcoin"):
        assert phone.write(text) == told


def test_an_old_price_is_told_as_such(owner: User, phone: Phone, time: Any) -> None:
    time.shift(timedelta(hours=3))
    assert phone.write("price eth") == (
        "Ethereum (ETH): 2,500.00 EUR.\nPrice from CoinGecko, 3 h ago. It is old: no newer one has come."
    )


def test_an_unknown_price_is_told_as_such(owner: User, phone: Phone) -> None:
    coin("dogecoin")
    assert phone.write("price dogecoin") == (
        "No price of Dogecoin (DOGEC) is known. "
        "Prices are fetched of the largest coins and of what is held or watched here."
    )


def test_of_several_coins_the_largest_is_meant_and_said(owner: User, phone: Phone) -> None:
    Asset.objects.create(id="other-btc", symbol="btc", name="Other", rank=900)
    assert "Several" not in phone.write("price btc")
    Asset.objects.filter(pk="other-btc").update(rank=200)
    assert phone.write("price btc").endswith("Several coins are called “btc”; this is the largest of them.")
    Asset.objects.create(id="btc", symbol="odd", name="Odd", rank=None)
    assert phone.write("price btc").startswith("Bitcoin (BTC)")


def test_a_coin_that_nobody_knows(owner: User, phone: Phone, settings: Settings) -> None:
    settings.COINGECKO_URL = "http://127.0.0.1:9"  # nobody answers there
    assert phone.write("price xyzzy") == "I know no coin called “xyzzy”."
    assert phone.write("remind xyzzy above 5") == "I know no coin called “xyzzy”."
    assert phone.write("price bitc") == "I know no coin called “bitc”. Perhaps you mean Bitcoin (BTC)?"
    assert not Reminder.objects.exists()


def test_remind_of_a_price(owner: User, phone: Phone) -> None:
    assert phone.write("REMIND BTC ABOVE 70k") == (
        "Reminder set: Bitcoin (BTC) rises above 70,000 EUR; once. You are told by Toast, E-mail, WhatsApp."
    )
    reminder = Reminder.objects.get()
    assert (reminder.user, reminder.kind, reminder.asset_id) == (owner, "price_above", "bitcoin")
    assert (reminder.limit, reminder.currency, reminder.arming) == (70000, "eur", "armed")


def test_remind_of_the_balance(owner: User, phone: Phone) -> None:
    assert phone.write("remind balance below $10,000.50") == (
        "Reminder set: Your balance in all portfolios falls below 10,000.5 USD; once. "
        "You are told by Toast, E-mail, WhatsApp."
    )
    reminder = Reminder.objects.get()
    assert (reminder.kind, reminder.portfolio, reminder.limit) == ("balance_below", None, Decimal("10000.5"))


def test_remind_of_what_is_true_already(owner: User, phone: Phone) -> None:
    assert phone.write("remind btc above 50000").endswith(
        "\nIt is 60,000.00 EUR already: it waits until the limit is crossed anew."
    )
    assert Reminder.objects.get().arming == "waiting"


def test_remind_asks_back_and_makes_nothing(owner: User, phone: Phone) -> None:
    assert phone.write("remind btc above 70,000") == "I can read “70,000” in two ways. Please write 70000 or 70."
    assert phone.write("remind btc") == "Write it like REMIND BTC ABOVE 70000, or REMIND BALANCE BELOW 10000."
    assert not Reminder.objects.exists()


def test_remind_says_when_there_are_too_many(owner: User, phone: Phone) -> None:
    Reminder.objects.bulk_create(
        Reminder(user=owner, kind="price_above", asset_id="bitcoin", limit=Decimal(1)) for _ in range(200)
    )
    assert phone.write("remind btc above 70k") == ("You have 200 reminders, the most there can be. Delete one first.")


def test_list_pause_and_resume(owner: User, phone: Phone, remind: Callable[..., Reminder]) -> None:
    assert phone.write("LIST") == "No reminder is armed. Write REMIND BTC ABOVE 70000 to make one."
    remind("price_above", 70000, user=owner, currency="eur")
    remind("balance_below", 10000, user=owner, currency="eur")
    first = "1. Bitcoin (BTC) rises above 70,000 EUR (now 60,000.00 EUR)"
    second = "2. Your balance in all portfolios falls below 10,000 EUR (now 40,000.00 EUR)"
    assert phone.write("LIST") == f"{first}\n{second}"
    assert phone.write("pause 1") == (
        "Paused: Bitcoin (BTC) rises above 70,000 EUR (now 60,000.00 EUR). RESUME 1 arms it again."
    )
    assert phone.write("list") == second
    assert phone.write("RESUME #1") == "Armed again: Bitcoin (BTC) rises above 70,000 EUR (now 60,000.00 EUR)."
    assert phone.write("list") == f"{first}\n{second}"
    assert phone.write("pause 3") == "You have no reminder with the number 3. LIST shows the numbers."


def test_a_long_list_says_how_much_is_left(owner: User, phone: Phone, remind: Callable[..., Reminder]) -> None:
    for number in range(40):
        remind("price_above", 70000 + number, user=owner, currency="eur")
    said = phone.write("list")
    assert len(said) <= 1500
    lines = said.splitlines()
    assert lines[-1] == f"and {40 - len(lines) + 1} more: https://coins.example.org/reminders/"


def test_other_peoples_reminders_are_out_of_reach(owner: User, phone: Phone, remind: Callable[..., Reminder]) -> None:
    theirs = remind("price_above", 70000, user=make_user("eve"))
    assert phone.write(f"pause {theirs.pk}").startswith("You have no reminder")
    assert phone.write("pause 1").startswith("You have no reminder")
    assert Reminder.objects.get().active


def test_snooze(owner: User, phone: Phone) -> None:
    assert phone.write("SNOOZE") == (
        "No alerts here until 16:00 on 3 May 2026; then you are told what happened. SNOOZE OFF ends it."
    )
    assert conversation.snoozed_until(owner) == NOW + timedelta(hours=8)
    assert phone.write("snooze 2 days").startswith("No alerts here until 08:00 on 5 May 2026;")
    assert phone.write("snooze off") == "Alerts come here at once again."
    assert conversation.snoozed_until(owner) is None
    assert phone.write("snooze 500").startswith("Write for how many hours")


@pytest.mark.parametrize("word", ["snooze off", "start"])
def test_what_a_snooze_held_back_comes_when_it_is_ended(
    owner: User, phone: Phone, market: Market, remind: Callable[..., Reminder], word: str
) -> None:
    phone.write("snooze")
    for limit in (61000, 62000):
        remind("price_above", limit, user=owner, transports=["whatsapp"])
    market.set("bitcoin", 132000)
    held = list(Delivery.objects.order_by("pk"))
    for delivery in held:
        deliver(delivery.pk)
    assert [delivery.due_at for delivery in Delivery.objects.all()] == [NOW + timedelta(hours=8)] * 2
    phone.write("snooze 2")
    deliver(held[0].pk)
    assert Delivery.objects.get(pk=held[0].pk).due_at == NOW + timedelta(hours=2)
    assert not phone.twilio.messages
    phone.write(word)
    deliver(held[0].pk)
    [message] = phone.twilio.messages
    assert "2 of your reminders fired" in message.body


def test_stop_and_start(owner: User, phone: Phone) -> None:
    assert phone.write("Stop.") == (
        "You get no more messages here. Your reminders go on and use your other ways. Send START to get messages again."
    )
    assert conversation.has_stopped(owner)
    assert phone.write("balance") == (
        "You have stopped messages to this number. Send START to get answers and alerts again."
    )
    assert phone.write("remind btc above 70k").startswith("You have stopped")
    assert not Reminder.objects.exists()
    assert phone.write("help") == HELP
    switch_off(owner, "whatsapp", "You have opted out of messages by sending STOP. (Twilio 21610)", clock.now())
    assert phone.write("START") == "You get messages here again. Send HELP to see what you can ask."
    assert not conversation.has_stopped(owner)
    assert not TransportOff.objects.exists()
    assert phone.write("balance").startswith("All portfolios")


def test_what_twilio_answers_by_itself_is_obeyed_in_silence(owner: User, phone: Phone) -> None:
    assert phone.write("arrêt", OptOutType="STOP") == ""
    assert conversation.has_stopped(owner)
    assert phone.write("oui", OptOutType="START") == ""
    assert not conversation.has_stopped(owner)
    assert phone.write("aide", OptOutType="HELP") == ""


@pytest.mark.parametrize("text", ["", "hello", "🙂", "balance the books", "\x00\x01", "HELP", "<b>&amp;"])
def test_whatever_else_is_written_gets_help(owner: User, phone: Phone, text: str) -> None:
    assert phone.write(text) == HELP


def test_names_are_data(owner: User, phone: Phone) -> None:
    Asset.objects.filter(pk="bitcoin").update(name="<Response>&\x0b]]>")
    assert phone.write("price btc").startswith("<Response>&]]> (BTC): 60,000.00 EUR")


def test_a_number_of_nobody_learns_how_to_link_and_nothing_else(owner: User, phone: Phone, time: Any) -> None:
    stranger = "+447700900999"
    for text in ("balance", "help", "remind btc above 5")[:PER_DAY]:
        assert phone.write(text, number=stranger) == HOW_TO_LINK
    for text in ("balance", "start"):
        assert phone.write(text, number=stranger) == ""
    assert not Reminder.objects.exists()
    time.shift(timedelta(days=1, seconds=1))
    assert phone.write("balance", number=stranger) == HOW_TO_LINK


def test_stop_of_a_stranger_is_obeyed_in_silence(phone: Phone) -> None:
    assert phone.write("stop") == ""
    assert Conversation.objects.get().stopped_at == NOW
    assert phone.write("start") == HOW_TO_LINK
    assert Conversation.objects.get().stopped_at is None


def test_a_number_that_is_not_proved_is_a_strangers(owner: User, phone: Phone) -> None:
    User.objects.update(whatsapp_verified_at=None)
    assert phone.write("balance") == HOW_TO_LINK


def test_a_disabled_account_gets_nothing(owner: User, phone: Phone) -> None:
    User.objects.update(is_active=False)
    assert phone.write("balance") == HOW_TO_LINK


def test_of_two_accounts_with_one_number_the_one_that_proved_it_last_is_asked(owner: User, phone: Phone) -> None:
    other = make_user("eve")
    other.whatsapp_number, other.whatsapp_verified_at = NUMBER, NOW - timedelta(days=1)
    other.save()
    assert phone.write("balance").startswith("All portfolios: 40,000.00 EUR")
    User.objects.filter(pk=other.pk).update(whatsapp_verified_at=NOW + timedelta(days=1))
    assert phone.write("balance") == "All portfolios: nothing is held yet."


def test_a_number_that_whatsapp_writes_otherwise_is_the_same_line(owner: User, phone: Phone) -> None:
    User.objects.filter(pk=owner.pk).update(whatsapp_number="+525512345678")
    owner.refresh_from_db()
    assert phone.write("balance", number="+5215512345678").startswith("All portfolios")
    assert conversation.window_is_open(owner, NOW)
    phone.write("stop", number="+5215512345678")
    assert conversation.has_stopped(owner)


def test_writing_opens_the_window_for_a_day(owner: User, phone: Phone) -> None:
    assert not conversation.window_is_open(owner, NOW)
    phone.write("hello")
    assert conversation.window_is_open(owner, NOW + timedelta(hours=23, minutes=59))
    assert not conversation.window_is_open(owner, NOW + timedelta(hours=24))


def test_the_same_message_again_is_neither_obeyed_nor_answered(owner: User, phone: Phone, time: Any) -> None:
    sid = "SM" + "a" * 32
    assert phone.write("remind btc above 70k", sid=sid).startswith("Reminder set")
    time.shift(timedelta(hours=1))
    for text in ("remind btc above 70k", "balance"):
        assert phone.write(text, sid=sid) == ""
    assert Reminder.objects.count() == 1
    assert Conversation.objects.get().last_inbound_at == NOW


def test_too_many_messages_are_told_once_and_then_ignored_but_for_stop(owner: User, phone: Phone, time: Any) -> None:
    for _ in range(PER_WINDOW):
        assert phone.write("help") == HELP
    assert phone.write("remind btc above 70k") == "That was a lot of messages. I answer again in ten minutes."
    assert phone.write("remind btc above 70k") == ""
    assert not Reminder.objects.exists()
    assert phone.write("stop") == ""
    assert conversation.has_stopped(owner)
    time.shift(timedelta(minutes=10, seconds=1))
    assert phone.write("start").startswith("You get messages here again.")


def test_what_is_not_from_whatsapp_is_not_heard(owner: User, phone: Phone) -> None:
    """The sender of an SMS can be forged."""
    assert phone.write("balance", From=NUMBER) == ""
    assert phone.write("balance", From="messenger:123") == ""
    assert phone.write("balance", From="whatsapp:") == ""
    assert phone.write("balance", sid="x" * 100) == ""
    assert not InboundMessage.objects.exists()


def test_a_wrong_signature_is_refused(owner: User, phone: Phone) -> None:
    form, signature = phone.twilio.inbound(SITE + ADDRESS, NUMBER, "balance")
    for changed, given in (({}, ""), ({}, "bm9uc2Vuc2U="), ({"From": "whatsapp:+1555"}, signature)):
        answer = Client().post(ADDRESS, form | changed, headers={"X-Twilio-Signature": given})
        assert answer.status_code == 403
    elsewhere = Client().post(f"{ADDRESS}?x=1", form, headers={"X-Twilio-Signature": signature})
    assert elsewhere.status_code == 403
    assert not InboundMessage.objects.exists()


def test_a_body_that_is_too_large_is_refused_unread(owner: User, phone: Phone) -> None:
    form, signature = phone.twilio.inbound(SITE + ADDRESS, NUMBER, "x" * 70_000)
    assert Client().post(ADDRESS, form, headers={"X-Twilio-Signature": signature}).status_code == 413


def test_only_posts_are_answered_and_only_with_twilio(phone: Phone, settings: Settings) -> None:
    assert Client().get(ADDRESS).status_code == 405
    settings.TWILIO_AUTH_TOKEN = ""
    assert Client().post(ADDRESS).status_code == 404


def test_no_text_of_the_message_is_kept(owner: User, phone: Phone) -> None:
    phone.write("price of my secret")
    row = InboundMessage.objects.get()
    assert (row.command, row.number, row.user) == ("price", NUMBER, owner)
    assert not any("secret" in str(value) for value in InboundMessage.objects.values_list().get())


def test_an_answer_is_xml_whatever_it_says() -> None:
    assert twiml("") == '<?xml version="1.0" encoding="UTF-8"?><Response />'
    assert ET.fromstring(twiml("a\x00b\x0b<&>\ud83d\nc")).findtext("Message") == "ab<&>\nc"


VECTORS = json.loads((Path(__file__).parent / "signature_vectors.json").read_text())


@pytest.mark.parametrize("vector", VECTORS["vectors"], ids=lambda vector: vector["id"])
@pytest.mark.parametrize("spoil", [False, True])
def test_the_documented_signatures_are_taken(vector: dict[str, Any], spoil: bool, settings: Settings) -> None:
    settings.TWILIO_AUTH_TOKEN = VECTORS["auth_token"]
    settings.PUBLIC_URL, _, rest = vector["url"].partition("/myapp")
    headers = {"X-Twilio-Signature": vector["signature"]}
    path = f"/myapp{rest}"
    if "body" in vector:
        body = vector["body"] + (" " if spoil else "")
        request = RequestFactory().post(path, body, content_type="application/json", headers=headers)
    else:
        fields = vector["params"] | ({"More": "1"} if spoil else {})
        request = RequestFactory().post(path, fields, headers=headers)
    assert is_signed(request) is not spoil


@pytest.mark.django_db(transaction=True)
def test_the_same_message_at_once_is_answered_once(owner: User, phone: Phone) -> None:
    sid = "SM" + "b" * 32
    answers = at_once(8, lambda: phone.write("remind btc above 70k", sid=sid))
    assert sorted(map(str, answers))[:7] == [""] * 7
    assert sorted(map(str, answers))[7].startswith("Reminder set")
    assert Reminder.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_limit_is_exact_for_many_messages_at_once(phone: Phone) -> None:
    answers = at_once(8, lambda: phone.write("hello"))
    assert sorted(answers) == [""] * (8 - PER_DAY) + [HOW_TO_LINK] * PER_DAY
