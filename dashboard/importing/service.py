"""Services: a file is uploaded, decided about and confirmed, as one import. `recording.undo_import` takes it back."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

from django.db import transaction as database

from accounts.models import User, validate_time_zone
from dashboard import clock
from dashboard.importing.formats import Stated
from dashboard.importing.mapping import OWN, OWN_LABEL, own_formats
from dashboard.importing.preview import Preview, preview_text
from dashboard.importing.recognise import BY_KEY, recognise
from dashboard.importing.table import decode
from dashboard.importing.tickers import remembered
from dashboard.introducing import introduce_assets
from dashboard.models import Import, Portfolio
from dashboard.recording import lock, record_transactions

KEPT = timedelta(days=1)
"""How long a file waits to be confirmed."""
MOST_WAITING = 5


class AlreadyConfirmed(Exception):
    """The import was confirmed before; it is not done twice."""


@dataclass(frozen=True, slots=True)
class Received:
    """A file that can be read: its text, its format, and what its owner has decided about its tickers."""

    text: str
    format: str
    zone: str
    decisions: Mapping[str, str]

    def preview(self, portfolio: Portfolio) -> Preview:
        return preview_text(self.text, portfolio, zone_of(self.zone), self.decisions)


def upload_file(
    portfolio: Portfolio, filename: str, content: bytes, zone: str = "", decisions: Mapping[str, str] | None = None
) -> Import:
    """Keep the file until it is confirmed, counting what it would do; `preview_import` says it in full.

    `zone` is the time zone of times that state none. Raises UnreadableFile, or ValidationError for a zone that doesn't
    exist; then nothing is written.
    """
    received = receive(portfolio, content, zone, decisions or {})
    with database.atomic():
        return keep(portfolio, filename, received, received.preview(portfolio))


def import_file(
    portfolio: Portfolio, filename: str, content: bytes, zone: str = "", decisions: Mapping[str, str] | None = None
) -> Import:
    """Upload and confirm in one step, all or nothing."""
    received = receive(portfolio, content, zone, decisions or {})
    with database.atomic():
        lock(portfolio)
        preview = received.preview(portfolio)
        return record(keep(portfolio, filename, received, preview), preview)


def receive(portfolio: Portfolio, content: bytes, zone: str, decisions: Mapping[str, str]) -> Received:
    """The file as text, its coins made known here as far as the price source knows them."""
    if zone:
        validate_time_zone(zone)
    text = decode(content)
    known, table = recognise(text, own_formats(portfolio.user))
    introduce_assets([o.draft for o in known.read(table, zone_of(zone)) if isinstance(o, Stated)])
    answers = remembered(portfolio.user, known.key) | capitals(decisions)
    return Received(text, known.key, zone, answers)


def keep(portfolio: Portfolio, filename: str, received: Received, preview: Preview) -> Import:
    forget_old_files(portfolio.user)
    return Import.objects.create(
        portfolio=portfolio,
        filename="".join(c for c in filename if c.isprintable())[:255],
        format=received.format,
        time_zone=received.zone,
        content=received.text,
        decisions=received.decisions,
        **counts(preview),
    )


def preview_import(waiting: Import) -> Preview:
    """What confirming would do now; the portfolio may have changed since the file was uploaded."""
    return preview_text(waiting.content, waiting.portfolio, zone_of(waiting.time_zone), waiting.decisions)


def decide(waiting: Import, decisions: Mapping[str, str]) -> Preview:
    """Note which coins tickers mean, and say what the import would do with that."""
    waiting.decisions = waiting.decisions | capitals(decisions)
    preview = preview_import(waiting)
    Import.objects.filter(pk=waiting.pk, state=Import.State.PREVIEW).update(
        decisions=waiting.decisions, **counts(preview)
    )
    return preview


def confirm_import(waiting: Import) -> Import:
    """Record what the preview says, all of it or nothing. Raises AlreadyConfirmed, TooMany, DraftErrors."""
    with database.atomic():
        if not Import.objects.filter(pk=waiting.pk, state=Import.State.PREVIEW).update(state=Import.State.RUNNING):
            raise AlreadyConfirmed("This import was confirmed before.")
        lock(waiting.portfolio)
        return record(waiting, preview_import(waiting))


def record(waiting: Import, preview: Preview) -> Import:
    """Add what the preview says. Inside the caller's transaction of the database, with the portfolio locked."""
    record_transactions(waiting.portfolio, preview.drafts, source_import=waiting)
    Import.objects.filter(pk=waiting.pk).update(state=Import.State.DONE, content="", **counts(preview))
    waiting.refresh_from_db()
    return waiting


def counts(preview: Preview) -> dict[str, object]:
    """The preview as an Import keeps it: how many rows, and each that needs a decision."""
    return {
        "added": len(preview.drafts),
        "duplicates": preview.duplicates,
        "skipped": preview.skipped,
        "skips": [asdict(skip) for skip in preview.skips],
        "review": [asdict(row) for row in preview.review],
    }


def label_of(done: Import) -> str:
    """The format in words for people."""
    if done.format.startswith(OWN):
        return OWN_LABEL
    known = BY_KEY.get(done.format)
    return known.label if known else done.format


def zone_of(name: str) -> ZoneInfo | None:
    return ZoneInfo(name) if name else None


def capitals(decisions: Mapping[str, str]) -> dict[str, str]:
    return {ticker.upper(): asset_id for ticker, asset_id in decisions.items()}


def forget_old_files(user: User) -> None:
    """Drop files that nobody confirmed: those of yesterday, and all but the newest few."""
    waiting = Import.objects.filter(portfolio__user=user, state__in=(Import.State.COLUMNS, Import.State.PREVIEW))
    waiting.filter(created_at__lt=clock.now() - KEPT).delete()
    newest = list(waiting.order_by("-id").values_list("pk", flat=True)[: MOST_WAITING - 1])
    waiting.exclude(pk__in=newest).delete()
