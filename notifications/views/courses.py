"""Why a reminder didn't fire."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from dashboard.charts import Span
from dashboard.clock import now
from notifications.explaining import explain, usual_span
from notifications.models import Reminder
from notifications.selectors import lines_of
from notifications.views.reminders import own_reminder


@require_safe
def reminder_why(request: HttpRequest, pk: int) -> HttpResponse:
    """A chart over another span is fetched as a part."""
    reminder = own_reminder(request, pk)
    if reminder.kind == Reminder.Kind.SCHEDULE:
        return redirect("schedules")
    named = request.GET.get("span", "")
    span = Span(named) if named in set(Span) else usual_span(reminder, now())
    as_candles = request.GET.get("style") == "candles"
    [line] = lines_of([reminder])
    context = {
        "reminder": reminder,
        "line": line,
        "explanation": explain(reminder, span, as_candles=as_candles),
        "since": reminder.started_at or reminder.created_at,
        "spans": list(Span),
        "more": "&style=candles" if as_candles else "",
    }
    part = request.htmx.target == "course"  # type: ignore[attr-defined]
    return render(request, f"notifications/{'_course' if part else 'reminder_why'}.html", context)
