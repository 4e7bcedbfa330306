"""Toasts: alerts in the open pages of their owner, and on the next page if none is open."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Final

from django.template.loader import render_to_string
from django.utils.translation import gettext

from accounts.locales import as_read_by
from accounts.models import User
from dashboard.live.announce import announce_alert, announce_alerts
from notifications.models import Alert, Delivery
from notifications.transports.base import CannotTell, Message, Receipt, Report

AT_MOST: Final = 20
"""Toasts that a page is greeted with; older ones are on the alerts page."""


class Toast:
    name = Delivery.Transport.TOAST.value
    label = Delivery.Transport.TOAST.label

    def is_configured(self) -> bool:
        return True

    def target(self, user: User) -> str | None:
        return str(user.pk)

    def send(self, message: Message, target: str) -> Receipt:
        alerts = Alert.objects.filter(pk=message.alert or 0)
        announce_alert(message.user.pk, html_of(alerts) if message.alert else html_of_notice(message))
        return Receipt()

    def find(self, message: Message, target: str, since: datetime) -> Receipt | None:
        return None  # the page shows an alert once, however often it is announced

    def follow(self, provider_id: str) -> Report:
        raise CannotTell(gettext("A toast is not followed."), ever=False)


def html_of(alerts: Iterable[Alert]) -> str:
    """New toasts as one fragment for the socket."""
    return render_to_string("notifications/_toasts.html", {"alerts": list(alerts)})


def html_of_notice(message: Message) -> str:
    """What is no alert is shown once, and not again on the next page."""
    return render_to_string("notifications/_notice_toast.html", {"message": message})


def unseen_toasts(users: Collection[int]) -> dict[int, str]:
    """What pages of these people are greeted with: the newest alerts by toast that were not acknowledged, in place of
    what a page shows. Few have any, and all others are greeted alike.
    """
    unseen = Alert.objects.filter(user__in=users, acknowledged_at__isnull=True, deliveries__transport=Toast.name)
    found = dict.fromkeys(users, html_of_unseen(()))
    for user in User.objects.filter(pk__in=unseen.values("user")).only("locale"):
        newest = unseen.filter(user=user).order_by("-pk")[:AT_MOST]
        with as_read_by(user):
            found[user.pk] = html_of_unseen(reversed(newest))
    return found


def html_of_unseen(alerts: Iterable[Alert]) -> str:
    return render_to_string("notifications/_unseen_toasts.html", {"alerts": list(alerts)})


def show(alerts: Iterable[Alert]) -> None:
    """Announce new alerts, one message for each user however many there are."""
    by_user: dict[int, list[Alert]] = {}
    for alert in alerts:
        by_user.setdefault(alert.user_id, []).append(alert)
    html = {}
    for user_id, shown in by_user.items():
        with as_read_by(shown[0].user):
            html[user_id] = html_of(shown)
    announce_alerts(html)
