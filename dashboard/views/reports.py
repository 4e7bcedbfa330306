"""The yearly report of gains: a page to read or print, and the same as CSV."""

from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from dashboard import clock
from dashboard.gains import GainsReport, gains_report, years_of
from dashboard.gains_table import gains_csv as written
from dashboard.gains_table import gains_name
from dashboard.models import Portfolio
from dashboard.views.chosen import chosen_portfolio, owner

SHOWN = 1000


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for; no report where there is no portfolio, or nothing in it."""

    portfolios: list[Portfolio]
    portfolio: Portfolio | None
    years: list[int]
    year: int
    report: GainsReport | None


@require_safe
def gains(request: HttpRequest) -> HttpResponse:
    asked = asked_for(request)
    context = {"asked": asked, "report": asked.report, "shown": SHOWN}
    return render(request, "dashboard/gains.html", context)


@require_safe
def gains_csv(request: HttpRequest) -> HttpResponse:
    report = asked_for(request).report
    if report is None:
        raise Http404
    headers = {"Content-Disposition": f'attachment; filename="{gains_name(report)}"'}
    return HttpResponse(written(report), content_type="text/csv; charset=utf-8", headers=headers)


def asked_for(request: HttpRequest) -> Asked:
    """The portfolio and the year that the address names; else the first portfolio, and its newest year."""
    user = owner(request)
    portfolios = list(Portfolio.objects.of(user))
    portfolio = chosen_portfolio(request) or next(iter(portfolios), None)
    years = years_of(portfolio, user.zone) if portfolio else []
    year = named_year(request.GET.get("year", "")) or next(iter(years), clock.now().astimezone(user.zone).year)
    report = gains_report(portfolio, year, user.zone) if portfolio and years else None
    return Asked(portfolios, portfolio, sorted({*years, year}, reverse=True), year, report)


def named_year(text: str) -> int | None:
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or not 2009 <= int(text[:5]) <= 2200:
        raise Http404
    return int(text)
