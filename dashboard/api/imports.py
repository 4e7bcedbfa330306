"""`imports`: files of transactions, previewed, recorded in one step, taken back in one."""

from collections.abc import Mapping
from typing import Annotated

from django.core.exceptions import ValidationError
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext
from ninja import File, Form, Router, Status
from ninja.files import UploadedFile
from pydantic import TypeAdapter

from accounts.api import ApiRequest
from accounts.models import User
from dashboard.api.errors import of_draft, unprocessable
from dashboard.api.portfolios import portfolio_of
from dashboard.api.schemas import ImportOut, ReviewOut, SkipOut
from dashboard.drafts import DraftErrors
from dashboard.importing.service import import_file, take_back, upload_file
from dashboard.importing.table import UnreadableFile
from dashboard.models import Asset, Import
from dashboard.representation import Text

DECISIONS = TypeAdapter(dict[Text, Text])
router = Router(tags=["imports"])


def import_of(user: User, import_id: int) -> Import:
    found = Import.objects.filter(portfolio__user=user).select_related("portfolio").defer("sample")
    return get_object_or_404(found, pk=import_id)


@router.post("/portfolios/{int:portfolio_id}/imports", response={201: ImportOut, 200: ImportOut, 202: ImportOut})
def create_import(
    request: ApiRequest,
    portfolio_id: int,
    file: Annotated[UploadedFile, File()],
    timezone: Annotated[
        Text | None, Form(description=gettext("zone of times that state none, such as Europe/Berlin"))
    ] = None,
    commit: Annotated[bool, Form(description=gettext("false only says what would be done"))] = True,
    decisions: Annotated[Text | None, Form(description="JSON object {ticker: asset id}")] = None,
) -> Status[ImportOut]:
    """Import a file: 201 when it is recorded, 200 with the preview when `commit` is false.

    A long file is answered 202, with `added` null: ask `GET imports/{id}` until its `state` is `done` (or `preview`
    when `commit` is false, or `failed`).

    Rows that need a decision are listed and left out; all others are recorded together.
    """
    portfolio = portfolio_of(request.auth, portfolio_id)
    work = import_file if commit else upload_file
    try:
        done = work(portfolio, file.name or "", file.read(), timezone or "", read_decisions(decisions or ""))
    except UnreadableFile as error:
        raise unprocessable("file", str(error)) from error
    except ValidationError as error:
        raise unprocessable("timezone", " ".join(error.messages)) from error
    except DraftErrors as error:
        raise of_draft(error) from error
    return Status(202 if done.is_at_work else 201 if commit else 200, fields_of(done))


@router.get("/imports/{int:import_id}", response=ImportOut)
def get_import(request: ApiRequest, import_id: int) -> ImportOut:
    return fields_of(import_of(request.auth, import_id))


@router.delete("/imports/{int:import_id}", response={204: None, 202: ImportOut})
def delete_import(request: ApiRequest, import_id: int) -> Status[ImportOut | None]:
    """Take back all that the import added: 204 when it is done.

    Where that is much the answer is 202, with `state` `undoing`: `GET imports/{id}` answers 404 when it is done, or
    tells in `failure` why it can't be.
    """
    found = import_of(request.auth, import_id)
    try:
        count = take_back(found)
    except DraftErrors as error:
        raise of_draft(error) from error
    return Status(204, None) if count is not None else Status(202, fields_of(found))


def read_decisions(text: str) -> Mapping[str, str]:
    if not text.strip():
        return {}
    try:
        stated = DECISIONS.validate_json(text)
    except ValueError as error:
        raise unprocessable("decisions", gettext("Send a JSON object {ticker: asset id}.")) from error
    if unknown := sorted(set(stated.values()) - Asset.objects.coins().in_bulk(stated.values()).keys()):
        raise unprocessable(
            "decisions", gettext("No such coin is known: %(unknown)s.") % {"unknown": f"{unknown[0][:100]!r}"}
        )
    return stated


def fields_of(done: Import) -> ImportOut:
    return ImportOut(
        id=done.pk,
        portfolio=done.portfolio_id,
        state=done.state,
        filename=done.filename,
        format=done.format,
        timezone=done.time_zone,
        added=done.added,
        duplicates=done.duplicates,
        skipped=done.skipped,
        skips=[SkipOut(**skip) for skip in done.skips],
        review=[ReviewOut(**row) for row in done.review],
        failure=done.failure,
        lines=done.lines,
        lines_done=done.lines_done,
        created_at=done.created_at,
    )
