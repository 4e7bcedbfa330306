"""Makes the account that the demo shows: transactions as somebody might have them, and reminders close to firing."""

import time
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from allauth.account.models import EmailAddress
from django.core.management.base import BaseCommand
from django.db import transaction

from accounts.models import User
from dashboard import clock
from dashboard.drafts import Draft
from dashboard.market.quota import Urgency
from dashboard.market.recording import Recording
from dashboard.market.refresh import refresh
from dashboard.market.samples import slot
from dashboard.market.sparklines import refresh_sparklines
from dashboard.models import Asset, MarketQuote, Portfolio, Position, PriceSample, Snapshot
from dashboard.money import quantize
from dashboard.portfolios import overview
from dashboard.recording import create_portfolio, record_transactions
from dashboard.snapshots import EVERY
from notifications.models import Reminder
from notifications.reminding import create_reminder

USERNAME, PASSWORD = "demo", "tickfolio-demo"
NOTE = "Part of the demo"
PATIENCE_SECONDS = 10.0

# days ago, exchange or wallet, kind, coin, quantity, price, fee
TRADING = """
420 Coinbase buy  bitcoin          0.25   9820    12.27
415 Coinbase buy  ethereum         3      310     4.65
402 Kraken   buy  litecoin         12     58.4    1.82
398 Kraken   buy  monero           4      128.5   1.34
380 Binance  buy  cardano          8000   0.1235  0.99
380 Binance  buy  stellar          6000   0.0915  0.55
371 Binance  buy  tron             15000  0.0214  0.32
340 Binance  buy  nxt              3000   0.2105  0.63
322 Kraken   buy  bitcoin          0.1    14900   3.87
300 Kraken   buy  dash             2      612     3.18
284 Kraken   buy  zcash            1.5    331.2   1.29
251 Coinbase sell ethereum         1      1184.5  17.77
240 Binance  sell nxt              3000   0.4832  1.45
233 Coinbase buy  ethereum-classic 20     14.85   4.43
190 Binance  sell tron             5000   0.1412  0.71
164 Kraken   buy  litecoin         5      214.9   2.79
141 Kraken   sell monero           1      402.75  1.05
97  Binance  buy  cardano          2500   0.7105  1.78
66  Kraken   sell dash             0.5    1021    1.33
31  Coinbase buy  ethereum         0.5    978.2   7.29
9   Binance  buy  stellar          1500   0.5218  0.78
"""
SAVINGS = """
610 Ledger   buy  bitcoin          0.4    6150.5  0
205 Ledger   buy  ethereum         6.5    742     0
"""


class Command(BaseCommand):
    help = "Makes the demo's account (demo / tickfolio-demo). Where it is there already, its reminders start anew."
    requires_migrations_checks = False

    def handle(self, *args: Any, **options: Any) -> None:
        with transaction.atomic():
            store_coins()
            user, is_new = User.objects.get_or_create(username=USERNAME, defaults={"email": "demo@example.org"})
            if is_new:
                fill(user)
        wait_for_prices(user)
        refresh_sparklines()
        with transaction.atomic():
            if is_new:
                remember_a_day(user)
            Reminder.objects.of(user).filter(note=NOTE).delete()
            for values in reminders_near(user):
                create_reminder(user, values)
        self.stdout.write(f"The demo's account is {USERNAME} / {PASSWORD}.")


def store_coins() -> None:
    """The coins of the recorded market, so that transactions can name them before the first prices come."""
    coins = Recording(clock.now()).coins.values()
    Asset.objects.bulk_create(
        [Asset(id=coin.id, symbol=coin.symbol, name=coin.name) for coin in coins], ignore_conflicts=True
    )


def fill(user: User) -> None:
    user.set_password(PASSWORD)
    user.save()
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
    record_transactions(create_portfolio(user, "Trading"), [*drafts_of(TRADING), *other_kinds()])
    record_transactions(create_portfolio(user, "Savings"), list(drafts_of(SAVINGS)))


def drafts_of(table: str) -> Iterator[Draft]:
    for number, line in enumerate(table.split("\n")):
        if not line:
            continue
        days, wallet, kind, coin, amount, price, fee = line.split()
        at = clock.now().replace(hour=9, minute=0, second=0, microsecond=0) - timedelta(days=int(days))
        yield Draft(
            timestamp=at + timedelta(minutes=number * 23),
            type=kind,
            asset_id=coin,
            amount=Decimal(amount),
            wallet=wallet,
            price=Decimal(price),
            price_currency="usd",
            fee_amount=Decimal(fee),
        )


def other_kinds() -> Iterator[Draft]:
    """A transfer between wallets, a swap, and rewards for staking."""
    morning = clock.now().replace(hour=8, minute=5, second=0, microsecond=0)
    yield Draft(
        timestamp=morning - timedelta(days=318),
        type="transfer",
        asset_id="bitcoin",
        amount=Decimal("0.0995"),
        wallet="Kraken",
        to_wallet="Ledger",
        price=Decimal(15_120),
        price_currency="usd",
        fee_asset_id="bitcoin",
        fee_amount=Decimal("0.0005"),
    )
    yield Draft(
        timestamp=morning - timedelta(days=128),
        type="swap",
        asset_id="ethereum",
        amount=Decimal(1),
        counter_asset_id="litecoin",
        counter_amount=Decimal("4.75"),
        value_override=Decimal("962.5"),
        wallet="Coinbase",
        price_currency="usd",
        fee_amount=Decimal("2.4"),
    )
    for days, amount, value in ((61, "24.6", "17.04"), (31, "26.1", "18.86"), (1, "27.8", "19.93")):
        yield Draft(
            timestamp=morning - timedelta(days=days),
            type="reward",
            asset_id="cardano",
            amount=Decimal(amount),
            wallet="Binance",
            value_override=Decimal(value),
            price_currency="usd",
            note="Staking",
        )


def wait_for_prices(user: User) -> None:
    """The first prices of this start, where their source answers; without them reminders can't be near to firing."""
    held = list(Asset.objects.filter(positions__portfolio__user=user).distinct().values_list("pk", flat=True))
    started, deadline = clock.now(), time.monotonic() + PATIENCE_SECONDS
    while not MarketQuote.objects.filter(asset__in=held, as_of__gte=started - timedelta(minutes=1)).exists():
        if time.monotonic() > deadline:
            return
        refresh(held, Urgency.WATCHED)
        time.sleep(0.2)


def remember_a_day(user: User) -> None:
    """The recorded day before the demo begins, as it would be kept had the account been there: prices, and values."""
    now = clock.now()
    recording = Recording(now)
    positions = list(Position.objects.open().filter(portfolio__user=user).select_related("portfolio"))
    prices: dict[str, dict[datetime, Decimal]] = {}
    for asset in {position.asset_id for position in positions} & recording.coins.keys():
        points = recording.chart(asset, 1, False, now)
        steps = points["prices"][:-1] if points else []
        prices[asset] = {slot(datetime.fromtimestamp(time / 1000, UTC), EVERY): price for time, price in steps}
    PriceSample.objects.bulk_create(
        [
            PriceSample(asset_id=asset, at=at, usd=quantize(price), step=int(EVERY.total_seconds()), source="CoinGecko")
            for asset, day in prices.items()
            for at, price in day.items()
        ],
        ignore_conflicts=True,
    )
    Snapshot.objects.bulk_create(worths(positions, prices), ignore_conflicts=True)


def worths(positions: list[Position], prices: Mapping[str, Mapping[datetime, Decimal]]) -> Iterator[Snapshot]:
    """What each portfolio was worth at each of these times, had it been then what it is now."""
    for portfolio in {position.portfolio for position in positions}:
        held = [position for position in positions if position.portfolio == portfolio]
        for at in set.intersection(*(set(prices.get(position.asset_id, ())) for position in held)):
            value = sum((quantize(p.quantity * prices[p.asset_id][at]) for p in held), Decimal(0))
            cost = sum((p.cost for p in held), Decimal(0))
            profit = value - sum((p.invested for p in held), Decimal(0))
            yield Snapshot(
                portfolio=portfolio, at=at, currency=portfolio.currency, value=value, cost=cost, profit=profit
            )


def reminders_near(user: User) -> Iterable[dict[str, Any]]:
    """Reminders on both sides of the present, so that whichever way the market moves one of them fires soon."""
    bitcoin = MarketQuote.objects.filter(asset="bitcoin").first()
    balance = overview(user).totals.value
    common = {"note": NOTE, "currency": user.currency}
    if bitcoin and bitcoin.price:
        for kind, percent in (("price_above", "0.25"), ("price_below", "-0.25")):
            yield {"kind": kind, "asset": "bitcoin", "limit": beside(bitcoin.price, percent), **common}
    if balance:
        for kind, percent in (("balance_above", "0.5"), ("balance_below", "-0.5")):
            yield {"kind": kind, "limit": beside(balance, percent), **common}
    if savings := Portfolio.objects.of(user).filter(name="Savings").first():
        yield {"kind": "balance_above", "portfolio": savings.pk, "limit": Decimal(1_000_000), **common}


def beside(figure: Decimal, percent: str) -> Decimal:
    return quantize(figure * (100 + Decimal(percent)) / 100).quantize(Decimal("0.01"))
