"""Forms that prove a WhatsApp number."""

import phonenumbers
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext, gettext_lazy

from dashboard.forms import FirstFaultFocused


class NumberForm(FirstFaultFocused, forms.Form):
    """A WhatsApp number, with its country code."""

    number = forms.CharField(
        label=gettext_lazy("WhatsApp number"),
        max_length=40,
        error_messages={"required": gettext_lazy("Enter your number with its country code.")},
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel", "placeholder": "+44 7700 900123"}),
    )

    def clean_number(self) -> str:
        """In E.164. Only what can't be a number is refused here: whether it is one, WhatsApp knows best."""
        try:
            number = phonenumbers.parse(self.cleaned_data["number"].removeprefix("whatsapp:"), None)
        except phonenumbers.NumberParseException:
            number = None
        if number is None or not phonenumbers.is_possible_number(number):
            raise ValidationError(gettext("Enter the number with its country code, such as +44 7700 900123."))
        return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


class CodeForm(FirstFaultFocused, forms.Form):
    """The code that was sent to it."""

    code = forms.CharField(
        label=gettext_lazy("Code from WhatsApp"),
        max_length=20,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "one-time-code"}),
    )
