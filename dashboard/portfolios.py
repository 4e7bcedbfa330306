"""Selectors: what a person owns and what it is worth now, each as one frozen answer from a fixed number of queries."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal, localcontext
from functools import cached_property
from sys import intern
from types import MappingProxyType

from django.utils.translation import gettext

from accounts import locales
from accounts.models import User
from dashboard import clock, leaps
from dashboard.allocation import Allocation, Movers, allocation, movers
from dashboard.entries import told
from dashboard.market import currencies
from dashboard.market.refresh import stale_before
from dashboard.models import Asset, MarketQuote, Portfolio, Position
from dashboard.money import WIDE, quantize, quantize_price
from dashboard.structure import mark_of
from dashboard.valuation import (
    ZERO,
    Held,
    Holding,
    Issue,
    Market,
    Totals,
    change_in,
    merge,
    share,
    total,
    value_holding,
)

NOTHING: Mapping[str, Decimal] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Overview:
    """One portfolio, or all of a user's together: open holdings by value, closed ones, totals, all in `currency`."""

    currency: str
    totals: Totals
    holdings: tuple[Holding, ...]
    closed: tuple[Holding, ...]

    @property
    def everything(self) -> tuple[Holding, ...]:
        return self.holdings + self.closed

    @property
    def mark(self) -> str:
        """Tells sections of a page that are built alike from others, for who reads now."""
        held = (holding.held for holding in self.everything)
        return mark_of(locales.active(), self.currency, held, self.totals.unpriced, self.totals.stale)

    @property
    def allocation(self) -> Allocation:
        return allocation(self.holdings)

    @property
    def movers(self) -> Movers:
        return movers(self.holdings)


def overview(user: User, portfolio: Portfolio | None = None) -> Overview:
    """What `user` owns in `portfolio`, in its currency; None means all portfolios, in the user's currency."""
    currency = portfolio.currency if portfolio else user.currency
    positions = Position.objects.of(user)
    if portfolio:
        positions = positions.filter(portfolio=portfolio)
    held = held_in(positions.select_related("asset", "portfolio"), currency)
    markets = markets_of([h.asset for h in held], currency, clock.now())
    return assemble(currency, (value_holding(h, markets[h.asset]) for h in held))


def assemble(currency: str, holdings: Iterable[Holding]) -> Overview:
    """Totals, shares and order for valued holdings."""
    valued = list(holdings)
    totals = total(valued)
    shared = [replace(holding, share=share(holding, totals)) for holding in valued]
    shared.sort(key=lambda h: (h.value is None, -(h.value or 0), h.held.name.lower()))
    return Overview(
        currency=currency,
        totals=totals,
        holdings=tuple(h for h in shared if h.held.quantity),
        closed=tuple(h for h in shared if not h.held.quantity),
    )


def held_in(positions: Iterable[Position], currency: str) -> list[Held]:
    """Positions as the ledger's facts, one an asset, portfolios of other currencies converted at today's rate."""
    rates = Conversion(currency)
    return merged(as_held(position, rates.rate(position.portfolio.currency)) for position in positions)


def merged(held: Iterable[Held]) -> list[Held]:
    """One for each asset, in the order in which they come."""
    by_asset: dict[str, list[Held]] = {}
    for each in held:
        by_asset.setdefault(each.asset, []).append(each)
    return [merge(several) if len(several) > 1 else several[0] for several in by_asset.values()]


class Conversion:
    """Today's rates into one currency, read at most once, and not at all where nothing needs converting."""

    def __init__(self, currency: str) -> None:
        self.currency = currency

    @cached_property
    def today(self) -> currencies.Rates:
        return currencies.todays_rates()

    def rate(self, code: str) -> Decimal | None:
        """Units of the currency for one of `code`; None where no rate is known."""
        return Decimal(1) if code == self.currency else self.today.rate(code, self.currency)


def as_held(position: Position, rate: Decimal | None) -> Held:
    """The position with its money at `rate`; without one its money is not known, and it counts in no total."""
    # Thousands of these are kept in memory: amounts that are alike, and names, are kept once.
    kept: dict[Decimal, Decimal] = {ZERO: ZERO}

    def once(amount: Decimal) -> Decimal:
        return kept.setdefault(amount, amount)

    own = Held(
        asset=intern(position.asset_id),
        symbol=intern(position.asset.symbol),
        name=intern(position.asset.name),
        quantity=position.quantity,
        cost=once(position.cost),
        realised=once(position.realised),
        income=once(position.income),
        fees=once(position.fees),
        invested=once(position.invested),
        ever_invested=once(position.ever_invested),
        fees_paid=once(position.fees_paid),
        exchanged={asset: once(Decimal(amount)) for asset, amount in position.exchanged.items()} or NOTHING,
        issues=tuple(Issue(issue["code"], issue["transaction"], told(issue)) for issue in position.issues),
    )
    return in_currency(own, position.portfolio.currency, rate)


def in_currency(own: Held, code: str, rate: Decimal | None) -> Held:
    """What counts in the currency `code`, with its money at `rate`; without one it counts in no total."""
    if rate == 1:
        return own
    issues = own.issues
    if rate is None:
        text = gettext(
            "The portfolio counts in %(code)s, for which no exchange rate is known now: left out of the totals."
        ) % {"code": code.upper()}
        issues = (*issues, Issue("no_rate", None, text))
    kept: dict[Decimal, Decimal] = {ZERO: ZERO}

    def converted(amount: Decimal) -> Decimal:
        if rate is None:
            return ZERO
        with localcontext(WIDE):
            amount = quantize(amount * rate)
        return kept.setdefault(amount, amount)

    return replace(
        own,
        cost=converted(own.cost),
        realised=converted(own.realised),
        income=converted(own.income),
        fees=converted(own.fees),
        invested=converted(own.invested),
        ever_invested=converted(own.ever_invested),
        fees_paid=converted(own.fees_paid),
        exchanged={asset: converted(amount) for asset, amount in own.exchanged.items()} or NOTHING,
        issues=issues,
        is_known=rate is not None,
    )


def markets_of(assets: Iterable[str], currency: str, now: datetime) -> Mapping[str, Market]:
    """The market of each asset in `currency`; one without a quote yet has an empty one."""
    wanted = list(assets)
    unit, stale = currencies.unit_of(currency), stale_before(now)
    rows = MarketQuote.objects.filter(asset_id__in=wanted).select_related("asset")
    found = {row.asset_id: as_market(row, unit.rate, stale, unit.coin) for row in rows}
    return {asset: found.get(asset, Market()) for asset in wanted}


def as_market(row: MarketQuote, rate: Decimal | None, stale: datetime, coin: MarketQuote | None = None) -> Market:
    """A quote in the currency of which `rate` units make one US dollar; without a rate nothing has a price.

    Where the currency is a coin, `coin` is that coin's quote: a price in it is as old as the older of the two, and
    changes are those of one against the other.
    """

    def converted(amount: Decimal | None) -> Decimal | None:
        if amount is None or rate is None:
            return None
        with localcontext(WIDE):
            return amount if rate == 1 else quantize_price(amount * rate)

    market = Market(
        price=converted(row.price),
        as_of=row.as_of,
        stale=is_old(row, stale),
        source=row.source,
        rank=row.asset.rank,
        market_cap=converted(row.market_cap),
        change_1h=row.change_1h,
        change_24h=row.change_24h,
        change_7d=row.change_7d,
    )
    if coin is None:
        return market
    times = [one.as_of for one in (row, coin) if one.as_of is not None]
    return replace(
        market,
        as_of=min(times, default=None),
        stale=market.stale or is_old(coin, stale),
        change_1h=change_in(row.change_1h, coin.change_1h),
        change_24h=change_in(row.change_24h, coin.change_24h),
        change_7d=change_in(row.change_7d, coin.change_7d),
    )


def is_old(row: MarketQuote, before: datetime) -> bool:
    return row.silent or (row.as_of is not None and row.as_of < before)


@dataclass(frozen=True, slots=True)
class MarketRow:
    """One line of the market table."""

    asset: Asset
    market: Market
    volume_24h: Decimal | None


def market_table(currency: str, limit: int = 250) -> list[MarketRow]:
    """The best-ranked coins that have a quote, best first."""
    ranked = Asset.objects.coins().filter(rank__isnull=False, quote__isnull=False)
    return rows_of(ranked.select_related("quote").order_by("rank", "pk")[:limit], currency)


def market_rows(currency: str, assets: Iterable[str]) -> list[MarketRow]:
    """These coins, with a quote or not, best-ranked first."""
    return rows_of(Asset.objects.coins().filter(pk__in=list(assets)).select_related("quote").best_ranked(), currency)


def rows_of(coins: Iterable[Asset], currency: str) -> list[MarketRow]:
    unit, stale = currencies.unit_of(currency), stale_before(clock.now())
    with localcontext(WIDE):
        return [market_row(coin, getattr(coin, "quote", None), unit, stale) for coin in coins]


def market_row(coin: Asset, quote: MarketQuote | None, unit: currencies.Unit, stale: datetime) -> MarketRow:
    if quote is None:
        return MarketRow(coin, Market(rank=coin.rank), None)
    volume, rate = quote.volume_24h, unit.rate
    return MarketRow(
        asset=coin,
        market=as_market(quote, rate, stale, unit.coin),
        volume_24h=None if volume is None or rate is None else quantize(volume * rate),
    )


def held_assets() -> set[str]:
    """Every asset that somebody holds; closed positions need no price."""
    held = "EXISTS (SELECT 1 FROM dashboard_position WHERE asset_id = found.value AND quantity <> %s)"
    return set(leaps.values("dashboard_position", "asset_id", only=held, parameters=(Decimal(0),)))
