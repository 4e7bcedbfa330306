"""The API is what its OpenAPI document says, and answers in JSON whatever it is asked."""

from collections.abc import Iterator

import pytest
import schemathesis
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from dashboard.importing.service import import_file
from dashboard.models import Portfolio
from tests.dashboard.api.client import ApiClient, body

DOCUMENT = "/api/v1/openapi.json"
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


def test_unknown_paths_and_wrong_methods_are_answered_in_json(api: ApiClient) -> None:
    assert body(api.get("nothing"), 404) == {"detail": "Not Found"}
    assert body(api.get(""), 404)["detail"]
    refused = api.call("PUT", "portfolios")
    assert body(refused, 405)["detail"] == "Method Not Allowed"
    assert set(refused["Allow"].split(", ")) == {"GET", "POST"}
    assert body(api.get(f"portfolios/{10**30}"), 404)


def test_answers_are_kept_out_of_caches(api: ApiClient) -> None:
    assert api.get("portfolios")["Cache-Control"] == "no-store"
    assert api.get("nothing")["Cache-Control"] == "no-store"


def test_the_document_is_open_to_all_and_names_every_resource(api: ApiClient) -> None:
    document = api.client.get(DOCUMENT).json()
    assert document["openapi"].startswith("3.1")
    paths = {path.removeprefix("/api/v1/") for path in document["paths"]}
    assert paths >= {
        "portfolios",
        "portfolios/{portfolio_id}",
        "portfolios/{portfolio_id}/transactions",
        "portfolios/{portfolio_id}/imports",
        "portfolios/{portfolio_id}/export.csv",
        "transactions/{transaction_id}",
        "imports/{import_id}",
        "assets",
        "assets/{asset_id}",
        "market",
    }
    assert document["components"]["securitySchemes"]["TokenAuth"] == {"type": "http", "scheme": "bearer"}
    schemathesis.openapi.from_dict(document).validate()


@pytest.fixture
def _open_connection() -> Iterator[None]:
    """As Django's own test client does: the end of a request must not close the connection that the test is in."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.mark.usefixtures("_open_connection")
def test_whatever_is_sent_the_answer_is_one_that_the_document_names(api: ApiClient, portfolio: Portfolio) -> None:
    schema = schemathesis.openapi.from_wsgi(DOCUMENT, WSGIHandler())
    import_file(portfolio, "a.csv", b"timestamp,type,asset_id,amount,price\n2024-01-10T12:00:00Z,buy,bitcoin,1,2\n")
    operations = [found.ok() for found in schema.get_all_operations() if isinstance(found, Ok)]
    assert len(operations) > 15
    for operation in operations:
        check(operation, api, portfolio)


def check(operation: schemathesis.schemas.APIOperation, api: ApiClient, portfolio: Portfolio) -> None:
    """Some twenty random calls of one operation, on what is there and on what is not."""

    @settings(
        max_examples=20, deadline=None, derandomize=True, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=operation.as_strategy())
    def called(case: schemathesis.Case) -> None:
        if "portfolio_id" in case.path_parameters:
            case.path_parameters["portfolio_id"] = portfolio.pk
        # What stands in for the network here hands on what is compressed as it is.
        case.call_and_validate(headers={**api.headers, "Accept-Encoding": "identity"}, checks=CHECKS)

    called()


@pytest.mark.parametrize("path", ["portfolios", "transactions/1", "assets", "market", "imports/1"])
def test_every_resource_needs_a_token(api: ApiClient, path: str) -> None:
    assert body(api.client.get(f"/api/v1/{path}"), 401)["detail"]
