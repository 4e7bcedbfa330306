"""Taking back a long import is a worker's work; a short one is gone at once."""

from datetime import timedelta

import pytest
from django.test import Client

from accounts.models import User
from dashboard import clock
from dashboard.importing import working
from dashboard.importing.service import UNDONE_AT_ONCE, import_file, import_now, take_back
from dashboard.models import Import, Portfolio, Position, Transaction
from tests.dashboard.api.client import ApiClient, body
from tests.dashboard.importing.test_long_files import api, client, portfolio, source, text

__all__ = ["api", "client", "portfolio", "source"]
pytestmark = pytest.mark.django_db
ROWS = UNDONE_AT_ONCE + 100


@pytest.fixture
def done(portfolio: Portfolio) -> Import:
    return import_now(portfolio, "long.csv", text(ROWS).encode())


def test_a_long_import_is_taken_back_by_a_worker_while_the_page_says_so(client: Client, done: Import) -> None:
    path = f"/imports/{done.pk}/"
    assert client.post(f"{path}delete/").headers["Location"] == path
    page = client.get(path).content.decode()
    assert f"All {ROWS:,} transactions of this file are being taken back" in page
    assert "Waiting for a free worker" in page
    assert "Stop" not in page
    assert client.get(f"{path}progress/").status_code == 200
    assert Transaction.objects.count() == ROWS
    assert client.post(f"{path}delete/").headers["Location"] == path
    working.work_on(done.pk)
    assert not Transaction.objects.exists()
    assert not Position.objects.exists()
    assert client.get(f"{path}progress/").headers["HX-Redirect"] == "/imports/"
    assert client.get(path).status_code == 404


def test_the_api_answers_202_until_it_is_gone(api: ApiClient, done: Import) -> None:
    for _ in range(2):
        assert body(api.delete(f"imports/{done.pk}"), 202)["state"] == "undoing"
    assert body(api.get(f"imports/{done.pk}"))["state"] == "undoing"
    working.work_on(done.pk)
    assert api.get(f"imports/{done.pk}").status_code == 404
    assert not Transaction.objects.exists()


def test_a_short_import_is_gone_at_once(api: ApiClient, portfolio: Portfolio) -> None:
    done = import_file(portfolio, "short.csv", text(3).encode())
    assert api.delete(f"imports/{done.pk}").status_code == 204
    assert not Transaction.objects.exists()


def test_what_a_killed_worker_left_undone_is_found_and_done(done: Import) -> None:
    assert take_back(done) is None
    turn = working.take(done.pk)
    assert turn is not None
    working.work_on(done.pk)
    assert Transaction.objects.count() == ROWS
    Import.objects.update(lease_until=clock.now() - timedelta(seconds=1), turns=9)
    assert working.free(clock.now()).get() == done
    working.work_on(done.pk)
    assert not Import.objects.exists()
    assert not Transaction.objects.exists()


def test_an_import_is_taken_back_by_its_owner_only(done: Import) -> None:
    stranger = Client()
    stranger.force_login(User.objects.create_user("bob", "bob@example.org"))
    assert stranger.post(f"/imports/{done.pk}/delete/").status_code == 404
    assert Import.objects.get().state == Import.State.DONE
