"""Forms: signing in and up as the library does it, in our words, and how a person wants to see their pages."""

from typing import Any
from zoneinfo import available_timezones

from allauth.account.forms import LoginForm as LibraryLoginForm
from allauth.account.forms import SignupForm as LibrarySignupForm
from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext, gettext_lazy, gettext_noop

from accounts import locales
from accounts.models import ApiToken, User

LABELS = {
    "login": gettext_noop("Username or e-mail"),
    "email": gettext_noop("E-mail"),
    "password2": gettext_noop("Password again"),
}


class InOurWords(forms.Form):
    """Labels that say enough, so that placeholders needn't."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for name, field in self.fields.items():
            field.widget.attrs.pop("placeholder", None)
            field.label = gettext(LABELS[name]) if name in LABELS else field.label


class LoginForm(InOurWords, LibraryLoginForm):
    """Username or e-mail, and password."""


class SignupForm(InOurWords, LibrarySignupForm):
    """A new account, in the time zone and the locale that the browser states."""

    def save(self, request: HttpRequest) -> User:
        user: User = super().save(request)
        zone = str(self.data.get("time_zone", ""))
        if user is not None:
            user.locale = locales.of_browser(request.headers.get("Accept-Language", ""))
            user.time_zone = zone if zone in available_timezones() else user.time_zone
            user.save(update_fields=["locale", "time_zone"])
        return user


class ProfileForm(forms.ModelForm):
    """How figures and pages are shown to a person."""

    # Who sends the form without it keeps theirs.
    locale = forms.ChoiceField(
        choices=list(locales.LOCALES.items()),
        required=False,
        label=gettext_lazy("Numbers and dates"),
        help_text=gettext_lazy(
            "Pages and messages are in this language, too, where they have been translated; else in English."
        ),
    )

    class Meta:
        model = User
        fields = ["currency", "locale", "time_zone", "theme", "colours", "compact"]
        labels = {
            "currency": gettext_lazy("Currency"),
            "time_zone": gettext_lazy("Time zone"),
            "theme": gettext_lazy("Theme"),
            "colours": gettext_lazy("Gain and loss"),
            "compact": gettext_lazy("Compact rows"),
        }
        help_texts = {"currency": gettext_lazy("For all portfolios together, the market and new portfolios.")}
        widgets = {
            "time_zone": forms.TextInput(attrs={"list": "time-zones", "autocomplete": "off", "spellcheck": "false"})
        }


class TokenForm(forms.ModelForm):
    """What an API token is for."""

    class Meta:
        model = ApiToken
        fields = ["name"]
        labels = {"name": gettext_lazy("What is it for?")}
        widgets = {"name": forms.TextInput(attrs={"autocomplete": "off"})}
