"""What every request passes: who may see a page without logging in, and whose clock and currency it is shown in."""

from collections.abc import Callable
from time import perf_counter
from typing import Any

from django.conf import settings
from django.contrib.auth.middleware import LoginRequiredMiddleware as DjangoLoginRequiredMiddleware
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware
from django.utils import timezone

from accounts import locales
from project.metrics import families
from project.metrics.counting import counting

# The written list of pages that need no login. Everything else does.
PUBLIC_PATHS = (
    "/accounts/",  # sign-up, login, reset: the library guards its own
    "/api/",  # tokens, checked by the API itself
    "/healthz",
    "/readyz",
    "/unsubscribe/",  # signed links in mails
    "/webhooks/",  # signatures, checked by each
)
PUBLIC_EXACTLY = {
    "/",  # the landing page
    "/words.js",  # what scripts say
    "/offline/",  # what is shown while the server is away
    "/manifest.webmanifest",  # what an installed app is called
    "/service-worker.js",  # the same for everybody
    "/settings/delivery/push/renew/",  # a browser's own secret, checked by itself
    "/metrics",  # a token or a session of staff, checked by itself
}


class LoginRequiredMiddleware(DjangoLoginRequiredMiddleware):
    """Sends anonymous people to the login page, but for the list above."""

    def process_view(
        self,
        request: HttpRequest,
        view_func: Callable[..., HttpResponseBase],
        view_args: tuple[Any, ...],
        view_kwargs: dict[Any, Any],
    ) -> HttpResponseBase | None:
        if request.path in PUBLIC_EXACTLY or request.path.startswith(PUBLIC_PATHS):
            return None
        return super().process_view(request, view_func, view_args, view_kwargs)


class MeasuringMiddleware:
    """Counts requests and times them by the view's name: whatever else an address holds is nobody's label."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        start = perf_counter()
        response = self.get_response(request)
        view = view_name(request)
        counting.count(families.REQUESTS, view, f"{response.status_code // 100}xx")
        counting.observe(families.REQUEST_SECONDS, perf_counter() - start, view)
        return response


class CompressingMiddleware(GZipMiddleware):
    """Compresses answers, with random bytes among them, so that their length doesn't tell what they say.

    What is streamed goes as it is: each piece would be a file of its own, of which some clients read the first.
    """

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        return response if response.streaming else super().process_response(request, response)


def view_name(request: HttpRequest) -> str:
    """The name that its address has in the project; those of the admin and of files are told together."""
    match = request.resolver_match
    if match is None:
        return "file" if request.path.startswith(settings.STATIC_URL) else "none"
    if match.namespace == "admin":
        return "admin"
    return match.url_name or match.route.strip("/").partition("/")[0] or "none"


class PersonalMiddleware:
    """Shows times in the person's zone, all as they read it, and keeps personal pages out of shared caches."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.user.is_authenticated:
            with locales.in_locale(locales.of_browser(request.headers.get("Accept-Language", ""))):
                return self.get_response(request)
        with timezone.override(request.user.zone), locales.as_read_by(request.user):
            response = self.get_response(request)
        response.headers.setdefault("Cache-Control", "no-store")
        return response
