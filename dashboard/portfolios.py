"""Selectors: what a person owns and what it is worth now, each as one frozen answer from a fixed number of queries."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal, localcontext
from functools import cached_property
from sys import intern
from types import MappingProxyType

from django.db.models import Exists, OuterRef
from django.utils.translation import gettext

from accounts import locales
from accounts.models import User
from dashboard import clock, leaps
from dashboard.allocation import Allocation, Movers, allocation, movers
from dashboard.entries import told
from dashboard.market import currencies
from dashboard.market.refresh import stale_before
from dashboard.models import Asset, MarketQuote, Portfolio, Position
from dashboard.money import WIDE, quantize
from dashboard.structure import mark_of
from dashboard.valuation import ZERO, Held, Holding, Issue, Market, Totals, merge, share, total, value_holding

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
    by_asset: dict[str, list[Held]] = {}
    rates = Conversion(currency)
    for position in positions:
        rate = rates.rate(position.portfolio.currency)
        by_asset.setdefault(position.asset_id, []).append(as_held(position, rate))
    return [merge(held) if len(held) > 1 else held[0] for held in by_asset.values()]


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
    issues = [Issue(issue["code"], issue["transaction"], told(issue)) for issue in position.issues]
    if rate is None:
        code = position.portfolio.currency.upper()
        text = gettext(
            "The portfolio counts in %(code)s, for which no exchange rate is known now: left out of the totals."
        ) % {"code": code}
        issues.append(Issue("no_rate", None, text))

    # Thousands of these are kept in memory: amounts that are alike, and names, are kept once.
    kept: dict[Decimal, Decimal] = {ZERO: ZERO}

    def converted(amount: Decimal) -> Decimal:
        if rate is None:
            return ZERO
        if rate != 1:
            with localcontext(WIDE):
                amount = quantize(amount * rate)
        return kept.setdefault(amount, amount)

    return Held(
        asset=intern(position.asset_id),
        symbol=intern(position.asset.symbol),
        name=intern(position.asset.name),
        quantity=position.quantity,
        cost=converted(position.cost),
        realised=converted(position.realised),
        income=converted(position.income),
        fees=converted(position.fees),
        invested=converted(position.invested),
        ever_invested=converted(position.ever_invested),
        fees_paid=converted(position.fees_paid),
        exchanged={asset: converted(Decimal(amount)) for asset, amount in position.exchanged.items()} or NOTHING,
        issues=tuple(issues),
        is_known=rate is not None,
    )


def markets_of(assets: Iterable[str], currency: str, now: datetime) -> Mapping[str, Market]:
    """The market of each asset in `currency`; one without a quote yet has an empty one."""
    wanted = list(assets)
    rate, stale = currencies.rate("usd", currency), stale_before(now)
    rows = MarketQuote.objects.filter(asset_id__in=wanted).select_related("asset")
    found = {row.asset_id: as_market(row, rate, stale) for row in rows}
    return {asset: found.get(asset, Market()) for asset in wanted}


def as_market(row: MarketQuote, rate: Decimal | None, stale: datetime) -> Market:
    """A quote in the currency of which `rate` units make one US dollar; without a rate nothing has a price."""

    def converted(amount: Decimal | None) -> Decimal | None:
        if amount is None or rate is None:
            return None
        with localcontext(WIDE):
            return amount if rate == 1 else quantize(amount * rate)

    return Market(
        price=converted(row.price),
        as_of=row.as_of,
        stale=row.silent or (row.as_of is not None and row.as_of < stale),
        source=row.source,
        rank=row.asset.rank,
        market_cap=converted(row.market_cap),
        change_1h=row.change_1h,
        change_24h=row.change_24h,
        change_7d=row.change_7d,
    )


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
    rate, stale = currencies.rate("usd", currency), stale_before(clock.now())
    with localcontext(WIDE):
        return [market_row(coin, getattr(coin, "quote", None), rate, stale) for coin in coins]


def market_row(coin: Asset, quote: MarketQuote | None, rate: Decimal | None, stale: datetime) -> MarketRow:
    if quote is None:
        return MarketRow(coin, Market(rank=coin.rank), None)
    volume = quote.volume_24h
    return MarketRow(
        asset=coin,
        market=as_market(quote, rate, stale),
        volume_24h=None if volume is None or rate is None else quantize(volume * rate),
    )


def held_assets() -> set[str]:
    """Every asset that somebody holds; closed positions need no price."""
    known = Asset.objects.filter(pk__in=leaps.values("dashboard_position", "asset_id"))
    return set(known.filter(Exists(Position.objects.open().filter(asset=OuterRef("pk")))).values_list("pk", flat=True))
