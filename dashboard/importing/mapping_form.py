"""The form in which somebody says what the columns of a file mean, and the words of the column that tells kinds."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext, gettext_lazy

from accounts.currencies import TERSE
from dashboard.importing.guessing import KIND_OF_WORD, words_in
from dashboard.importing.mapping import FIELDS, MOVED, NEEDED, SKIP, TRADED, ColumnMap, distinct
from dashboard.importing.table import Table
from dashboard.models import Transaction

MOST_WORDS = 60
ABSENT = gettext_lazy("Not in the file")
UNSAYABLE = ("split", "dividend", "adjust")
KINDS = [
    *((kind, label) for kind, label in Transaction.KINDS if kind not in UNSAYABLE),
    (TRADED, gettext_lazy("Bought above zero, sold below")),
    (MOVED, gettext_lazy("Came above zero, left below")),
]
DATES = [
    ("iso", gettext_lazy("Year first: 2024-05-31 18:30")),
    ("day", gettext_lazy("Day first: 31.05.2024 18:30")),
    ("month", gettext_lazy("Month first: 05/31/2024 6:30 PM")),
]


class MappingForm(forms.Form):
    """One choice of column for each field, and one of kind for each word of the column that tells kinds.

    The words are asked for once that column is chosen: a form that comes without them comes back with them.
    """

    def __init__(self, data: QueryDict | None, *, table: Table, known: ColumnMap) -> None:
        self.header = distinct(table.header)
        self.words: list[str] = []
        chosen = known.column("type") if data is None else str(data.get("type", ""))
        if chosen in self.header:
            self.words = words_in(table, chosen)
        self.is_missing_words = False
        if data is not None and 0 < len(self.words) <= MOST_WORDS:
            data = self.with_proposals(data, known, chosen)
        super().__init__(data, initial=self.proposed(known))
        choices = [("", ABSENT), *((name, name) for name in self.header)]
        missing = {"required": gettext("Choose the column that holds it.")}
        for name, label in FIELDS.items():
            first = choices if name not in NEEDED else [("", gettext("Choose a column")), *choices[1:]]
            self.fields[name] = forms.ChoiceField(
                choices=first, label=gettext(label), required=name in NEEDED, error_messages=missing
            )
        self.fields["every"] = forms.ChoiceField(
            choices=KINDS, label=gettext("Kind of all rows, without a column for it")
        )
        self.fields["dates"] = forms.ChoiceField(choices=DATES, label=gettext("Order of dates"))
        self.fields["currency"] = forms.ChoiceField(choices=TERSE, label=gettext("Currency where no column names one"))
        for name, word in self.named_words(chosen):
            kinds = [("", gettext("Choose what it is")), *KINDS, (SKIP, gettext("Leave these rows out"))]
            self.fields[name] = forms.ChoiceField(
                choices=kinds,
                label=word or gettext("(an empty cell)"),
                initial=known.kinds.get(word) or KIND_OF_WORD.get(word),
                error_messages={"required": gettext("Choose what it is.")},
            )

    def named_words(self, column: str) -> Iterator[tuple[str, str]]:
        """The name of the field that asks for each word; it holds the column, as another one has other words."""
        if len(self.words) <= MOST_WORDS:
            for place, word in enumerate(self.words):
                yield f"word-{self.header.index(column)}-{place}", word

    def with_proposals(self, data: QueryDict, known: ColumnMap, column: str) -> QueryDict:
        """What was sent, and a proposal for each word that it doesn't speak of yet."""
        data = data.copy()
        for name, word in self.named_words(column):
            if name not in data:
                self.is_missing_words = True
                data[name] = known.kinds.get(word) or KIND_OF_WORD.get(word, "")
        return data

    def proposed(self, known: ColumnMap) -> dict[str, str]:
        return {**known.columns, "every": known.every, "dates": known.dates, "currency": known.currency}

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if len(self.words) > MOST_WORDS:
            self.add_error(
                "type",
                gettext("This column holds more than %(most_words)s different words. Choose another one.")
                % {"most_words": MOST_WORDS},
            )
        elif self.is_missing_words:
            self.add_error(None, gettext("Say below what the words of that column mean."))
        return cleaned

    def column_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in FIELDS]

    def other_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in ("every", "dates", "currency")]

    def word_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.fields if name.startswith("word-")]

    def column_map(self) -> ColumnMap:
        given = self.cleaned_data
        return ColumnMap(
            columns={name: given[name] for name in FIELDS if given[name]},
            kinds={word: given[name] for name, word in self.named_words(given["type"])} if given["type"] else {},
            every=given["every"],
            dates=given["dates"],
            currency=given["currency"],
        )
