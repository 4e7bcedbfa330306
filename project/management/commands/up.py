"""Runs Tickfolio on this machine: everything it needs, until Ctrl-C."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from project.runner.startup import CannotStart, run


class Command(BaseCommand):
    help = "Runs Tickfolio on this machine: Redis (unless REDIS_URL is set), web, workers and beat, until Ctrl-C."
    requires_system_checks = ()
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--demo", action="store_true", help="add the recorded market (see `manage.py demo`)")

    def handle(self, *args: Any, demo: bool, **options: Any) -> None:
        try:
            run(demo=demo)
        except CannotStart as obstacle:
            raise CommandError(str(obstacle)) from obstacle
