"""Service: what is to be said about a way of telling somebody, in writing, by another one of theirs."""

from datetime import datetime

import structlog

from notifications import allowance
from notifications.transports import TRANSPORTS, ready_for
from notifications.transports.base import InDoubt, Message, NotAccepted

logger = structlog.get_logger(__name__)


def write(message: Message, *, about: str, now: datetime) -> bool:
    """Send it by the first other transport that reaches its reader and has a message left today; False: by none.

    At most once: a notice that may have been sent counts as sent.
    """
    user = message.user
    for name in ready_for(user):
        transport, target = TRANSPORTS[name], TRANSPORTS[name].target(user)
        if name in {"toast", about} or target is None or not allowance.spend_one(user, name, now):
            continue
        try:
            transport.send(message, target)
        except NotAccepted as error:
            logger.warning("notices.not_written", user=user.pk, about=about, by=name, reason=error.reason)
            continue
        except InDoubt:
            pass
        return True
    return False
