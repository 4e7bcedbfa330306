"""The cells that move: one HTML span each, with its exact number, made alike for the page and for the socket.

Nothing here knows who looks; a cell is a pure function of the figure it shows.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any

from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext

from dashboard.formats import (
    DOWN,
    UP,
    format_age,
    format_compact,
    format_exact,
    format_gain,
    format_money,
    format_percent,
    format_price,
    format_quantity,
    format_share,
)
from dashboard.live.writing import ascii_html
from dashboard.valuation import Holding, Market, Totals

if TYPE_CHECKING:
    from dashboard.market.refresh import MarketHealth

Write = Callable[[Any, str], str]


@dataclass(frozen=True, slots=True)
class Figure:
    """Where a field's number is found on its subject, and how it is written for people in a currency."""

    of: Callable[[Any], Decimal | int | None]
    write: Write


def plainly(write: Callable[[Any], str]) -> Write:
    return lambda value, currency: write(value)


gain = plainly(format_percent)
MARKET: Mapping[str, Figure] = {
    "rank": Figure(lambda market: market.rank, lambda value, currency: "–" if value is None else str(value)),
    "price": Figure(lambda market: market.price, format_price),
    "market_cap": Figure(lambda market: market.market_cap, plainly(format_compact)),
    "change_1h": Figure(lambda market: market.change_1h, gain),
    "change_24h": Figure(lambda market: market.change_24h, gain),
    "change_7d": Figure(lambda market: market.change_7d, gain),
}
HOLDING: Mapping[str, Figure] = {
    "holdings": Figure(lambda holding: holding.held.quantity, plainly(format_quantity)),
    "value": Figure(lambda holding: holding.value, format_money),
    "cost": Figure(lambda holding: holding.held.cost, format_money),
    "average_cost": Figure(lambda holding: holding.average_cost, format_price),
    "realised": Figure(lambda holding: holding.held.realised, format_gain),
    "unrealised": Figure(lambda holding: holding.unrealised, format_gain),
    "profit": Figure(lambda holding: holding.profit, format_gain),
    "profit_pct": Figure(lambda holding: holding.profit_pct, gain),
    "share": Figure(lambda holding: holding.share, plainly(format_share)),
}
TOTALS: Mapping[str, Figure] = {
    "value": Figure(lambda totals: totals.value, format_money),
    "cost": Figure(lambda totals: totals.cost, format_money),
    "profit": Figure(lambda totals: totals.profit, format_gain),
    "profit_pct": Figure(lambda totals: totals.profit_pct, gain),
    "realised": Figure(lambda totals: totals.realised, format_gain),
    "unrealised": Figure(lambda totals: totals.unrealised, format_gain),
    "income": Figure(lambda totals: totals.income, format_money),
    "fees": Figure(lambda totals: totals.fees, format_money),
    "invested": Figure(lambda totals: totals.invested, format_money),
    "change_24h": Figure(lambda totals: totals.change_24h, format_gain),
    "change_24h_pct": Figure(lambda totals: totals.change_24h_pct, gain),
}
FIELDS = frozenset(MARKET) | frozenset(HOLDING) | {"name"}
UNSAFE = re.compile(r"[^A-Za-z0-9-]")


def dom_id(asset: str) -> str:
    """The asset's id as part of an HTML id or CSS selector: letters, digits, `-`, `_`; never alike for two assets.

    Other characters become their code point between underscores. So does a last dash before the name of a field:
    the row of an asset called `index-value` must not bear the id of the value cell of `index`.
    """
    head, dash, last = asset.rpartition("-")
    if dash and last in FIELDS:
        asset = f"{head}\0{last}"
    return UNSAFE.sub(lambda match: f"_{ord(match[0]):x}_", asset)


def market_id(asset: str, field: str) -> str:
    return f"p-{dom_id(asset)}-{field}"


def holding_id(asset: str, field: str) -> str:
    return f"h-{dom_id(asset)}-{field}"


def total_id(field: str) -> str:
    return f"t-{field}"


def market_cell(asset: str, market: Market, field: str, currency: str) -> SafeString:
    """A cell of the market, the same for everyone who counts in `currency`. A price past its time says so."""
    if field == "price":
        return cell(market_id(asset, field), "field", field, MARKET[field], market, currency, *of_price(market))
    return cell(market_id(asset, field), "field", field, MARKET[field], market, currency)


def of_price(market: Market) -> tuple[str, str]:
    """Classes and attributes of a price's cell: whether it is past its time, who stated it, and of when it is, in
    seconds since 1970.
    """
    by = f' data-by="{escape(market.source)}"' if market.source else ""
    at = f' data-at="{int(market.as_of.timestamp())}"' if market.as_of else ""
    return "stale" if market.stale else "", by + at


def name_cell(asset: str, name: str) -> SafeString:
    """The asset's name: text, and its own exact value."""
    safe = escape(name)
    return mark_safe(  # noqa: S308 - every part is escaped
        f'<span id="{market_id(asset, "name")}" data-field="name" data-value="{safe}" title="{safe}">{safe}</span>'
    )


def holding_cell(holding: Holding, field: str, currency: str) -> SafeString:
    """A cell of what one person holds."""
    return cell(holding_id(holding.asset, field), "field", field, HOLDING[field], holding, currency)


def total_cell(totals: Totals, field: str, currency: str) -> SafeString:
    """A cell of one person's totals."""
    return cell(total_id(field), "total", field, TOTALS[field], totals, currency)


def cell(
    id: str,
    kind: str,
    field: str,
    figure: Figure,
    subject: object,
    currency: str,
    extra: str = "",
    more: str = "",
) -> SafeString:
    """One live span, with `more` attributes. Its colour never says more than the arrow in its text does."""
    value = figure.of(subject)
    exact = format_exact(Decimal(value) if isinstance(value, int) else value)
    text = figure.write(value, currency)
    tone = {UP: "gain", DOWN: "loss"}.get(text[0], "")
    classes = " ".join(name for name in ("num", tone, extra) if name)
    by = f", {subject.source}" if isinstance(subject, Market) and subject.source and more else ""
    title = f' title="{exact}{escape(by)}"' if exact else ""
    return mark_safe(  # noqa: S308 - ids pass dom_id, fields are our own words, the rest are formatted numbers
        f'<span id="{id}" data-{kind}="{field}" data-value="{exact}"{title} class="{classes}"{more}>{text}</span>'
    )


def copy_cell(id: str, figure: Figure, subject: object, currency: str) -> SafeString:
    """What the live cell of that id says, a second time on the page: the page's script lets it follow that cell."""
    value = figure.of(subject)
    text = figure.write(value, currency)
    exact = format_exact(Decimal(value) if isinstance(value, int) else value)
    tone = {UP: "gain", DOWN: "loss"}.get(text[0], "")
    return format_html('<span class="num {}" data-copy-of="{}" title="{}">{}</span>', tone, id, exact, text)


def moving_cell(id: str, exact: str, text: str, extra: str = "", more: str = "") -> str:
    """The span as a frame carries it. Its title and the classes that follow from its text are the page's to add, the
    name of its field is the page's to keep.
    """
    marked = f' class="{extra}"' if extra else ""
    return f'<span id="{id}" data-value="{exact}"{marked}{more}>{text}</span>'


def moving(id: str, figure: Figure, subject: object, currency: str, extra: str = "", more: str = "") -> str:
    """The same of any figure, in ASCII."""
    value = figure.of(subject)
    exact = format_exact(Decimal(value) if isinstance(value, int) else value)
    return moving_cell(id, exact, ascii_html(figure.write(value, currency)), extra, more)


def moving_market(asset: str, market: Market, field: str, currency: str) -> str:
    if field == "price":
        return moving(market_id(asset, field), MARKET[field], market, currency, *of_price(market))
    return moving(market_id(asset, field), MARKET[field], market, currency)


def moving_holding(holding: Holding, field: str, currency: str) -> str:
    return moving(holding_id(holding.asset, field), HOLDING[field], holding, currency)


def moving_total(totals: Totals, field: str, currency: str) -> str:
    return moving(total_id(field), TOTALS[field], totals, currency)


@cache
def holding_form(asset: str, fields: tuple[str, ...]) -> str:
    """These cells of a holding with places (%s) for the exact number and the text of each."""
    return "".join(moving_cell(holding_id(asset, field), "%s", "%s") for field in fields)


@cache
def totals_form(fields: tuple[str, ...]) -> str:
    return "".join(moving_cell(total_id(field), "%s", "%s") for field in fields)


STILL: Mapping[str, Write] = {
    "money": format_money,
    "gain": format_gain,
    "price": format_price,
    "quantity": plainly(format_quantity),
    "percent": gain,
}


def still_cell(value: Decimal | None, kind: str, currency: str) -> SafeString:
    """A figure of the past, which no tick changes: rounded for people, exact in `data-value`."""
    text, exact = STILL[kind](value, currency), format_exact(value)
    tone = {UP: "gain", DOWN: "loss"}.get(text[0], "")
    return format_html('<span class="num {}" data-value="{}" title="{}">{}</span>', tone, exact, exact, text)


def live_state(health: "MarketHealth", sequence: int, now: datetime) -> SafeString:
    """How old the prices are and whether that is as it should be; the page's script keeps the age ticking."""
    if health.as_of is None:
        return badge("stale", sequence, gettext("No prices yet"), "")
    age = (
        f'<time data-ago datetime="{health.as_of.isoformat()}" title="{health.as_of:%Y-%m-%d %H:%M:%S} UTC">'
        f"{format_age(now - health.as_of)}</time>"
    )
    source = {"source": escape(health.source)}
    if not health.stale:
        return badge("on", sequence, gettext("Live"), age, gettext("Prices by %(source)s") % source)
    if health.failing_since:
        why = gettext("%(source)s isn’t answering. Reminders wait.") % source
    else:
        why = gettext("%(source)s has no newer ones. Reminders wait.") % source
    return badge("stale", sequence, gettext("Prices are old"), age, why)


def live_state_off() -> SafeString:
    """What a page shows before its socket has spoken."""
    return badge("off", 0, gettext("Connecting"), "")


def badge(state: str, sequence: int, word: str, age: str, why: str = "") -> SafeString:
    said = f'<span class="why">{why}</span>' if state == "stale" else ""
    return mark_safe(  # noqa: S308 - our own words, an escaped source, formatted times
        f'<span id="live-state" data-live="{state}" data-sequence="{sequence}" title="{why}">'
        f'<span class="label">{word}</span> {age}{said}</span>'
    )
