"""The tasks that belong to no single app."""

from celery import shared_task
from django.db import connection

from dashboard.market.search import refresh_coin_list
from project.pulse import worker_was_here
from project.tick import tick as run_tick


@shared_task(name="project.tasks.tick", ignore_result=True, acks_late=False, time_limit=30, soft_time_limit=20)
def tick() -> None:
    """One market tick. Never retried: the next second's tick is the retry."""
    run_tick()
    worker_was_here()


@shared_task(name="project.tasks.find_new_coins", ignore_result=True)
def find_new_coins() -> None:
    """Keep the names of all coins at hand; asks the source once a day. Not retried: it is rung again in a minute."""
    refresh_coin_list()


@shared_task(name="project.tasks.checkpoint", ignore_result=True)
def checkpoint() -> None:
    """Write SQLite's log into its database, so that no transaction waits for the disk. Waits for nobody, either."""
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_checkpoint(PASSIVE)")
