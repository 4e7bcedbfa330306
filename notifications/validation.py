"""Whether what somebody states makes a reminder: every field of every kind, with sentences for people.

Form, API and WhatsApp go through this; what a kind needs is told by notifications.terms.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final

from django.utils.translation import gettext, gettext_noop

from accounts.currencies import CURRENCIES
from dashboard.market.search import ensure_asset
from dashboard.models import Asset, Portfolio
from dashboard.money import AmountError, parse_amount
from notifications.models import Reminder
from notifications.scheduling import parse
from notifications.terms import (
    ANY_PERCENT,
    ASSET_NEEDED,
    ASSET_OUT_OF_PLACE,
    FALL,
    LIMIT_OUT_OF_PLACE,
    MOST_MINUTES,
    OPTIONAL,
    OUT_OF_PLACE,
    PORTFOLIO_OUT_OF_PLACE,
    RISE,
    TERMS,
    Limit,
)
from notifications.transports import TRANSPORTS, offered, ready_for

LONGEST_COOLDOWN: Final = 31 * 24 * 3600
WIDEST_BAND: Final = 50
FIELDS: Final = (
    *("kind", "asset", "portfolio", "direction", "window", "measure", "unit", "minutes", "limit", "limit_high"),
    *("currency", "repeat", "rearm_band", "cooldown", "expires_at", "quiet_hours", "schedule", "own_transactions"),
    *("transports", "fallback", "note", "active"),
)
UNREADY: Final = {
    "email": gettext_noop("Confirm your e-mail address first; until then nothing is sent to it."),
    "whatsapp": gettext_noop("Link your WhatsApp number in the settings first; until then nothing is sent to it."),
    "webpush": gettext_noop("Allow push messages in a browser first, in the delivery settings."),
}


class ReminderErrors(Exception):
    """What is wrong, by field, in sentences."""

    def __init__(self, errors: Mapping[str, list[str]]) -> None:
        super().__init__("; ".join(f"{field}: {' '.join(texts)}" for field, texts in errors.items()))
        self.errors = dict(errors)


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
                getattr(self, field)(self.values.get(field))
        if not self.errors.keys() & {"kind", "asset", "portfolio"} and self.reminder.kind in TERMS:
            self.parties()
        if self.errors:
            raise ReminderErrors(self.errors)

    def fault(self, field: str, text: str) -> None:
        self.errors.setdefault(field, []).append(text)

    def kind(self, value: Any) -> None:
        if not isinstance(value, str) or value not in TERMS:
            self.fault("kind", gettext("Choose one of %(terms)s.") % {"terms": ", ".join(TERMS)})
            return
        terms = TERMS[value]
        if value != self.reminder.kind:
            for field in OPTIONAL.keys() - self.values.keys():
                setattr(self.reminder, field, terms.fields.get(field) or OPTIONAL[field])
            if terms.limit is None and "limit" not in self.values:
                self.reminder.limit = None
        self.reminder.kind = value

    def asset(self, value: Any) -> None:
        self.reminder.asset = None
        if value in (None, ""):
            return
        asset = value if isinstance(value, Asset) else ensure_asset(value) if isinstance(value, str) else None
        if asset is None or asset.kind != Asset.Kind.CRYPTO:
            self.fault("asset", gettext("This coin is not known. Choose one from the list."))
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
            self.fault("portfolio", gettext("This portfolio is not one of yours."))
        else:
            self.reminder.portfolio = portfolio

    def has(self, field: str, value: Any) -> bool:
        """Is it a field of this kind? If not, nothing may be stated in it."""
        terms = TERMS.get(self.reminder.kind)
        if terms is None:
            return False
        if field in terms.fields:
            return True
        setattr(self.reminder, field, OPTIONAL[field])
        if value not in (None, "", {}, [], OPTIONAL[field]):
            self.fault(field, gettext(OUT_OF_PLACE[field]))
        return False

    def default(self, field: str) -> Any:
        return TERMS[self.reminder.kind].fields[field]

    def chosen(self, field: str, value: Any, names: list[str], missing: str) -> None:
        """One of the names, the kind's default where none is stated."""
        if not self.has(field, value):
            return
        value = self.default(field) if value in (None, "") else value
        if value is None:
            self.fault(field, missing)
        elif value not in names:
            self.fault(field, gettext("Choose one of %(names)s.") % {"names": ", ".join(names)})
        else:
            setattr(self.reminder, field, value)

    def direction(self, value: Any) -> None:
        names = ["down", "up"] if self.reminder.kind == Reminder.Kind.TRAILING else Reminder.Direction.values
        self.chosen("direction", value, names, gettext("Choose a direction."))

    def window(self, value: Any) -> None:
        self.chosen("window", value, Reminder.Window.values, gettext("Choose the time over which it changes."))

    def measure(self, value: Any) -> None:
        self.chosen("measure", value, Reminder.Measure.values, gettext("Choose which profit."))

    def unit(self, value: Any) -> None:
        self.chosen("unit", value, Reminder.Unit.values, gettext("Choose money or percent."))

    def minutes(self, value: Any) -> None:
        if not self.has("minutes", value):
            return
        value = self.default("minutes") if value in (None, "") else value
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST_MINUTES:
            self.reminder.minutes = value
        else:
            self.fault(
                "minutes",
                gettext("Enter whole minutes from 0 to %(most_minutes)s.") % {"most_minutes": f"{MOST_MINUTES:,}"},
            )

    def own_transactions(self, value: Any) -> None:
        if not self.has("own_transactions", value):
            return
        if value is None or isinstance(value, bool):
            self.reminder.own_transactions = bool(value)
        else:
            self.fault("own_transactions", gettext("Say true or false."))

    def limit(self, value: Any) -> None:
        terms = TERMS.get(self.reminder.kind)
        self.reminder.limit = None
        if terms is not None and terms.limit is None:
            if value not in (None, ""):
                self.fault("limit", gettext(LIMIT_OUT_OF_PLACE))
        elif value in (None, ""):
            self.fault("limit", gettext("Enter the limit."))
        else:
            self.reminder.limit = self.amount("limit", value)

    def limit_high(self, value: Any) -> None:
        if not self.has("limit_high", value):
            return
        self.reminder.limit_high = None
        if value in (None, ""):
            self.fault("limit_high", gettext("Enter the upper limit of the range."))
        else:
            self.reminder.limit_high = self.amount("limit_high", value)

    def amount(self, field: str, value: Any) -> Decimal | None:
        if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
            self.fault(field, gettext("Enter a number."))
            return None
        try:
            return parse_amount(str(value) if isinstance(value, float) else value)
        except AmountError as error:
            self.fault(field, str(error))
            return None

    def currency(self, value: Any) -> None:
        code = str(value or self.usual_currency()).strip().lower()
        if code in CURRENCIES:
            self.reminder.currency = code
        else:
            self.fault("currency", gettext("This currency is not known."))

    def usual_currency(self) -> str:
        """The portfolio's, else the user's; a stablecoin is held against the money that its ticker names."""
        if self.reminder.kind == Reminder.Kind.DEPEG:
            return "eur" if self.reminder.asset and "eur" in self.reminder.asset.symbol.lower() else "usd"
        return self.reminder.portfolio.currency if self.reminder.portfolio else self.reminder.user.currency

    def repeat(self, value: Any) -> None:
        is_report = self.reminder.kind == Reminder.Kind.SCHEDULE
        value = value or (Reminder.Repeat.ALWAYS if is_report else Reminder.Repeat.ONCE)
        if value in Reminder.Repeat.values:
            self.reminder.repeat = value
        else:
            self.fault("repeat", gettext("Choose one of %(values)s.") % {"values": ", ".join(Reminder.Repeat.values)})

    def rearm_band(self, value: Any) -> None:
        band = Decimal("0.5") if value in (None, "") else self.amount("rearm_band", value)
        if band is None:
            return
        if 0 <= band <= WIDEST_BAND:
            self.reminder.rearm_band = band
        else:
            self.fault(
                "rearm_band", gettext("Enter a percentage from 0 to %(widest_band)s.") % {"widest_band": WIDEST_BAND}
            )

    def cooldown(self, value: Any) -> None:
        value = 0 if value in (None, "") else value
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LONGEST_COOLDOWN:
            self.reminder.cooldown = value
        else:
            self.fault(
                "cooldown",
                gettext("Enter whole seconds from 0 to %(longest_cooldown)s.") % {"longest_cooldown": LONGEST_COOLDOWN},
            )

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
            self.fault("expires_at", gettext("Enter a time such as 2026-05-03T14:00:00Z."))
            return
        value = value.replace(tzinfo=UTC) if value.tzinfo is None else value
        if not self.now < value < self.now + timedelta(days=36525):
            self.fault("expires_at", gettext("Enter a time in the future."))
        else:
            self.reminder.expires_at = value.astimezone(UTC)

    def quiet_hours(self, value: Any) -> None:
        """Where a new reminder says nothing they are its owner's default; a report comes when it was asked for."""
        self.reminder.quiet_hours = None
        if "quiet_hours" not in self.values and self.reminder.kind != "schedule":
            value = self.reminder.user.quiet_hours
        if value in (None, "", {}):
            return
        if not isinstance(value, Mapping) or value.keys() != {"from", "to"}:
            self.fault("quiet_hours", gettext('Give two times, such as {"from": "22:00", "to": "07:00"}.'))
            return
        hours = {name: clock_time(value[name]) for name in ("from", "to")}
        if None in hours.values():
            self.fault("quiet_hours", gettext("Enter times such as 22:00."))
        elif hours["from"] == hours["to"]:
            self.fault("quiet_hours", gettext("Enter two different times."))
        else:
            self.reminder.quiet_hours = hours

    def schedule(self, value: Any) -> None:
        if not self.has("schedule", value):
            return
        self.reminder.schedule = None
        if value in (None, "", {}):
            self.fault("schedule", gettext("Choose when the report shall come."))
            return
        try:
            self.reminder.schedule = parse(value).as_json()
        except ValueError as error:
            self.fault("schedule", str(error))

    def transports(self, value: Any) -> None:
        ready = ready_for(self.reminder.user)
        if value is None:
            self.reminder.transports = ready
            return
        names = self.names("transports", value)
        if names is None:
            return
        if not names:
            self.fault("transports", gettext("Choose at least one way to be told."))
        for name in names:
            if name not in ready and name not in self.reminder.transports:
                self.fault(
                    "transports", gettext(UNREADY[name]) if name in UNREADY else gettext("This way is switched off.")
                )
        self.reminder.transports = names

    def fallback(self, value: Any) -> None:
        if value is None:
            self.reminder.fallback = ["email"]
        elif (names := self.names("fallback", value)) is not None:
            self.reminder.fallback = names

    def names(self, field: str, value: Any) -> list[str] | None:
        if not isinstance(value, list | tuple) or not all(isinstance(name, str) for name in value):
            self.fault(field, gettext("Give a list of names."))
            return None
        usable = offered()
        for name in value:
            if name not in usable:
                known = name in TRANSPORTS or name == "webpush"
                self.fault(
                    field,
                    gettext("%(name)s is not %(known)s.")
                    % {
                        "name": f"{name[:20]!r}",
                        "known": gettext("available here") if known else gettext("a way to be told"),
                    },
                )
                return None
        return list(dict.fromkeys(value))

    def note(self, value: Any) -> None:
        note = "".join(c for c in str(value or "") if c.isprintable() or c == "\n").strip()
        if len(note) > 500:
            self.fault("note", gettext("Write at most 500 characters."))
        self.reminder.note = note[:500]

    def active(self, value: Any) -> None:
        if value is None or isinstance(value, bool):
            self.reminder.active = value is not False
        else:
            self.fault("active", gettext("Say true or false."))

    def parties(self) -> None:
        """Does the kind have what it needs, and does that fit together?"""
        terms, reminder = TERMS[self.reminder.kind], self.reminder
        if terms.asset and reminder.asset is None:
            self.fault("asset", gettext(ASSET_NEEDED))
        if terms.asset is False and reminder.asset is not None:
            self.fault("asset", gettext(ASSET_OUT_OF_PLACE))
        if reminder.portfolio is not None:
            if not terms.portfolio:
                self.fault("portfolio", gettext(PORTFOLIO_OUT_OF_PLACE))
            elif reminder.kind == Reminder.Kind.STALE and reminder.asset is not None:
                self.fault(
                    "portfolio", gettext("Choose a coin, or a portfolio whose coins shall be watched, not both.")
                )
        for field, default in terms.fields.items():
            if default is None and getattr(reminder, field) in (None, "") and field not in self.errors:
                getattr(self, field)(None)
        if terms.limit is not None and "limit" not in self.errors:
            self.bounds(terms.limit)

    def bounds(self, limit: Limit) -> None:
        value, high = self.reminder.limit, self.reminder.limit_high
        if self.reminder.is_in_percent:
            limit = ANY_PERCENT
        if limit is RISE and self.reminder.direction != "up":
            limit = FALL
        if value is None:
            self.fault("limit", gettext("Enter the limit."))
        elif not limit.fits(value) or (self.reminder.kind == Reminder.Kind.STALE and value != int(value)):
            self.fault("limit", gettext(limit.words))
        elif high is not None and high <= value:
            self.fault("limit_high", gettext("Enter an upper limit that is above the lower one."))


def clock_time(text: Any) -> str | None:
    """`07:00`; None where that is no time of the clock."""
    if not isinstance(text, str) or len(text) != len("07:00"):
        return None
    try:
        return f"{time.fromisoformat(text):%H:%M}"
    except ValueError:
        return None
