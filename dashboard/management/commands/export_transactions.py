"""`manage.py export_transactions`: a portfolio's transactions as Tickfolio's own CSV, on standard output."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from dashboard.exporting import export_csv
from dashboard.management.choosing import add_portfolio_arguments, chosen_portfolio


class Command(BaseCommand):
    help = "Write a portfolio's transactions as CSV to standard output."

    def add_arguments(self, parser: CommandParser) -> None:
        add_portfolio_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(export_csv(chosen_portfolio(options["user"], options["portfolio"])), ending="")
