"""The largest coins with their prices, and one coin with all that is known of it."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from dashboard.facts import facts_of
from dashboard.journal import lines_of, numbers_of, rows_numbered, transactions_of
from dashboard.market.search import search_coins
from dashboard.models import Asset
from dashboard.portfolios import market_table, overview
from dashboard.views.chosen import owner

LATEST = 20


@require_safe
def market(request: HttpRequest) -> HttpResponse:
    currency = owner(request).currency
    return render(request, "dashboard/market.html", {"rows": market_table(currency), "currency": currency})


@require_safe
def asset(request: HttpRequest, asset_id: str) -> HttpResponse:
    user = owner(request)
    coin = get_object_or_404(Asset.objects.coins().select_related("quote"), pk=asset_id)
    whole = overview(user)
    rows = rows_numbered(numbers_of(transactions_of(user, asset_id=coin.pk))[: LATEST + 1])
    context = {
        "coin": coin,
        "currency": user.currency,
        "facts": facts_of(coin, user.currency),
        "holding": next((holding for holding in whole.everything if holding.asset == coin.pk), None),
        "lines": lines_of(rows[:LATEST]),
        "more": len(rows) > LATEST,
    }
    return render(request, "dashboard/asset.html", context)


@require_safe
def coin_search(request: HttpRequest) -> HttpResponse:
    """Options for what has been typed so far, as a list that the form shows."""
    typed = request.GET.get("q", request.GET.get("asset_id", "")).replace("\0", "")[:100]
    return render(request, "dashboard/_coins.html", {"typed": typed, "coins": search_coins(typed)[:8]})
