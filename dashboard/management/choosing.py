"""Which portfolio a command means by its options."""

from django.core.management.base import CommandError, CommandParser

from dashboard.models import Portfolio


def add_portfolio_arguments(parser: CommandParser) -> None:
    parser.add_argument("--user", required=True, help="user name of the portfolio's owner")
    parser.add_argument("--portfolio", required=True, help="name of the portfolio, or its number")


def chosen_portfolio(username: str, name: str) -> Portfolio:
    """The user's portfolio of that name, else of that number. Raises CommandError where there is none."""
    owned = Portfolio.objects.filter(user__username=username).select_related("user")
    found = owned.filter(name__iexact=name).first()
    if found is None and name.isascii() and name.isdigit():
        found = owned.filter(pk=int(name)).first()
    if found is None:
        known = ", ".join(owned.values_list("name", flat=True)) or "none"
        raise CommandError(f"{username!r} has no portfolio {name!r}. There is: {known}.", returncode=2)
    return found
