"""What templates need to write figures: live cells as the socket sends them, and filters that round once."""

from collections.abc import Mapping
from decimal import Decimal

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext

from dashboard import formats
from dashboard.charts import Chart
from dashboard.kinds import wording_of
from dashboard.live import fragments
from dashboard.market import sparklines
from dashboard.models import Sparkline
from dashboard.valuation import Holding, Market, Totals

register = template.Library()


@register.simple_tag
def market_cell(asset_id: str, market: Market, field: str, currency: str) -> SafeString:
    """{% market_cell holding.asset holding.market "price" currency %}: rank price market_cap change_1h|24h|7d"""
    return fragments.market_cell(asset_id, market, field, currency)


@register.simple_tag
def name_cell(asset_id: str, name: str) -> SafeString:
    """{% name_cell holding.asset holding.held.name %}"""
    return fragments.name_cell(asset_id, name)


@register.simple_tag
def holding_cell(holding: Holding, field: str, currency: str) -> SafeString:
    """{% holding_cell holding "value" currency %}: holdings value cost average_cost profit profit_pct share …"""
    return fragments.holding_cell(holding, field, currency)


@register.simple_tag
def total_cell(totals: Totals, field: str, currency: str) -> SafeString:
    """{% total_cell overview.totals "value" currency %}: value cost profit profit_pct realised change_24h …"""
    return fragments.total_cell(totals, field, currency)


@register.simple_tag
def total_copy(totals: Totals, field: str, currency: str) -> SafeString:
    """{% total_copy overview.totals "value" currency %}: what the total's live cell says, again; it follows."""
    return fragments.copy_cell(fragments.total_id(field), fragments.TOTALS[field], totals, currency)


@register.simple_tag
def market_copy(asset_id: str, market: Market, field: str, currency: str) -> SafeString:
    """{% market_copy holding.asset holding.market "change_24h" currency %}: the same for a cell of the market."""
    return fragments.copy_cell(fragments.market_id(asset_id, field), fragments.MARKET[field], market, currency)


@register.simple_tag
def figure(value: Decimal | None, kind: str, currency: str = "") -> SafeString:
    """{% figure lot.cost "money" currency %}: a number that stands still, as money gain price or quantity."""
    return fragments.still_cell(value, kind, currency)


@register.simple_tag
def live_state() -> SafeString:
    """Where the page says whether it is live; off until its socket has spoken."""
    return fragments.live_state_off()


@register.simple_tag
def sparkline(asset_id: str, drawings: Mapping[str, Sparkline]) -> SafeString:
    """{% sparkline holding.asset sparklines %}: the week behind the price, or as much room without a line."""
    drawing = drawings.get(asset_id)
    if drawing is None:
        return mark_safe('<svg class="spark" aria-hidden="true"></svg>')
    tone = "gain" if drawing.rises else "loss"
    box = f"0 0 {sparklines.WIDTH} {sparklines.HEIGHT}"
    return format_html(
        '<svg class="spark {}" viewBox="{}" preserveAspectRatio="none" aria-hidden="true"><path d="{}"/></svg>',
        tone,
        box,
        drawing.path,
    )


@register.filter
def kind(name: str) -> str:
    """{{ draft.type|kind }}: what a kind of transaction is called."""
    return gettext(wording_of(name).label)


@register.filter
def dom_id(asset_id: str) -> str:
    return fragments.dom_id(asset_id)


@register.filter
def on(value: Decimal | None, chart: Chart) -> str:
    """{{ value|on:chart }}: a value of a chart."""
    return chart.written(value)


@register.filter
def money(value: Decimal | None, currency: str) -> str:
    return formats.format_money(value, currency)


@register.filter
def gain(value: Decimal | None, currency: str) -> str:
    return formats.format_gain(value, currency)


@register.filter
def price(value: Decimal | None, currency: str | None = None) -> str:
    return formats.format_price(value, currency)


@register.filter
def quantity(value: Decimal | None) -> str:
    return formats.format_quantity(value)


@register.filter
def percent(value: Decimal | None) -> str:
    return formats.format_percent(value)


@register.filter
def share(value: Decimal | None) -> str:
    return formats.format_share(value)


@register.filter
def drawn(value: Decimal) -> str:
    """{{ part.share|drawn }}: percent as a length in a drawing, in plain notation."""
    return f"{value:.2f}"


@register.filter
def compact(value: Decimal | None) -> str:
    return formats.format_compact(value)


@register.filter
def exact(value: Decimal | None) -> str:
    return formats.format_exact(value)


@register.filter
def signed(value: Decimal | None) -> str:
    """{{ month|signed }}: percent or points in a narrow column, `+1.2` or `−3.4`."""
    return formats.format_points(value)


@register.filter
def direction(value: Decimal | None) -> str:
    """{{ month|direction }}: the class that colours a gain or a loss."""
    return "gain" if value is not None and value > 0 else "loss" if value is not None and value < 0 else ""


@register.filter
def size(value: Decimal | None) -> Decimal | None:
    """{{ move|size }}: without its sign, where a word says it."""
    return None if value is None else abs(value)


@register.filter
def few_digits(value: Decimal | None) -> str:
    """{{ effective|few_digits }}: a count that is no whole number, `3.4`."""
    return "–" if value is None else f"{value:.1f}"


@register.filter
def width(percent: Decimal | None) -> str:
    """{{ share|width }}: of a bar of 100."""
    return f"{min(max(percent or Decimal(0), Decimal(0)), Decimal(100)):.2f}"


@register.filter
def level(value: Decimal) -> str:
    """{{ tick.value|level }}: a round value at an axis, short."""
    return formats.format_compact(value) if abs(value) >= 1000 or not value else formats.format_price(value)


@register.filter
def place(at: float) -> str:
    """{{ tick.at|place }}: a place in a picture, in its units."""
    return f"{at:.1f}"


@register.filter
def part(at: float, whole: int) -> str:
    """{{ tick.at|part:1000 }}: a place in a picture as percent of its side."""
    return f"{at / whole:.2%}"
