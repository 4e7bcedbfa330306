"""What those who run the site look at: the figures for a monitoring system, and a page of them for people."""

from secrets import compare_digest
from typing import Final

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_noop
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from dashboard.market.course import STAGES
from project.metrics.exposition import CONTENT_TYPE_LATEST, exposition
from project.metrics.overview import operation

WORDS: Final = (
    *(gettext_noop("asked"), gettext_noop("received"), gettext_noop("accepted")),
    *(gettext_noop("stored"), gettext_noop("announced"), gettext_noop("checked")),
    *(gettext_noop("not due"), gettext_noop("news"), gettext_noop("nothing new"), gettext_noop("failed")),
    *(gettext_noop("refused"), gettext_noop("unreachable"), gettext_noop("garbled"), gettext_noop("timeout")),
)
"""What stages and outcomes of ticks are called in the log, too: here they are marked for the page to translate."""


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """For staff who are signed in and for whoever bears METRICS_TOKEN; there is no such page for anybody else."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        if not settings.METRICS_TOKEN or not compare_digest(token.encode(), settings.METRICS_TOKEN.encode()):
            return HttpResponse("The token is not METRICS_TOKEN.", status=401, content_type="text/plain")
    elif not is_staff(request):
        raise Http404
    return HttpResponse(exposition(), content_type=CONTENT_TYPE_LATEST)


@require_safe
def operator(request: HttpRequest) -> HttpResponse:
    """The same figures for people; asked by htmx, it is only what moves."""
    if not is_staff(request):
        raise Http404
    name = "project/_operator.html" if getattr(request, "htmx", False) else "project/operator.html"
    return render(request, name, {"operation": operation(), "stages": STAGES})


def is_staff(request: HttpRequest) -> bool:
    return bool(request.user.is_authenticated and request.user.is_active and request.user.is_staff)
