"""Saying what the columns of a file mean that no format knows: seen beside its first rows, kept for the next one."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from dashboard.importing.files import content_of
from dashboard.importing.guessing import find_unknown, first_lines, guess
from dashboard.importing.mapping import distinct, remembered_map
from dashboard.importing.mapping_form import MappingForm
from dashboard.importing.service import AlreadyConfirmed
from dashboard.importing.table import UnreadableFile
from dashboard.importing.unknown import is_of_own_columns, name_columns
from dashboard.models import Import
from dashboard.views.chosen import owner


@require_http_methods(["GET", "HEAD", "POST"])
def import_mapping(request: HttpRequest, pk: int) -> HttpResponse:
    user = owner(request)
    waiting = get_object_or_404(Import.objects.select_related("portfolio__user"), pk=pk, portfolio__user=user)
    if not is_of_own_columns(waiting):
        raise Http404
    table = find_unknown(content_of(waiting))
    known = remembered_map(user, table.header) or guess(table, waiting.portfolio.currency)
    form = MappingForm(request.POST if request.method == "POST" else None, table=table, known=known)
    if form.is_valid():
        try:
            name_columns(waiting, table, form.column_map())
        except (UnreadableFile, AlreadyConfirmed) as error:
            form.add_error(None, gettext("%(error)s Nothing was imported.") % {"error": error})
        else:
            messages.success(request, gettext("Kept for later files with these columns."))
            return redirect("import_detail", pk)
    context = {"import": waiting, "form": form, "header": distinct(table.header), "lines": first_lines(table)}
    return render(request, "dashboard/import_mapping.html", context)
