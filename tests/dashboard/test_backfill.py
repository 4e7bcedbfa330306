"""Values of days nobody looked at: equal to the ledger, made anew from a change on, with gaps where prices lack."""

import random
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, localcontext
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from dashboard.backfill import working
from dashboard.backfill.reading import daily_worth
from dashboard.backfill.valuing import midnight
from dashboard.charts import Span, value_chart
from dashboard.drafts import Draft
from dashboard.entries import entry_of
from dashboard.ledger.book import post
from dashboard.ledger.methods import Method
from dashboard.ledger.returns import total, value
from dashboard.market.history import Past
from dashboard.models import (
    Asset,
    DailyPrice,
    DailyValue,
    MarketQuote,
    Portfolio,
    PriceHistory,
    PriceSample,
    Snapshot,
    Transaction,
    ValueHistory,
)
from dashboard.money import WIDE, quantize
from dashboard.recording import (
    change_portfolio,
    create_portfolio,
    delete_transaction,
    edit_transaction,
    record_transactions,
)
from dashboard.snapshots import series

pytestmark = pytest.mark.django_db
D = Decimal
NOW = datetime(2024, 3, 1, 10, 2, tzinfo=UTC)
TODAY = NOW.date()
COINS = ("bitcoin", "ethereum", "solana")


@pytest.fixture(autouse=True)
def at_noon() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def ada(db: None) -> User:
    for asset_id in COINS:
        asset = Asset.objects.create(id=asset_id, symbol=asset_id[:3], name=asset_id.title())
        MarketQuote.objects.create(asset=asset, price=D(100), as_of=NOW, source="CoinGecko")
    return User.objects.create_user("ada", "ada@example.org")


@pytest.fixture
def portfolio(ada: User) -> Portfolio:
    return create_portfolio(ada, "Main")


def priced(asset: str, prices: Mapping[int, str]) -> None:
    """The price at the beginning of the day so many days ago."""
    DailyPrice.objects.bulk_create(
        DailyPrice(asset_id=asset, day=TODAY - timedelta(days=ago), usd=D(usd)) for ago, usd in prices.items()
    )


def draft(ago: float, amount: str, asset: str = "bitcoin", kind: str = "buy", **facts: Any) -> Draft:
    """So many days before the beginning of today."""
    return Draft(midnight(TODAY) - timedelta(days=ago), kind, asset, D(amount), **facts)


def made(portfolio: Portfolio) -> dict[int, DailyValue]:
    """The daily values as a worker makes them, by how many days ago."""
    working.work_on(portfolio.pk)
    return {(TODAY - each.day).days: each for each in DailyValue.objects.filter(portfolio=portfolio)}


def values(portfolio: Portfolio) -> dict[int, Decimal | None]:
    return {ago: each.value for ago, each in sorted(made(portfolio).items(), reverse=True)}


def test_a_day_is_worth_what_was_held_at_its_beginning_at_its_price(portfolio: Portfolio) -> None:
    priced("bitcoin", {4: "90", 3: "100", 2: "110", 1: "120", 0: "130"})
    record_transactions(portfolio, [draft(3.5, "2", price=D(95)), draft(1.5, "1", kind="sell", price=D(115))])
    assert values(portfolio) == {4: 0, 3: 200, 2: 220, 1: 120, 0: 130}
    rows = made(portfolio)
    assert {ago: row.cost for ago, row in rows.items()} == {4: 0, 3: 190, 2: 190, 1: 95, 0: 95}
    assert {ago: row.profit for ago, row in rows.items()} == {4: 0, 3: 10, 2: 30, 1: 45, 0: 55}
    assert {ago: (row.inflow, row.outflow) for ago, row in rows.items() if row.inflow or row.outflow} == {
        3: (190, 0),
        1: (0, 115),
    }


def ledger_of(portfolio: Portfolio, day: date) -> tuple[Decimal, Decimal, Decimal]:
    """Value, cost and profit at the beginning of the day, all transactions before it posted from the first on."""
    past = Past(portfolio.currency)
    rows = Transaction.objects.filter(portfolio=portfolio, timestamp__lt=midnight(day))
    book = post([entry_of(row, past) for row in rows], method=Method(portfolio.method))
    prices: dict[str, Decimal] = {}
    for row in DailyPrice.objects.filter(day=day):
        rate = past.exchange.rate("usd", midnight(day))
        assert rate is not None
        prices[row.asset_id] = quantize(WIDE.multiply(row.usd, rate))
    sums = total((standing, value(standing, prices.get(asset))) for asset, standing in book.standings.items())
    return quantize(sums.value), quantize(sums.cost), quantize(sums.profit)


@pytest.mark.parametrize("seed", range(6))
def test_every_day_equals_the_ledger_whatever_is_recorded_changed_and_deleted(ada: User, seed: int) -> None:
    dice = random.Random(seed)
    portfolio = create_portfolio(ada, "Euros", currency="eur", method=dice.choice(["fifo", "average", "hifo"]))
    for coin in COINS:
        priced(coin, {ago: str(dice.randrange(100, 99999) / D(100)) for ago in range(41)})

    def some() -> Draft:
        kind, (coin, other) = (
            dice.choice(["buy", "buy", "sell", "swap", "reward", "withdrawal", "fee"]),
            dice.sample(COINS, 2),
        )
        facts: dict[str, Any] = {"price": D(dice.randrange(1, 900))} if kind in {"buy", "sell"} else {}
        facts |= {"counter_asset_id": other, "counter_amount": D(3)} if kind == "swap" else {}
        return draft(dice.randrange(0, 3900) / 100, str(dice.randrange(1, 500) / D(100)), coin, kind, **facts)

    for _ in range(8):
        rows = list(Transaction.objects.filter(portfolio=portfolio))
        act = dice.random()
        if rows and act < 0.2:
            delete_transaction(dice.choice(rows))
        elif rows and act < 0.4:
            edit_transaction(dice.choice(rows), some())
        else:
            record_transactions(portfolio, [some() for _ in range(4)])
        if dice.random() < 0.6:
            made(portfolio)
    found = made(portfolio)
    first = Transaction.objects.filter(portfolio=portfolio).earliest("timestamp").timestamp.date()
    assert sorted(found) == list(range((TODAY - first).days + 1))
    for row in found.values():
        assert (row.value, row.cost, row.profit) == ledger_of(portfolio, row.day)
    with localcontext(WIDE):  # without deposits and withdrawals at another worth, profit = value - all that flowed
        income = sum(row.income for row in found.values())
    assert income == quantize(sum(p.income for p in portfolio.positions.all())) or first


def test_what_the_chart_draws_equals_the_ledger(ada: User, portfolio: Portfolio) -> None:
    priced("bitcoin", {ago: str(100 + ago) for ago in range(300)})
    record_transactions(portfolio, [draft(250.3, "2", price=D(300)), draft(20.7, "0.5", kind="sell", price=D(130))])
    working.work_on(portfolio.pk)
    chart = value_chart(ada, portfolio, Span.YEAR)
    assert len(chart.main.known) == 252
    for (at, worth), (_, cost) in zip(chart.lines[0].known, chart.lines[1].known, strict=True):
        assert (worth, cost) == ledger_of(portfolio, at.date())[:2]
    assert [point.value for point in series(portfolio, None, None).points] == [v for _, v in chart.main.known]


def test_a_missing_price_leaves_a_gap_until_it_comes(ada: User, portfolio: Portfolio) -> None:
    priced("bitcoin", dict.fromkeys(range(30), "100"))
    record_transactions(portfolio, [draft(20.5, "1", price=D(90)), draft(15.5, "1", "solana", price=D(5))])
    found = values(portfolio)
    assert [ago for ago, worth in found.items() if worth is None] == list(range(15, -1, -1))
    chart = value_chart(ada, portfolio, Span.MONTH)
    assert [value for _, value in chart.main.known] == [0, *[100] * 5]
    assert PriceHistory.objects.get(asset="solana").wanted_at is not None
    priced("solana", dict.fromkeys(range(14), "7"))
    working.mark_priced("solana")
    found = values(portfolio)
    assert [ago for ago, worth in found.items() if worth is None] == [15, 14]
    assert found[13] == 107


def test_a_coin_of_which_nobody_knows_a_price_is_left_out_as_on_the_dashboard(portfolio: Portfolio) -> None:
    priced("bitcoin", dict.fromkeys(range(9), "100"))
    MarketQuote.objects.filter(asset="solana").delete()
    record_transactions(portfolio, [draft(5.5, "1", price=D(90)), draft(4.5, "1", "solana", price=D(5))])
    assert values(portfolio)[2] is None
    PriceHistory.objects.filter(asset="solana").update(asked_at=NOW, wanted_at=None)
    working.mark(portfolio, None)
    rows = made(portfolio)
    assert (rows[2].value, rows[2].cost, rows[4].inflow) == (100, 90, 0)


def test_where_a_daily_price_lacks_the_last_sample_of_the_day_before_counts(portfolio: Portfolio) -> None:
    for hours, usd in ((30, "70"), (1, "80"), (-1, "90")):
        PriceSample.objects.create(
            asset_id="bitcoin", at=midnight(TODAY) - timedelta(hours=hours), usd=D(usd), source="CoinGecko"
        )
    record_transactions(portfolio, [draft(3.5, "1", price=D(60))])
    assert values(portfolio) == {4: 0, 3: None, 2: None, 1: 70, 0: 80}


def test_only_days_from_a_change_on_are_made_anew(portfolio: Portfolio) -> None:
    priced("bitcoin", dict.fromkeys(range(40), "100"))
    record_transactions(portfolio, [draft(30.5, "1", price=D(90)), draft(10.5, "1", price=D(90))])
    before = {ago: row.pk for ago, row in made(portfolio).items()}
    record_transactions(portfolio, [draft(5.5, "1", price=D(90))])
    rows = made(portfolio)
    assert {ago for ago in rows if rows[ago].pk == before[ago]} == set(range(7, 32))
    assert (rows[6].value, rows[5].value, rows[0].value) == (200, 300, 300)


def test_a_new_day_is_added_without_reading_any_transaction(
    portfolio: Portfolio, at_noon: time_machine.Traveller
) -> None:
    priced("bitcoin", {**dict.fromkeys(range(40), "100"), -1: "111"})
    record_transactions(portfolio, [draft(30.5, "1", price=D(90))])
    made(portfolio)
    at_noon.shift(timedelta(days=1))
    with CaptureQueriesContext(connection) as asked:
        working.work_on(portfolio.pk)
    read = [q["sql"] for q in asked if "value_override" in q["sql"]]
    assert not read
    assert DailyValue.objects.get(portfolio=portfolio, day=TODAY + timedelta(days=1)).value == 111
    assert DailyValue.objects.filter(portfolio=portfolio).count() == 33


def test_days_that_were_missed_are_made_up_for(portfolio: Portfolio, at_noon: time_machine.Traveller) -> None:
    priced("bitcoin", {**dict.fromkeys(range(40), "100"), **{-n: "111" for n in range(1, 6)}})
    record_transactions(portfolio, [draft(3.5, "1", price=D(90))])
    made(portfolio)
    at_noon.shift(timedelta(days=5))
    record_transactions(portfolio, [draft(-4.5, "1", price=D(90))])
    assert values(portfolio) == {
        4: 0,
        **dict.fromkeys(range(3, -1, -1), 100),
        **{-n: 111 for n in range(1, 5)},
        -5: 222,
    }


def test_snapshots_tell_of_a_transaction_that_is_recorded_later(ada: User, portfolio: Portfolio) -> None:
    """Also those of another portfolio that held nothing then: all together are the sum at each time."""
    for hours in range(48):
        for asset, usd in (("bitcoin", "100"), ("ethereum", str(hours))):
            PriceSample.objects.create(asset_id=asset, at=NOW - timedelta(hours=hours), usd=D(usd), source="CoinGecko")
        Snapshot.objects.create(
            portfolio=portfolio, at=NOW - timedelta(hours=hours), currency="usd", value=D(1), cost=D(1), profit=D(0)
        )
    record_transactions(portfolio, [draft(1, "2", price=D(60))])
    other = create_portfolio(ada, "Other")
    record_transactions(other, [Draft(NOW - timedelta(hours=5), "buy", "ethereum", D(3), price=D(1))])
    made(portfolio)
    made(other)
    told = {round((NOW - s.at).total_seconds() / 3600): s.value for s in Snapshot.objects.filter(portfolio=portfolio)}
    assert {hours for hours, worth in told.items() if worth == 1} == set(range(35, 48))
    assert set(told.values()) == {1, 200}
    told = {round((NOW - s.at).total_seconds() / 3600): s.value for s in Snapshot.objects.filter(portfolio=other)}
    assert told == {hours: 3 * hours for hours in range(5)}
    together = value_chart(ada, None, Span.DAY).main.known
    assert together[-1][1] == 200
    assert together[-3][1] == 206


def test_a_change_while_a_worker_is_at_it_is_not_lost(portfolio: Portfolio) -> None:
    priced("bitcoin", dict.fromkeys(range(9), "100"))
    record_transactions(portfolio, [draft(5.5, "1", price=D(90))])
    found = ValueHistory.objects.get(portfolio=portfolio)
    record_transactions(portfolio, [draft(7.5, "1", price=D(90))])
    assert not working.store(found, working.Valued(), date.min, TODAY, [])
    assert ValueHistory.objects.get(portfolio=portfolio).redo_from == midnight(TODAY) - timedelta(days=7.5)
    assert values(portfolio)[0] == 200
    history = ValueHistory.objects.get(portfolio=portfolio)
    assert (history.redo_from, history.upto, history.lease_until) == (None, TODAY, None)


def test_of_two_workers_one_is_at_it(portfolio: Portfolio) -> None:
    record_transactions(portfolio, [draft(5.5, "1", price=D(90))])
    ValueHistory.objects.update(lease_until=NOW + timedelta(minutes=1))
    assert made(portfolio) == {}
    ValueHistory.objects.update(lease_until=NOW)
    assert len(made(portfolio)) == 7


def test_the_sweep_finds_what_is_due(ada: User, portfolio: Portfolio, at_noon: time_machine.Traveller) -> None:
    def due() -> set[int]:
        working.sweep(NOW)
        return set(working.waiting(datetime.now(UTC)).values_list("pk", flat=True))

    create_portfolio(ada, "Empty")
    assert due() == set()
    record_transactions(portfolio, [draft(5.5, "1", price=D(90))])
    ValueHistory.objects.all().delete()  # as before there were any
    assert due() == {portfolio.pk}
    made(portfolio)
    assert due() == set()
    at_noon.shift(timedelta(days=1))
    assert due() == {portfolio.pk}


def test_deposits_and_withdrawals_flow_at_what_they_were_worth(portfolio: Portfolio) -> None:
    priced("bitcoin", {5: "100", 4: "100", 3: "300", 2: "300", 1: "300", 0: "300"})
    record_transactions(
        portfolio,
        [
            draft(4.5, "2", kind="deposit", value_override=D(20)),  # its cost, long ago
            draft(2.5, "1", kind="withdrawal", fee_asset_id="bitcoin", fee_amount=D("0.1")),
            draft(1.5, "0.5", kind="adjust"),
        ],
    )
    rows = made(portfolio)
    assert [(ago, row.inflow, row.outflow) for ago, row in rows.items() if row.inflow or row.outflow] == [
        (4, 200, 0),
        (2, 0, 300),
        (1, 0, quantize(D("0.4") * 300)),
    ]
    assert [rows[ago].profit for ago in (4, 3)] == [180, 580]


def test_a_flow_that_nobody_can_value_is_unknown(portfolio: Portfolio) -> None:
    record_transactions(portfolio, [draft(4.5, "2", kind="deposit", value_override=D(20))])
    assert made(portfolio)[4].inflow is None


def test_income_is_told_by_day(portfolio: Portfolio) -> None:
    priced("bitcoin", dict.fromkeys(range(9), "100"))
    record_transactions(
        portfolio, [draft(3.5, "2", kind="reward"), draft(3.1, "1", kind="reward", value_override=D(7))]
    )
    rows = made(portfolio)
    assert {ago: row.income for ago, row in rows.items() if row.income} == {3: 207}
    assert (rows[3].inflow, rows[3].outflow) == (0, 0)


def test_another_currency_makes_everything_anew(portfolio: Portfolio) -> None:
    priced("bitcoin", dict.fromkeys(range(30), "108"))
    record_transactions(portfolio, [draft(5.5, "1", price=D(90))])
    made(portfolio)
    change_portfolio(portfolio, currency="eur")
    rows = made(portfolio)
    assert {row.currency for row in rows.values()} == {"eur"}
    assert D(99) < (rows[2].value or 0) < D(101)


def test_several_portfolios_together_have_a_day_where_all_of_them_have_it(ada: User, portfolio: Portfolio) -> None:
    priced("bitcoin", dict.fromkeys(range(9), "100"))
    record_transactions(portfolio, [draft(5.5, "1", price=D(90))])
    euros = create_portfolio(ada, "Euros", currency="eur")
    record_transactions(euros, [draft(3.5, "1", price=D(80)), draft(1.5, "1", "solana", price=D(80))])
    made(portfolio)
    made(euros)
    told = [each.value and round(each.value) for each in daily_worth(Portfolio.objects.of(ada), "usd")]
    assert told == [0, 100, 100, 200, 200, None, None]
    DailyValue.objects.filter(portfolio=euros, day=TODAY).delete()
    assert len(list(daily_worth(Portfolio.objects.of(ada), "usd"))) == 6


def test_without_transactions_nothing_is_left(portfolio: Portfolio) -> None:
    priced("bitcoin", dict.fromkeys(range(9), "100"))
    record_transactions(portfolio, [draft(5.5, "1", price=D(90))])
    made(portfolio)
    delete_transaction(Transaction.objects.get())
    assert made(portfolio) == {}
