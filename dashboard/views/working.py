"""The working behind the figures of one position."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page, Paginator
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from dashboard.models import Asset, Portfolio
from dashboard.portfolios import overview
from dashboard.views.chosen import chosen_portfolio, owner
from dashboard.working import NothingToShow, working_of

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class Part:
    """One of the page's lists, a page of it; each is leafed through by itself."""

    name: str
    page: Page[Any]
    query: QueryDict

    def address(self, number: int) -> str:
        query = self.query.copy()
        query[self.name] = str(number)
        return f"?{query.urlencode()}#{self.name}"

    @property
    def before(self) -> str:
        return self.address(self.page.previous_page_number()) if self.page.has_previous() else ""

    @property
    def after(self) -> str:
        return self.address(self.page.next_page_number()) if self.page.has_next() else ""


@require_safe
def working(request: HttpRequest, asset_id: str) -> HttpResponse:
    user = owner(request)
    coin = get_object_or_404(Asset, pk=asset_id)
    holders = list(Portfolio.objects.of(user).filter(positions__asset=coin))
    portfolio = chosen_portfolio(request) or next(iter(holders), None)
    if portfolio is None:
        raise Http404
    try:
        shown = working_of(portfolio, coin)
    except NothingToShow as nothing:
        raise Http404 from nothing
    lists: dict[str, Sequence[Any]] = {
        "lots": shown.lots,
        "realised": shown.disposals,
        "income": shown.income_steps,
        "fees": shown.fee_steps,
        "invested": shown.invested_steps,
        "steps": shown.steps,
        "rates": shown.rates,
    }
    parts = {
        name: Part(name, Paginator(items, PAGE_SIZE).get_page(request.GET.get(name)), request.GET)
        for name, items in lists.items()
    }
    held = next((h for h in overview(user, portfolio).everything if h.asset == coin.pk), None)
    context = {
        "working": shown,
        "coin": coin,
        "portfolio": portfolio,
        "holders": holders,
        "currency": portfolio.currency,
        "holding": held,
        "parts": parts,
    }
    return render(request, "dashboard/working.html", context)
