"""How the web process answers requests for pages."""

from typing import Any

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIHandler
from django.http import HttpRequest
from django.http.response import HttpResponseBase


class Pages(ASGIHandler):
    """Django's pages, each made from the first middleware to the last in one visit to a thread.

    Django's own way comes back to the event loop for every middleware that could do without a thread, a dozen times,
    and each time waits behind the open pages that a tick is just being sent to.
    """

    def load_middleware(self, is_async: bool = True) -> None:
        super().load_middleware(is_async=False)

    async def get_response_async(self, request: HttpRequest) -> HttpResponseBase:
        answer: Any = sync_to_async(self.get_response)
        response: HttpResponseBase = await answer(request)
        return response
