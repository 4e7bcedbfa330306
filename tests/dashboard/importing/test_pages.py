"""The import page: look first, then confirm, decide or take back; nobody else's files."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from dashboard.importing.service import upload_file
from dashboard.models import Asset, Import, Portfolio, Position, TickerAnswer, Transaction
from dashboard.recording import create_portfolio
from tests.fakes.coingecko import FakeCoinGecko

pytestmark = pytest.mark.django_db
HEADER = "timestamp,type,asset_id,asset,amount,price,note\n"
ROW = "2024-01-10T12:00:00Z,buy,bitcoin,BTC,0.5,40000,<b>first</b>\n"


@pytest.fixture(autouse=True)
def source(settings: Settings) -> Iterator[FakeCoinGecko]:
    with FakeCoinGecko() as server:
        settings.COINGECKO_URL = server.url
        yield server


@pytest.fixture
def user() -> User:
    Asset.objects.create(id="bitcoin", symbol="btc", name="Bitcoin", rank=1)
    return User.objects.create_user("ada", "ada@example.org", time_zone="Europe/Berlin")


@pytest.fixture
def portfolio(user: User) -> Portfolio:
    return create_portfolio(user, "Main")


@pytest.fixture
def client(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def upload(client: Client, portfolio: Portfolio, text: str, **form: Any) -> Any:
    file = SimpleUploadedFile("mine.csv", text.encode())
    form = {"portfolio": portfolio.pk, "time_zone": "UTC", "file": file} | form
    return client.post("/imports/", form, follow=True)


def test_a_file_is_looked_at_confirmed_and_taken_back(client: Client, portfolio: Portfolio) -> None:
    page = upload(client, portfolio, HEADER + ROW)
    waiting = Import.objects.get()
    assert page.redirect_chain == [(f"/imports/{waiting.pk}/", 302)]
    text = page.content.decode()
    assert "Nothing is recorded yet" in text
    assert "Import 1 transaction" in text
    assert "10 Jan 2024, 13:00" in text
    assert not Transaction.objects.exists()
    done = client.post(f"/imports/{waiting.pk}/confirm/", follow=True).content.decode()
    assert "Imported 1 transaction." in done
    assert "Take this import back" in done
    assert Position.objects.get().quantity == Decimal("0.5")
    back = client.post(f"/imports/{waiting.pk}/delete/", follow=True)
    assert "Took back 1 transaction of mine.csv." in back.content.decode()
    assert not Transaction.objects.exists()
    assert not Import.objects.exists()


def test_confirming_twice_imports_once(client: Client, portfolio: Portfolio) -> None:
    upload(client, portfolio, HEADER + ROW)
    path = f"/imports/{Import.objects.get().pk}/confirm/"
    client.post(path)
    assert "confirmed before" in client.post(path, follow=True).content.decode()
    assert Transaction.objects.count() == 1


def test_a_second_import_of_the_same_file_finds_nothing_new(client: Client, portfolio: Portfolio) -> None:
    upload(client, portfolio, HEADER + ROW)
    client.post(f"/imports/{Import.objects.get().pk}/confirm/")
    page = upload(client, portfolio, HEADER + ROW).content.decode()
    assert "The portfolio holds all of it already." in page
    assert "Import 0" not in page


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", HEADER + '2024,"'])
def test_an_unreadable_file_says_so_beside_the_field(client: Client, portfolio: Portfolio, text: str) -> None:
    page = upload(client, portfolio, text)
    assert page.status_code == 200
    assert "Nothing was imported." in page.context["form"].errors["file"][0]
    assert "Nothing was imported." in page.content.decode()
    assert not Import.objects.exists()


def test_wrong_fields_are_named_and_what_was_typed_is_kept(client: Client, portfolio: Portfolio) -> None:
    page = client.post("/imports/", {"portfolio": portfolio.pk, "time_zone": "Mars/Olympus"})
    assert page.context["form"].errors.keys() == {"file", "time_zone"}
    assert 'value="Mars/Olympus"' in page.content.decode()


def test_what_a_file_says_is_text_on_the_page(client: Client, portfolio: Portfolio) -> None:
    rows = HEADER + ROW.replace("0.5", "<script>alert(1)</script>") + ROW.replace("bitcoin", "<i>")
    page = upload(client, portfolio, rows, file=SimpleUploadedFile("<u>.csv", rows.encode())).content.decode()
    assert "<script>alert" not in page
    assert "<i>" not in page
    assert "<u>" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "Line 2" in page


def test_a_ticker_is_decided_on_the_page(client: Client, portfolio: Portfolio) -> None:
    for asset_id in ("one-xyz", "two-xyz"):
        Asset.objects.create(id=asset_id, symbol="xyz", name=asset_id, rank=900)
    page = upload(client, portfolio, HEADER + ROW.replace("bitcoin,BTC", ",xyz") * 2)
    assert "XYZ, in 2 rows" in page.content.decode()
    path = f"/imports/{Import.objects.get().pk}/"
    refused = client.post(f"{path}decide/", {"coin:XYZ": "three-xyz"}, follow=True).content.decode()
    assert "No coin with the id three-xyz is known." in refused
    decided = client.post(f"{path}decide/", {"coin:XYZ": "two-xyz"}, follow=True).content.decode()
    assert "Import 2 transactions" in decided
    client.post(f"{path}confirm/")
    assert set(Transaction.objects.values_list("asset_id", flat=True)) == {"two-xyz"}


def test_other_peoples_files_and_portfolios_are_not_found(client: Client, portfolio: Portfolio) -> None:
    eve = User.objects.create_user("eve", "eve@example.org")
    hers = create_portfolio(eve, "Hers")
    waiting = upload_file(hers, "hers.csv", (HEADER + ROW).encode())
    path = f"/imports/{waiting.pk}/"
    assert client.get(path).status_code == 404
    assert [client.post(f"{path}{act}/").status_code for act in ("confirm", "decide", "delete")] == [404, 404, 404]
    assert client.get(f"/portfolios/{hers.pk}/export.csv").status_code == 404
    assert upload(client, hers, HEADER + ROW).context["form"].errors.keys() == {"portfolio"}
    assert "hers.csv" not in client.get("/imports/").content.decode()
    assert Import.objects.get().state == Import.State.PREVIEW


def test_changes_are_posts_and_pages_need_a_login(client: Client, portfolio: Portfolio) -> None:
    upload(client, portfolio, HEADER + ROW)
    path = f"/imports/{Import.objects.get().pk}/"
    assert [client.get(f"{path}{act}/").status_code for act in ("confirm", "decide", "delete")] == [405, 405, 405]
    for target in ("/imports/", path, f"/portfolios/{portfolio.pk}/export.csv"):
        assert Client().get(target).status_code == 302


def test_the_page_offers_the_export_of_each_portfolio(client: Client, portfolio: Portfolio) -> None:
    upload(client, portfolio, HEADER + ROW)
    client.post(f"/imports/{Import.objects.get().pk}/confirm/")
    page = client.get("/imports/").content.decode()
    assert f"/portfolios/{portfolio.pk}/export.csv" in page
    assert "1 added, 0 duplicates" in page
    answer = client.get(f"/portfolios/{portfolio.pk}/export.csv")
    assert answer["Content-Disposition"] == 'attachment; filename="tickfolio-main.csv"'
    assert "2024-01-10T12:00:00Z,buy,,bitcoin,BTC,0.5," in answer.content.decode()


def test_without_a_portfolio_the_page_says_what_to_do(client: Client) -> None:
    assert "Add a portfolio first" in client.get("/imports/").content.decode()


def test_rows_left_out_on_purpose_are_listed_with_the_reason(client: Client, portfolio: Portfolio) -> None:
    header = "txid,refid,time,type,subtype,aclass,asset,amount,fee,balance\n"
    rows = [f"L{n},R{n},2024-01-0{n} 12:00:00,deposit,,currency,ZEUR,100,0,100\n" for n in (1, 2)]
    coins = "L3,R3,2024-01-03 12:00:00,deposit,,currency,XXBT,1,0,1\n"
    page = upload(client, portfolio, header + "".join(rows) + coins).content.decode()
    (waiting,) = Import.objects.all()
    assert (waiting.skipped, waiting.added) == (2, 1)
    assert "Left out on purpose" in page
    assert "2 rows" in page
    assert "In lines 2, 3" in page
    client.post(f"/imports/{waiting.pk}/confirm/")
    done = client.get(f"/imports/{waiting.pk}/").content.decode()
    assert waiting.skips[0]["reason"] in done.replace("&#x27;", "'")


def test_what_a_ticker_means_is_kept_for_the_source_until_it_is_forgotten(client: Client, portfolio: Portfolio) -> None:
    for asset_id in ("one-xyz", "two-xyz"):
        Asset.objects.create(id=asset_id, symbol="xyz", name=asset_id, rank=900)
    rows = HEADER + ROW.replace("bitcoin,BTC", ",xyz")
    upload(client, portfolio, rows)
    path = f"/imports/{Import.objects.get().pk}/"
    client.post(f"{path}decide/", {"coin:XYZ": "two-xyz"})
    client.post(f"{path}delete/")
    assert "Import 1 transaction" in upload(client, portfolio, rows).content.decode()
    assert "XYZ is two-xyz" in client.get("/imports/").content.decode()
    (answer,) = TickerAnswer.objects.all()
    stranger = Client()
    stranger.force_login(User.objects.create_user("eve", "eve@example.org"))
    forget = f"/imports/answers/{answer.pk}/forget/"
    assert stranger.post(forget).status_code == 404
    assert client.get(forget).status_code == 405
    assert "asked again which coin XYZ is" in client.post(forget, follow=True).content.decode()
    assert "XYZ, in 1 row" in upload(client, portfolio, rows).content.decode()
