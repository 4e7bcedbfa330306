"""Taking back a long import is a worker's work; a short one is gone at once."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from html import unescape

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from dashboard import clock
from dashboard.books import fault_in, replayed
from dashboard.drafts import Draft
from dashboard.importing import working
from dashboard.importing.service import UNDONE_AT_ONCE, import_file, import_now, take_back
from dashboard.models import Asset, Import, Portfolio, Position, Transaction
from dashboard.recording import record_transactions
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
    said = f"Took back {ROWS:,} transactions of long.csv."
    assert said in client.get(path, follow=True).content.decode()
    assert said not in client.get("/imports/").content.decode()
    assert client.get(path).status_code == 404


def test_nothing_is_said_before_all_of_it_is_gone(client: Client, done: Import) -> None:
    client.post(f"/imports/{done.pk}/delete/")
    assert "Took back" not in client.get("/imports/").content.decode()
    working.work_on(done.pk)
    assert "Took back" in client.get("/imports/").content.decode()


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


def test_figures_after_it_are_those_without_it_and_made_before_the_database_is_held(portfolio: Portfolio) -> None:
    Asset.objects.create(id="newcoin", symbol="new", name="Newcoin")
    at = datetime(2023, 6, 1, tzinfo=UTC)
    own = [
        Draft(at, "buy", "bitcoin", Decimal(2), "", Decimal(100), "usd"),
        Draft(at + timedelta(days=900), "sell", "bitcoin", Decimal(1), "", Decimal(300), "usd"),
        Draft(at + timedelta(days=901), "migrate", "bitcoin", Decimal("0.5"), counter_asset_id="newcoin",
              counter_amount=Decimal(50)),
    ]  # fmt: skip
    record_transactions(portfolio, own)
    before = list(Position.objects.order_by("asset").values())
    done = import_now(portfolio, "some.csv", text(40).encode())
    assert list(Position.objects.order_by("asset").values()) != before
    with CaptureQueriesContext(connection) as asked:
        assert take_back(done) == 40
    said = [query["sql"] for query in asked]
    held = next(place for place, sql in enumerate(said) if sql.startswith("SAVEPOINT"))
    reads = [place for place, sql in enumerate(said) if '"value_override"' in sql and sql.startswith("SELECT")]
    assert reads
    assert max(reads) < held
    after = list(Position.objects.order_by("asset").values())
    assert [row | {"id": 0} for row in after] == [row | {"id": 0} for row in before]
    assert fault_in(portfolio, replayed(portfolio)) is None


def test_an_import_is_taken_back_by_its_owner_only(done: Import) -> None:
    stranger = Client()
    stranger.force_login(User.objects.create_user("bob", "bob@example.org"))
    assert stranger.post(f"/imports/{done.pk}/delete/").status_code == 404
    assert Import.objects.get().state == Import.State.DONE


MUCH = Decimal("9e19")
AT = datetime(2023, 6, 1, tzinfo=UTC)
WITHOUT = "Without this the coin's figures grow beyond what can be kept. Nothing was taken back."


def between_purchases(portfolio: Portfolio, imported: str) -> Import:
    """An import whose sale makes room for a second purchase of as much as can be counted."""
    done = import_now(portfolio, "sale.csv", imported.encode())
    for day, kind in ((0, "buy"), (1, "sell"), (2, "buy")):
        draft = Draft(AT + timedelta(days=day), kind, "bitcoin", MUCH, "", Decimal("0.01"), "usd")
        record_transactions(portfolio, [draft])
    Transaction.objects.filter(type="sell").update(source_import=done)
    return done


def test_what_would_leave_too_large_figures_is_not_taken_back_and_says_so(
    client: Client, api: ApiClient, portfolio: Portfolio
) -> None:
    done = between_purchases(portfolio, text(3))
    held = Transaction.objects.count()
    answer = api.delete(f"imports/{done.pk}")
    assert "beyond what can be kept" in str(body(answer, 422))
    page = client.post(f"/imports/{done.pk}/delete/", follow=True)
    assert WITHOUT in unescape(page.content.decode())
    assert Import.objects.get().state == Import.State.DONE
    assert Transaction.objects.count() == held
    sale = Transaction.objects.get(type="sell")
    assert body(api.delete(f"transactions/{sale.pk}"), 422)
    assert "Without this" in unescape(client.post(f"/transactions/{sale.pk}/delete/").content.decode())
    assert Transaction.objects.count() == held


def test_a_worker_that_can_not_take_it_back_leaves_it_done_and_says_why(client: Client, portfolio: Portfolio) -> None:
    done = between_purchases(portfolio, text(ROWS))
    held = Transaction.objects.count()
    client.post(f"/imports/{done.pk}/delete/")
    working.work_on(done.pk)
    assert Import.objects.get().state == Import.State.DONE
    assert Transaction.objects.count() == held
    assert WITHOUT in unescape(client.get(f"/imports/{done.pk}/").content.decode())
    Transaction.objects.filter(type="buy", amount=MUCH).latest("pk").delete()
    client.post(f"/imports/{done.pk}/delete/")
    assert WITHOUT not in unescape(client.get(f"/imports/{done.pk}/").content.decode())
    working.work_on(done.pk)
    assert not Import.objects.exists()
