"""The JSON API: one OpenAPI document, made of the routers that the apps offer, and one way of saying what is wrong.

Bodies are read exactly: a number in JSON becomes a Decimal, never a float.
"""

import json
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from functools import wraps
from http import HTTPStatus
from typing import Any, cast

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.urls import re_path
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.openapi.schema import OpenAPISchema
from ninja.parser import Parser

from accounts.api import TokenAuth
from dashboard.api import register
from dashboard.api.errors import Unprocessable
from dashboard.api.schemas import Problem
from dashboard.recording import TooMany
from notifications.api import router as notifications

LONGEST_NUMBER = 100
NOT_A_NUMBER = Decimal("NaN")
PROBLEMS = (400, 401, 404, 405, 409, 413, 422)
REFERENCE = "#/components/schemas/{model}"


def exact(text: str) -> Decimal:
    """The number as it stands there. One that nobody could keep is NaN, so that its own field is blamed."""
    try:
        number = Decimal(text[: LONGEST_NUMBER + 1])
    except InvalidOperation:
        return NOT_A_NUMBER
    return number if len(text) <= LONGEST_NUMBER and abs(number.adjusted()) <= LONGEST_NUMBER else NOT_A_NUMBER


class ExactParser(Parser):
    """JSON with exact numbers; NaN and Infinity reach the field they stand for, and are refused there by name."""

    def parse_body(self, request: HttpRequest) -> Any:
        def whole(text: str) -> int | Decimal:
            return int(text) if len(text) <= LONGEST_NUMBER else NOT_A_NUMBER

        return json.loads(request.body, parse_float=exact, parse_int=whole, parse_constant=Decimal)


class Api(NinjaAPI):
    """Speaks JSON whatever happens under its address: also for wrong methods, unknown paths and unreadable bodies."""

    @property
    def urls(self) -> tuple[list[Any], str, str]:
        patterns, app_name, namespace = super().urls
        for pattern in patterns:
            pattern.callback = speaking_json(cast(Callable[..., HttpResponse], pattern.callback))
        return [*patterns, re_path("", speaking_json(unknown_path))], app_name, namespace

    def create_response(self, request: HttpRequest, data: Any, **options: Any) -> HttpResponse:
        response: HttpResponse = super().create_response(request, data, **options)
        response["Cache-Control"] = "no-store"
        return response

    def get_openapi_schema(self, **options: Any) -> OpenAPISchema:
        """The document, with the problems that every operation may answer."""
        document = super().get_openapi_schema(**options)
        shapes = Problem.model_json_schema(ref_template=REFERENCE)
        document["components"]["schemas"] |= {**shapes.pop("$defs"), "Problem": shapes}
        content = {"application/json": {"schema": {"$ref": REFERENCE.format(model="Problem")}}}
        problems = {status: {"description": HTTPStatus(status).phrase, "content": content} for status in PROBLEMS}
        for path in document["paths"].values():
            for operation in path.values():
                operation["responses"] |= problems
        return document


api = Api(
    title="Tickfolio",
    version="1",
    urls_namespace="api",
    docs_url=None,
    auth=TokenAuth(),
    parser=ExactParser(),
    description="Numbers are strings in plain decimal notation, times ISO-8601 in UTC.",
)
register(api)
api.add_router("", notifications)


def unknown_path(request: HttpRequest) -> HttpResponse:
    raise Http404


def speaking_json(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """The view, its errors in our words where they would be a page or plain text."""

    @wraps(view)
    def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            response = view(request, *args, **kwargs)
        except Http404:
            return problem(request, 404)
        except RequestDataTooBig:
            return problem(request, 413)
        except (SuspiciousOperation, MultiPartParserError):
            return problem(request, 400)
        if response.status_code == 405:
            refusal = problem(request, 405)
            refusal["Allow"] = response["Allow"]
            return refusal
        return response

    answered.csrf_exempt = True  # type: ignore[attr-defined]  # no cookie says anything here
    return answered


def problem(request: HttpRequest, status: int, detail: object = None) -> HttpResponse:
    return api.create_response(request, {"detail": detail or HTTPStatus(status).phrase}, status=status)


@api.exception_handler(AuthenticationError)
def ask_for_token(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    response = problem(request, 401, "Send a valid token: Authorization: Bearer TOKEN.")
    response["WWW-Authenticate"] = "Bearer"
    return response


@api.exception_handler(Http404)
def say_not_found(request: HttpRequest, error: Http404) -> HttpResponse:
    return problem(request, 404)


@api.exception_handler(HttpError)
def say_http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    cause = error.__cause__
    status = 413 if isinstance(cause, RequestDataTooBig) else error.status_code
    return problem(request, status, None if status == 413 else error.message)


@api.exception_handler(RequestDataTooBig)
def say_too_big(request: HttpRequest, error: RequestDataTooBig) -> HttpResponse:
    return problem(request, 413)


@api.exception_handler(TooMany)
def say_too_many(request: HttpRequest, error: TooMany) -> HttpResponse:
    return problem(request, 409, str(error))


@api.exception_handler(Unprocessable)
def name_fields(request: HttpRequest, error: Unprocessable) -> HttpResponse:
    return problem(request, 422, [fault.model_dump(exclude_none=True) for fault in error.faults])


@api.exception_handler(ValidationError)
def name_invalid_fields(request: HttpRequest, error: ValidationError) -> HttpResponse:
    return problem(request, 422, [fault_of(found) for found in error.errors])


UNSAID = {"body", "payload", "one", "many"}


def fault_of(found: dict[str, Any]) -> dict[str, Any]:
    """A fault by its field's own name, without where the framework keeps it; with its place in a list that was sent."""
    location = [part for part in found["loc"][1:] if part not in UNSAID]
    names = [part for part in location if isinstance(part, str)]
    stated = found.get("ctx", {}).get("error")
    fault = {"field": ".".join(names) or "body", "message": str(stated or found["msg"])}
    return {**fault, "index": location[0]} if location and isinstance(location[0], int) else fault
