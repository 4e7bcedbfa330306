"""Forms: what people type, as the facts that services take. Every rule about those facts is in dashboard.drafts."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts.currencies import CHOICES
from accounts.models import User
from dashboard import clock
from dashboard.drafts import Draft, DraftErrors, check_draft, draft_of
from dashboard.ledger.entry import Kind
from dashboard.models import Asset, Portfolio, Transaction
from dashboard.money import AmountError, parse_amount, plain
from dashboard.naming import NoSuchCoin, SeveralCoins, coin_named

THE_COIN = "@coin"
"""Stands for the coin itself where the currency of a fee is chosen."""


SUPPORTED_KINDS = (Kind.BUY, Kind.SELL)


class FirstFaultFocused(forms.BaseForm):
    """Moves the focus to the first field that is wrong, without a script."""

    def full_clean(self) -> None:
        super().full_clean()
        wrong = [name for name in self.fields if name in self.errors]
        for name, field in self.fields.items() if wrong else ():
            field.widget.attrs["autofocus"] = name == wrong[0]


class AmountField(forms.CharField):
    """An exact Decimal, from any notation that can be read in one way only."""

    def __init__(self, **options: Any) -> None:
        attrs = {"inputmode": "decimal", "autocomplete": "off"}
        super().__init__(widget=forms.TextInput(attrs=attrs), **options)

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        if not text:
            return None
        try:
            return parse_amount(with_point(text))
        except AmountError as error:
            raise ValidationError(str(error)) from error

    def prepare_value(self, value: Any) -> Any:
        return plain(value) if isinstance(value, Decimal) else value

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial), data)


COMMAS = re.compile(r"[+-]?\d{1,3}(,\d{3})+\.\d+|[+-]?\d{1,3}(,\d{3}){2,}")
POINTS = re.compile(r"[+-]?\d{1,3}(\.\d{3})+,\d+|[+-]?\d{1,3}(\.\d{3}){2,}")
EITHER = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}")
DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+")


def with_point(text: str) -> str:
    """`text` without thousands' separators and with a decimal point.

    `1,5` is one and a half, `1,234.5` and `1.234,5` have thousands; what `1,234` means nobody can know: AmountError.
    """
    text = re.sub(r"[\s'’]", "", text)
    if COMMAS.fullmatch(text):
        return text.replace(",", "")
    if POINTS.fullmatch(text):
        return text.replace(".", "").replace(",", ".")
    if EITHER.fullmatch(text):
        raise AmountError(f"{text} can be read in two ways: write {text.replace(',', '.')} or {text.replace(',', '')}.")
    return text.replace(",", ".") if DECIMAL_COMMA.fullmatch(text) else text


class CurrencyField(forms.ChoiceField):
    """A currency's code, in either case."""

    def __init__(self, **options: Any) -> None:
        super().__init__(choices=CHOICES, **options)

    def to_python(self, value: Any) -> str:
        return super().to_python(value).lower()


class MomentField(forms.DateTimeField):
    """A moment in the person's zone, to the second. The hour that autumn repeats means its first pass."""

    widget = forms.DateTimeInput(format="%Y-%m-%dT%H:%M:%S", attrs={"type": "datetime-local", "step": "1"})
    default_error_messages = {"invalid": "Enter a date and time."}

    def to_python(self, value: Any) -> Any:
        try:
            stated = datetime.fromisoformat(str(value or "").strip())
            return stated.astimezone(UTC) if stated.tzinfo else only_pass(stated)
        except OverflowError as error:
            raise ValidationError(self.error_messages["invalid"], code="invalid") from error
        except ValueError:
            return super().to_python(value)


def only_pass(naive: datetime) -> datetime:
    """The moment in the zone in force; ValidationError where spring leaves the hour out."""
    stated = naive.replace(tzinfo=timezone.get_current_timezone(), fold=0)
    if stated.astimezone(UTC).astimezone(stated.tzinfo).replace(tzinfo=None) != naive:
        raise ValidationError("Clocks were put forward past that time: enter one that existed.")
    return stated


class TransactionForm(FirstFaultFocused, forms.Form):
    """One transaction. `draft` is what it states, once the form is valid."""

    portfolio = forms.ModelChoiceField(Portfolio.objects.none(), required=False, empty_label=None)
    type = forms.ChoiceField(choices=[(kind.value, kind.value.capitalize()) for kind in SUPPORTED_KINDS])
    asset_id = forms.CharField(
        label="Coin",
        max_length=200,
        error_messages={"required": "Enter the coin's name or ticker."},
        widget=forms.TextInput(attrs={"autocomplete": "off", "placeholder": "Name or ticker", "spellcheck": "false"}),
    )
    asset_choice = forms.CharField(required=False, max_length=200, widget=forms.HiddenInput)
    amount = AmountField(label="Quantity", error_messages={"required": "Enter how much it was."})
    price = AmountField(label="Price per coin", required=False)
    price_currency = CurrencyField(label="Currency", required=False)
    fee_amount = AmountField(label="Fee (optional)", required=False)
    fee_asset_id = forms.CharField(label="Fee paid in", required=False, max_length=200, widget=forms.Select)
    timestamp = MomentField(label="Date and time", error_messages={"required": "Enter when it happened."})
    wallet = forms.CharField(
        label="Exchange or wallet (optional)",
        required=False,
        max_length=60,
        widget=forms.TextInput(attrs={"list": "wallets", "autocomplete": "off"}),
    )
    note = forms.CharField(label="Note (optional)", required=False, max_length=500)

    def __init__(self, *args: Any, user: User, row: Transaction | None = None, **options: Any) -> None:
        self.row = row
        self.choices: list[Asset] = []
        self.draft: Draft | None = None
        self.portfolios = list(Portfolio.objects.of(user))
        options["initial"] = (facts_of(row) if row else {}) | (options.get("initial") or {})
        super().__init__(*args, **options)
        portfolio_field = self.fields["portfolio"]
        assert isinstance(portfolio_field, forms.ModelChoiceField)  # noqa: S101
        portfolio_field.queryset = Portfolio.objects.of(user)
        if row or len(self.portfolios) < 2:
            del self.fields["portfolio"]
        if row is None:
            self.initial.setdefault("timestamp", clock.now().replace(microsecond=0))
        self.initial.setdefault("price_currency", self.target.currency if self.target else user.currency)
        self.fields["amount" if self.initial.get("asset_id") else "asset_id"].widget.attrs["autofocus"] = True
        self.fields["timestamp"].label = f"Date and time ({user.time_zone})"
        self.fields["fee_asset_id"].widget.choices = self.fee_choices()

    @property
    def target(self) -> Portfolio | None:
        """Where the transaction is kept: the portfolio chosen, else the one that was asked for, else the first."""
        if self.row:
            return self.row.portfolio
        chosen = getattr(self, "cleaned_data", {}).get("portfolio") or self.initial.get("portfolio")
        return chosen or next(iter(self.portfolios), None)

    def fee_choices(self) -> list[tuple[str, str]]:
        choices = [("", "The price's currency"), (THE_COIN, "The coin itself")]
        other = (self.data if self.is_bound else self.initial).get("fee_asset_id") or ""
        return choices if other in dict(choices) else [*choices, (other, other.upper())]

    def clean_asset_id(self) -> str:
        text = self.cleaned_data["asset_id"]
        try:
            coin = coin_named(text, str(self.data.get("asset_choice", ""))[:200])
        except SeveralCoins as several:
            self.choices = several.choices
            raise ValidationError("Several coins may be meant. Choose one.") from several
        except NoSuchCoin as nothing:
            raise ValidationError("No coin of this name or ticker is known.") from nothing
        return coin.pk

    def clean_fee_asset_id(self) -> str | None:
        stated: str = self.cleaned_data["fee_asset_id"]
        if stated == THE_COIN:
            return self.cleaned_data.get("asset_id")
        return stated or None

    def clean(self) -> dict[str, Any]:
        facts = dict(self.cleaned_data)
        if self.target is None:
            raise ValidationError("Add a portfolio first.")
        if self.errors:
            return facts
        for name in ("portfolio", "asset_choice"):
            facts.pop(name, None)
        if self.row:
            if "timestamp" not in self.changed_data:
                facts["timestamp"] = self.row.timestamp  # the form shows whole seconds only
            draft = replace(draft_of(self.row), **facts)
        else:
            draft = Draft(**facts)
        try:
            self.draft = check_draft(draft, self.target, clock.now())
        except DraftErrors as faults:
            for name, texts in faults.errors.items():
                for text in texts:
                    self.add_error(name if name in self.fields else None, text)
        return self.cleaned_data


def facts_of(row: Transaction) -> dict[str, Any]:
    """What the form shows of a stored transaction."""
    money = row.fee_asset_id is None or row.fee_asset_id == row.price_currency
    fee_asset = "" if money else THE_COIN if row.fee_asset_id == row.asset_id else row.fee_asset_id
    return {
        "type": row.type,
        "asset_id": str(row.asset),
        "asset_choice": row.asset_id,
        "amount": row.amount,
        "price": row.price,
        "price_currency": row.price_currency,
        "fee_amount": row.fee_amount,
        "fee_asset_id": fee_asset,
        "timestamp": row.timestamp,
        "wallet": row.wallet,
        "note": row.note,
    }


class TransactionFilter(forms.Form):
    """What to show of the transactions; what makes no sense is left out."""

    q = forms.CharField(required=False, max_length=100)
    type = forms.ChoiceField(
        required=False, choices=[("", "All kinds"), *((k.value, k.value.capitalize()) for k in SUPPORTED_KINDS)]
    )


class PortfolioForm(FirstFaultFocused, forms.ModelForm):
    """A portfolio's name and how it is counted."""

    class Meta:
        model = Portfolio
        fields = ["name", "currency", "method", "lot_scope"]
        labels = {"method": "Cost basis", "lot_scope": "Lots are matched within"}
        help_texts = {"method": "Which coins leave first when you sell. It changes realised gains, not the total."}

    def __init__(self, *args: Any, user: User, **options: Any) -> None:
        self.user = user
        super().__init__(*args, **options)
        if self.instance.pk is None:
            self.initial.setdefault("currency", user.currency)

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"].strip()
        if not name:
            raise ValidationError("Enter a name.")
        same = Portfolio.objects.of(self.user).filter(name__iexact=name).exclude(pk=self.instance.pk)
        if same.exists():
            raise ValidationError("You have a portfolio of this name already.")
        return name
