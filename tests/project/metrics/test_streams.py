"""What operators see of the exchanges' feeds: at /readyz, at /metrics, on their page."""

import re
from dataclasses import replace

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from dashboard import clock
from dashboard.market.streams import handover
from dashboard.market.streams.handover import FeedState
from tests.valkey import Valkey

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(User.objects.create_user("grace", is_staff=True))
    return client


@pytest.fixture(autouse=True)
def feeds(settings: Settings, valkey: Valkey) -> None:
    settings.PRICE_STREAMS = {"kraken": "", "binance": ""}
    handover.redis().delete(handover.FEEDS)


def state(name: str = "kraken", **facts: object) -> FeedState:
    now = clock.now().timestamp()
    stated = FeedState(
        name=name,
        title=name.title(),
        url="",
        at=now,
        connected=True,
        since=now - 3600,
        subscribed=7,
        wanted=8,
        messages_a_second=12.5,
        last_message_at=now - 2,
        reconnects=3,
        gaps=1,
    )
    return replace(stated, **facts)  # type: ignore[arg-type]


def tell(*states: FeedState) -> None:
    for each in states:
        handover.redis().hset(handover.FEEDS, each.name, handover.write_feed(each))


AWAY = {"connected": False, "since": None, "reason": "silent for 7 seconds", "last_message_at": None}
DISTRUSTED = {"BTC/USD": "60000 USD where CoinGecko stated 50000 of bitcoin"}


def test_readyz_tells_of_each_exchange_and_none_that_is_away_is_a_failure(client: Client) -> None:
    tell(state(distrusted=DISTRUSTED), state("binance", **AWAY))
    answer = client.get("/readyz").json()["streams"]
    assert answer["binance"]["state"] == "away"
    assert answer["binance"]["last_message_age_seconds"] is None
    assert 2 <= answer["kraken"].pop("last_message_age_seconds") < 60
    assert answer["kraken"] == {
        "state": "connected",
        "subscribed": 7,
        "messages_per_second": 12.5,
        "reconnects": 3,
        "distrusted": 1,
    }


def test_readyz_knows_nothing_of_a_process_that_is_gone(client: Client) -> None:
    tell(state(at=clock.now().timestamp() - 60))
    unknown = {"state": "unknown"}
    assert client.get("/readyz").json()["streams"] == {"kraken": unknown, "binance": unknown}


def test_readyz_says_nothing_where_no_exchange_is_named(client: Client, settings: Settings) -> None:
    settings.PRICE_STREAMS = {}
    assert "streams" not in client.get("/readyz").json()


def test_metrics_tell_of_each_exchange(staff: Client) -> None:
    tell(state(distrusted=DISTRUSTED, refused={"A/USD": "no"}), state("binance", **AWAY))
    text = staff.get("/metrics").content.decode()
    told = dict(re.findall(r'^(tickfolio_stream_\w+\{exchange="\w+"\}) (\S+)$', text, re.MULTILINE))
    kraken = {
        name.partition("{")[0].removeprefix("tickfolio_stream_"): value
        for name, value in told.items()
        if "kraken" in name
    }
    assert float(kraken.pop("last_message_age_seconds")) == pytest.approx(2)  # at the time of its state
    assert kraken == {
        "connected": "1.0",
        "subscribed": "7.0",
        "messages_per_second": "12.5",
        "reconnects": "3.0",
        "gaps": "1.0",
        "distrusted": "1.0",
        "refused": "1.0",
    }
    assert told['tickfolio_stream_connected{exchange="binance"}'] == "0.0"
    assert 'tickfolio_stream_last_message_age_seconds{exchange="binance"}' not in told


def test_the_page_shows_how_each_stands_and_what_is_not_trusted(staff: Client) -> None:
    tell(state(distrusted=DISTRUSTED, refused={"<A>/USD": "unknown <pair>"}), state("binance", **AWAY))
    page = staff.get("/operator/").content.decode()
    assert "Kraken BTC/USD is not trusted: 60000 USD where CoinGecko stated 50000 of bitcoin." in page
    assert "away: silent for 7 seconds" in page
    assert "7 of 8" in page
    kraken = [
        " ".join(cell.split()) for cell in re.findall(r"<td[^>]*>(.*?)</td>", page.split(">Kraken<")[1], re.DOTALL)
    ]
    assert kraken[1:3] == ["7 of 8", "12.5"]
    assert kraken[4:7] == ["3", "1", "1"]  # reconnects, gaps, distrusted
    assert "&lt;A&gt;/USD: unknown &lt;pair&gt;" in page


def test_the_page_says_so_where_there_is_nothing_to_tell(staff: Client, settings: Settings) -> None:
    assert "No word of them within the last seconds" in staff.get("/operator/").content.decode()
    settings.PRICE_STREAMS = {}
    assert "PRICE_STREAMS names none" in staff.get("/operator/").content.decode()
