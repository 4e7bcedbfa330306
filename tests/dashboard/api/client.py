"""The API as a script sees it: JSON in, JSON out, a bearer token with each call."""

import json
from decimal import Decimal
from typing import Any

from django.db import connection
from django.test import Client

from accounts.models import User, issue_token
from dashboard.models import Portfolio, Transaction


class ApiClient:
    """Calls paths below /api/v1/ for one user."""

    def __init__(self, user: User) -> None:
        self.client = Client()
        self.headers = {"Authorization": f"Bearer {issue_token(user)}"}

    def call(self, method: str, path: str, body: object = None, *, raw: str | None = None) -> Any:
        data = raw if raw is not None else "" if body is None else json.dumps(body, default=str)
        return self.client.generic(
            method, f"/api/v1/{path}", data, content_type="application/json", headers=self.headers
        )

    def get(self, path: str) -> Any:
        return self.call("GET", path)

    def post(self, path: str, body: object = None, *, raw: str | None = None) -> Any:
        return self.call("POST", path, body, raw=raw)

    def patch(self, path: str, body: object) -> Any:
        return self.call("PATCH", path, body)

    def delete(self, path: str) -> Any:
        return self.call("DELETE", path)

    def upload(self, path: str, form: dict[str, Any]) -> Any:
        return self.client.post(f"/api/v1/{path}", form, headers=self.headers)


def body(answer: Any, status: int = 200) -> Any:
    """The JSON of an answer that must have that status."""
    assert answer.status_code == status, (answer.status_code, answer.content[:500])
    assert answer["Content-Type"].startswith("application/json")
    return json.loads(answer.content, parse_float=Decimal)


def faults(answer: Any) -> dict[str, str]:
    """The messages of a 422 by field."""
    return {fault["field"]: fault["message"] for fault in body(answer, 422)["detail"]}


def fill(portfolio: Portfolio, count: int) -> None:
    """So many equal purchases, quickly: the database doubles what it has."""
    first = Transaction(timestamp="2024-01-10T12:00:00Z", type="buy", asset_id="bitcoin", amount=1, price=1)
    first.portfolio = portfolio
    first.save()
    columns = ", ".join(str(field.column) for field in Transaction._meta.concrete_fields if not field.primary_key)
    table = Transaction._meta.db_table
    with connection.cursor() as cursor:
        while missing := count - Transaction.objects.count():
            cursor.execute(f"INSERT INTO {table} ({columns}) SELECT {columns} FROM {table} LIMIT {missing}")
