"""What is owned and what it is worth; to strangers, what this is."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from dashboard.market.sparklines import sparklines
from dashboard.models import Portfolio
from dashboard.portfolios import overview
from dashboard.sampling import sample_of
from dashboard.views.chosen import chosen_portfolio, owner

COLUMNS = (
    ("rank", gettext_lazy("Rank")),
    ("price", gettext_lazy("Price")),
    ("change_1h", gettext_lazy("1 hour")),
    ("change_24h", gettext_lazy("24 hours")),
    ("change_7d", gettext_lazy("7 days")),
    ("holdings", gettext_lazy("Holdings")),
    ("share", gettext_lazy("Share")),
    ("cost", gettext_lazy("Cost")),
    ("profit", gettext_lazy("Profit")),
    ("profit_pct", gettext_lazy("Return")),
    ("market_cap", gettext_lazy("Market cap")),
)
"""Of the table of holdings, those that may be left out; which are is kept by the browser (static/dashboard.js)."""


@require_safe
def dashboard(request: HttpRequest) -> HttpResponse:
    if not request.user.is_authenticated:
        return render(request, "dashboard/landing.html")
    user, portfolio = owner(request), chosen_portfolio(request)
    whole = overview(user, portfolio)
    context = {
        "overview": whole,
        "sparklines": sparklines([holding.asset for holding in whole.holdings], whole.currency),
        "portfolio": portfolio,
        "columns": COLUMNS,
        "sample": sample_of(user),
        "portfolios": list(Portfolio.objects.of(user)),
    }
    return render(request, "dashboard/dashboard.html", context)
