"""The messages of a day: counted exactly, and what is held back is told."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as configured
from django.test import TestCase
from pytest_django import Settings

from accounts.models import User
from dashboard import clock
from notifications.delivery import deliver
from notifications.models import Allowance, Delivery, Reminder
from notifications.ringing import sweep
from notifications.using_up import tell_used_up
from tests.fakes.smtp import FakeSmtp
from tests.fakes.twilio import FakeTwilio
from tests.notifications.conftest import Market
from tests.postgres import postgres

ROOT = Path(__file__).resolve().parents[2]
Fire = Callable[..., Delivery]


@pytest.fixture(params=["SQLite", "PostgreSQL"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "SQLite":
        yield f"sqlite:///{tmp_path}/spending.sqlite3"
    else:
        with postgres() as url:
            yield url


def test_fifty_senders_at_once_never_exceed_the_days_messages(database: str, tmp_path: Path) -> None:
    """Three are allowed; then fifty alerts go out as the one message that is left, and fifty more wait."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.notifications.spending", "50", "3"],
        cwd=ROOT,
        env={
            **os.environ,
            "DATABASE_URL": database,
            "DATA_DIR": str(tmp_path),
            "REDIS_URL": configured.REDIS_URLS[0],
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["counted 3 3", "told 3 3", "left 4 50"], done.stderr


# One after the other --------------------------------------------------------------------------------------------------
@pytest.fixture
def fire(market: Market, remind: Callable[..., Reminder]) -> Fire:
    """An alert's delivery, told as far as that goes."""

    def make(transport: str, **values: Any) -> Delivery:
        market.set("bitcoin", 99)
        remind("price_above", 100, transports=[transport], **values)
        market.set("bitcoin", 101)
        delivery = Delivery.objects.filter(transport=transport).latest("pk")
        deliver(delivery.pk)
        delivery.refresh_from_db()
        return delivery

    return make


@pytest.fixture
def two_a_day(settings: Settings, time: Any) -> None:
    """It is nine in the evening where the user lives."""
    settings.WHATSAPP_DAILY_LIMIT = settings.EMAIL_DAILY_LIMIT = 2
    time.move_to(datetime.fromisoformat("2026-05-03T21:00:00+02:00"))


@pytest.mark.django_db
def test_what_is_over_goes_on_by_the_fallback(
    fire: Fire, two_a_day: None, smtp: FakeSmtp, twilio: FakeTwilio, linked: User
) -> None:
    told = [fire("whatsapp") for _ in range(4)]
    assert [delivery.state for delivery in told] == ["sent", "sent", "failed", "failed"]
    assert {delivery.error for delivery in told[2:]} == {"Today's 2 messages by WhatsApp are used up."}
    for delivery in Delivery.objects.filter(transport="email"):
        deliver(delivery.pk)
    assert (len(twilio.messages), len(smtp.mails)) == (2, 2)


@pytest.mark.django_db
def test_without_a_fallback_it_waits_for_the_next_days_first_message(
    fire: Fire, two_a_day: None, smtp: FakeSmtp, time: Any
) -> None:
    told = [fire("email", fallback=[]) for _ in range(4)]
    assert [delivery.state for delivery in told] == ["sent", "sent", "queued", "queued"]
    midnight = datetime.fromisoformat("2026-05-04T00:00:00+02:00")
    assert told[2].due_at == midnight
    assert told[2].held_because == "Today's 2 messages by E-mail are used up."
    time.move_to(midnight)
    deliver(told[2].pk)
    deliver(told[3].pk)
    assert [mail.subject[:8] for mail in smtp.mails[2:]] == ["2 alerts"]
    assert "(21:00)" in smtp.mails[2].text
    assert Allowance.objects.get(transport="email").used == 1


@pytest.mark.django_db
def test_what_is_tried_again_counts_once(fire: Fire, two_a_day: None, smtp: FakeSmtp, time: Any) -> None:
    smtp.fail("data 451 Later", times=2)
    first = fire("email", fallback=[])
    for _ in range(2):
        time.shift(timedelta(minutes=2))
        deliver(first.pk)
    assert fire("email", fallback=[]).state == "sent"
    assert len(smtp.mails) == 2


@pytest.mark.django_db
def test_others_have_messages_of_their_own(
    fire: Fire, two_a_day: None, smtp: FakeSmtp, twilio: FakeTwilio, linked: User
) -> None:
    for _ in range(3):
        fire("whatsapp", fallback=[])
    assert fire("email", fallback=[]).state == "sent"


@pytest.mark.django_db
def test_it_is_told_once_by_a_toast_and_once_in_writing_what_is_held_back(
    fire: Fire, two_a_day: None, smtp: FakeSmtp, twilio: FakeTwilio, linked: User, time: Any
) -> None:
    with TestCase.captureOnCommitCallbacks() as callbacks:
        for _ in range(5):
            fire("whatsapp", fallback=[])
    assert sum("announce_alert" in str(callback) for callback in callbacks) == 1
    used = Allowance.objects.get(transport="whatsapp")
    tell_used_up(used.pk)
    assert not smtp.mails
    time.shift(timedelta(minutes=1))
    for _ in range(3):
        sweep(clock.now())
        tell_used_up(used.pk)
    [mail] = smtp.mails
    assert mail.subject == "Today's 2 messages by WhatsApp are used up."
    assert mail.text.count("• Bitcoin (BTC) is above 100 USD") == 3
    assert len(twilio.messages) == 2


@pytest.mark.django_db
def test_a_notice_that_was_refused_is_written_again(
    fire: Fire, two_a_day: None, smtp: FakeSmtp, twilio: FakeTwilio, linked: User, time: Any
) -> None:
    for _ in range(3):
        fire("whatsapp", fallback=[])
    used = Allowance.objects.get(transport="whatsapp")
    smtp.fail("data 451 Later", times=1)
    time.shift(timedelta(minutes=1))
    tell_used_up(used.pk)
    assert not smtp.mails
    time.shift(timedelta(minutes=5))
    tell_used_up(used.pk)
    assert len(smtp.mails) == 1
