"""Selector: balance and profit/loss of a portfolio, or of all, in sentences: a short text and a full one.

What has no price is left out of the figures, as everywhere, and named; what has an old one counts and is named as well.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from django.utils.translation import gettext

from accounts import locales
from accounts.models import User
from dashboard.formats import (
    UNKNOWN,
    format_age,
    format_gain,
    format_money,
    format_percent,
    format_price,
    format_quantity,
    format_share,
)
from dashboard.models import Portfolio
from dashboard.portfolios import Overview, overview
from dashboard.valuation import Holding

LARGEST: Final = 3
MOST_NAMED: Final = 6
MOST_LISTED: Final = 100
LONGEST_TICKER: Final = 12
LONGEST: Final = 950
"""Of a short text, in characters: with a link after it, it stays below the 1,024 of a template's variable."""


@dataclass(frozen=True, slots=True)
class Report:
    """`text` fits into a message, `details` list every holding for an e-mail; both in lines."""

    title: str
    text: str
    details: str


def report_of(user: User, portfolio: Portfolio | None, now: datetime) -> Report:
    """The report on a portfolio in its currency; None: on all, in the user's."""
    view = overview(user, portfolio)
    scope = portfolio.name if portfolio else gettext("All portfolios")
    return Report(
        title=f"{scope}: {balance(view)}",
        text=short_text(view, scope, now),
        details="\n".join([moment_line(now, user.zone), "", *detail_lines(view)]) if view.everything else "",
    )


def short_text(view: Overview, scope: str, now: datetime) -> str:
    """What must be said, and what is nice to know where it fits."""
    needed = [balance_line(view, scope), *profit_lines(view)]
    nice = [*largest_lines(view), *mover_lines(view)]
    prices = price_lines(view, now)
    text = "\n".join([*needed, *nice, *prices])
    return text if len(text) <= LONGEST else "\n".join([*needed, *prices])[:LONGEST]


def balance(view: Overview) -> str:
    """`12,345.67 USD`, or that it is not known."""
    if is_unknown(view):
        return gettext("balance unknown")
    return f"{format_money(view.totals.value, view.currency)} {view.currency.upper()}"


def balance_line(view: Overview, scope: str) -> str:
    """What everything is worth, and how that changed within a day."""
    if not view.everything:
        return gettext("%(scope)s: nothing is held yet.") % {"scope": scope}
    if is_unknown(view):
        return gettext("%(scope)s: the balance is unknown, because no price is known for what is held.") % {
            "scope": scope
        }
    totals = view.totals
    line = f"{scope}: {balance(view)}"
    if not view.holdings:
        return gettext("%(line)s; everything is sold.") % {"line": line}
    if totals.change_24h is None:
        return gettext("%(line)s; how it changed in 24 h is not known.") % {"line": line}
    return gettext("%(line)s, %(with_percent)s in 24 h.") % {
        "line": line,
        "with_percent": with_percent(totals.change_24h, totals.change_24h_pct, view.currency),
    }


def profit_lines(view: Overview) -> list[str]:
    """What everything brought, and what that is made of."""
    if not view.everything or is_unknown(view):
        return []
    totals, currency = view.totals, view.currency
    parts = [
        gettext("unrealised %(unrealised)s") % {"unrealised": format_gain(totals.unrealised, currency)},
        gettext("realised %(realised)s") % {"realised": format_gain(totals.realised, currency)},
    ]
    if totals.income:
        parts.append(gettext("income %(income)s") % {"income": format_money(totals.income, currency)})
    if totals.fees:
        parts.append(gettext("fees %(fees)s") % {"fees": format_money(totals.fees, currency)})
    profit = with_percent(totals.profit, totals.profit_pct, currency, f" {currency.upper()}")
    return [gettext("Profit %(profit)s: %(parts)s.") % {"profit": profit, "parts": ", ".join(parts)}]


def largest_lines(view: Overview) -> list[str]:
    shares = [f"{ticker(holding)} {format_share(holding.share)}" for holding in view.holdings if holding.share]
    return [gettext("Largest: %(shares)s.") % {"shares": ", ".join(shares[:LARGEST])}] if len(shares) > 1 else []


def mover_lines(view: Overview) -> list[str]:
    """The day's best and worst among what has a fresh price."""
    moved = sorted(
        (
            (holding.market.change_24h, ticker(holding))
            for holding in view.holdings
            if holding.market.change_24h is not None and holding.value is not None and not holding.market.stale
        ),
    )
    if len(moved) < 2:
        return []
    (least, worst), (most, best) = moved[0], moved[-1]
    return [
        gettext("24 h: best %(best)s %(most)s, worst %(worst)s %(least)s.")
        % {"best": best, "most": format_percent(most), "worst": worst, "least": format_percent(least)}
    ]


def price_lines(view: Overview, now: datetime) -> list[str]:
    """How old prices are and where they come from, what counts at an old one, what could not be counted."""
    priced = [holding for holding in view.holdings if holding.value is not None]
    fresh = [h.market.as_of for h in priced if h.market.as_of is not None and not h.market.stale]
    stale = [h for h in priced if h.market.stale]
    lines = []
    if fresh:
        sources = ", ".join(sorted({h.market.source for h in priced if h.market.source}))
        lines.append(
            gettext("Prices%(sources)s: the oldest %(format_age)s.")
            % {
                "sources": gettext(" from %(sources)s") % {"sources": sources} if sources else "",
                "format_age": format_age(now - min(fresh)),
            }
        )
    if stale:
        ages = [f"{ticker(h)} ({format_age(now - h.market.as_of)})" for h in stale if h.market.as_of is not None]
        lines.append(gettext("Counted at an old price: %(some)s.") % {"some": some(ages)})
    if view.totals.unpriced:
        tickers = {holding.asset: ticker(holding) for holding in view.everything}
        names = [tickers.get(asset, asset) for asset in view.totals.unpriced]
        lines.append(gettext("Left out, because no value is known: %(some)s.") % {"some": some(names)})
    return lines


def detail_lines(view: Overview) -> list[str]:
    """Every holding in one line, largest first, and the sums."""
    totals, currency = view.totals, view.currency
    lines = [holding_line(holding, currency) for holding in view.holdings[:MOST_LISTED]]
    if more := view.holdings[MOST_LISTED:]:
        lines.append(gettext("and %(more)s smaller ones") % {"more": len(more)})
    if view.closed:
        lines.append(
            gettext("Sold altogether: %(some)s") % {"some": some([ticker(holding) for holding in view.closed])}
        )
    lines += [
        "",
        f"Value: {balance(view)}",
        gettext("Cost of what is held: %(cost)s") % {"cost": format_money(totals.cost, currency)},
        f"Unrealised: {format_gain(totals.unrealised, currency)}",
        f"Realised: {format_gain(totals.realised, currency)}",
        f"Income: {format_money(totals.income, currency)}",
        f"Fees: {format_money(totals.fees, currency)}",
        f"Profit: {with_percent(totals.profit, totals.profit_pct, currency)}",
    ]
    return lines


def holding_line(holding: Holding, currency: str) -> str:
    market = holding.market
    line = f"{holding.held.name} ({ticker(holding)}): {format_quantity(holding.held.quantity)}"
    if holding.value is None:
        return gettext("%(line)s, value unknown") % {"line": line}
    line += gettext(" at %(price)s = %(holding)s") % {
        "price": format_price(market.price, currency),
        "holding": format_money(holding.value, currency),
    }
    details = [] if holding.share is None else [format_share(holding.share)]
    if market.change_24h is not None:
        details.append(f"24 h {format_percent(market.change_24h)}")
    if holding.profit is not None:
        details.append(
            gettext("profit %(with_percent)s")
            % {"with_percent": with_percent(holding.profit, holding.profit_pct, currency)}
        )
    if market.stale:
        details.append(gettext("old price"))
    return f"{line} ({', '.join(details)})"


def is_unknown(view: Overview) -> bool:
    """Is something held, and nothing of it has a value?"""
    return bool(view.holdings) and all(holding.value is None for holding in view.holdings)


def with_percent(amount: Decimal, percent: Decimal | None, currency: str, code: str = "") -> str:
    """`▲ +150.20 (+1.20 %)`: one arrow is enough."""
    text = f"{format_gain(amount, currency)}{code}"
    share = format_percent(percent).lstrip("▲▼ ")
    return text if share == UNKNOWN else f"{text} ({share})"


def moment_line(now: datetime, zone: ZoneInfo) -> str:
    local = now.astimezone(zone)
    return gettext("As of %(time)s on %(day)s (%(zone)s).") % {
        "time": locales.clock(local),
        "day": locales.long_day(local),
        "zone": zone.key,
    }


def ticker(holding: Holding) -> str:
    return holding.held.symbol.upper()[:LONGEST_TICKER] or holding.asset[:LONGEST_TICKER]


def some(words: Sequence[str]) -> str:
    """The first few, and how many more there are."""
    more = len(words) - MOST_NAMED
    return (
        gettext("%(most_named)s and %(more)s more") % {"most_named": ", ".join(words[:MOST_NAMED]), "more": more}
        if more > 0
        else ", ".join(words)
    )
