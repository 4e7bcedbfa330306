"""Forms of the import page."""

from typing import Any

from django import forms
from django.utils.translation import gettext, gettext_lazy

from accounts.models import User, validate_time_zone
from dashboard.importing.recognise import FORMATS
from dashboard.models import Portfolio


class UploadForm(forms.Form):
    """A file of transactions, where it goes, and the zone of times that state none."""

    portfolio = forms.ModelChoiceField(Portfolio.objects.none(), empty_label=None, label=gettext_lazy("Portfolio"))
    file = forms.FileField(
        allow_empty_file=True,  # it gets the same clear message as any other file that can't be read
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.tsv,.txt,text/csv,text/plain"}),
        label=gettext_lazy("File"),
    )
    time_zone = forms.CharField(
        label=gettext_lazy("Time zone"),
        max_length=64,
        validators=[validate_time_zone],
        help_text=gettext_lazy("For times in the file that name no zone of their own."),
        widget=forms.TextInput(attrs={"list": "time-zones", "autocomplete": "off"}),
    )

    def __init__(self, *args: Any, user: User, **options: Any) -> None:
        super().__init__(*args, **options)
        owned = Portfolio.objects.of(user)
        field = self.fields["portfolio"]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101
        field.queryset = owned.select_related("user")
        field.initial = owned.first()
        self.fields["file"].help_text = gettext(
            "Understood: %(formats)s. Of other lists you say what the columns mean."
        ) % {"formats": ", ".join(dict.fromkeys(known.label for known in FORMATS))}
        self.fields["time_zone"].initial = user.time_zone
