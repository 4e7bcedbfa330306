"""The tasks that belong to no single app."""

from celery import shared_task

from project.pulse import worker_was_here
from project.tick import tick as run_tick


@shared_task(name="project.tasks.tick", ignore_result=True, acks_late=False, time_limit=30, soft_time_limit=20)
def tick() -> None:
    """One market tick. Never retried: the next second's tick is the retry."""
    run_tick()
    worker_was_here()
