"""Long files, by workers: what there is to do stands in the database, and a worker takes it for a while (a lease).

A worker that is killed leaves nothing behind but its lease; when that is over, another begins anew. Nothing is visible
before the one transaction of the database that records all of it and says that it is done.
"""

import time
import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

import structlog
from django.db import transaction as database
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext

from accounts.locales import as_read_by
from dashboard import bell, clock
from dashboard.drafts import DraftErrors
from dashboard.importing.files import received
from dashboard.importing.preview import Preview, counts, sample_of
from dashboard.importing.reading import Reading
from dashboard.importing.storing import prepare, record
from dashboard.importing.table import UnreadableFile
from dashboard.models import Import, ImportFile
from dashboard.recording import TooMany, undo_import

logger = structlog.get_logger(__name__)
TASK: Final = "dashboard.tasks.work_on_import"
State = Import.State
AT_WORK: Final = (State.READING, State.RUNNING, State.UNDOING)
LEASE: Final = timedelta(seconds=20)
LEASE_OF_WRITING: Final = timedelta(seconds=60)
MOST_AT_ONCE: Final = 2
"""Imports at work at the same time on all machines, so that messages to people find a free worker."""
MOST_TURNS: Final = 5
TELL_EVERY: Final = 0.5
"""Seconds between two words about the progress."""


class TakenAway(Exception):
    """The import was discarded, or another worker has it now."""


def ring(imports: Iterable[int]) -> None:
    bell.ring(TASK, *([import_id] for import_id in imports))


def sweep(now: datetime) -> None:
    """Ring for every import that waits for a worker, or whose worker is gone."""
    ring(free(now).order_by("pk").values_list("pk", flat=True)[:20])


def free(now: datetime) -> QuerySet[Import]:
    nobody = Q(lease_until__isnull=True) | Q(lease_until__lte=now)
    return Import.objects.filter(nobody, state__in=AT_WORK)


def work_on(import_id: int) -> None:
    """Do what there is to do for one import, if no other worker is at it. Ringing twice does no harm."""
    turn = take(import_id)
    if turn is None:
        return
    with as_read_by(turn.kept.portfolio.user):
        try:
            if turn.kept.state == State.UNDOING:
                turn.undo()
            elif turn.kept.turns > MOST_TURNS:
                turn.fail(
                    gettext(
                        "The import was interrupted again and again. Nothing was imported; send the file once more."
                    )
                )
            elif turn.kept.state == State.READING:
                turn.look()
            else:
                turn.record()
        except DraftErrors as error:
            turn.give_up(error.sentences)
        except (UnreadableFile, TooMany) as error:
            turn.give_up(str(error))
        except TakenAway:
            logger.info("import.taken_away", id=import_id)
    sweep(clock.now())


def take(import_id: int) -> "Turn | None":
    now = clock.now()
    if not free(now).filter(pk=import_id).exists():
        return None
    with database.atomic():
        if Import.objects.filter(state__in=AT_WORK, lease_until__gt=now).count() >= MOST_AT_ONCE:
            return None
        worker = uuid.uuid4().hex
        turn = {"worker": worker, "lease_until": now + LEASE, "turns": F("turns") + 1, "lines_done": 0}
        if not free(now).filter(pk=import_id).update(**turn):
            return None
    return Turn(Import.objects.select_related("portfolio__user").get(pk=import_id))


class Turn:
    """One worker's time with one import. Every word it writes is conditional on the import still being its own."""

    def __init__(self, kept: Import) -> None:
        self.kept = kept
        self.told = time.monotonic()

    @property
    def own(self) -> QuerySet[Import]:
        return Import.objects.filter(pk=self.kept.pk, worker=self.kept.worker, state=self.kept.state)

    def change(self, **fields: object) -> None:
        if not self.own.update(**fields):
            raise TakenAway

    def end(self, state: Import.State, **fields: object) -> None:
        self.change(state=state, worker="", lease_until=None, turns=0, lines_done=0, **fields)

    def progress(self, line: int) -> None:
        """Say how far the reading is, and that the worker is alive."""
        if time.monotonic() - self.told > TELL_EVERY:
            self.told = time.monotonic()
            self.change(lines_done=line, lease_until=clock.now() + LEASE)

    def read(self) -> Reading:
        try:
            file = received(self.kept)
        except ImportFile.DoesNotExist as error:
            raise TakenAway from error
        reading = file.read(self.kept.portfolio, introduce=True, progress=self.progress)
        self.change(lines_done=self.kept.lines, lease_until=clock.now() + LEASE_OF_WRITING)
        return reading

    def look(self) -> None:
        """Note what the import would do, for its owner to decide."""
        preview = prepare(self.read(), self.kept.portfolio).preview
        self.end(State.PREVIEW, sample=sample_of(preview), **counts(preview))

    def record(self) -> None:
        def finish(preview: Preview) -> Import:
            Import.objects.filter(pk=self.kept.pk).update(**counts(preview))
            ImportFile.objects.filter(pk=self.kept.pk).delete()
            return self.kept

        # The end comes first, so that on every database a second worker waits there and then finds that it is done.
        record(self.read(), self.kept.portfolio, finish, begin=lambda: self.end(State.DONE))

    def undo(self) -> None:
        """Take back what the import added, and forget it; a worker that is killed leaves all of it as it was."""
        self.change(lease_until=clock.now() + LEASE_OF_WRITING)
        undo_import(self.kept)

    def give_up(self, reason: str) -> None:
        """Say why the work can't be done. What was to be taken back stays, as it was."""
        if self.kept.state == State.UNDOING:
            self.end(State.DONE, failure=(gettext("%(error)s Nothing was taken back.") % {"error": reason})[:500])
        else:
            self.fail(gettext("%(error)s Nothing was imported.") % {"error": reason})

    def fail(self, reason: str) -> None:
        with database.atomic():
            if self.own.update(state=State.FAILED, failure=reason[:500], worker="", lease_until=None, sample=""):
                ImportFile.objects.filter(pk=self.kept.pk).delete()
