"""Importing a file: upload, look at what it would do, decide, confirm, take back; and exporting a portfolio."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any
from zoneinfo import available_timezones

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import locales
from dashboard.drafts import DraftErrors
from dashboard.exporting import export_csv, export_name
from dashboard.importing.formats import Review
from dashboard.importing.forms import UploadForm
from dashboard.importing.preview import SAMPLE, shown
from dashboard.importing.recognise import UnknownFormat
from dashboard.importing.service import (
    AlreadyConfirmed,
    answers_of,
    confirm_import,
    decide,
    label_of,
    preview_import,
    take_back,
    upload_file,
)
from dashboard.importing.table import UnreadableFile
from dashboard.importing.tickers import asked
from dashboard.importing.unknown import is_of_own_columns, keep_unknown
from dashboard.journal import lines_of
from dashboard.models import Asset, Import, Portfolio, TickerAnswer
from dashboard.recording import TooMany
from dashboard.views.chosen import owner

ROWS_SHOWN = 50
REVIEWS_SHOWN = 200
TAKEN_BACK = "taken_back"
"""What a worker takes back for this browser, in its session: filename and count by the import's number."""


@require_http_methods(["GET", "HEAD", "POST"])
def imports(request: HttpRequest) -> HttpResponse:
    user = owner(request)
    tell_taken_back(request)
    form = UploadForm(request.POST or None, request.FILES or None, user=user)
    if form.is_valid():
        given = form.cleaned_data
        try:
            waiting = keep_file(given["portfolio"], given["file"].name, given["file"].read(), given["time_zone"])
        except (UnreadableFile, TooMany) as error:
            form.add_error("file", gettext("%(error)s Nothing was imported.") % {"error": error})
        else:
            return redirect("import_detail", waiting.pk)
    context = {
        "form": form,
        "imports": Import.objects.filter(portfolio__user=user).select_related("portfolio").defer("review", "sample"),
        "portfolios": list(Portfolio.objects.of(user)),
        "answers": answers_of(user),
        "zones": sorted(available_timezones()),
    }
    return render(request, "dashboard/imports.html", context)


def keep_file(portfolio: Portfolio, filename: str, content: bytes, zone: str) -> Import:
    """The file as it waits: to be confirmed, or for its columns to be named where no format knows them."""
    try:
        return upload_file(portfolio, filename, content, zone)
    except UnknownFormat:
        return keep_unknown(portfolio, filename, content, zone)


@require_safe
def import_detail(request: HttpRequest, pk: int) -> HttpResponse:
    if str(pk) in request.session.get(TAKEN_BACK, {}) and not Import.objects.filter(pk=pk).exists():
        return redirect("imports")
    found = own_import(request, pk)
    if found.state == Import.State.COLUMNS:
        return redirect("import_mapping", pk)
    context = {"import": found, "label": label_of(found.format), "own_columns": is_of_own_columns(found)}
    if found.is_at_work:
        context |= progress_of(found)
    elif found.state == Import.State.PREVIEW:
        context |= waiting_context(found)
    elif found.state == Import.State.DONE:
        context |= done_context(found)
    return render(request, "dashboard/import_detail.html", context)


@require_safe
def import_progress(request: HttpRequest, pk: int) -> HttpResponse:
    """How far a worker is, for a page that asks again and again; when it is done the page loads anew."""
    found = Import.objects.filter(portfolio__user=owner(request), pk=pk).select_related("portfolio__user").first()
    if found is None:
        return HttpResponse(headers={"HX-Redirect": reverse("imports")})
    if not found.is_at_work:
        return HttpResponse(headers={"HX-Refresh": "true"})
    context = {"import": found, "said": request.GET.get("said")} | progress_of(found)
    return render(request, "dashboard/_import_progress.html", context)


def progress_of(found: Import) -> dict[str, Any]:
    """`part` of a hundred in steps that are worth saying aloud."""
    percent = 100 * found.lines_done // max(found.lines, 1)
    return {"percent": percent, "part": str(percent // 25 * 25), "is_read": found.lines_done >= found.lines}


def waiting_context(waiting: Import) -> dict[str, Any]:
    """What it would do now."""
    preview = preview_import(waiting)
    context = {"added": preview.added, "duplicates": preview.duplicates, "skips": [asdict(s) for s in preview.skips]}
    context |= {"questions": asked(preview.review), "rows": shown(preview.drafts[:SAMPLE])}
    return context | review_context(preview.review)


def done_context(done: Import) -> dict[str, Any]:
    """What it did."""
    rows = done.transactions.select_related("asset", "fee_asset", "portfolio").newest_first()[:ROWS_SHOWN]
    context = {"added": done.added, "duplicates": done.duplicates, "skips": done.skips, "lines": lines_of(rows)}
    return context | review_context([Review(**row) for row in done.review], done=True)


def review_context(review: Sequence[Review], done: bool = False) -> dict[str, Any]:
    """Rows that were not understood; what only lacks an answer is a question as long as it can be answered."""
    listed = [row for row in review if done or not row.ticker]
    hidden = max(0, len(listed) - REVIEWS_SHOWN)
    return {"undecided": len(review), "review": listed, "review_shown": listed[:REVIEWS_SHOWN], "review_hidden": hidden}


@require_POST
def import_decide(request: HttpRequest, pk: int) -> HttpResponse:
    waiting = own_import(request, pk)
    fields = {name: str(value).strip() for name, value in request.POST.items() if name.startswith("coin:")}
    decisions = {name.removeprefix("coin:"): asset_id for name, asset_id in fields.items() if asset_id}
    known = Asset.objects.coins().in_bulk([asset_id.replace("\0", "") for asset_id in decisions.values()])
    for asset_id in sorted(set(decisions.values()) - known.keys()):
        messages.error(request, gettext("No coin with the id %(id)s is known.") % {"id": asset_id[:100]})
    try:
        decide(waiting, {ticker: asset_id for ticker, asset_id in decisions.items() if asset_id in known})
    except AlreadyConfirmed as error:
        messages.error(request, str(error))
    return redirect("import_detail", pk)


@require_POST
def ticker_forget(request: HttpRequest, pk: int) -> HttpResponse:
    answer = get_object_or_404(TickerAnswer.objects.filter(user=owner(request)), pk=pk)
    answer.delete()
    messages.success(request, gettext("You will be asked again which coin %(ticker)s is.") % {"ticker": answer.ticker})
    return redirect("imports")


@require_POST
def import_confirm(request: HttpRequest, pk: int) -> HttpResponse:
    try:
        done = confirm_import(own_import(request, pk))
    except (AlreadyConfirmed, TooMany, DraftErrors) as error:
        messages.error(request, str(error))
        return redirect("import_detail", pk)
    if done.state == Import.State.DONE:
        messages.success(
            request,
            ngettext("Imported %(added)s transaction.", "Imported %(added)s transactions.", done.added or 0)
            % {"added": locales.localised(f"{done.added:,}")},
        )
    return redirect("import_detail", pk)


@require_POST
def import_delete(request: HttpRequest, pk: int) -> HttpResponse:
    found = own_import(request, pk)
    try:
        count = take_back(found)
    except DraftErrors as error:
        messages.error(request, gettext("%(error)s Nothing was taken back.") % {"error": error.sentences})
        return redirect("import_detail", pk)
    if count is None:
        request.session[TAKEN_BACK] = request.session.get(TAKEN_BACK, {}) | {str(pk): [found.filename, found.added]}
        return redirect("import_detail", pk)
    if found.state == Import.State.DONE:
        say_taken_back(request, found.filename, count)
    return redirect("imports")


def tell_taken_back(request: HttpRequest) -> None:
    """Say of each import that a worker was to take back that it is gone, once."""
    waiting: dict[str, list[Any]] = request.session.get(TAKEN_BACK, {})
    if not waiting:
        return
    there = {str(pk) for pk in Import.objects.filter(pk__in=waiting).values_list("pk", flat=True)}
    for pk, (filename, count) in waiting.items():
        if pk not in there:
            say_taken_back(request, filename, count)
    request.session[TAKEN_BACK] = {pk: facts for pk, facts in waiting.items() if pk in there}


def say_taken_back(request: HttpRequest, filename: str, count: int) -> None:
    messages.success(
        request,
        ngettext("Took back %(count)s transaction of %(file)s.", "Took back %(count)s transactions of %(file)s.", count)
        % {"count": locales.localised(f"{count:,}"), "file": filename or gettext("a file")},
    )


@require_safe
def portfolio_export(request: HttpRequest, pk: int) -> HttpResponse:
    portfolio = get_object_or_404(Portfolio.objects.of(owner(request)), pk=pk)
    headers = {"Content-Disposition": f'attachment; filename="{export_name(portfolio)}"'}
    return HttpResponse(export_csv(portfolio), content_type="text/csv; charset=utf-8", headers=headers)


def own_import(request: HttpRequest, pk: int) -> Import:
    found = Import.objects.filter(portfolio__user=owner(request)).select_related("portfolio__user")
    return get_object_or_404(found, pk=pk)
