"""Going on from kept states gives what posting everything anew gives, whatever is recorded, changed or deleted."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest

from accounts.models import User
from dashboard.checkpoints import Spacing, standings_of
from dashboard.entries import connected, entry_of
from dashboard.ledger.book import post
from dashboard.ledger.entry import Kind
from dashboard.ledger.keeping import FIGURES
from dashboard.ledger.methods import Method, Scope
from dashboard.ledger.standing import Standing
from dashboard.market.currencies import ecb_last_day
from dashboard.market.history import Past
from dashboard.models import Asset, LotState, Portfolio, Transaction
from dashboard.recording import assets_of, create_portfolio

pytestmark = pytest.mark.django_db
D = Decimal
COINS = ("bitcoin", "ethereum", "solana", "wrapped-bitcoin")
WALLETS = ("", "kraken", "ledger")
START = datetime(2024, 1, 1, tzinfo=UTC)
CLOSE = Spacing(every=4, newest=2)
KINDS = [Kind.BUY] * 4 + [Kind.SELL] * 4 + [Kind.SWAP, Kind.TRANSFER, Kind.REWARD, Kind.FEE, Kind.SPEND, Kind.ADJUST]


@pytest.fixture
def portfolio() -> Portfolio:
    for rank, coin in enumerate(COINS):
        Asset.objects.create(id=coin, symbol=coin[:3], name=coin.title(), rank=rank)
    return create_portfolio(User.objects.create_user("ada", "ada@example.org"), "Main")


@dataclass
class Diary:
    """A portfolio whose owner writes, corrects and strikes out at random."""

    portfolio: Portfolio
    dice: random.Random

    def write(self, row: Transaction | None = None, kind: Kind | None = None) -> Transaction:
        row = row or Transaction(portfolio=self.portfolio)
        kind = kind or self.dice.choice(KINDS)
        asset, other, coin = self.dice.sample(COINS[:3], 3)
        two_legged = kind in (Kind.SWAP, Kind.MIGRATE)
        row.type, row.asset_id, row.amount = kind.value, asset, D(self.dice.randrange(1, 500)) / 100
        row.timestamp = START + timedelta(minutes=self.dice.randrange(60))
        row.price, row.price_currency = D(self.dice.randrange(1, 1000)) / 7, self.dice.choice(["usd", "usd", "eur"])
        row.price = row.price.quantize(D("1e-18"))
        row.wallet, row.to_wallet = self.dice.choice(WALLETS), self.dice.choice(WALLETS)
        row.counter_asset_id = other if two_legged else None
        row.counter_amount = D(2) if two_legged else None
        row.fee_asset_id, row.fee_amount = (coin, D("0.01")) if self.dice.random() < 0.2 else (None, None)
        row.save()
        return row

    def act(self) -> tuple[set[str], datetime]:
        """Does one thing; which assets that touches, and from when on."""
        rows = list(self.portfolio.transactions.all())
        chance = self.dice.random()
        if not rows or chance < 0.5:
            row = self.write(kind=Kind.MIGRATE if chance < 0.04 else None)
            return assets_of([row]), row.timestamp
        row = self.dice.choice(rows)
        before = Transaction.objects.get(pk=row.pk)
        if chance < 0.75:
            self.write(row)
            return assets_of([before, row]), min(before.timestamp, row.timestamp)
        row.delete()
        return assets_of([before]), before.timestamp


def state(standings: Mapping[str, Standing]) -> dict[str, object]:
    return {
        asset: [
            [getattr(standing, name) for name in (*FIGURES, "exchanged", "balances", "flags")],
            [(wallet, standing.held_in(pool), pool.lots()) for wallet, pool in standing.pools.items()],
        ]
        for asset, standing in standings.items()
    }


def anew(portfolio: Portfolio, assets: set[str]) -> dict[str, Standing]:
    """All transactions of the portfolio posted at once, without anything kept, and every fact looked at again."""
    past = Past(portfolio.currency)
    entries = [entry_of(row, past) for row in portfolio.transactions.all()]
    assert entries == [replace(entry) for entry in entries]
    book = post(entries, method=Method(portfolio.method), scope=Scope(portfolio.lot_scope))
    return {asset: standing for asset, standing in book.standings.items() if asset in assets}


@pytest.mark.parametrize("scope", Scope)
@pytest.mark.parametrize("method", Method)
def test_going_on_is_posting_anew(portfolio: Portfolio, method: Method, scope: Scope) -> None:
    portfolio.method, portfolio.lot_scope = method.value, scope.value
    diary = Diary(portfolio, random.Random(f"{method} {scope}"))
    written = [diary.write() for _ in range(25)]
    standings_of(portfolio, assets_of(written), None, CLOSE)
    gone_on = 0
    for _ in range(25):
        touched, since = diary.act()
        gone_on += LotState.objects.filter(asset__in=touched, upto__lt=since).exists()
        found = standings_of(portfolio, touched, since, CLOSE)
        assert state(found) == state(anew(portfolio, connected(portfolio, touched)))
    assert gone_on > 5


def purchases(portfolio: Portfolio, count: int, coin: str = "bitcoin", **facts: object) -> list[Transaction]:
    """Stored, a minute apart, a dollar each."""
    usual: dict[str, Any] = {
        "type": "buy",
        "asset_id": coin,
        "amount": D(1),
        "price": D(1),
        "price_currency": "usd",
    } | facts
    times = [START + timedelta(minutes=number) for number in range(count)]
    rows = [Transaction(**{"portfolio": portfolio, "timestamp": at} | usual) for at in times]
    return Transaction.objects.bulk_create(rows)


def moments(portfolio: Portfolio, coin: str = "bitcoin") -> list[int]:
    """After how many entries states are kept."""
    states = LotState.objects.filter(portfolio=portfolio, asset=coin).order_by("upto")
    return list(states.values_list("entries", flat=True))


def test_states_are_kept_along_the_way_and_near_the_end(portfolio: Portfolio) -> None:
    purchases(portfolio, 35)
    standings_of(portfolio, {"bitcoin"}, None, Spacing(every=10, newest=3))
    assert moments(portfolio) == [10, 20, 32]


def test_the_more_lots_a_state_has_the_fewer_are_kept(portfolio: Portfolio) -> None:
    portfolio.method = "fifo"
    purchases(portfolio, 100)
    standings_of(portfolio, {"bitcoin"}, None, Spacing(every=10, newest=3))
    assert moments(portfolio) == [10, 20, 40, 80, 97]


def test_states_stay_few_while_a_history_grows(portfolio: Portfolio) -> None:
    for number in range(200):
        row = purchases(portfolio, 1, timestamp=START + timedelta(minutes=number))[0]
        standings_of(portfolio, {"bitcoin"}, row.timestamp, Spacing(every=10, newest=3))
    kept = moments(portfolio)
    assert 15 <= len(kept) <= 22
    assert kept[-1] >= 185


def test_what_changes_early_makes_later_states_untrue(portfolio: Portfolio) -> None:
    rows = purchases(portfolio, 35)
    spacing = Spacing(every=10, newest=3)
    standings_of(portfolio, {"bitcoin"}, None, spacing)
    rows[15].delete()
    assert standings_of(portfolio, {"bitcoin"}, rows[15].timestamp, spacing)["bitcoin"].quantity == 34
    assert moments(portfolio)[:2] == [10, 20]
    assert LotState.objects.filter(entries=20).get().upto == START + timedelta(minutes=20)


@pytest.mark.parametrize("change", [{"method": "lifo"}, {"lot_scope": "wallet"}, {"currency": "eur"}])
def test_a_state_of_other_rules_is_not_gone_on_from(portfolio: Portfolio, change: dict[str, str]) -> None:
    spacing = Spacing(every=10, newest=3)
    rows = purchases(portfolio, 35)
    standings_of(portfolio, {"bitcoin"}, None, spacing)
    for field, value in change.items():
        setattr(portfolio, field, value)
    found = standings_of(portfolio, {"bitcoin"}, rows[-1].timestamp, spacing)
    assert state(found) == state(anew(portfolio, {"bitcoin"}))


def test_a_rate_that_may_still_change_is_in_no_kept_state(portfolio: Portfolio) -> None:
    """After the end of the European Central Bank's file the rates of the day are used, and they move."""
    purchases(portfolio, 35)
    late = datetime.combine(ecb_last_day() + timedelta(days=3), time(tzinfo=UTC))
    for number, row in enumerate(purchases(portfolio, 35, price_currency="eur")):
        Transaction.objects.filter(pk=row.pk).update(timestamp=late + timedelta(minutes=number))
    standings_of(portfolio, {"bitcoin"}, None, Spacing(every=10, newest=3))
    assert moments(portfolio) == [10, 20, 30]


def test_coins_that_a_migration_ties_go_on_together(portfolio: Portfolio) -> None:
    spacing = Spacing(every=10, newest=3)
    purchases(portfolio, 12)
    purchases(portfolio, 12, "ethereum")
    late = START + timedelta(minutes=30)
    tie: dict[str, Any] = {
        "type": "migrate",
        "timestamp": late,
        "counter_asset_id": "wrapped-bitcoin",
        "counter_amount": D(2),
    }
    purchases(portfolio, 1, amount=D(2), **tie)
    standings_of(portfolio, {"bitcoin", "ethereum"}, None, spacing)
    assert moments(portfolio, "wrapped-bitcoin") == [0]
    (sold,) = purchases(portfolio, 1, "wrapped-bitcoin", type="sell", timestamp=late + timedelta(minutes=1))
    found = standings_of(portfolio, {"wrapped-bitcoin"}, sold.timestamp, spacing)
    assert (found["bitcoin"].quantity, found["wrapped-bitcoin"].quantity) == (10, 1)
    assert state(found) == state(anew(portfolio, {"bitcoin", "wrapped-bitcoin"}))
