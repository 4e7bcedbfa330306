"""Known to every template: dates and counts as the reader's locale writes them, icons, elements inside sentences."""

from datetime import date, datetime, time
from functools import cache

from django import template
from django.templatetags.static import static
from django.utils import translation
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts import locales

register = template.Library()


@register.simple_block_tag
def html(content: SafeString) -> SafeString:
    """{% html as link %}<a href="{% url 'settings' %}">{% endhtml %}: for {{ link }} inside a translated sentence."""
    return content


@register.simple_tag
@cache
def icon(name: str) -> SafeString:
    """{% icon "edit" %}: always beside a text, or in something that has a label."""
    place = f"{static('icons.svg')}#{name}"
    return format_html('<svg class="icon" aria-hidden="true" focusable="false"><use href="{}"/></svg>', place)


@register.filter(expects_localtime=True)
def day(at: date | None) -> str:
    """{{ lot.acquired_at|day }}: `3 May 2026`"""
    return locales.day(at) if at else ""


@register.filter(expects_localtime=True)
def month(at: date | None) -> str:
    """{{ tick.value|month }}: `May 2026`"""
    return locales.month(at) if at else ""


@register.filter(expects_localtime=True)
def moment(at: datetime | None, to: str = "minute") -> str:
    """{{ fired_at|moment }}: `3 May 2026, 14:05`

    With "second" `3 May 2026, 14:05:09`, with "zone" also that of the time, with "weekday" `Sun 3 May 2026, 14:05`,
    with "long" `Sunday, 3 May 2026, 14:05`.
    """
    if not at:
        return ""
    if to == "weekday":
        return f"{locales.weekday(at)} {locales.moment(at)}"
    if to == "long":
        return f"{locales.weekday(at, 'wide')}, {locales.long_day(at)}, {locales.clock(at)}"
    if to == "zone":
        return f"{locales.moment_to_second(at)} {at:%Z}"
    return locales.moment_to_second(at) if to == "second" else locales.moment(at)


@register.filter(expects_localtime=True)
def moment_of_year(at: datetime | None, to: str = "minute") -> str:
    """{{ process.since|moment_of_year }}: `3 May, 14:05`, as `moment` does but for the year."""
    return f"{locales.day_of_year(at)}, {clock(at, to)}" if at else ""


@register.filter(expects_localtime=True)
def clock(at: datetime | time | None, to: str = "minute") -> str:
    """{{ fired_at|clock }}: `14:05`; {{ fired_at|clock:"second" }}: `14:05:09`"""
    if not at:
        return ""
    return locales.clock_to_second(at) if to == "second" else locales.clock(at)


@register.filter
def said(word: str) -> str:
    """{{ each.value_source|said }}: one of a few words that Python names in English, and marks for translation."""
    return translation.gettext(word) if word else ""


@register.filter
def grouped(count: int | None) -> str:
    """{{ rows|grouped }}: `12,345`"""
    return "" if count is None else locales.localised(f"{count:,}")
