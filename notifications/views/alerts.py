"""Alerts: what happened, and how the telling went."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from dashboard import clock
from notifications.acknowledging import acknowledge, acknowledge_all
from notifications.life import lives_of
from notifications.selectors import alerts_of
from notifications.views.reminders import owner
from notifications.wording import figure_words

A_PAGE = 50


@require_safe
def alerts(request: HttpRequest) -> HttpResponse:
    found = alerts_of(owner(request))
    page = Paginator(found, A_PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "unseen": found.filter(acknowledged_at__isnull=True).exists()}
    return render(request, "notifications/alerts.html", context)


@require_safe
def alert(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(alerts_of(owner(request)).select_related("asset", "portfolio", "reminder"), pk=pk)
    unit, currency = found.counted_in, found.currency
    observed = None if found.observed is None else figure_words(found.observed, unit, currency, found.limit)
    limit = None if found.limit is None else figure_words(found.limit, unit, currency)
    context = {"alert": found, "observed": observed, "limit": limit, "lives": lives_of(found)}
    return render(request, "notifications/alert.html", context)


@require_POST
def alert_acknowledge(request: HttpRequest, pk: int) -> HttpResponse:
    """Say that it was seen. A toast that is closed does this, and then is gone from the page."""
    acknowledge(get_object_or_404(alerts_of(owner(request)), pk=pk), clock.now())
    return HttpResponse("") if request.htmx else redirect("alert", pk)  # type: ignore[attr-defined]


@require_POST
def alerts_acknowledge(request: HttpRequest) -> HttpResponse:
    acknowledge_all(owner(request).pk, clock.now())
    return redirect("alerts")
