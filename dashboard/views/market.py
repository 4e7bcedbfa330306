"""The largest coins with their prices, and one coin with all that is known of it."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe
from django_htmx.middleware import HtmxDetails

from accounts.models import User
from dashboard import watching
from dashboard.facts import facts_of
from dashboard.forms import NoteForm
from dashboard.journal import lines_of, numbers_of, rows_numbered, transactions_of
from dashboard.market.search import search_coins
from dashboard.models import Asset
from dashboard.noting import note_of, write_note
from dashboard.portfolios import market_rows, market_table, overview
from dashboard.views.chosen import owner
from dashboard.watching import watched_by

LATEST = 20


@require_safe
def market(request: HttpRequest) -> HttpResponse:
    """The largest coins, those that are watched, or those that bear a name."""
    user, typed = owner(request), request.GET.get("q", "").replace("\0", " ").strip()[:100]
    watched, only_watched = watched_by(user.pk), request.GET.get("show") == "watched"
    if typed:
        rows = market_rows(user.currency, [coin.pk for coin in search_coins(typed)])
    elif only_watched:
        rows = market_rows(user.currency, watched)
    else:
        rows = market_table(user.currency)
    if "waiting" in request.GET and not rows:
        return HttpResponse(status=204)  # the page stays as it is, and asks again
    context = {"rows": rows, "currency": user.currency, "typed": typed, "watched": watched, "only": only_watched}
    page = HtmxDetails(request).target != "market"
    return render(request, "dashboard/market.html" if page else "dashboard/_market.html", context)


@require_POST
def watch(request: HttpRequest) -> HttpResponse:
    """Follow a coin, or no longer; answers with the button that says which it is now."""
    user, follow = owner(request), "watch" in request.POST
    named = request.POST.get("watch" if follow else "unwatch", "").replace("\0", "")
    coin = get_object_or_404(Asset.objects.coins(), pk=named)
    try:
        watching.watch(user, coin) if follow else watching.unwatch(user, coin)
    except watching.TooManyWatched as limit:
        messages.error(request, str(limit))
        if HtmxDetails(request):
            return HttpResponse(headers={"HX-Refresh": "true"})
    if HtmxDetails(request):
        return render(request, "dashboard/_star.html", {"asset": coin, "watched": watched_by(user.pk)})
    return redirect(f"{reverse('market')}?{request.GET.urlencode()}")


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
        **note_context(user, coin),
    }
    return render(request, "dashboard/asset.html", context)


@require_POST
def asset_note(request: HttpRequest, asset_id: str) -> HttpResponse:
    """Keep what was noted about a coin; with htmx its section comes back, without it the page."""
    user, coin = owner(request), get_object_or_404(Asset.objects.coins(), pk=asset_id)
    form = NoteForm(request.POST)
    if form.is_valid():
        write_note(user, coin, form.cleaned_data["text"])
    if HtmxDetails(request):
        context = note_context(user, coin) if form.is_valid() else {"note_form": form}
        return render(request, "dashboard/_asset_note.html", {"coin": coin, **context})
    if not form.is_valid():
        messages.error(request, f"Not saved. {form.errors['text'][0]}")
    return redirect(f"{reverse('asset', args=[coin.pk])}#note")


def note_context(user: User, coin: Asset) -> dict[str, object]:
    note = note_of(user, coin)
    return {"note": note, "note_form": NoteForm({"text": note.text if note else ""})}


@require_safe
def coin_search(request: HttpRequest) -> HttpResponse:
    """Options for what has been typed so far, as a list that the form shows."""
    typed = request.GET.get("q", request.GET.get("asset_id", "")).replace("\0", "")[:100]
    return render(request, "dashboard/_coins.html", {"typed": typed, "coins": search_coins(typed)[:8]})
