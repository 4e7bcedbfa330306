"""Services: a file is uploaded, decided about and confirmed, as one import. `recording.undo_import` takes it back.

A short file is dealt with at once; a long one is kept for a worker (`working.py`), in the state READING or RUNNING.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction as database
from django.utils.translation import gettext, gettext_noop

from accounts.models import User
from dashboard import clock
from dashboard.importing import working
from dashboard.importing.files import Received, is_long, receive, received
from dashboard.importing.mapping import OWN, OWN_LABEL
from dashboard.importing.preview import Preview, counts, kept_preview, preview_of
from dashboard.importing.reading import Progress, unwatched
from dashboard.importing.recognise import BY_KEY
from dashboard.importing.storing import prepare, record, store
from dashboard.importing.tickers import capitals, remember
from dashboard.models import Asset, Import, ImportFile, Portfolio, TickerAnswer
from dashboard.recording import TooMany, lock, undo_import

KEPT = timedelta(days=1)
"""How long a file waits to be confirmed."""
MOST_WAITING = 5
"""Files of one account that wait to be confirmed, and that wait for a worker."""
UNDONE_AT_ONCE = 5_000
"""More transactions than this are taken back by a worker."""
CONFIRMED = gettext_noop("This import was confirmed before.")
State = Import.State


@dataclass(frozen=True, slots=True)
class Answer:
    """Which coin a ticker means in the files of one source."""

    pk: int
    ticker: str
    source: str
    coin: Asset


class AlreadyConfirmed(Exception):
    """The import was confirmed before; it is not done twice."""


def upload_file(
    portfolio: Portfolio, filename: str, content: bytes, zone: str = "", decisions: Mapping[str, str] | None = None
) -> Import:
    """Keep the file until it is confirmed, counting what it would do; `preview_import` says it in full.

    `zone` is the time zone of times that state none. Raises UnreadableFile, or ValidationError for a zone that doesn't
    exist; then nothing is written.
    """
    file = receive(portfolio.user, content, zone, decisions or {})
    if file.is_long:
        return leave_to_worker(portfolio, filename, file, State.READING)
    preview = preview_of(file.read(portfolio, introduce=True), portfolio)
    with database.atomic():
        return keep(portfolio, filename, file, state=State.PREVIEW, **counts(preview))


def import_file(
    portfolio: Portfolio, filename: str, content: bytes, zone: str = "", decisions: Mapping[str, str] | None = None
) -> Import:
    """Upload and confirm in one step, all or nothing; a long file is RUNNING when this returns."""
    file = receive(portfolio.user, content, zone, decisions or {})
    if file.is_long:
        return leave_to_worker(portfolio, filename, file, State.RUNNING)
    return record_file(portfolio, filename, file)


def import_now(
    portfolio: Portfolio, filename: str, content: bytes, zone: str = "", progress: Progress = unwatched
) -> Import:
    """Upload and confirm in one step, however long that takes."""
    return record_file(portfolio, filename, receive(portfolio.user, content, zone, {}), progress)


def preview_now(
    portfolio: Portfolio, filename: str, content: bytes, zone: str = "", progress: Progress = unwatched
) -> Import:
    """What `import_now` would do; nothing is kept."""
    file = receive(portfolio.user, content, zone, {})
    preview = preview_of(file.read(portfolio, introduce=True, progress=progress), portfolio)
    return Import(portfolio=portfolio, filename=filename, format=file.format, **counts(preview))


def record_file(portfolio: Portfolio, filename: str, file: Received, progress: Progress = unwatched) -> Import:
    def finish(preview: Preview) -> Import:
        return keep(portfolio, filename, file, state=State.DONE, **counts(preview))

    return record(file.read(portfolio, introduce=True, progress=progress), portfolio, finish)


def leave_to_worker(portfolio: Portfolio, filename: str, file: Received, state: Import.State) -> Import:
    with database.atomic():
        check_queue(portfolio.user)
        kept = keep(portfolio, filename, file, state=state)
        database.on_commit(lambda: working.ring([kept.pk]))
    return kept


def check_queue(user: User) -> None:
    waiting = Import.objects.filter(portfolio__user=user, state__in=working.AT_WORK).count()
    if waiting >= MOST_WAITING:
        raise TooMany(
            gettext("%(waiting)s files of yours are being worked on. Wait until one of them is done.")
            % {"waiting": waiting}
        )


def keep(portfolio: Portfolio, filename: str, file: Received, state: Import.State, **fields: object) -> Import:
    forget_old_files(portfolio.user)
    remember(portfolio.user, file.format, file.decisions)
    kept = Import.objects.create(
        portfolio=portfolio,
        filename="".join(c for c in filename if c.isprintable())[:255],
        format=file.format,
        time_zone=file.zone,
        state=state,
        lines=file.lines,
        decisions=capitals(file.decisions),
        **fields,
    )
    if state != State.DONE:
        ImportFile.objects.create(source_import=kept, content=file.text)
    return kept


def preview_import(waiting: Import) -> Preview:
    """What confirming would do now; the portfolio may have changed since the file was uploaded.

    Of a long file: what a worker found when it read the file, with its first drafts only.
    """
    if is_long(waiting):
        return kept_preview(waiting)
    return preview_of(file_of(waiting).read(waiting.portfolio, introduce=False), waiting.portfolio)


def take_back(found: Import) -> int | None:
    """Forget the import with all that it added, and say how many transactions that were.

    None: they are many, or a worker takes them back already; the import is UNDOING until it is gone, or DONE again
    where it can't be taken back. Raises DraftErrors where figures would grow too large without them.
    """
    if found.state == State.UNDOING:
        return None
    if found.state != State.DONE or (found.added or 0) <= UNDONE_AT_ONCE:
        return undo_import(found)
    with database.atomic():
        taken: dict[str, Any] = {"state": State.UNDOING, "worker": "", "lease_until": None, "turns": 0, "lines_done": 0}
        taken |= {"failure": ""}
        if Import.objects.filter(pk=found.pk, state=State.DONE).update(**taken):
            database.on_commit(lambda: working.ring([found.pk]))
    for name, value in taken.items():
        setattr(found, name, value)
    return None


def file_of(waiting: Import) -> Received:
    """Raises AlreadyConfirmed where the file is gone, because somebody has confirmed it meanwhile."""
    try:
        return received(waiting)
    except ImportFile.DoesNotExist as error:
        raise AlreadyConfirmed(gettext(CONFIRMED)) from error


def decide(waiting: Import, decisions: Mapping[str, str]) -> None:
    """Note which coins tickers mean, and look at the file again. Raises AlreadyConfirmed."""
    waiting.decisions = waiting.decisions | capitals(decisions)
    remember(waiting.portfolio.user, waiting.format, decisions)
    look_again(waiting, file_of(waiting))


def look_again(waiting: Import, file: Received) -> None:
    """Count anew what the import would do; of a long file a worker does that. Raises AlreadyConfirmed."""
    fields: dict[str, Any] = {"format": file.format, "lines": file.lines, "decisions": capitals(file.decisions)}
    if file.is_long:
        fields |= {"state": State.READING, "added": None, "review": [], "sample": ""}
    else:
        fields |= {
            "state": State.PREVIEW,
            **counts(preview_of(file.read(waiting.portfolio, introduce=True), waiting.portfolio)),
        }
    with database.atomic():
        if not Import.objects.filter(pk=waiting.pk, state__in=(State.COLUMNS, State.PREVIEW)).update(**fields):
            raise AlreadyConfirmed(gettext(CONFIRMED))
        if file.is_long:
            database.on_commit(lambda: working.ring([waiting.pk]))


def confirm_import(waiting: Import) -> Import:
    """Record what the preview says, all of it or nothing; a long one is RUNNING when this returns.

    Raises AlreadyConfirmed, TooMany, DraftErrors.
    """
    if waiting.state != State.PREVIEW:
        raise AlreadyConfirmed(gettext(CONFIRMED))
    prepared = None
    if not is_long(waiting):
        prepared = prepare(file_of(waiting).read(waiting.portfolio, introduce=False), waiting.portfolio)
    with database.atomic():
        taken: dict[str, Any] = {"state": State.RUNNING, "added": None, "review": [], "sample": ""}
        if not Import.objects.filter(pk=waiting.pk, state=State.PREVIEW).update(**taken):
            raise AlreadyConfirmed(gettext(CONFIRMED))
        if prepared is None:
            database.on_commit(lambda: working.ring([waiting.pk]))
        else:
            lock(waiting.portfolio)
            preview = prepared.valid_for(waiting.portfolio)
            Import.objects.filter(pk=waiting.pk).update(state=State.DONE, **counts(preview))
            ImportFile.objects.filter(pk=waiting.pk).delete()
            store(waiting, preview)
    waiting.refresh_from_db()
    return waiting


def label_of(source: str) -> str:
    """The format in words for people."""
    if source.startswith(OWN):
        return gettext(OWN_LABEL)
    known = BY_KEY.get(source)
    return known.label if known else source


def answers_of(user: User) -> list[Answer]:
    """What the user has said about tickers, which can be taken back."""
    found = TickerAnswer.objects.filter(user=user).select_related("asset")
    return [Answer(row.pk, row.ticker, label_of(row.source), row.asset) for row in found]


def forget_old_files(user: User) -> None:
    """Drop files that nobody confirmed: those of yesterday, and all but the newest few."""
    waiting = Import.objects.filter(portfolio__user=user, state__in=(State.COLUMNS, State.READING, State.PREVIEW))
    waiting.filter(created_at__lt=clock.now() - KEPT).delete()
    newest = list(waiting.order_by("-id").values_list("pk", flat=True)[: MOST_WAITING - 1])
    waiting.exclude(pk__in=newest).delete()
