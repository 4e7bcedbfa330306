"""What a delivery's message says: one alert, or all that it carries. Pure but for reading the alerts it carries."""

from datetime import timedelta
from typing import Final

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext

from notifications.models import Alert, Delivery
from notifications.transports.base import Message, Part
from notifications.wording import moment

LATE: Final = timedelta(minutes=2)
"""A message that goes out so long after its alert says when that was."""


def message_of(delivery: Delivery) -> Message:
    """The message of a delivery that has been claimed, the same one at each repetition of a doubt."""
    return message_of_many(delivery) if delivery.folded else message_of_one(delivery)


def message_of_one(delivery: Delivery) -> Message:
    alert = delivery.alert
    return Message(
        user=alert.user,
        title=alert.title,
        text=alert.text + waited(delivery),
        url=settings.PUBLIC_URL + reverse("alert", args=[alert.pk]),
        key=key(delivery),
        note=alert.note,
        details=alert.details,
        alert=alert.pk,
        delivery=delivery.pk,
    )


def message_of_many(leader: Delivery) -> Message:
    followers = Delivery.objects.filter(leader=leader.pk).select_related("alert").order_by("alert__fired_at", "pk")
    alerts = sorted([leader.alert, *(one.alert for one in followers)], key=lambda alert: (alert.fired_at, alert.pk))
    parts = tuple(part_of(alert, leader) for alert in alerts)
    return Message(
        user=leader.alert.user,
        title=gettext("%(number)s alerts: %(first)s and %(others)s more")
        % {"number": len(parts), "first": alerts[0].title, "others": len(parts) - 1},
        text="\n".join(
            [
                gettext("%(parts)s of your reminders fired:") % {"parts": len(parts)},
                *(f"• {part.title}" for part in parts),
            ]
        ),
        url=f"{settings.PUBLIC_URL}{reverse('alerts')}?message={leader.pk}",
        key=key(leader),
        parts=parts,
        alert=leader.alert_id,
        delivery=leader.pk,
    )


def part_of(alert: Alert, leader: Delivery) -> Part:
    title = alert.title
    if is_late(alert, leader):
        title += f" ({alert.fired_at.astimezone(alert.user.zone):%H:%M})"
    url = settings.PUBLIC_URL + reverse("alert", args=[alert.pk])
    return Part(title=title, text=alert.text, url=url, note=alert.note)


def waited(delivery: Delivery) -> str:
    """When it happened and why it comes only now, where it comes late."""
    if not is_late(delivery.alert, delivery):
        return ""
    why = (
        gettext(" This message waited. %(held_because)s") % {"held_because": delivery.held_because}
        if delivery.held_because
        else ""
    )
    return gettext(" It happened at %(moment)s.%(why)s") % {
        "moment": moment(delivery.alert.fired_at, delivery.alert.user.zone),
        "why": why,
    }


def is_late(alert: Alert, delivery: Delivery) -> bool:
    return (delivery.sending_at or alert.fired_at) - alert.fired_at >= LATE


def key(delivery: Delivery) -> str:
    return f"tickfolio-alert-{delivery.alert_id}-{delivery.pk}"
