"""The doorbell of the workers. It may ring twice or never: what there is to do stands in the database, where a sweep
finds it when nobody heard the bell.
"""

from collections.abc import Iterable
from typing import Final

import structlog
from celery import current_app
from kombu.exceptions import OperationalError

logger = structlog.get_logger(__name__)

WITHOUT_PATIENCE: Final = {"max_retries": 1, "interval_start": 0, "interval_step": 0}
SILENCE: Final = {"socket_connect_timeout": 2, "socket_timeout": 2}
"""Seconds; a broker that takes a connection and then says nothing would hold up a request for ever."""


def ring(task: str, *calls: Iterable[object]) -> None:
    """Send the task once for each list of arguments; a broker that is away is noted, and not waited for."""
    if not calls:
        return
    options = {**current_app.conf.broker_transport_options, **WITHOUT_PATIENCE, **SILENCE}
    try:
        with current_app.connection_for_write(connect_timeout=2, transport_options=options) as broker:
            for arguments in calls:
                current_app.send_task(task, args=list(arguments), retry=False, connection=broker)
    except (OperationalError, OSError) as error:
        logger.warning("bell.unheard", task=task, error=str(error))
