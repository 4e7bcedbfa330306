"""The working behind the figures of one position, like the pages of a bank statement: the newest steps first."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from accounts.models import User
from dashboard.models import Asset, Portfolio
from dashboard.portfolios import overview
from dashboard.views.chosen import chosen_portfolio, owner
from dashboard.working import LOTS, SECTIONS, STEPS, NothingToShow, Working, earlier, newer_than, working_of

MOST = 10**9


@dataclass(frozen=True, slots=True)
class Leaf:
    """Where a list begins that is leafed through, and the addresses of the pages beside this one; "" is none."""

    start: int
    end: int
    count: int
    back: str
    more: str


@require_safe
def working(request: HttpRequest, asset_id: str) -> HttpResponse:
    user = owner(request)
    coin = get_object_or_404(Asset, pk=asset_id)
    holders = list(Portfolio.objects.of(user).filter(positions__asset=coin))
    portfolio = chosen_portfolio(request) or next(iter(holders), None)
    if portfolio is None:
        raise Http404
    on = day_named(request.GET.get("on", ""))
    offset = newer_than(portfolio, coin, end_of(on, user)) if on else number(request, "offset")
    try:
        shown = working_of(portfolio, coin, offset=offset, first_lot=number(request, "lot"))
    except NothingToShow as nothing:
        raise Http404 from nothing
    if (section := request.GET.get("earlier", "")) in SECTIONS:
        return to_earlier(request, shown, section)
    context = {
        "working": shown,
        "coin": coin,
        "portfolio": portfolio,
        "holders": holders,
        "currency": portfolio.currency,
        "holding": next((h for h in overview(user, portfolio).everything if h.asset == coin.pk), None),
        "on": on,
        "offset": shown.count - shown.last,
        "steps": steps_leaf(request.GET, shown),
        "lots": lots_leaf(request.GET, shown),
    }
    return render(request, "dashboard/working.html", context)


def steps_leaf(query: QueryDict, shown: Working) -> Leaf:
    """Back leads to newer steps, more to older ones."""
    offset = shown.count - shown.last
    return Leaf(
        start=shown.first + 1 if shown.steps else 0,
        end=shown.last,
        count=shown.count,
        back=address(query, "steps", offset=max(offset - STEPS, 0)) if offset > 0 else "",
        more=address(query, "steps", offset=offset + STEPS) if shown.first > 0 else "",
    )


def lots_leaf(query: QueryDict, shown: Working) -> Leaf:
    end = shown.first_lot + len(shown.lots)
    return Leaf(
        start=shown.first_lot + 1,
        end=end,
        count=shown.lot_count,
        back=address(query, "lots", lot=max(shown.first_lot - LOTS, 0)) if shown.first_lot else "",
        more=address(query, "lots", lot=end) if end < shown.lot_count else "",
    )


def address(query: QueryDict, anchor: str, **numbers: int) -> str:
    """The same page with other numbers; a day that was asked for gives way to the number it stood for."""
    changed = query.copy()
    changed.pop("earlier", None)
    if "offset" in numbers:
        changed.pop("on", None)
    for name, value in numbers.items():
        changed[name] = str(value)
    return f"?{changed.urlencode()}#{anchor}"


def to_earlier(request: HttpRequest, shown: Working, section: str) -> HttpResponseRedirect:
    """To the page that ends with what came last before the steps shown and belongs in the section."""
    found = earlier(shown.portfolio, shown.asset, section, shown.steps[0].entry.at) if shown.steps else None
    if found is None:
        messages.info(
            request,
            gettext("Nothing earlier is in the section %(section)s.") % {"section": gettext(section.capitalize())},
        )
        return redirect(request.path + address(request.GET, section))
    newer = newer_than(shown.portfolio, shown.asset, found)
    return redirect(request.path + address(request.GET, section, offset=newer))


def number(request: HttpRequest, name: str) -> int:
    """A number in the address; 0 for what makes no sense."""
    text = request.GET.get(name, "")
    return min(int(text), MOST) if text.isascii() and text.isdigit() and len(text) < 20 else 0


def day_named(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def end_of(day: date, user: User) -> datetime:
    """The last moment of a day in the user's zone."""
    day = min(max(day, date(2000, 1, 1)), date(2200, 1, 1))
    return datetime.combine(day + timedelta(days=1), time.min, user.zone) - timedelta(microseconds=1)
