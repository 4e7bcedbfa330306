"""A transaction as people type it, each kind by the fields that it needs; every rule about the facts is in
dashboard.drafts.
"""

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext, gettext_lazy

from accounts.models import User
from dashboard import clock
from dashboard.drafts import Draft, DraftErrors, check_draft, draft_of
from dashboard.forms import AmountField, CurrencyField, FirstFaultFocused, MomentField
from dashboard.kinds import CHOICES, FEE, FIELDS, WORDINGS, Wording, wording_of
from dashboard.ledger.entry import Kind
from dashboard.models import Asset, Portfolio, Transaction
from dashboard.naming import NoSuchCoin, SeveralCoins, coin_named

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

THE_COIN, THE_OTHER, ANOTHER = "@coin", "@counter", "@another"
"""Stand for the coin itself, for the one that was got, and for any other, where the currency of a fee is chosen."""
COINS = {"asset_id": "asset_choice", "counter_asset_id": "counter_choice", "fee_coin": "fee_choice"}
"""Fields in which a coin is named, and the hidden ones that hold the id of what was picked for them."""
EMPTY: dict[str, Any] = {
    "counter_asset_id": None,
    "counter_amount": None,
    "price": None,
    "value_override": None,
    "price_currency": "",
    "fee_amount": None,
    "fee_asset_id": None,
    "fee_value": None,
    "wallet": "",
    "to_wallet": "",
}
"""What a draft says in fields that its kind does not have."""


def coin_field(label: "StrOrPromise", missing: "StrOrPromise", *, required: bool) -> forms.CharField:
    attrs = {"autocomplete": "off", "placeholder": gettext_lazy("Name or ticker"), "spellcheck": "false"}
    return forms.CharField(
        label=label,
        required=required,
        max_length=200,
        error_messages={"required": missing},
        widget=forms.TextInput(attrs=attrs),
    )


def wallet_field(label: "StrOrPromise") -> forms.CharField:
    widget = forms.TextInput(attrs={"list": "wallets", "autocomplete": "off"})
    return forms.CharField(label=label, required=False, max_length=60, widget=widget)


def picked() -> forms.CharField:
    return forms.CharField(required=False, max_length=200, widget=forms.HiddenInput)


class TransactionForm(FirstFaultFocused, forms.Form):
    """One transaction. `draft` is what it states, once the form is valid; fields that its kind lacks don't count."""

    portfolio = forms.ModelChoiceField(
        Portfolio.objects.none(), required=False, empty_label=None, label=gettext_lazy("Portfolio")
    )
    type = forms.ChoiceField(label=gettext_lazy("Kind"), choices=CHOICES)
    asset_id = coin_field(gettext_lazy("Coin"), gettext_lazy("Enter the coin's name or ticker."), required=True)
    asset_choice = picked()
    amount = AmountField(
        label=gettext_lazy("Quantity"), error_messages={"required": gettext_lazy("Enter how much it was.")}
    )
    counter_asset_id = coin_field(gettext_lazy(FIELDS["counter_asset_id"]), "", required=False)
    counter_choice = picked()
    counter_amount = AmountField(label=gettext_lazy(FIELDS["counter_amount"]), required=False)
    price = AmountField(label=gettext_lazy(FIELDS["price"]), required=False)
    value_override = AmountField(label=gettext_lazy(FIELDS["value_override"]), required=False)
    price_currency = CurrencyField(label=gettext_lazy(FIELDS["price_currency"]), required=False)
    fee_amount = AmountField(label=gettext_lazy(FIELDS["fee_amount"]), required=False)
    fee_asset_id = forms.CharField(
        label=gettext_lazy(FIELDS["fee_asset_id"]), required=False, max_length=200, widget=forms.Select
    )
    fee_coin = coin_field(gettext_lazy(FIELDS["fee_coin"]), "", required=False)
    fee_choice = picked()
    fee_value = AmountField(label=gettext_lazy(FIELDS["fee_value"]), required=False)
    timestamp = MomentField(
        label=gettext_lazy("Date and time"), error_messages={"required": gettext_lazy("Enter when it happened.")}
    )
    wallet = wallet_field(gettext_lazy(FIELDS["wallet"]))
    to_wallet = wallet_field(gettext_lazy(FIELDS["to_wallet"]))
    note = forms.CharField(label=gettext_lazy("Note (optional)"), required=False, max_length=500)

    def __init__(self, *args: Any, user: User, row: Transaction | None = None, **options: Any) -> None:
        self.row = row
        self.choices: dict[str, list[Asset]] = {}
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
        self.fields["timestamp"].label = gettext("Date and time (%(time_zone)s)") % {"time_zone": user.time_zone}
        self.fields["fee_asset_id"].widget.choices = self.fee_choices()
        for name in FIELDS:
            self.fields[name].label = self.wording.name_of(name)

    @property
    def kind(self) -> str:
        """The kind that the form is shown for."""
        stated = self.data.get("type") if self.is_bound else self.initial.get("type")
        return str(stated) if stated in WORDINGS else "buy"

    @property
    def wording(self) -> Wording:
        return wording_of(self.kind)

    @property
    def wordings(self) -> str:
        """The words of every kind, for the script that shows them as another kind is chosen."""
        words = {
            kind.value: {"hint": gettext(wording.hint), "names": {name: wording.name_of(name) for name in FIELDS}}
            for kind, wording in WORDINGS.items()
        }
        return json.dumps(words)

    @property
    def kept(self) -> frozenset[str]:
        """What is stated of the stored transaction though its kind is usually stated without it: shown all the same."""
        row = self.row
        if row is None or row.type != self.kind:
            return frozenset()
        stated = {name for name, empty in EMPTY.items() if getattr(row, name) != empty} - {"price_currency"}
        if row.type == Kind.DIVIDEND and row.price == 1:
            stated.discard("price")
        if stated & {"price", "value_override", "fee_value"}:
            stated.add("price_currency")
        if row.fee_amount:
            stated.update(FEE)
        return frozenset(name for name in stated if not self.wording.uses(name))

    @property
    def keeps_fee_value(self) -> bool:
        """Whether the stored transaction states what its fee was worth, in whatever coin that is."""
        return self.row is not None and self.row.fee_value is not None

    def counts(self, name: str) -> bool:
        if name == "fee_value" and not self.keeps_fee_value:
            chosen = (self.data if self.is_bound else self.initial).get("fee_asset_id")
            return chosen == ANOTHER and (self.wording.uses(name) or name in self.kept)
        return name not in FIELDS or self.wording.uses(name) or name in self.kept

    @property
    def target(self) -> Portfolio | None:
        """Where the transaction is kept: the portfolio chosen, else the one that was asked for, else the first."""
        if self.row:
            return self.row.portfolio
        chosen = getattr(self, "cleaned_data", {}).get("portfolio") or self.initial.get("portfolio")
        return chosen or next(iter(self.portfolios), None)

    def fee_choices(self) -> list[tuple[str, str]]:
        choices = [
            ("", gettext("The price's currency")),
            (THE_COIN, gettext("The coin itself")),
            (THE_OTHER, gettext("The coin that you got")),
            (ANOTHER, gettext("Another coin …")),
        ]
        other = (self.data if self.is_bound else self.initial).get("fee_asset_id") or ""
        return choices if other in dict(choices) else [*choices, (other, other.upper())]

    def clean_asset_id(self) -> str:
        return self.coin_in("asset_id")

    def clean_counter_asset_id(self) -> str | None:
        return self.coin_in("counter_asset_id") if self.cleaned_data["counter_asset_id"] else None

    def clean_fee_coin(self) -> str | None:
        stated = self.cleaned_data["fee_coin"] if self.cleaned_data.get("fee_asset_id") == ANOTHER else ""
        return self.coin_in("fee_coin") if stated else None

    def coin_in(self, field: str) -> str:
        text = self.cleaned_data[field]
        if not self.counts(field):
            return ""
        try:
            return coin_named(text, str(self.data.get(COINS[field], ""))[:200]).pk
        except SeveralCoins as several:
            self.choices[field] = several.choices
            raise ValidationError(gettext("Several coins may be meant. Choose one.")) from several
        except NoSuchCoin as nothing:
            raise ValidationError(gettext("No coin of this name or ticker is known.")) from nothing

    def fee_asset(self, facts: dict[str, Any]) -> str | None:
        stated: str = facts.get("fee_asset_id") or ""
        if stated == ANOTHER and facts.get("fee_amount") and not facts.get("fee_coin"):
            self.add_error("fee_coin", gettext("Enter the coin that the fee was paid in."))
        meant = {THE_COIN: "asset_id", THE_OTHER: "counter_asset_id", ANOTHER: "fee_coin"}.get(stated)
        return facts.get(meant) if meant else stated or None

    def clean(self) -> dict[str, Any]:
        for name in [name for name in self.errors if not self.counts(name)]:
            del self.errors[name]
        if self.target is None:
            raise ValidationError(gettext("Add a portfolio first."))
        facts = dict(self.cleaned_data)
        facts["fee_asset_id"] = self.fee_asset(facts) if self.counts("fee_amount") else None
        if self.errors:
            return self.cleaned_data
        facts |= {name: empty for name, empty in EMPTY.items() if not self.counts(name)}
        for name in ("portfolio", "fee_coin", *COINS.values()):
            facts.pop(name, None)
        draft = Draft(**facts)
        if self.row:
            if "timestamp" not in self.changed_data:
                facts["timestamp"] = self.row.timestamp  # the form shows whole seconds only
            draft = replace(draft_of(self.row), **facts)
        try:
            self.draft = check_draft(draft, self.target, clock.now())
        except DraftErrors as faults:
            for name, texts in faults.errors.items():
                for text in texts:
                    self.add_error(name if name in self.fields and self.counts(name) else None, text)
        return self.cleaned_data


def facts_of(row: Transaction) -> dict[str, Any]:
    """What the form shows of a stored transaction."""
    money = row.fee_asset_id is None or row.fee_asset_id == row.price_currency
    fee_in = {row.counter_asset_id: THE_OTHER, row.asset_id: THE_COIN}
    third = row.fee_asset if row.fee_asset_id and row.fee_asset and row.fee_asset.kind == Asset.Kind.CRYPTO else None
    fee_asset = "" if money else fee_in.get(row.fee_asset_id, ANOTHER if third else row.fee_asset_id)
    shown: dict[str, Any] = {
        **{name: getattr(row, name) for name in Draft.__slots__},
        "asset_id": str(row.asset),
        "asset_choice": row.asset_id,
        "counter_asset_id": str(row.counter_asset) if row.counter_asset else "",
        "counter_choice": row.counter_asset_id or "",
        "fee_asset_id": fee_asset,
        "fee_coin": str(third) if third and fee_asset == ANOTHER else "",
        "fee_choice": row.fee_asset_id if third and fee_asset == ANOTHER else "",
    }
    return {name: value for name, value in shown.items() if value is not None}


class TransactionFilter(forms.Form):
    """What to show of the transactions; what makes no sense is left out."""

    q = forms.CharField(required=False, max_length=100)
    type = forms.ChoiceField(
        required=False,
        choices=[("", gettext_lazy("All kinds")), *CHOICES],
        widget=forms.Select(attrs={"class": "form-select", "aria-label": gettext_lazy("Kind"), "id": "kind"}),
    )
