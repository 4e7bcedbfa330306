"""The workers' tasks about what is owned. Each reads from the database what there is to do and is safe to run twice."""

from celery import shared_task

from dashboard import recording, snapshots
from dashboard.market import history


@shared_task(name=history.TASK, ignore_result=True, soft_time_limit=240, time_limit=280)
def fetch_histories() -> None:
    """Fetch the daily prices that figures lack and make those anew. Not retried: it is rung each minute."""
    for asset_id in history.fetch_wanted():
        recording.revalue(asset_id)


@shared_task(name="dashboard.tasks.take_snapshots", ignore_result=True)
def take_snapshots() -> None:
    """Write down what every portfolio is worth, once in five minutes. Not retried: it is rung again in a minute."""
    snapshots.take_snapshots()


@shared_task(name="dashboard.tasks.thin_snapshots", ignore_result=True)
def thin_snapshots() -> None:
    """Let go of snapshots that nobody needs so close together any more. Not retried: tomorrow's takes more."""
    snapshots.thin_snapshots()
