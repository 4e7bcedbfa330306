"""Logging out closes the sockets that the session had opened. Other ends of a session are found by looking."""

from typing import Any

from django.contrib.auth.signals import user_logged_out
from django.http import HttpRequest

from dashboard.live.announce import announce_logout


def close_sockets(sender: object, request: HttpRequest | None, user: Any, **kwargs: object) -> None:
    """Runs before the session is flushed, so its key is still the one that the sockets came with."""
    if user is not None and request is not None and request.session.session_key:
        announce_logout(user.pk, request.session.session_key)


def close_sockets_at_logout() -> None:
    """To be called once, when the apps are ready."""
    user_logged_out.connect(close_sockets, dispatch_uid="dashboard.live.sessions")
