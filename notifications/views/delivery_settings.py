"""How alerts reach somebody: each way with its state and a trial of it, quiet hours, browsers that show messages."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST

from notifications.delivery_forms import QuietHoursForm, initial_of
from notifications.models import PushSubscription
from notifications.switching import switch_on
from notifications.transports import TRANSPORTS
from notifications.transports.base import Transport
from notifications.trying import TooManyTrials, try_out
from notifications.vapid import public_key
from notifications.views.reminders import owner
from notifications.ways import ways_of


@require_http_methods(["GET", "HEAD", "POST"])
def delivery_settings(request: HttpRequest) -> HttpResponse:
    user = owner(request)
    form = QuietHoursForm(request.POST or None, initial=initial_of(user.quiet_hours))
    if form.is_valid():
        user.quiet_hours = form.hours
        user.save(update_fields=["quiet_hours"])
        messages.success(request, gettext("Quiet hours of new reminders saved."))
        return redirect("delivery_settings")
    context = {
        "ways": ways_of(user),
        "form": form,
        "browsers": list(PushSubscription.objects.of(user)),
        "push_key": public_key(),
    }
    return render(request, "notifications/delivery_settings.html", context, status=422 if form.errors else 200)


@require_POST
def delivery_test(request: HttpRequest, name: str) -> HttpResponse:
    """Send a test message; how it went then stands beside the transport."""
    try:
        try_out(owner(request), named(name))
    except TooManyTrials as limit:
        messages.warning(request, str(limit))
    return redirect(f"/settings/delivery/#{name}")


@require_POST
def delivery_on(request: HttpRequest, name: str) -> HttpResponse:
    """Use a transport again that was switched off."""
    transport = named(name)
    switch_on(owner(request), transport.name)
    messages.success(request, gettext("%(label)s is on again.") % {"label": transport.label})
    return redirect("delivery_settings")


def named(name: str) -> Transport:
    if name not in TRANSPORTS:
        raise Http404
    return TRANSPORTS[name]
