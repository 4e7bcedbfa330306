"""Looking through transactions, adding, changing and deleting them; in a dialog with htmx, on a page without."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_safe
from django_htmx.http import trigger_client_event
from django_htmx.middleware import HtmxDetails

from dashboard.drafts import DraftErrors
from dashboard.journal import in_words, lines_of, page_of, rows_numbered, transactions_of, wallets_of
from dashboard.models import Asset, Portfolio, Transaction
from dashboard.recording import TooMany, delete_transaction, edit_transaction, record_transactions
from dashboard.transaction_forms import TransactionFilter, TransactionForm
from dashboard.views.chosen import chosen_portfolio, owner


@require_safe
def transactions(request: HttpRequest) -> HttpResponse:
    user, portfolio = owner(request), chosen_portfolio(request)
    wanted = TransactionFilter(request.GET)
    wanted.is_valid()
    words, kind = wanted.cleaned_data.get("q", ""), wanted.cleaned_data.get("type", "")
    page = page_of(transactions_of(user, words=words, kind=kind, portfolio=portfolio), request.GET.get("page"))
    context = {
        "page": page,
        "lines": lines_of(rows_numbered(page.object_list)),
        "filter": wanted,
        "filtered": bool(words or kind or portfolio),
        "portfolio": portfolio,
        "portfolios": list(Portfolio.objects.of(user)),
    }
    return render(request, template(request, "transactions", "transaction-list"), context)


@require_http_methods(["GET", "HEAD", "POST"])
def transaction_add(request: HttpRequest) -> HttpResponse:
    user = owner(request)
    form = TransactionForm(request.POST or None, user=user, initial=asked_for(request))
    if form.is_valid() and form.draft and form.target:
        try:
            [row] = record_transactions(form.target, [form.draft])
        except TooMany as limit:
            form.add_error(None, str(limit))
        except DraftErrors as fault:
            form.add_error(None, fault.sentences)
        else:
            return saved(request, gettext("Recorded: %(what)s.") % {"what": in_words(row)})
    return show_form(request, form, {"title": gettext("Add transaction")})


@require_http_methods(["GET", "HEAD", "POST"])
def transaction_edit(request: HttpRequest, pk: int) -> HttpResponse:
    row = own_transaction(request, pk)
    form = TransactionForm(request.POST or None, user=owner(request), row=row)
    if form.is_valid() and form.draft:
        try:
            edit_transaction(row, form.draft)
        except DraftErrors as fault:
            form.add_error(None, fault.sentences)
        else:
            return saved(request, gettext("Changed: %(what)s.") % {"what": in_words(own_transaction(request, pk))})
    return show_form(request, form, {"title": gettext("Edit transaction"), "row": row})


@require_http_methods(["GET", "HEAD", "POST"])
def transaction_delete(request: HttpRequest, pk: int) -> HttpResponse:
    row = own_transaction(request, pk)
    context = {"row": row, "line": lines_of([row])[0]}
    if request.method == "POST":
        words = in_words(row)
        try:
            delete_transaction(row)
        except DraftErrors as fault:
            context["fault"] = fault.sentences
        else:
            return saved(request, gettext("Deleted: %(what)s.") % {"what": words})
    return render(request, template(request, "transaction_delete", "dialog-body"), context)


def own_transaction(request: HttpRequest, pk: int) -> Transaction:
    rows = Transaction.objects.of(owner(request)).select_related(
        "portfolio", "asset", "counter_asset", "fee_asset", "portfolio__user"
    )
    return get_object_or_404(rows, pk=pk)


def asked_for(request: HttpRequest) -> dict[str, Any]:
    """What the address fills in beforehand: a coin, a portfolio, a kind, a wallet."""
    initial: dict[str, Any] = {}
    if coin := Asset.objects.coins().filter(pk=request.GET.get("asset", "").replace("\0", "")).first():
        initial |= {"asset_id": str(coin), "asset_choice": coin.pk}
    if portfolio := chosen_portfolio(request):
        initial["portfolio"] = portfolio
    if kind := request.GET.get("type"):
        initial["type"] = kind
    if wallet := request.GET.get("wallet"):
        initial["wallet"] = wallet[:60]
    return initial


def show_form(request: HttpRequest, form: TransactionForm, context: dict[str, Any]) -> HttpResponse:
    name = template(request, "transaction_form", "dialog-body")
    return render(request, name, {"form": form, "wallets": wallets_of(owner(request)), **context})


def saved(request: HttpRequest, sentence: str) -> HttpResponse:
    """Back to the page the dialog was opened on, or to the list; both say what was done."""
    if HtmxDetails(request):
        return trigger_client_event(HttpResponse(status=204), "transactionSaved", {"text": sentence})
    messages.success(request, sentence)
    return redirect("transactions")


def template(request: HttpRequest, name: str, target: str) -> str:
    """The fragment where htmx asks for it, the page otherwise: the context is the same."""
    return f"dashboard/_{name}.html" if HtmxDetails(request).target == target else f"dashboard/{name}.html"
