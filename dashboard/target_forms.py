"""What a portfolio is meant to consist of, as people type it: a percentage a coin, 100 together; and keeping it."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction
from django.forms import BoundField
from django.utils.translation import gettext, gettext_lazy

from dashboard.forms import AmountField, FirstFaultFocused
from dashboard.ledger.entry import ZERO
from dashboard.models import Asset, Portfolio, TargetShare
from dashboard.money import plain
from dashboard.naming import NoSuchCoin, SeveralCoins, coin_named
from dashboard.transaction_forms import coin_field, picked

HUNDRED = Decimal(100)
PREFIX = "share:"


class TargetForm(FirstFaultFocused, forms.Form):
    """A field for each coin that is held or has a target, and one more coin. An empty field is no target."""

    asset_id = coin_field(gettext_lazy("Another coin (optional)"), "", required=False)
    asset_choice = picked()
    share = AmountField(label=gettext_lazy("Its share, %"), required=False)

    def __init__(self, *args: Any, portfolio: Portfolio, held: list[Asset], **options: Any) -> None:
        super().__init__(*args, **options)
        self.portfolio = portfolio
        self.choices: dict[str, list[Asset]] = {}
        kept = dict(TargetShare.objects.filter(portfolio=portfolio).values_list("asset_id", "percent"))
        others = Asset.objects.filter(pk__in=kept.keys() - {coin.pk for coin in held}).best_ranked()
        self.coins = [*held, *others]
        for coin in self.coins:
            name = f"{PREFIX}{coin.pk}"
            self.fields[name] = AmountField(
                label=gettext("Share of %(coin)s in percent") % {"coin": coin.name}, required=False
            )
            self.initial[name] = kept.get(coin.pk)

    @property
    def lines(self) -> Iterator[tuple[Asset, BoundField]]:
        return ((coin, self[f"{PREFIX}{coin.pk}"]) for coin in self.coins)

    def clean_asset_id(self) -> Asset | None:
        named: str = self.cleaned_data["asset_id"]
        if not named:
            return None
        try:
            return coin_named(named, str(self.data.get("asset_choice", "")))
        except NoSuchCoin as none:
            raise ValidationError(gettext("No coin of that name is known.")) from none
        except SeveralCoins as several:
            self.choices["asset_id"] = several.choices
            raise ValidationError(gettext("Several coins bear that name: choose one.")) from several

    def clean(self) -> dict[str, Any]:
        """The targets are in `targets`, by asset."""
        facts = self.cleaned_data
        if self.errors:
            return facts
        targets = {coin.pk: facts[f"{PREFIX}{coin.pk}"] or ZERO for coin in self.coins}
        if facts.get("share") and not facts.get("asset_id"):
            self.add_error("asset_id", gettext("Enter the coin that this share is meant for."))
            return facts
        if other := facts.get("asset_id"):
            targets[other.pk] = targets.get(other.pk, ZERO) + (facts.get("share") or ZERO)
        self.targets = {asset: share for asset, share in targets.items() if share}
        if any(share < ZERO for share in self.targets.values()):
            raise ValidationError(gettext("A share can't be below 0 %."))
        together = sum(self.targets.values(), ZERO)
        if self.targets and together != HUNDRED:
            apart = (
                gettext("%(together)s %% are left") % {"together": plain(HUNDRED - together)}
                if together < HUNDRED
                else gettext("%(hundred)s %% are too many") % {"hundred": plain(together - HUNDRED)}
            )
            raise ValidationError(gettext("Shares have to sum up to 100 %%: %(apart)s.") % {"apart": apart})
        return facts

    def save(self) -> None:
        """The targets as they were typed, in the place of those before."""
        with transaction.atomic():
            Portfolio.objects.select_for_update().get(pk=self.portfolio.pk)
            TargetShare.objects.filter(portfolio=self.portfolio).delete()
            TargetShare.objects.bulk_create(
                TargetShare(portfolio=self.portfolio, asset_id=asset, percent=share)
                for asset, share in self.targets.items()
            )
