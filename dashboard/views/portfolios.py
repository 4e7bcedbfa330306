"""Adding, changing and deleting portfolios."""

from django.contrib import messages
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from dashboard.forms import PortfolioForm
from dashboard.models import Portfolio
from dashboard.recording import TooMany, change_portfolio, create_portfolio, delete_portfolio
from dashboard.views.chosen import owner

TAKEN = "You have a portfolio of this name already."


@require_http_methods(["GET", "HEAD", "POST"])
def portfolio_add(request: HttpRequest) -> HttpResponse:
    user = owner(request)
    form = PortfolioForm(request.POST or None, user=user)
    if form.is_valid():
        try:
            portfolio = create_portfolio(user, **form.cleaned_data)
        except (TooMany, IntegrityError) as obstacle:
            form.add_error("name", TAKEN if isinstance(obstacle, IntegrityError) else str(obstacle))
        else:
            messages.success(request, f"Portfolio {portfolio.name} added.")
            return redirect("/settings/#portfolios")
    return render(request, "dashboard/portfolio_form.html", {"form": form, "title": "Add portfolio"})


@require_http_methods(["GET", "HEAD", "POST"])
def portfolio_edit(request: HttpRequest, pk: int) -> HttpResponse:
    portfolio = get_object_or_404(Portfolio.objects.of(owner(request)), pk=pk)
    form = PortfolioForm(request.POST or None, user=owner(request), instance=portfolio)
    if form.is_valid():
        try:
            change_portfolio(portfolio, **form.cleaned_data)
        except IntegrityError:
            form.add_error("name", TAKEN)
        else:
            messages.success(request, f"Portfolio {portfolio.name} saved.")
            return redirect("/settings/#portfolios")
    return render(request, "dashboard/portfolio_form.html", {"form": form, "title": "Edit portfolio"})


@require_http_methods(["GET", "HEAD", "POST"])
def portfolio_delete(request: HttpRequest, pk: int) -> HttpResponse:
    portfolio = get_object_or_404(Portfolio.objects.of(owner(request)), pk=pk)
    if request.method == "POST":
        delete_portfolio(portfolio)
        messages.success(request, f"Portfolio {portfolio.name} deleted.")
        return redirect("/settings/#portfolios")
    count = portfolio.transactions.count()
    return render(request, "dashboard/portfolio_delete.html", {"portfolio": portfolio, "count": count})
