"""How the operator's page writes durations."""

from django import template

register = template.Library()


@register.filter
def ms(milliseconds: float | None) -> str:
    """{{ tick.own|ms }}"""
    if milliseconds is None:
        return "–"
    if milliseconds >= 1000:
        return f"{milliseconds / 1e3:.1f} s"
    return f"{milliseconds:.0f} ms" if milliseconds >= 10 or milliseconds % 1 == 0 else f"{milliseconds:.1f} ms"


@register.filter
def seconds_as_ms(seconds: float | None) -> str:
    """{{ row.p95|seconds_as_ms }}; infinity is told as what lies beyond all bounds."""
    if seconds == float("inf"):
        return "beyond"
    return "–" if seconds is None else ms(seconds * 1e3)


@register.filter
def duration(seconds: float | None) -> str:
    """{{ market.age|duration }}: in the largest unit that makes it a small number."""
    if seconds is None:
        return "–"
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s" if seconds >= 1 or seconds == 0 else f"{seconds * 1e3:.0f} ms"
