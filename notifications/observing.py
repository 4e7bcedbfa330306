"""Selector: the present value of what reminders watch, and whether it may be acted on."""

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, localcontext
from typing import Final

from dashboard.market import currencies
from dashboard.market.refresh import stale_before
from dashboard.models import MarketQuote, Position
from dashboard.money import WIDE, quantize
from notifications.models import Reminder

ZERO: Final = Decimal(0)
DUST: Final = Decimal("0.01")
"""The part of a balance that may be stale without the balance being so."""


@dataclass(frozen=True, slots=True)
class Observation:
    """A value in the reminder's currency. `hindrance` says in words why it must not be judged; empty: it may.

    `holdings` is a digest of what a balance is made of, so that the owner's own transactions can be told from the
    market's moves.
    """

    value: Decimal | None = None
    as_of: datetime | None = None
    source: str = ""
    hindrance: str = ""
    holdings: str = ""


@dataclass(frozen=True, slots=True)
class Price:
    usd: Decimal | None
    as_of: datetime | None
    source: str


@dataclass(frozen=True, slots=True)
class Prospect:
    """Everything that observing needs, read at once: quotes, rates, what is held, and where prices grow stale."""

    prices: dict[str, Price]
    rates: dict[str, Decimal | None]
    held: dict[int, dict[int, list[tuple[str, Decimal]]]]
    stale_before: datetime

    def observe(self, reminder: Reminder) -> Observation:
        if reminder.condition.of_price:
            return self.price_of(reminder.asset_id or "", reminder.currency)
        return self.balance_of(self.held.get(reminder.user_id, {}), reminder.portfolio_id, reminder.currency)

    def price_of(self, asset: str, currency: str) -> Observation:
        price = self.prices.get(asset)
        value = None if price is None else converted(price.usd, self.rates.get(currency))
        if price is None or value is None:
            return Observation(hindrance="No price is known yet.")
        hindrance = "The price is old; the reminder waits." if self.is_stale(price) else ""
        return Observation(value, price.as_of, price.source, hindrance)

    def balance_of(
        self, portfolios: dict[int, list[tuple[str, Decimal]]], portfolio: int | None, currency: str
    ) -> Observation:
        rate = self.rates.get(currency)
        held = portfolios.get(portfolio, []) if portfolio else [line for lines in portfolios.values() for line in lines]
        value = stale = ZERO
        unpriced = rate is None
        times: list[datetime] = []
        sources: set[str] = set()
        with localcontext(WIDE):
            for asset, quantity in held:
                price = self.prices.get(asset)
                worth = None if price is None else converted(price.usd, rate)
                if price is None or worth is None:
                    unpriced = True
                    continue
                value += quantity * worth
                sources.add(price.source)
                if self.is_stale(price):
                    stale += abs(quantity * worth)
                elif price.as_of is not None:
                    times.append(price.as_of)
            old = stale > abs(value) * DUST
        hindrance = (
            "A coin that is held has no price; the reminder waits."
            if unpriced
            else "Prices of what is held are old; the reminder waits."
            if old
            else ""
        )
        digest = hashlib.sha256(repr(sorted(held)).encode()).hexdigest()
        return Observation(value, min(times, default=None), ", ".join(sorted(sources)), hindrance, digest)

    def is_stale(self, price: Price) -> bool:
        return price.as_of is None or price.as_of < self.stale_before


def look(reminders: Collection[Reminder], now: datetime) -> Prospect:
    """What is needed to observe these reminders, by a fixed number of queries."""
    users = {r.user_id for r in reminders if not r.condition.of_price}
    held: dict[int, dict[int, list[tuple[str, Decimal]]]] = {}
    if users:
        rows = Position.objects.filter(portfolio__user_id__in=users).values_list(
            "portfolio__user_id", "portfolio_id", "asset_id", "quantity"
        )
        for user, portfolio, asset, quantity in rows:
            if quantity:
                held.setdefault(user, {}).setdefault(portfolio, []).append((asset, quantity))
    assets = {r.asset_id for r in reminders if r.condition.of_price and r.asset_id}
    assets |= {asset for portfolios in held.values() for lines in portfolios.values() for asset, _ in lines}
    return Prospect(
        prices=prices_of(assets),
        rates=rates_to({r.currency for r in reminders}),
        held=held,
        stale_before=stale_before(now),
    )


def observe(reminders: Sequence[Reminder], now: datetime) -> dict[int, Observation]:
    """The observation of each reminder, by its id."""
    if not reminders:
        return {}
    prospect = look(reminders, now)
    return {reminder.pk: prospect.observe(reminder) for reminder in reminders}


def observe_draft(reminder: Reminder, now: datetime) -> Observation:
    """The observation of one that need not be stored yet."""
    return look([reminder], now).observe(reminder)


def prices_of(assets: Iterable[str]) -> dict[str, Price]:
    rows = MarketQuote.objects.filter(asset_id__in=list(assets)).values_list("asset_id", "price", "as_of", "source")
    return {asset: Price(price, as_of, source) for asset, price, as_of, source in rows}


def rates_to(codes: Iterable[str]) -> dict[str, Decimal | None]:
    """Units of each currency for one US dollar; None where none is known."""
    wanted = set(codes)
    if wanted <= {"usd"}:
        return {"usd": Decimal(1)}
    rates = currencies.todays_rates()
    return {code: rates.rate("usd", code) for code in wanted}


def converted(usd: Decimal | None, rate: Decimal | None) -> Decimal | None:
    """As dashboard.portfolios converts prices, so that a balance here equals the total on the page."""
    if usd is None or rate is None:
        return None
    with localcontext(WIDE):
        return usd if rate == 1 else quantize(usd * rate)
