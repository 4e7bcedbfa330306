"""The form of a reminder: what people type, as facts that services take. The rules are notifications.validation's."""

from collections.abc import Mapping
from datetime import time, timedelta
from typing import TYPE_CHECKING, Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.utils.functional import lazy
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_lazy, gettext_noop

from accounts.currencies import TERSE
from accounts.models import User
from dashboard.forms import AmountField, CurrencyField, FirstFaultFocused, MomentField
from dashboard.models import Asset, Portfolio
from dashboard.naming import NoSuchCoin, SeveralCoins, bearing, coin_named
from notifications.models import Reminder
from notifications.terms import OPTIONAL, TERMS, Terms
from notifications.transports import offered, ready_for
from notifications.wording import duration

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


Kind = Reminder.Kind
GROUPS: Final = {
    gettext_noop("A coin"): (
        *(Kind.PRICE_ABOVE, Kind.PRICE_BELOW, Kind.PRICE_LEAVES_RANGE, Kind.PRICE_ENTERS_RANGE, Kind.CHANGE),
        *(Kind.TRAILING, Kind.BREAK_EVEN, Kind.DEPEG),
    ),
    gettext_noop("What I hold"): (
        *(Kind.BALANCE_ABOVE, Kind.BALANCE_BELOW, Kind.PROFIT_ABOVE, Kind.PROFIT_BELOW),
        *(Kind.ALLOCATION_ABOVE, Kind.ALLOCATION_BELOW, Kind.DRAWDOWN),
    ),
    gettext_noop("The price source"): (Kind.STALE,),
}
"""All kinds but reports, which have a form of their own."""
KINDS: Final = [(gettext_lazy(name), [(kind.value, kind.label) for kind in kinds]) for name, kinds in GROUPS.items()]
OFFERED: Final = frozenset(kind.value for kinds in GROUPS.values() for kind in kinds)
PAUSES: Final = tuple(timedelta(minutes=n) for n in (5, 15, 60, 6 * 60, 24 * 60, 7 * 24 * 60))
TURNS: Final = [("down", gettext_lazy("It falls from its high")), ("up", gettext_lazy("It rises from its low"))]
FALLBACKS: Final = ("fallback_1", "fallback_2", "fallback_3")
format_html_lazy = lazy(format_html, SafeString)
# Which of these words is shown is the style sheet's business, as it knows the chosen kind.
LIMIT_LABEL: Final = format_html_lazy(
    '<span class="says-limit">{}</span><span class="says-range">{}</span><span class="says-by">{}</span>'
    '<span class="says-off">{}</span><span class="says-minutes">{}</span><span class="says-percent"> (%)</span>',
    gettext_lazy("Limit"),
    gettext_lazy("From"),
    gettext_lazy("By more than"),
    gettext_lazy("Off by more than"),
    gettext_lazy("Minutes without a price"),
)
ALL_COINS: Final = format_html_lazy(
    '<span class="says-all">{}</span>', gettext_lazy("Leave it empty for all that you hold.")
)


def clock_field(label: "StrOrPromise") -> forms.TimeField:
    widget = forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    return forms.TimeField(label=label, required=False, widget=widget)


def whole_number(label: "StrOrPromise", **options: Any) -> forms.IntegerField:
    widget = forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"})
    return forms.IntegerField(label=label, required=False, widget=widget, **options)


class ReminderForm(FirstFaultFocused, forms.Form):
    """One reminder of any kind but a report. `values` are its facts by field name, once the form is valid.

    It has the fields of all kinds: the page shows those of the chosen one, and `values` has no others. With `typing`
    the form is still being filled in: coins are looked for only among those at hand.
    """

    kind = forms.ChoiceField(label=gettext_lazy("Remind me when"), choices=KINDS)
    asset = forms.CharField(
        label=gettext_lazy("Coin"),
        required=False,
        max_length=200,
        help_text=ALL_COINS,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "placeholder": gettext_lazy("Name or ticker"), "spellcheck": "false"}
        ),
    )
    asset_choice = forms.CharField(required=False, max_length=200, widget=forms.HiddenInput)
    portfolio = forms.ModelChoiceField(
        Portfolio.objects.none(),
        required=False,
        empty_label=gettext_lazy("All portfolios"),
        label=gettext_lazy("Portfolio"),
    )
    measure = forms.ChoiceField(label=gettext_lazy("Which profit"), required=False, choices=Reminder.Measure.choices)
    unit = forms.ChoiceField(label=gettext_lazy("Counted in"), required=False, choices=Reminder.Unit.choices)
    direction = forms.ChoiceField(
        label=gettext_lazy("Which way"),
        required=False,
        choices=Reminder.Direction.choices[::-1],
        initial=Reminder.Direction.BOTH,
    )
    turn = forms.ChoiceField(label=gettext_lazy("Which way"), required=False, choices=TURNS)
    limit = AmountField(label=LIMIT_LABEL, required=False)
    limit_high = AmountField(label=gettext_lazy("To"), required=False)
    window = forms.ChoiceField(
        label=gettext_lazy("Within"), required=False, choices=Reminder.Window.choices, initial="24h"
    )
    minutes = whole_number(gettext_lazy("For how many minutes"), initial=10)
    currency = CurrencyField(label=gettext_lazy("Currency"), required=False)
    peg = forms.ChoiceField(
        label=gettext_lazy("Held to"), required=False, choices=[("", gettext_lazy("What its ticker names")), *TERSE]
    )
    repeat = forms.ChoiceField(
        label=gettext_lazy("How often"), choices=Reminder.Repeat.choices, initial=Reminder.Repeat.ONCE
    )
    rearm_band = AmountField(
        label=gettext_lazy("Back by (%)"),
        required=False,
        initial="0.5",
        help_text=gettext_lazy("How far it must go back before it counts again."),
    )
    cooldown = forms.TypedChoiceField(
        label=gettext_lazy("And not again within"), required=False, coerce=int, empty_value="0"
    )
    transports = forms.MultipleChoiceField(
        label=gettext_lazy("Tell me by"), required=False, widget=forms.CheckboxSelectMultiple
    )
    quiet_from = clock_field(gettext_lazy("Quiet from"))
    quiet_to = clock_field(gettext_lazy("Quiet to"))
    expires_at = MomentField(label=gettext_lazy("Until"), required=False)
    fallback_1 = forms.ChoiceField(label=gettext_lazy("If one fails, by"), required=False)
    fallback_2 = forms.ChoiceField(label=gettext_lazy("else by"), required=False)
    fallback_3 = forms.ChoiceField(label=gettext_lazy("else by"), required=False)
    own_transactions = forms.BooleanField(
        label=gettext_lazy("My own transactions may make it fire, too"), required=False
    )
    note = forms.CharField(label=gettext_lazy("Note"), required=False, max_length=500)

    def __init__(
        self, *args: Any, user: User, reminder: Reminder | None = None, typing: bool = False, **options: Any
    ) -> None:
        self.user = user
        self.reminder = reminder
        self.typing = typing
        self.choices: list[Asset] = []
        kept = facts_of(reminder) if reminder else {**hours_facts(user.quiet_hours), "fallback_1": "email"}
        options["initial"] = kept | (options.get("initial") or {})
        super().__init__(*args, **options)
        ready = ready_for(user)
        self.initial.setdefault("transports", ready)
        self.initial.setdefault("currency", user.currency)
        used = reminder.transports if reminder else []
        ways = [(name, str(each.label)) for name, each in offered().items()]
        self.choose_from("transports", [(name, label) for name, label in ways if name in ready or name in used])
        for name in FALLBACKS:
            self.choose_from(name, [("", "–"), *ways])
        pauses = {int(pause.total_seconds()): pause for pause in PAUSES}
        if reminder and reminder.cooldown:
            pauses[reminder.cooldown] = timedelta(seconds=reminder.cooldown)
        self.choose_from("cooldown", [("0", "–"), *((str(n), duration(pauses[n])) for n in sorted(pauses))])
        portfolio = self.fields["portfolio"]
        assert isinstance(portfolio, forms.ModelChoiceField)  # noqa: S101
        portfolio.queryset = Portfolio.objects.of(user)

    def choose_from(self, name: str, choices: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101
        field.choices = choices

    @property
    def terms(self) -> Terms:
        return TERMS[self.cleaned_data["kind"]]

    @property
    def values(self) -> dict[str, Any]:
        stated, kind, terms = self.cleaned_data, self.cleaned_data["kind"], self.terms
        common = ("kind", "repeat", "rearm_band", "cooldown", "expires_at", "transports", "note")
        facts = {name: stated[name] for name in common} | {"cooldown": int(stated["cooldown"])}
        facts["asset"] = stated["asset"] if terms.asset is not False else None
        facts["portfolio"] = stated["portfolio"] if terms.portfolio else None
        facts |= {name: stated[name] for name in terms.fields if name in stated}
        facts["quiet_hours"] = self.quiet_hours(stated["quiet_from"], stated["quiet_to"])
        facts["fallback"] = [stated[name] for name in FALLBACKS if stated[name]]
        if terms.limit is not None:
            facts["limit"] = stated["limit"]
        if kind == Kind.TRAILING:
            facts["direction"] = stated["turn"]
        if kind == Kind.DEPEG:
            facts["currency"] = stated["peg"] or None
        elif is_in_money(kind, stated.get("unit", "")):
            facts["currency"] = stated["currency"]
        return facts

    @staticmethod
    def quiet_hours(begin: time | None, end: time | None) -> dict[str, str] | None:
        """None where neither is stated."""
        if begin is None and end is None:
            return None
        return {name: f"{at:%H:%M}" if at else "" for name, at in (("from", begin), ("to", end))}

    @property
    def says_more(self) -> bool:
        """Is there anything in the part that is folded away?"""
        names = ("quiet_from", "quiet_to", "expires_at", "own_transactions", "note", "fallback_2", "fallback_3")
        stated = any(self[name].value() for name in names) or self["fallback_1"].value() != "email"
        return stated or any(name in self.errors for name in (*names, "fallback_1"))

    def clean(self) -> dict[str, Any]:
        facts = dict(self.cleaned_data)
        kind = facts.get("kind", "")
        if kind not in TERMS:
            return facts
        for name in self.errors.keys() - fields_of(kind, facts.get("unit", "")):
            del self.errors[name]  # nobody sees it
        terms = TERMS[kind]
        if terms.asset is not False and "asset" not in self.errors:
            facts["asset"] = self.coin(facts.get("asset", ""), needed=bool(terms.asset))
        if terms.limit is not None and facts.get("limit") is None and "limit" not in self.errors:
            self.add_error("limit", ValidationError(gettext("Enter the limit.")))
        return facts

    def coin(self, text: str, *, needed: bool) -> Asset | None:
        if not text:
            if needed:
                self.add_error("asset", ValidationError(gettext("Enter the coin's name or ticker.")))
            return None
        if self.typing:
            return next(iter(bearing(text)), None)
        try:
            return coin_named(text, str(self.data.get("asset_choice", ""))[:200])
        except SeveralCoins as several:
            self.choices = several.choices
            self.add_error("asset", ValidationError(gettext("Several coins may be meant. Choose one.")))
        except NoSuchCoin:
            self.add_error("asset", ValidationError(gettext("No coin of this name or ticker is known.")))
        return None

    def blame(self, errors: Mapping[str, list[str]]) -> None:
        """Put a service's faults beside their fields."""
        shown = {"quiet_hours": "quiet_to" if self.cleaned_data.get("quiet_from") else "quiet_from"}
        shown["fallback"] = FALLBACKS[0]
        if self.cleaned_data.get("kind") == Kind.TRAILING:
            shown["direction"] = "turn"
        if self.cleaned_data.get("kind") == Kind.DEPEG:
            shown["currency"] = "peg"
        for name, texts in errors.items():
            field = shown.get(name, name)
            for text in texts:
                self.add_error(field if field in self.fields else None, text)


COMMON: Final = frozenset(
    {
        "kind",
        "repeat",
        "rearm_band",
        "cooldown",
        "transports",
        "quiet_from",
        "quiet_to",
        "expires_at",
        "note",
        *FALLBACKS,
    }
)


def fields_of(kind: str, unit: str) -> set[str]:
    """Names of the fields that a page shows for the kind."""
    terms = TERMS[kind]
    names = set(COMMON) | {name for name in terms.fields if name in ReminderForm.base_fields}
    shown = {
        "asset": terms.asset is not False,
        "portfolio": terms.portfolio,
        "limit": terms.limit is not None,
        "currency": is_in_money(kind, unit),
        "turn": kind == Kind.TRAILING,
        "peg": kind == Kind.DEPEG,
    }
    names |= {name for name, is_shown in shown.items() if is_shown}
    return names - {"direction"} if kind == Kind.TRAILING else names


def is_in_money(kind: str, unit: str) -> bool:
    """Is its limit an amount in a currency that somebody chooses?"""
    if kind in (Kind.PROFIT_ABOVE, Kind.PROFIT_BELOW):
        return unit != Reminder.Unit.PERCENT
    return kind.startswith(("price_", "balance_"))


def facts_of(reminder: Reminder) -> dict[str, Any]:
    """What the form shows of a stored reminder."""
    same = ("kind", "portfolio", "limit", "limit_high", "currency", "repeat", "rearm_band", "transports", "expires_at")
    facts = {name: getattr(reminder, name) for name in (*same, "note", "cooldown")}
    facts |= {name: getattr(reminder, name) for name in TERMS[reminder.kind].fields if name in OPTIONAL}
    facts |= hours_facts(reminder.quiet_hours)
    facts |= dict(zip(FALLBACKS, reminder.fallback, strict=False))
    if reminder.kind == Kind.TRAILING:
        facts["turn"] = reminder.direction
    if reminder.kind == Kind.DEPEG:
        facts["peg"] = reminder.currency
    facts["asset"] = str(reminder.asset) if reminder.asset else ""
    facts["asset_choice"] = reminder.asset_id or ""
    return facts


def hours_facts(hours: Mapping[str, str] | None) -> dict[str, time]:
    return {f"quiet_{name}": time.fromisoformat(hours[name]) for name in ("from", "to")} if hours else {}
