"""What a portfolio's past says of it, how it is spread, and what brings it to its targets."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_safe

from accounts import locales
from dashboard.analysing import Period, allocations, is_being_valued, performance, target_lines
from dashboard.models import Asset, Portfolio
from dashboard.portfolios import Overview, overview
from dashboard.target_forms import TargetForm
from dashboard.views.chosen import chosen_portfolio, owner


@require_safe
def analysis(request: HttpRequest) -> HttpResponse:
    user, portfolio = owner(request), chosen_portfolio(request)
    portfolios = list(Portfolio.objects.of(user))
    named = request.GET.get("period", "")
    period = Period(named) if named in set(Period) else Period.ALL
    whole = overview(user, portfolio)
    # Targets belong to one portfolio; who has only one needs not choose it.
    target = portfolio or (portfolios[0] if len(portfolios) == 1 else None)
    context: dict[str, Any] = {
        "portfolio": portfolio,
        "portfolios": portfolios,
        "currency": whole.currency,
        "overview": whole,
        "period": period,
        "periods": list(Period),
        "months": locales.month_names(),
        "performance": performance(user, portfolio, period),
        "is_being_valued": is_being_valued(user, portfolio),
        "allocations": allocations(user, portfolio, whole),
        "target": target,
    }
    if target:
        own = whole if target == portfolio else overview(user, target)
        context |= {"lines": target_lines(target, own), "form": TargetForm(portfolio=target, held=held_in(own))}
    return render(request, "dashboard/analysis.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def targets(request: HttpRequest, pk: int) -> HttpResponse:
    """What a portfolio is meant to consist of."""
    user = owner(request)
    portfolio = get_object_or_404(Portfolio.objects.of(user), pk=pk)
    form = TargetForm(request.POST or None, portfolio=portfolio, held=held_in(overview(user, portfolio)))
    if form.is_valid():
        form.save()
        messages.success(request, gettext("Targets saved.") if form.targets else gettext("Targets removed."))
        return redirect(f"{reverse('analysis')}?portfolio={portfolio.pk}#targets")
    return render(request, "dashboard/targets.html", {"portfolio": portfolio, "form": form})


def held_in(whole: Overview) -> list[Asset]:
    """The coins that are held, the most valuable first."""
    coins = Asset.objects.in_bulk([holding.asset for holding in whole.holdings])
    return [coins[holding.asset] for holding in whole.holdings]
