"""Forms of the delivery settings."""

from datetime import time
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext, gettext_lazy

from dashboard.forms import FirstFaultFocused


class QuietHoursForm(FirstFaultFocused, forms.Form):
    """When nothing but toasts is wanted; both times, or neither."""

    begin = forms.TimeField(
        label=gettext_lazy("From"), required=False, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )
    end = forms.TimeField(
        label=gettext_lazy("To"), required=False, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )

    def clean(self) -> dict[str, Any]:
        facts = dict(self.cleaned_data)
        begin, end = facts.get("begin"), facts.get("end")
        if not self.errors and (begin is None) != (end is None):
            self.add_error("end" if end is None else "begin", ValidationError(gettext("Enter both times, or neither.")))
        elif begin is not None and begin == end:
            self.add_error("end", ValidationError(gettext("Enter another time than the one they begin at.")))
        return facts

    @property
    def hours(self) -> dict[str, str] | None:
        """As reminders keep them."""
        begin, end = self.cleaned_data["begin"], self.cleaned_data["end"]
        return {"from": f"{begin:%H:%M}", "to": f"{end:%H:%M}"} if begin is not None else None


def initial_of(hours: dict[str, str] | None) -> dict[str, time]:
    return {"begin": time.fromisoformat(hours["from"]), "end": time.fromisoformat(hours["to"])} if hours else {}
