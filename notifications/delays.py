"""Service: people with reminders are told once when prices are delayed, and once when they are back."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from django.db import transaction
from django.template.loader import render_to_string

from accounts.locales import as_read_by
from accounts.models import User
from dashboard.live.announce import announce_alerts
from dashboard.market.refresh import market_state
from notifications.models import Reminder, Watch


def tell_of_delays(watch: Watch, now: datetime) -> None:
    """Note in `watch` that prices are old, or fresh again; who has the site open and relies on them sees a toast.

    Runs inside the transaction of a judgement, so that of several evaluators one tells.
    """
    health = market_state()
    if health.as_of is None or health.stale is (watch.delayed_since is not None):
        return
    Watch.objects.filter(pk=watch.pk).update(delayed_since=now if health.stale else None)
    users = Reminder.objects.alive(now).order_by().values_list("user_id", flat=True).distinct()
    transaction.on_commit(partial(tell, list(users), since=watch.delayed_since, stale=health.stale))


def tell(users: Sequence[int], *, since: datetime | None, stale: bool) -> None:
    html = {}
    for user in User.objects.filter(pk__in=users).only("locale"):
        with as_read_by(user):
            html[user.pk] = render_to_string("notifications/_delay_toast.html", {"stale": stale, "since": since})
    announce_alerts(html)
