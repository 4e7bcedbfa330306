"""A long file is left to a worker: read, decided about, recorded in one step, whatever happens to the worker."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from dashboard import clock
from dashboard.importing import working
from dashboard.importing.files import LONG, receive
from dashboard.importing.service import confirm_import, import_file, upload_file
from dashboard.importing.storing import prepare
from dashboard.models import Asset, Import, ImportFile, Portfolio, Position, Transaction
from dashboard.recording import TooMany, create_portfolio, record_transactions, undo_import
from dashboard.tasks import find_imports, work_on_import
from tests.dashboard.api.client import ApiClient, body, fill
from tests.fakes.coingecko import FakeCoinGecko

pytestmark = pytest.mark.django_db
ROWS = LONG + 100
HEADER = "timestamp,type,asset_id,asset,amount,price\n"
FIRST = datetime(2020, 1, 1, tzinfo=UTC)


def text(rows: int = ROWS, coin: str = "bitcoin,") -> str:
    moments = ((FIRST + timedelta(hours=n)).strftime("%Y-%m-%dT%H:%M:%SZ") for n in range(rows))
    return HEADER + "".join(f"{moment},buy,{coin},0.5,{n + 1}\n" for n, moment in enumerate(moments))


@pytest.fixture(autouse=True)
def source(settings: Settings) -> Iterator[FakeCoinGecko]:
    with FakeCoinGecko() as server:
        settings.COINGECKO_URL = server.url
        yield server


@pytest.fixture
def portfolio(db: None) -> Portfolio:
    Asset.objects.create(id="bitcoin", symbol="btc", name="Bitcoin", rank=1)
    return create_portfolio(User.objects.create_user("ada", "ada@example.org"), "Main")


@pytest.fixture
def client(portfolio: Portfolio) -> Client:
    client = Client()
    client.force_login(portfolio.user)
    return client


@pytest.fixture
def api(portfolio: Portfolio) -> ApiClient:
    return ApiClient(portfolio.user)


def upload(client: Client, portfolio: Portfolio, content: str) -> str:
    file = SimpleUploadedFile("long.csv", content.encode())
    answer = client.post("/imports/", {"portfolio": portfolio.pk, "time_zone": "UTC", "file": file})
    return str(answer["Location"])


def page(client: Client, path: str) -> str:
    return client.get(path).content.decode()


def kept(portfolio: Portfolio, state: str, lease: timedelta | None = None, **fields: Any) -> Import:
    """A long file that is at work, held by another worker where there is a lease."""
    made = upload_file(portfolio, "long.csv", text().encode())
    until = None if lease is None else clock.now() + lease
    Import.objects.filter(pk=made.pk).update(state=state, lease_until=until, **fields)
    return made


def test_a_long_file_is_read_by_a_worker_while_the_page_tells_how_far_it_is(
    client: Client, portfolio: Portfolio
) -> None:
    path = upload(client, portfolio, text())
    waiting = page(client, path)
    assert "Waiting for a free worker" in waiting
    assert f'hx-get="{path}progress/?said=0"' in waiting
    assert 'role="status"' in waiting
    assert "<noscript>" in waiting
    Import.objects.update(worker="somebody", lines_done=1000)
    half = page(client, f"{path}progress/?said=0")
    assert "1,000 of 2,101 lines read" in half
    assert '<div id="import-said" hx-swap-oob="innerHTML">25 % of the file read</div>' in half
    assert "hx-swap-oob" not in page(client, f"{path}progress/?said=25")
    assert not Transaction.objects.exists()
    work_on_import(Import.objects.get().pk)
    assert client.get(f"{path}progress/")["HX-Refresh"] == "true"
    ready = page(client, path)
    assert "Import 2,100 transactions" in ready
    assert "the first 200 of 2,100" in ready
    assert not Transaction.objects.exists()


def test_a_long_file_is_recorded_by_a_worker_and_taken_back(client: Client, portfolio: Portfolio) -> None:
    path = upload(client, portfolio, text())
    work_on_import(Import.objects.get().pk)
    client.post(f"{path}confirm/")
    assert Import.objects.get().state == Import.State.RUNNING
    assert "all of it or nothing" in page(client, path)
    work_on_import(Import.objects.get().pk)
    assert "Take this import back" in page(client, path)
    assert Transaction.objects.count() == ROWS
    assert Position.objects.get().quantity == Decimal("0.5") * ROWS
    assert not ImportFile.objects.exists()
    client.post(f"{path}delete/")
    assert not Transaction.objects.exists()
    assert not Position.objects.exists()


def test_the_api_answers_at_once_and_tells_the_state_afterwards(api: ApiClient, portfolio: Portfolio) -> None:
    path = f"portfolios/{portfolio.pk}/imports"

    def send(**form: str) -> Any:
        return api.upload(path, {"file": SimpleUploadedFile("long.csv", text().encode()), **form})

    preview = body(send(commit="false"), 202)
    assert (preview["state"], preview["added"], preview["lines"]) == ("reading", None, ROWS + 1)
    find_imports()
    work_on_import(preview["id"])
    preview = body(api.get(f"imports/{preview['id']}"))
    assert (preview["state"], preview["added"]) == ("preview", ROWS)
    running = body(send(), 202)
    assert (running["state"], running["added"]) == ("running", None)
    work_on_import(running["id"])
    done = body(api.get(f"imports/{running['id']}"))
    assert (done["state"], done["added"], done["duplicates"], done["failure"]) == ("done", ROWS, 0, "")
    again = body(send(), 202)
    work_on_import(again["id"])
    again = body(api.get(f"imports/{again['id']}"))
    assert (again["state"], again["added"], again["duplicates"]) == ("done", 0, ROWS)
    assert api.delete(f"imports/{done['id']}").status_code == 204
    assert not Transaction.objects.exists()


def test_a_damaged_long_file_is_refused_at_once(client: Client, api: ApiClient, portfolio: Portfolio) -> None:
    content = text() + '2024-01-01T00:00:00Z,buy,"bitcoin'
    file = SimpleUploadedFile("long.csv", content.encode())
    answer = client.post("/imports/", {"portfolio": portfolio.pk, "time_zone": "UTC", "file": file})
    assert "Line 2,102" in answer.context["form"].errors["file"][0].replace("2102", "2,102")
    file = SimpleUploadedFile("long.csv", content.encode())
    assert api.upload(f"portfolios/{portfolio.pk}/imports", {"file": file}).status_code == 422
    assert not Import.objects.exists()


def test_rung_twice_or_by_two_workers_it_is_recorded_once(portfolio: Portfolio) -> None:
    running = import_file(portfolio, "long.csv", text().encode())
    other = working.take(running.pk)
    assert other is not None
    work_on_import(running.pk)  # the other one holds it
    assert not Transaction.objects.exists()
    other.record()
    work_on_import(running.pk)
    assert Transaction.objects.count() == ROWS


def test_what_a_killed_worker_left_is_taken_over_when_its_lease_is_over(portfolio: Portfolio) -> None:
    running = import_file(portfolio, "long.csv", text().encode())
    dead = working.take(running.pk)
    assert dead is not None
    Import.objects.update(lease_until=clock.now() - timedelta(seconds=1))
    assert list(working.free(clock.now())) == [running]
    work_on_import(running.pk)
    assert Transaction.objects.count() == ROWS
    with pytest.raises(working.TakenAway):  # it was not dead, only slow
        dead.record()
    assert Transaction.objects.count() == ROWS


def test_a_file_that_ends_every_worker_is_given_up_and_nothing_is_left_of_it(
    client: Client, portfolio: Portfolio
) -> None:
    running = kept(portfolio, Import.State.RUNNING, turns=working.MOST_TURNS)
    work_on_import(running.pk)
    assert Import.objects.get().state == Import.State.FAILED
    assert "interrupted again and again" in page(client, f"/imports/{running.pk}/")
    assert "Failed" in page(client, "/imports/")
    assert not Transaction.objects.exists()
    assert not ImportFile.objects.exists()


def test_an_import_that_is_stopped_leaves_nothing(client: Client, portfolio: Portfolio) -> None:
    running = import_file(portfolio, "long.csv", text().encode())
    turn = working.take(running.pk)
    assert turn is not None
    client.post(f"/imports/{running.pk}/delete/")
    with pytest.raises(working.TakenAway):
        turn.record()
    work_on_import(running.pk)
    assert not Transaction.objects.exists()
    assert not Import.objects.exists()


def test_of_many_long_files_a_few_are_at_work_and_the_rest_wait(portfolio: Portfolio) -> None:
    first = [kept(portfolio, Import.State.READING, timedelta(seconds=9)) for _ in range(working.MOST_AT_ONCE)]
    last = kept(portfolio, Import.State.READING)
    work_on_import(last.pk)
    last.refresh_from_db()
    assert last.state == Import.State.READING
    Import.objects.filter(pk=first[0].pk).delete()
    work_on_import(last.pk)
    last.refresh_from_db()
    assert last.state == Import.State.PREVIEW


def test_an_account_has_a_few_files_at_work_at_most(portfolio: Portfolio) -> None:
    for _ in range(5):
        import_file(portfolio, "long.csv", text().encode())
    with pytest.raises(TooMany):
        import_file(portfolio, "long.csv", text().encode())


def test_more_than_an_account_may_hold_fails_with_the_reason(portfolio: Portfolio) -> None:
    fill(portfolio, 98_000)
    running = import_file(portfolio, "long.csv", text().encode())
    work_on_import(running.pk)
    running.refresh_from_db()
    assert running.state == Import.State.FAILED
    assert "at most 100,000 transactions" in running.failure
    assert Transaction.objects.count() == 98_000


def test_what_was_recorded_meanwhile_is_a_duplicate(portfolio: Portfolio) -> None:
    waiting = upload_file(portfolio, "long.csv", text().encode())
    work_on_import(waiting.pk)
    waiting.refresh_from_db()
    short = import_file(portfolio, "short.csv", text(10).encode())
    assert short.added == 10
    confirm_import(waiting)
    work_on_import(waiting.pk)
    waiting.refresh_from_db()
    assert (waiting.added, waiting.duplicates) == (ROWS - 10, 10)


def test_tickers_of_a_long_file_are_decided_and_it_is_read_again(client: Client, portfolio: Portfolio) -> None:
    for asset_id in ("one-xyz", "two-xyz"):
        Asset.objects.create(id=asset_id, symbol="xyz", name=asset_id, rank=900)
    path = upload(client, portfolio, text(coin=",xyz"))
    pk = Import.objects.get().pk
    work_on_import(pk)
    assert "XYZ, in 2100 rows" in page(client, path)
    client.post(f"{path}decide/", {"coin:XYZ": "two-xyz"})
    assert Import.objects.get().state == Import.State.READING
    work_on_import(pk)
    assert "Import 2,100 transactions" in page(client, path)
    client.post(f"{path}confirm/")
    work_on_import(pk)
    assert Position.objects.get().asset_id == "two-xyz"


def test_a_portfolio_that_changes_while_a_file_is_read_gets_no_duplicates(portfolio: Portfolio) -> None:
    file = receive(portfolio.user, text(10).encode(), "", {})
    prepared = prepare(file.read(portfolio, introduce=False), portfolio)
    record_transactions(portfolio, prepared.reading.drafts[:3])
    assert prepared.valid_for(portfolio).duplicates == 3
    undo_import(import_file(portfolio, "short.csv", text(10).encode()))
