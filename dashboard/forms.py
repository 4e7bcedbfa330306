"""Fields that read what people type, and forms of portfolios and notes; a transaction's is in transaction_forms."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy

from accounts import locales
from accounts.currencies import TERSE
from accounts.models import User
from dashboard.models import Portfolio
from dashboard.money import AmountError, parse_amount, plain


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
        if not isinstance(value, Decimal):
            return value
        return plain(value).translate(SWAPPED) if has_decimal_comma() else plain(value)

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial), data)


COMMAS = re.compile(r"[+-]?\d{1,3}(,\d{3})+\.\d+|[+-]?\d{1,3}(,\d{3}){2,}")
POINTS = re.compile(r"[+-]?\d{1,3}(\.\d{3})+,\d+|[+-]?\d{1,3}(\.\d{3}){2,}")
EITHER = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}")
SWAPPED = str.maketrans(",.", ".,")
DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+")


def has_decimal_comma() -> bool:
    """Whether who reads writes `0,5` for a half."""
    return locales.separators(locales.active()).point == ","


def with_point(text: str) -> str:
    """`text` without thousands' separators and with a decimal point.

    `1,5` is one and a half, `1,234.5` and `1.234,5` have thousands; what `1,234` means nobody can know: AmountError.
    Where a comma stands before decimals, all of it is so of `1.234`, and `1,234` is one and some.
    """
    text = typed = re.sub(r"[\s'’]", "", text)
    if has_decimal_comma():
        text = text.translate(SWAPPED)
    if COMMAS.fullmatch(text):
        return text.replace(",", "")
    if POINTS.fullmatch(text):
        return text.replace(".", "").replace(",", ".")
    if EITHER.fullmatch(text):
        raise AmountError(
            gettext("%(text)s can be read in two ways: write %(decimal)s or %(whole)s.")
            % {"text": typed, "decimal": typed.translate(SWAPPED), "whole": text.replace(",", "")}
        )
    return text.replace(",", ".") if DECIMAL_COMMA.fullmatch(text) else text


class CurrencyField(forms.ChoiceField):
    """A currency's code, in either case."""

    def __init__(self, **options: Any) -> None:
        super().__init__(choices=TERSE, **options)

    def to_python(self, value: Any) -> str:
        return super().to_python(value).lower()


class MomentField(forms.DateTimeField):
    """A moment in the person's zone, to the second. The hour that autumn repeats means its first pass."""

    widget = forms.DateTimeInput(format="%Y-%m-%dT%H:%M:%S", attrs={"type": "datetime-local", "step": "1"})
    default_error_messages = {"invalid": gettext_lazy("Enter a date and time.")}

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
        raise ValidationError(gettext("Clocks were put forward past that time: enter one that existed."))
    return stated


class NoteForm(forms.Form):
    """What somebody notes about a coin."""

    text = forms.CharField(max_length=4000, required=False)


class PortfolioForm(FirstFaultFocused, forms.ModelForm):
    """A portfolio's name and how it is counted."""

    class Meta:
        model = Portfolio
        fields = ["name", "currency", "method", "lot_scope"]
        labels = {
            "name": gettext_lazy("Name"),
            "currency": gettext_lazy("Currency"),
            "method": gettext_lazy("Cost basis"),
            "lot_scope": gettext_lazy("Lots are matched within"),
        }
        help_texts = {
            "method": gettext_lazy("Which coins leave first when you sell. It changes realised gains, not the total.")
        }

    def __init__(self, *args: Any, user: User, **options: Any) -> None:
        self.user = user
        super().__init__(*args, **options)
        if self.instance.pk is None:
            self.initial.setdefault("currency", user.currency)

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"].strip()
        if not name:
            raise ValidationError(gettext("Enter a name."))
        same = Portfolio.objects.of(self.user).filter(name__iexact=name).exclude(pk=self.instance.pk)
        if same.exists():
            raise ValidationError(gettext("You have a portfolio of this name already."))
        return name
