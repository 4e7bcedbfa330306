"""Scheduled reports of balance and profit: looking at them, adding, moving, pausing and deleting them."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dashboard.clock import now
from notifications.models import Reminder
from notifications.reminding import (
    ReminderErrors,
    TooManyReminders,
    create_reminder,
    edit_reminder,
    pause_reminder,
    resume_reminder,
)
from notifications.reports import report_of
from notifications.schedule_forms import ScheduleForm
from notifications.scheduling import parse
from notifications.timetable import SHOWN, schedule_of, timetable
from notifications.views.reminders import owner, template


@require_safe
def schedules(request: HttpRequest) -> HttpResponse:
    user = owner(request)
    context = {"lines": timetable(user, now()), "zone": user.time_zone, "example": report_of(user, None, now())}
    return render(request, "notifications/schedules.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def schedule_add(request: HttpRequest) -> HttpResponse:
    form = ScheduleForm(request.POST or None, user=owner(request))
    return schedule_form(request, form, gettext("Add report"))


@require_http_methods(["GET", "HEAD", "POST"])
def schedule_edit(request: HttpRequest, pk: int) -> HttpResponse:
    form = ScheduleForm(request.POST or None, user=owner(request), reminder=own_schedule(request, pk))
    return schedule_form(request, form, gettext("Edit report"))


def schedule_form(request: HttpRequest, form: ScheduleForm, title: str) -> HttpResponse:
    if form.is_valid():
        try:
            if form.reminder is None:
                create_reminder(form.user, form.values)
            else:
                edit_reminder(form.reminder, form.values)
            return saved(request, gettext("Report saved."))
        except ReminderErrors as faults:
            form.blame(faults.errors)
        except TooManyReminders as limit:
            form.add_error(None, str(limit))
    context = {"form": form, "title": title, "reminder": form.reminder, **coming(form)}
    return render(request, template(request, "schedule_form", "dialog-body"), context)


@require_POST
def schedule_times(request: HttpRequest) -> HttpResponse:
    """When the report that is being typed would come."""
    form = ScheduleForm(request.POST, user=owner(request))
    form.is_valid()
    return render(request, "notifications/_schedule_times.html", coming(form))


def coming(form: ScheduleForm) -> dict[str, object]:
    schedule = form.schedule
    if not form.is_bound:
        schedule = schedule_of(form.reminder) if form.reminder else parse({"hour": 8})
    if schedule is None:
        return {"sentence": "", "times": [], "zone": form.user.time_zone}
    times = schedule.upcoming(now(), form.user.zone, SHOWN)
    return {"sentence": schedule.sentence(), "times": times, "zone": form.user.time_zone}


@require_POST
def schedule_pause(request: HttpRequest, pk: int) -> HttpResponse:
    """Pause one that is active; go on with one that is paused, from its next time."""
    reminder = own_schedule(request, pk)
    if request.POST.get("active") == "true":
        resume_reminder(reminder)
    else:
        pause_reminder(reminder)
    return redirect("schedules")


@require_http_methods(["GET", "HEAD", "POST"])
def schedule_delete(request: HttpRequest, pk: int) -> HttpResponse:
    reminder = own_schedule(request, pk)
    if request.method == "POST":
        reminder.delete()
        return saved(request, gettext("Report deleted."))
    line = next(line for line in timetable(owner(request), now()) if line.reminder.pk == pk)
    return render(request, template(request, "schedule_delete", "dialog-body"), {"line": line})


def own_schedule(request: HttpRequest, pk: int) -> Reminder:
    reminders = Reminder.objects.of(owner(request)).filter(kind=Reminder.Kind.SCHEDULE).with_subject()
    return get_object_or_404(reminders, pk=pk)


def saved(request: HttpRequest, sentence: str) -> HttpResponse:
    """To the list, which says what was done; htmx is told to go there as a whole page."""
    messages.success(request, sentence)
    if request.htmx:  # type: ignore[attr-defined]
        return HttpResponse(status=204, headers={"HX-Redirect": "/reminders/schedule/"})
    return redirect("schedules")
