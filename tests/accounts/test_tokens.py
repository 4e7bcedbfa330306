"""Tokens: only the right one of an active account opens the API, and its hash is all that is kept."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import ApiToken, User, issue_token

pytestmark = pytest.mark.django_db
PATH = "/api/v1/portfolios"


@pytest.fixture
def user() -> User:
    return User.objects.create_user("ada", "ada@example.org", "a long passphrase")


@pytest.fixture
def client() -> Client:
    return Client(enforce_csrf_checks=True)


def call(client: Client, authorization: str | None) -> Any:
    headers = {} if authorization is None else {"Authorization": authorization}
    return client.get(PATH, headers=headers)


def assert_refused(answer: HttpResponse) -> None:
    assert answer.status_code == 401
    assert answer.json()["detail"]  # type: ignore[attr-defined]
    assert answer["WWW-Authenticate"] == "Bearer"


def test_a_token_opens_the_api_and_only_its_hash_is_kept(client: Client, user: User) -> None:
    token = issue_token(user)
    assert call(client, f"Bearer {token}").status_code == 200
    assert call(client, f"bearer {token}").status_code == 200
    (row,) = ApiToken.objects.values()
    assert all(token not in str(value) for value in row.values())


@pytest.mark.parametrize(
    "authorization",
    [None, "", "Bearer", "Bearer ", "Bearer x", "Bearer \xff", "Basic YWRhOng=", "Token {}", "Bearer {}x", "Bearer x{}",
     "{}", "Bearer {} x", "Bearer " + "x" * 5000],
)  # fmt: skip
def test_anything_else_is_refused(client: Client, user: User, authorization: str | None) -> None:
    token = issue_token(user)
    assert_refused(call(client, authorization and authorization.replace("{}", token)))


def test_a_deleted_token_and_a_disabled_account_are_refused(client: Client, user: User) -> None:
    token = issue_token(user)
    User.objects.update(is_active=False)
    assert_refused(call(client, f"Bearer {token}"))
    User.objects.update(is_active=True)
    assert call(client, f"Bearer {token}").status_code == 200
    ApiToken.objects.all().delete()
    assert_refused(call(client, f"Bearer {token}"))


def test_unknown_and_disabled_take_the_same_one_query(client: Client, user: User) -> None:
    token = issue_token(user)
    User.objects.update(is_active=False)
    seen = []
    for attempt in (token, "tf_unknown"):
        with CaptureQueriesContext(connection) as queries:
            answer = call(client, f"Bearer {attempt}")
        seen.append((len(queries), answer.content))
    assert seen[0] == seen[1]
    assert seen[0][0] == 1


def test_a_browsers_session_does_not_open_the_api(client: Client, user: User) -> None:
    client.force_login(user)
    assert_refused(call(client, None))
    assert client.post(PATH, {"name": "x"}, content_type="application/json").status_code == 401


def test_a_token_needs_no_csrf_token(client: Client, user: User) -> None:
    headers = {"Authorization": f"Bearer {issue_token(user)}"}
    answer = client.post(PATH, {"name": "By script"}, content_type="application/json", headers=headers)
    assert answer.status_code == 201


def test_use_is_noted_but_not_with_every_call(client: Client, user: User) -> None:
    token = issue_token(user)

    def last_used_after_a_call() -> Any:
        assert call(client, f"Bearer {token}").status_code == 200
        return ApiToken.objects.get().last_used_at

    first = last_used_after_a_call()
    assert timezone.now() - first < timedelta(minutes=1)
    assert last_used_after_a_call() == first
    ApiToken.objects.update(last_used_at=first - timedelta(hours=1))
    assert last_used_after_a_call() >= first


def test_the_command_prints_a_working_token(client: Client, user: User, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("create_api_token", "ada")
    token = capsys.readouterr().out
    assert token.count("\n") == 1
    assert call(client, f"Bearer {token.strip()}").status_code == 200
    with pytest.raises(CommandError, match="no user 'nobody'"):
        call_command("create_api_token", "nobody")
    User.objects.update(is_active=False)
    with pytest.raises(CommandError, match="disabled"):
        call_command("create_api_token", "ada")
