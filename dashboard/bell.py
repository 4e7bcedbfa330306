"""The doorbell of the workers. It may ring twice or never: what there is to do stands in the database, where a sweep
finds it when nobody heard the bell.
"""

from collections.abc import Iterable
from typing import Final

import structlog
from celery import current_app
from kombu import Connection
from kombu.exceptions import OperationalError

logger = structlog.get_logger(__name__)

WITHOUT_PATIENCE: Final = {"max_retries": 1, "interval_start": 0, "interval_step": 0}
SILENCE: Final = {"socket_connect_timeout": 2, "socket_timeout": 2}
"""Seconds; a broker that takes a connection and then says nothing would hold up a request for ever."""


def ring(task: str, *calls: Iterable[object]) -> None:
    """Send the task once for each list of arguments; a broker that is away is noted, and not waited for."""
    if not calls:
        return
    try:
        with connect() as broker:
            for arguments in calls:
                current_app.send_task(task, args=list(arguments), retry=False, connection=broker)
    except (OperationalError, OSError) as error:
        logger.warning("bell.unheard", task=task, error=str(error))


def unheard() -> int:
    """How many rings nobody has come to yet; 0 where the broker is away, and so holds none."""
    queue = current_app.conf.task_default_queue
    try:
        with connect() as broker:
            return broker.default_channel.queue_declare(queue).message_count
    except (OperationalError, OSError) as error:
        logger.warning("bell.silent", error=str(error))
        return 0


def connect() -> Connection:
    options = {**current_app.conf.broker_transport_options, **WITHOUT_PATIENCE, **SILENCE}
    return current_app.connection_for_write(connect_timeout=2, transport_options=options)
