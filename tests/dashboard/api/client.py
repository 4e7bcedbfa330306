"""The API as a script sees it: JSON in, JSON out, a bearer token with each call."""

import json
from decimal import Decimal
from typing import Any

from django.http import HttpResponse
from django.test import Client

from accounts.models import User, issue_token


class ApiClient:
    """Calls paths below /api/v1/ for one user."""

    def __init__(self, user: User) -> None:
        self.client = Client()
        self.headers = {"Authorization": f"Bearer {issue_token(user)}"}

    def call(self, method: str, path: str, body: object = None, *, raw: str | None = None) -> HttpResponse:
        data = raw if raw is not None else "" if body is None else json.dumps(body, default=str)
        answer: HttpResponse = self.client.generic(
            method, f"/api/v1/{path}", data, content_type="application/json", headers=self.headers
        )
        return answer

    def get(self, path: str) -> HttpResponse:
        return self.call("GET", path)

    def post(self, path: str, body: object = None, *, raw: str | None = None) -> HttpResponse:
        return self.call("POST", path, body, raw=raw)

    def patch(self, path: str, body: object) -> HttpResponse:
        return self.call("PATCH", path, body)

    def delete(self, path: str) -> HttpResponse:
        return self.call("DELETE", path)

    def upload(self, path: str, form: dict[str, Any]) -> HttpResponse:
        answer: HttpResponse = self.client.post(f"/api/v1/{path}", form, headers=self.headers)
        return answer


def body(answer: HttpResponse, status: int = 200) -> Any:
    """The JSON of an answer that must have that status."""
    assert answer.status_code == status, (answer.status_code, answer.content[:500])
    assert answer["Content-Type"].startswith("application/json")
    return json.loads(answer.content, parse_float=Decimal)


def faults(answer: HttpResponse) -> dict[str, str]:
    """The messages of a 422 by field."""
    return {fault["field"]: fault["message"] for fault in body(answer, 422)["detail"]}
