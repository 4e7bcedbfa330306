"""Linking a WhatsApp number on the settings page: ask for a code, give it back, let go."""

from allauth.account.adapter import get_adapter
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from notifications.linking import LinkingError, confirm, link_state, send_code, unlink
from notifications.views.reminders import owner
from notifications.whatsapp_forms import CodeForm, NumberForm

SECTION = "/settings/#whatsapp"


@require_POST
def whatsapp_link(request: HttpRequest) -> HttpResponse:
    """Send a code to the number that was typed."""
    form = NumberForm(request.POST)
    if form.is_valid():
        try:
            send_code(owner(request), form.cleaned_data["number"], get_adapter().get_client_ip(request))
            return redirect(SECTION)
        except LinkingError as error:
            form.add_error("number", str(error))
    return show(request, form)


@require_POST
def whatsapp_confirm(request: HttpRequest) -> HttpResponse:
    """Take the number as the user's if the code is right."""
    form = CodeForm(request.POST)
    if form.is_valid():
        try:
            number = confirm(owner(request), form.cleaned_data["code"])
            messages.success(request, gettext("WhatsApp alerts go to %(number)s.") % {"number": number})
            return redirect(SECTION)
        except LinkingError as error:
            form.add_error("code", str(error))
    return show(request, form)


@require_POST
def whatsapp_unlink(request: HttpRequest) -> HttpResponse:
    """Forget the number, or give up a code that is under way."""
    unlink(owner(request))
    return redirect(SECTION)


def show(request: HttpRequest, form: NumberForm | CodeForm) -> HttpResponse:
    """The section by itself, with what was typed and what is wrong with it."""
    name = "number_form" if isinstance(form, NumberForm) else "code_form"
    return render(request, "notifications/whatsapp.html", {"link": link_state(owner(request)), name: form}, status=422)
