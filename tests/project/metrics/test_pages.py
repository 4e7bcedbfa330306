"""Who may see the figures, and that they are right where they are told."""

from decimal import Decimal

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import Settings

from accounts.models import User
from dashboard import clock
from dashboard.models import Asset, MarketState
from notifications.models import Alert, Delivery
from project.metrics import families, gathering, shared
from project.tick import tick
from tests.dashboard.market.conftest import fake as fake
from tests.fakes.coingecko import FakeCoinGecko

pytestmark = pytest.mark.django_db
TOKEN = "a token of letters and 20"


def user(name: str, *, staff: bool = False) -> User:
    return User.objects.create_user(name, f"{name}@example.org", is_staff=staff)


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(user("root", staff=True))
    return client


def figures(client: Client, **headers: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    answer = client.get("/metrics", headers=headers)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answer.content.decode())
        for sample in family.samples
    }


def test_strangers_and_ordinary_users_find_no_figures(client: Client) -> None:
    assert client.get("/metrics").status_code == 404
    assert client.get("/operator/").status_code == 302
    client.force_login(user("ada"))
    assert client.get("/metrics").status_code == 404
    assert client.get("/operator/").status_code == 404
    assert b"/operator/" not in client.get("/settings/").content


def test_staff_find_them_and_the_way_there(staff: Client) -> None:
    assert staff.get("/metrics").status_code == 200
    assert staff.get("/operator/").status_code == 200
    assert b"/operator/" in staff.get("/settings/").content


def test_staff_who_were_disabled_find_none(client: Client) -> None:
    root = user("root", staff=True)
    client.force_login(root)
    User.objects.filter(pk=root.pk).update(is_active=False)
    assert client.get("/metrics").status_code == 404


def test_the_token_opens_the_figures_and_nothing_else(client: Client, settings: Settings) -> None:
    token = TOKEN.replace(" ", "-")
    bearer = {"Authorization": f"Bearer {token}"}
    assert client.get("/metrics", headers=bearer).status_code == 401  # none is set
    settings.METRICS_TOKEN = token
    assert client.get("/metrics", headers=bearer).status_code == 200
    for wrong in ("Bearer", "Bearer ", f"Bearer {token}x", f"Bearer {token[:-1]}", "Bearer ü"):
        assert client.get("/metrics", headers={"Authorization": wrong}).status_code in {401, 404}
    assert client.get("/metrics").status_code == 404
    assert client.get("/operator/", headers=bearer).status_code == 302
    assert client.post("/metrics", headers=bearer).status_code == 405


def test_no_token_set_is_no_empty_token(client: Client, settings: Settings) -> None:
    settings.METRICS_TOKEN = ""
    assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 401


def test_a_tick_is_told_by_stage_and_outcome(staff: Client, fake: FakeCoinGecko) -> None:
    Asset.objects.get_or_create(id="bitcoin", defaults={"symbol": "btc", "name": "Bitcoin"})
    assert tick() is not None
    tick()  # none is due
    fake.fail("429")
    MarketState.objects.update(last_attempt_at=None, next_poll_at=None)
    tick()
    fake.fail("timeout")
    found = figures(staff)
    assert found["tickfolio_ticks_total", ()] == 3
    assert found["tickfolio_polls_total", (("outcome", "news"),)] == 1
    assert found["tickfolio_polls_total", (("outcome", "429"),)] == 1
    assert found["tickfolio_quotes_changed_total", ()] == 3
    for stage in ("asked", "accepted", "checked"):
        assert found["tickfolio_tick_stage_seconds_count", (("stage", stage),)] == 2
    assert found["tickfolio_tick_stage_seconds_count", (("stage", "stored"),)] == 1
    assert found["tickfolio_tick_own_seconds_count", ()] == 2
    assert found["tickfolio_source_seconds_count", ()] == 2
    assert 0 < found["tickfolio_tick_own_seconds_sum", ()] < 10
    assert found["tickfolio_source_failing", ()] == 1
    assert found["tickfolio_source_pause_seconds", ()] >= 1
    assert found["tickfolio_source_calls_this_month", ()] == MarketState.objects.get().calls
    assert found["tickfolio_source_calls_allowed", ()] == 10_000
    assert 0 <= found["tickfolio_prices_age_seconds", ()] < 60


def test_buckets_grow_to_the_number_of_observations(staff: Client, fake: FakeCoinGecko) -> None:
    tick()
    found = figures(staff)
    buckets = [found["tickfolio_tick_own_seconds_bucket", (("le", str(bound)),)] for bound in families.TICK]
    assert buckets == sorted(buckets)
    assert found["tickfolio_tick_own_seconds_bucket", (("le", "+Inf"),)] == 1


def test_a_tick_leaves_one_line_in_the_log(fake: FakeCoinGecko, caplog: pytest.LogCaptureFixture) -> None:
    tick()
    tick()
    lines = [record for record in caplog.records if "market.tick" in str(record.msg)]
    assert len(lines) == 1
    said = lines[0].msg
    assert isinstance(said, dict)
    assert {"asked", "received", "accepted", "stored", "announced", "checked", "own", "quotes", "sequence"} <= set(said)
    assert (said["quotes"], said["sequence"], said["outcome"]) == (3, 1, "news")


def test_requests_are_counted_by_view_and_never_by_address(staff: Client) -> None:
    for path in ("/assets/bitcoin/", "/assets/ethereum/", "/market/", "/no-such-page/1/", "/static/nothing.js"):
        staff.get(path)
    shared.hand_over()
    found = figures(staff)
    views = {dict(labels)["view"]: value for (name, labels), value in found.items() if name.endswith("requests_total")}
    assert views["asset"] == 2
    assert views["market"] == 1
    assert views["none"] == 1
    assert not any("bitcoin" in view or "/" in view for view in views)
    assert found["tickfolio_http_request_seconds_count", (("view", "market"),)] == 1


def delivered(count: int, state: Delivery.State, error: str = "", due: bool = False) -> None:
    owner = User.objects.get()
    now = clock.now()
    for number in range(count):
        alert = Alert.objects.create(
            user=owner, firing=number, kind="price_above", currency="usd", fired_at=now, title="t", text="t"
        )
        Delivery.objects.create(
            alert=alert,
            user=owner,
            transport="email",
            state=state,
            error=error,
            queued_at=now,
            updated_at=now,
            due_at=now if due else None,
        )


def test_deliveries_are_told_by_state_and_failures_by_reason(staff: Client) -> None:
    delivered(3, Delivery.State.SENT)
    delivered(2, Delivery.State.FAILED, "550 no such <b>mailbox</b>")
    delivered(4, Delivery.State.QUEUED, due=True)
    found = figures(staff)
    assert found["tickfolio_deliveries_waiting", (("state", "queued"), ("transport", "email"))] == 4
    assert found["tickfolio_deliveries_recent", (("state", "failed"), ("transport", "email"))] == 2
    assert found["tickfolio_delivery_oldest_due_seconds", ()] > 0
    page = staff.get("/operator/").content.decode()
    assert "550 no such &lt;b&gt;mailbox&lt;/b&gt;" in page


def test_the_page_shows_ticks_and_processes_and_asks_for_what_moves_only(staff: Client, fake: FakeCoinGecko) -> None:
    assert "No tick has asked the source yet" in staff.get("/operator/").content.decode()
    tick()
    shared.tell(shared.this_process("web", 0.0, {"connected": 1234, "frames_per_second": 5.04, "p50": 0.02, "p99": None,
                                                 "conflated": 0, "dropped": 2}))  # fmt: skip
    page = staff.get("/operator/").content.decode()
    assert "<html" in page
    part = staff.get("/operator/", headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part
    for words in ("news", "1,234", "5.0", "20 ms", "every 1 s", "CoinGecko"):
        assert words in part


def test_the_page_stands_when_nothing_is_known_and_redis_is_empty(staff: Client) -> None:
    cache.clear()
    assert staff.get("/operator/").status_code == 200
    assert gathering.market().age is None
    assert figures(staff)["tickfolio_queue_length", (("queue", "market"),)] >= 0


def test_a_scrape_costs_the_same_however_much_there_is(staff: Client) -> None:
    figures(staff)
    with CaptureQueriesContext(connection) as few:
        figures(staff)
    delivered(30, Delivery.State.FAILED, "why")
    Asset.objects.bulk_create(Asset(id=f"coin-{n}", symbol="c", name="Coin") for n in range(50))
    with CaptureQueriesContext(connection) as many:
        figures(staff)
    assert len(many) == len(few) < 15
    assert Decimal(len(few)) > 0
