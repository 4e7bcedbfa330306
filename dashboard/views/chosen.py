"""What a request is about, found through its owner: anything else is not found."""

from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404

from accounts.models import User
from dashboard.models import Portfolio


def owner(request: HttpRequest) -> User:
    """The person whose page this is; the middleware lets nobody else this far."""
    assert isinstance(request.user, User)  # noqa: S101
    return request.user


def chosen_portfolio(request: HttpRequest) -> Portfolio | None:
    """The portfolio that the address names; None means all of them."""
    named = request.GET.get("portfolio", "")
    if not named:
        return None
    if not named.isascii() or not named.isdigit():
        raise Http404
    return get_object_or_404(Portfolio.objects.of(owner(request)), pk=named)
