"""Naming the columns of an unknown file on the page, and what that does for later files, by page, API and command."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from dashboard.importing.mapping import LEFT_OUT
from dashboard.importing.recognise import UnknownFormat
from dashboard.importing.service import import_file, import_now
from dashboard.models import Asset, Import, ImportMapping, Portfolio, Transaction
from dashboard.recording import create_portfolio
from tests.fakes.coingecko import FakeCoinGecko

pytestmark = pytest.mark.django_db
HEADER = "When,What,Token,How many,Each\n"
ROWS = "05.03.2024 10:00,Bought,BTC,0.5,40000\n06.03.2024 10:00,Zapped,BTC,0.1,50000\n06.03.2024 10:00,void,BTC,9,1\n"
COLUMNS = {"date": "When", "type": "What", "coin": "Token", "quantity": "How many", "price": "Each"}
REST = {"every": "traded", "dates": "day", "currency": "usd"}
WORDS = {"word-1-0": "buy", "word-1-1": "sell", "word-1-2": "skip"}


@pytest.fixture(autouse=True)
def source(settings: Settings) -> Iterator[FakeCoinGecko]:
    with FakeCoinGecko() as server:
        settings.COINGECKO_URL = server.url
        yield server


@pytest.fixture
def user() -> User:
    Asset.objects.create(id="bitcoin", symbol="btc", name="Bitcoin", rank=1)
    return User.objects.create_user("ada", "ada@example.org", time_zone="UTC")


@pytest.fixture
def portfolio(user: User) -> Portfolio:
    return create_portfolio(user, "Main")


@pytest.fixture
def client(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def upload(client: Client, portfolio: Portfolio, text: str) -> Any:
    file = SimpleUploadedFile("<i>mine.csv", text.encode())
    return client.post("/imports/", {"portfolio": portfolio.pk, "time_zone": "UTC", "file": file}, follow=True)


def named(client: Client, path: str, **changes: str) -> Any:
    return client.post(path, COLUMNS | REST | WORDS | changes, follow=True)


def test_an_unknown_file_is_shown_its_columns_are_named_and_it_is_imported(
    client: Client, portfolio: Portfolio
) -> None:
    page = upload(client, portfolio, HEADER + ROWS)
    waiting = Import.objects.get()
    path = f"/imports/{waiting.pk}/columns/"
    assert page.redirect_chain[-1] == (path, 302)
    text = page.content.decode()
    assert "05.03.2024 10:00" in text
    assert "<i>" not in text
    assert '<option value="When" selected>' in text
    asked = client.post(path, COLUMNS | REST).content.decode()
    assert "Say below what the words of that column mean." in asked
    assert '<option value="buy" selected>' in asked
    assert "zapped" in asked
    done = named(client, path)
    assert done.redirect_chain == [(f"/imports/{waiting.pk}/", 302)]
    assert "Import 2 transactions" in done.content.decode()
    assert Import.objects.get().skips[0]["reason"] == LEFT_OUT
    client.post(f"/imports/{waiting.pk}/confirm/")
    found = Transaction.objects.order_by("timestamp").values_list("type", "asset_id", "amount", "price")
    assert list(found) == [
        ("buy", "bitcoin", Decimal("0.5"), Decimal(40000)),
        ("sell", "bitcoin", Decimal("0.1"), Decimal(50000)),
    ]
    assert client.get(path).status_code == 404


def test_what_was_said_holds_for_later_files_by_page_and_otherwise_for_this_user_only(
    client: Client, portfolio: Portfolio
) -> None:
    upload(client, portfolio, HEADER + ROWS)
    named(client, f"/imports/{Import.objects.get().pk}/columns/")
    swapped = "Each;Token;What;How many;When\n41000;BTC;bought;0.25;07.03.2024 10:00\n"
    page = upload(client, portfolio, swapped)
    assert "Import 1 transaction" in page.content.decode()
    assert "Your own columns" in page.content.decode()
    done = import_file(portfolio, "mine.csv", swapped.encode(), "UTC")
    assert (done.added, done.duplicates, done.review) == (1, 0, [])
    again = import_now(portfolio, "mine.csv", swapped.encode(), "UTC")
    assert (again.added, again.duplicates) == (0, 1)
    hers = create_portfolio(User.objects.create_user("eve", "eve@example.org"), "Hers")
    with pytest.raises(UnknownFormat):
        import_file(hers, "mine.csv", swapped.encode(), "UTC")


def test_what_columns_mean_can_be_changed_before_it_is_confirmed(client: Client, portfolio: Portfolio) -> None:
    upload(client, portfolio, HEADER + ROWS)
    waiting = Import.objects.get()
    path = f"/imports/{waiting.pk}/columns/"
    assert "Change what the columns mean" in named(client, path).content.decode()
    again = client.get(path).content.decode()
    assert '<option value="sell" selected>' in again
    assert "Import 1 transaction" in named(client, path, **{"word-1-1": "skip"}).content.decode()
    assert ImportMapping.objects.count() == 1


def test_a_needed_column_is_asked_for_beside_its_field(client: Client, portfolio: Portfolio) -> None:
    upload(client, portfolio, HEADER + ROWS)
    path = f"/imports/{Import.objects.get().pk}/columns/"
    page = named(client, path, coin="", date="Never")
    assert page.status_code == 200
    assert page.context["form"].errors.keys() == {"coin", "date"}
    assert not ImportMapping.objects.exists()


def test_another_column_of_kinds_asks_for_its_own_words(client: Client, portfolio: Portfolio) -> None:
    upload(client, portfolio, HEADER + ROWS)
    path = f"/imports/{Import.objects.get().pk}/columns/"
    page = named(client, path, type="Token").content.decode()
    assert "Say below what the words of that column mean." in page
    assert 'name="word-2-0"' in page


def test_a_column_with_too_many_words_is_no_column_of_kinds(client: Client, portfolio: Portfolio) -> None:
    rows = "".join(f"05.03.2024,w{number},BTC,1,1\n" for number in range(61))
    upload(client, portfolio, HEADER + rows)
    page = named(client, f"/imports/{Import.objects.get().pk}/columns/")
    assert "more than 60 different words" in page.content.decode()


def test_a_damaged_row_further_down_is_named_and_nothing_is_imported(client: Client, portfolio: Portfolio) -> None:
    upload(client, portfolio, HEADER + ROWS * 3 + "07.03.2024,Bought\n")
    page = named(client, f"/imports/{Import.objects.get().pk}/columns/")
    assert "Line 11: 2 fields where the header has 5." in page.content.decode()
    assert Import.objects.get().state == Import.State.COLUMNS


def test_an_unnamed_file_waits_in_the_list_and_can_be_discarded(client: Client, portfolio: Portfolio) -> None:
    upload(client, portfolio, HEADER + ROWS)
    pk = Import.objects.get().pk
    assert "Not imported yet" in client.get("/imports/").content.decode()
    assert client.get(f"/imports/{pk}/").status_code == 302
    assert client.post(f"/imports/{pk}/confirm/", follow=True).status_code == 200
    assert not Transaction.objects.exists()
    client.post(f"/imports/{pk}/delete/")
    assert not Import.objects.exists()


def test_other_peoples_files_are_not_found(client: Client, portfolio: Portfolio) -> None:
    upload(client, portfolio, HEADER + ROWS)
    path = f"/imports/{Import.objects.get().pk}/columns/"
    eve = Client()
    eve.force_login(User.objects.create_user("eve", "eve@example.org"))
    assert eve.get(path).status_code == 404
    assert named(eve, path).status_code == 404
    assert Client().get(path).status_code == 302


def test_the_api_refuses_what_nobody_has_named(portfolio: Portfolio) -> None:
    with pytest.raises(UnknownFormat, match="once for all files like it"):
        import_file(portfolio, "mine.csv", (HEADER + ROWS).encode())
    assert not Import.objects.exists()
