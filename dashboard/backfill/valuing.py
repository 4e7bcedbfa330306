"""Selector: what a portfolio was worth at moments of the past, by the ledger's figures and the stored prices of then.

Nothing is fetched. A price counts for a day: at a moment the last one that is stored and not older.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, localcontext
from itertools import groupby

from dashboard.backfill.flows import flow
from dashboard.backfill.tracks import Track, tracks
from dashboard.ledger.entry import EXACT, ZERO, Entry
from dashboard.ledger.working import Amounts, Step
from dashboard.market.currencies import ONE, Exchange, midnight, ratio
from dashboard.market.samples import prices_at
from dashboard.models import DailyPrice, DailyValue, MarketQuote, Portfolio, PriceHistory, PriceSample, Snapshot
from dashboard.money import LIMIT, WIDE, quantize

DAY = timedelta(days=1)


@dataclass(slots=True)
class Moved:
    """What a day brought: flows of whole transactions, and income."""

    inflow: Decimal | None = ZERO
    outflow: Decimal | None = ZERO
    income: Decimal = ZERO

    def add(self, net: Decimal | None) -> None:
        if net is None or self.inflow is None or self.outflow is None:
            self.inflow = self.outflow = None
        elif net > ZERO:
            self.inflow += net
        else:
            self.outflow -= net


@dataclass(slots=True)
class Valued:
    """What was computed: days and snapshots to store, and the first and last day on which an asset's price lacks."""

    days: list[DailyValue] = field(default_factory=list)
    snapshots: list[Snapshot] = field(default_factory=list)
    missing: dict[str, tuple[date, date]] = field(default_factory=dict)

    def miss(self, asset: str, day: date) -> None:
        first, last = self.missing.get(asset, (day, day))
        self.missing[asset] = min(first, day), max(last, day)


@dataclass(frozen=True, slots=True)
class Worth:
    """Sums over what has a price; the rest is `unpriced`, and in none of them."""

    value: Decimal
    cost: Decimal
    profit: Decimal
    unpriced: tuple[str, ...]
    held: bool


class Ledger:
    """The figures of all assets, followed forward in time."""

    def __init__(self, found: Mapping[str, Track]) -> None:
        self.figures: dict[str, Amounts] = {asset: track.opening for asset, track in found.items()}
        steps = [(step.entry.at, asset, step.after) for asset, track in found.items() for step in track.steps]
        steps.sort(key=lambda told: told[0])
        self._steps, self._next = steps, 0

    def follow(self, moment: datetime) -> None:
        """To how they stood just before this moment, which must not lie before the last."""
        while self._next < len(self._steps) and self._steps[self._next][0] < moment:
            _, asset, after = self._steps[self._next]
            self.figures[asset] = after
            self._next += 1

    @property
    def held(self) -> list[str]:
        return [asset for asset, figures in self.figures.items() if figures.quantity]

    def worth(self, prices: Mapping[str, Decimal]) -> Worth:
        """At these prices, in the portfolio's currency."""
        value = cost = invested = ZERO
        unpriced = []
        held = False
        with localcontext(WIDE):
            for asset, figures in self.figures.items():
                if figures.quantity:
                    held = True
                    price = prices.get(asset)
                    if price is None:
                        unpriced.append(asset)
                        continue
                    value += figures.quantity * price
                    cost += figures.cost
                invested += figures.invested
            return Worth(quantize(value), quantize(cost), quantize(value - invested), tuple(unpriced), held)


def valued(portfolio: Portfolio, since: datetime, first: date, last: date, moments: Sequence[datetime]) -> Valued:
    """The daily values from `first` to `last`, and the snapshots at `moments`, by the ledger of now.

    `since` is where figures may begin to differ from those kept, `first` the day after it at the latest. A coin of
    which no price is known, today or ever, is left out of all figures, as it is on the dashboard.
    """
    begin = min(midnight(first) - DAY, since)
    found = dict(tracks(portfolio, begin, midnight(last) + 2 * DAY))
    for asset in hopeless(found):
        del found[asset]
    exchange = Exchange(portfolio.currency)
    result = Valued()
    moved = movements(found, begin, exchange, result)
    for day, worth in daily(found, first, last, exchange, result):
        known = not worth.unpriced and abs(worth.value) < LIMIT and abs(worth.profit) < LIMIT
        for asset in worth.unpriced:
            result.miss(asset, day)
        before = moved.get(day - DAY, Moved())
        result.days.append(
            DailyValue(
                portfolio=portfolio,
                day=day,
                currency=portfolio.currency,
                value=worth.value if known else None,
                cost=worth.cost if known else None,
                profit=worth.profit if known else None,
                inflow=storable(before.inflow),
                outflow=storable(before.outflow),
                income=storable(before.income) or ZERO,
            )
        )
    ledger = Ledger(found)
    for moment in moments:
        ledger.follow(moment)
        worth = ledger.worth(prices_of_then(ledger.held, moment, exchange))
        if worth.held and max(abs(worth.value), abs(worth.cost), abs(worth.profit)) < LIMIT:
            result.snapshots.append(
                Snapshot(
                    portfolio=portfolio,
                    at=moment,
                    currency=portfolio.currency,
                    value=worth.value,
                    cost=worth.cost,
                    profit=worth.profit,
                )
            )
    return result


def daily(
    found: Mapping[str, Track], first: date, last: date, exchange: Exchange, result: Valued
) -> Iterator[tuple[date, Worth]]:
    """The worth at the beginning of each day, a year's prices at a time."""
    ledger = Ledger(found)
    priced = {*found, exchange.coin} if exchange.coin else set(found)
    for _, year in groupby(days_between(first, last), key=lambda day: day.year):
        days = list(year)
        stored: dict[date, dict[str, Decimal]] = {}
        rows = DailyPrice.objects.filter(asset__in=priced, day__gte=days[0], day__lte=days[-1])
        for asset, day, usd in rows.values_list("asset_id", "day", "usd"):
            stored.setdefault(day, {})[asset] = usd
        for day in days:
            moment = midnight(day)
            ledger.follow(moment)
            prices = stored.get(day, {})
            needed = with_unit(ledger.held, exchange)
            lacking = [asset for asset in needed if asset not in prices]
            if lacking:
                prices = prices | prices_at(lacking, moment, since=moment - DAY)
            if exchange.coin and exchange.coin in needed and exchange.coin not in prices:
                result.miss(exchange.coin, day)
            yield day, ledger.worth(exchanged(prices, exchange, moment))


def prices_of_then(assets: Collection[str], moment: datetime, exchange: Exchange) -> dict[str, Decimal]:
    """As they were at any moment: the last sample, where there is none the price of that day."""
    needed = with_unit(assets, exchange)
    found = prices_at(needed, moment, since=moment - DAY)
    lacking = [asset for asset in needed if asset not in found]
    if lacking:
        rows = DailyPrice.objects.filter(asset__in=lacking, day=moment.astimezone(UTC).date())
        found |= dict(rows.values_list("asset_id", "usd"))
    return exchanged(found, exchange, moment)


def exchanged(usd: Mapping[str, Decimal], exchange: Exchange, moment: datetime) -> dict[str, Decimal]:
    """Prices in the portfolio's currency; none at all where its rate of that day isn't known."""
    rate = ratio(ONE, usd.get(exchange.coin)) if exchange.coin else exchange.rate("usd", moment)
    if rate is None:
        return {}
    with localcontext(WIDE):
        return {asset: quantize(price * rate) for asset, price in usd.items()}


def with_unit(assets: Collection[str], exchange: Exchange) -> Collection[str]:
    """These, and the coin that is counted in, if it is one."""
    return {*assets, exchange.coin} if exchange.coin and assets else assets


def movements(found: Mapping[str, Track], begin: datetime, exchange: Exchange, result: Valued) -> Mapping[date, Moved]:
    """What each day brought and took, transaction by transaction; prices that lack for that are noted in `result`."""

    def price_of(entry: Entry) -> Decimal | None:
        price = prices_of_then([entry.asset], entry.at, exchange).get(entry.asset)
        if price is None:
            result.miss(entry.asset, entry.at.astimezone(UTC).date())
        return price

    nets: dict[int, Decimal | None] = {}
    days: dict[int, date] = {}
    moved: dict[date, Moved] = {}
    with localcontext(EXACT):
        for asset, step in steps_since(found, begin):
            entry, day = step.entry, step.entry.at.astimezone(UTC).date()
            days[entry.id] = day
            came, sofar = flow(entry, asset, step.change, price_of), nets.get(entry.id, ZERO)
            nets[entry.id] = None if came is None or sofar is None else sofar + came
            moved.setdefault(day, Moved()).income += step.change.income
        for pk, net in nets.items():
            moved[days[pk]].add(net)
    return moved


def steps_since(found: Mapping[str, Track], begin: datetime) -> Iterator[tuple[str, Step]]:
    return ((asset, step) for asset, track in found.items() for step in track.steps if step.entry.at >= begin)


def hopeless(assets: Iterable[str]) -> set[str]:
    """Those of which no price is stored, none is known now, and the source has been asked for its history."""
    wanted = set(assets)
    asked = PriceHistory.objects.filter(asset__in=wanted, asked_at__isnull=False).values_list("asset_id", flat=True)
    without = set(asked)
    if without:
        without -= set(MarketQuote.objects.filter(asset__in=without, price__isnull=False).values_list("pk", flat=True))
    for prices in (DailyPrice, PriceSample):
        without = {asset for asset in without if not prices.objects.filter(asset=asset).exists()}
    return without


def storable(amount: Decimal | None) -> Decimal | None:
    """To 18 decimals; None where it is unknown, or more than can be kept."""
    return None if amount is None or abs(amount) >= LIMIT else quantize(amount)


def days_between(first: date, last: date) -> Iterator[date]:
    return (first + timedelta(days=number) for number in range((last - first).days + 1))
