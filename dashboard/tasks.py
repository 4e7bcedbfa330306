"""The workers' tasks about what is owned. Each reads from the database what there is to do and is safe to run twice."""

from celery import shared_task

from dashboard import recording
from dashboard.market import history


@shared_task(name=history.TASK, ignore_result=True, soft_time_limit=240, time_limit=280)
def fetch_histories() -> None:
    """Fetch the daily prices that figures lack and make those anew. Not retried: it is rung each minute."""
    for asset_id in history.fetch_wanted():
        recording.revalue(asset_id)
