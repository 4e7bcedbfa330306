"""How the operator's page writes durations."""

from django import template
from django.utils.translation import gettext

from accounts.locales import localised
from notifications.models import Delivery

register = template.Library()


@register.filter
def ms(milliseconds: float | None) -> str:
    """{{ tick.own|ms }}"""
    if milliseconds is None:
        return "–"
    if milliseconds >= 1000:
        return gettext("%(number)s s") % {"number": localised(f"{milliseconds / 1e3:.1f}")}
    number = f"{milliseconds:.0f}" if milliseconds >= 10 or milliseconds % 1 == 0 else f"{milliseconds:.1f}"
    return gettext("%(number)s ms") % {"number": localised(number)}


@register.filter
def seconds_as_ms(seconds: float | None) -> str:
    """{{ row.p95|seconds_as_ms }}; infinity is told as what lies beyond all bounds."""
    if seconds == float("inf"):
        return gettext("beyond")
    return "–" if seconds is None else ms(seconds * 1e3)


@register.filter
def duration(seconds: float | None) -> str:
    """{{ market.age|duration }}: in the largest unit that makes it a small number."""
    if seconds is None:
        return "–"
    if seconds >= 2 * 86400:
        return gettext("%(number)s d") % {"number": f"{seconds / 86400:.0f}"}
    if seconds >= 2 * 3600:
        return gettext("%(number)s h") % {"number": f"{seconds / 3600:.0f}"}
    if seconds >= 2 * 60:
        return gettext("%(number)s min") % {"number": f"{seconds / 60:.0f}"}
    if seconds >= 1 or seconds == 0:
        return gettext("%(number)s s") % {"number": f"{seconds:.0f}"}
    return gettext("%(number)s ms") % {"number": f"{seconds * 1e3:.0f}"}


@register.filter
def transport(name: str) -> str:
    """{{ row.transport|transport }}: what people call it."""
    return str(Delivery.Transport(name).label)


@register.filter
def state(name: str) -> str:
    """{{ state|state }}: of a delivery, in a word."""
    return str(Delivery.State(name).label)
