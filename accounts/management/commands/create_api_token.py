"""`manage.py create_api_token USERNAME`: prints a new token, which can't be shown again."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import User, issue_token


class Command(BaseCommand):
    help = "Print a new API token of a user. It is shown this once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--name", default="Command line", help="what the settings page calls it")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username=options["username"]).first()
        if user is None:
            raise CommandError(f"There is no user {options['username']!r}.")
        if not user.is_active:
            raise CommandError(f"The account of {options['username']!r} is disabled: its tokens are refused.")
        self.stdout.write(issue_token(user, options["name"][:60]))
