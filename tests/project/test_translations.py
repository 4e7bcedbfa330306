"""Everything that is said to people can be translated: each page and message in a language made of our own messages."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from allauth.account.models import EmailAddress
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, override_settings
from django.urls import get_resolver, reverse

from accounts.locales import LOCALES, as_read_by
from accounts.models import ApiToken, User
from dashboard import clock
from dashboard.backfill import working
from dashboard.drafts import Draft
from dashboard.kinds import WORDINGS
from dashboard.models import (
    Asset,
    DailyPrice,
    Import,
    MarketQuote,
    MarketState,
    Portfolio,
    PriceSample,
    TargetShare,
    WatchedCoin,
)
from dashboard.recording import create_portfolio, record_transactions
from notifications import checking
from notifications.answers import Found, answer, find
from notifications.delivery import deliver
from notifications.models import Alert, Delivery
from notifications.reminding import create_reminder
from notifications.talking import understand
from notifications.terms import TERMS
from notifications.unsubscribing import unsubscribe_url
from tests.fakes.smtp import FakeSmtp
from tests.notifications.conftest import smtp  # noqa: F401
from tests.project.translating import LANGUAGE, compile_into, unmarked_in_scripts, untranslated

DAY = clock.now() - timedelta(days=40)
# Names, codes and formats, which are the same in every language, and what people and files have called things.
NAMES = re.compile(
    r"Tickfolio|CoinGecko|TradingView|Lightweight Charts|WhatsApp|OpenAPI|CSV|JSON|FIFO|LIFO|HIFO|UTC|https?://\S+|"
    r"\S+@\S+|qq-\w+|Europe/Kyiv|[+-]?\d\S*|Binance|Coinbase|Kraken|\b[A-Z]{3}\b|tf_\w+…?|zapys\.csv|MB|KB|Chrome|Linux|Prometheus|/metrics|EEST|EET|fifo|"
    + "|".join(re.escape(name) for name in sorted(LOCALES.values(), key=len, reverse=True))
)
WORD = re.compile(r"[A-Za-z]{2,}|\b[a-z]\b")
pytestmark = pytest.mark.django_db


@pytest.fixture(scope="session")
def words(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("locale")
    assert compile_into(folder) > 1000
    return folder


@pytest.fixture(autouse=True)
def translated(words: Path) -> Iterator[None]:
    languages = [("en", "English"), (LANGUAGE, "Українська")]
    with override_settings(LOCALE_PATHS=[words], LANGUAGES=languages, COINGECKO_URL="http://127.0.0.1:1/api/v3"):
        yield


def left(page: str) -> list[str]:
    """The words of a page that were not looked up."""
    return WORD.findall(NAMES.sub(" ", untranslated(page)))


@pytest.fixture
def reader() -> User:
    user = User.objects.create_user(
        "оля", "olya@example.org", "пароль-56", locale=LANGUAGE, time_zone="Europe/Kyiv", currency="usd", is_staff=True
    )
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


@pytest.fixture
def page(reader: User) -> Client:
    client = Client()
    client.force_login(reader)
    return client


def coin(id: str, symbol: str, name: str, price: str | None, rank: int) -> Asset:
    found = Asset.objects.create(id=id, symbol=symbol, name=name, rank=rank)
    if price:
        MarketQuote.objects.create(
            asset=found, price=Decimal(price), as_of=clock.now(), source="CoinGecko", change_24h=Decimal(5), sequence=1
        )
    return found


@pytest.fixture
def world(page: Client, reader: User, smtp: FakeSmtp) -> dict[str, Any]:  # noqa: F811
    """Something of all there is: transactions and reminders of every kind, alerts, files, targets."""
    MarketState.objects.create(pk=1, sequence=1, last_success_at=clock.now(), interval_seconds=60)
    bit = coin("qq-bit", "бтк", "Біткойн", "50000", 1)
    ether = coin("qq-ether", "ефр", "Ефір", "2500", 2)
    coin("qq-none", "нем", "Нема", None, 3)
    main = create_portfolio(reader, "Головний")
    create_portfolio(reader, "Інший", currency="eur", method="fifo", lot_scope="wallet")
    record_transactions(main, list(drafts()))
    DailyPrice.objects.bulk_create(
        DailyPrice(asset=each, day=clock.now().date() - timedelta(days=ago), usd=Decimal(40000 - ago))
        for each in (bit, ether)
        for ago in range(45)
    )
    PriceSample.objects.bulk_create(
        PriceSample(asset=bit, at=clock.now() - timedelta(hours=ago), usd=Decimal(40000 - ago), source="CoinGecko")
        for ago in range(48)
    )
    working.work_on(main.pk)
    WatchedCoin.objects.create(user=reader, asset=ether)
    TargetShare.objects.create(portfolio=main, asset=bit, percent=Decimal(60))
    TargetShare.objects.create(portfolio=main, asset=ether, percent=Decimal(40))
    token = ApiToken.objects.create(user=reader, name="сценарій", prefix="1234", digest="1")
    with as_read_by(reader):
        reminders = [create_reminder(reader, facts) for facts in every_kind(main)]
        fired = create_reminder(reader, WAITING | {"kind": "price_above", "limit": "60000", "note": "нотатка"})
    MarketQuote.objects.filter(asset=bit).update(price=Decimal(61000), as_of=clock.now(), sequence=2)
    MarketState.objects.update(sequence=2)
    checking.check(None)
    alert = Alert.objects.get(reminder=fired)
    for delivery in Delivery.objects.filter(alert=alert).exclude(transport="toast"):
        deliver(delivery.pk)
    report = next(reminder for reminder in reminders if reminder.kind == "schedule")
    return {
        "portfolio": main.pk,
        "transaction": main.transactions.get(type="buy", asset=bit, amount=2).pk,
        "import": uploaded(page, main, FILE),
        "columns": uploaded(page, main, "коли,що,скільки\n2024-01-10,бтк,1\n2024-01-11,бтк,2\n"),
        "reminder": fired.pk,
        "schedule": report.pk,
        "alert": alert.pk,
        "token": token.pk,
        "unsubscribe": urlsplit(unsubscribe_url(reader, fired.pk)).path,
    }


FILE = """timestamp,type,asset_id,asset,amount,price,note
2024-01-10T12:00:00Z,buy,qq-bit,бтк,1,2,перша
колись,buy,qq-ether,ефр,1,2,
"""
WAITING = {"asset": "qq-bit", "currency": "usd", "transports": ["toast", "email"]}


def drafts() -> Iterator[Draft]:
    facts: dict[str, Any] = {"timestamp": DAY, "amount": Decimal(2), "price": Decimal(100), "wallet": "Сейф"}
    for asset in ("qq-bit", "qq-ether", "qq-none"):
        yield Draft(type="buy", asset_id=asset, **facts)
    for number, kind in enumerate(WORDINGS):
        more: dict[str, Any] = {"amount": Decimal("0.01"), "timestamp": DAY + timedelta(days=number + 1)}
        if kind.value not in {"buy", "sell"}:
            more["price"] = None
        if kind.value in {"swap", "migrate"}:
            more |= {"counter_asset_id": "qq-ether", "counter_amount": Decimal("0.1")}
        if kind.value == "transfer":
            more |= {"to_wallet": "Біржа"}
        yield Draft(type=kind.value, asset_id="qq-bit", **(facts | more))
    yield Draft(type="sell", asset_id="qq-ether", **(facts | {"amount": Decimal(9), "wallet": ""}))


def every_kind(portfolio: Portfolio) -> Iterator[dict[str, Any]]:
    for kind, terms in TERMS.items():
        facts: dict[str, Any] = {"kind": kind, "currency": "usd", "transports": ["toast", "email"], "repeat": "daily"}
        facts |= {"cooldown": 3600, "quiet_hours": {"from": "22:00", "to": "07:00"}} if kind == "change" else {}
        facts |= {"asset": "qq-bit"} if terms.asset is not False else {"portfolio": portfolio.pk}
        if terms.limit is not None:
            facts["limit"] = "20" if terms.limit.high else "90000"
        given = {"limit_high": "95000", "window": "24h", "schedule": {"hour": 8, "day_of_month": "31"}}
        facts |= {name: value for name, value in given.items() if name in terms.fields}
        yield facts


def uploaded(page: Client, portfolio: Portfolio, text: str) -> int:
    file = SimpleUploadedFile("zapys.csv", text.encode())
    page.post("/imports/", {"portfolio": portfolio.pk, "time_zone": "UTC", "file": file})
    return Import.objects.latest("pk").pk


PAGES: dict[str, tuple[str, str]] = {
    # name of the address: (what it is about, what is asked of it)
    "dashboard": ("", ""),
    "value_chart": ("", "?span=all"),
    "transactions": ("", ""),
    "transaction_add": ("", ""),
    "transaction_edit": ("transaction", ""),
    "transaction_delete": ("transaction", ""),
    "imports": ("", ""),
    "import_detail": ("import", ""),
    "import_mapping": ("columns", ""),
    "coin_search": ("", "?q=біт"),
    "market": ("", ""),
    "analysis": ("", ""),
    "working": ("coin", ""),
    "price_chart": ("coin", "?span=all&style=candles"),
    "asset": ("coin", ""),
    "gains": ("", f"?year={DAY.year}"),
    "portfolio_add": ("", ""),
    "portfolio": ("portfolio", ""),
    "portfolio_edit": ("portfolio", ""),
    "portfolio_delete": ("portfolio", ""),
    "reminders": ("", ""),
    "reminder_add": ("", "?asset=qq-bit"),
    "reminders_glance": ("", ""),
    "reminder_cells": ("", ""),
    "reminder_suggestions": ("", "?asset=qq-bit"),
    "reminder_edit": ("reminder", ""),
    "reminder_why": ("reminder", ""),
    "reminder_delete": ("reminder", ""),
    "schedules": ("", ""),
    "schedule_add": ("", ""),
    "schedule_edit": ("schedule", ""),
    "schedule_delete": ("schedule", ""),
    "alerts": ("", ""),
    "alert": ("alert", ""),
    "delivery_settings": ("", ""),
    "unsubscribe": ("unsubscribe", ""),
    "settings": ("", ""),
    "operator": ("", ""),
    "account_email": ("", ""),
    "account_change_password": ("", ""),
    "account_logout": ("", ""),
}
STRANGERS = (
    "dashboard",
    "offline",
    "account_login",
    "account_signup",
    "account_reset_password",
    "account_reset_password_done",
)
SILENT = {
    "files and figures": [
        "portfolio_export",
        "gains_csv",
        "account_export",
        "service_worker",
        "words",
        "manifest",
        "metrics",
        "healthz",
    ],
    "only posted to": [
        *("sample", "sample_remove", "ticker_forget", "import_decide", "import_confirm", "import_delete", "watch"),
        *("targets", "asset_note", "portfolio_check", "reminder_sentence", "reminder_pause", "transport_on"),
        *("schedule_times", "schedule_pause", "alerts_acknowledge", "alert_acknowledge", "whatsapp_link"),
        *("whatsapp_confirm", "whatsapp_unlink", "delivery_test", "delivery_on", "push_remove", "push_subscribe"),
        *("push_renew", "push_unsubscribe", "token_add", "token_revoke"),
    ],
    "of machines": ["twilio_status", "twilio_inbound", "readyz"],
    "parts of pages": ["import_progress"],
    "ends of a way that the library walks": [
        *("account_email_verification_sent", "account_confirm_email", "account_inactive", "account_set_password"),
        *(
            "account_reset_password_from_key",
            "account_reset_password_from_key_done",
            "account_reauthenticate",
            "account_confirm_login_code",
        ),
    ],
}


def test_every_address_is_looked_at_or_has_nothing_to_say() -> None:
    named = {name for name in get_resolver().reverse_dict if isinstance(name, str)}
    assert named - {*PAGES, *STRANGERS, *(name for names in SILENT.values() for name in names)} == set()


def test_every_page_speaks_its_readers_language(page: Client, world: dict[str, Any]) -> None:
    found = {}
    for name, (about, query) in PAGES.items():
        if about == "unsubscribe":
            path = world[about]
        else:
            path = reverse(name, args=["qq-bit" if about == "coin" else world[about]] if about else [])
        answer = page.get(path + query)
        assert answer.status_code == 200, (name, answer.status_code)
        text = answer.content.decode()
        assert "<html" not in text or f'lang="{LANGUAGE}"' in text, name
        if words := left(text):
            found[name] = " ".join(words)
    assert not found, "\n".join(f"{name}: {words}" for name, words in found.items())


def test_pages_of_strangers_speak_the_language_of_the_browser() -> None:
    client = Client(headers={"accept-language": f"{LANGUAGE},en;q=0.5"})
    found = {name: left(client.get(reverse(name)).content.decode()) for name in STRANGERS}
    assert found == {name: [] for name in STRANGERS}


def test_what_is_sent_speaks_its_readers_language(
    world: dict[str, Any],
    smtp: FakeSmtp,  # noqa: F811
) -> None:
    told = Alert.objects.get(pk=world["alert"])
    assert (left(told.title), left(told.text)) == ([], [])
    mail = smtp.mails[-1].content
    parts = [part.get_content() for part in mail.walk() if not part.is_multipart()]
    assert [left(text) for text in [str(mail["Subject"]), *parts]] == [[], [], []]
    assert "⟦" in parts[0]


def test_somebody_who_writes_is_answered_in_their_language(reader: User, world: dict[str, Any]) -> None:
    asked = (
        "HELP",
        "BALANCE",
        "PROFIT",
        "STATUS",
        "LIST",
        "PRICE бтк",
        "REMIND бтк ABOVE 99999",
        "SNOOZE 8",
        "PAUSE 1",
        "PAUSE",
        "?",
    )
    said = {}
    with as_read_by(reader):
        for text in asked:
            command = understand(text, "usd")
            coin = getattr(command, "coin", None)
            said[text] = answer(reader, command, find(coin) if coin else Found(), clock.now())
    assert {text: left(words) for text, words in said.items() if left(words)} == {}


def test_what_scripts_say_is_looked_up() -> None:
    assert list(unmarked_in_scripts()) == []


def test_scripts_get_their_words_in_the_readers_language(page: Client) -> None:
    assert f'src="/words.js?{LANGUAGE}"' in page.get("/").content.decode()
    words = page.get("/words.js")
    assert words.headers["Cache-Control"] == "private, max-age=3600"
    assert json.dumps("⟦Copied⟧") in words.content.decode()


def test_an_installed_app_is_called_and_described_in_the_readers_language(page: Client) -> None:
    facts = page.get("/manifest.webmanifest").json()
    said = [facts["description"], *(deed["name"] for deed in facts["shortcuts"])]
    assert facts["lang"] == LANGUAGE
    assert [words for words in said if not words.startswith("⟦")] == []


def test_pages_in_english_ask_for_no_words(reader: User, page: Client) -> None:
    User.objects.update(locale="en-US")
    assert "/words.js" not in page.get("/").content.decode()
