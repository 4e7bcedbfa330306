"""Services: making, changing and removing reminders. Form and API go through the same check."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from django.db import transaction

from accounts.currencies import CURRENCIES
from accounts.models import User
from dashboard import clock
from dashboard.market.search import ensure_asset
from dashboard.models import Asset, Portfolio
from dashboard.money import AmountError, parse_amount
from notifications.alerting import Fired, raise_alerts
from notifications.checking import claim
from notifications.conditions import CONDITIONS, Arming
from notifications.locks import one_at_a_time
from notifications.models import MAX_REMINDERS, Reminder
from notifications.observing import Observation, observe_draft
from notifications.ringing import look_again
from notifications.transports import TRANSPORTS, offered, ready_for

LONGEST_COOLDOWN: Final = 31 * 24 * 3600
WIDEST_BAND: Final = 50
SUBJECT: Final = ("kind", "asset_id", "portfolio_id", "limit", "currency")
"""What makes it another reminder: changing one of these starts it anew."""
FIELDS: Final = (
    "kind", "asset", "portfolio", "limit", "limit_high", "window", "direction", "currency", "repeat", "rearm_band",
    "cooldown", "expires_at", "quiet_hours", "schedule", "transports", "fallback", "note", "active",
)  # fmt: skip
NOT_YET: Final = {
    "limit_high": "Ranges are not available yet.",
    "window": "Changes over a time are not available yet.",
    "direction": "Changes over a time are not available yet.",
    "quiet_hours": "Quiet hours are not available yet.",
    "schedule": "Schedules are not available yet.",
}
UNREADY: Final = {
    "email": "Confirm your e-mail address first; until then nothing is sent to it.",
    "whatsapp": "Link your WhatsApp number in the settings first; until then nothing is sent to it.",
}


class ReminderErrors(Exception):
    """What is wrong, by field, in sentences."""

    def __init__(self, errors: Mapping[str, list[str]]) -> None:
        super().__init__("; ".join(f"{field}: {' '.join(texts)}" for field, texts in errors.items()))
        self.errors = dict(errors)


class TooManyReminders(Exception):
    """The user has as many reminders as one may have."""


def draft_reminder(user: User, values: Mapping[str, Any]) -> Reminder:
    """An unsaved reminder made of `values` by field name, the rest by default. Raises ReminderErrors."""
    reminder = Reminder(user=user, transports=[], fallback=["email"])
    Check(reminder, values, clock.now()).all(new=True)
    return reminder


def create_reminder(user: User, values: Mapping[str, Any], *, fire_if_true: bool = False) -> Reminder:
    """A reminder that watches from now on.

    Where its condition is true already it waits for the next crossing, or fires at once with `fire_if_true`.
    Raises ReminderErrors; TooManyReminders where the user has as many as one may have.
    """
    reminder = draft_reminder(user, values)
    with transaction.atomic():
        one_at_a_time("notifications.check")
        if Reminder.objects.of(user).count() >= MAX_REMINDERS:
            raise TooManyReminders(f"You have {MAX_REMINDERS} reminders, the most there can be. Delete one first.")
        start(reminder, clock.now(), fire_if_true=fire_if_true)
    return reminder


def edit_reminder(reminder: Reminder, values: Mapping[str, Any], *, fire_if_true: bool = False) -> Reminder:
    """Change the fields in `values`. One that watches something else now, or is switched on, starts anew."""
    Check(reminder, values, clock.now()).all(new=False)
    with transaction.atomic():
        one_at_a_time("notifications.check")
        stored = Reminder.objects.get(pk=reminder.pk)
        anew = any(getattr(stored, name) != getattr(reminder, name) for name in SUBJECT)
        if anew or (values.get("active") and (not stored.active or stored.arming == Arming.FIRED)):
            start(reminder, clock.now(), fire_if_true=fire_if_true)
        else:
            for name in ("firings", "fired_at", "cooling_until", "holdings"):
                setattr(reminder, name, getattr(stored, name))
            reminder.stand(Arming(stored.arming))
            reminder.save()
        if stored.quiet_hours != reminder.quiet_hours:
            look_again(clock.now(), alert__reminder=reminder)
    return reminder


def pause_reminder(reminder: Reminder) -> None:
    Reminder.objects.filter(pk=reminder.pk).update(active=False)
    reminder.active = False


def resume_reminder(reminder: Reminder) -> Reminder:
    """Watch again from now on: what happened meanwhile is no crossing."""
    return edit_reminder(reminder, {"active": True})


def start(reminder: Reminder, now: datetime, *, fire_if_true: bool) -> None:
    """Save it as it stands at the present value; inside the caller's transaction."""
    seen = observe_draft(reminder, now)
    arming = standing(reminder, seen)
    firing = arming is Arming.WAITING and fire_if_true and reminder.active
    reminder.stand(Arming.ARMED if firing else arming)
    reminder.cooling_until = None
    reminder.holdings = seen.holdings
    reminder.save()
    if firing:
        claim([reminder], now)
        raise_alerts([Fired(reminder, seen)], now)


def standing(reminder: Reminder, seen: Observation) -> Arming:
    """Where it would start: a value that must not be judged counts as unknown."""
    return reminder.condition.start(reminder.before.limit, None if seen.hindrance else seen.value)


def is_true_already(reminder: Reminder) -> Observation | None:
    """What is observed now, if the condition of this draft holds already."""
    seen = observe_draft(reminder, clock.now())
    return seen if standing(reminder, seen) is Arming.WAITING else None


class Check:
    """Puts values into a reminder, gathering every fault, so that a person sees all of them at once."""

    def __init__(self, reminder: Reminder, values: Mapping[str, Any], now: datetime) -> None:
        self.reminder = reminder
        self.values = values
        self.now = now
        self.errors: dict[str, list[str]] = {}

    def all(self, *, new: bool) -> None:
        for field in FIELDS:
            if new or field in self.values:
                getattr(self, field, self.not_yet(field))(self.values.get(field))
        self.parties()
        if self.errors:
            raise ReminderErrors(self.errors)

    def fault(self, field: str, text: str) -> None:
        self.errors.setdefault(field, []).append(text)

    def not_yet(self, field: str) -> Any:
        def refuse(value: Any) -> None:
            if value not in (None, "", {}, []):
                self.fault(field, NOT_YET[field])

        return refuse

    def kind(self, value: Any) -> None:
        if value in CONDITIONS:
            self.reminder.kind = value
        elif value in Reminder.Kind.values:
            self.fault("kind", "Reminders of this kind are not available yet.")
        else:
            self.fault("kind", f"Choose one of {', '.join(CONDITIONS)}.")

    def asset(self, value: Any) -> None:
        self.reminder.asset = None
        if value in (None, ""):
            return
        asset = value if isinstance(value, Asset) else ensure_asset(value) if isinstance(value, str) else None
        if asset is None or asset.kind != Asset.Kind.CRYPTO:
            self.fault("asset", "This coin is not known. Choose one from the list.")
        else:
            self.reminder.asset = asset

    def portfolio(self, value: Any) -> None:
        self.reminder.portfolio = None
        if value in (None, ""):
            return
        pk = value.pk if isinstance(value, Portfolio) else value
        whole = isinstance(pk, int) and not isinstance(pk, bool) and 0 < pk < 2**63
        portfolio = Portfolio.objects.of(self.reminder.user).filter(pk=pk).first() if whole else None
        if portfolio is None:
            self.fault("portfolio", "This portfolio is not one of yours.")
        else:
            self.reminder.portfolio = portfolio

    def limit(self, value: Any) -> None:
        self.reminder.limit = None
        if value in (None, ""):
            self.fault("limit", "Enter the limit.")
            return
        if (limit := self.amount("limit", value)) is None:
            return
        if limit <= 0:
            self.fault("limit", "Enter a limit above zero.")
        else:
            self.reminder.limit = limit

    def amount(self, field: str, value: Any) -> Decimal | None:
        if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
            self.fault(field, "Enter a number.")
            return None
        try:
            return parse_amount(str(value) if isinstance(value, float) else value)
        except AmountError as error:
            self.fault(field, str(error))
            return None

    def currency(self, value: Any) -> None:
        fallback = self.reminder.portfolio.currency if self.reminder.portfolio else self.reminder.user.currency
        code = str(value or fallback).strip().lower()
        if code in CURRENCIES:
            self.reminder.currency = code
        else:
            self.fault("currency", "This currency is not known.")

    def repeat(self, value: Any) -> None:
        value = value or Reminder.Repeat.ONCE
        if value in Reminder.Repeat.values:
            self.reminder.repeat = value
        else:
            self.fault("repeat", f"Choose one of {', '.join(Reminder.Repeat.values)}.")

    def rearm_band(self, value: Any) -> None:
        band = Decimal("0.5") if value in (None, "") else self.amount("rearm_band", value)
        if band is None:
            return
        if 0 <= band <= WIDEST_BAND:
            self.reminder.rearm_band = band
        else:
            self.fault("rearm_band", f"Enter a percentage from 0 to {WIDEST_BAND}.")

    def cooldown(self, value: Any) -> None:
        value = 0 if value in (None, "") else value
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LONGEST_COOLDOWN:
            self.reminder.cooldown = value
        else:
            self.fault("cooldown", f"Enter whole seconds from 0 to {LONGEST_COOLDOWN}.")

    def expires_at(self, value: Any) -> None:
        self.reminder.expires_at = None
        if value in (None, ""):
            return
        if isinstance(value, str):
            try:
                value = datetime.fromisoformat(value)
            except ValueError:
                value = None
        if not isinstance(value, datetime):
            self.fault("expires_at", "Enter a time such as 2026-05-03T14:00:00Z.")
            return
        value = value.replace(tzinfo=UTC) if value.tzinfo is None else value
        if not self.now < value < self.now + timedelta(days=36525):
            self.fault("expires_at", "Enter a time in the future.")
        else:
            self.reminder.expires_at = value.astimezone(UTC)

    def transports(self, value: Any) -> None:
        ready = ready_for(self.reminder.user)
        if value is None:
            self.reminder.transports = ready
            return
        names = self.names("transports", value)
        if names is None:
            return
        if not names:
            self.fault("transports", "Choose at least one way to be told.")
        for name in names:
            if name not in ready and name not in self.reminder.transports:
                self.fault("transports", UNREADY.get(name, "This way is switched off."))
        self.reminder.transports = names

    def fallback(self, value: Any) -> None:
        if value is None:
            self.reminder.fallback = ["email"]
        elif (names := self.names("fallback", value)) is not None:
            self.reminder.fallback = names

    def names(self, field: str, value: Any) -> list[str] | None:
        if not isinstance(value, list | tuple) or not all(isinstance(name, str) for name in value):
            self.fault(field, "Give a list of names.")
            return None
        usable = offered()
        for name in value:
            if name not in usable:
                known = name in TRANSPORTS or name == "webpush"
                self.fault(field, f"{name[:20]!r} is not {'available here' if known else 'a way to be told'}.")
                return None
        return list(dict.fromkeys(value))

    def note(self, value: Any) -> None:
        note = "".join(c for c in str(value or "") if c.isprintable() or c == "\n").strip()
        if len(note) > 500:
            self.fault("note", "Write at most 500 characters.")
        self.reminder.note = note[:500]

    def active(self, value: Any) -> None:
        if value is None or isinstance(value, bool):
            self.reminder.active = value is not False
        else:
            self.fault("active", "Say true or false.")

    def parties(self) -> None:
        """Does the kind have what it watches, and nothing else?"""
        if self.errors.keys() & {"kind", "asset", "portfolio"} or self.reminder.kind not in CONDITIONS:
            return
        if CONDITIONS[self.reminder.kind].of_price:
            if self.reminder.asset is None:
                self.fault("asset", "Choose the coin to watch.")
            if self.reminder.portfolio is not None:
                self.fault("portfolio", "A price belongs to no portfolio.")
        elif self.reminder.asset is not None:
            self.fault("asset", "A balance is of a portfolio, not of a coin.")
