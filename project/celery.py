"""The workers' application: two queues, so that a thousand messages never delay a tick of the market."""

import gc
import os

from celery import Celery
from celery.schedules import crontab
from celery.signals import beat_init, celeryd_init, setup_logging, worker_process_init
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
app = Celery("tickfolio")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.task_routes = {"project.tasks.tick": {"queue": "market"}}
app.conf.beat_schedule = {
    # The poll's own interval is decided inside the tick; the bell rings each second and is cheap when nothing is due.
    "tick": {"task": "project.tasks.tick", "schedule": 1.0, "options": {"expires": 1.0}},
    "imports": {"task": "dashboard.tasks.find_imports", "schedule": 5.0, "options": {"expires": 5.0}},
    "histories": {"task": "dashboard.tasks.fetch_histories", "schedule": 60.0, "options": {"expires": 60.0}},
    "sparklines": {"task": "dashboard.tasks.refresh_sparklines", "schedule": 60.0, "options": {"expires": 60.0}},
    "snapshots": {"task": "dashboard.tasks.take_snapshots", "schedule": 60.0, "options": {"expires": 60.0}},
    "days": {"task": "dashboard.tasks.find_days", "schedule": 60.0, "options": {"expires": 60.0}},
    "thinning": {"task": "dashboard.tasks.thin_snapshots", "schedule": crontab(hour=3, minute=17)},
    "samples": {"task": "dashboard.tasks.thin_samples", "schedule": crontab(minute="1-59/5")},
    "coins": {"task": "project.tasks.find_new_coins", "schedule": 60.0, "options": {"expires": 60.0}},
}
if settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    app.conf.beat_schedule["checkpoint"] = {
        "task": "project.tasks.checkpoint",
        "schedule": 5.0,
        "options": {"expires": 5.0},
    }
    # So many tasks share a connection: one for each took a fifth of a small tick. Connections to a server, which may
    # break, are made for each task.
    app.conf["CELERY_DB_REUSE_MAX"] = 100
app.autodiscover_tasks(["project", "dashboard", "notifications"])


worker = "worker"


@celeryd_init.connect
def learn_name(sender: str, **kwargs: object) -> None:
    """The worker's processes report under its queue's name, which is the first part of its own."""
    global worker
    worker = sender.partition("@")[0]


@worker_process_init.connect
def begin_work(**kwargs: object) -> None:
    from dashboard.live.announce import keep_connection  # not before Django is set up

    keep_connection()
    # What is loaded by now stays: looking through all of it again and again made one tick in many late.
    gc.collect()
    gc.freeze()
    report(worker)


@beat_init.connect
def report_beat(**kwargs: object) -> None:
    report("beat")


def report(kind: str) -> None:
    from project.metrics import reporting  # not before Django is set up

    reporting.start(kind)


@setup_logging.connect
def keep_our_logging(**kwargs: object) -> None:
    """The settings have set up logging; the worker must not replace it."""
