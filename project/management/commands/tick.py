"""`manage.py tick`: one market tick, at once and in this process; for cron, and for looking at what a tick does."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from dashboard.market.refresh import MarketHealth, Tick, market_state
from project.tick import tick


class Command(BaseCommand):
    help = "Make one market tick and say in one line what came of it. Exit status 1 when the price source fails."

    def handle(self, *args: Any, **options: Any) -> None:
        news = tick()
        health = market_state()
        if news is None and health.failing_since is not None:
            raise CommandError(
                f"{health.source} fails since {health.failing_since:%Y-%m-%d %H:%M:%S} UTC: {health.reason}"
            )
        self.stdout.write(summary(news, health))


def summary(news: Tick | None, health: MarketHealth) -> str:
    if news is not None:
        return f"tick {news.sequence}: {len(news.quotes)} quotes changed, newest price of {health.as_of:%H:%M:%S} UTC"
    following = f", next poll at {health.next_poll_at:%H:%M:%S} UTC" if health.next_poll_at else ""
    return f"tick {health.sequence}: nothing new{following}"
