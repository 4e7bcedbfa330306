"""API tokens: made and shown once, revoked. Who is signed in is the library's business."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from accounts.forms import TokenForm
from accounts.models import ApiToken, User, issue_token

MOST_TOKENS = 20


@require_POST
def token_add(request: HttpRequest) -> HttpResponse:
    """Answers with the token itself: it is stored nowhere, so no other page could show it."""
    assert isinstance(request.user, User)  # noqa: S101
    form = TokenForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Say what the token is for, in at most 60 characters.")
    elif request.user.api_tokens.count() >= MOST_TOKENS:
        messages.error(request, f"You have {MOST_TOKENS} tokens; revoke one to make room.")
    else:
        token = issue_token(request.user, form.cleaned_data["name"])
        return render(request, "accounts/token.html", {"token": token, "name": form.cleaned_data["name"]})
    return redirect("/settings/#tokens")


@require_POST
def token_revoke(request: HttpRequest, pk: int) -> HttpResponse:
    token = get_object_or_404(ApiToken.objects.filter(user=request.user), pk=pk)  # type: ignore[misc]
    token.delete()
    messages.success(
        request, gettext("Token %(token)s revoked; whatever uses it is locked out now.") % {"token": token.name}
    )
    return redirect("/settings/#tokens")
