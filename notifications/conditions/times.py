"""Conditions of time: prices that stay away, and reports that are due."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from notifications.conditions.condition import Condition
from notifications.conditions.facts import ZERO, Arming, Before, Figure, Firing, Judgement, Now, Watches

AGAIN: Final = timedelta(minutes=1)
"""When to look again for prices that stayed away."""
SLEPT: Final = timedelta(minutes=2)
"""A look that comes so much later than it was due: it was not the prices that stayed away."""
MINUTE: Final = timedelta(minutes=1)
SECOND: Final = timedelta(seconds=1)


class Stale(Condition):
    """A coin, or one of those held, had no price for as many minutes as the limit says.

    `base_at` is the time of the oldest of these prices, None where one was never known: its absence counts from the
    first look. It fires once and arms again when prices are back. After a time in which nobody looked it waits for one
    more look, since the first may come before the first prices.
    """

    kind = "stale"
    watches = Watches.CLOCK
    figure = Figure.MINUTES

    def start(self, before: Before, now: Now) -> Judgement:
        if now.at is None:
            return Judgement(Arming.UNKNOWN)
        found = self.look(before, now, now.at)
        return replace(found, arming=Arming.WAITING if found.firing else Arming.ARMED, firing=None)

    def judge(self, before: Before, now: Now) -> Judgement:
        if now.at is None or before.arming is Arming.UNKNOWN:
            return self.start(before, now)
        found = self.look(before, now, now.at)
        if before.arming is not Arming.ARMED:
            stays = found.firing is not None or (before.arming is Arming.FIRED and not before.repeats)
            return replace(found, arming=before.arming if stays else Arming.ARMED, firing=None)
        slept = before.due_at is not None and now.at - before.due_at > SLEPT
        if found.firing and (slept or before.is_cooling):
            return replace(found, arming=Arming.ARMED, firing=None)
        return found

    def true_now(self, before: Before, now: Now) -> Firing | None:
        return None if now.at is None else self.look(before, now, now.at).firing

    def look(self, before: Before, now: Now, at: datetime) -> Judgement:
        """A firing where prices have been away for too long, else armed until they would be."""
        memory = {}
        away_since = now.base_at
        if away_since is None:
            noted = before.memory.get("since")
            away_since = datetime.fromisoformat(noted) if noted else at
            memory = {"since": away_since.isoformat()}
        limit = timedelta(seconds=float((before.limit or ZERO) * 60))
        if at - away_since <= limit:
            return Judgement(Arming.ARMED, memory, None, away_since + limit + SECOND)
        away = Decimal((at - away_since) // MINUTE)
        return Judgement(Arming.FIRED, memory, Firing(away, before.limit), at + AGAIN)


class Schedule(Condition):
    """It is time for a report. One that was missed is made up for once, and those in between are left out."""

    kind = "schedule"
    watches = Watches.CLOCK
    figure = Figure.NOTHING

    def start(self, before: Before, now: Now) -> Judgement:
        return Judgement(Arming.ARMED, {}, None, now.next_at)

    def judge(self, before: Before, now: Now) -> Judgement:
        if before.due_at is None or now.at is None:
            return self.start(before, now)
        if before.arming is Arming.FIRED and not before.repeats:
            return Judgement(Arming.FIRED)
        if now.at < before.due_at:
            return Judgement(Arming.ARMED, {}, None, before.due_at)
        if before.is_cooling:
            return Judgement(Arming.ARMED, {}, None, now.next_at)
        due_at = now.next_at if before.repeats else None
        return Judgement(Arming.ARMED if before.repeats else Arming.FIRED, {}, Firing(None, None), due_at)
