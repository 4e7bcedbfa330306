"""Who calls the API: the bearer of a token. A browser's session says nothing here."""

from datetime import timedelta

from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone
from ninja.security import HttpBearer

from accounts.models import ApiToken, User

SEEN_EVERY = timedelta(minutes=10)
"""How exact `last_used_at` is: a call should not cost a write."""


class ApiRequest(HttpRequest):
    """A request that TokenAuth let through."""

    auth: User


class TokenAuth(HttpBearer):
    """Finds the account of `Authorization: Bearer TOKEN`, by the token's hash alone.

    An unknown token and one of a disabled account take the same single query and get the same 401. Afterwards
    `request.auth` and `request.user` are the account.
    """

    def authenticate(self, request: HttpRequest, token: str) -> User | None:
        if (found := ApiToken.objects.matching(token).first()) is None:
            return None
        note_use(found)
        request.user = found.user
        return found.user


def note_use(token: ApiToken) -> None:
    now = timezone.now()
    if token.last_used_at is None or token.last_used_at < now - SEEN_EVERY:
        unseen = Q(last_used_at=None) | Q(last_used_at__lt=now - SEEN_EVERY)
        ApiToken.objects.filter(unseen, pk=token.pk).update(last_used_at=now)
