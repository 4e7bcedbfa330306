"""Prices of the recent past: kept exactly by each tick, thinned as they age without losing extremes and last prices."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import groupby
from random import Random

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from dashboard.market.quote import Quote
from dashboard.market.refresh import refresh
from dashboard.market.samples import Sample, extremes, keep, price_at, prices_at, samples, slot, thin
from dashboard.models import Asset, MarketState, PriceSample
from tests.fakes.coingecko import FakeCoinGecko

pytestmark = pytest.mark.django_db
D = Decimal
NOON = datetime(2025, 3, 1, 12, tzinfo=UTC)
EVER = (datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def noon() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def bitcoin() -> Asset:
    return Asset.objects.create(id="bitcoin", symbol="btc", name="Bitcoin")


def quoted(asset: str, at: datetime | None, price: str | None) -> Quote:
    return Quote(asset, asset[:3], asset.title(), (price and D(price)) or None, at, source="CoinGecko")


def kept(*points: tuple[datetime, str], asset: str = "bitcoin") -> None:
    PriceSample.objects.bulk_create(
        PriceSample(asset_id=asset, at=at, usd=D(usd), source="CoinGecko") for at, usd in points
    )


def single(at: datetime, usd: str) -> Sample:
    return Sample(at, D(usd), D(usd), D(usd))


def test_a_tick_keeps_the_prices_of_what_is_held_or_watched_and_no_others(fake: FakeCoinGecko) -> None:
    Asset.objects.create(id="bitcoin", symbol="btc", name="Bitcoin")
    fake.set_price("bitcoin", "50000.000000000000000001")
    tick = refresh(["bitcoin"])
    assert tick is not None
    assert len(tick.quotes) == 3
    (sample,) = PriceSample.objects.all()
    assert (sample.asset_id, sample.usd, sample.source) == ("bitcoin", D("50000.000000000000000001"), "CoinGecko")
    assert sample.at == next(quote.as_of for quote in tick.quotes if quote.asset == "bitcoin")


def test_the_same_price_under_a_newer_time_is_a_sample_and_under_the_same_time_is_none(
    fake: FakeCoinGecko, noon: time_machine.Traveller
) -> None:
    Asset.objects.create(id="bitcoin", symbol="btc", name="Bitcoin")
    refresh(["bitcoin"])
    noon.shift(30)
    refresh(["bitcoin"])
    assert [each.usd for each in samples("bitcoin", *EVER)] == [50_000, 50_000]
    fake.prices.frozen_at = NOON + timedelta(seconds=30)
    noon.shift(30)
    refresh(["bitcoin"])
    assert len(samples("bitcoin", *EVER)) == 2


def test_a_price_that_is_not_believed_is_not_kept(fake: FakeCoinGecko, noon: time_machine.Traveller) -> None:
    Asset.objects.create(id="bitcoin", symbol="btc", name="Bitcoin")
    refresh(["bitcoin"])
    fake.set_price("bitcoin", 90_000)  # a jump, held until it is confirmed
    noon.shift(5)
    refresh(["bitcoin"])
    assert [each.usd for each in samples("bitcoin", *EVER)] == [50_000]
    noon.shift(5)
    refresh(["bitcoin"])
    assert [each.usd for each in samples("bitcoin", *EVER)] == [50_000, 90_000]
    fake.prices.frozen_at = NOON  # older than what is known
    fake.set_price("bitcoin", 91_000)
    noon.shift(5)
    refresh(["bitcoin"])
    assert [each.usd for each in samples("bitcoin", *EVER)] == [50_000, 90_000]


def test_stale_and_unknown_prices_are_not_kept(bitcoin: Asset) -> None:
    old = quoted("bitcoin", NOON - timedelta(seconds=181), "1")
    assert keep([old, quoted("bitcoin", NOON, None), quoted("bitcoin", None, None)], ["bitcoin"], NOON, interval=1) == 0
    assert keep([old], ["bitcoin"], NOON, interval=61) == 1


def test_of_one_time_the_last_word_counts(bitcoin: Asset) -> None:
    for price in ("1", "2.5"):
        keep([quoted("bitcoin", NOON, price)], ["bitcoin"], NOON, interval=1)
    assert samples("bitcoin", *EVER) == [single(NOON, "2.5")]


def test_a_tick_that_fails_keeps_nothing(fake: FakeCoinGecko) -> None:
    Asset.objects.create(id="bitcoin", symbol="btc", name="Bitcoin")
    fake.fail("500")
    assert refresh(["bitcoin"]) is None
    assert not PriceSample.objects.exists()


def test_the_price_at_a_time_is_the_last_one_not_after_it(bitcoin: Asset) -> None:
    Asset.objects.create(id="tether", symbol="usdt", name="Tether")
    Asset.objects.create(id="empty", symbol="e", name="Empty")
    kept((NOON - 2 * MINUTE, "100"), (NOON - MINUTE, "9.5"))
    kept((NOON - HOUR, "1"), asset="tether")
    assert price_at("bitcoin", NOON) == single(NOON - MINUTE, "9.5")
    assert price_at("bitcoin", NOON - MINUTE) == single(NOON - MINUTE, "9.5")
    assert price_at("bitcoin", NOON - timedelta(seconds=61)) == single(NOON - 2 * MINUTE, "100")
    assert price_at("bitcoin", NOON - HOUR) is None
    everyone = ["bitcoin", "tether", "empty", "unheard of"]
    assert prices_at(everyone, NOON) == {"bitcoin": D("9.5"), "tether": D(1)}
    assert prices_at(everyone, NOON, since=NOON - 5 * MINUTE) == {"bitcoin": D("9.5")}


def test_a_range_has_both_its_ends_and_its_extremes_are_those_of_numbers_not_of_text(bitcoin: Asset) -> None:
    kept((NOON - 3 * MINUTE, "1"), (NOON - 2 * MINUTE, "100"), (NOON - MINUTE, "9.5"), (NOON, "20"))
    assert [each.usd for each in samples("bitcoin", NOON - 2 * MINUTE, NOON - MINUTE)] == [100, D("9.5")]
    Asset.objects.create(id="tether", symbol="usdt", name="Tether")
    kept((NOON - MINUTE, "1"), asset="tether")
    both = ["bitcoin", "tether", "unheard of"]
    assert extremes(both, NOON - 2 * MINUTE, NOON) == {"bitcoin": (D("9.5"), 100), "tether": (1, 1)}
    assert extremes(both, NOON + MINUTE, NOON + HOUR) == {}


def walk(length: timedelta, step: timedelta, asset: str = "bitcoin") -> list[Sample]:
    """A random walk that ends now, stored."""
    random, price, points = Random(7), D(50_000), []
    at = NOON - length
    while at <= NOON:
        price = max(price + D(random.randrange(-(10**6), 10**6)).scaleb(-4), D("0.0001"))
        points.append((at, str(price)))
        at += step
    kept(*points, asset=asset)
    return [single(at, usd) for at, usd in points]


def test_thinning_keeps_first_last_lowest_and_highest_of_each_stretch(bitcoin: Asset) -> None:
    before = walk(100 * DAY, 7 * MINUTE)
    assert thin(NOON) == len(before) - PriceSample.objects.count()
    rows = list(PriceSample.objects.order_by("at"))
    assert rows[-1].at == before[-1].at
    assert {row.step for row in rows} == {0, 60, 300, 3600, 86400}
    for step, age in ((300, DAY), (3600, 7 * DAY), (86400, 90 * DAY)):
        stretch = timedelta(seconds=step)
        inside = {at: list(part) for at, part in groupby(before, key=lambda each: slot(each.at, stretch))}
        for row in (row for row in rows if row.step == step):
            part = inside[slot(row.at, stretch)]
            assert (row.first_at, row.first, row.at, row.usd) == (part[0].at, part[0].usd, part[-1].at, part[-1].usd)
            assert (row.low, row.high) == (min(each.usd for each in part), max(each.usd for each in part))
        assert min(row.at for row in rows if row.step < step) >= slot(NOON - age, stretch)
    assert extremes(["bitcoin"], *EVER) == {"bitcoin": (min(e.usd for e in before), max(e.usd for e in before))}


def test_thinning_little_by_little_ends_where_thinning_at_once_does(bitcoin: Asset) -> None:
    tether = Asset.objects.create(id="tether", symbol="usdt", name="Tether")
    walk(12 * DAY, 11 * MINUTE)
    walk(12 * DAY, 11 * MINUTE, tether.pk)
    columns = ("at", "usd", "step", "first_at", "first", "low", "high")
    for hours in range(24 * 10, -1, -7):
        thin(NOON - hours * HOUR)
    thin(NOON)
    little = list(PriceSample.objects.filter(asset=bitcoin).order_by("at").values_list(*columns))
    PriceSample.objects.all().delete()
    walk(12 * DAY, 11 * MINUTE)
    thin(NOON)
    assert little == list(PriceSample.objects.filter(asset=bitcoin).order_by("at").values_list(*columns))
    assert thin(NOON) == 0


def test_a_thinned_price_is_never_told_before_its_time(bitcoin: Asset) -> None:
    before = walk(3 * DAY, MINUTE)
    thin(NOON)
    for at in (NOON - 2 * DAY, NOON - 2 * DAY + timedelta(seconds=90), NOON - 30 * HOUR):
        found = price_at("bitcoin", at)
        assert found is not None
        assert found.at <= at
        assert found.usd == next(each.usd for each in before if each.at == found.at)


def test_more_rows_than_one_transaction_takes_are_merged_all_the_same(bitcoin: Asset) -> None:
    kept(*[(NOON - 2 * DAY + timedelta(seconds=number), str(number + 1)) for number in range(5000)])
    with CaptureQueriesContext(connection) as captured:
        thin(NOON)
    assert PriceSample.objects.count() == 17
    assert sum("DELETE" in query["sql"] for query in captured) > 2
    assert extremes(["bitcoin"], *EVER) == {"bitcoin": (1, 5000)}


def test_a_range_of_one_asset_is_one_scan_of_an_index(bitcoin: Asset) -> None:
    walk(2 * DAY, 2 * MINUTE)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    row = PriceSample.objects.filter(asset="bitcoin", at__gte=NOON - HOUR, at__lte=NOON).order_by("at")
    plan = row.explain()
    assert re.search(r"search dashboard_pricesample using index|index scan using price_sample_once", plan.lower()), plan
    assert not re.search(r"seq scan|b-tree|sort", plan.lower()), plan


def test_queries_do_not_grow_with_assets_or_with_samples(bitcoin: Asset) -> None:
    assets = [Asset(id=f"coin-{number}", symbol="c", name="Coin") for number in range(50)]
    Asset.objects.bulk_create(assets)
    names = [asset.pk for asset in assets]
    keep([quoted(name, NOON, "1.5") for name in names], names, NOON, interval=1)
    walk(DAY, 5 * MINUTE)
    for work in (
        lambda: prices_at(names, NOON),
        lambda: price_at("bitcoin", NOON),
        lambda: extremes(["bitcoin"], *EVER),
    ):
        with CaptureQueriesContext(connection) as captured:
            assert work()
        assert len(captured) == 1
    assert set(prices_at(names, NOON).values()) == {D("1.5")}
    assert MarketState.objects.count() == 0
