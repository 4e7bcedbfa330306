"""The form of a scheduled report: friendly choices, and the bare fields for those who want them."""

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.utils.dates import WEEKDAYS as DAY_NAMES
from django.utils.translation import gettext, gettext_lazy

from accounts.models import User
from dashboard import clock
from dashboard.forms import FirstFaultFocused
from dashboard.models import Portfolio
from notifications import scheduling
from notifications.models import Reminder
from notifications.scheduling import EVERY_DAY, EVERY_MONTH, LAST, WEEKDAYS, Calendar, EveryHours, Schedule, parse
from notifications.transports import offered, ready_for

OFTEN: Final = [
    ("daily", gettext_lazy("Every day")),
    ("weekdays", gettext_lazy("Monday to Friday")),
    ("weekly", gettext_lazy("Every week")),
    ("monthly", gettext_lazy("Every month")),
    ("hours", gettext_lazy("Every few hours")),
    ("custom", gettext_lazy("Custom")),
]
DAYS: Final = [*((str(day), str(day)) for day in range(1, 32)), ("last", gettext_lazy("Last"))]
FIELDS: Final = ("minute", "hour", "day_of_week", "day_of_month", "month")
PLAIN: Final = {"autocomplete": "off", "spellcheck": "false"}


class ScheduleForm(FirstFaultFocused, forms.Form):
    """What is told, when and how. Once it is valid, `schedule` is the times and `values` the reminder's facts."""

    portfolio = forms.ModelChoiceField(
        Portfolio.objects.none(), label=gettext_lazy("What"), required=False, empty_label=gettext_lazy("All portfolios")
    )
    often = forms.ChoiceField(label=gettext_lazy("How often"), choices=OFTEN, initial="daily")
    at = forms.TimeField(
        label=gettext_lazy("At"),
        required=False,
        initial=time(8),
        input_formats=["%H:%M", "%H:%M:%S"],
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        error_messages={"invalid": gettext_lazy("Enter a time such as 08:00.")},
    )
    weekday = forms.ChoiceField(
        label=gettext_lazy("On"),
        required=False,
        choices=[(name, DAY_NAMES[day]) for day, name in enumerate(WEEKDAYS)],
        initial="mon",
    )
    day = forms.ChoiceField(
        label=gettext_lazy("On day"),
        required=False,
        choices=DAYS,
        initial="1",
        help_text=gettext_lazy("A month that is shorter tells on its last day."),
    )
    hours = forms.CharField(
        label=gettext_lazy("Every how many hours"),
        required=False,
        initial="6",
        max_length=4,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    minute = forms.CharField(label=gettext_lazy("Minute"), required=False, initial="0", max_length=40)
    hour = forms.CharField(
        label=gettext_lazy("Hour"),
        required=False,
        initial="8",
        max_length=80,
        help_text=gettext_lazy("8 or 8,20 or 9-17"),
    )
    day_of_week = forms.CharField(
        label=gettext_lazy("Day of the week"),
        required=False,
        initial="*",
        max_length=60,
        help_text=gettext_lazy("mon-fri; * is every day"),
    )
    day_of_month = forms.CharField(
        label=gettext_lazy("Day of the month"),
        required=False,
        initial="*",
        max_length=80,
        help_text=gettext_lazy("1,15,last; * is every day"),
    )
    month = forms.CharField(
        label=gettext_lazy("Month"),
        required=False,
        initial="*",
        max_length=60,
        help_text=gettext_lazy("1,4,7,10; * is every month"),
    )
    transports = forms.MultipleChoiceField(
        label=gettext_lazy("Tell me by"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, user: User, reminder: Reminder | None = None, **options: Any) -> None:
        self.user = user
        self.reminder = reminder
        self.schedule: Schedule | None = None
        options["initial"] = facts_of(reminder) if reminder else {}
        super().__init__(*args, **options)
        for name in FIELDS:
            self.fields[name].widget.attrs.update(PLAIN)
        ready = ready_for(user)
        self.initial.setdefault("transports", ready)
        kept = reminder.transports if reminder else []
        ways = self.fields["transports"]
        assert isinstance(ways, forms.MultipleChoiceField)  # noqa: S101
        ways.choices = [(name, each.label) for name, each in offered().items() if name in ready or name in kept]
        portfolio = self.fields["portfolio"]
        assert isinstance(portfolio, forms.ModelChoiceField)  # noqa: S101
        portfolio.queryset = Portfolio.objects.of(user)

    @property
    def values(self) -> dict[str, Any]:
        assert self.schedule is not None  # noqa: S101
        return {
            "kind": Reminder.Kind.SCHEDULE.value,
            "portfolio": self.cleaned_data["portfolio"],
            "schedule": self.schedule.as_json(),
            "repeat": Reminder.Repeat.ALWAYS.value,
            "transports": self.cleaned_data["transports"],
        }

    def clean(self) -> dict[str, Any]:
        facts = dict(self.cleaned_data)
        often = facts.get("often")
        if often is None or self.errors:
            return facts
        if often != "custom" and facts.get("at") is None:
            self.add_error("at", gettext("Enter a time such as 08:00."))
            return facts
        try:
            self.schedule = parse(self.fields_of(often, facts))
        except ValueError as error:
            self.add_error(self.field_named(often, str(error)), ValidationError(str(error)))
        return facts

    def fields_of(self, often: str, facts: dict[str, Any]) -> dict[str, Any]:
        """The choice as the fields of a schedule."""
        if often == "custom":
            return {name: facts[name] for name in FIELDS}
        at: time = facts["at"]
        if often == "hours":
            return {"every_hours": facts["hours"], "from": self.begins(facts["hours"], at)}
        chosen = {
            "daily": {},
            "weekdays": {"day_of_week": "mon-fri"},
            "weekly": {"day_of_week": facts["weekday"] or "mon"},
            "monthly": {"day_of_month": facts["day"] or "1"},
        }[often]
        return {"minute": at.minute, "hour": at.hour, **chosen}

    def begins(self, hours: str, at: time) -> str:
        """The time of day; with the day where the hours don't fit into one, so that it is told then first."""
        if hours.strip().isascii() and hours.strip().isdigit() and int(hours) and 24 % int(hours):
            before = self.reminder and self.reminder.schedule
            kept = before.get("from", "") if isinstance(before, dict) else ""
            if isinstance(kept, str) and "T" in kept and kept.endswith(f"{at:%H:%M}"):
                return kept
            local = clock.now().astimezone(self.user.zone).replace(tzinfo=None)
            first = datetime.combine(local.date(), at)
            return (first if first > local else first + timedelta(days=1)).isoformat(timespec="minutes")
        return f"{at:%H:%M}"

    def field_named(self, often: str, fault: str) -> str | None:
        """The field that a fault of the schedule is to be shown beside."""
        if often != "custom":
            return "hours" if often == "hours" else None
        return next((name for name, words in self.names_in_faults() if words in fault), "day_of_month")

    def names_in_faults(self) -> Iterator[tuple[str, str]]:
        yield from ((name, gettext(field.words)) for name, field in scheduling.FIELDS.items())
        yield "hour", gettext(scheduling.HOUR_NEEDED)
        yield "minute", scheduling.too_often()

    def blame(self, errors: dict[str, list[str]]) -> None:
        """Put a service's faults beside their fields."""
        for name, texts in errors.items():
            for text in texts:
                self.add_error(name if name in self.fields else None, text)


def facts_of(reminder: Reminder) -> dict[str, Any]:
    """What the form shows of a stored reminder."""
    facts: dict[str, Any] = {"portfolio": reminder.portfolio, "transports": reminder.transports}
    try:
        return facts | choice_of(parse(reminder.schedule))
    except ValueError:
        return facts


def choice_of(schedule: Schedule) -> dict[str, Any]:
    """The friendliest choice that means this schedule, with its fields."""
    if isinstance(schedule, EveryHours):
        return {"often": "hours", "hours": str(schedule.hours), "at": schedule.start.time()}
    assert isinstance(schedule, Calendar)  # noqa: S101
    bare = {name: str(schedule.as_json().get(name, "*")) for name in FIELDS}
    if len(schedule.times) > 1 or schedule.months != EVERY_MONTH:
        return {"often": "custom", **bare}
    friendly: dict[str, Any] = {"at": schedule.times[0]}
    if schedule.days is not None:
        if len(schedule.days) > 1:
            return {"often": "custom", **bare}
        day = next(iter(schedule.days))
        return {"often": "monthly", "day": "last" if day == LAST else str(day), **friendly}
    if schedule.weekdays == EVERY_DAY:
        return {"often": "daily", **friendly}
    if schedule.weekdays == frozenset(range(5)):
        return {"often": "weekdays", **friendly}
    if len(schedule.weekdays) == 1:
        return {"often": "weekly", "weekday": WEEKDAYS[next(iter(schedule.weekdays))], **friendly}
    return {"often": "custom", **bare}
