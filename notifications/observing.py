"""Selector: the present value of what reminders watch, and whether it may be acted on."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, localcontext
from functools import cached_property
from typing import Final

from django.utils.translation import gettext

from accounts.currencies import COINS
from dashboard.market import currencies
from dashboard.market.refresh import stale_before
from dashboard.models import Position
from dashboard.money import WIDE
from dashboard.valuation import change_in
from notifications import figures
from notifications.conditions import Now, Watches
from notifications.figures import Lines, Observation
from notifications.models import Reminder
from notifications.prices import Price, bases_of, converted, prices_of, rates_in
from notifications.timetable import schedule_of
from notifications.watched import quantities_of

NOTHING_KNOWN: Final[Mapping[str, Price]] = {}
Stretches = Mapping[str, tuple[Decimal, Decimal]]
"""The lowest and highest price in USD of what nobody judged, by asset."""


@dataclass(frozen=True)
class Prospect:
    """Everything that observing needs, read at once: quotes, rates, what is held, and where prices grow stale."""

    at: datetime
    prices: Mapping[str, Price]
    bases: Mapping[tuple[str, str], Decimal]
    lines: Mapping[int, Lines]
    stale_before: datetime
    missed: Stretches = field(default_factory=dict)
    missed_since: datetime | None = None
    after_gap: bool = False

    @cached_property
    def rates(self) -> currencies.Rates:
        return currencies.todays_rates()

    def rate(self, code: str) -> Decimal | None:
        return rates_in(self, code)

    def observe(self, reminder: Reminder) -> Observation:
        kind = Reminder.Kind
        match reminder.kind:
            case kind.SCHEDULE:
                return Observation()
            case kind.STALE:
                return self.oldest_price(reminder)
            case kind.BREAK_EVEN:
                lines = self.lines_of(reminder).of_coin(reminder.asset_id)
                return figures.against_cost(self.price_of(reminder), lines, self, reminder.currency)
            case kind.CHANGE:
                return self.with_base(self.price_of(reminder), reminder)
            case kind.BALANCE_ABOVE | kind.BALANCE_BELOW | kind.DRAWDOWN:
                return figures.balance(self.lines_of(reminder), self, reminder.currency)
            case kind.PROFIT_ABOVE | kind.PROFIT_BELOW:
                return figures.profit(self.lines_of(reminder), self, reminder)
            case kind.ALLOCATION_ABOVE | kind.ALLOCATION_BELOW:
                return figures.allocation(self.lines_of(reminder), self, reminder)
        return self.price_of(reminder)

    def now(self, reminder: Reminder, seen: Observation) -> Now:
        """What a condition is told; a value that must not be judged is not."""
        own_hand = bool(reminder.holdings) and seen.holdings != reminder.holdings and not counts_own(reminder)
        low, high = self.stretch(reminder)
        schedule = schedule_of(reminder) if reminder.kind == Reminder.Kind.SCHEDULE else None
        return Now(
            value=None if seen.hindrance else seen.value,
            at=self.at,
            base=seen.base,
            base_at=seen.as_of if reminder.kind == Reminder.Kind.STALE else None,
            since=self.newest(seen, reminder.currency),
            scale=seen.scale,
            low=low,
            high=high,
            own_hand=own_hand,
            is_sure=seen.is_sure,
            after_gap=self.after_gap,
            next_at=schedule.next_after(self.at, reminder.user.zone) if schedule else None,
        )

    def price_of(self, reminder: Reminder) -> Observation:
        price, rate = self.prices.get(reminder.asset_id or ""), self.rate(reminder.currency)
        value = None if price is None else converted(price.usd, rate)
        if price is None or value is None:
            return Observation(hindrance=gettext("No price is known yet."))
        hindrance = gettext("The price is old; the reminder waits.") if self.is_old(price, reminder.currency) else ""
        return Observation(value, self.as_of(price, reminder.currency), price.source, hindrance, price=value)

    def with_base(self, seen: Observation, reminder: Reminder) -> Observation:
        """The price, and what it was a window ago: by our own samples, else as the source's percentage tells it."""
        if seen.value is None or reminder.window == Reminder.Window.CREATION:
            return seen
        asset, coin = reminder.asset_id or "", COINS.get(reminder.currency)
        if coin is None:
            rate = self.rate(reminder.currency)
        else:
            rate = currencies.ratio(currencies.ONE, self.bases.get((coin, reminder.window)))
        base = converted(self.bases.get((asset, reminder.window)), rate)
        if base is not None:
            return seen.but(base=base)
        stated = self.prices[asset].changes.get(reminder.window)
        if coin is not None:
            stated = change_in(stated, self.prices[coin].changes.get(reminder.window))
        if stated is None or stated <= -100:
            return seen.but(hindrance=seen.hindrance or gettext("It is not known yet what the price was then."))
        with localcontext(WIDE):
            return seen.but(base=seen.value * 100 / (100 + stated), is_sure=False)

    def oldest_price(self, reminder: Reminder) -> Observation:
        """The oldest of the prices: of the coin, or of everything that is held."""
        assets = {reminder.asset_id} if reminder.asset_id else self.lines_of(reminder).held
        if not assets:
            return Observation(hindrance=gettext("Nothing is held."))
        found = [self.prices.get(asset or "") for asset in assets]
        times = [price.as_of if price is not None and price.usd is not None else None for price in found]
        oldest = min(times, key=lambda at: (at is not None, at)) if None in times else min(filter(None, times))
        sources = sorted({price.source for price in found if price is not None and price.source})
        value = None if oldest is None else Decimal(max(0, int((self.at - oldest).total_seconds()) // 60))
        away = sorted(
            asset or "" for asset, at in zip(assets, times, strict=True) if at is None or at < self.stale_before
        )
        return Observation(value, oldest, ", ".join(sources), named=tuple(away))

    def lines_of(self, reminder: Reminder) -> Lines:
        lines = self.lines.get(reminder.user_id, Lines())
        return lines.of(reminder.portfolio_id) if reminder.portfolio_id else lines

    def stretch(self, reminder: Reminder) -> tuple[Decimal | None, Decimal | None]:
        """Low and high of what nobody judged, if the reminder watched already when that began.

        What a price was at most in dollars says nothing certain of what it was against a coin, which moved as well.
        """
        missed = self.missed.get(reminder.asset_id or "")
        if reminder.condition.watches is not Watches.PRICE or missed is None or reminder.currency in COINS:
            return None, None
        if reminder.started_at is None or self.missed_since is None or reminder.started_at > self.missed_since:
            return None, None
        rate = self.rate(reminder.currency)
        return converted(missed[0], rate), converted(missed[1], rate)

    def is_stale(self, price: Price) -> bool:
        return price.as_of is None or price.as_of < self.stale_before

    def is_old(self, price: Price, code: str) -> bool:
        """Is a price in that currency old: it, or that of the coin that is counted in?"""
        if code not in COINS:
            return self.is_stale(price)
        unit = self.prices.get(COINS.get(code, ""))
        return self.is_stale(price) or (unit is not None and self.is_stale(unit))

    def newest(self, seen: Observation, code: str) -> datetime | None:
        """The time of the newest sample that the observation follows from: against a coin, that of either."""
        unit = self.prices.get(COINS.get(code, ""))
        times = (seen.as_of, None if unit is None else unit.as_of)
        return max((at for at in times if at is not None), default=None)

    def as_of(self, price: Price, code: str) -> datetime | None:
        """Of when a price in that currency is: of two the older."""
        if code not in COINS:
            return price.as_of
        unit = self.prices.get(COINS.get(code, ""), price)
        return min((one.as_of for one in (price, unit) if one.as_of is not None), default=None)


def counts_own(reminder: Reminder) -> bool:
    """Do the owner's transactions count? Nothing else changes a realised profit, so there they always do."""
    is_profit = reminder.kind in (Reminder.Kind.PROFIT_ABOVE, Reminder.Kind.PROFIT_BELOW)
    return reminder.own_transactions or (is_profit and reminder.measure == Reminder.Measure.REALISED)


def look(
    reminders: Collection[Reminder],
    now: datetime,
    *,
    missed: Stretches | None = None,
    missed_since: datetime | None = None,
    after_gap: bool = False,
    known: Mapping[str, Price] = NOTHING_KNOWN,
    fresh_since: datetime | None = None,
) -> Prospect:
    """What is needed to observe these reminders, by a fixed number of queries.

    Of the prices that are `known` already none is read again, nor is `fresh_since`, before which prices are stale.
    """
    users = {r.user_id for r in reminders if looks_at_holdings(r)}
    full = {r.user_id for r in reminders if looks_at_holdings(r) and needs_costs(r)}
    lines = lines_of(users - full, costs=False) | lines_of(full, costs=True)
    assets = {r.asset_id for r in reminders if r.asset_id}
    assets |= {line.asset for held in lines.values() for line in held.lines}
    assets |= {COINS[r.currency] for r in reminders if r.currency in COINS}
    changes = [r for r in reminders if r.kind == Reminder.Kind.CHANGE and r.asset_id]
    windows = {(r.asset_id or "", r.window) for r in changes}
    windows |= {(COINS[r.currency], r.window) for r in changes if r.currency in COINS}
    moving = {asset for asset, _ in windows}
    prices = {asset: price for asset, price in known.items() if asset in assets and asset not in moving}
    prices |= prices_of(assets - prices.keys(), moves_of=moving)
    return Prospect(
        at=now,
        prices=prices,
        bases=bases_of(windows, prices, now),
        lines=lines,
        stale_before=fresh_since or stale_before(now),
        missed=missed or {},
        missed_since=missed_since,
        after_gap=after_gap,
    )


def looks_at_holdings(reminder: Reminder) -> bool:
    if reminder.kind == Reminder.Kind.STALE:
        return not reminder.asset_id
    return reminder.condition.watches is Watches.HOLDINGS or reminder.kind == Reminder.Kind.BREAK_EVEN


def needs_costs(reminder: Reminder) -> bool:
    return reminder.kind in (Reminder.Kind.PROFIT_ABOVE, Reminder.Kind.PROFIT_BELOW, Reminder.Kind.BREAK_EVEN)


def lines_of(users: Iterable[int], *, costs: bool) -> dict[int, Lines]:
    """What each of these users holds, with what it cost and brought where that is asked for; closed ones too then."""
    wanted = list(users)
    if not wanted:
        return {}
    found: dict[int, list[figures.Line]] = {}
    revisions: dict[int, dict[int, int]] = {}
    if costs:
        positions = Position.objects.filter(portfolio__user_id__in=wanted)
        for position in positions.select_related("asset", "portfolio"):
            portfolio = position.portfolio
            line = figures.Line(portfolio.pk, position.asset_id, position.quantity, position)
            found.setdefault(portfolio.user_id, []).append(line)
            revisions.setdefault(portfolio.user_id, {})[portfolio.pk] = portfolio.revision
    else:
        for user, pk, revision, asset, quantity in quantities_of(wanted):
            revisions.setdefault(user, {})[pk] = revision
            if quantity:
                found.setdefault(user, []).append(figures.Line(pk, asset, quantity))
    return {user: Lines(tuple(found.get(user, ())), revised) for user, revised in revisions.items()}


def observe(reminders: Sequence[Reminder], now: datetime) -> dict[int, Observation]:
    """The observation of each reminder, by its id."""
    if not reminders:
        return {}
    prospect = look(reminders, now)
    return {reminder.pk: prospect.observe(reminder) for reminder in reminders}


def observe_draft(reminder: Reminder, now: datetime) -> Observation:
    """The observation of one that need not be stored yet."""
    return look([reminder], now).observe(reminder)
