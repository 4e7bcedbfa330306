"""Charts, each a part of a page that is fetched anew when another span is chosen."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from dashboard.charts import Limit, Span, price_chart, value_chart
from dashboard.market.history import want
from dashboard.models import Asset
from dashboard.portfolios import overview
from dashboard.views.chosen import chosen_portfolio, owner

USUAL = Span.MONTH


@require_safe
def value_chart_part(request: HttpRequest) -> HttpResponse:
    """What a portfolio, or all of them, was worth."""
    portfolio = chosen_portfolio(request)
    chart = value_chart(owner(request), portfolio, chosen_span(request))
    context = {"chart": chart, "spans": list(Span), "more": f"&portfolio={portfolio.pk}" if portfolio else ""}
    return render(request, "dashboard/_value_chart.html", context)


@require_safe
def price_chart_part(request: HttpRequest, asset_id: str) -> HttpResponse:
    """What a coin has cost. Daily prices of the past are asked for where they aren't stored yet."""
    user = owner(request)
    coin = get_object_or_404(Asset.objects.coins(), pk=asset_id)
    holding = next((holding for holding in overview(user).holdings if holding.asset == coin.pk), None)
    own = [Limit("Your average cost", cost)] if holding and (cost := holding.average_cost) is not None else []
    if holding or coin.rank is not None:  # the source's budget is not spent on whatever an address names
        want([coin.pk])
    chart = price_chart(user, coin, chosen_span(request), own)
    return render(request, "dashboard/_price_chart.html", {"chart": chart, "coin": coin, "spans": list(Span)})


def chosen_span(request: HttpRequest) -> Span:
    named = request.GET.get("span", "")
    return Span(named) if named in set(Span) else USUAL
