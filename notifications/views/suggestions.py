"""Reminders of one coin that are made with one click: a part of its page, a dialog, or a page without scripts."""

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from dashboard.models import Asset
from notifications.reminding import ReminderErrors, TooManyReminders, create_reminder
from notifications.suggesting import suggestions
from notifications.views.reminders import go_to, owner, saved
from notifications.wording import promise


@require_http_methods(["GET", "HEAD", "POST"])
def reminder_suggestions(request: HttpRequest) -> HttpResponse:
    user, facts = owner(request), request.POST if request.method == "POST" else request.GET
    coin = get_object_or_404(Asset.objects.coins(), pk=facts.get("asset", "").replace("\0", "")[:200])
    said = ""
    if request.method == "POST":
        stated = {name: facts[name][:200] for name in ("kind", "limit", "direction") if facts.get(name)}
        try:
            reminder = create_reminder(user, {**stated, "asset": coin, "currency": user.currency})
        except ReminderErrors:
            return go_to(request, f"{reverse('reminder_add')}?{urlencode({**stated, 'asset': coin.pk})}")
        except TooManyReminders as limit:
            said = str(limit)
        else:
            said = gettext("Reminder set: %(promise)s") % {"promise": promise(reminder, None)}
            if not request.htmx:  # type: ignore[attr-defined]
                return saved(request, said)
    context = {"coin": coin, "suggestions": suggestions(user, coin), "said": said}
    part = "_suggestions_dialog" if request.htmx.target == "dialog-body" else "_suggestions"  # type: ignore[attr-defined]
    name = part if request.htmx else "suggestions"  # type: ignore[attr-defined]
    return render(request, f"notifications/{name}.html", context)
