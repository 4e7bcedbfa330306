"""Services: sample data for somebody who wants to look around first, an import that is taken back as a whole."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal, localcontext
from typing import Final

from django.db import transaction as database

from accounts.models import User
from dashboard import clock
from dashboard.drafts import Draft
from dashboard.market import currencies
from dashboard.models import Import, MarketQuote, Portfolio
from dashboard.money import WIDE, quantize
from dashboard.recording import create_portfolio, lock, record_transactions, undo_import

FORMAT: Final = "sample"
NAME: Final = "Sample data"

# days ago, kind, coin, what it was worth then in US dollars, the price then as a part of today's
HISTORY: Final = """
560 buy    bitcoin      3000  0.52
505 buy    ethereum     1800  0.61
447 buy    solana        900  0.44
446 buy    litecoin      450  1.21
392 buy    bitcoin      1500  0.71
350 buy    cardano       600  0.83
301 buy    chainlink     500  0.66
244 sell   ethereum      700  1.18
210 reward cardano        12  0.95
176 buy    stellar       300  1.34
120 sell   litecoin      200  1.09
97  reward cardano        13  1.04
61  buy    ripple        650  0.92
33  buy    ethereum      800  1.07
9   reward cardano        13  0.99
"""


class NoPricesYet(Exception):
    """The sample is made of coins at today's prices, and there are none yet."""


def sample_of(user: User) -> Import | None:
    """The sample data among the user's transactions, if there is any."""
    return Import.objects.filter(portfolio__user=user, format=FORMAT).select_related("portfolio__user").first()


def add_sample(user: User) -> Import:
    """Put the sample into the user's first portfolio; where it is there already, it stays. Raises NoPricesYet."""
    with database.atomic():
        portfolio = Portfolio.objects.of(user).first() or create_portfolio(user, "Main")
        lock(portfolio)
        if found := sample_of(user):
            return found
        drafts = list(drafts_of(HISTORY, portfolio.currency))
        if not drafts:
            raise NoPricesYet
        made = Import.objects.create(
            portfolio=portfolio, filename=NAME, format=FORMAT, state=Import.State.DONE, added=len(drafts)
        )
        record_transactions(portfolio, drafts, made)
    return made


def remove_sample(user: User) -> int:
    """Take all of it back; says how many transactions that were."""
    found = sample_of(user)
    return undo_import(found) if found else 0


def drafts_of(table: str, currency: str) -> Iterator[Draft]:
    """The rows whose coins have a price, in `currency`, oldest first."""
    rows = [line.split() for line in table.split("\n") if line]
    prices = prices_of({coin for _, _, coin, _, _ in rows}, currency)
    per_usd = currencies.rate("usd", currency) or Decimal(1)
    morning = clock.now().replace(hour=9, minute=30, second=0, microsecond=0)
    for days, kind, coin, worth, part in rows:
        if coin not in prices:
            continue
        with localcontext(WIDE):
            price = quantize(prices[coin] * Decimal(part))
            value = quantize(Decimal(worth) * per_usd)
            amount = quantize(value / price).quantize(Decimal("1e-8")) if price else Decimal(0)
        if not amount:
            continue
        draft = Draft(
            timestamp=morning - timedelta(days=int(days)),
            type=kind,
            asset_id=coin,
            amount=amount,
            wallet="Exchange",
            price_currency=currency,
            note=NAME,
        )
        yield replace(draft, value_override=value) if kind == "reward" else replace(draft, price=price)


def prices_of(coins: set[str], currency: str) -> Mapping[str, Decimal]:
    rate = currencies.rate("usd", currency)
    rows = MarketQuote.objects.filter(asset__in=coins, price__isnull=False).values_list("asset", "price")
    with localcontext(WIDE):
        return {asset: quantize(price * rate) for asset, price in rows if price is not None} if rate else {}
