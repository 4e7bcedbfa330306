"""The settings page, which shows something of every app, and the export, which holds something of every app."""

from zoneinfo import available_timezones

from allauth.account.models import EmailAddress
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import get_language, gettext
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods, require_safe
from django.views.i18n import JavaScriptCatalog

from accounts.forms import ProfileForm, TokenForm
from accounts.models import User
from dashboard import clock
from dashboard.live.announce import announce_positions
from dashboard.models import Portfolio
from notifications.linking import link_state
from notifications.rescheduling import keep_local_times
from project.exporting import account_json, stream

# What the page's scripts say, in the language of its reader; in English there is nothing to look up.
words = cache_control(private=True, max_age=3600)(JavaScriptCatalog.as_view())


@require_safe
def offline(request: HttpRequest) -> HttpResponse:
    """Kept by the service worker, for when the server can't be reached."""
    return render(request, "offline.html")


@require_safe
def manifest(request: HttpRequest) -> JsonResponse:
    """What an installed Tickfolio is called, and what it offers."""
    icons = [("icons/192.png", "192x192", "any"), ("icons/512.png", "512x512", "any")]
    icons += [("icons/maskable.png", "512x512", "maskable")]
    deeds = [
        (gettext("Add transaction"), "transaction_add"),
        (gettext("Add reminder"), "reminder_add"),
        (gettext("Market"), "market"),
    ]
    facts = {
        "id": "/",
        "name": "Tickfolio",
        "short_name": "Tickfolio",
        "description": gettext("What you own, what it is worth, and a word when it matters"),
        "lang": get_language(),
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": "#131417",
        "theme_color": "#131417",
        "categories": ["finance"],
        "icons": [
            {"src": static("favicon.svg"), "sizes": "any", "type": "image/svg+xml", "purpose": "any"},
            *({"src": static(path), "sizes": size, "type": "image/png", "purpose": use} for path, size, use in icons),
        ],
        "shortcuts": [{"name": name, "url": reverse(address)} for name, address in deeds],
    }
    return JsonResponse(facts, content_type="application/manifest+json")


@require_http_methods(["GET", "HEAD", "POST"])
def settings(request: HttpRequest) -> HttpResponse:
    assert isinstance(request.user, User)  # noqa: S101
    user = request.user
    form = ProfileForm(request.POST or None, instance=User.objects.get(pk=user.pk))
    if form.is_valid():
        saved = form.save()
        if "time_zone" in form.changed_data:
            keep_local_times(saved, clock.now())
        announce_positions(user.pk)  # open pages count in another currency now, perhaps
        messages.success(request, gettext("Settings saved."))
        return redirect("settings")
    context = {
        "form": form,
        "zones": sorted(available_timezones()),
        "portfolios": list(Portfolio.objects.of(user)),
        "tokens": list(user.api_tokens.all()),
        "token_form": TokenForm(),
        "email": EmailAddress.objects.get_primary(user),
        "link": link_state(user),
    }
    return render(request, "project/settings.html", context)


@require_safe
def account_export(request: HttpRequest) -> StreamingHttpResponse:
    assert isinstance(request.user, User)  # noqa: S101
    name = f"tickfolio-account-{clock.now():%Y-%m-%d}.json"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return StreamingHttpResponse(stream(account_json(request.user)), content_type="application/json", headers=headers)
