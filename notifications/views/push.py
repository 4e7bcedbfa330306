"""Push messages: the browser's own program that shows them, and browsers that come and go."""

import json
from typing import Any, NoReturn

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from notifications.models import PushSubscription
from notifications.pushing import PushError, renew, subscribe, unsubscribe
from notifications.views.reminders import owner

LONGEST_BODY = 5_000


@require_safe
def service_worker(request: HttpRequest) -> HttpResponse:
    """At the root, because a service worker sees only what lies below its own address."""
    program = (settings.BASE_DIR / "static/service-worker.js").read_bytes()
    return HttpResponse(program, content_type="text/javascript", headers={"Cache-Control": "no-cache"})


@require_POST
def push_subscribe(request: HttpRequest) -> JsonResponse:
    """Add the browser that asks."""
    try:
        subscription = subscribe(owner(request), stated(request), request.headers.get("User-Agent", "")[:500])
    except PushError as error:
        return JsonResponse({"detail": str(error)}, status=422)
    return JsonResponse({"id": subscription.pk, "label": subscription.label}, status=201)


@csrf_exempt  # a browser asks by itself, without a session; what only it and we know says who it is
@require_POST
def push_renew(request: HttpRequest) -> HttpResponse:
    """Let a new subscription take the place of one that its push service has ended."""
    try:
        renew(stated(request), request.headers.get("User-Agent", "")[:500])
    except PushError as error:
        return JsonResponse({"detail": str(error)}, status=422)
    return HttpResponse(status=204)


@require_POST
def push_unsubscribe(request: HttpRequest) -> HttpResponse:
    """Forget the browser that asks."""
    try:
        unsubscribe(owner(request), str(stated(request).get("endpoint", "")))
    except PushError as error:
        return JsonResponse({"detail": str(error)}, status=422)
    return HttpResponse(status=204)


@require_POST
def push_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Forget one of the browsers in the list, from whichever browser."""
    subscription = get_object_or_404(PushSubscription.objects.of(owner(request)), pk=pk)
    subscription.delete()
    messages.success(request, gettext("%(label)s gets no more push messages.") % {"label": subscription.label})
    return redirect("delivery_settings")


def stated(request: HttpRequest) -> dict[str, Any]:
    """The JSON object that the browser sent. Raises PushError."""
    body = request.body
    if len(body) > LONGEST_BODY:
        raise PushError(gettext("This is no subscription."))
    try:
        facts = json.loads(body, parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        raise PushError(gettext("This is no subscription.")) from error
    if not isinstance(facts, dict):
        raise PushError(gettext("This is no subscription."))
    return facts


def refuse(constant: str) -> NoReturn:
    raise ValueError(constant)
