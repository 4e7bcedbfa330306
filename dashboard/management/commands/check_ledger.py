"""`manage.py check_ledger`: every transaction posted anew and held against all that is kept."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from dashboard.examining import check, fault_found
from dashboard.management.choosing import chosen_portfolio
from dashboard.models import Portfolio


class Command(BaseCommand):
    help = "Check that the figures of all portfolios, of a user's or of one, are those of their transactions."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--user")
        parser.add_argument("--portfolio", help="needs --user")

    def handle(self, *args: Any, **options: Any) -> None:
        user, name = options["user"], options["portfolio"]
        chosen = Portfolio.objects.order_by("pk")
        if user and name:
            chosen = chosen.filter(pk=chosen_portfolio(user, name).pk)
        elif user:
            chosen = chosen.filter(user__username=user)
        broken = 0
        for portfolio in chosen.select_related("user"):
            done = check(portfolio)
            fault = fault_found(done)
            broken += fault is not None
            said = f"{fault.asset} is off by {fault.gap}" if fault else "every figure adds up"
            where = f", transaction {fault.transaction}" if fault and fault.transaction else ""
            self.stdout.write(
                f"{portfolio.user.username}/{portfolio.name}: {done.transactions} transactions, {said}{where}"
            )
        if broken:
            raise SystemExit(1)
