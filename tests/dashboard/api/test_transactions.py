"""Transactions by the API: exact numbers, clear refusals, all or nothing."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dashboard.models import Portfolio, Transaction
from tests.dashboard.api.client import ApiClient, body, faults, fill
from tests.fakes.coingecko import FakeCoinGecko

D = Decimal
BUY = {"timestamp": "2024-01-10T12:00:00Z", "type": "buy", "asset_id": "bitcoin", "amount": "2", "price": "100.5"}


@pytest.fixture
def path(portfolio: Portfolio) -> str:
    return f"portfolios/{portfolio.pk}/transactions"


def test_a_transaction_comes_back_as_it_was_stated(api: ApiClient, portfolio: Portfolio, path: str) -> None:
    sent = BUY | {"wallet": "Kraken", "fee_amount": "1.50", "note": "=first", "external_id": "T-1", "type": "BUY"}
    made = body(api.post(path, sent), 201)
    assert made == {
        "id": made["id"],
        "portfolio": portfolio.pk,
        "timestamp": "2024-01-10T12:00:00Z",
        "type": "buy",
        "wallet": "Kraken",
        "asset_id": "bitcoin",
        "amount": "2",
        "counter_asset_id": None,
        "counter_amount": None,
        "fee_asset_id": "usd",
        "fee_amount": "1.5",
        "price": "100.5",
        "price_currency": "usd",
        "to_wallet": "",
        "value_override": None,
        "note": "=first",
        "external_id": "T-1",
        "fee_value": None,
    }
    assert body(api.get(f"transactions/{made['id']}")) == made
    assert body(api.patch(f"transactions/{made['id']}", made)) == made


def test_a_list_is_answered_by_a_list_and_listed_newest_first(api: ApiClient, path: str) -> None:
    days = [f"2024-01-{day:02}T00:00:00+02:00" for day in (3, 1, 2)]
    made = body(api.post(path, [BUY | {"timestamp": day} for day in days]), 201)
    assert [row["timestamp"] for row in made] == [
        "2024-01-02T22:00:00Z",
        "2023-12-31T22:00:00Z",
        "2024-01-01T22:00:00Z",
    ]
    listed = body(api.get(path))
    assert listed["count"] == 3
    assert [row["id"] for row in listed["items"]] == [made[0]["id"], made[2]["id"], made[1]["id"]]
    assert [row["id"] for row in body(api.get(f"{path}?limit=1&offset=1"))["items"]] == [made[2]["id"]]
    assert body(api.post(path, []), 201) == []


def test_a_list_with_one_fault_records_nothing_and_names_its_place(api: ApiClient, path: str) -> None:
    answer = body(api.post(path, [BUY, BUY | {"amount": "0"}]), 422)
    assert answer["detail"] == [{"field": "amount", "message": "Enter a number above zero.", "index": 1}]
    answer = body(api.post(path, [BUY, BUY, BUY | {"amount": "x"}]), 422)
    assert answer["detail"] == [{"field": "amount", "message": "Enter a number.", "index": 2}]
    assert not Transaction.objects.exists()


def test_a_transaction_is_changed_in_part_and_deleted(api: ApiClient, portfolio: Portfolio, path: str) -> None:
    made = body(api.post(path, BUY | {"fee_amount": "1"}), 201)
    changed = body(api.patch(f"transactions/{made['id']}", {"amount": 3, "fee_amount": None, "note": "more"}))
    assert (changed["amount"], changed["fee_amount"], changed["note"], changed["price"]) == ("3", None, "more", "100.5")
    assert body(api.get(f"portfolios/{portfolio.pk}"))["positions"][0]["quantity"] == "3"
    assert faults(api.patch(f"transactions/{made['id']}", {"amount": "-1"})) == {"amount": "Enter a number above zero."}
    assert faults(api.patch(f"transactions/{made['id']}", {"amount": None})) == {"amount": "This can't be empty."}
    assert api.delete(f"transactions/{made['id']}").status_code == 204
    assert api.delete(f"transactions/{made['id']}").status_code == 404
    assert body(api.get(f"portfolios/{portfolio.pk}"))["positions"] == []


@pytest.mark.parametrize(
    "number",
    ["21000000.12345678", "0.000000000000000001", "12345678901234567890", "1e-8", "1E2", "0.1", "9007199254740993",
     "99999999.999999999999999999"],
)  # fmt: skip
def test_json_numbers_are_read_exactly(api: ApiClient, path: str, number: str) -> None:
    raw = json.dumps(BUY | {"price": 0}).replace('"2"', number, 1)
    assert D(body(api.post(path, raw=raw), 201)["amount"]) == D(number)
    as_text = json.dumps(BUY | {"price": 0}).replace('"2"', f'"{number}"', 1)
    answer = body(api.post(path, raw=as_text), 201)["amount"]
    assert D(answer) == D(number)
    assert "e" not in answer.lower()


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(numbers=st.lists(st.integers(1, 10**28 - 1).map(lambda n: D(n).scaleb(-18)), min_size=1, max_size=40))
def test_random_amounts_of_18_decimals_come_back_unchanged(api: ApiClient, path: str, numbers: list[Decimal]) -> None:
    made = body(api.post(path, [BUY | {"amount": f"{number:f}", "price": "0"} for number in numbers]), 201)
    assert [D(row["amount"]) for row in made] == numbers
    stored = {row["id"]: D(row["amount"]) for row in body(api.get(f"{path}?limit=40"))["items"]}
    assert [stored[row["id"]] for row in made] == numbers
    Transaction.objects.all().delete()


HUGE = "9" * 5000


@pytest.mark.parametrize(
    "number",
    ["NaN", "Infinity", "-Infinity", "1e400", "-1e400", "1e99999999999999999999", "1e-30", HUGE, f"0.{HUGE}", "0",
     "-1", "123456789012345678901", "true", "null", "[]", "{}", '"NaN"', '"1e400"', '""', '"1,5"', '" "', '"0x10"',
     '"1e1000000"', f'"{HUGE}"', '"sNaN"', '"\\ud800"', '"\\u0000"'],
)  # fmt: skip
@pytest.mark.parametrize("field", ["amount", "price"])
def test_no_number_is_a_fault_of_its_field(api: ApiClient, path: str, field: str, number: str) -> None:
    if field == "price" and number in {"0", "null"}:
        number = '"-0.1"'
    raw = json.dumps(BUY | {field: "@"}).replace('"@"', number)
    found = faults(api.post(path, raw=raw))
    assert found.keys() == {field}
    assert len(found[field]) < 200
    assert field in faults(api.post(path, raw=f"[{raw}]"))
    assert not Transaction.objects.exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("timestamp", "yesterday"), ("timestamp", 1704888000), ("timestamp", "2999-01-01T00:00:00Z"),
        ("timestamp", "1999-01-01T00:00:00Z"), ("timestamp", "0001-01-01T00:00:00+14:00"), ("timestamp", None),
        ("timestamp", "9999-12-31T23:59:59-14:00"), ("type", "gamble"), ("type", 5), ("asset_id", "no-such-coin"),
        ("asset_id", ""), ("asset_id", "a\x00b"), ("asset_id", "usd"), ("asset_id", "x" * 100_000),
        ("fee_amount", "-1"), ("fee_amount", "x"), ("price_currency", "xyz"), ("price_currency", "a\x00b"),
        ("note", "x" * 501), ("note", 7), ("note", "\ud800"), ("wallet", ["a"]), ("wallet", "x" * 61),
        ("external_id", "\x00"), ("amuont", "1"), ("value_override", "-1"),
    ],
)  # fmt: skip
def test_each_wrong_field_is_named(api: ApiClient, path: str, field: str, value: Any) -> None:
    assert faults(api.post(path, BUY | {field: value})).keys() == {field}
    assert not Transaction.objects.exists()


SWAP = BUY | {"type": "swap", "price": None, "counter_asset_id": "ethereum", "counter_amount": "30"}
TRANSFER = BUY | {"type": "transfer", "wallet": "Kraken", "to_wallet": "Ledger"}
BARE = BUY | {"price": None}


@pytest.mark.parametrize(
    ("kind", "facts"),
    [
        ("swap", SWAP | {"value_override": "900", "fee_asset_id": "ethereum", "fee_amount": "0.1"}),
        ("migrate", SWAP), ("transfer", TRANSFER | {"fee_asset_id": "bitcoin", "fee_amount": "0.0001"}),
        ("split", BARE | {"amount": "0.1"}), ("adjust", BARE | {"amount": "0", "value_override": "5"}),
        ("dividend", BARE | {"price": "1"}), ("deposit", BUY | {"value_override": "70"}), ("sell", BUY),
        *((kind, BARE) for kind in
          ("reward", "withdrawal", "stake", "unstake", "gift_in", "gift_out", "spend", "lost", "fee", "fork")),
    ],
)  # fmt: skip
def test_every_kind_comes_back_as_it_was_stated(api: ApiClient, path: str, kind: str, facts: dict[str, Any]) -> None:
    sent = facts | {"type": kind}
    made = body(api.post(path, sent), 201)
    assert {name: made[name] for name in sent} == sent
    assert body(api.patch(f"transactions/{made['id']}", made)) == made


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        (SWAP | {"counter_asset_id": None}, "counter_asset_id"), (SWAP | {"counter_amount": None}, "counter_amount"),
        (SWAP | {"counter_asset_id": "bitcoin"}, "counter_asset_id"),
        (SWAP | {"counter_amount": "0"}, "counter_amount"),
        (SWAP | {"counter_asset_id": "usd"}, "counter_asset_id"),
        (SWAP | {"counter_asset_id": "x"}, "counter_asset_id"),
        (SWAP | {"fee_asset_id": "ethereum", "fee_amount": "30"}, "fee_amount"), (SWAP | {"type": "buy"}, "price"),
        (SWAP | {"type": "reward"}, "counter_asset_id"), (BUY | {"counter_amount": "1"}, "counter_amount"),
        (TRANSFER | {"to_wallet": ""}, "to_wallet"), (TRANSFER | {"to_wallet": "Kraken"}, "to_wallet"),
        (BUY | {"type": "split", "amount": "0"}, "amount"), (BUY | {"type": "adjust", "amount": "-1"}, "amount"),
        (BUY | {"fee_asset_id": "bitcoin", "fee_amount": "2"}, "fee_amount"),
        (BUY | {"fee_amount": "2", "fee_value": "1"}, "fee_value"),
        (BUY | {"fee_asset_id": "ethereum", "fee_amount": "2", "fee_value": "-1"}, "fee_value"),
    ],
)  # fmt: skip
def test_what_a_kind_can_not_do_without_is_named(api: ApiClient, path: str, sent: dict[str, Any], field: str) -> None:
    assert field in faults(api.post(path, sent))
    assert not Transaction.objects.exists()


def test_a_changed_kind_is_checked_as_a_whole(api: ApiClient, path: str) -> None:
    made = body(api.post(path, SWAP), 201)
    assert faults(api.patch(f"transactions/{made['id']}", {"type": "reward"})).keys() == {"counter_asset_id"}
    rest = {"type": "reward", "counter_asset_id": None, "counter_amount": None}
    assert body(api.patch(f"transactions/{made['id']}", rest))["type"] == "reward"


def test_a_missing_price_or_field_is_named(api: ApiClient, path: str) -> None:
    assert faults(api.post(path, BUY | {"price": None})).keys() == {"price"}
    assert faults(api.post(path, {"type": "buy"})).keys() == {"timestamp", "asset_id", "amount"}


def test_a_coin_that_only_the_source_knows_is_asked_for_by_its_id(
    api: ApiClient, path: str, source: FakeCoinGecko
) -> None:
    source.set_price("cardano", "0.5")
    made = body(api.post(path, [BUY | {"asset_id": "cardano"}, BUY]), 201)
    assert made[0]["asset_id"] == "cardano"
    assert faults(api.post(path, [BUY | {"asset_id": "cardano2"}])).keys() == {"asset_id"}
    source.fail("500")
    assert faults(api.post(path, [BUY | {"asset_id": "cardano3"}])).keys() == {"asset_id"}


def test_a_fee_in_an_unknown_coin_is_named(api: ApiClient, path: str) -> None:
    sent = BUY | {"fee_amount": "1", "fee_asset_id": "no-such-coin"}
    assert faults(api.post(path, sent)).keys() == {"fee_asset_id"}


@pytest.mark.parametrize("raw", ["{", "", "[[[", '{"amount": 1,}', "\x00", "[" * 100_000, '{"a": 01}', "nul"])
def test_malformed_json_is_refused(api: ApiClient, path: str, raw: str) -> None:
    answer = api.post(path, raw=raw)
    assert answer.status_code in {400, 422}
    assert body(answer, answer.status_code)["detail"]


@pytest.mark.parametrize("raw", ["1", '"buy"', "null", "true", "[1]", "[null]", "[[]]"])
def test_json_that_is_no_transaction_is_refused(api: ApiClient, path: str, raw: str) -> None:
    assert body(api.post(path, raw=raw), 422)["detail"]


def test_a_body_over_the_cap_is_refused_as_too_large(api: ApiClient, path: str) -> None:
    assert body(api.post(path, [BUY | {"note": "x" * 1000}] * 6000), 413)["detail"]


def test_the_limit_of_transactions_is_a_conflict(api: ApiClient, portfolio: Portfolio, path: str) -> None:
    fill(portfolio, 100_000)
    assert "100,000" in body(api.post(path, BUY), 409)["detail"]
