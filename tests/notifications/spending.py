"""Many senders at once on the database that DATABASE_URL names: prints how many messages each way allowed.

    python -m tests.notifications.spending SENDERS LIMIT

It is a program of its own so that it can be run on either database. First the bare count, then whole deliveries of one
alert each, told at once by as many threads.
"""

import os
import sys
import threading
from collections.abc import Callable

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "project.settings"
django.setup()

from allauth.account.models import EmailAddress  # noqa: E402
from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connections  # noqa: E402

from accounts.models import User  # noqa: E402
from dashboard import clock  # noqa: E402
from notifications.allowance import spend_one  # noqa: E402
from notifications.delivery import deliver  # noqa: E402
from notifications.models import Alert, Allowance, Delivery  # noqa: E402
from tests.fakes.smtp import FakeSmtp  # noqa: E402


def main(senders: int, limit: int) -> None:
    call_command("migrate", verbosity=0)
    settings.EMAIL_DAILY_LIMIT = settings.WHATSAPP_DAILY_LIMIT = limit
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
    user = User.objects.create_user("ada", "ada@example.org")
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    allowed = together([lambda: spend_one(user, "whatsapp", clock.now())] * senders)
    print("counted", sum(allowed), Allowance.objects.get(transport="whatsapp").used)

    with FakeSmtp() as smtp:
        for name, value in smtp.settings().items():
            setattr(settings, name, value)
        together([lambda pk=pk: deliver(pk) for pk in deliveries_of(user, limit)])  # type: ignore[misc]
        print("told", len(smtp.mails), Delivery.objects.filter(state="sent").count())
        # One message is left. What is folded counts once, and what comes after it is held back.
        Allowance.objects.filter(transport="email").update(used=limit - 1, recent=[])
        for _ in range(2):
            together([lambda pk=pk: deliver(pk) for pk in deliveries_of(user, senders)])  # type: ignore[misc]
        print("left", len(smtp.mails), Delivery.objects.filter(state="queued").count())


def deliveries_of(user: User, number: int) -> list[int]:
    now = clock.now()
    before = Alert.objects.count()
    alerts = [
        Alert(user=user, firing=before + n, kind="price_above", currency="usd", fired_at=now, title="t", text="t")
        for n in range(number)
    ]
    made = [
        Delivery(alert=alert, user=user, transport="email", due_at=now, queued_at=now, updated_at=now)
        for alert in Alert.objects.bulk_create(alerts)
    ]
    return [delivery.pk for delivery in Delivery.objects.bulk_create(made)]


def together(works: list[Callable[[], object]]) -> list[bool]:
    barrier = threading.Barrier(len(works))
    outcomes: list[bool] = []

    def run(work: Callable[[], object]) -> None:
        barrier.wait()
        outcomes.append(bool(work()))
        connections.close_all()

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(outcomes) == len(works), "a sender failed"
    return outcomes


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
