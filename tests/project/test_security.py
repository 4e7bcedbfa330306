"""Safe from the first page: who may see what, what every answer carries, and what signing up gives away."""

from typing import Any

import pytest
from django.conf import settings as project_settings
from django.core import mail
from django.test import Client, override_settings
from django.urls import URLPattern, URLResolver, get_resolver

from accounts.models import User

pytestmark = pytest.mark.django_db

# Read together with project.middleware: every other address sends a stranger to the login page.
PUBLIC = (
    *("accounts/", "api/", "healthz", "metrics", "readyz", "service-worker.js", "unsubscribe/", "webhooks/"),
    *("words.js", "offline/", "manifest.webmanifest"),
    "settings/delivery/push/renew/",
)
LIBRARY_PRIVATE = ("accounts/email/", "accounts/password/change/", "accounts/password/set/", "accounts/reauthenticate/")


def addresses() -> list[str]:
    """Every address of the project, numbers and names filled in."""

    def walk(resolver: URLResolver, prefix: str) -> list[str]:
        found = []
        for pattern in resolver.url_patterns:
            path = prefix + str(pattern.pattern)
            found += walk(pattern, path) if isinstance(pattern, URLResolver) else [path]
            assert isinstance(pattern, URLResolver | URLPattern)
        return found

    plain = []
    for path in walk(get_resolver(), ""):
        for part, value in {"<int:pk>": "1", "<path:asset_id>": "bitcoin", "<str:transport>": "email"}.items():
            path = path.replace(part, value)
        if "<" not in path and "^" not in path and "(" not in path:
            plain.append(path)
    return plain


@pytest.mark.parametrize("path", [path for path in addresses() if path and not path.startswith(PUBLIC)])
def test_a_stranger_is_sent_to_the_login_page(client: Client, path: str) -> None:
    answer = client.get(f"/{path}")
    assert answer.status_code == 302, path
    assert "login" in answer.headers["Location"]


def test_the_list_of_addresses_is_not_empty() -> None:
    found = addresses()
    assert len([path for path in found if not path.startswith(PUBLIC)]) > 25
    assert {"", "transactions/", "market/", "settings/", "reminders/", "alerts/", "imports/"} <= set(found)


@pytest.mark.parametrize("path", LIBRARY_PRIVATE)
def test_the_librarys_private_pages_want_a_login_too(client: Client, path: str) -> None:
    answer = client.get(f"/{path}")
    assert answer.status_code in {302, 404}
    assert answer.status_code == 404 or "login" in answer.headers["Location"]


@pytest.fixture
def ada(client: Client) -> Client:
    client.force_login(User.objects.create_user("ada", "ada@example.org", "long and unusual 7"))
    return client


@pytest.mark.parametrize("path", ["/", "/accounts/login/", "/accounts/signup/", "/no-such-page/"])
def test_every_answer_carries_the_headers_that_browsers_guard_people_by(client: Client, path: str) -> None:
    headers = client.get(path, follow=True).headers
    policy = {part.split()[0]: part.split()[1:] for part in headers["Content-Security-Policy"].split(";") if part}
    assert policy["default-src"] == ["'none'"]
    assert policy["frame-ancestors"] == ["'none'"]
    assert policy["base-uri"] == ["'none'"]
    assert policy["form-action"] == ["'self'"]
    assert not {"'unsafe-inline'", "'unsafe-eval'", "*"}.intersection(*[[w for ws in policy.values() for w in ws]])
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"


def test_personal_pages_stay_out_of_caches(ada: Client) -> None:
    for path in ("/", "/transactions/", "/settings/"):
        assert "no-store" in ada.get(path).headers["Cache-Control"]


def test_cookies_can_not_be_read_by_scripts_nor_sent_from_other_sites(client: Client) -> None:
    User.objects.create_user("ada", "ada@example.org", "long and unusual 7")
    client.get("/accounts/login/")
    client.post("/accounts/login/", {"login": "ada", "password": "long and unusual 7"})
    for name in (project_settings.SESSION_COOKIE_NAME, project_settings.CSRF_COOKIE_NAME):
        assert client.cookies[name]["httponly"]
        assert client.cookies[name]["samesite"] == "Lax"


def test_every_change_wants_a_csrf_token() -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(User.objects.create_user("ada", "ada@example.org", "long and unusual 7"))
    for path in ("/transactions/add/", "/reminders/add/", "/settings/", "/imports/", "/accounts/logout/"):
        assert strict.post(path, {}).status_code == 403, path


SIGN_UP = {
    "username": "eve",
    "email": "ada@example.org",
    "password1": "long and unusual 7",
    "password2": "long and unusual 7",
}


def test_signing_up_does_not_tell_who_has_an_account(client: Client) -> None:
    User.objects.create_user("ada", "ada@example.org", "long and unusual 7")
    taken = client.post("/accounts/signup/", SIGN_UP)
    fresh = Client().post("/accounts/signup/", {**SIGN_UP, "username": "bob", "email": "bob@example.org"})
    assert (taken.status_code, taken.headers["Location"]) == (fresh.status_code, fresh.headers["Location"])


def test_a_reset_answers_alike_for_known_and_unknown_addresses(client: Client) -> None:
    User.objects.create_user("ada", "ada@example.org", "long and unusual 7")
    known = client.post("/accounts/password/reset/", {"email": "ada@example.org"})
    unknown = Client().post("/accounts/password/reset/", {"email": "nobody@example.org"})
    assert (known.status_code, known.headers["Location"]) == (unknown.status_code, unknown.headers["Location"])


def test_links_in_mails_go_to_the_public_address_whatever_host_was_asked(client: Client) -> None:
    User.objects.create_user("ada", "ada@example.org", "long and unusual 7")
    client.post("/accounts/password/reset/", {"email": "ada@example.org"}, headers={"host": "localhost"})
    assert project_settings.PUBLIC_URL in mail.outbox[0].body
    assert "http://localhost/" not in mail.outbox[0].body


def test_guessing_a_password_is_slowed_down(client: Client) -> None:
    User.objects.create_user("grace", "grace@example.org", "long and unusual 7")
    bodies = [
        client.post("/accounts/login/", {"login": "grace", "password": f"guess {n}"}).content.decode()
        for n in range(12)
    ]
    assert "Too many failed login attempts" in bodies[-1]
    right = client.post("/accounts/login/", {"login": "grace", "password": "long and unusual 7"})
    assert right.status_code == 200


def test_a_host_that_is_not_ours_is_refused(client: Client) -> None:
    with override_settings(DEBUG=False):
        assert client.get("/", headers={"host": "evil.example"}).status_code == 400


def test_celery_reads_json_and_nothing_else() -> None:
    from project.celery import app

    assert app.conf.accept_content == ["json"]
    assert app.conf.task_serializer == "json"


def test_every_task_has_a_time_limit() -> None:
    from project.celery import app

    app.loader.import_default_modules()
    ours = {name: task for name, task in app.tasks.items() if not name.startswith("celery.")}
    assert len(ours) >= 3
    limits: dict[str, Any] = {name: task.time_limit or app.conf.task_time_limit for name, task in ours.items()}
    assert all(limit and limit <= 600 for limit in limits.values()), limits
