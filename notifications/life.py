"""How an alert came about and reached its owner: every step with its time, by transport. Pure but for loaded rows."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext

from accounts import locales
from notifications.models import Alert, Delivery
from notifications.wording import duration


@dataclass(frozen=True, slots=True)
class Step:
    """`after` says how long after the step before it came."""

    name: str
    at: datetime
    after: str = ""


@dataclass(frozen=True, slots=True)
class Life:
    """One delivery from the price that caused it to its being read, as far as it has come."""

    delivery: Delivery
    steps: tuple[Step, ...]
    remark: str


def lives_of(alert: Alert) -> list[Life]:
    return [Life(delivery, steps_of(alert, delivery), remark_on(delivery)) for delivery in alert.deliveries.all()]


def steps_of(alert: Alert, delivery: Delivery) -> tuple[Step, ...]:
    times = {
        gettext("Price"): alert.price_as_of,
        gettext("Judged"): alert.fired_at,
        gettext("Queued"): delivery.queued_at,
        gettext("In doubt"): delivery.in_doubt_at if delivery.state == Delivery.State.IN_DOUBT else None,
        gettext("Accepted"): delivery.sent_at,
        gettext("Delivered"): delivery.delivered_at,
        gettext("Read"): delivery.read_at,
        gettext("Failed"): delivery.failed_at if delivery.state == Delivery.State.FAILED else None,
    }
    steps: list[Step] = []
    for name, at in times.items():
        if at is not None:
            steps.append(Step(name, at, gap(at - steps[-1].at) if steps else ""))
    return tuple(steps)


def gap(span: timedelta) -> str:
    """`0.4 s later`; nothing where a clock elsewhere puts it before."""
    seconds = span.total_seconds()
    if seconds < 0:
        return ""
    if seconds < 0.05:
        return gettext("at once")
    if seconds < 10:
        return gettext("%(seconds)s s later") % {"seconds": locales.localised(f"{seconds:.1f}")}
    return gettext("%(duration)s later") % {"duration": duration(span)}


def remark_on(delivery: Delivery) -> str:
    """What is not told by times: why it waits or failed, how often it was tried, and whose message carries it."""
    parts = [delivery.error, delivery.held_because if delivery.state == Delivery.State.QUEUED else ""]
    if delivery.attempts > 1:
        parts.append(gettext("Tried %(attempts)s times.") % {"attempts": delivery.attempts})
    if delivery.leader_id is not None:
        parts.append(gettext("It was told in one message with others."))
    return " ".join(part for part in parts if part)
