"""Charts, each a part of a page that is fetched anew when another span is chosen."""

from collections.abc import Callable
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from dashboard import clock
from dashboard.charts import Limit, Span, first_price, first_value, price_chart, value_chart
from dashboard.market.history import want
from dashboard.models import Asset
from dashboard.portfolios import overview
from dashboard.views.chosen import chosen_portfolio, owner

USUAL = (Span.DAY, Span.WEEK, Span.MONTH)
"""Where none is chosen: the shortest of these that shows (nearly) all there is, or else the last."""


@require_safe
def value_chart_part(request: HttpRequest) -> HttpResponse:
    """What a portfolio, or all of them, was worth."""
    portfolio = chosen_portfolio(request)
    user = owner(request)
    chart = value_chart(user, portfolio, chosen_span(request, lambda: first_value(user, portfolio)))
    context = {"chart": chart, "spans": list(Span), "more": f"&portfolio={portfolio.pk}" if portfolio else ""}
    return render(request, "dashboard/_value_chart.html", context)


@require_safe
def price_chart_part(request: HttpRequest, asset_id: str) -> HttpResponse:
    """What a coin has cost. Daily prices of the past are asked for where they aren't stored yet."""
    user = owner(request)
    coin = get_object_or_404(Asset.objects.coins(), pk=asset_id)
    holding = next((holding for holding in overview(user).holdings if holding.asset == coin.pk), None)
    own = [Limit(gettext("Your average cost"), cost)] if holding and (cost := holding.average_cost) is not None else []
    if holding or coin.rank is not None:  # the source's budget is not spent on whatever an address names
        want([coin.pk])
    as_candles = request.GET.get("style") == "candles"
    span = chosen_span(request, lambda: first_price(coin))
    chart = price_chart(user, coin, span, own, as_candles=as_candles)
    context = {"chart": chart, "coin": coin, "spans": list(Span), "more": "&style=candles" if as_candles else ""}
    return render(request, "dashboard/_price_chart.html", context)


def chosen_span(request: HttpRequest, first: Callable[[], datetime | None]) -> Span:
    named = request.GET.get("span", "")
    if named in set(Span):
        return Span(named)
    since, now = first(), clock.now()
    spans = (
        span for span in USUAL if since is not None and span.length is not None and since > now - span.length * 1.1
    )
    return next(spans, USUAL[-1])
