"""What is owned and what it is worth; to strangers, what this is."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from dashboard.models import Portfolio
from dashboard.portfolios import overview
from dashboard.views.chosen import chosen_portfolio, owner


@require_safe
def dashboard(request: HttpRequest) -> HttpResponse:
    if not request.user.is_authenticated:
        return render(request, "dashboard/landing.html")
    user, portfolio = owner(request), chosen_portfolio(request)
    context = {
        "overview": overview(user, portfolio),
        "portfolio": portfolio,
        "portfolios": list(Portfolio.objects.of(user)),
    }
    return render(request, "dashboard/dashboard.html", context)
