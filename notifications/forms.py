"""Forms: what people type, as the facts that services take. Every rule is in notifications.reminding."""

from collections.abc import Mapping
from typing import Any

import phonenumbers
from django import forms
from django.core.exceptions import ValidationError

from accounts.models import User
from dashboard.forms import AmountField, CurrencyField, FirstFaultFocused, MomentField
from dashboard.models import Asset, Portfolio
from dashboard.naming import NoSuchCoin, SeveralCoins, bearing, coin_named
from notifications.conditions import CONDITIONS, Watches
from notifications.models import Reminder
from notifications.transports import offered, ready_for

SIMPLE = ("price_above", "price_below", "balance_above", "balance_below")
KINDS = [(kind, Reminder.Kind(kind).label) for kind in SIMPLE]


class ReminderForm(FirstFaultFocused, forms.Form):
    """One reminder. `values` are its facts by field name, once the form is valid.

    With `typing` the form is still being filled in: coins are looked for only among those at hand.
    """

    kind = forms.ChoiceField(label="Remind me when", choices=KINDS)
    asset = forms.CharField(
        label="Coin",
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off", "placeholder": "Name or ticker", "spellcheck": "false"}),
    )
    asset_choice = forms.CharField(required=False, max_length=200, widget=forms.HiddenInput)
    portfolio = forms.ModelChoiceField(Portfolio.objects.none(), required=False, empty_label="All portfolios")
    limit = AmountField(label="Limit", error_messages={"required": "Enter the limit."})
    currency = CurrencyField(label="Currency", required=False)
    repeat = forms.ChoiceField(label="How often", choices=Reminder.Repeat.choices, initial=Reminder.Repeat.ONCE)
    rearm_band = AmountField(
        label="Back by (%)",
        required=False,
        help_text="How far it must go back before it counts again.",
    )
    transports = forms.MultipleChoiceField(label="Tell me by", required=False, widget=forms.CheckboxSelectMultiple)
    expires_at = MomentField(label="Until (optional)", required=False)
    note = forms.CharField(label="Note (optional)", required=False, max_length=500)

    def __init__(
        self, *args: Any, user: User, reminder: Reminder | None = None, typing: bool = False, **options: Any
    ) -> None:
        self.user = user
        self.reminder = reminder
        self.typing = typing
        self.choices: list[Asset] = []
        options["initial"] = (facts_of(reminder) if reminder else {}) | (options.get("initial") or {})
        super().__init__(*args, **options)
        ready = ready_for(user)
        self.initial.setdefault("transports", ready)
        self.initial.setdefault("currency", user.currency)
        self.initial.setdefault("rearm_band", "0.5")
        kept = reminder.transports if reminder else []
        ways = self.fields["transports"]
        assert isinstance(ways, forms.MultipleChoiceField)  # noqa: S101
        ways.choices = [(name, each.label) for name, each in offered().items() if name in ready or name in kept]
        portfolio = self.fields["portfolio"]
        assert isinstance(portfolio, forms.ModelChoiceField)  # noqa: S101
        portfolio.queryset = Portfolio.objects.of(user)

    @property
    def values(self) -> dict[str, Any]:
        facts = {name: value for name, value in self.cleaned_data.items() if name != "asset_choice"}
        if CONDITIONS[facts["kind"]].watches is Watches.PRICE:
            facts["portfolio"] = None
        else:
            facts["asset"] = None
        return facts

    def of_price(self) -> bool:
        """Does the kind as it is chosen now watch a price? Decides which fields the page shows first."""
        condition = CONDITIONS.get(str(self["kind"].value() or "price_above"))
        return condition is None or condition.watches is Watches.PRICE

    def clean(self) -> dict[str, Any]:
        facts = dict(self.cleaned_data)
        condition = CONDITIONS.get(facts.get("kind", ""))
        if condition is not None and condition.watches is Watches.PRICE and "asset" not in self.errors:
            facts["asset"] = self.coin(facts.get("asset", ""))
        return facts

    def coin(self, text: str) -> Asset | None:
        if not text:
            self.add_error("asset", ValidationError("Enter the coin's name or ticker."))
            return None
        if self.typing:
            return next(iter(bearing(text)), None)
        try:
            return coin_named(text, str(self.data.get("asset_choice", ""))[:200])
        except SeveralCoins as several:
            self.choices = several.choices
            self.add_error("asset", ValidationError("Several coins may be meant. Choose one."))
        except NoSuchCoin:
            self.add_error("asset", ValidationError("No coin of this name or ticker is known."))
        return None

    def blame(self, errors: Mapping[str, list[str]]) -> None:
        """Put a service's faults beside their fields."""
        for name, texts in errors.items():
            for text in texts:
                self.add_error(name if name in self.fields else None, text)


def facts_of(reminder: Reminder) -> dict[str, Any]:
    """What the form shows of a stored reminder."""
    return {
        "kind": reminder.kind,
        "asset": str(reminder.asset) if reminder.asset else "",
        "asset_choice": reminder.asset_id or "",
        "portfolio": reminder.portfolio,
        "limit": reminder.limit,
        "currency": reminder.currency,
        "repeat": reminder.repeat,
        "rearm_band": reminder.rearm_band,
        "transports": reminder.transports,
        "expires_at": reminder.expires_at,
        "note": reminder.note,
    }


class NumberForm(FirstFaultFocused, forms.Form):
    """A WhatsApp number, with its country code."""

    number = forms.CharField(
        label="WhatsApp number",
        max_length=40,
        error_messages={"required": "Enter your number with its country code."},
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel", "placeholder": "+44 7700 900123"}),
    )

    def clean_number(self) -> str:
        """In E.164. Only what can't be a number is refused here: whether it is one, WhatsApp knows best."""
        try:
            number = phonenumbers.parse(self.cleaned_data["number"].removeprefix("whatsapp:"), None)
        except phonenumbers.NumberParseException:
            number = None
        if number is None or not phonenumbers.is_possible_number(number):
            raise ValidationError("Enter the number with its country code, such as +44 7700 900123.")
        return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


class CodeForm(FirstFaultFocused, forms.Form):
    """The code that was sent to it."""

    code = forms.CharField(
        label="Code from WhatsApp",
        max_length=20,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "one-time-code"}),
    )
