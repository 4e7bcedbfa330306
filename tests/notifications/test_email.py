"""What a mail says, to whom it is readable, and how its reader ends it."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html import unescape
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from dashboard import clock
from dashboard.models import Portfolio, Position
from notifications.delivery import deliver
from notifications.models import Alert, Delivery, Reminder, TransportOff
from notifications.reminding import create_reminder
from notifications.switching import switch_on
from notifications.transports import ready_for
from notifications.transports.base import Message, Part
from notifications.transports.email import compose
from notifications.unsubscribing import unsubscribe_url, wish_of
from notifications.wording import figure_words, promise
from tests.fakes.smtp import FakeSmtp, Mail
from tests.notifications.conftest import Market, hold, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def reminder(remind: Callable[..., Reminder], market: Market, settings: Settings) -> Reminder:
    settings.PUBLIC_URL = "https://coins.example.org"
    market.set("bitcoin", 99)
    return remind("price_above", 100, transports=["email"], repeat="always", note="Sell <half> & smile")


@pytest.fixture
def mail(reminder: Reminder, market: Market, smtp: FakeSmtp) -> Mail:
    """The mail of an alert at a price with many digits."""
    market.set("bitcoin", "100.123456789012345678")
    deliver(Delivery.objects.get().pk)
    return smtp.mails[0]


def link_in(mail: Mail) -> str:
    """The path that the mail's header names for ending such mails."""
    header = "".join(str(mail.content["List-Unsubscribe"]).split())
    found = re.fullmatch(r"<(https://coins\.example\.org/unsubscribe/\S+)>", header)
    assert found, header
    return urlsplit(found[1]).path


class Tags(HTMLParser):
    """Every tag with its attributes, and that they are closed in order."""

    VOID = ("meta", "br")

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def tags(html: str) -> Tags:
    parser = Tags()
    parser.feed(html)
    assert not parser.open
    return parser


# What it says ---------------------------------------------------------------------------------------------------------
def test_a_mail_gives_exact_amounts_and_times_where_its_reader_lives(mail: Mail) -> None:
    alert = Alert.objects.get()
    assert alert.reminder
    local = alert.fired_at.astimezone(alert.user.zone)
    for part in (mail.text, unescape(mail.html)):
        assert "100.123456789012345678 USD" in part
        assert "100 USD" in part
        assert f"{local:%H:%M:%S} on {local.day} {local:%B %Y} ({local:%Z})" in part
        assert "CoinGecko" in part
        assert "Sell <half> & smile" in part
        assert f"https://coins.example.org/alerts/{alert.pk}/" in part
        assert f"because of your reminder: {promise(alert.reminder, None)}" in part
        assert "This comes late" not in part


def facts_in(mail: Mail) -> dict[str, str]:
    """The lines `Value: …` and `Limit: …` of the text."""
    return dict(re.findall(r"^(Value|Limit): (.+?)\r?$", mail.text, re.MULTILINE))


@pytest.mark.parametrize(
    ("kind", "terms", "facts"),
    [
        ("change", {"limit": "5", "window": "creation"}, {"Value": "10.00 %", "Limit": "5 %"}),
        ("trailing", {"limit": "9.999", "direction": "up"}, {"Value": "10 %", "Limit": "9.999 %"}),
        ("profit_above", {"limit": "1"}, {"Value": "10 USD", "Limit": "1 USD"}),
        ("profit_above", {"limit": "1", "unit": "percent"}, {"Value": "10.00 %", "Limit": "1 %"}),
        ("allocation_above", {"limit": "51"}, {"Value": "52.38 %", "Limit": "51 %"}),
        ("break_even", {"limit": None}, {"Value": "110 USD", "Limit": "105 USD"}),
    ],
)
def test_a_mail_states_value_and_limit_in_their_own_unit(
    kind: str, terms: dict[str, Any], facts: dict[str, str], user: User, market: Market, smtp: FakeSmtp
) -> None:
    portfolio = Portfolio.objects.get(user=user)
    market.set_all({"bitcoin": 100, "ethereum": 100})
    for asset, cost in (("bitcoin", 105 if kind == "break_even" else 100), ("ethereum", 100)):
        hold(portfolio, asset, 1)
        Position.objects.filter(asset=asset).update(cost=cost, invested=cost, ever_invested=cost / 2)
    needs_coin = {} if kind == "profit_above" else {"asset": "bitcoin"}
    made = create_reminder(user, {"kind": kind, "transports": ["email"], **needs_coin, **terms})
    market.set("bitcoin", 110)
    deliver(Delivery.objects.get().pk)
    assert facts_in(smtp.mails[0]) == facts
    made.unit = "money" if made.is_in_percent else "percent"
    made.save()
    assert [
        figure_words(n, a.counted_in, a.currency, a.limit) for a in Alert.objects.all() for n in (a.observed,) if n
    ] == [facts["Value"]]


def test_a_late_alert_is_marked(reminder: Reminder, market: Market, smtp: FakeSmtp, time: Any) -> None:
    time.shift(timedelta(hours=3))
    market.set("bitcoin", 101)
    assert Alert.objects.get().late
    deliver(Delivery.objects.get().pk)
    assert "This comes late: no price was judged" in smtp.mails[0].text
    assert "This comes late</span>" in smtp.mails[0].html


def test_the_html_is_whole_loads_nothing_and_lets_nothing_in(mail: Mail) -> None:
    parser = tags(mail.html)
    names = {tag for tag, _ in parser.found}
    assert not names & {"img", "script", "link", "iframe", "form", "object", "half"}
    for _, attrs in parser.found:
        assert "src" not in attrs
        assert not any(name.startswith("on") for name in attrs)
        if href := attrs.get("href"):
            assert href.startswith("https://coins.example.org/")
    assert "url(" not in mail.html
    assert "prefers-color-scheme: dark" in mail.html


def test_several_alerts_are_listed_each_with_its_link(user: User, settings: Settings) -> None:
    settings.PUBLIC_URL = "https://coins.example.org"
    parts = tuple(
        Part(f"Coin {n} is <up>", f"It rose to {n}.", f"https://coins.example.org/alerts/{n}/", "Look" if n else "")
        for n in range(20)
    )
    message = Message(
        user, "20 alerts", "20 of your reminders fired:", "https://coins.example.org/alerts/", "k", parts=parts
    )
    made = compose(message, "ada@example.org")
    html = str(made.alternatives[0][0])
    tags(html)
    for part in parts:
        for text in (str(made.body), unescape(html)):
            assert part.title in text
            assert part.text in text
            assert part.url in text
    assert "<up>" not in html


def test_a_notice_that_is_no_alert_says_why_it_comes_too(user: User) -> None:
    made = compose(
        Message(user, "WhatsApp is off", "One.\n• Two", "http://localhost/settings/", "k"), "ada@example.org"
    )
    html = str(made.alternatives[0][0])
    assert "because you asked Tickfolio" in html
    assert "• Two" in html
    assert "List-Unsubscribe" in made.extra_headers


def test_a_title_can_not_add_headers(user: User) -> None:
    made = compose(Message(user, "Up\r\nBcc: eve@example.org", "x", "http://localhost/", "k"), "ada@example.org")
    assert made.message()["Bcc"] is None


# Ending it ------------------------------------------------------------------------------------------------------------
def test_one_click_in_a_mail_program_ends_the_mails_of_this_reminder(
    mail: Mail, reminder: Reminder, remind: Callable[..., Reminder]
) -> None:
    other = remind("price_above", 200, transports=["email"])
    assert str(mail.content["List-Unsubscribe-Post"]) == "List-Unsubscribe=One-Click"
    for _ in range(2):
        answer = Client(enforce_csrf_checks=True).post(link_in(mail), {"List-Unsubscribe": "One-Click"})
        assert answer.status_code == 200
    reminder.refresh_from_db()
    other.refresh_from_db()
    assert (reminder.transports, reminder.fallback) == (["toast"], [])
    assert other.transports == ["email"]
    assert not TransportOff.objects.exists()


def test_looking_at_the_link_changes_nothing(mail: Mail, reminder: Reminder) -> None:
    for method in (Client().get, Client().head):
        answer = method(link_in(mail))
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "no-store"
    page = unescape(Client().get(link_in(mail)).content.decode())
    assert promise(reminder, None) in page
    assert "No e-mail alerts at all" in page
    reminder.refresh_from_db()
    assert reminder.transports == ["email"]
    assert not TransportOff.objects.exists()


def test_all_mails_end_by_the_page_and_come_again_by_the_settings(mail: Mail, user: User) -> None:
    page = Client(enforce_csrf_checks=True).post(link_in(mail), {"scope": "all"}).content.decode()
    assert "No more e-mail alerts" in page
    off = TransportOff.objects.get(user=user, transport="email")
    assert off.due_at is None
    assert "email" not in ready_for(user)
    switch_on(user, "email")
    assert "email" in ready_for(user)


def test_a_mail_that_is_under_way_is_not_sent_any_more(
    reminder: Reminder, market: Market, smtp: FakeSmtp, user: User
) -> None:
    market.set("bitcoin", 101)
    Client().post(urlsplit(unsubscribe_url(user, None)).path)
    deliver(Delivery.objects.get().pk)
    assert not smtp.mails
    assert "link in a mail" in Delivery.objects.get().error


def test_ending_the_mails_of_a_deleted_reminder_ends_no_others(mail: Mail, reminder: Reminder) -> None:
    path = link_in(mail)
    reminder.delete()
    assert "deleted already" in Client().post(path).content.decode()
    assert not TransportOff.objects.exists()


def test_a_link_stays_good_for_years(mail: Mail, reminder: Reminder, time: Any) -> None:
    time.move_to(datetime(2036, 1, 1, tzinfo=UTC))
    assert Client().post(link_in(mail)).status_code == 200
    reminder.refresh_from_db()
    assert reminder.transports == ["toast"]


def test_a_forged_link_is_not_found(mail: Mail, reminder: Reminder) -> None:
    path = link_in(mail)
    for forged in (path[:-2] + "/", path.replace("/unsubscribe/", "/unsubscribe/x"), "/unsubscribe/nonsense/"):
        assert Client().get(forged).status_code == 404
        assert Client().post(forged).status_code == 404
    reminder.refresh_from_db()
    assert reminder.transports == ["email"]


def test_a_link_reaches_its_owners_reminders_only(reminder: Reminder) -> None:
    grace = make_user("grace")
    wish = wish_of(urlsplit(unsubscribe_url(grace, reminder.pk)).path.split("/")[2])
    assert wish is not None
    assert wish.reminder is None


def test_the_link_of_a_deleted_account_is_not_found(mail: Mail, user: User) -> None:
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert Client().post(link_in(mail)).status_code == 404


def test_the_time_in_a_mail_is_the_zone_of_its_reader_not_of_the_site(mail: Mail) -> None:
    assert f"({clock.now().astimezone(Alert.objects.get().user.zone):%Z})" in mail.text
    assert "(UTC)" not in mail.text
