"""Selector: why a reminder didn't fire, in words and as what it watches against its limit over time."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, localcontext

from django.utils.translation import gettext

from dashboard import clock
from dashboard.charts import Span
from dashboard.market import currencies
from dashboard.market.samples import samples
from dashboard.money import WIDE, quantize
from notifications.conditions import Arming, Bound, Figure, Watches
from notifications.courses import MOST_GAPS, Course, Gap, counts_in_percent, course_of, is_over_windows
from notifications.figures import Observation
from notifications.levels import levels_of
from notifications.models import Reminder
from notifications.observing import look
from notifications.wording import figure_words, moment, way_back

Kind = Reminder.Kind


@dataclass(frozen=True, slots=True)
class Explanation:
    """`reasons` are sentences, the one that decides first; `course` is None where nothing is kept to draw."""

    reasons: tuple[str, ...]
    course: Course | None
    gaps: tuple[Gap, ...]


def usual_span(reminder: Reminder, now: datetime) -> Span:
    """The shortest that reaches back to where the reminder began."""
    age = now - (reminder.started_at or reminder.created_at)
    return next((span for span in Span if span.length is None or span.length >= age), Span.ALL)


def explain(reminder: Reminder, span: Span, *, as_candles: bool = False) -> Explanation:
    now = clock.now()
    prospect = look([reminder], now)
    seen = prospect.observe(reminder)
    sample = prospect.now(reminder, seen)
    if counts_in_percent(reminder):
        levels = reminder.condition.bounds(reminder.before(now), sample)
    else:
        levels = levels_of(reminder, sample, now)
    course = course_of(reminder, span, levels, now, as_candles=as_candles)
    gaps = course.gaps_until(now) if course else []
    return Explanation(
        reasons=tuple(reasons(reminder, seen, levels, now)),
        course=course,
        gaps=tuple(gaps[::-1][:MOST_GAPS]),
    )


def reasons(reminder: Reminder, seen: Observation, levels: tuple[Bound, ...], now: datetime) -> Iterator[str]:
    zone = reminder.user.zone
    fired = gettext("It fired at %(moment)s") % {"moment": moment(reminder.fired_at, zone)} if reminder.fired_at else ""
    match reminder.state(now):
        case Reminder.State.EXPIRED if reminder.expires_at is not None:
            yield gettext("It ended at %(moment)s; nothing is judged since.") % {
                "moment": moment(reminder.expires_at, zone)
            }
            return
        case Reminder.State.PAUSED:
            yield (
                gettext("It is paused; nothing is judged meanwhile. %(paused_because)s")
                % {"paused_because": reminder.paused_because}
            ).strip()
            return
        case Reminder.State.FIRED if reminder.repeat == Reminder.Repeat.ONCE:
            yield gettext("%(fired)s, once, as it was asked to. Arm it again if it shall go on.") % {"fired": fired}
            return
        case Reminder.State.COOLING if reminder.cooling_until is not None:
            yield gettext("%(fired)s and rests until %(moment)s.") % {
                "fired": fired,
                "moment": moment(reminder.cooling_until, zone),
            }
        case Reminder.State.FIRED:
            yield gettext("%(fired)s; again only after %(way_back)s.") % {
                "fired": fired,
                "way_back": way_back(reminder),
            }
    if reminder.arming == Arming.WAITING:
        yield gettext("What it waits for was so already when it was set: it fires when that happens anew.")
    elif reminder.arming == Arming.UNKNOWN:
        yield gettext("It has not been judged yet, for want of a value.")
    if seen.hindrance:
        yield seen.hindrance
    if reminder.condition.watches is Watches.PRICE and not is_over_windows(reminder):
        yield from far_enough(reminder, levels, now)


def far_enough(reminder: Reminder, levels: tuple[Bound, ...], now: datetime) -> Iterator[str]:
    """How close the price came, since the reminder began, to what would have made it fire."""
    since, zone = reminder.started_at or reminder.created_at, reminder.user.zone
    exchange = currencies.Exchange(reminder.currency)
    worth: list[tuple[datetime, Decimal, Decimal]] = []
    for each in samples(reminder.asset_id or "", since, now):
        if (rate := exchange.rate_at("usd", each.at)) is not None:
            # Against a coin only the price at the moment is known.
            low, high = (each.usd, each.usd) if exchange.coin else (each.low, each.high)
            with localcontext(WIDE):
                worth.append((each.at, quantize(low * rate), quantize(high * rate)))
    if not worth or reminder.arming != Arming.ARMED:
        return
    begin = moment(since, zone)
    for bound in levels:
        at, low, high = max(worth, key=lambda one: one[2]) if bound.above else min(worth, key=lambda one: one[1])
        value = high if bound.above else low
        name = "highest" if bound.above else "lowest"
        reached = figure_words(value, Figure.MONEY, reminder.currency)
        if not bound.is_passed(value):
            with localcontext(WIDE):
                short = figure_words(abs(bound.limit - value), Figure.MONEY, reminder.currency)
            limit = figure_words(bound.limit, Figure.MONEY, reminder.currency)
            yield (
                gettext(
                    "Since %(begin)s the %(name)s price was %(reached)s, at %(moment)s: %(short)s short of %(limit)s."
                )
                % {
                    "begin": begin,
                    "name": name,
                    "reached": reached,
                    "moment": moment(at, zone),
                    "short": short,
                    "limit": limit,
                }
            )
        elif reminder.kind in (Kind.PRICE_ABOVE, Kind.PRICE_BELOW, Kind.PRICE_LEAVES_RANGE) and not reminder.fired_at:
            yield (
                gettext(
                    "The %(name)s price since %(begin)s was %(reached)s, at %(moment)s, beyond the limit; "
                    "but it was old when it came, or the next price did not confirm it."
                )
                % {"name": name, "begin": begin, "reached": reached, "moment": moment(at, zone)}
            )
