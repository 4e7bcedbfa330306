"""Looking at, adding, changing and deleting portfolios."""

from django.contrib import messages
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from dashboard.books import quick_fault, wallets_of
from dashboard.drafts import DraftErrors
from dashboard.examining import ask, fault_found
from dashboard.forms import PortfolioForm
from dashboard.models import LedgerCheck, Portfolio
from dashboard.portfolios import overview
from dashboard.recording import TooMany, change_portfolio, create_portfolio, delete_portfolio
from dashboard.views.chosen import owner

TAKEN = gettext_lazy("You have a portfolio of this name already.")


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
            messages.success(request, gettext("Portfolio %(portfolio)s added.") % {"portfolio": portfolio.name})
            return redirect("/settings/#portfolios")
    return render(request, "dashboard/portfolio_form.html", {"form": form, "title": gettext("Add portfolio")})


@require_safe
def portfolio(request: HttpRequest, pk: int) -> HttpResponse:
    """How it is counted, where everything lies, and whether the figures add up: all of it as it is kept."""
    found = get_object_or_404(Portfolio.objects.of(owner(request)), pk=pk)
    context = {
        "portfolio": found,
        "overview": overview(owner(request), found),
        "fault": quick_fault(found),
        "wallets": wallets_of(found),
        "count": found.transactions.count(),
    }
    return render(request, "dashboard/portfolio.html", context | check_context(found))


@require_http_methods(["GET", "HEAD", "POST"])
def portfolio_check(request: HttpRequest, pk: int) -> HttpResponse:
    """Asked for: every transaction is posted anew by a worker. Else how far that is, for a page that asks again."""
    found = get_object_or_404(Portfolio.objects.of(owner(request)), pk=pk)
    if request.method == "POST":
        ask(found)
        return redirect(f"{reverse('portfolio', args=[pk])}#check")
    return render(request, "dashboard/_ledger_check.html", {"portfolio": found} | check_context(found))


def check_context(portfolio: Portfolio) -> dict[str, object]:
    """The last full check, what it found, and whether the portfolio has changed since."""
    last = LedgerCheck.objects.filter(portfolio=portfolio).first()
    changed = last is not None and last.revision != portfolio.revision
    return {"checked": last, "found": fault_found(last) if last else None, "changed": changed}


@require_http_methods(["GET", "HEAD", "POST"])
def portfolio_edit(request: HttpRequest, pk: int) -> HttpResponse:
    portfolio = get_object_or_404(Portfolio.objects.of(owner(request)), pk=pk)
    form = PortfolioForm(request.POST or None, user=owner(request), instance=portfolio)
    if form.is_valid():
        try:
            change_portfolio(portfolio, **form.cleaned_data)
        except IntegrityError:
            form.add_error("name", TAKEN)
        except DraftErrors as error:
            form.add_error("currency", " ".join(error.errors["currency"]))
        else:
            messages.success(request, gettext("Portfolio %(portfolio)s saved.") % {"portfolio": portfolio.name})
            return redirect("/settings/#portfolios")
    return render(request, "dashboard/portfolio_form.html", {"form": form, "title": gettext("Edit portfolio")})


@require_http_methods(["GET", "HEAD", "POST"])
def portfolio_delete(request: HttpRequest, pk: int) -> HttpResponse:
    portfolio = get_object_or_404(Portfolio.objects.of(owner(request)), pk=pk)
    if request.method == "POST":
        delete_portfolio(portfolio)
        messages.success(request, gettext("Portfolio %(portfolio)s deleted.") % {"portfolio": portfolio.name})
        return redirect("/settings/#portfolios")
    count = portfolio.transactions.count()
    return render(request, "dashboard/portfolio_delete.html", {"portfolio": portfolio, "count": count})
