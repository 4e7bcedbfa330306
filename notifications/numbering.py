"""Service: changed reminders of what is held get a number, by which every process that ticks finds them."""

from collections.abc import Iterable
from typing import Final

from django.db.models import F

from notifications.conditions import Watches
from notifications.models import Reminder, Watch

BATCH: Final = 1000


def note_changes(reminders: Iterable[Reminder]) -> None:
    """Number those that were just written; inside the transaction that holds the lock `notifications.check`.

    Because of that lock numbers are committed in order: whoever has seen one has seen all below it.
    """
    changed = [reminder.pk for reminder in reminders if reminder.condition.watches is Watches.HOLDINGS]
    if not changed:
        return
    watch, _ = Watch.objects.get_or_create(pk=1)
    Watch.objects.filter(pk=watch.pk).update(revision=F("revision") + 1)
    watch.refresh_from_db(fields=["revision"])
    for start in range(0, len(changed), BATCH):
        Reminder.objects.filter(pk__in=changed[start : start + BATCH]).update(revision=watch.revision)
