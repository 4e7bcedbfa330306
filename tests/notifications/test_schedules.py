"""The pages of scheduled reports: every choice of the form, the next times, moving, pausing, deleting."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from accounts.models import User
from dashboard.models import Portfolio
from notifications.models import Reminder
from notifications.reminding import create_reminder
from notifications.schedule_forms import ScheduleForm
from notifications.timetable import timetable
from tests.notifications.conftest import make_user

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 5, 3, 6, 30, tzinfo=UTC)  # a Sunday, 08:30 in Berlin
LIST = "/reminders/schedule/"
HTMX = {"HX-Request": "true", "HX-Target": "dialog-body"}
TYPED = {"often": "daily", "at": "08:00", "transports": ["toast", "email"]}


@pytest.fixture
def time() -> Any:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def page(time: Any, client: Client, user: User) -> Client:
    client.force_login(user)
    return client


def report(user: User, **values: Any) -> Reminder:
    return create_reminder(
        user, {"kind": "schedule", "schedule": {"hour": 8}, "repeat": "always", "transports": ["toast"], **values}
    )


@pytest.mark.parametrize(
    ("typed", "schedule", "again"),
    [
        ({"often": "daily"}, {"minute": 0, "hour": 8, "day_of_week": "*", "day_of_month": "*"}, "daily"),
        (
            {"often": "weekdays", "at": "17:45"},
            {"minute": 45, "hour": 17, "day_of_week": "mon,tue,wed,thu,fri", "day_of_month": "*"},
            "weekdays",
        ),
        (
            {"often": "weekly", "weekday": "sun"},
            {"minute": 0, "hour": 8, "day_of_week": "sun", "day_of_month": "*"},
            "weekly",
        ),
        (
            {"often": "monthly", "day": "last"},
            {"minute": 0, "hour": 8, "day_of_week": "*", "day_of_month": "last"},
            "monthly",
        ),
        (
            {"often": "monthly", "day": "15"},
            {"minute": 0, "hour": 8, "day_of_week": "*", "day_of_month": 15},
            "monthly",
        ),
        ({"often": "hours", "hours": "6"}, {"every_hours": 6, "from": "08:00"}, "hours"),
        # Hours that don't fit into a day are counted from the next time that the clock shows.
        ({"often": "hours", "hours": "36"}, {"every_hours": 36, "from": "2026-05-04T08:00"}, "hours"),
        ({"often": "hours", "hours": "5", "at": "09:00"}, {"every_hours": 5, "from": "2026-05-03T09:00"}, "hours"),
        (
            {"often": "custom", "hour": "8,20", "minute": "30", "day_of_week": "mon-wed"},
            {"minute": 30, "hour": "8,20", "day_of_week": "mon,tue,wed", "day_of_month": "*"},
            "custom",
        ),
        (
            {"often": "custom", "hour": "8", "day_of_month": "1,15", "month": "jan"},
            {"minute": 0, "hour": 8, "day_of_week": "*", "day_of_month": "1,15", "month": 1},
            "custom",
        ),
    ],
)
def test_every_choice_makes_its_schedule_and_is_shown_again(
    time: Any, user: User, typed: dict[str, str], schedule: dict[str, Any], again: str
) -> None:
    form = ScheduleForm(TYPED | typed, user=user)
    assert form.is_valid(), form.errors
    assert form.values["schedule"] == schedule
    shown = ScheduleForm(user=user, reminder=Reminder(user=user, kind="schedule", schedule=schedule))
    assert shown["often"].value() == again
    data = {name: shown[name].value() for name in shown.fields if shown[name].value() is not None}
    repeated = ScheduleForm(
        data | {"transports": ["toast"], "portfolio": ""},
        user=user,
        reminder=Reminder(user=user, kind="schedule", schedule=schedule),
    )
    assert repeated.is_valid(), repeated.errors
    assert repeated.values["schedule"] == schedule


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"often": "sometimes"}, "often"),
        ({"at": ""}, "at"),
        ({"at": "25:00"}, "at"),
        ({"often": "hours", "hours": "0"}, "hours"),
        ({"often": "hours", "hours": "many"}, "hours"),
        ({"often": "monthly", "day": "32"}, "day"),
        ({"often": "custom", "hour": ""}, "hour"),
        ({"often": "custom", "hour": "24"}, "hour"),
        ({"often": "custom", "hour": "8", "minute": "*"}, "minute"),
        ({"often": "custom", "hour": "8", "minute": "61"}, "minute"),
        ({"often": "custom", "hour": "8", "day_of_week": "x"}, "day_of_week"),
        ({"often": "custom", "hour": "8", "day_of_month": "32"}, "day_of_month"),
        ({"often": "custom", "hour": "8", "month": "13"}, "month"),
        ({"often": "custom", "hour": "8", "day_of_month": "1", "day_of_week": "mon"}, "day_of_month"),
    ],
)
def test_a_fault_is_shown_beside_its_field(time: Any, user: User, typed: dict[str, str], field: str) -> None:
    form = ScheduleForm(TYPED | typed, user=user)
    assert not form.is_valid()
    assert list(form.errors) == [field]


def test_an_empty_list_says_what_to_do(page: Client) -> None:
    shown = page.get(LIST).content.decode()
    assert "Your balance, when you want it" in shown
    assert "All portfolios: nothing is held yet." in shown


def test_a_report_is_added_and_its_next_times_are_shown(page: Client, user: User, portfolio: Portfolio) -> None:
    answer = page.post(f"{LIST}add/", TYPED | {"portfolio": portfolio.pk}, follow=True)
    assert answer.redirect_chain == [(LIST, 302)]
    shown = answer.content.decode()
    assert "Report saved." in shown
    for words in ("Main", "every day at 08:00", "by Toast, E-mail", "Mon 4 May 2026, 08:00", "Wed 6 May 2026, 08:00"):
        assert words in shown
    reminder = Reminder.objects.get()
    assert (reminder.kind, reminder.portfolio, reminder.transports) == ("schedule", portfolio, ["toast", "email"])
    assert reminder.due_at == datetime(2026, 5, 4, 6, tzinfo=UTC)


def test_a_report_is_moved(page: Client, user: User) -> None:
    reminder = report(user)
    shown = page.get(f"{LIST}{reminder.pk}/edit/").content.decode()
    assert 'value="08:00"' in shown
    assert "Monday, 4 May 2026, 08:00" in shown
    page.post(f"{LIST}{reminder.pk}/edit/", TYPED | {"often": "weekly", "weekday": "tue", "at": "07:30"})
    reminder.refresh_from_db()
    assert reminder.due_at == datetime(2026, 5, 5, 5, 30, tzinfo=UTC)
    assert reminder.transports == ["toast", "email"]
    assert Reminder.objects.count() == 1


def test_a_report_is_paused_and_goes_on_from_its_next_time(page: Client, user: User, time: Any) -> None:
    reminder = report(user)
    page.post(f"{LIST}{reminder.pk}/pause/", {"active": "false"})
    assert not Reminder.objects.get().active
    shown = page.get(LIST).content.decode()
    assert "Paused" in shown
    assert "4 May" not in shown
    time.shift(timedelta(days=3))
    page.post(f"{LIST}{reminder.pk}/pause/", {"active": "true"})
    assert Reminder.objects.get().due_at == datetime(2026, 5, 7, 6, tzinfo=UTC)
    assert "Thu 7 May 2026, 08:00" in page.get(LIST).content.decode()


def test_a_report_is_deleted_after_a_question(page: Client, user: User) -> None:
    reminder = report(user)
    asked = page.get(f"{LIST}{reminder.pk}/delete/").content.decode()
    assert "All portfolios, every day at 08:00 by Toast." in asked
    answer = page.post(f"{LIST}{reminder.pk}/delete/", headers=HTMX)
    assert answer.headers["HX-Redirect"] == LIST
    assert not Reminder.objects.exists()


def test_the_form_tells_the_next_times_while_it_is_filled_in(page: Client) -> None:
    shown = page.post(f"{LIST}times/", TYPED | {"often": "monthly", "day": "31"}).content.decode()
    assert "Sent on the 31st (or the last there is) of each month at 08:00. Next, in Europe/Berlin:" in shown
    assert "Sunday, 31 May 2026, 08:00" in shown
    assert "Tuesday, 30 June 2026, 08:00" in shown
    unfinished = page.post(f"{LIST}times/", TYPED | {"often": "custom", "hour": ""}).content.decode()
    assert "Fill in the form" in unfinished


def test_a_fault_keeps_what_was_typed(page: Client) -> None:
    answer = page.post(f"{LIST}add/", TYPED | {"often": "hours", "hours": "1000"}, headers=HTMX)
    shown = answer.content.decode()
    assert "whole number of hours from 1 to 168" in shown
    assert 'value="1000"' in shown
    assert not Reminder.objects.exists()
    nobody = page.post(f"{LIST}add/", TYPED | {"transports": []}).content.decode()
    assert "Choose at least one way to be told." in nobody


def test_other_peoples_reports_are_out_of_reach(page: Client) -> None:
    theirs = report(make_user("eve"))
    for path in ("edit", "delete"):
        assert page.get(f"{LIST}{theirs.pk}/{path}/").status_code == 404
        assert page.post(f"{LIST}{theirs.pk}/{path}/", TYPED).status_code == 404
    assert page.post(f"{LIST}{theirs.pk}/pause/", {"active": "false"}).status_code == 404
    assert f'data-report="{theirs.pk}"' not in page.get(LIST).content.decode()


def test_a_report_keeps_its_local_time_in_another_zone(page: Client, user: User) -> None:
    Reminder.objects.create(
        user=user, kind="schedule", schedule={"hour": 8}, due_at=datetime(2026, 5, 4, 6, tzinfo=UTC)
    )
    due_now = Reminder.objects.create(user=user, kind="schedule", schedule={"hour": 8}, due_at=NOW)
    paused = Reminder.objects.create(user=user, kind="schedule", schedule={"hour": 8}, active=False)
    profile = {"currency": "usd", "theme": "system", "colours": "green-red", "time_zone": "America/New_York"}
    assert page.post("/settings/", profile).status_code == 302
    assert [reminder.due_at for reminder in Reminder.objects.order_by("pk")] == [
        datetime(2026, 5, 3, 12, tzinfo=UTC),
        due_now.due_at,
        paused.due_at,
    ]


def test_the_list_of_reminders_leads_to_reports_and_a_reports_link_to_its_own_form(page: Client, user: User) -> None:
    reminder = report(user)
    assert f'href="{LIST}"' in page.get("/reminders/").content.decode()
    assert page.get(f"/reminders/{reminder.pk}/edit/").headers["Location"] == f"{LIST}{reminder.pk}/edit/"


def test_a_broken_schedule_is_shown_as_never(time: Any, user: User) -> None:
    Reminder.objects.create(user=user, kind="schedule", schedule={"hour": 99}, arming="armed")
    [line] = timetable(user, NOW)
    assert (line.sentence, line.next_times) == ("never", ())
