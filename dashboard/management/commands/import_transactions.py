"""`manage.py import_transactions`: a file into a portfolio, from a shell.

Exit status 0: everything was understood; 1: some rows need a decision (all others were imported); 2: nothing was.
"""

import sys
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from dashboard import recording
from dashboard.drafts import DraftErrors
from dashboard.importing.service import import_now, label_of, preview_now
from dashboard.importing.table import UnreadableFile
from dashboard.management.choosing import add_portfolio_arguments, chosen_portfolio
from dashboard.models import Import


class Command(BaseCommand):
    help = "Import a file of transactions. Exit status 1 when any row needs a decision, 2 when nothing was imported."

    def add_arguments(self, parser: CommandParser) -> None:
        add_portfolio_arguments(parser)
        parser.add_argument("--timezone", default="", help="zone of times that state none, such as Europe/Berlin")
        parser.add_argument("--dry-run", action="store_true", help="only say what would be done")
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        portfolio = chosen_portfolio(options["user"], options["portfolio"])
        path: Path = options["file"]
        work = preview_now if options["dry_run"] else import_now
        try:
            done = work(portfolio, path.name, path.read_bytes(), options["timezone"])
        except OSError as error:
            raise CommandError(f"{path} can't be read: {error.strerror}.", returncode=2) from error
        except (UnreadableFile, DraftErrors, recording.TooMany) as error:
            raise CommandError(f"Nothing was imported. {error}", returncode=2) from error
        except ValidationError as error:
            raise CommandError(f"--timezone: {' '.join(error.messages)}", returncode=2) from error
        self.report(done, "would be added" if options["dry_run"] else "added")
        if done.review:
            sys.exit(1)

    def report(self, done: Import, added: str) -> None:
        for row in done.review:
            self.stderr.write(f"line {row['line']}: {row['reason']}\n    {row['raw']}")
        for skip in done.skips:
            self.stderr.write(f"{skip['rows']} left out: {skip['reason']}")
        self.stdout.write(
            f"{label_of(done.format)}: {done.added} {added}, {done.duplicates} duplicates, {done.skipped} skipped, "
            f"{len(done.review)} for review"
        )
