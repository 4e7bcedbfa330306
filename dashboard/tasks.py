"""The workers' tasks about what is owned. Each reads from the database what there is to do and is safe to run twice."""

from celery import shared_task

from dashboard import clock, examining, recording, snapshots
from dashboard.backfill import working as backfill
from dashboard.importing import working
from dashboard.market import history, samples, sparklines


@shared_task(name=history.TASK, ignore_result=True, soft_time_limit=240, time_limit=280)
def fetch_histories() -> None:
    """Fetch the daily prices that figures lack and make those anew. Not retried: it is rung each minute."""
    for asset_id in history.fetch_wanted():
        recording.revalue(asset_id)
        backfill.mark_priced(asset_id)


@shared_task(name=backfill.TASK, ignore_result=True, soft_time_limit=540, time_limit=600)
def value_days(portfolio_id: int) -> None:
    """Value a portfolio's past days. Not retried: what is left undone is rung for again when its lease is over."""
    backfill.work_on(portfolio_id)


@shared_task(name="dashboard.tasks.find_days", ignore_result=True, soft_time_limit=20, time_limit=30)
def find_days() -> None:
    """Ring for portfolios whose daily values are not up to date. Not retried: it is rung again in a minute."""
    backfill.sweep(clock.now())


@shared_task(name="dashboard.tasks.refresh_sparklines", ignore_result=True, soft_time_limit=50, time_limit=55)
def refresh_sparklines() -> None:
    """Fetch the small charts of held coins that lack one or whose is old. Not retried: it is rung each minute."""
    sparklines.refresh_sparklines()


@shared_task(name="dashboard.tasks.take_snapshots", ignore_result=True)
def take_snapshots() -> None:
    """Write down what every portfolio is worth, once in five minutes. Not retried: it is rung again in a minute."""
    snapshots.take_snapshots()


@shared_task(name="dashboard.tasks.thin_snapshots", ignore_result=True)
def thin_snapshots() -> None:
    """Let go of snapshots that nobody needs so close together any more. Not retried: tomorrow's takes more."""
    snapshots.thin_snapshots()


@shared_task(name="dashboard.tasks.thin_samples", ignore_result=True, soft_time_limit=240, time_limit=280)
def thin_samples() -> None:
    """Merge prices that nobody needs so close together any more. Not retried: the next one goes on in five minutes."""
    samples.thin()


@shared_task(name=working.TASK, ignore_result=True, soft_time_limit=540, time_limit=600)
def work_on_import(import_id: int) -> None:
    """Read or record one long file. Not retried: what is left undone is rung for again when its lease is over."""
    working.work_on(import_id)


@shared_task(name="dashboard.tasks.find_imports", ignore_result=True, soft_time_limit=4, time_limit=8)
def find_imports() -> None:
    """Ring for imports and checks that wait for a worker, or whose worker is gone. Not retried: it is rung anew."""
    working.sweep(clock.now())
    examining.sweep(clock.now())


@shared_task(name=examining.TASK, ignore_result=True, soft_time_limit=150, time_limit=170)
def check_ledger(portfolio_id: int) -> None:
    """Post all transactions of a portfolio anew. Not retried: it is rung for again when its lease is over."""
    examining.work_on(portfolio_id)
