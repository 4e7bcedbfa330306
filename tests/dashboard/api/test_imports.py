"""Files by the API: previewed, imported in one step and taken back in one; nothing is written of unreadable ones."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from dashboard import clock
from dashboard.models import Asset, Import, ImportFile, Portfolio, Position, Transaction
from tests.dashboard.api.client import ApiClient, body, faults, fill
from tests.fakes.coingecko import FakeCoinGecko

HEADER = "timestamp,type,asset_id,asset,amount,price,note\n"
ROW = "2024-01-10T12:00:00Z,buy,bitcoin,BTC,0.5,40000,first\n"
OTHER = "2024-01-11T12:00:00Z,buy,ethereum,ETH,2,2500,second\n"


@pytest.fixture
def path(portfolio: Portfolio) -> str:
    return f"portfolios/{portfolio.pk}/imports"


def send(api: ApiClient, path: str, text: str | bytes, name: str = "mine.csv", **form: Any) -> Any:
    content = text.encode() if isinstance(text, str) else text
    return api.upload(path, {"file": SimpleUploadedFile(name, content), **form})


def test_a_preview_says_what_would_be_done_and_writes_no_transaction(api: ApiClient, path: str) -> None:
    found = body(send(api, path, HEADER + ROW + "2024-01-11T12:00:00Z,buy,bitcoin,BTC,x,1,\n", commit="false"))
    assert (found["state"], found["format"], found["filename"]) == ("preview", "tickfolio", "mine.csv")
    assert (found["added"], found["duplicates"], found["skipped"]) == (1, 0, 0)
    assert found["review"] == [
        {
            "line": 3,
            "raw": "2024-01-11T12:00:00Z,buy,bitcoin,BTC,x,1,",
            "reason": "amount: Enter a number.",
            "ticker": "",
        }
    ]
    assert not Transaction.objects.exists()
    assert body(api.get(f"imports/{found['id']}")) == found


def test_an_import_adds_once_and_can_be_taken_back(api: ApiClient, portfolio: Portfolio, path: str) -> None:
    done = body(send(api, path, HEADER + ROW + OTHER), 201)
    assert (done["state"], done["added"], done["duplicates"], done["review"]) == ("done", 2, 0, [])
    again = body(send(api, path, HEADER + ROW + OTHER + OTHER), 201)
    assert (again["added"], again["duplicates"]) == (1, 2)
    assert Transaction.objects.count() == 3
    assert Position.objects.get(asset="ethereum").quantity == 4
    assert not ImportFile.objects.exists()
    assert api.delete(f"imports/{again['id']}").status_code == 204
    assert Position.objects.get(asset="ethereum").quantity == 2
    assert api.delete(f"imports/{done['id']}").status_code == 204
    assert not Transaction.objects.exists()
    assert not Position.objects.exists()
    assert api.get(f"imports/{done['id']}").status_code == 404


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"a,b\n1,2\n", "Line 1: no header"),
        ((HEADER + ROW).encode() + b"2024-01-10T12:00:00Z,buy,bit", "Line 3"),
        ((HEADER + ROW).encode() + b"\xff\xfe", "Line 3"),
        (b"PK\x03\x04", "spreadsheet"),
    ],
)
@pytest.mark.parametrize("commit", ["true", "false"])
def test_an_unreadable_file_is_named_with_its_line_and_leaves_nothing(
    api: ApiClient, path: str, content: bytes, words: str, commit: str
) -> None:
    found = faults(send(api, path, content, commit=commit))
    assert found.keys() == {"file"}
    assert words in found["file"]
    assert not Import.objects.exists()
    assert not Transaction.objects.exists()


def test_a_ticker_is_the_best_ranked_coin_of_the_largest_and_else_is_asked_once(api: ApiClient, path: str) -> None:
    Asset.objects.create(id="bitcoin-copy", symbol="btc", name="Copy", rank=200)
    for asset_id in ("one-xyz", "two-xyz"):
        Asset.objects.create(id=asset_id, symbol="xyz", name=asset_id, rank=300)
    rows = HEADER + ROW.replace("bitcoin,", ",") + OTHER.replace("ethereum,ETH", ",xyz")
    found = body(send(api, path, rows), 201)
    assert found["added"] == 1
    assert Transaction.objects.get().asset_id == "bitcoin"
    assert [(row["line"], row["ticker"]) for row in found["review"]] == [(3, "XYZ")]
    decided = body(send(api, path, rows, decisions=json.dumps({"xyz": "two-xyz"})), 201)
    assert (decided["added"], decided["duplicates"], decided["review"]) == (1, 1, [])
    remembered = body(send(api, path, HEADER + OTHER.replace("ethereum,ETH,2", ",XYZ,3")), 201)
    assert remembered["added"] == 1
    assert sorted(Transaction.objects.values_list("asset_id", flat=True)) == ["bitcoin", "two-xyz", "two-xyz"]


def test_times_without_a_zone_wait_for_one(api: ApiClient, path: str) -> None:
    rows = HEADER + ROW.replace("Z", "")
    (review,) = body(send(api, path, rows), 201)["review"]
    assert "time zone" in review["reason"]
    body(send(api, path, rows, timezone="Europe/Berlin"), 201)
    assert Transaction.objects.get().timestamp.isoformat() == "2024-01-10T11:00:00+00:00"


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"timezone": "Mars/Olympus"}, "timezone"),
        ({"timezone": "../etc/passwd"}, "timezone"),
        ({"decisions": "{"}, "decisions"),
        ({"decisions": "[" * 100_000}, "decisions"),
        ({"decisions": "[]"}, "decisions"),
        ({"decisions": '{"btc": 5}'}, "decisions"),
        ({"decisions": '{"btc": "no-such"}'}, "decisions"),
        ({"decisions": '{"btc": "\\ud800"}'}, "decisions"),
        ({"decisions": '{"btc": "a\\u0000"}'}, "decisions"),
        ({"commit": "perhaps"}, "commit"),
    ],
)
def test_a_wrong_field_of_the_form_is_named(api: ApiClient, path: str, form: dict[str, str], field: str) -> None:
    assert faults(send(api, path, HEADER + ROW, **form)).keys() == {field}
    assert not Import.objects.exists()


def test_a_form_without_its_file_or_that_is_no_form_is_refused(api: ApiClient, path: str) -> None:
    assert faults(api.upload(path, {"commit": "false"})).keys() == {"file"}
    assert faults(api.upload(path, {"file": "text"})).keys() == {"file"}
    assert faults(api.post(path, {"file": "text"})).keys() == {"file"}
    broken = api.client.generic(
        "POST", f"/api/v1/{path}", "--x\r\nnonsense", content_type="multipart/form-data; boundary=", headers=api.headers
    )
    assert body(broken, 400)["detail"]


def test_a_row_that_cannot_be_recorded_is_kept_with_its_reason(api: ApiClient, path: str) -> None:
    rows = HEADER + ROW.replace("bitcoin", "no-such-coin") + ROW.replace("buy", "gamble") + ROW.replace("2024", "2999")
    found = body(send(api, path, rows), 201)
    assert found["added"] == 0
    assert [row["reason"].partition(":")[0] for row in found["review"]] == ["asset_id", "type", "timestamp"]


def test_a_coin_that_only_the_source_knows_is_asked_for(api: ApiClient, path: str, source: FakeCoinGecko) -> None:
    source.set_price("cardano", "0.5")
    assert body(send(api, path, HEADER + ROW.replace("bitcoin,BTC", "cardano,ADA")), 201)["added"] == 1


def test_what_belongs_to_others_is_not_found(api: ApiClient, stranger: ApiClient, path: str) -> None:
    done = body(send(api, path, HEADER + ROW), 201)
    assert body(send(stranger, path, HEADER + ROW), 404)
    assert stranger.get(f"imports/{done['id']}").status_code == 404
    assert stranger.delete(f"imports/{done['id']}").status_code == 404
    assert Transaction.objects.count() == 1


def test_files_that_nobody_confirms_are_forgotten(api: ApiClient, path: str) -> None:
    for number in range(7):
        body(send(api, path, HEADER + ROW, name=f"{number}.csv", commit="false"))
    assert list(Import.objects.values_list("filename", flat=True)) == [f"{n}.csv" for n in (6, 5, 4, 3, 2)]
    Import.objects.update(created_at=clock.now() - timedelta(days=2))
    body(send(api, path, HEADER + ROW, commit="false"))
    assert Import.objects.count() == 1


def test_a_file_over_the_limit_of_transactions_adds_nothing(api: ApiClient, portfolio: Portfolio, path: str) -> None:
    fill(portfolio, 99_999)
    assert "100,000" in body(send(api, path, HEADER + ROW + OTHER), 409)["detail"]
    assert Transaction.objects.count() == 99_999
    assert not Import.objects.exists()
