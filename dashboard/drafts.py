"""A transaction as somebody states it, and the one check that form, API and import put it through.

Nothing is stored here; `dashboard.recording` does that with what has passed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from accounts.currencies import CURRENCIES
from dashboard.ledger.entry import Kind
from dashboard.market import currencies
from dashboard.models import Asset, Portfolio, Transaction
from dashboard.money import LIMIT, WIDE, AmountError, check_amount

EARLIEST = datetime(2009, 1, 3, tzinfo=UTC)
"""Bitcoin's first block: no coin was bought before it."""
LEEWAY = timedelta(minutes=5)
"""How far ahead of ours somebody's clock may be."""
SUPPORTED_KINDS = (Kind.BUY, Kind.SELL)
TEXT_LIMITS = {"wallet": 60, "to_wallet": 60, "note": 500, "external_id": 200}


@dataclass(frozen=True, slots=True)
class Draft:
    """One transaction's facts. `price` is per unit of `asset_id` in `price_currency` ("" means the portfolio's).

    A fee without `fee_asset_id` is in `price_currency`.
    """

    timestamp: datetime
    type: str
    asset_id: str
    amount: Decimal
    wallet: str = ""
    price: Decimal | None = None
    price_currency: str = ""
    counter_asset_id: str | None = None
    counter_amount: Decimal | None = None
    fee_asset_id: str | None = None
    fee_amount: Decimal | None = None
    to_wallet: str = ""
    value_override: Decimal | None = None
    note: str = ""
    external_id: str = ""


class DraftErrors(Exception):
    """What is wrong, by field, in sentences; `index` is the draft's place where several were given."""

    def __init__(self, errors: Mapping[str, list[str]], index: int = 0) -> None:
        super().__init__("; ".join(f"{field}: {' '.join(texts)}" for field, texts in errors.items()))
        self.errors = dict(errors)
        self.index = index


def draft_of(transaction: Transaction) -> Draft:
    """The facts of a stored transaction, to change some of them."""
    return Draft(**{name: getattr(transaction, name) for name in Draft.__slots__})


def assets_named(drafts: list[Draft]) -> dict[str, Asset]:
    """The stored assets that the drafts mention, by id: one query for any number of drafts."""
    ids = {i for d in drafts for i in (d.asset_id, d.counter_asset_id, d.fee_asset_id) if i}
    return Asset.objects.in_bulk(ids)


def check_draft(draft: Draft, portfolio: Portfolio, now: datetime, assets: Mapping[str, Asset] | None = None) -> Draft:
    """`draft` in its normal form. Raises DraftErrors with every fault that was found.

    `assets` are those that the caller has looked up already.
    """
    check = Check(tidied(draft, portfolio), assets_named([draft]) if assets is None else assets)
    check.moment(now)
    check.kind()
    check.texts()
    check.numbers()
    check.parties()
    if not check.errors:
        check.rates(portfolio)
    if check.errors:
        raise DraftErrors(check.errors)
    return check.draft


def tidied(draft: Draft, portfolio: Portfolio) -> Draft:
    price_currency = (draft.price_currency or portfolio.currency).strip().lower()
    charged = draft.fee_amount is not None and draft.fee_amount != 0
    fee_asset = (draft.fee_asset_id or "").strip()
    return replace(
        draft,
        type=draft.type.strip().lower(),
        asset_id=draft.asset_id.strip(),
        price_currency=price_currency,
        fee_amount=draft.fee_amount if charged else None,
        fee_asset_id=(as_code(fee_asset) or price_currency) if charged else None,
        counter_asset_id=draft.counter_asset_id or None,
        wallet=printable(draft.wallet),
        to_wallet=printable(draft.to_wallet),
        note=printable(draft.note),
        external_id=printable(draft.external_id),
    )


def as_code(asset_id: str) -> str:
    """Currency codes may come in either case; a coin's id is left alone."""
    return asset_id.lower() if asset_id.lower() in CURRENCIES else asset_id


def printable(text: str) -> str:
    return "".join(c for c in text if c.isprintable() or c == "\n").strip()


class Check:
    """Gathers the faults of one draft, so that a person sees all of them at once."""

    def __init__(self, draft: Draft, assets: Mapping[str, Asset]) -> None:
        self.draft = draft
        self.assets = assets
        self.errors: dict[str, list[str]] = {}

    def fault(self, field: str, text: str) -> None:
        self.errors.setdefault(field, []).append(text)

    def moment(self, now: datetime) -> None:
        at = self.draft.timestamp
        if at.tzinfo is None:
            self.fault("timestamp", "State the time zone of the date.")
        elif at > now + LEEWAY:
            self.fault("timestamp", "The date is in the future. Enter when it happened.")
        elif at < EARLIEST:
            self.fault("timestamp", "Enter a date after 2 January 2009; there were no coins before.")

    def kind(self) -> None:
        if self.draft.type not in SUPPORTED_KINDS:
            names = ", ".join(SUPPORTED_KINDS)
            self.fault("type", f"This kind of transaction can't be recorded yet. Choose one of: {names}.")

    def texts(self) -> None:
        for field, limit in TEXT_LIMITS.items():
            if len(getattr(self.draft, field)) > limit:
                self.fault(field, f"Use at most {limit} characters.")

    def number(self, field: str, *, positive: bool = False) -> Decimal | None:
        number: Decimal | None = getattr(self.draft, field)
        if number is None:
            return None
        try:
            number = check_amount(number)
        except AmountError as error:
            self.fault(field, str(error))
            return None
        if positive and number <= 0:
            self.fault(field, "Enter a number above zero.")
        elif number < 0:
            self.fault(field, "Enter zero or more.")
        changed: dict[str, Any] = {field: number}
        self.draft = replace(self.draft, **changed)
        return number

    def numbers(self) -> None:
        amount = self.number("amount", positive=True)
        price, value = self.number("price"), self.number("value_override")
        fee = self.number("fee_amount")
        self.number("counter_amount", positive=True)
        if price is None and value is None and "price" not in self.errors:
            self.fault("price", "Enter the price per unit.")
        if amount and price and WIDE.multiply(amount, price) >= LIMIT:
            self.fault("price", "Amount times price is more than can be kept.")
        if fee and amount and self.draft.fee_asset_id == self.draft.asset_id and fee > amount:
            self.fault("fee_amount", "The fee is larger than the amount.")

    def parties(self) -> None:
        if self.draft.price_currency not in CURRENCIES:
            self.fault("price_currency", "Choose a currency such as usd or eur.")
        asset = self.assets.get(self.draft.asset_id)
        if asset is None or asset.kind == Asset.Kind.FIAT:
            self.fault("asset_id", "No such coin is known. Choose one from the list.")
        if self.draft.fee_asset_id and self.draft.fee_asset_id not in self.assets.keys() | CURRENCIES.keys():
            self.fault("fee_asset_id", "No such coin or currency is known.")
        if self.draft.counter_asset_id and self.draft.counter_asset_id not in self.assets:
            self.fault("counter_asset_id", "No such coin is known.")

    def rates(self, portfolio: Portfolio) -> None:
        """A price in a currency whose rate of that day nobody knows can't become part of any figure."""
        for field, code in (("price_currency", self.draft.price_currency), ("fee_asset_id", self.draft.fee_asset_id)):
            if code in CURRENCIES and currencies.rate(code, portfolio.currency, self.draft.timestamp) is None:
                day = self.draft.timestamp.strftime("%-d %B %Y")
                pair = f"from {code.upper()} to {portfolio.currency.upper()}"
                self.fault(field, f"No exchange rate {pair} is known for {day}. Use {portfolio.currency.upper()}.")
